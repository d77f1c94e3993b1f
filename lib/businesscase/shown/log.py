"""The log of assumptions: every input of a case once, with what it does to the answer."""

import datetime as dt
import re
import textwrap
from collections.abc import Callable, Collection

import pandas as pd

from businesscase.calculations.appraisal import present_value
from businesscase.calculations.decision import MET, NOT_KNOWN, NOT_READY, STOPS
from businesscase.calculations.savings import SIGNS
from businesscase.calculations.wording import (
    in_words,
    percent,
    printed,
    worded,
    words,
    year_label,
)
from businesscase.calculations.years import with_known_dates
from businesscase.cases.assurance import item_column
from businesscase.cases.case import TOLD_IN
from businesscase.cases.schema import KEYS, TABLES, VALUE_COLUMNS
from businesscase.shown.common import QUALITY
from businesscase.shown.display import STATUS, Table
from businesscase.shown.evidence import NUMBER
from businesscase.study import Study
from businesscase.study.evidence import logged_in

CHAPTERS = {
    # the headings of a cabinet report, by the section whose notebook tells it
    "baseline": "Baseline",
    "options": "Options considered",
    "savings": "Financial implications",
    "risks": "Risk and mitigation",
    "plan": "Plan",
    "readiness": "Readiness",
    "decision": "Commitments, decisions and what came of them",
}
LABEL = "Number"  # of the column by which a row of the log is named
TRIED = 0.1  # by how much a line of money is raised to show its effect [fraction]
NAMED_BY = {"options": "name", "risks": "description", "tasks": "name"}
FIRST_DATED = 1900  # a smaller year counts from the start of the appraisal
LONGEST_NAME = 70  # characters of a description that stands behind a number
KEY_WORDS = {"option": "option", "risk": "risk", "task": "task"}  # before a key that is a mere sign
PLAINLY = {"amount_gbp": "", "baseline_fraction": "share of the present cost", "owner_rule": ""}
NO_SCORE = "No score here changes which option comes first"
POST_UNTOLD = {
    # of a row of posts.csv, in every edition but the exempt one
    "what": "one of the posts",
    "value": "told in groups, with the baseline",
    "note": "–",
}

Effect = Callable[[dict], str]


def assumptions_log(
    study: Study, kept_back: Collection[str] = (), each_post: bool = False
) -> Table:
    """Show every input row of the case once, numbered, with its origin and its effect.

    The rows stand in the order of the chapters; a table that serves several sections stands with
    the first. What a row of a post says is left out unless ``each_post``, as it would tell somebody's
    pay. Numbers are those of this case: the same input has the same number in every scenario.
    """
    used = logged_in(study.case)
    effects = _effects(study)
    owners = study.tables["assumptions"].set_index(["table", "item"])["owner"].to_dict()
    rows = [
        _row(study, stem, row, effects.get(stem, lambda _, stem=stem: _feeds(used[stem])))
        | {"place": place, "standing": _standing(stem, row, owners)}
        for stem in used
        for row, place in zip(
            with_known_dates(study.tables[stem]).to_dict("records"),
            _places(study, stem),
            strict=True,
        )
    ]
    if not each_post:
        rows = [row | POST_UNTOLD if row["table"] == words("posts") else row for row in rows]
        rows = _together(study, rows)
    if kept_back:
        rows = _public(study, rows, kept_back)
    columns = ["table", "what", "value", "status", "source", "paragraph", "note", "effect", "place", "standing"]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    table.insert(0, "number", [f"{NUMBER}{number}" for number in range(1, len(table) + 1)])
    return Table(
        table,
        _caption(table["status"]),
        {
            "number": LABEL,
            "place": "File, line and fingerprint of the file",
            "what": "What",
            "value": "Value",
            "effect": "Effect",
            "standing": "Status, and who answers for it" if owners else STATUS,
            "source": "Source",
            "paragraph": "Paragraph",
            "note": "Working or reasoning",
        },
    )


