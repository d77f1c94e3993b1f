"""How ready the partners are, where they stand too far apart, and what a stopped programme teaches."""

import pandas as pd

from businesscase.calculations.years import financial_year


def area_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """Return readiness scores, area by partner, in the order of the table [1 to 5]."""
    table = scores.pivot(index="area", columns="partner", values="score")
    return table.reindex(index=scores["area"].unique(), columns=scores["partner"].unique())


def divergence(area_by_partner: pd.DataFrame, largest_gap: pd.Series) -> pd.DataFrame:
    """Return how far apart the partners stand in each area.

    Parameters
    ----------
    area_by_partner : DataFrame, area by partner
        Readiness scores, 1 not ready to 5 ready.
    largest_gap : Series, index area
        The largest difference that can be managed [score].

    Returns
    -------
    DataFrame, index area
        ``lowest``, ``highest``, ``gap``, ``largest_gap`` [score] and ``beyond_gap``.

    Examples
    --------
    >>> table = pd.DataFrame({"North": [4.0], "South": [1.0]}, index=["culture"])
    >>> bool(divergence(table, pd.Series({"culture": 2.0})).loc["culture", "beyond_gap"])
    True
    """
    lowest, highest = area_by_partner.min(axis="columns"), area_by_partner.max(axis="columns")
    limit = largest_gap.reindex(area_by_partner.index)
    gap = highest - lowest
    return pd.DataFrame(
        {
            "lowest": lowest,
            "highest": highest,
            "gap": gap,
            "largest_gap": limit,
            "beyond_gap": gap > limit,
        }
    )


def below_minimum(area_by_partner: pd.DataFrame, lowest_score: pd.Series) -> pd.DataFrame:
    """Return which partners score below the red line of an area; none where it has no red line.

    Parameters
    ----------
    area_by_partner : DataFrame, area by partner
        Readiness scores, 1 not ready to 5 ready.
    lowest_score : Series, index area
        The lowest score with which a partner is ready at all; NaN where an area has none.

    Returns
    -------
    DataFrame of bool, area by partner

    Examples
    --------
    >>> table = pd.DataFrame({"North": [2.0], "South": [1.5]}, index=["culture"])
    >>> below_minimum(table, pd.Series({"culture": 2.0})).loc["culture"].tolist()
    [False, True]
    """
    return area_by_partner.lt(lowest_score.reindex(area_by_partner.index), axis="index")


def needed_rises(
    area_by_partner: pd.DataFrame, largest_gap: pd.Series, lowest_score: pd.Series
) -> pd.DataFrame:
    """Return who must rise, and by how much, for every area to be within its gap and red line.

    Parameters
    ----------
    area_by_partner : DataFrame, area by partner
        Readiness scores, 1 not ready to 5 ready.
    largest_gap, lowest_score : Series, index area
        The largest gap that can be managed, and the red line, NaN where there is none [score].

    Returns
    -------
    DataFrame
        ``area``, ``partner``, ``score``, ``needed``, ``rise`` [score], and ``alone``: whether
        this one change is all that the area needs.

    Examples
    --------
    >>> table = pd.DataFrame({"North": [4.0], "South": [1.0]}, index=["culture"])
    >>> rises = needed_rises(table, pd.Series({"culture": 2.0}), pd.Series({"culture": 1.0}))
    >>> rises[["partner", "needed", "rise"]].values.tolist()
    [['South', 2.0, 1.0]]
    """
    areas = area_by_partner.index
    within_reach = area_by_partner.max(axis="columns") - largest_gap.reindex(areas)
    needed = pd.concat([within_reach, lowest_score.reindex(areas)], axis="columns")
    needed = needed.max(axis="columns")
    rows = [
        (area, partner, score, needed[area], needed[area] - score)
        for area, by_partner in area_by_partner.iterrows()
        for partner, score in by_partner.items()
        if score < needed[area]
    ]
    table = pd.DataFrame(rows, columns=["area", "partner", "score", "needed", "rise"])
    return table.assign(alone=~table["area"].duplicated(keep=False))


