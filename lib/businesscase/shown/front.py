"""The first two pages of a report: what is decided, for whom, and what else could have been."""

import math
from collections.abc import Iterable, Iterator, Mapping

import pandas as pd

from businesscase.calculations.apportionment import ALL
from businesscase.calculations.decision import NOT_MET, STOPS
from businesscase.calculations.savings import gross_savings, still_to_find
from businesscase.calculations.wording import (
    be,
    capitalised,
    chance_in_words,
    counted,
    in_words,
    listed,
    part_of,
    percent,
    plain,
    printed,
    short_day,
    spelt,
    year_label,
)
from businesscase.calculations.years import IS_MONTH, with_known_dates
from businesscase.cases.case import known_since
from businesscase.cases.schema import SECTION_TABLES, SHARED_TABLES
from businesscase.shown.decision import NO_CRITERION
from businesscase.shown.display import Table, literal, table
from businesscase.shown.savings import against, comers_and_goers
from businesscase.study import Study
from businesscase.study.appraisal import COMPARATOR, PROPOSED
from businesscase.study.tidy import with_all

CONDITIONS, REASONS, RISKS, STEPS = 5, 2, 3, 6  # that two pages have room for
DATED = ["gate", "decision", "deadline", "start"]  # kinds of event that something must be ready for
BEHIND = ("options", "savings", "risks")  # sections that the pages draw on
ALWAYS = ("options", "gates", "conditions", "stages", "events")  # tables that they draw on besides
ASKED = {
    # what a member asks first, by column of the table on the councils
    "cost_today": "the cost today",
    "cost_after": "the cost afterwards",
    "paid_once": "one-off cost",
    "saved_a_year": "the saving",
    "planned_worth": "the net present value",
}
PLACES = 2  # of a score


def is_appraised(study: Study) -> bool:
    """Return whether the case has money that recurs, without which nothing is worth more or less."""
    return "savings" in study.case.section_names() and study.savings.recurs


def for_whom(study: Study, council: str = ALL) -> str:
    """Say who decides when, and on which scenario."""
    file, title = study.case.file, study.scenario.title
    reader = file.decision_maker if council == ALL else f"Edition for {council}"
    return f"{reader}, {printed(file.decision_date)}. Scenario: {title}."


def how_sure(study: Study, council: str = ALL) -> str:
    """Say what the proposal is worth, how likely a loss is, and in how many futures the verdict holds."""
    if study.decision.gates.empty:
        return f"{NO_CRITERION}."
    if not is_appraised(study):
        unknown = list(study.decision.missing)
        return f"Not known, for lack of figures: {listed(unknown)}." if unknown else ""
    first = _stopped(study) + "".join(f"{capitalised(who)}. " for who in comers_and_goers(study))
    risk, worth = study.uncertainty.risk_of_loss.loc[council], study.savings.net_present_values
    planned = worth.sum() if council == ALL else worth[council]
    to_whom = "" if council == ALL else f" to {council}"
    poor = risk["npv_p10"]
    at_worst = (
        f"less than {in_words(poor)}" if poor >= 0 else f"a loss of more than {in_words(-poor)}"
    )
    said = (
        f"{first}As planned it is worth {in_words(planned)}{to_whom}, {against(study)}; as likely more as less than "
        f"{in_words(risk['npv_p50'])}; in one future of ten {at_worst}. "
        f"The chance of a loss is {chance_in_words(risk['probability_of_loss'])}."
    )
    if council != ALL:
        said += f" {_for_all(study, worth.sum())}"
    if study.verdicts.drawn_criteria.empty:
        return said
    return f"{said} {_held(study.verdicts.shares, study.decision.recommendation)}"


def _stopped(study: Study) -> str:
    """Say by which criteria the proposal is stopped, with their figures; nothing if it isn't."""
    gates = study.decision.gates
    stops = gates[(gates["outcome"] == NOT_MET) & (gates["if_not_met"] == STOPS)]
    more = len(stops) - REASONS
    so = "does" if more == 1 else "do"
    others = [f"So {so} {counted(more, 'other')}."] if more > 0 else []
    return "".join(f"{said} " for said in [*stops["reason"].head(REASONS), *others])


