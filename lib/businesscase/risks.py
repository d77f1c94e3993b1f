"""The risk register on its likelihood by impact grid."""

import numpy as np
import pandas as pd


def scored_risks(
    risks: pd.DataFrame, levels: pd.DataFrame, bands: pd.DataFrame, likelihood_shift: int = 0
) -> pd.DataFrame:
    """Return the register with each risk's place on the grid, score and band.

    Parameters
    ----------
    risks : DataFrame
        Columns ``risk``, ``likelihood`` and ``impact`` (words, blank if not assessed).
    levels : DataFrame
        Columns ``axis``, ``score``, ``level``.
    bands : DataFrame
        Columns ``band``, ``lowest_score``, ``highest_score``, ``within_appetite``.
    likelihood_shift : int
        Levels by which every risk is more likely; the scale's ends hold.

    Returns
    -------
    DataFrame
        ``risks`` with ``likelihood_score``, ``impact_score``, ``risk_score`` (their product,
        NaN if not assessed), ``band`` (blank if not assessed) and ``within_appetite``.

    Raises
    ------
    ValueError
        If no band holds a score.
    """
    scale = {axis: rows.set_index("level")["score"] for axis, rows in levels.groupby("axis")}
    likelihood = risks["likelihood"].map(scale["likelihood"]) + likelihood_shift
    likelihood = likelihood.clip(scale["likelihood"].min(), scale["likelihood"].max())
    impact = risks["impact"].map(scale["impact"])
    score = likelihood * impact
    band_rows = [_band_row(value, bands) for value in score]
    return risks.assign(
        likelihood_score=likelihood,
        impact_score=impact,
        risk_score=score,
        band=["" if row is None else bands.at[row, "band"] for row in band_rows],
        within_appetite=[
            None if row is None else bool(bands.at[row, "within_appetite"]) for row in band_rows
        ],
    )


def _band_row(score: float, bands: pd.DataFrame) -> int | None:
    if np.isnan(score):
        return None
    holding = bands[(bands["lowest_score"] <= score) & (score <= bands["highest_score"])]
    if len(holding) != 1:
        raise ValueError(f"{len(holding)} bands hold the risk score {score:.0f}; one must")
    return holding.index[0]


def grid(scored: pd.DataFrame, levels: pd.DataFrame) -> pd.DataFrame:
    """Return the matrix as printed: likelihood (highest first) by impact, ids in the cells.

    Examples
    --------
    >>> levels = pd.DataFrame({"axis": ["likelihood", "likelihood", "impact"],
    ...                        "score": [1, 2, 1], "level": ["Low", "High", "Marginal"]})
    >>> scored = pd.DataFrame({"risk": [1, 2], "likelihood_score": [2, 2], "impact_score": [1, 1]})
    >>> grid(scored, levels).loc["High", "Marginal"]
    '1, 2'
    """
    rows = levels[levels["axis"] == "likelihood"].sort_values("score", ascending=False)
    columns = levels[levels["axis"] == "impact"].sort_values("score")
    cells = [
        [
            ", ".join(
                scored.loc[
                    (scored["likelihood_score"] == row) & (scored["impact_score"] == column), "risk"
                ].astype(str)
            )
            for column in columns["score"]
        ]
        for row in rows["score"]
    ]
    return pd.DataFrame(cells, index=rows["level"].to_list(), columns=columns["level"].to_list())


def findings(risks: pd.DataFrame) -> pd.DataFrame:
    """Return what is wrong with the register itself, one row a fault.

    Returns
    -------
    DataFrame
        Columns ``risk`` and ``finding``.

    Examples
    --------
    >>> register = pd.DataFrame({"risk": [9], "description": [""], "likelihood": [""],
    ...     "impact": [""], "mitigation": ["Follow best practice."], "owner": ["Board"]})
    >>> findings(register)["finding"].tolist()
    ['a mitigation without a description of the risk', 'not placed on the grid']
    """
    tests = {
        "a mitigation without a description of the risk": (risks["description"] == "")
        & (risks["mitigation"] != ""),
        "neither description nor mitigation": (risks["description"] == "")
        & (risks["mitigation"] == ""),
        "no mitigation": (risks["description"] != "") & (risks["mitigation"] == ""),
        "not placed on the grid": (risks["likelihood"] == "") | (risks["impact"] == ""),
        "no owner": risks["owner"] == "",
    }
    found = [
        {"risk": risk, "finding": finding}
        for finding, faulty in tests.items()
        for risk in risks.loc[faulty, "risk"]
    ]
    table = pd.DataFrame(found, columns=["risk", "finding"])
    return table.sort_values("risk", kind="stable", ignore_index=True)
