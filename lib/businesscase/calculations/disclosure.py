"""Whether figures that are published give back one that is not."""

import numpy as np
import pandas as pd

EXACT = 1e-6  # of a cell's own scale, below which nothing of it is left open


def determined(sensitivities: np.ndarray) -> np.ndarray:
    """Return which unknown cells follow exactly from published figures.

    A cell is determined if no change of all cells that leaves every figure as it is changes the cell:
    if its part of the figures' null space is nil.

    Parameters
    ----------
    sensitivities : array, shape (figures, cells)
        What each figure moves by if a cell moves by its own size; all other inputs are public.

    Returns
    -------
    array of bool, shape (cells,)

    References
    ----------
    The linear case of what statisticians call an attacker's interval: it has no width.
    Hundepool and others, Statistical Disclosure Control (2012), chapter 4.

    Examples
    --------
    >>> total = np.array([[1.0, 1.0]])
    >>> determined(total).tolist(), determined(np.vstack([total, [0.0, 1.0]])).tolist()
    ([False, False], [True, True])
    """
    scale = np.abs(sensitivities).max(axis=1, keepdims=True)
    rows = sensitivities[scale[:, 0] > 0] / scale[scale[:, 0] > 0]
    moves = (
        np.linalg.norm(rows, axis=0) > 0 if len(rows) else np.zeros(sensitivities.shape[1], bool)
    )
    open_part = np.eye(sensitivities.shape[1]) - np.linalg.pinv(rows) @ rows if len(rows) else None
    if open_part is None:
        return moves
    return moves & (np.diag(open_part) < EXACT)


def publishable(sensitivities: pd.DataFrame, exempt: pd.Series) -> list[str]:
    """Return the figures, in their order, that together give no exempt cell back.

    Parameters
    ----------
    sensitivities : DataFrame
        By figure and cell, as `determined` takes them.
    exempt : Series of bool
        By cell; a cell that isn't exempt may be found out.

    Examples
    --------
    >>> cells = ["supplier", "staff"]
    >>> table = pd.DataFrame([[1, 1], [1, 0]], ["total", "supply"], cells, dtype=float)
    >>> publishable(table, pd.Series([True, False], cells))
    ['total']
    """
    chosen: list[str] = []
    secret = exempt.reindex(sensitivities.columns).to_numpy(bool)
    for figure in sensitivities.index:
        tried = sensitivities.loc[[*chosen, figure]].to_numpy(float)
        if not (determined(tried) & secret).any():
            chosen.append(figure)
    return chosen