def size_ratios(sizes: pd.DataFrame) -> pd.Series:
    """Return how many times as large the largest partner is as the smallest, by measure.

    Parameters
    ----------
    sizes : DataFrame, measure by partner
        For instance users, devices and annual spend; NaN where a partner's is not known.

    Returns
    -------
    Series
        The ratio, NaN where a partner's size is not known or there is no other partner.

    Examples
    --------
    >>> size_ratios(pd.DataFrame({"North": [300.0], "South": [200.0]}, index=["users"])).tolist()
    [1.5]
    """
    comparable = sizes.notna().all(axis="columns") & (sizes.shape[1] > 1)
    return (sizes.max(axis="columns") / sizes.min(axis="columns")).where(comparable)


def stopped_on(events: pd.DataFrame) -> pd.Timestamp:
    """Return when a programme stopped: its first outcome that didn't last; NaT if it has none.

    Parameters
    ----------
    events : DataFrame
        Rows of events.csv: ``date``, ``kind`` and ``lasted`` (blank of an outcome is an end).
    """
    is_end = (events["kind"] == "outcome") & ~events["lasted"].fillna(False).astype(bool)
    return events.loc[is_end, "date"].min()


def whole_months(first: pd.Timestamp, last: pd.Timestamp) -> int:
    """Return the complete months from one date to another.

    Examples
    --------
    >>> whole_months(pd.Timestamp("2013-06-24"), pd.Timestamp("2014-06-11"))
    11
    """
    started = 12 * (last.year - first.year) + last.month - first.month
    return started - (last.day < first.day)


def lesson_costs(
    lessons: pd.DataFrame, stop: pd.Timestamp | None, spent: pd.Series
) -> pd.DataFrame:
    """Return what each lesson would have spared, had it been known when it could have been.

    Money is known by financial year only, so that of the year in which a gate falls counts as not
    yet spent at the gate; that of the year of the stop counts as spent before it.

    Parameters
    ----------
    lessons : DataFrame
        ``lesson`` and ``known_from``, the date of the gate at which it could have been known.
    stop : Timestamp or None
        When the programme stopped; None if it has not.
    spent : Series, index year
        One-off cost by financial year [£]; empty if none is known.

    Returns
    -------
    DataFrame
        ``lessons`` with ``months_to_stop`` [months], ``spent_by_gate`` and ``spent_after`` [£];
        NaN where they are not known.

    Examples
    --------
    >>> lesson = pd.DataFrame({"lesson": ["pace"], "known_from": [pd.Timestamp("2026-05-01")]})
    >>> costs = lesson_costs(lesson, pd.Timestamp("2027-05-01"), pd.Series({2025: 2.0, 2026: 3.0}))
    >>> costs[["months_to_stop", "spent_by_gate", "spent_after"]].values.tolist()
    [[12.0, 2.0, 3.0]]
    """
    months, by_gate, after = [], [], []
    for known_from in lessons["known_from"]:
        if stop is None:
            months.append(float("nan"))
        else:
            months.append(float(whole_months(known_from, stop)))
        earlier = spent_before(spent, financial_year(known_from))
        by_gate.append(earlier if stop is not None else float("nan"))
        after.append(spent_by_stop(spent, stop) - earlier)
    return lessons.assign(months_to_stop=months, spent_by_gate=by_gate, spent_after=after)


def spent_before(spent: pd.Series, year: int) -> float:
    """Return what was spent in the financial years before one [£], NaN if no spend is known."""
    return float(spent[spent.index < year].sum()) if len(spent) else float("nan")


def spent_by_stop(spent: pd.Series, stop: pd.Timestamp | None) -> float:
    """Return what was spent up to and in the year of the stop [£], NaN without a stop or spend."""
    return float("nan") if stop is None else spent_before(spent, financial_year(stop) + 1)