def _together(study: Study, rows: list[dict]) -> list[dict]:
    """Return rows of the log without the amounts of lines of money that are told together."""
    flows, untold = study.tables["flows"], {}
    for option in flows["option"].unique():
        lines = study.savings.told_lines(option)
        told = lines["told"].where(lines["told"] != lines["line"]).dropna()
        untold |= {
            index: {"value": f"told in “{name}”", "effect": "–"} for index, name in told.items()
        }
        # the effect is of the whole line, whoever has it
        shared = lines["line"].isin(lines.loc[told.index, "line"])
        untold |= {index: {"effect": "–"} for index in lines.index[shared].difference(told.index)}
    if not untold:
        return rows
    of_flows = iter(flows.index)
    return [
        row | untold.get(next(of_flows), {}) if row["table"] == words("flows") else row
        for row in rows
    ]


def _public(study: Study, rows: list[dict], kept_back: Collection[str]) -> list[dict]:
    """Return rows of the log without what the tables that are kept back say, and without any effect."""
    exempt = [
        stem in kept_back and pd.notna(number)
        for stem in logged_in(study.case)
        for number in study.case.tables[stem]["exempt"]
    ]
    of_kept = {words(stem) for stem in kept_back}
    return [
        row
        | {"effect": "–"}
        | ({"value": "kept back", "note": "–"} if row["table"] in of_kept else {})
        | ({"what": "an exempt row"} if is_exempt else {})
        for row, is_exempt in zip(rows, exempt, strict=True)
    ]


def _caption(status: pd.Series) -> str:
    if status.empty:
        return "The case has no inputs"
    count = status.value_counts()
    said = ", ".join(f"{count[name]:,} {name}" for name in QUALITY if name in count)
    return f"{len(status):,} input{'s' if len(status) > 1 else ''}: {said}"


def _places(study: Study, stem: str) -> list[str]:
    """Return where the rows of a table stand, a dash for each where that isn't known."""
    return study.case.places.get(stem) or ["–"] * len(study.tables[stem])


def _standing(stem: str, row: dict, owners: dict[tuple[str, str], str]) -> str:
    """Return the status of a row, and who answers for it if it is assumed and somebody does."""
    if row["status"] != "assumed":
        return row["status"]
    item = str(row[item_column(stem)]) if stem in TABLES else ""
    owner = owners.get((stem, item)) or owners.get((stem, ""))
    return f"assumed; {owner}" if owner else "assumed"


def _feeds(sections: list[str]) -> str:
    """Return which chapters a table feeds, each once."""
    chapters = dict.fromkeys(CHAPTERS[TOLD_IN.get(section, section)] for section in sections)
    return f"Feeds {'; '.join(chapters)}"


def _row(study: Study, stem: str, row: dict, effect: Effect) -> dict:
    keys = KEYS[stem]
    named = [_key(name, row[name]) for name in keys if not _blank(row[name])]
    if stem in NAMED_BY:
        named.append(textwrap.shorten(str(row[NAMED_BY[stem]]), LONGEST_NAME, placeholder=" …"))
    kept = {name: row[name] for name in ("status", "source", "paragraph", "note")}
    return {
        "table": words(stem),
        "what": ", ".join(named),
        "value": _value(study, stem, row),
        **{name: "–" if _blank(value) else value for name, value in kept.items()},
        "effect": effect(row),
    }


def _key(name: str, value) -> str:
    if name in KEY_WORDS:
        return f"{KEY_WORDS[name]} {value}"
    if name in ("year", "first_year"):
        return year_label(int(value)) if value >= FIRST_DATED else f"from year {value} of the term"
    if isinstance(value, dt.date):
        return printed(value)
    if not re.fullmatch("[a-z_]+", str(value)):  # a name, not a word of the schema
        return str(value)
    return words(value)


