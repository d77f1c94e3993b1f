"""What notebook 07 shows of the time after the decision: actuals beside the plan, and a re-forecast."""

import pandas as pd
import plotly.graph_objects as go

from businesscase.calculations.apportionment import ALL
from businesscase.calculations.attribution import (
    PARTNERS,
    PRICE,
    SCOPE,
    SHARING,
    VOLUME,
)
from businesscase.calculations.outturn import AMBER, GREEN, RED, latest_readings
from businesscase.calculations.reference_class import FEWEST
from businesscase.calculations.wording import (
    be,
    capitalised,
    counted,
    in_words,
    listed,
    part_of,
    percent,
    printed,
    spelt,
    worded,
    year_label,
)
from businesscase.calculations.years import IS_MONTH, known_date
from businesscase.shown.display import (
    BLUE,
    GREY,
    ORANGE,
    PURPLE,
    TEAL,
    Chart,
    Sentence,
    Table,
    absent,
    chart,
)
from businesscase.study import Study
from businesscase.study.outturn import LEVELS, PARAMETERS

FLOWS = {
    "saving": "saving",
    "one_off_cost": "one-off cost",
    "running_cost": "running cost",
}
NO_MONEY = "No money has been reported yet, so there is nothing to hold against the plan"
NO_RESULT = "No own result has come in yet to update what others got"
MEANING = {
    RED: "**red**, because what is expected falls short of it",
    AMBER: "**amber**, because what is expected is enough but its low end (P10) is not",
    GREEN: "**green**, because even the low end (P10) is enough",
}
MEANING_OF_COST = {
    RED: "**red**, because the net present value is then below nil",
    AMBER: "**amber**, because the net present value is then above nil but not at its high end (P90)",
    GREEN: "**green**, because the net present value is above nil even at its high end (P90)",
}
MEANT = {
    PRICE: "inflation on what was reported in the money of its year, which the plan is not in",
    VOLUME: "users, with whom saving and running cost are taken to move",
    SCOPE: "lines that came or went",
    PARTNERS: "partners that joined or left",
    SHARING: "all else: what was shared gave or cost another sum than planned",
}


def answer(study: Study) -> Sentence:
    """Say what came of the decision so far, and what is expected from now on."""
    if study.outturn.actuals.empty:
        nothing = "**Nothing has been reported yet.**"
        return Sentence(" ".join([nothing, *_not_reported(study)]))
    said = [*_saving_so_far(study), *_cost_so_far(study), *_expected(study)]
    if study.outturn.money_to_date.empty:
        said = ["No money has been reported yet."]
    said += [*_deflated(study), *_not_reported(study)]
    said += _measures_so_far(study)
    late = study.outturn.tasks_to_date.query("end == 'finish'")["days_late"]
    if len(late):
        said.append(
            f"{capitalised(part_of(int((late > 0).sum()), len(late), 'finished task', 'the'))} ended after "
            f"the planned day, the worst {worded(late.max(), 'working days')} late."
            if late.max() > 0
            else f"{capitalised(part_of(0, len(late), 'finished task', 'the'))} ended after the planned day."
        )
    return Sentence(" ".join(said))


def _saving_so_far(study: Study) -> list[str]:
    saved = study.outturn.realisation_to_date
    if saved.empty:
        return []
    total, partners = saved.loc[ALL], saved.drop(index=ALL)["ratio"].dropna()
    years = study.outturn.money_to_date.query("flow == 'saving'")["year"]
    said = (
        f"**{in_words(total['actual'])} of the {in_words(total['planned'])} of saving planned for "
        f"{_years(years.min(), years.max())} came in**"
    )
    if pd.isna(total["ratio"]):
        return [f"{said}."]
    by_partner = listed([f"{name} {percent(ratio)}" for name, ratio in partners.items()])
    return [f"{said}, {percent(total['ratio'])} ({by_partner})."]


def _years(first: int, last: int) -> str:
    return year_label(first) if first == last else f"{year_label(first)} to {year_label(last)}"


