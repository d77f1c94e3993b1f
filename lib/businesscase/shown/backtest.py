"""What notebook 09 shows: the rule on cases whose outcome is known, and how little that is."""

import pandas as pd

from businesscase.calculations.wording import counted, listed, percent, printed
from businesscase.shown.columns import CAME
from businesscase.shown.display import Chart, Sentence, Table, chart, named_tiles, table
from businesscase.shown.looks import VERDICTS
from businesscase.shown.verdicts import SHORT
from businesscase.study import backtest

KINDS = {
    "counted": "counted",
    "demonstration": "a demonstration: it shaped the rule",
    "invented": "invented: never counted",
}
NO_OUTCOME = "No case has an outcome that says whether the partnership lasted"
AS_A_COIN = 0.5  # share of verdicts that are right by tossing


def introduction(found: pd.DataFrame) -> Sentence:
    """Say of which cases the outcome is known, and at how many dates the rule is asked."""
    names = list(found["case"].unique())
    return Sentence(
        f"Cases whose outcome is known: {listed(names) if names else 'none'}; the rule is asked at "
        f"{counted(len(found), 'date')}."
    )


def answer(found: pd.DataFrame) -> Sentence:
    """Say how often the rule was right, of how many, and what that is worth."""
    if found.empty:
        return Sentence(f"**{NO_OUTCOME}, so nothing can be said of the rule.**")
    scores = backtest.scores(found)
    rule = scores.loc["This rule"]
    beside = list(found.loc[found["counts"] != backtest.COUNTED, "case"].unique())
    said = (
        f"**Of {counted(int(rule['of']), 'case')} that can count, the rule was right in {rule['right']:.0f}**: "
        f"a share between {percent(rule['low'], 0)} and {percent(rule['high'], 0)}, with 95% confidence"
        f"{', which tells next to nothing' if rule['low'] <= AS_A_COIN <= rule['high'] else ''}. "
    )
    said += f"Shown and not counted: {listed(beside)}. " if beside else ""
    alike = [name for name in scores.index[1:] if scores.at[name, "right"] >= rule["right"]]
    if alike and rule["of"]:
        said += f"A rule that never looks does as well: {listed(alike).lower()}. "
    return Sentence(said + "Not ready to decide is no hit, whatever came of it.")


def by_date(found: pd.DataFrame) -> Table:
    """Show the verdict at each date beside what came of it."""
    said = found.assign(
        counts=found["counts"].map(KINDS),
        because=[listed(names) or "–" for names in found["because"]],
        turns=[listed(names) or "none" for names in found["turns"]],
    )
    columns = ["case", "as_at", "verdict", "because", "turns", "lasted", "months_before", "right", "counts"]  # fmt: skip
    caption = "What the rule says at each date, with nothing that was known later"
    return table(said[columns], caption, NO_OUTCOME)


def verdicts_chart(found: pd.DataFrame) -> Chart | Table:
    """Draw the verdicts of each case in the order of their dates, and what came of it."""
    if found.empty:
        return by_date(found)
    most = int(found.groupby("case").size().max())
    texts, fills = {}, []
    for case, rows in found.groupby("case", sort=False):
        cells = [f"{printed(row.as_at)}<br>{SHORT[row.verdict]}" for row in rows.itertuples()]
        shades = [VERDICTS[verdict] for verdict in rows["verdict"]]
        blank = most - len(cells)
        last = rows.iloc[-1]
        texts[case] = [*cells, *[""] * blank, f"{printed(last['outcome_date'])}<br><b>{CAME[last['lasted']]}</b>"]  # fmt: skip
        fills.append([*shades, *[("white", "#0B0C0C")] * blank, ("white", "#0B0C0C")])
    names = [*(f"{place + 1}" for place in range(most)), "What came of it"]
    tiles = pd.DataFrame.from_dict(texts, orient="index", columns=names)
    figure = named_tiles(tiles, fills)
    first = backtest.first_right(found)
    title = (
        f"{counted(len(first), 'case')} of {tiles.shape[0]} had the right verdict at some date before the "
        "outcome, those that don't count included"
    )
    description = (
        "Each tile is a date and the verdict then; the last of each row is what came of it."
    )
    data = tiles.map(lambda text: text.replace("<br>", ": ").replace("<b>", "").replace("</b>", ""))
    return chart(figure, title, description, data.rename_axis("Case"), 170 + 62 * len(tiles), t=110)


def said_first(found: pd.DataFrame) -> Table:
    """Show for each case when the verdict was right for the first time, by what, and how long before."""
    first = backtest.first_right(found).set_index("case")
    by = pd.Series(
        [listed(names) or "every stop criterion met" for names in first["because"]], first.index
    )
    cases = found.drop_duplicates("case").set_index("case")
    said = pd.DataFrame(
        {"what_came_of_it": cases["outcome"], "right_since": first["as_at"].map(printed)}
    )
    said = said.fillna({"right_since": "never"}).loc[cases.index]
    said = said.assign(by_which_criterion=by, months_before=first["months_before"].round())
    return table(said, "When the right verdict came first", NO_OUTCOME)


def scores(found: pd.DataFrame) -> Table:
    """Show how often the rule was right beside rules that never look."""
    rules = backtest.scores(found).rename_axis("rule")
    count = counted(int(rules["of"].iloc[0]), "case")
    labels = {"right": "Right", "of": "Cases", "low": "Share at least (%)", "high": "Share at most (%)"}  # fmt: skip
    caption = f"Right verdicts at the last date before the outcome, of {count} that count"
    return table(rules.rename(columns=labels), caption)
