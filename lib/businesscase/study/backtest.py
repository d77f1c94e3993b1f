"""The rule on cases whose outcome is known, as it would have spoken at each date."""

import pandas as pd

from businesscase.calculations import backtest, decision
from businesscase.cases.case import BASE, Case, as_at, known_since, load_case
from businesscase.cases.project import known_case_names
from businesscase.study import Study

DECIDED = ["decision", "gate"]  # kinds of event at which the rule is asked
COUNTED = "counted"
DAYS_A_MONTH = 365.25 / 12


def outcome_of(case: Case) -> pd.Series | None:
    """Return the first row of events.csv that says whether the partnership lasted; None without."""
    events = case.tables["events"]
    told = events[(events["kind"] == "outcome") & events["lasted"].notna()]
    return None if told.empty else told.sort_values("date").iloc[0]


def at_each_date(names: list[str] | None = None) -> pd.DataFrame:
    """Return what the rule says at each decision of the cases whose outcome is known.

    Nothing that was known later is used; the thresholds are those of today.

    Returns
    -------
    DataFrame
        One row a case and date: ``case``, ``title``, ``counts`` (counted, demonstration or invented),
        ``as_at``, ``verdict``, ``because`` (what stops it, or is missing; blank if neither),
        ``turns`` (criteria each of which alone would change the verdict), ``outcome``,
        ``outcome_date``, ``lasted``, ``months_before`` (the outcome) and ``right``.
    """
    rows = [row for name in names or known_case_names() for row in _of_case(load_case(name))]
    columns = ["case", "title", "counts", "as_at", "verdict", "because", "turns", "outcome", "outcome_date", "lasted", "months_before", "right"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).astype({"right": bool, "lasted": bool})


def _of_case(case: Case) -> list[tuple]:
    outcome = outcome_of(case)
    if outcome is None:
        return []
    events = case.tables["events"]
    asked = events["kind"].isin(DECIDED) & (events["date"] <= outcome["date"])
    rows = []
    for day in events.loc[asked, "date"].drop_duplicates().sort_values():
        known = as_at(case, day.date())
        found = Study(known, BASE, known.scenarios[BASE].parameters).decision
        months = (outcome["date"] - day).days / DAYS_A_MONTH
        rows.append((
            case.name, case.file.title, case.file.backtest, day, found.recommendation,
            _because(found.gates), decision.turning_alone(found.gates), outcome["event"],
            outcome["date"], bool(outcome["lasted"]), round(months, 1),
            backtest.is_right(found.recommendation, bool(outcome["lasted"])),
        ))  # fmt: skip
    return rows


def _because(gates: pd.DataFrame) -> list[str]:
    """Return what stops a case, else what must be known and is not."""
    failed = (gates["outcome"] == decision.NOT_MET) & (gates["if_not_met"] == decision.STOPS)
    return list(gates.loc[failed, "criterion"]) or list(decision.missing(gates))


def first_right(table: pd.DataFrame) -> pd.DataFrame:
    """Return, for each case, the first row at which the verdict was right; none where it never was."""
    return table[table["right"]].drop_duplicates("case")


def scores(table: pd.DataFrame) -> pd.DataFrame:
    """Return how often the rule, and each rule that never looks, was right on the cases that count.

    A case counts once, by the verdict at the last date before its outcome.

    Returns
    -------
    DataFrame, index rule
        ``right``, ``of``, and ``low`` and ``high`` of the exact interval of the share [fraction].
    """
    last = table[table["counts"] == COUNTED].drop_duplicates("case", keep="last")
    verdicts = {"This rule": list(last["verdict"])}
    verdicts |= {name: [always] * len(last) for name, always in backtest.RIVALS.items()}
    rows = {name: backtest.score(told, list(last["lasted"])) for name, told in verdicts.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=backtest.Score._fields)


def latest_known(table: pd.DataFrame) -> pd.Series:
    """Return the day of the latest fact that each row of :func:`at_each_date` rests on."""
    return pd.Series(
        [_latest(load_case(row.case), row.as_at) for row in table.itertuples()],
        index=table.index,
        dtype="datetime64[us]",
    )


def _latest(case: Case, day: pd.Timestamp) -> pd.Timestamp:
    known = as_at(case, day.date())
    days = [since.max() for since in known_since(known).values()]
    return max((day for day in days if not pd.isna(day)), default=pd.NaT)


def outcome_row(name: str) -> dict:
    """Return the row of events.csv that says what came of a case, with the case's name."""
    outcome = outcome_of(load_case(name))
    assert outcome is not None, f"{name} has no outcome"
    return {"case": name, **outcome}