def _cost_so_far(study: Study) -> list[str]:
    said = []
    for flow in ("one_off_cost", "running_cost"):
        costs = study.outturn.money_to_date.query("flow == @flow")
        planned, actual = costs["planned"].sum(), costs["actual"].sum()
        if planned:
            over = actual / planned - 1
            said.append(
                f"The {FLOWS[flow]} reported is {in_words(actual)}, {percent(abs(over))} "
                f"{'over' if over >= 0 else 'under'} plan."
            )
    return said


def _deflated(study: Study) -> list[str]:
    """Say which money was reported in that of its year, and what it is in base-year prices."""
    rows = study.outturn.deflated
    if rows.empty:
        return []
    return [
        f"{in_words(rows['reported'].sum())} of the money was reported in that of its year; in prices of "
        f"{year_label(study.case.file.decision_year)}, as the plan is, that is {in_words(rows['value'].sum())}."
    ]


def _not_reported(study: Study) -> list[str]:
    """Name the lines of years that are over for which the plan's figure stands in."""
    lines = study.outturn.not_reported.groupby(level=["flow", "line"], sort=False).sum()
    if lines.empty:
        return []
    said = []
    for (flow, line), amounts in lines.iterrows():
        years = amounts.index[amounts != 0]
        when = _years(years.min(), years.max())
        said.append(f"{FLOWS[flow]} “{line}” of {when}, {in_words(amounts.sum())}")
    return [
        f"Not reported though the year is over, so that the plan's figure stands: {listed(said)}."
    ]


def in_short(study: Study) -> list[str]:
    """Say what the case is worth now that results are in, and the colour of the review; else nothing."""
    money = study.outturn.money_to_date
    worth, planned = study.outturn.forecast_worth, study.outturn.planned_worth
    if money.empty or worth.empty:
        return []
    return [
        f"**With the results of {_years(money['year'].min(), money['year'].max())} a net present value of "
        f"{_thousands(worth['p50'])} is expected** ({_thousands(worth['p10'])} to "
        f"{_thousands(worth['p90'])} in eight cases of ten), where {_thousands(planned)} was planned.",
        *_required(study),
    ]


def is_red(study: Study) -> bool:
    """Return whether results have come in and the review is red on them."""
    return len(study.outturn.money_to_date) > 0 and study.outturn.review_flag == RED


def _expected(study: Study) -> list[str]:
    found = study.outturn.forecasts.get("saving")
    if found is None:
        return []
    worth = study.outturn.forecast_worth
    return [
        f"From now on {percent(found.p50)} of the planned saving is expected ({percent(found.p10)} to "
        f"{percent(found.p90)} in eight cases of ten): own results count for "
        f"{percent(found.own_weight)}, {expected_before(study, 'saving')} for the rest. The net present "
        f"value is then {_thousands(worth['p50'])} ({_thousands(worth['p10'])} to "
        f"{_thousands(worth['p90'])})."
    ]


def expected_before(study: Study, kind: str) -> str:
    """Say what is expected of a kind of money before own results, and on how many cases it rests."""
    others, classes = study.outturn.others(kind), listed(study.case.file.evidence_classes)
    if others:
        return f"what {counted(len(others.ratios), 'other case')} of {classes} came to"
    found = study.uncertainty.reference_class.get(PARAMETERS[kind])
    if found is None:
        return "its range"
    return (
        f"its range, as an interval needs {spelt(FEWEST)} cases and {classes} has "
        f"{spelt(len(found.ratios)) if found.ratios else 'none'}"
    )


def _thousands(value: float) -> str:
    """Return a forecast in pounds, as exact as it can be taken."""
    return in_words(value if abs(value) >= 1e6 else round(value, -3))


