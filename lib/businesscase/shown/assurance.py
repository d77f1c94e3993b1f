"""What is said of the assurance of a case: requirements, what the answer rests on, how it moves."""

import datetime as dt

import pandas as pd

from businesscase.calculations.wording import be, in_words, listed, part_of, percent, worded, words
from businesscase.cases import assurance
from businesscase.cases.errors import Fault
from businesscase.shown.display import Sentence, Table
from businesscase.study import Study

NAMED = 3  # names that stand for a longer list
LOGS = {
    # where to write what a requirement misses
    assurance.REPLACED: "its own tables",
    assurance.OWNED: "assumptions.csv",
    assurance.REASONED: "the column note",
    assurance.DECIDED: "decisions.csv",
    assurance.RECEIVED: "data_log.csv",
    assurance.CURRENT: "data_log.csv",
    assurance.CHECKED: "quality_checks.csv",
    assurance.INDEPENDENT: "quality_checks.csv",
    assurance.RECENT: "quality_checks.csv",
}
IN_SHORT = {
    # what a sentence calls a requirement that is not met
    assurance.REPLACED: "rows of one's own",
    assurance.OWNED: "owners of assumed figures",
    assurance.REASONED: "reasoning",
    assurance.DECIDED: "decisions log",
    assurance.RECEIVED: "data log",
    assurance.CURRENT: "sunset dates",
    assurance.CHECKED: "a check of every section",
    assurance.INDEPENDENT: "checks by others",
    assurance.RECENT: "checks of the present figures",
}


def in_short(study: Study) -> Sentence:
    """Say in one sentence how many requirements are met and which are not."""
    table = study.assurance.requirements
    said = f"Assurance: {_count(table)}"
    lacking = [IN_SHORT[name] for name in table.loc[~table["met"], "requirement"]]
    unmet = f"; not met: {listed(lacking)}" if lacking else ""
    return Sentence(f"{said}{unmet}; see `businesscase check --assurance {study.case.name}`.")


def worked_rows(tables: assurance.Tables) -> Sentence | None:
    """Say how many rows of a case are still those of a new one, None if there are none."""
    counts = assurance.worked_rows(tables)
    if not counts:
        return None
    count = sum(counts.values())
    rows = "1 row is" if count == 1 else f"{count:,} rows are"
    return Sentence(
        f"**Nothing can be decided on this yet**: {rows} still worked rows, which no council has "
        f"given, in {shortened([f'{words(stem)} ({number})' for stem, number in counts.items()])}."
    )


def unmet(study: Study, today: dt.date | None = None) -> list[Fault]:
    """Return a sentence for each requirement not met (on a day), with all that is missing and where."""
    table = study.assurance.requirements_on(today)
    return [
        Fault(
            f"{study.case.name}: not met: {row.requirement}; missing in {LOGS[row.requirement]}: "
            f"{', '.join(row.missing)}",
            requirement=row.requirement,
            missing=row.missing,
            file=LOGS[row.requirement],
        )
        for row in table[~table["met"]].itertuples(index=False)
    ]


def verdict(study: Study, today: dt.date | None = None) -> Sentence:
    """Say whether the case is assured (on a day), and which assumption matters most."""
    table = study.assurance.requirements_on(today)
    is_assured = "assured" if table["met"].all() else "not assured"
    return Sentence(f"The case is {is_assured}: {_count(table)}. {_most_important(study)}")


def _count(requirements: pd.DataFrame) -> str:
    met, of = int(requirements["met"].sum()), len(requirements)
    return f"{part_of(met, of, 'requirement')} {be(met)} met"


def _most_important(study: Study) -> str:
    if study.assurance.assumed_moves.empty:
        return "No figure is assumed."
    by = percent(study.assurance.wrong_by, 0)
    moving = _moving(study)
    if moving.empty:
        return f"No criterion moves if the assumed figures of one input are wrong by {by}."
    first = moving.iloc[0]
    if first["effect"] > 0:
        low, high = map(in_words, sorted([first["worth_low"], first["worth_high"]]))
        now = in_words(study.savings.net_present_values.sum())
        does = f"the net present value is {low} to {high} instead of {now}"
    elif first["turned"]:
        does = f"{listed(first['turned'])} may come out otherwise"
    else:
        does = f"the figure or the threshold of {listed(first['rests'])} moves"
    others = {first["decision_low"], first["decision_high"]} - {study.decision.recommendation}
    then = f"may be {' or '.join(sorted(others))} instead of" if others else "stays"
    return (
        f"The most important assumption is {_input(first)}: if it is wrong by {by}, {does}; the "
        f"decision {then} {study.decision.recommendation}."
    )


