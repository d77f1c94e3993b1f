"""What it costs that a service is later than planned, or ready before a contract that it replaces ends.

Times are years from the start of year 0. A service starts when it is ``due``, or as much later as it is
late: ready early is not started early. A contract that ends before it must be extended (a gap); one that
ends after it is paid beside it (an overlap).
"""

from itertools import pairwise

import numpy as np
import pandas as pd

from businesscase.calculations.savings import FIXED, LATE

MONTHS = 12  # a year
PENNY = 0.01  # less than that is no money [£]


def while_late(annual: pd.DataFrame, due: float, begins: float, ends: float) -> pd.DataFrame:
    """Prepare what is spent from a date on until a late service starts.

    What falls in a year is the lateness beyond the year's beginning less that beyond its end, so that
    each row counts in one year from a date on and stops counting in the year before.

    Parameters
    ----------
    annual : DataFrame, ``LABELS`` by financial year
        What a whole year of it costs [£].
    due : float
        When the service is to start.
    begins, ends : float
        From when on it is spent, and until when at most.

    Returns
    -------
    DataFrame, ``LABELS`` and ``LEVERS`` by financial year
        Amounts [£] that ``savings.factors`` multiplies.

    Examples
    --------
    >>> labels = [("delay_cost", "team", "pay", "revenue", "cash", 0.0, "slip of task 2", "North")]
    >>> from businesscase.calculations.savings import LABELS
    >>> year = pd.DataFrame([[12.0, 12.0]], pd.MultiIndex.from_tuples(labels, names=LABELS), [2026, 2027])
    >>> rows = while_late(year, due=0.5, begins=0.5, ends=2.0)
    >>> rows.index.get_level_values("lag").tolist(), rows.to_numpy().tolist()
    ([0.0, 0.5, 1.5], [[12.0, 0.0], [-12.0, 12.0], [0.0, -12.0]])
    """
    edges = _edges(annual, begins, ends)
    parts = np.zeros((len(edges), *annual.shape))
    for place, (start, _) in enumerate(pairwise(edges)):
        year = int(start)
        parts[place, :, year] += annual.to_numpy(float)[:, year]
        parts[place + 1, :, year] -= annual.to_numpy(float)[:, year]
    lags = np.repeat(edges - due, len(annual))
    labels = annual.index.to_frame(index=False).iloc[np.tile(np.arange(len(annual)), len(edges))]
    return _prepared(labels.assign(lever=LATE, lag=lags), parts, annual.columns)


def between(annual: pd.DataFrame, begins: float, ends: float) -> pd.DataFrame:
    """Prepare what is spent between two dates, whether a service is late or not.

    Parameters
    ----------
    annual : DataFrame, ``LABELS`` by financial year
        What a whole year of it costs [£].
    begins, ends : float
        From when on it is spent, and until when.
    """
    spent = np.zeros(annual.shape)
    for start, end in pairwise(_edges(annual, begins, ends)):
        spent[:, int(start)] += annual.to_numpy(float)[:, int(start)] * (end - start)
    labels = annual.index.to_frame(index=False).assign(start="", lever=FIXED, lag=0.0)
    return _prepared(labels, spent, annual.columns)


def _edges(annual: pd.DataFrame, begins: float, ends: float) -> np.ndarray:
    """Return the ends of the parts of financial years between two dates, none if there is no time."""
    years = annual.shape[1]
    first, last = max(begins, 0.0), min(ends, float(years))
    if first >= last:
        return np.array([])
    return np.unique(np.clip(np.arange(years + 1.0), first, last))


def _prepared(labels: pd.DataFrame, amounts: np.ndarray, years: pd.Index) -> pd.DataFrame:
    flat = amounts.reshape(len(labels), len(years))
    return pd.DataFrame(flat, pd.MultiIndex.from_frame(labels), years)


# contracts


def priced(contracts: pd.DataFrame, years: int) -> pd.DataFrame:
    """Add to contracts what a month after the end of each costs, and from when it is paid twice.

    The flows hold the price of a contract until its service starts: what the option frees starts then.

    Parameters
    ----------
    contracts : DataFrame
        Rows of contracts.csv with ``due`` and ``end`` [years from the start of year 0].
    years : int
        Years of the appraisal, in which alone money counts.

    Returns
    -------
    DataFrame
        With ``extension_gbp`` (the price of a month more), ``gap_gbp`` (by how much that is above its
        own, which is what a month of a gap adds),
        ``within`` (the end, as far as the appraisal reaches) and ``paid_twice_from``: with a charge
        for leaving, an overlap costs no more than that, as if it was paid in the last months.

    Examples
    --------
    >>> contract = {"annual_gbp": 120.0, "extension_monthly_gbp": np.nan, "premium_fraction": 0.5,
    ...     "early_exit_gbp": 30.0, "due": 0.5, "end": 1.0}
    >>> found = priced(pd.DataFrame([contract]), 5).iloc[0]
    >>> found["extension_gbp"].item(), found["gap_gbp"].item(), found["paid_twice_from"].item()
    (15.0, 5.0, 0.75)
    """
    own = contracts["annual_gbp"] / MONTHS
    price = contracts["extension_monthly_gbp"].fillna(own * (1 + contracts["premium_fraction"]))
    within = contracts["end"].clip(0.0, float(years))
    left_for = contracts["early_exit_gbp"] / contracts["annual_gbp"].where(own > 0)
    twice = (within - left_for).fillna(0.0).clip(lower=contracts["due"])
    return contracts.assign(
        extension_gbp=price, gap_gbp=price - own, within=within, paid_twice_from=twice
    )


def gap_and_overlap(contract, late: np.ndarray, years: int) -> dict[str, np.ndarray]:
    """Return how long a contract ends before its service starts or after it, and what that costs.

    Parameters
    ----------
    contract : named tuple
        A row that :func:`priced` returned.
    late : array
        How late the service is, one value a draw [years].
    years : int
        Years of the appraisal, in which alone money counts.

    Returns
    -------
    dict of array
        ``gap_months``, ``gap_cost``, ``overlap_months`` and ``overlap_cost`` [£].
    """
    starts = contract.due + np.asarray(late, float)
    in_appraisal = np.clip(starts, 0.0, years)
    extended = np.clip(in_appraisal - contract.within, 0.0, None)
    twice = np.clip(contract.within - np.maximum(in_appraisal, contract.paid_twice_from), 0.0, None)
    return {
        "gap_months": MONTHS * np.clip(starts - contract.end, 0.0, None),
        "gap_cost": MONTHS * contract.gap_gbp * extended,
        "overlap_months": MONTHS * np.clip(contract.end - starts, 0.0, None),
        "overlap_cost": contract.annual_gbp * twice,
    }