def _measures_so_far(study: Study) -> list[str]:
    measures = study.outturn.measures_to_date
    known = measures[measures["reached"].notna()]
    if known.empty:
        return []
    if len(known) == 1:
        row = known.iloc[0]
        return [
            f"**{capitalised(row['measure'])}, {row['partner']}: {_reading(row)}**, held against "
            f"{_limit(row)} ({row['held_against']})."
        ]
    reached = int(known["reached"].astype(bool).sum())
    those = capitalised(part_of(reached, len(known), "reading of the service"))
    return [f"{those} {be(reached)} as good as planned or better."]


def _reading(row: pd.Series) -> str:
    bound = "" if row["bound"] == "exactly" else f"{row['bound']} "
    space = "" if row["unit"].startswith("%") else " "
    return f"{bound}{printed(row['actual'])}{space}{row['unit']}"


def _limit(row: pd.Series) -> str:
    return f"{'at most' if row['better'] == 'lower' else 'at least'} {printed(row['planned'])}"


def review(study: Study) -> Sentence:
    """Say when the partners look back next, and what must have been seen by then."""
    return Sentence(" ".join([_review_date(study), *_required(study)]))


def _review_date(study: Study) -> str:
    event = study.outturn.review
    if event is None:
        return "The case dates no review that is still to come."
    year = study.outturn.review_year
    when = f", in year {spelt(year)} of the service" if year else ""
    kind = "review" if event["kind"] == "review" else "date at which to look back"
    return f"The next {kind} is **{printed(known_date(event['date'], event[f'date{IS_MONTH}']))}**{when} ({event['event']})."


def _required(study: Study) -> list[str]:
    required = study.outturn.required_realisation
    if required is None:
        return _required_cost(study)
    if study.outturn.realisation_to_date.empty:
        return [*_planned_by_review(study), *_required_of_plan(study)]
    said = (
        f"From now on {percent(required)} of the planned saving must be realised for the net present "
        "value to be nil"
        if required
        else "The net present value is above nil even if nothing more is saved"
    )
    return [f"{said}; {percent(study.outturn.forecasts['saving'].p50)} is expected: {MEANING[study.outturn.review_flag]}."]  # fmt: skip


def _planned_by_review(study: Study) -> list[str]:
    if study.outturn.review is None:
        return []
    date = study.outturn.review["date"]
    over = [year for year in study.years if pd.Timestamp(year + 1, 3, 31) <= date]
    planned = study.outturn.yearly_outturn.loc[over, "planned"].sum()
    return [f"By then {in_words(planned)} of saving is planned."] if planned else []


def _required_of_plan(study: Study) -> list[str]:
    at_plan, required = (
        study.outturn.required_realisation_at_plan,
        study.outturn.required_realisation,
    )
    cost, saving = (study.outturn.forecasts.get(kind) for kind in ("one_off_cost", "saving"))
    said = [
        f"The service covers its cost if {percent(at_plan)} of the planned saving is realised: less "
        "than that seen by then, with nothing to lift it, is a reason to stop."
    ]
    if cost:
        said.append(
            f"With one-off cost {_of_plan(cost.p50)}, the middle of {expected_before(study, 'one_off_cost')}, "
            f"it takes {percent(required)}."
        )
    if saving:
        said.append(f"{percent(saving.p50)} is the middle of {expected_before(study, 'saving')}.")
    return said


def _of_plan(ratio: float) -> str:
    over = ratio - 1
    return f"{percent(abs(over))} {'over' if over >= 0 else 'under'} plan"


def _required_cost(study: Study) -> list[str]:
    planned = study.outturn.yearly_outturn["planned"].sum()
    part = study.outturn.required_running_cost
    if planned:
        return ["No saving is still to come."]
    if (flag := study.outturn.review_flag) in MEANING_OF_COST:
        expected = study.outturn.forecasts["running_cost"].p50
        return [
            f"From now on {percent(expected)} of the planned running cost is expected: {MEANING_OF_COST[flag]}."
        ]
    said = ["No saving is planned, so there is no realisation to watch and the review's colour is not known."]  # fmt: skip
    if part is not None:
        said.append(
            "What must be seen instead is the running cost: the service is worth its cost if it runs "
            f"at {percent(part)} of plan or less from now on."
        )
    return said


