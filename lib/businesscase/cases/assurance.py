"""Assurance of the analysis: what its logs must show, and assumed figures moved to see what rests on them.

An analysis is assured if it is on record what was assumed, why, when, by whom, how good it is and with
what effect, and if somebody other than its analyst has checked it.

References
----------
HM Treasury (2025), The Aqua Book: guidance on producing quality analysis.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from businesscase.cases.schema import (
    FIGURE_TABLES,
    KEYS,
    TABLES,
    VALUE_COLUMNS,
    WORKED_NOTE,
    WORKED_ROW,
    plain_types,
)

Tables = Mapping[str, pd.DataFrame]

REPLACED = "No row is still one of those that a new case begins with"
OWNED = "Every assumed figure has an owner, a date and a quality"
REASONED = "Every derived or assumed figure has its working or reasoning"
DECIDED = "Decisions on scope, method and figures are logged"
RECEIVED = "Every source of every table is in the data log"
CURRENT = "No figures are past their sunset on the day of the decision"
CHECKED = "Every section has been checked"
INDEPENDENT = "Nobody has checked their own work"
RECENT = "The checks are no older than the figures"

NOT_MOVED = {
    # table and column: why its figures stay when the assumed ones are moved
    ("mitigations", "contribution_fraction"): "contributions add up to 1",
    ("risk_bands", "lowest_score"): "each score lies in one band",
    ("risk_bands", "highest_score"): "each score lies in one band",
    ("sensitivities", "low"): "a range in which figures are drawn or tried, and no figure itself",
    ("sensitivities", "high"): "a range in which figures are drawn or tried, and no figure itself",
}
TO_BE_NAMED = "to be named"  # begins an owner, checker or supplier who is nobody yet
WORKED_REASON = "Worked row"  # begins the reason of a decision that a new case begins with
LOGS = {
    # by log: who answers for an entry, and when it was made
    "assumptions": ("owner", "date"),
    "decisions": ("decided_by", "date"),
    "data_log": ("supplied_by", "received"),
    "quality_checks": ("checked_by", "date"),
}
ONLY_WORDS = "only words or dates, which have no size"


def item_column(stem: str) -> str:
    """Return the column that the ``item`` of an assumption names: the first key but option.

    Examples
    --------
    >>> item_column("flows"), item_column("scores"), item_column("options")
    ('line', 'factor', 'option')
    """
    columns = [name for name in KEYS[stem] if name != "option"]
    return (columns or KEYS[stem])[0]


# requirements


def requirements(
    tables: Tables,
    sections: list[str],
    data_date: pd.Timestamp,
    decision_date: pd.Timestamp,
    today: pd.Timestamp | None = None,
) -> pd.DataFrame:
    """Return what an assured analysis must show, and what this one lacks.

    An empty log meets nothing: without it nobody knows. Nor does an entry by somebody who is still
    to be named, or one that is dated after today. The tables that serve every case are not
    asked for; they are this workbook's.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        The case's tables by name, the logs among them.
    sections : list of str
        Sections for which the case has data.
    data_date : Timestamp
        Date of the figures. A check before it saw others.
    decision_date : Timestamp
        Day on which the figures must still be good; on its sunset a figure still is.
    today : Timestamp, optional
        Day on which it is asked; without it no entry is too late to count.

    Returns
    -------
    DataFrame
        ``requirement``, ``met`` and ``missing`` (list of str: each row, table or section that lacks).
    """
    tables = {**tables, **_entries_that_count(tables, today)}
    missing = {
        REPLACED: [f"{stem} ({count})" for stem, count in worked_rows(tables).items()],
        OWNED: list(_without_owner(tables)),
        REASONED: list(_without_reasoning(tables)),
        DECIDED: [] if len(tables["decisions"]) else ["no decision is logged"],
        RECEIVED: _not_received(tables),
        CURRENT: _or_empty(tables, "data_log", past_sunset(tables["data_log"], decision_date)),
        CHECKED: [name for name in sections if name not in set(tables["quality_checks"]["part"])],
        INDEPENDENT: _or_empty(tables, "quality_checks", _own_checks(tables["quality_checks"])),
        RECENT: _or_empty(
            tables, "quality_checks", _old_checks(tables["quality_checks"], data_date)
        ),
    }
    return pd.DataFrame(
        {
            "requirement": list(missing),
            "met": [not lacking for lacking in missing.values()],
            "missing": list(missing.values()),
        }
    )


def worked_rows(tables: Tables) -> dict[str, int]:
    """Return by table how many rows are still those of a new case, which nobody has given.

    A row is one as long as its source or its note says so.
    """
    counts = {
        stem: int(((table["source"] == WORKED_ROW) | table["note"].str.contains(WORKED_NOTE)).sum())
        for stem, table in _figures(tables)
    }
    reasons = tables["decisions"]["reason"].astype(str)
    counts["data_log"] = int((tables["data_log"]["source"] == WORKED_ROW).sum())
    counts["decisions"] = int(reasons.str.startswith(WORKED_REASON).sum())
    return {stem: count for stem, count in counts.items() if count}


def _or_empty(tables: Tables, log: str, missing: list[str]) -> list[str]:
    return missing if len(tables[log]) else [f"{log}.csv has no entry"]


def _entries_that_count(tables: Tables, today: pd.Timestamp | None) -> dict[str, pd.DataFrame]:
    """Return the logs without entries by nobody yet, and without those of the future."""
    return {
        log: tables[log][
            ~_same_name(tables[log][who]).str.startswith(TO_BE_NAMED.replace(" ", ""))
            & ~(pd.to_datetime(tables[log][when]) > (today or pd.Timestamp.max))
        ]
        for log, (who, when) in LOGS.items()
    }


def _figures(tables: Tables) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the rows of figures that are the case's own, of each table that has some."""
    for stem in FIGURE_TABLES:
        own = tables[stem][tables[stem].index >= 0]  # ranges of all cases stand before nil
        if len(own):
            yield stem, own


