"""How well the service runs: its measures against time and target, and what its users say."""

from math import sqrt
from statistics import NormalDist

import pandas as pd

from businesscase.calculations.decision import NOT_KNOWN

STAGES = ("before", "after")
SURVEY_COLUMNS = [
    *(f"{stage}_{part}" for stage in STAGES for part in ("date", "satisfied", "answers", "share", "low", "high")),
    "difference",
    "difference_low",
    "difference_high",
]  # fmt: skip


def service_trends(service_measures: pd.DataFrame) -> pd.DataFrame:
    """Return the first and last reading of each service measure and the change between them.

    Returns
    -------
    DataFrame
        One row a measure and partner: ``first_date``, ``first``, ``last_date``, ``last``,
        ``direction`` (rose, fell, held, or not known where the wording leaves it open), ``change``
        (last less first, in the measure's unit: the least that it can be; NaN if not known),
        ``improved`` (True, False, or None where it held or is not known), ``target`` of the last
        reading and ``on_target`` (True, False, or None where there is no target or the wording
        leaves it open).

    Examples
    --------
    >>> calls = pd.DataFrame({"measure": ["calls"] * 2, "partner": ["North"] * 2,
    ...     "date": pd.to_datetime(["2026-01-01", "2026-04-01"]), "value": [400.0, 150.0],
    ...     "bound": ["over", "under"], "unit": ["calls"] * 2, "better": ["lower"] * 2,
    ...     "target": [200.0] * 2})
    >>> service_trends(calls)[["change", "on_target"]].iloc[0].to_dict()
    {'change': -250.0, 'on_target': True}
    """
    readings = service_measures.sort_values("date", kind="stable").groupby(
        ["measure", "partner", "unit", "better"], sort=False
    )
    trends = readings.agg(
        first_date=("date", "first"),
        first=("value", "first"),
        first_bound=("bound", "first"),
        last_date=("date", "last"),
        last=("value", "last"),
        last_bound=("bound", "last"),
        target=("target", lambda column: column.iloc[-1]),
    ).reset_index()
    directions = [
        direction(row.first, row.first_bound, row.last, row.last_bound)
        for row in trends.itertuples()
    ]
    better = {"rose": "higher", "fell": "lower"}
    improved = [
        better[moved] == good if moved in better else None
        for moved, good in zip(directions, trends["better"], strict=True)
    ]
    moves = pd.Series(directions, index=trends.index, dtype=object)
    return trends.assign(
        direction=moves,
        change=(trends["last"] - trends["first"]).where(moves != NOT_KNOWN),
        improved=pd.Series(improved, index=trends.index, dtype=object),
        on_target=pd.Series(
            [
                on_target(row.last, row.last_bound, row.target, row.better)
                for row in trends.itertuples()
            ],
            dtype=object,
        ),
    )


def direction(first: float, first_bound: str, last: float, last_bound: str) -> str:
    """Return whether a measure rose, fell or held between two readings, as far as their words tell.

    Parameters
    ----------
    first, last : float
        The readings.
    first_bound, last_bound : str
        How each is worded: ``exactly``, ``over`` or ``under`` the value.

    Examples
    --------
    >>> direction(400, "over", 150, "under"), direction(97.9, "exactly", 98, "under")
    ('fell', 'not known')
    """
    bounds = {first_bound, last_bound}
    if bounds == {"exactly"} and first == last:
        return "held"
    if first <= last and first_bound != "over" and last_bound != "under":
        return "rose"
    if first >= last and first_bound != "under" and last_bound != "over":
        return "fell"
    return NOT_KNOWN


def on_target(value: float, bound: str, target: float, better: str) -> bool | None:
    """Return whether a reading meets its target, None if that can't be told from its wording.

    Examples
    --------
    >>> on_target(150, "under", 200, "lower"), on_target(150, "exactly", 100, "lower")
    (True, False)
    >>> on_target(150, "under", 100, "lower") is None
    True
    """
    if pd.isna(target):
        return None
    lower = better == "lower"
    meets = value <= target if lower else value >= target
    if bound == "exactly":
        return bool(meets)
    towards_better = (bound == "under") == lower
    if towards_better:
        return True if meets else None
    beyond = value >= target if lower else value <= target
    return False if beyond else None


