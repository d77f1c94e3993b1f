"""Faults that one row cannot show: unknown names, duplicates, gaps, years outside the appraisal."""

from collections.abc import Iterator

from businesscase.calculations.apportionment import SHARED
from businesscase.calculations.years import financial_year
from businesscase.cases.errors import Fault, unknown_name
from businesscase.cases.parameters import Scenario
from businesscase.cases.schema import KEYS, CaseFile
from businesscase.cases.validation import (
    assurance,
    baseline,
    criteria,
    money,
    outturn,
    plan,
    readiness,
    risks,
    shared,
    stages,
)
from businesscase.cases.validation.core import PlacedFault, Tables, has_recurring_flows, staying
from businesscase.cases.validation.parameters import Known, parameter_faults
from businesscase.cases.validation.rows import BASE

__all__ = ["Known", "has_recurring_flows", "parameter_faults", "table_faults"]

SECTIONS = [
    "baseline",
    "options",
    "savings",
    "appraisal",
    "risks",
    "plan",
    "readiness",
    "outturn",
    "decision",
]
YEARS_APART = 2  # at most, of the decision and year 0: the money may have begun a year or two off
POOLED = [
    "flows",
    "risk_costs",
    "delay_costs",
    "contracts",
    "red_lines",
]  # tables in which shared may stand for a partner
OF_NOBODY = ["actuals", "resolutions"]  # in which the partner may be blank: a task has none


def table_faults(
    file: CaseFile, tables: Tables, scenarios: dict[str, Scenario], shared_sources: set[str]
) -> Iterator[PlacedFault]:
    """Yield every fault of a case whose rows are each valid by themselves."""
    duplicates = list(_duplicates(tables))
    yield from duplicates
    yield from _unknown_names(file, tables, shared_sources)
    yield from _case_file_faults(file, tables)
    yield from shared.shared_faults(tables)
    yield from shared.evidence_faults(file, tables)
    if duplicates:
        return  # the checks below look rows up by their keys
    yield from baseline.leaving_partner_faults(tables)
    yield from baseline.leaver_faults(file, tables)
    yield from baseline.driver_faults(tables)
    yield from baseline.budget_year_faults(tables)
    yield from baseline.post_faults(tables)
    yield from baseline.baseline_faults(file, tables)
    yield from money.option_faults(tables)
    yield from money.flow_faults(file, tables)
    yield from money.discount_faults(file, tables)
    yield from shared.stood_for_faults(tables, "exit_terms", "term")
    yield from risks.risk_faults(file, tables)
    yield from plan.plan_faults(file, tables)
    yield from plan.start_faults(file, tables)
    yield from stages.stage_faults(file, tables)
    yield from plan.contract_faults(file, tables)
    yield from readiness.readiness_faults(tables)
    yield from outturn.outturn_faults(file, tables, _decided_option(file, scenarios))
    yield from criteria.criteria_faults(file, tables)
    yield from assurance.assurance_faults(tables)
    known = Known(file, tables)
    sentences = {
        name: list(parameter_faults(known, scenario.parameters))
        for name, scenario in scenarios.items()
    }
    of_base = next(iter(sentences.values()), [])  # said once, though every scenario inherits them
    for name, found in sentences.items():
        for sentence in found:
            if found is of_base or sentence not in of_base:
                yield "scenarios", name, sentence


def _decided_option(file: CaseFile, scenarios: dict[str, Scenario]) -> str:
    """Return the option that the base scenario appraises, which is what was decided."""
    base = scenarios.get(BASE)
    return (base and base.parameters.option) or file.preferred_option


def _duplicates(tables: Tables) -> Iterator[PlacedFault]:
    several = {stem: key for stem, key in KEYS.items() if len(tables[stem]) > 1}
    for stem, key in several.items():
        for index in tables[stem].index[tables[stem].duplicated(key)]:
            cells = tables[stem].loc[index, key].dropna()
            found = ", ".join(map(str, cells))
            yield stem, index, f"{found} stands here twice; once is allowed"


def _unknown_names(
    file: CaseFile, tables: Tables, shared_sources: set[str]
) -> Iterator[PlacedFault]:
    partners = list(tables["partners"]["partner"])
    sources = [*file.sources, *sorted(shared_sources)]
    allowed = {"source": sources, "partner": partners, "section": SECTIONS}
    hints = {"source": "; a new document goes under [sources] in case.toml"}
    if not tables["options"].empty:
        allowed["option"] = list(tables["options"]["option"])
    for stem, table in tables.items():
        for column, names in allowed.items():
            # without any partner that alone is said, not of each row that names one
            if table.empty or column not in table or (column == "partner" and not partners):
                continue
            if column == "partner":
                names = [*names, *([SHARED] if stem in POOLED else [])]
                names = [*names, ""] if stem in OF_NOBODY else names
            if column == "option" and stem in ("contracts", "posts"):
                names = [*names, ""]  # of the register or establishment: no option changes it
            for index in table.index[~table[column].isin(names)]:
                unknown = unknown_name(column, table.at[index, column], names)
                yield stem, index, Fault(f"{unknown}{hints.get(column, '')}", **unknown.details)


def _case_file_faults(file: CaseFile, tables: Tables) -> Iterator[PlacedFault]:
    if tables["partners"].empty:
        yield "partners", None, "the case has no partners; at least one is needed"
    elif not staying(tables["partners"]):
        yield "partners", None, "every partner is leaving; at least one must stay"
    if file.last_year < file.decision_year:
        yield (
            "case",
            None,
            f"last_year {file.last_year} is before decision_year {file.decision_year}",
        )
    elif file.last_year == file.decision_year and has_recurring_flows(tables):
        yield (
            "case",
            None,
            f"last_year and decision_year are both {file.last_year}; money that recurs needs a year "
            "after the decision's",
        )
    apart = abs(file.decision_year - financial_year(file.decision_date))
    if apart > YEARS_APART:
        yield (
            "case",
            None,
            f"decision_date {file.decision_date} and decision_year {file.decision_year} are {apart} years "
            f"apart; they can be {YEARS_APART}",
        )
    options = list(tables["options"]["option"]) or sorted(set(tables["flows"]["option"]))
    if options and file.preferred_option not in options:
        yield "case", None, unknown_name("preferred_option", file.preferred_option, options)
    if file.comparator and file.comparator not in options:
        yield "case", None, unknown_name("comparator", file.comparator, options)
    kinds = list(tables["optimism_bias"]["project_type"])
    for kind in file.project_mix:
        if kind not in kinds:
            yield "case", None, unknown_name("project_mix", kind, kinds)
    mixed, brought = sum(file.project_mix.values()), tables["mitigations"]["contribution_fraction"]
    if abs(mixed - 1) > 1e-9:
        yield "case", None, f"project_mix adds up to {mixed:g}; the shares must add up to 1"
    if len(brought) and abs(brought.sum() - 1) > 1e-9:
        yield (
            "mitigations",
            None,
            f"contribution_fraction adds up to {brought.sum():g}; it must add up to 1",
        )