def _without_owner(tables: Tables) -> Iterator[str]:
    """Yield each table, or item of one where others are vouched for, that has no owner."""
    log = tables["assumptions"]
    for stem, table in _figures(tables):
        assumed = table.loc[table["status"] == "assumed", item_column(stem)].astype(str)
        named = set(log.loc[log["table"] == stem, "item"])
        open_items = assumed[~assumed.isin(named)]
        if open_items.empty or "" in named:
            continue
        if named:
            yield from (f"{stem}, {item}" for item in open_items.unique())
        else:
            yield stem


def _without_reasoning(tables: Tables) -> Iterator[str]:
    for stem, table in _figures(tables):
        bare = (table["status"] != "published") & (table["note"].str.strip() == "")
        if bare.any():
            items = table.loc[bare, item_column(stem)].astype(str).unique()
            yield from (f"{stem}, {item}" for item in items)


def _not_received(tables: Tables) -> list[str]:
    log = tables["data_log"]
    received = set(zip(log["table"], log["source"], strict=True))
    return [
        f"{stem} from {source}"
        for stem, table in _figures(tables)
        for source in table["source"].unique()
        if (stem, source) not in received
    ]


def past_sunset(data_log: pd.DataFrame, day: pd.Timestamp) -> list[str]:
    """Return the figures that may no longer be used on a day; on their sunset they still may.

    Examples
    --------
    >>> log = pd.DataFrame({"table": ["flows"], "source": ["quotes"],
    ...     "sunset": [pd.Timestamp("2026-03-31")]})
    >>> past_sunset(log, pd.Timestamp("2026-03-31")), past_sunset(log, pd.Timestamp("2026-04-01"))
    ([], ['flows from quotes (sunset 2026-03-31)'])
    """
    passed = data_log[data_log["sunset"] < day]
    return [
        f"{row.table} from {row.source} (sunset {row.sunset.date()})"
        for row in passed.itertuples(index=False)
    ]


def _own_checks(checks: pd.DataFrame) -> list[str]:
    own = _same_name(checks["analyst"]) == _same_name(checks["checked_by"])
    return [f"{row.part} by {row.checked_by}" for row in checks[own].itertuples(index=False)]


def _same_name(names: pd.Series) -> pd.Series:
    """Return names as they are told apart: whatever their case and spacing."""
    return names.astype(str).str.casefold().str.replace(r"\s+", "", regex=True)


def _old_checks(checks: pd.DataFrame, data_date: pd.Timestamp) -> list[str]:
    """Return the sections last checked before the date of the figures, which are others since."""
    latest = checks.groupby("part", sort=False)["date"].max()
    return [f"{part} on {date.date()}" for part, date in latest[latest < data_date].items()]


# assumed figures moved


