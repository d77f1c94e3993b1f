"""What is regretted of a choice once the future is known, and which choice is regretted least."""

import pandas as pd

ROUNDING = 6  # decimals to which two values are alike


def regrets(values: pd.DataFrame) -> pd.DataFrame:
    """Return how far each choice stays behind the best one in each future.

    Parameters
    ----------
    values : DataFrame, future by choice
        What each choice comes to; more is better.

    Returns
    -------
    DataFrame, future by choice
        Regret, in the unit of the values; 0 for the best choice of a future.

    References
    ----------
    Savage (1951), The theory of statistical decision.

    Examples
    --------
    >>> table = pd.DataFrame({"go": [9.0, -4.0], "stop": [0.0, 0.0]}, index=["good", "bad"])
    >>> regrets(table).to_dict("index")
    {'good': {'go': 0.0, 'stop': 9.0}, 'bad': {'go': 4.0, 'stop': 0.0}}
    """
    return values.rsub(values.max(axis="columns"), axis="index")


def largest_regrets(values: pd.DataFrame) -> pd.DataFrame:
    """Return the largest regret of each choice and the future in which it is felt.

    Returns
    -------
    DataFrame, index choice
        ``regret`` and ``future``; the first of futures that regret it alike.

    Examples
    --------
    >>> table = pd.DataFrame({"go": [9.0, -4.0], "stop": [0.0, 0.0]}, index=["good", "bad"])
    >>> largest_regrets(table).to_dict("index")
    {'go': {'regret': 4.0, 'future': 'bad'}, 'stop': {'regret': 9.0, 'future': 'good'}}
    """
    found = regrets(values)
    return pd.DataFrame({"regret": found.max(), "future": found.idxmax()})


def least_regretted(values: pd.DataFrame) -> list[str]:
    """Return the choices whose largest regret is the smallest: one, or those that tie.

    Examples
    --------
    >>> table = pd.DataFrame({"go": [9.0, -4.0], "stop": [0.0, 0.0]}, index=["good", "bad"])
    >>> least_regretted(table)
    ['go']
    """
    largest = largest_regrets(values)["regret"].round(ROUNDING)
    return list(largest.index[largest == largest.min()])


def best_counts(values: pd.DataFrame) -> pd.Series:
    """Return in how many futures each choice is best; choices that tie are all counted.

    Examples
    --------
    >>> table = pd.DataFrame({"go": [9.0, -4.0], "stop": [0.0, 0.0]}, index=["good", "bad"])
    >>> best_counts(table).to_dict()
    {'go': 1, 'stop': 1}
    """
    return (regrets(values).round(ROUNDING) == 0).sum()
