"""What notebook 07 shows of how sure the verdict is: in the futures, and where two inputs turn it."""

import pandas as pd

from businesscase.calculations.decision import (
    CONDITIONAL,
    GO,
    NOT_READY,
    STOP,
)
from businesscase.calculations.wording import capitalised, listed, percent
from businesscase.shown.display import Chart, Sentence, Table, absent, chart, named_tiles
from businesscase.shown.looks import VERDICTS
from businesscase.shown.savings import input_name, input_value
from businesscase.study import Study

SHORT = {GO: "go", CONDITIONAL: "conditions", NOT_READY: "not ready", STOP: "stop"}
NAMED = 2  # criteria that are named as those that flip the verdict
NOTHING_DRAWN = "No criterion of this case rests on what is drawn, so that the verdict is the same in every future"


def answer(study: Study) -> Sentence:
    """Say in what share of the futures the verdict is the same, and what makes it another."""
    verdicts, now = study.verdicts, study.decision.recommendation
    if verdicts.drawn_criteria.empty:
        return Sentence(f"**{NOTHING_DRAWN}.**")
    shares, flips = verdicts.shares, verdicts.flips
    others = [f"'{name}' in {percent(share)}" for name, share in shares.drop(now, errors="ignore").items()]  # fmt: skip
    often = f"in {percent(shares.get(now, 0.0))}" if others else "in all"
    said = f"**The verdict is '{now}' {often} of the futures**"
    said += f", and {listed(others)}." if others else "."
    if len(flips):
        named = [f"{name} (in {percent(share)})" for name, share in flips.head(NAMED).items()]
        said += f" What flips it most often: {listed(named)}."
    if verdicts.held:
        said += (
            f" What no future changes stays as it is found: {listed(verdicts.held)}; so this is no "
            "chance that the service succeeds."
        )
    return Sentence(said)


def moved(study: Study, names: pd.Series, values: pd.Series) -> list[str]:
    """Return inputs by name with a value of each and where it is now; the name alone without a value."""
    now = study.uncertainty.uncertain_inputs.set_index("name")["central"]
    return [
        input_name(study, name)
        + ("" if pd.isna(to) else f": {input_value(name, to)} (now {input_value(name, now[name])})")
        for name, to in zip(names, values, strict=True)
    ]


def grid_chart(study: Study) -> Chart | Table:
    """Draw the verdict over the ranges of the two inputs that turn it soonest together."""
    grid = study.verdicts.grid
    if grid.empty:
        return absent(NOTHING_DRAWN)
    grid = grid.iloc[::-1]  # the high values of the second input on top
    central = study.uncertainty.uncertain_inputs.set_index("name")["central"]
    up, across = grid.index.name, grid.columns.name
    texts = grid.map(SHORT.get)
    texts.index = [_tick(up, value, central[up]) for value in grid.index]
    texts.columns = [_tick(across, value, central[across]) for value in grid.columns]
    figure = named_tiles(texts, [[VERDICTS[verdict] for verdict in row] for row in grid.to_numpy()])
    figure.update_xaxes(side="bottom", title=capitalised(input_name(study, across)))
    figure.update_yaxes(title=capitalised(input_name(study, up)))
    names = [_brief(study, name) for name in (across, up)]
    turned = float((grid != study.decision.recommendation).to_numpy().mean())
    title = (
        f"'{capitalised(study.decision.recommendation)}' holds over all of both ranges: {names[0]}, {names[1]}"
        if not turned
        else f"Where '{study.decision.recommendation}' turns: {names[0]} (across) and {names[1]} (up)"
    )
    description = (
        f"Each tile is the verdict at one value of {names[0]} and one of {names[1]}, all else as in this "
        f"scenario; {percent(turned, 0)} of the tiles have another verdict than now."
    )
    data = texts.rename_axis(names[1]).add_prefix(f"{names[0]}: ")
    return chart(figure, title, description, data, 150 + 40 * len(grid))


def _brief(study: Study, name: str) -> str:
    """Return what a title calls an input: its name without what explains it."""
    return input_name(study, name).removesuffix(", multiple of plan").partition(":")[0]


def _tick(name: str, value: float, central: float) -> str:
    text = input_value(name, value)
    return f"<b>{text} (now)</b>" if value == central else text