def _held(shares: pd.Series, verdict: str) -> str:
    """Say in how many futures a verdict holds, and first if another is the likelier.

    Examples
    --------
    >>> _held(pd.Series({"go": 0.36, "stop": 0.64}), "go")
    "The likelier verdict is another: 'stop' in 64% of the futures; this one holds in 36%."
    >>> _held(pd.Series({"go": 0.9, "stop": 0.1}), "go")
    "The verdict holds in 90% of the futures; it is 'stop' in 10%."
    >>> _held(pd.Series({"go": 1.0}), "go")
    'The verdict holds in over 99% of the futures.'
    """
    holds = shares.get(verdict, 0.0)
    share = chance_in_words(holds)
    others = shares.drop(verdict, errors="ignore").sort_values(ascending=False, kind="stable")
    if others.empty:
        return f"The verdict holds in {share} of the futures."
    found = [f"'{name}' in {chance_in_words(part)}" for name, part in others.items()]
    if others.max() > holds:
        found[0] += " of the futures"
        return f"The likelier verdict is another: {listed(found)}; this one holds in {share}."
    return f"The verdict holds in {share} of the futures; it is {listed(found)}."


def _for_all(study: Study, planned: float) -> str:
    """Say what the proposal is worth to the partners together, beside one of them."""
    risk = study.uncertainty.risk_of_loss.loc[ALL]
    return (
        f"To all partners together it is worth {in_words(planned)}, and the chance of a loss is "
        f"{chance_in_words(risk['probability_of_loss'])}."
    )


def councils(study: Study, council: str = ALL) -> Table:
    """Show what each council, or one, and all together pay, save and risk; only what the case knows."""
    found: dict[str, pd.Series] = {}
    if study.savings.baseline_cost.any():
        found |= _running(study)
    if "savings" in study.case.section_names():
        found |= _money(study)
    frame = pd.DataFrame(found, index=pd.Index([*study.partners, ALL], name="partner"))
    if len(frame) == 2:  # one council is all
        frame = frame.drop(ALL)
    elif council != ALL:
        frame = frame.loc[[council, ALL]]
    who = "each council" if council == ALL else council
    return table(frame if found else frame.iloc[:0], f"What {who} pays, saves and risks")


def totals(found: pd.Series) -> Table:
    """Show the totals that may be published of a case with exempt rows."""
    names = {
        "net_present_value": "planned_worth",
        "one_off_cost": "paid_once",
        "average_annual_saving": "saved_a_year_in_all",
    }
    frame = found.rename(names).to_frame(ALL).T.rename_axis("partner")
    return table(frame, "Totals of all partners from which no exempt figure follows")


def _running(study: Study) -> dict[str, pd.Series]:
    """Return the recurring cost of the service today and in the last full year [£ a year]."""
    today = study.savings.baseline_cost
    if not is_appraised(study):
        return {"cost_today": with_all(today)}
    gained = gross_savings(still_to_find(study.savings.flows)).reindex(today.index, fill_value=0.0)
    years = study.savings.full_years
    after = pd.Series({name: today[name] - gained.at[name, years[name]] for name in today.index})
    return {"cost_today": with_all(today), "cost_after": with_all(after)}


def _money(study: Study) -> dict[str, pd.Series]:
    measures = study.savings.appraisal
    once = {"paid_once": measures["one_off_cost"]}
    if not is_appraised(study):
        return once if measures["one_off_cost"].any() else {}
    risk = study.uncertainty.risk_of_loss
    return once | {
        "saved_a_year": measures["cashable_saving"] / (study.savings.term_years or 1.0),
        "payback_years": measures["payback_years"].astype(float).fillna(math.inf),
        "planned_worth": measures["net_present_value"],
        "even_worth": risk["npv_p50"],
        "poor_worth": risk["npv_p10"],
        "chance_of_loss": risk["probability_of_loss"],
    }


