"""The risk register on its likelihood by impact grid."""

import numpy as np
import pandas as pd

POSITIONS = {"inherent": "", "residual": "residual_", "target": "target_"}  # prefix of the words
SHIFTED = ("inherent", "residual")  # positions that a shift in likelihood moves
CARRIED_OUT = "carried_out"
TOLERATE = "tolerate"
TO_BE_MOVED = ("treat", "terminate")  # responses after which a risk stands elsewhere


def scored_risks(
    risks: pd.DataFrame, levels: pd.DataFrame, bands: pd.DataFrame, likelihood_shift: int = 0
) -> pd.DataFrame:
    """Return the register with the place on the grid, score and band of each position.

    Parameters
    ----------
    risks : DataFrame
        ``risk``, and the words of each position, blank if not assessed: ``likelihood`` and
        ``impact`` (inherent), ``residual_likelihood`` and ``residual_impact``,
        ``target_likelihood`` and ``target_impact``.
    levels : DataFrame
        Columns ``axis``, ``score``, ``level``.
    bands : DataFrame
        Columns ``band``, ``lowest_score``, ``highest_score``.
    likelihood_shift : int
        Levels by which every risk is more likely, with and without its response; the scale's ends
        hold. A target does not move.

    Returns
    -------
    DataFrame
        ``risks`` and, for ``inherent``, ``residual`` and ``target``: ``_likelihood_level`` and
        ``_impact_level`` (the words after the shift), ``_likelihood_score``, ``_impact_score``,
        ``_score`` (their product, NaN if not assessed) and ``_band`` (blank if not assessed).

    Raises
    ------
    ValueError
        If not exactly one band holds a score.
    """
    columns = {}
    for position, prefix in POSITIONS.items():
        shift = likelihood_shift if position in SHIFTED else 0
        words = risks[f"{prefix}likelihood"], risks[f"{prefix}impact"]
        likelihood = shifted_levels(words[0], levels, shift)
        scores = [
            level.map(scale(levels, axis)).astype(float)
            for axis, level in (("likelihood", likelihood), ("impact", words[1]))
        ]
        columns |= {
            f"{position}_likelihood_level": likelihood,
            f"{position}_impact_level": words[1],
            f"{position}_likelihood_score": scores[0],
            f"{position}_impact_score": scores[1],
            f"{position}_score": scores[0] * scores[1],
            f"{position}_band": bands_of(scores[0] * scores[1], bands),
        }
    return risks.assign(**columns)


def scale(levels: pd.DataFrame, axis: str) -> pd.Series:
    """Return the score of each word of an axis, the lowest first."""
    return levels[levels["axis"] == axis].set_index("level")["score"].sort_values()


def shifted_levels(words: pd.Series, levels: pd.DataFrame, shift: int) -> pd.Series:
    """Return likelihood words moved along the scale; its ends hold, and blank stays blank.

    Examples
    --------
    >>> levels = pd.DataFrame({"axis": "likelihood", "score": [1, 2, 4],
    ...                        "level": ["Rare", "Even", "Sure"]})
    >>> shifted_levels(pd.Series(["Rare", "Even", "Sure", ""]), levels, 1).tolist()
    ['Even', 'Sure', 'Sure', '']
    """
    ordered = list(scale(levels, "likelihood").index)
    last = len(ordered) - 1
    moved = {word: ordered[min(max(place + shift, 0), last)] for place, word in enumerate(ordered)}
    return pd.Series([moved.get(word, "") for word in words], index=words.index, dtype=object)


def bands_of(scores: pd.Series, bands: pd.DataFrame) -> pd.Series:
    """Return the band that holds each score, blank where there is no score.

    Raises
    ------
    ValueError
        If not exactly one band holds a score.
    """
    held = list(zip(bands["band"], bands["lowest_score"], bands["highest_score"], strict=True))
    named = {score: _band(score, held) for score in scores.dropna().unique()}
    return pd.Series([named.get(score, "") for score in scores], index=scores.index, dtype=object)


def _band(score: float, bands: list[tuple[str, float, float]]) -> str:
    holding = [band for band, lowest, highest in bands if lowest <= score <= highest]
    if len(holding) != 1:
        raise ValueError(f"{len(holding)} bands hold the risk score {score:.0f}; one must")
    return holding[0]


def standing(scored: pd.DataFrame, responses: str, highest_accepted: float) -> pd.DataFrame:
    """Add where each risk stands: with its response if that is carried out and placed, else without.

    Parameters
    ----------
    scored : DataFrame
        As :func:`scored_risks` returns it.
    responses : str
        ``carried_out`` or ``none``.
    highest_accepted : float
        Highest score that the partners accept.

    Returns
    -------
    DataFrame
        ``scored`` with ``standing_likelihood_score``, ``standing_impact_score``,
        ``standing_score``, ``standing_band``, the words ``standing_likelihood_level`` and
        ``standing_impact_level``, and ``within_appetite`` (None if not assessed).
    """
    is_residual = scored["residual_score"].notna() & (responses == CARRIED_OUT)
    parts = [
        "likelihood_level",
        "impact_level",
        "likelihood_score",
        "impact_score",
        "score",
        "band",
    ]
    columns = {
        f"standing_{part}": scored[f"residual_{part}"].where(
            is_residual, scored[f"inherent_{part}"]
        )
        for part in parts
    }
    within = [
        None if np.isnan(score) else bool(score <= highest_accepted)
        for score in columns["standing_score"]
    ]
    return scored.assign(**columns, within_appetite=pd.Series(within, scored.index, dtype=object))