def wilson_interval(satisfied: int, answers: int, confidence: float) -> tuple[float, float]:
    """Return the interval in which a share of all users lies, given a sample's answers.

    Parameters
    ----------
    satisfied, answers : int
        How many were satisfied, of how many who answered [count].
    confidence : float
        Confidence of the two-sided interval [fraction].

    Returns
    -------
    tuple of float
        Low and high end [fraction].

    Raises
    ------
    ValueError
        If there are no answers, or more are satisfied than answered.

    References
    ----------
    E. B. Wilson, Probable inference, Journal of the American Statistical Association 22, 1927.

    Examples
    --------
    >>> [round(end, 4) for end in wilson_interval(81, 263, 0.95)]
    [0.2553, 0.3662]
    """
    if answers <= 0 or not 0 <= satisfied <= answers:
        raise ValueError(f"{satisfied} of {answers} answers: satisfied runs from 0 to the answers")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = satisfied / answers
    centre = share + z**2 / (2 * answers)
    spread = z * sqrt(share * (1 - share) / answers + z**2 / (4 * answers**2))
    scale = 1 + z**2 / answers
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def newcombe_interval(
    before: tuple[int, int], after: tuple[int, int], confidence: float
) -> tuple[float, float]:
    """Return the interval of the change in a share between two separate samples.

    Parameters
    ----------
    before, after : tuple of int
        Satisfied and answers of each survey [count].
    confidence : float
        Confidence of the two-sided interval [fraction].

    Returns
    -------
    tuple of float
        Low and high end of the share after less the share before [fraction].

    References
    ----------
    R. G. Newcombe, Interval estimation for the difference between independent proportions,
    Statistics in Medicine 17, 1998, method 10.

    Examples
    --------
    >>> [round(end, 4) for end in newcombe_interval((48, 80), (56, 70), 0.95)]
    [0.0524, 0.3339]
    """
    share_before, share_after = before[0] / before[1], after[0] / after[1]
    low_before, high_before = wilson_interval(*before, confidence)
    low_after, high_after = wilson_interval(*after, confidence)
    change = share_after - share_before
    fall = sqrt((share_after - low_after) ** 2 + (high_before - share_before) ** 2)
    rise = sqrt((high_after - share_after) ** 2 + (share_before - low_before) ** 2)
    return change - fall, change + rise


def no_worse(low: float, high: float, margin: float) -> str:
    """Return whether satisfaction is no worse, worse, or not known to be either.

    Parameters
    ----------
    low, high : float
        Interval of the change in the share of satisfied users [fraction]; blank if not known.
    margin : float
        Fall that still counts as no worse [fraction].

    Returns
    -------
    str
        ``no worse`` if the whole interval lies at or above a fall of the margin, ``worse`` if it
        lies wholly below, else ``not known``.

    Examples
    --------
    >>> no_worse(-0.04, 0.08, 0.05), no_worse(-0.3, -0.1, 0.05), no_worse(-0.1, 0.1, 0.05)
    ('no worse', 'worse', 'not known')
    """
    if pd.isna(low) or pd.isna(high):
        return NOT_KNOWN
    if low >= -margin:
        return "no worse"
    return "worse" if high < -margin else NOT_KNOWN


def survey_changes(surveys: pd.DataFrame, confidence: float, margin: float) -> pd.DataFrame:
    """Return satisfaction before and after by survey and partner, and whether it is no worse.

    Parameters
    ----------
    surveys : DataFrame
        Columns ``survey``, ``partner``, ``stage``, ``date``, ``satisfied`` and ``answers``.

    Returns
    -------
    DataFrame
        ``survey`` and ``partner``; for each stage its ``_date``, ``_satisfied``, ``_answers``
        [count], ``_share``, ``_low`` and ``_high`` [fraction]; ``difference``, ``difference_low``,
        ``difference_high`` [fraction]; ``outcome``. Blank where the numbers are not known.

    Examples
    --------
    >>> asked = pd.DataFrame({"survey": "users", "partner": "North", "stage": ["before", "after"],
    ...     "date": pd.NaT, "satisfied": [480, 490], "answers": [600, 600]})
    >>> survey_changes(asked, 0.95, 0.05)["outcome"].item()
    'no worse'
    """
    rows = [
        {"survey": survey, "partner": partner} | _change(given.set_index("stage"), confidence)
        for (survey, partner), given in surveys.groupby(["survey", "partner"], sort=False)
    ]
    table = pd.DataFrame(rows, columns=["survey", "partner", *SURVEY_COLUMNS])
    ends = zip(table["difference_low"], table["difference_high"], strict=True)
    return table.assign(outcome=[no_worse(low, high, margin) for low, high in ends])


def _change(given: pd.DataFrame, confidence: float) -> dict:
    found = {}
    counts = {}
    for stage in STAGES:
        if stage not in given.index:
            continue
        asked = given.loc[stage]
        found[f"{stage}_date"] = asked["date"]
        if pd.isna(asked["answers"]):
            continue
        counts[stage] = int(asked["satisfied"]), int(asked["answers"])
        low, high = wilson_interval(*counts[stage], confidence)
        found |= {
            f"{stage}_satisfied": counts[stage][0],
            f"{stage}_answers": counts[stage][1],
            f"{stage}_share": counts[stage][0] / counts[stage][1],
            f"{stage}_low": low,
            f"{stage}_high": high,
        }
    if len(counts) == len(STAGES):
        low, high = newcombe_interval(counts["before"], counts["after"], confidence)
        found |= {
            "difference": found["after_share"] - found["before_share"],
            "difference_low": low,
            "difference_high": high,
        }
    return found