def councils_note(study: Study, councils: Table) -> str:
    """Say what the columns on the councils mean, and what the case doesn't give."""
    shown, said = set(councils), []
    if "cost_after" in shown:
        said.append(
            f"Cost after is that of the last full year{_until(study)}, in prices of the base year."
        )
    if "planned_worth" in shown:
        said.append(
            f"Worth is the net present value; it and the saving, averaged over the term, are {against(study)}."
        )
        if len(study.partners) > 1:
            said.append(
                "What half and one in ten of the futures are below doesn't add up over the councils."
            )
    lacking = [words for name, words in ASKED.items() if name not in shown]
    return " ".join([*said, f"Not given: {listed(lacking)}." if lacking else ""]).strip()


def _until(study: Study) -> str:
    """Return which year is the last full one of those that leave before the others."""
    own = study.savings.full_years
    early = own[own < own.max()]
    return "".join(f" ({name}'s is {year_label(year)})" for name, year in early.items())


def conditions(study: Study, where: str) -> str:
    """List what is still to be done for criteria that are not met or not known, the worst first."""
    of = study.decision.conditions
    lines = [f"- {_condition(study, row)}" for row in of.head(CONDITIONS).itertuples()]
    more = len(of) - CONDITIONS
    if more > 0:
        lines.append(f"- {spelt(more).capitalize()} more: see “{where}”.")
    if idle := study.decision.without_action:
        lines.append(f"- Nobody has anything to do for {literal(listed(idle))}.")
    return "\n".join(lines)


def _condition(study: Study, row) -> str:
    passed = ", which has passed" if row.by_when.date() < study.case.file.data_date else ""
    said = f"({row.outcome}): {row.action.rstrip('.')}. {row.owner}, by {short_day(row.by_when)}{passed}."
    return f"**{literal(row.criterion)}** {literal(said)}"


def findings(study: Study, where: str) -> str:
    """Say how many findings stand against the case's figures and where they are listed."""
    count = len(study.findings)
    return (
        f"{counted(count, 'finding').capitalize()} on the figures: see “{where}”." if count else ""
    )


def options(study: Study, council: str = ALL) -> Table:
    """Show the options side by side and why each other one is not proposed."""
    names = {"probability_of_loss": "chance_of_loss", f"net_present_value, {council}": "own_worth"}
    summary = study.appraisal.summary.rename(columns=names)
    of_money = ["cash_saving", "peak_funding"] if council == ALL else ["own_worth"]
    columns = [*of_money, "net_present_value", "unmonetised_score", "chance_of_loss"]
    known = [name for name in columns if name in summary and summary[name].notna().any()]
    if len(summary) < 2 or PROPOSED not in set(summary["role"]):
        return table(pd.DataFrame(), "The options side by side")
    failed = study.options.failed_success_factors if study.case.chapter_names() else {}
    proposed = summary[summary["role"] == PROPOSED].iloc[0]
    why = [
        "; ".join(_why(row, proposed, failed.get(letter, ""))) for letter, row in summary.iterrows()
    ]
    frame = summary[["name", *known]].assign(why_not=[capitalised(said) for said in why])
    return table(frame, "The options side by side")


def _why(option: pd.Series, proposed: pd.Series, failed: str) -> Iterator[str]:
    """Yield what speaks against an option beside the one that is proposed, or for it."""
    if option["role"] == COMPARATOR:
        yield "what the others are held against"
    if option["role"] == PROPOSED:
        yield "proposed"
    if failed:
        yield f"screened out, as it fails {failed}"
    if option["role"] == PROPOSED:
        return
    # a case in which no option has money, or none is scored, has no such column
    worth = option.get("net_present_value", math.nan)
    gap = proposed.get("net_present_value", math.nan) - worth
    if pd.isna(worth):
        yield "no money is given for it"
    elif pd.notna(gap):
        yield _compared(round(gap), in_words(abs(round(gap))), "worth")
    score = proposed.get("unmonetised_score", math.nan) - option.get("unmonetised_score", math.nan)
    if pd.notna(score):
        lower = round(score, PLACES)
        yield _compared(lower, plain(abs(lower), PLACES), "scores")


def _compared(less: float, by: str, what: str) -> str:
    """Return by how much an option is worth or scores less than another.

    Examples
    --------
    >>> _compared(5, "£5", "worth"), _compared(-0.2, "0.2", "scores"), _compared(0, "0", "scores")
    ('worth less by £5', 'scores more by 0.2', 'scores the same')
    """
    return f"{what} {'less' if less > 0 else 'more'} by {by}" if less else f"{what} the same"