def savings_chart(study: Study) -> Chart | Table:
    """Draw the saving by year: planned, actual, and what is expected with its range."""
    if study.outturn.realisation_to_date.empty:
        return absent("No saving has been reported yet")
    table = study.outturn.yearly_outturn
    table = table.set_axis([year_label(year) for year in table.index])
    reported = table["actual"].dropna()
    last = reported.index[-1]
    figure = go.Figure()
    figure.add_bar(
        x=list(table.index),
        y=[None if pd.isna(value) else value for value in table["actual"]],
        name="actual",
        marker={"color": BLUE},
        width=0.5,
    )
    figure.add_annotation(
        x=last, y=max(reported[last], 0), text="actual", showarrow=False, yshift=10, bgcolor="white",
        font={"color": BLUE},
    )  # fmt: skip
    ahead = table[table["is_ahead"] & (table["planned"] > 0)]
    is_expected = "saving" in study.outturn.forecasts and len(ahead) > 0
    if is_expected:
        _draw_expected(figure, ahead)
    figure.add_scatter(
        x=list(table.index), y=list(table["planned"]), name="planned", mode="lines+markers",
        line={"color": GREY, "width": 2, "dash": "dash"}, marker={"size": 7},
    )  # fmt: skip
    _label_end(figure, table.index[-1], table["planned"].iloc[-1], "planned", GREY)
    ratio = study.outturn.realisation_to_date.at[ALL, "ratio"]
    title = f"{_part(ratio)} of the planned saving came in up to {last}"
    if is_expected:
        title += (
            f"; {percent(study.outturn.forecasts['saving'].p50)} of plan is expected of the rest"
        )
    figure.update_yaxes(title="Saving a year (£)", tickformat=",.0f", rangemode="tozero")
    figure.update_xaxes(type="category")
    drawn = {"actual": "Actual (£)", "planned": "Planned (£)"}
    if is_expected:
        drawn |= {"p10": "P10 (£)", "p50": "Expected, P50 (£)", "p90": "P90 (£)"}
        unseen = table.index.difference(ahead.index)
        table = table.assign(**{level: table[level].drop(unseen) for level in LEVELS})
    data = table[list(drawn)].rename(columns=drawn).rename_axis("Financial year")
    return chart(figure, title, _savings_in_words(table), data, 440, r=110)


def _part(ratio: float) -> str:
    return "None" if pd.isna(ratio) else percent(ratio)


def _draw_expected(figure: go.Figure, ahead: pd.DataFrame) -> None:
    years = list(ahead.index)
    figure.add_scatter(
        x=[*years, *years[::-1]],
        y=[*ahead["p90"], *ahead["p10"][::-1]],
        fill="toself",
        fillcolor="rgba(40,161,151,0.25)",
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        name="P10 to P90",
    )
    figure.add_scatter(
        x=years, y=list(ahead["p50"]), name="expected", mode="lines+markers",
        line={"color": TEAL, "width": 3}, marker={"symbol": "diamond", "size": 9},
    )  # fmt: skip
    _label_end(figure, years[-1], ahead["p50"].iloc[-1], "expected,<br>P10 to P90", "#1B6E67")


def _label_end(figure: go.Figure, x: str, y: float, text: str, colour: str) -> None:
    figure.add_annotation(
        x=x, y=y, text=text, xanchor="left", xshift=12, showarrow=False, align="left",
        font={"color": colour},
    )  # fmt: skip


def _savings_in_words(table: pd.DataFrame) -> str:
    parts = []
    for year, row in table[table["actual"].notna()].iterrows():
        parts.append(
            f"{year}: {in_words(row['planned'])} planned, {in_words(row['actual'])} came in"
        )
    ahead = table[table["is_ahead"]]
    if len(ahead):
        planned = f"{in_words(ahead['planned'].sum())} planned"
        expected = f", {_thousands(ahead['p50'].sum())} expected" if "p50" in ahead else ""
        parts.append(f"{ahead.index[0]} to {ahead.index[-1]}: {planned}{expected}")
    return f"{'; '.join(parts)}."