def assumed_inputs(tables: Tables) -> pd.DataFrame:
    """Return the inputs with assumed rows: each line of flows.csv, each other table of the case.

    Returns
    -------
    DataFrame
        ``table``, ``item`` (the line; blank for a table), ``assumed`` and ``rows`` (counts) and
        ``stays`` (why nothing of it can be moved; blank if something can).
    """
    rows = []
    for stem, table in _figures(tables):
        items = table["line"] if stem == "flows" else pd.Series("", index=table.index)
        for item, part in table.groupby(items, sort=False):
            assumed = int((part["status"] == "assumed").sum())
            if assumed:
                rows.append((stem, item, assumed, len(part), _stays(stem)))
    return pd.DataFrame(rows, columns=["table", "item", "assumed", "rows", "stays"])


def _stays(stem: str) -> str:
    """Return why no figure of a table can be moved, blank if one can."""
    if movable_columns(stem):
        return ""
    reasons = [why for (table, _), why in NOT_MOVED.items() if table == stem]
    return reasons[0] if reasons else ONLY_WORDS


def movable_columns(stem: str) -> list[str]:
    """Return the columns of a table whose figures can be larger or smaller.

    Examples
    --------
    >>> movable_columns("flows"), movable_columns("mitigations"), movable_columns("lessons")
    (['amount_gbp', 'baseline_fraction'], ['mitigation_fraction'], [])
    """
    fields = TABLES[stem].model_fields
    return [
        name
        for name in VALUE_COLUMNS.get(stem, [])
        if {int, float} & plain_types(fields[name].annotation) and (stem, name) not in NOT_MOVED
    ]


def moved(tables: Tables, stem: str, item: str, factor: float) -> dict[str, pd.DataFrame]:
    """Return the tables that change when the assumed figures of one input are multiplied.

    Figures stay within the bounds of their columns, scores on the scale of their factor, whole
    numbers whole. The range of a task moves with its duration, and a range that moves alone still
    holds the duration.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        The case's tables.
    stem : str
        Name of the table.
    item : str
        Line of flows.csv; blank for all assumed rows of the table.
    factor : float
        What they are multiplied by.
    """
    table = tables[stem].copy()
    chosen = table["status"] == "assumed"
    if item:
        chosen &= table[item_column(stem)].astype(str) == item
    for name in movable_columns(stem):
        table.loc[chosen, name] = _multiplied(stem, name, table.loc[chosen, name], factor)
    changed = {stem: table}
    if stem == "flows":
        table.loc[chosen, "line_total_gbp"] = np.nan  # a control total of the stated amounts
    elif stem == "scores":
        scale = tables["factors"].set_index("factor").loc[table["factor"]]
        low, high = (scale[name].to_numpy() for name in ("lowest_score", "highest_score"))
        table["score"] = table["score"].clip(low, high)
    elif stem == "tasks":
        ranges = tables["task_ranges"].copy()
        moving = ranges["task"].isin(table.loc[chosen, "task"])
        ranges.loc[moving, ["optimistic_days", "pessimistic_days"]] *= factor
        changed["task_ranges"] = ranges
    elif stem == "task_ranges":
        planned = tables["tasks"].set_index("task")["duration_days"].loc[table["task"]].to_numpy()
        table["optimistic_days"] = table["optimistic_days"].clip(upper=planned)
        table["pessimistic_days"] = table["pessimistic_days"].clip(lower=planned)
    return changed


def _multiplied(stem: str, name: str, figures: pd.Series, factor: float) -> pd.Series:
    """Return figures times a factor, within the bounds of their column."""
    if stem == "gates":
        return figures.map(lambda threshold: _threshold(threshold, factor))
    field = TABLES[stem].model_fields[name]
    lowest, highest = (
        next((getattr(part, end) for part in field.metadata if hasattr(part, end)), None)
        for end in ("ge", "le")
    )
    larger = (figures.astype(float) * factor).clip(lowest, highest)
    is_whole = int in plain_types(field.annotation)
    return larger.round().astype(figures.dtype) if is_whole else larger


def _threshold(threshold, factor: float):
    """Return a threshold times a factor: a date stays, a fraction stays one, a count whole.

    Examples
    --------
    >>> _threshold(0.9, 1.2), _threshold(1.0, 0.8), _threshold(5.0, 0.8)
    (1.0, 1.0, 4.0)
    """
    if isinstance(threshold, pd.Timestamp):
        return threshold
    larger = min(threshold * factor, 1.0) if 0 <= threshold <= 1 else threshold * factor
    return float(round(larger)) if float(threshold).is_integer() else larger
