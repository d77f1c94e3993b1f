"""What a case's data leave to be desired without being refused: one sentence each, with its file."""

import re
from collections.abc import Iterator

import pandas as pd

from businesscase.calculations.decision import STOPS
from businesscase.calculations.register import earliest_ends
from businesscase.calculations.savings import PAY, PRICES, inflation_by_category
from businesscase.calculations.wording import listed, printed
from businesscase.cases.deletions import deletion_findings
from businesscase.cases.errors import Fault
from businesscase.cases.plausibility import implausible
from businesscase.cases.schema import CaseFile
from businesscase.cases.validation.core import Tables


def findings(tables: Tables, file: CaseFile) -> list[Fault]:
    """Return a sentence for each finding, which ``check`` and the first page of each report give.

    Parameters
    ----------
    tables : dict of DataFrame
        Every table of the schema, empty where the case has none; valid as ``checked_case`` returns it.
    file : CaseFile
        What case.toml says.
    """
    return [
        *_of_criteria(tables),
        *implausible(tables, file),
        *_of_inflation(tables),
        *_of_contracts(tables, file),
        *_of_novations(tables),
        *deletion_findings(tables, file),
        *_of_evidence(tables, file),
    ]


def _of_criteria(tables: Tables) -> Iterator[Fault]:
    gates = tables["gates"]
    if gates.empty:
        yield Fault(
            "gates.csv: there is no criterion; a decision needs at least one whose consequence is stop",
            file="gates.csv",
        )
    elif not (gates["if_not_met"] == STOPS).any():
        yield Fault(
            f"gates.csv: none of {len(gates)} criteria has the consequence stop, so that no figure could "
            "stop the case; at least one is needed to decide",
            file="gates.csv",
            column="if_not_met",
            found="condition",
            allowed=STOPS,
        )

    yield from _of_conditions(tables)
    undated = list(gates.loc[gates["set_on"].isna(), "criterion"])
    if undated:
        yield Fault(
            f"gates.csv: nothing says when the threshold was set of {listed(undated)}; give set_on, as a "
            "threshold that is set after the figures are known tests little",
            file="gates.csv",
            column="set_on",
            found="",
        )


def _of_conditions(tables: Tables) -> Iterator[Fault]:
    """Yield the criteria that are a condition on which nobody has anything to do."""
    gates = tables["gates"]
    is_condition = gates["if_not_met"] != STOPS
    idle = gates[is_condition & ~gates["criterion"].isin(tables["conditions"]["criterion"])]
    if len(idle):
        yield Fault(
            f"conditions.csv: no action and nobody to take it for {listed(list(idle['criterion']))}; a "
            "condition that nobody has to meet is none",
            file="conditions.csv",
            column="criterion",
            found="",
        )


def _of_inflation(tables: Tables) -> Iterator[Fault]:
    """Yield by which categories pay and prices were told apart, where rows don't say which they follow."""
    flows = tables["flows"]
    blank = flows.loc[flows["inflation"] == "", "category"]
    if blank.empty:
        return
    told = {
        word: [name for name in blank.unique() if inflation_by_category(name) == word]
        for word in (PAY, PRICES)
    }
    said = " and ".join(f"{word} for {', '.join(names)}" for word, names in told.items() if names)
    rows = "1 row leaves" if len(blank) == 1 else f"{len(blank)} rows leave"
    yield Fault(
        f"flows.csv: {rows} inflation blank, so that the cash view goes by category: {said}; write "
        f"{PAY} or {PRICES} in each",
        file="flows.csv",
        column="inflation",
        found="",
        allowed=f"{PAY} or {PRICES}",
    )


def _of_contracts(tables: Tables, file: CaseFile) -> Iterator[Fault]:
    """Yield the contracts that nothing can be done about any more when the decision is taken."""
    contracts = tables["contracts"]
    for row in contracts[contracts["notice_by"] < pd.Timestamp(file.decision_date)].itertuples():
        yield Fault(
            f"contracts.csv: the last day to extend {row.contract!r} or give notice, {printed(row.notice_by)}, "
            f"is past on {printed(file.decision_date)}, when it is decided; act before, or say what then holds",
            file="contracts.csv",
            column="notice_by",
            found=str(row.notice_by.date()),
            allowed=f"not before {file.decision_date}",
        )
    ends = earliest_ends(contracts, pd.Timestamp(file.decision_date))
    for row, earliest in zip(contracts.itertuples(), ends, strict=True):
        name = f"contracts.csv: {row.contract!r} of {row.partner}"
        if pd.isna(earliest):
            said = "is rolling, and its notice isn't given, so that nobody knows when it can end; give notice_months"
            column = "notice_months"
        elif not row.rolling and row.ends < pd.Timestamp(file.decision_date):
            said = f"ended on {printed(row.ends)}, before the decision; take it out, or say rolling if it runs on"
            column = "ends"
        elif not row.rolling and row.ends < earliest:
            said = f"runs on to {printed(earliest)} if notice is given at the decision, and not before; its last day is {printed(row.ends)}"  # fmt: skip
            column = "notice_months"
        else:
            continue
        yield Fault(f"{name} {said}", file="contracts.csv", column=column)


def _of_novations(tables: Tables) -> Iterator[Fault]:
    """Yield the novations without a charge, and those whose cost a line of the option may hold already."""
    contracts, flows = tables["contracts"], tables["flows"]
    for row in contracts[contracts["novated_on"].notna()].itertuples():
        name = f"contracts.csv: {row.contract!r} of {row.partner} novates"
        if pd.isna(row.novation_gbp):
            yield Fault(
                f"{name}, and nothing says what that costs, so that no charge is counted; give novation_gbp, 0 where "
                "there is none",
                file="contracts.csv",
                column="novation_gbp",
            )
        if "running_cost" in set(flows.loc[flows["option"] == row.option, "flow"]):
            yield Fault(
                f"{name}, and option {row.option} states a running cost in flows.csv; make sure that it doesn't hold "
                "the contract as well",
                file="contracts.csv",
                column="novated_on",
            )


def _of_evidence(tables: Tables, file: CaseFile) -> Iterator[Fault]:
    """Yield the evidence of others that names a partner, which may be the case's own result."""
    for name in tables["evidence"]["case"].unique():
        named = [partner for partner in tables["partners"]["partner"] if _names(name, partner)]
        if named and name != file.own_evidence:
            yield Fault(
                f"evidence.csv: {name!r} names {', '.join(named)}, of this case too; if it is the result "
                "of this service, it counts twice: say so in case.toml, own_evidence",
                file="evidence.csv",
                column="case",
                found=name,
            )


def _names(service: str, partner: str) -> bool:
    """Return whether a service is named for a partner: itself, or in brackets after it.

    Examples
    --------
    >>> service = "Strata (Exeter, East Devon)"
    >>> [_names(service, partner) for partner in ("East Devon District Council", "Exe", "Devon")]
    [True, False, False]
    """
    authorities = [name.strip() for name in re.split(r"[(),]", service) if name.strip()]
    return any(re.match(rf"{re.escape(name)}\b", partner, re.IGNORECASE) for name in authorities)
