"""How ready the partners are, and where they stand too far apart."""

import pandas as pd


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