def risks(study: Study) -> Table:
    """Show the largest risks as they stand: by score, and of one score by expected cost where that is known."""
    scored = study.risks.scored.set_index("risk")
    costs = study.risks.expected_costs.sum(axis="columns").reindex(scored.index)
    largest = scored.assign(expected_cost=costs.where(costs > 0)).sort_values(
        ["standing_score", "expected_cost"], ascending=False, kind="stable"
    )
    frame = largest[["description", "owner", "standing_band", "expected_cost"]].head(RISKS)
    given = [name for name in frame if (frame[name].notna() & (frame[name] != "")).any()]
    frame = frame[given].replace({"owner": {"": "nobody is named"}})
    count, shown = len(scored), len(frame)
    said = "The risk that is left" if count == 1 else "The risks that are left, the largest first"
    cut = f": {shown} of {count}" if shown < count else ""
    unowned = "" if "owner" in frame else "; the case names no owner"
    return table(frame, f"{said}{cut}{unowned}")


def next_steps(study: Study) -> Table:
    """Show the gates and dated events after the data date, soonest first."""
    events = study.tables["events"]
    file = study.case.file
    known = known_since(study.case)["events"] <= pd.Timestamp(
        max(file.data_date, file.decision_date)
    )
    events = events[events["kind"].isin(DATED) & known]
    gates = study.tables["stages"]
    gates = gates[gates["option"] == study.option].drop_duplicates("gate")
    steps = pd.concat([events.assign(step=events["event"]), gates.assign(step=gates["gate"])])
    steps = steps[steps["date"] > pd.Timestamp(file.data_date)].sort_values("date", kind="stable")
    steps = with_known_dates(steps[["date", f"date{IS_MONTH}", "step"]]).head(STEPS)
    frame = steps.set_index("date").rename_axis("step_by")
    return table(frame, "What comes next")


def assured(study: Study, where: str) -> str:
    """Say how many requirements of an assured analysis are met, and where the others are named."""
    met = study.assurance.requirements["met"]
    said = f"Assurance: {part_of(met.sum(), len(met), 'requirement')} {be(met.sum())} met"
    return f"{said}." if met.all() else f"{said}; for the others see “{where}”."


def status_counts(tables: Mapping[str, pd.DataFrame], stems: Iterable[str]) -> pd.Series:
    """Return how many rows of some tables are of each status.

    Examples
    --------
    >>> flows = pd.DataFrame({"status": ["assumed", "published", "assumed"]})
    >>> status_counts({"flows": flows}, ["flows", "flows"]).to_dict()
    {'assumed': 2, 'published': 1}
    """
    rows = [tables[stem]["status"] for stem in dict.fromkeys(stems) if "status" in tables[stem]]
    return pd.concat(rows).value_counts() if rows else pd.Series(dtype=int)


def rests_on(study: Study) -> str:
    """Say how many of the case's own inputs behind the two pages are assumed."""
    sections = [name for name in BEHIND if name in study.case.section_names()]
    stems = [*ALWAYS, *(stem for name in sections for stem in SECTION_TABLES[name])]
    counts = status_counts(study.tables, [stem for stem in stems if stem not in SHARED_TABLES])
    return assumed_in_words(int(counts.get("assumed", 0)), int(counts.sum()))


def assumed_in_words(assumed: int, of: int) -> str:
    """Say how many inputs are assumed.

    Examples
    --------
    >>> assumed_in_words(3, 4)
    '75% of the inputs behind these two pages are assumed (3 of 4).'
    >>> assumed_in_words(0, 4), assumed_in_words(1, 1), assumed_in_words(0, 0)
    ('No input behind these two pages is assumed.', 'Every input behind these two pages is assumed.', '')
    """
    if not of:
        return ""
    if assumed in (0, of):
        return f"{'Every' if assumed else 'No'} input behind these two pages is assumed."
    is_ = "is" if assumed == 1 else "are"
    return f"{percent(assumed / of, 0)} of the inputs behind these two pages {is_} assumed ({assumed} of {of})."