def over_or_under(variances: pd.Series) -> str:
    """Say of each kind of money by how much it is over plan, or under."""
    return listed(
        f"{kind} {in_words(abs(value))} {'over' if value >= 0 else 'under'}"
        for kind, value in variances.items()
    )


def meanings(study: Study) -> pd.Series:
    """Return what is meant by each factor of the difference from plan, or why its part is not known."""
    rows, unknown = study.outturn.causes, study.outturn.not_attributed
    said = pd.Series(MEANT)
    for factor, column in ((SCOPE, "line"), (PARTNERS, "partner")):
        names = rows.loc[rows["factor"] == factor, column].unique()
        said[factor] += f": {listed(names)}" if len(names) else ": none"
    not_known = {factor: f"not known, as {why}" for factor, why in unknown.items()}
    return pd.Series(said.to_dict() | not_known)


def measures_chart(study: Study) -> Chart | Table:
    """Draw each reading as a part of what it is held against, with the figures beside it."""
    table = _readings(study)
    if table.empty:
        return absent("No reading of the service or of its users can be held against a plan")  # fmt: skip
    figure = go.Figure()
    colours = [BLUE if reached else PURPLE for reached in table["reached"]]
    figure.add_bar(
        y=list(table["label"]),
        x=list(table["part"]),
        orientation="h",
        marker={"color": colours},
        width=0.45,
        hovertext=list(table["text"]),
        hoverinfo="y+text",
    )
    figure.add_vline(x=1, line={"color": ORANGE, "width": 3})
    for row in table.itertuples():
        figure.add_annotation(
            x=max(row.part, 1.0), y=row.label, text=row.text, showarrow=False,
            xanchor="left", xshift=8,
        )  # fmt: skip
    widest = max(1.0, table["part"].max())
    figure.update_xaxes(
        tickformat=".0%",
        tickvals=[0, 0.5, 1],
        range=[0, widest * 1.9],
        showgrid=False,
        title="Reading as a share of what it is held against (the line)",
    )
    figure.update_yaxes(autorange="reversed", showgrid=False, ticksuffix=" ")
    said = [f"{row.label}: {row.text}" for row in table.itertuples()]
    data = table.set_index("label")[["text", "part"]].rename_axis("Measure")
    data.columns = ["Reading", "As a share of what it is held against (%)"]
    return chart(figure, _measures_title(table), f"{'; '.join(said)}.", data, 150 + 40 * len(table))


def _measures_title(table: pd.DataFrame) -> str:
    reached, every = int(table["reached"].sum()), len(table)
    if every == 1:
        return f"The one reading is {'' if reached else 'not '}as good as what it is held against"
    those = capitalised(part_of(reached, every, "reading"))
    held = "it is" if reached < 2 else "they are"
    return f"{those} {be(reached)} as good as what {held} held against, or better"


def readings_in_words(measures: pd.DataFrame) -> list[str]:
    """Return readings with their units, and the side on which they lie where only that is known."""
    return [_reading(row) for _, row in measures.iterrows()]


def _readings(study: Study) -> pd.DataFrame:
    """Return the latest reading of each measure and partner that is held against something."""
    measures = study.outturn.measures_to_date
    measures = measures[measures["reached"].notna() & (measures["planned"] != 0)]
    latest = latest_readings(measures, ["measure", "partner"])
    rows = [
        {
            "label": f"{capitalised(row['measure'])}, {row['partner']}",
            "part": row["actual"] / row["planned"],
            "reached": bool(row["reached"]),
            "text": f"{'✓' if row['reached'] else '✗'} {_reading(row)}; {row['held_against']}: "
            f"{_limit(row)}",
        }
        for _, row in latest.iterrows()
    ]
    return pd.DataFrame(rows, columns=["label", "part", "reached", "text"])
