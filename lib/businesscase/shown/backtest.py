"""What notebook 09 shows: the rule on cases whose outcome is known, and how little that is."""

import pandas as pd

from businesscase.calculations.wording import counted, listed, percent, printed
from businesscase.cases.case import load_case
from businesscase.shown.display import Chart, Sentence, Table, chart, named_tiles
from businesscase.shown.verdicts import SHADES, SHORT
from businesscase.study import backtest

KINDS = {
    "counted": "counted",
    "demonstration": "a demonstration: it shaped the rule",
    "invented": "invented: never counted",
}
NO_OUTCOME = "No case has an outcome that says whether the partnership lasted"
AS_A_COIN = 0.5  # share of verdicts that are right by tossing
CAME = {True: "lasted", False: "ended"}


def introduction(table: pd.DataFrame) -> Sentence:
    """Say of which cases the outcome is known, and at how many dates the rule is asked."""
    names = list(table["case"].unique())
    return Sentence(
        f"Cases whose outcome is known: {listed(names) if names else 'none'}; the rule is asked at "
        f"{counted(len(table), 'date')}."
    )


def answer(table: pd.DataFrame) -> Sentence:
    """Say how often the rule was right, of how many, and what that is worth."""
    if table.empty:
        return Sentence(f"**{NO_OUTCOME}, so nothing can be said of the rule.**")
    scores = backtest.scores(table)
    rule = scores.loc["This rule"]
    beside = list(table.loc[table["counts"] != backtest.COUNTED, "case"].unique())
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


def by_date(table: pd.DataFrame) -> Table:
    """Show the verdict at each date beside what came of it."""
    return Table(
        table.assign(
            counts=table["counts"].map(KINDS),
            because=[listed(names) if names else "–" for names in table["because"]],
            turns=[listed(names) if names else "none" for names in table["turns"]],
            came=table["lasted"].map(CAME),
            right=table["right"].map({True: "✓ right", False: "✗ no hit"}),
        ),
        "What the rule says at each date, with nothing that was known later",
        {
            "case": "Case",
            "as_at": "As at",
            "verdict": "Verdict",
            "because": "What stops it, or is missing",
            "turns": "What alone would have changed it",
            "came": "The partnership",
            "months_before": "Before the outcome (months)",
            "right": "Was it right?",
            "counts": "Counts as",
        },
        absent=NO_OUTCOME,
    )


def verdicts_chart(table: pd.DataFrame) -> Chart | Table:
    """Draw the verdicts of each case in the order of their dates, and what came of it."""
    if table.empty:
        return by_date(table)
    most = int(table.groupby("case").size().max())
    texts, fills = {}, []
    for case, rows in table.groupby("case", sort=False):
        cells = [f"{printed(row.as_at)}<br>{SHORT[row.verdict]}" for row in rows.itertuples()]
        shades = [SHADES[verdict] for verdict in rows["verdict"]]
        blank = most - len(cells)
        last = rows.iloc[-1]
        texts[case] = [*cells, *[""] * blank, f"{printed(last['outcome_date'])}<br><b>{CAME[last['lasted']]}</b>"]  # fmt: skip
        fills.append([*shades, *[("white", "#0B0C0C")] * blank, ("white", "#0B0C0C")])
    names = [*(f"{place + 1}" for place in range(most)), "What came of it"]
    tiles = pd.DataFrame.from_dict(texts, orient="index", columns=names)
    figure = named_tiles(tiles, fills)
    first = backtest.first_right(table)
    title = (
        f"{counted(len(first), 'case')} of {tiles.shape[0]} had the right verdict at some date before the "
        "outcome, those that don't count included"
    )
    description = (
        "Each tile is a date and the verdict then; the last of each row is what came of it."
    )
    data = tiles.map(lambda text: text.replace("<br>", ": ").replace("<b>", "").replace("</b>", ""))
    return chart(figure, title, description, data.rename_axis("Case"), 170 + 62 * len(tiles), t=110)


def said_first(table: pd.DataFrame) -> Table:
    """Show for each case when the verdict was right for the first time, by what, and how long before."""
    first = backtest.first_right(table).set_index("case")
    rows = [
        {
            "case": case,
            "outcome": row.outcome,
            "since": printed(first.at[case, "as_at"]) if case in first.index else "never",
            "by": (listed(first.at[case, "because"]) or "every stop criterion met") if case in first.index else "–",
            "months": f"{first.at[case, 'months_before']:.0f}" if case in first.index else "–",
        }
        for case, row in table.drop_duplicates("case").set_index("case").iterrows()
    ]  # fmt: skip
    return Table(
        pd.DataFrame(rows, columns=["case", "outcome", "since", "by", "months"]),
        "When the right verdict came first",
        {
            "case": "Case",
            "outcome": "What came of it",
            "since": "Right since",
            "by": "By which criterion",
            "months": "Before the outcome, in months",
        },
        absent=NO_OUTCOME,
    )


def scores(table: pd.DataFrame) -> Table:
    """Show how often the rule was right beside rules that never look."""
    found = backtest.scores(table)
    return Table(
        found.rename_axis("rule").reset_index(),
        f"Right verdicts at the last date before the outcome, of {counted(int(found['of'].iloc[0]), 'case')} that count",
        {
            "rule": "Rule",
            "right": "Right",
            "of": "Cases",
            "low": "Share at least (%)",
            "high": "Share at most (%)",
        },
    )


def checks(table: pd.DataFrame) -> Table:
    """Show that no verdict rests on a fact that was known after its date."""
    latest = backtest.latest_known(table)
    frame = table[["case", "as_at"]].assign(latest=latest, holds=latest <= table["as_at"])
    return Table(
        frame.assign(holds=frame["holds"].map({True: "✓ holds", False: "✗ does not"})),
        f"No fact is later than its date: {int((latest <= table['as_at']).sum())} of {len(table)} hold",
        {"case": "Case", "as_at": "As at", "latest": "Latest fact used", "holds": "Check"},
        absent=NO_OUTCOME,
    )


def assumptions(table: pd.DataFrame) -> Table:
    """Show what came of each case, and where that stands."""
    rows = [backtest.outcome_row(case) for case in table["case"].unique()]
    return Table(
        pd.DataFrame(rows),
        "What came of each case, and where that stands",
        {
            "case": "Case",
            "date": "Date",
            "event": "What came of it",
            "status": "Status",
            "paragraph": "Paragraph",
            "note": "Note",
        },
        absent=NO_OUTCOME,
    )


def made_from(table: pd.DataFrame) -> Table:
    """Show which cases were read, with the fingerprint of the files of each."""
    names = list(table["case"].unique())
    return Table(
        pd.DataFrame({"case": names, "hash": [load_case(name).input_hash for name in names]}),
        "What this page was made from",
        {"case": "Case", "hash": "Fingerprint of the input files"},
    )
