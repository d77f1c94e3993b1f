"""Posts on another pay: what a regraded post costs less or more, and for how long its holder's pay is protected."""

import pandas as pd

from businesscase.calculations.posts import held

NONE = "none"  # in place of the name of a rule: the lower pay holds from the first day


def protected_fraction(rules: pd.DataFrame, protection: str, year: int) -> float:
    """Return how much of the pay that a holder would lose is still paid in a year [fraction].

    Parameters
    ----------
    rules : DataFrame
        Rows of pay_protection_rules.csv that hold on one day.
    protection : str
        The rule's name; one without a row for the year protects nothing in it.
    year : int
        The first is the one in which the post is regraded.

    Examples
    --------
    >>> rules = pd.DataFrame({"rule": "tapering", "year": [1, 2], "protected_fraction": [1.0, 0.5]})
    >>> [protected_fraction(rules, "tapering", year) for year in (1, 2, 3)]
    [1.0, 0.5, 0.0]
    """
    found = rules[(rules["rule"] == protection) & (rules["year"] == year)]
    return float(found["protected_fraction"].sum())


def pay_changes(posts: pd.DataFrame, rules: pd.DataFrame, last_year: int) -> pd.DataFrame:
    """Return what regraded posts cost less or more in each year, and how much of that is protected.

    What is deleted of a post is regraded until it goes. A vacant post has nobody whose pay could be
    protected, and higher pay needs no protection.

    Parameters
    ----------
    posts : DataFrame
        Rows of posts.csv that an option regrades, with ``annual_gbp`` and ``annual_after_gbp``, what each
        row costs before and after, on-costs included [£ a year].
    rules : DataFrame
        Rows of pay_protection_rules.csv that hold on the day of the decision.
    last_year : int
        Last financial year of the appraisal.

    Returns
    -------
    DataFrame, a row a post and financial year
        ``row`` (of ``posts``), ``year``, ``less_gbp`` and ``more_gbp`` (what the post costs less or more
        without protection), ``protected_gbp`` (what of ``less_gbp`` is still paid) [£].

    Examples
    --------
    >>> posts = pd.DataFrame({"fte": [1.0], "vacant": [False], "annual_gbp": [52_000.0], "annual_after_gbp": [39_000.0],
    ...     "regraded_in": [2026], "protection": ["one_year"], "deleted_in": None, "deleted_fte": None})
    >>> rules = pd.DataFrame({"rule": ["one_year"], "year": [1], "protected_fraction": [1.0]})
    >>> pay_changes(posts, rules, 2027)[["year", "less_gbp", "protected_gbp"]].values.tolist()
    [[2026.0, 13000.0, 13000.0], [2027.0, 13000.0, 0.0]]
    """
    goes = posts["deleted_fte"].fillna(posts["fte"]).where(posts["deleted_in"].notna(), 0.0)
    change = (posts["annual_after_gbp"] - posts["annual_gbp"]) / posts["fte"]
    is_held = held(posts) > 0
    found = []
    for row in posts.index:
        begins, ends = int(posts.at[row, "regraded_in"]), posts.at[row, "deleted_in"]
        for year in range(begins, last_year + 1):
            stays = posts.at[row, "fte"] - (goes[row] if pd.notna(ends) and year >= ends else 0.0)
            less, more = max(-change[row], 0.0) * stays, max(change[row], 0.0) * stays
            part = protected_fraction(rules, posts.at[row, "protection"], year - begins + 1)
            found.append((row, year, less, more, less * part * is_held[row]))
    return pd.DataFrame(found, columns=["row", "year", "less_gbp", "more_gbp", "protected_gbp"])