def moved(
    register: pd.DataFrame, positions: dict[str, dict[str, str]], responses: str
) -> pd.DataFrame:
    """Return the register with risks moved where they stand: with the response if that is placed.

    Parameters
    ----------
    register : DataFrame
        Rows of risks.csv.
    positions : dict
        Words of ``likelihood`` and ``impact``, either or both, by risk number as text.
    responses : str
        ``carried_out`` or ``none``.

    Examples
    --------
    >>> register = pd.DataFrame({"risk": [1], "likelihood": ["High"], "impact": ["Marginal"],
    ...                          "residual_likelihood": ["Low"], "residual_impact": ["Marginal"]})
    >>> moved(register, {"1": {"likelihood": "High"}}, "carried_out")["residual_likelihood"].tolist()
    ['High']
    """
    register = register.copy()
    for index, row in register.iterrows():
        is_residual = responses == CARRIED_OUT and row["residual_likelihood"] != ""
        prefix = "residual_" if is_residual else ""
        for axis, word in positions.get(str(row["risk"]), {}).items():
            register.loc[index, prefix + axis] = word
    return register


def highest_accepted_score(bands: pd.DataFrame) -> int:
    """Return the highest score of the bands within appetite, 0 if none is.

    Examples
    --------
    >>> bands = pd.DataFrame({"highest_score": [5, 12, 25], "within_appetite": [True, True, False]})
    >>> highest_accepted_score(bands)
    12
    """
    return int(bands.loc[bands["within_appetite"], "highest_score"].to_numpy().max(initial=0))


def grid(scored: pd.DataFrame, levels: pd.DataFrame, position: str = "standing") -> pd.DataFrame:
    """Return the matrix as printed: likelihood (highest first) by impact, ids in the cells.

    Examples
    --------
    >>> levels = pd.DataFrame({"axis": ["likelihood", "likelihood", "impact"],
    ...                        "score": [1, 2, 1], "level": ["Low", "High", "Marginal"]})
    >>> scored = pd.DataFrame({"risk": [1, 2], "standing_likelihood_score": [2, 2],
    ...                        "standing_impact_score": [1, 1]})
    >>> grid(scored, levels).loc["High", "Marginal"]
    '1, 2'
    """
    rows, columns = scale(levels, "likelihood")[::-1], scale(levels, "impact")
    places = [f"{position}_likelihood_score", f"{position}_impact_score"]
    held = scored.dropna(subset=places).groupby(places)["risk"].agg(list).to_dict()
    cells = [
        [", ".join(map(str, held.get((row, column), []))) for column in columns] for row in rows
    ]
    return pd.DataFrame(cells, index=list(rows.index), columns=list(columns.index))


def findings(scored: pd.DataFrame, response_values: pd.Series) -> pd.DataFrame:
    """Return what is wrong with the register itself, one row a fault.

    Parameters
    ----------
    scored : DataFrame
        As :func:`standing` returns it.
    response_values : Series, index risk
        Expected cost that the response removes less what it costs, where known [£].

    Returns
    -------
    DataFrame
        Columns ``risk`` and ``finding``, in order of risk.
    """
    said = {name: scored[name] != "" for name in ("description", "mitigation", "owner", "response")}
    placed = scored["inherent_score"].notna()
    has_residual = scored["residual_score"].notna()
    reached = scored["residual_score"].fillna(scored["inherent_score"])
    value = scored["risk"].map(response_values)
    tolerated = scored["response"] == TOLERATE
    above = scored["within_appetite"].eq(False)
    tests = {
        "a mitigation without a description of the risk": ~said["description"] & said["mitigation"],
        "neither description nor mitigation": ~said["description"] & ~said["mitigation"],
        "no mitigation": said["description"] & ~said["mitigation"] & ~tolerated,
        "not placed on the grid": ~placed,
        "no owner": ~said["owner"],
        "no response chosen": ~said["response"],
        "to be treated or terminated, but not placed anew": scored["response"].isin(TO_BE_MOVED)
        & ~has_residual,
        "worse with its response than without it": has_residual
        & (scored["residual_score"] > scored["inherent_score"]),
        "the position aimed for is worse than the one that is reached": scored["target_score"]
        > reached,
        "tolerated, but above appetite": tolerated & above,
        "the response costs more than the expected cost that it removes": value < 0,
    }
    found = [
        {"risk": risk, "finding": finding}
        for finding, faulty in tests.items()
        for risk in scored.loc[faulty, "risk"]
    ]
    table = pd.DataFrame(found, columns=["risk", "finding"])
    return table.sort_values("risk", kind="stable", ignore_index=True)


def band_counts(scored: pd.DataFrame, bands: pd.DataFrame) -> pd.Series:
    """Return how many risks stand in each band, the lowest band first."""
    ordered = bands.sort_values("lowest_score")["band"]
    return scored["standing_band"].value_counts().reindex(list(ordered), fill_value=0)