def _value(study: Study, stem: str, row: dict) -> str:
    """Return the figures of a row, each with the name of its column where there are several."""
    if stem == "gates":
        unit = study.decision.gates.set_index("criterion").at[row["criterion"], "unit"]
        return f"{words(row['comparison'])} {worded(row['threshold'], unit)}"
    columns = VALUE_COLUMNS.get(stem, ())
    known = {name: _figure(name, row[name]) for name in columns if not _blank(row[name])}
    if "bound" in known:
        return " ".join(known.values())
    if len(columns) == 1:
        return "".join(known.values()) or "–"
    return ", ".join(f"{_words(name)} {figure}".strip() for name, figure in known.items()) or "–"


def _words(column: str) -> str:
    return PLAINLY.get(column, words(column.removesuffix("_gbp").removesuffix("_fraction")))


def _figure(name: str, value) -> str:
    """Return a figure in the unit that its column's name carries.

    Examples
    --------
    >>> _figure("amount_gbp", 12000.0), _figure("rate_fraction", 0.035), _figure("score", 4.0)
    ('£12,000', '3.5%', '4')
    """
    if name.endswith("_gbp"):
        return printed(value, "£")
    return worded(value, "fraction") if name.endswith("_fraction") else printed(value)


def _blank(value) -> bool:
    return value == "" or pd.isna(value)


# effects


def _effects(study: Study) -> dict[str, Effect]:
    """Return what tells the effect of a row, by table; other tables feed a chapter."""
    makers = {
        "flows": _of_flows,
        "sensitivities": _of_sensitivities,
        "risk_costs": _of_risk_costs,
        "risks": _of_risks,
        "tasks": _of_tasks,
        "task_ranges": _of_task_ranges,
        "gates": _of_gates,
        "factors": _of_factors,
        "scores": _of_scores,
        "readiness": _of_readiness,
        "readiness_areas": _of_areas,
    }
    used = logged_in(study.case)
    return {stem: maker(study) for stem, maker in makers.items() if stem in used}


def _of_flows(study: Study) -> Effect:
    """Return what tells the present value of a line and what a tenth more of it would do.

    Money is a straight line in each amount. What a leaver leaves behind for others to pay, where a
    partner withdraws, is not counted with its line.
    """
    labels = study.savings.flows.index
    present = present_value(study.savings.flows, study.savings.discount_factors)
    flow, line = (labels.get_level_values(name) for name in ("flow", "line"))
    present = present * flow.map(SIGNS)
    own = flow.where(
        flow != "income", "income_cost"
    )  # outsiders are charged what serving them costs
    worth = present.groupby([own, line]).sum()

    def effect(row: dict) -> str:
        if row["option"] != study.option:
            return f"Of option {row['option']}; option {study.option} is appraised here"
        value = float(worth.get((row["flow"], row["line"]), 0.0))
        change = in_words(abs(TRIED * value))
        does = f"adds {change}" if value >= 0 else f"takes {change} off"
        return f"Line worth {in_words(value)}; {percent(TRIED, 0)} more {does}"

    return effect


def _of_sensitivities(study: Study) -> Effect:
    table = study.uncertainty.sensitivity.set_index("parameter")

    def effect(row: dict) -> str:
        if row["parameter"] not in table.index:
            return "Moves nothing in the option appraised"
        low, high = table.loc[row["parameter"], ["at_low", "at_high"]]
        return f"Net present value {in_words(low)} at the low, {in_words(high)} at the high"

    return effect


def _of_risk_costs(study: Study) -> Effect:
    expected = study.risks.expected_costs.sum(axis="columns")
    standing = study.risks.standing_position

    def effect(row: dict) -> str:
        if row["risk"] not in expected.index:
            return "Not costed: the risk has no likelihood"
        return f"Risk {row['risk']} costs {in_words(expected[row['risk']])} on average ({standing})"

    return effect


def _of_risks(study: Study) -> Effect:
    scored = study.risks.scored.set_index("risk")

    def effect(row: dict) -> str:
        found = scored.loc[row["risk"]]
        if _blank(found["standing_score"]):
            return "Not assessed"
        above = "" if found["within_appetite"] else ", above appetite"
        return f"Stands at {printed(found['standing_score'])}, {found['standing_band']}{above}"

    return effect