def _moving(study: Study) -> pd.DataFrame:
    """Return the assumed inputs that move the net present value or a criterion."""
    table = study.assurance.assumed_moves
    return table[(table["effect"] > 0) | table["rests"].map(bool)]


def _input(move: pd.Series) -> str:
    place = f"{move['table']}.csv"
    return f"“{move['item']}” in {place}" if move["item"] else f"what {place} assumes"


def past_today(study: Study, today: dt.date) -> Sentence | None:
    """Name the figures whose sunset has passed by now; None if there are none."""
    passed = assurance.past_sunset(study.tables["data_log"], pd.Timestamp(today))
    if not passed:
        return None
    return Sentence(f"Past their sunset today, so to be renewed before they are used again: {shortened(passed)}.")  # fmt: skip


def shortened(names: list[str]) -> str:
    """Return a few names and how many more there are.

    Examples
    --------
    >>> shortened(["flows", "tasks"]), shortened(["a", "b", "c", "d", "e"])
    ('flows and tasks', 'a, b, c and 2 more')
    """
    if len(names) <= NAMED + 1:  # "and 1 more" is no shorter than its name
        return listed(names) if names else "–"
    return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more"


def requirements(study: Study, today: dt.date | None = None) -> Table:
    """Show each requirement, whether it is met (on a day, if one is given), and what is missing."""
    table = study.assurance.requirements_on(today)
    return Table(
        table.assign(
            met=table["met"].map({True: "yes", False: "NO"}),
            missing=table["missing"].map(shortened),
        ),
        "Requirements",
        {"requirement": "Requirement", "met": "Met", "missing": "Missing"},
    )


def outputs(study: Study) -> Table:
    """Show net present value, criteria and decision, from which rows, and what moves them."""
    table = study.assurance.output_origins
    names = {"gates": "thresholds"}
    movers = [
        shortened([names.get(name, words(name)) for name in rests]) for rests in table["rests_on"]
    ]
    found = [worded(row.found, row.unit) for row in table.itertuples()]
    return Table(
        table.assign(found=found, moved_by=movers),
        "What the answer rests on: rows of its sections' tables, and assumptions that move it",
        {
            "output": "Output",
            "found": "Found",
            "outcome": "Outcome",
            "published": "Published",
            "derived": "Derived",
            "assumed": "Assumed",
            "moved_by": "Moved by",
        },
    )


def moves(study: Study) -> Table:
    """Show what the answer would be if the assumed figures of an input were all lower or higher.

    Inputs that move neither the net present value nor a criterion are left out.
    """
    by = percent(study.assurance.wrong_by, 0)
    labels = {"input": "Assumed input", "of": "Rows", "quality": "Quality", "owner": "Owner"}
    if study.assurance.is_appraised:
        labels |= {"low": f"NPV {by} lower", "high": f"NPV {by} higher"}
    labels |= {"turns": "Turns", "decision": "Decision"}
    log = study.tables["assumptions"].set_index(["table", "item"])
    rows = [_move(row, log) for _, row in _moving(study).iterrows()]
    caption = f"If the assumed figures of an input are {by} lower or higher (NPV is the net present value)"  # fmt: skip
    return Table(pd.DataFrame(rows, columns=list(labels)), caption, labels)


def _move(move: pd.Series, log: pd.DataFrame) -> dict:
    keys = [(move["table"], move["item"]), (move["table"], "")]
    entry = next((log.loc[key] for key in keys if key in log.index), {})
    table, (low, high) = words(move["table"]), (move["decision_low"], move["decision_high"])
    return {
        "input": f"{table}: {move['item']}" if move["item"] else table,
        "of": f"{move['assumed']} of {move['rows']}",
        "quality": entry.get("quality", "–"),
        "owner": entry.get("owner", "–"),
        "low": "–" if pd.isna(move["worth_low"]) else in_words(move["worth_low"]),
        "high": "–" if pd.isna(move["worth_high"]) else in_words(move["worth_high"]),
        "turns": listed(move["turned"]) if move["turned"] else "–",
        "decision": low if low == high else f"{low} if lower, {high} if higher",
    }


def without_effect(study: Study) -> Sentence | None:
    """Name the assumed inputs that move nothing, and those that can't be moved, with the reason."""
    idle = study.assurance.assumed_moves.drop(_moving(study).index)
    names = [row.item or words(row.table) for row in idle[idle["stays"] == ""].itertuples()]
    said = []
    if names:
        together = "all assumed rows of one moved together, so that their proportions stay"
        said.append(f"No effect on the answer ({together}): {', '.join(names)}.")
    for why, rows in idle[idle["stays"] != ""].groupby("stays", sort=False):
        said.append(f"Not moved ({why}): {', '.join(map(words, rows['table']))}.")
    return Sentence("\n".join(said)) if said else None