def _of_tasks(study: Study) -> Effect:
    schedule = study.plan.schedule.set_index("task")

    def effect(row: dict) -> str:
        found = schedule.loc[row["task"]]
        if found["critical"]:
            return "Critical: no float"
        days = found["total_float_days"]
        return f"{printed(days)} working day{'s' if days != 1 else ''} of float"

    return effect


def _of_task_ranges(study: Study) -> Effect:
    criticality = study.plan.criticality
    return lambda row: f"Critical in {percent(criticality[row['task']], 0)} of simulated plans"


def _of_gates(study: Study) -> Effect:
    gates = study.decision.gates.set_index("criterion")

    def effect(row: dict) -> str:
        found = gates.loc[row["criterion"]]
        outcome = found["outcome"]
        if outcome == NOT_KNOWN:
            is_condition = found["if_not_met"] != STOPS
            return f"{outcome.capitalize()}: {'a condition' if is_condition else NOT_READY}"
        consequence = "" if outcome == MET else f": {found['if_not_met']}"
        return f"{outcome.capitalize()}{consequence}; found {worded(found['found'], found['unit'])}"

    return effect


def _of_factors(study: Study) -> Effect:
    switching = study.options.switching_weights

    def effect(row: dict) -> str:
        found = switching.loc[row["factor"]]
        if _blank(found["switching_share"]):
            return "No weight of this factor changes which option comes first"
        return (
            f"Option {found['new_winner']} comes first at {percent(found['switching_share'])} of the "
            f"weight (now {percent(found['share'])})"
        )

    return effect


def _of_scores(study: Study) -> Effect:
    """Return what tells at which score another option comes first, the other scores as they are."""
    totals = study.options.contributions.sum(axis="columns").loc[study.options.ranked_scores.index]
    totals = totals.sort_values(ascending=False, kind="stable")
    share = study.options.weights / study.options.weights.sum()
    factors = study.tables["factors"].set_index("factor")
    assessors = study.tables["scores"].groupby(["option", "factor"])["assessor"].nunique()
    replaced = {(option, factor) for option, by in study.parameters.scores.items() for factor in by}

    def effect(row: dict) -> str:
        option, factor = row["option"], row["factor"]
        if (option, factor) in replaced:
            return "Replaced by the scenario's score"
        if option not in totals:
            return "No score brings a rank: the option is screened out"
        weight, first = share[factor] / assessors[option, factor], option == totals.index[0]
        if len(totals) < 2 or weight == 0:
            return NO_SCORE
        lead = totals.iloc[0] - (totals.iloc[1] if first else totals[option])
        turns = row["score"] + (-lead if first else lead) / weight
        lowest, highest = factors.loc[factor, ["lowest_score", "highest_score"]]
        if not lowest <= turns <= highest:
            return NO_SCORE
        who, side = ("Another option", "below") if first else ("This option", "above")
        return f"{who} comes first {side} a score of {printed(turns)}"

    return effect


def _of_readiness(study: Study) -> Effect:
    gaps, below = study.readiness.divergence, study.readiness.below_minimum

    def effect(row: dict) -> str:
        area, partner = row["area"], row["partner"]
        lacking = partner in below and area in below.index and bool(below.at[area, partner])
        return f"{_gap(gaps, area)}{'; below the lowest score allowed' if lacking else ''}"

    return effect


def _of_areas(study: Study) -> Effect:
    gaps = study.readiness.divergence
    return lambda row: _gap(gaps, row["area"])


def _gap(gaps: pd.DataFrame, area: str) -> str:
    if area not in gaps.index:
        return "No score is given for this area"
    found = gaps.loc[area]
    said = "beyond" if found["beyond_gap"] else "within"
    return f"Gap of {printed(found['gap'])} between partners, {said} the {printed(found['largest_gap'])} allowed"  # fmt: skip
