"""Why what came differs from what was planned: the difference divided between its causes.

An amount is a quantity at a volume and a price, and each cause may move it while the others have or
have not. What a cause is given is the mean of what it adds in every order in which they may have come.
"""

from collections.abc import Callable, Hashable, Sequence
from itertools import combinations
from math import factorial
from typing import TypeVar

import numpy as np
import pandas as pd

from businesscase.calculations.apportionment import whole_pence

PRICE, VOLUME = "price", "volume"
SCOPE, PARTNERS, SHARING = "scope", "partners", "sharing itself"  # what may change a quantity
FACTORS = [PRICE, VOLUME, SCOPE, PARTNERS, SHARING]
Amount = TypeVar("Amount", float, pd.Series)
Name = TypeVar("Name", bound=Hashable)


def shapley_values(
    worth: Callable[[frozenset[Name]], Amount], names: Sequence[Name]
) -> dict[Name, Amount]:
    """Return the mean of what each adds to those before it, over all orders in which they may come.

    Parameters
    ----------
    worth : callable
        Takes a set of names and returns what they come to together: a number, or a Series of several.
    names : sequence
        Those between whom the worth of all, less that of none, is divided; each more doubles the work.

    References
    ----------
    Shapley (1953), A value for n-person games.

    Examples
    --------
    >>> found = shapley_values(lambda names: {0: 0.0, 1: 10.0, 2: 50.0}[len(names)], ["hub", "spoke"])
    >>> found == {"hub": 25.0, "spoke": 25.0}
    True
    """
    count = len(names)
    sets = [frozenset(chosen) for size in range(count + 1) for chosen in combinations(names, size)]
    worths = {chosen: worth(chosen) for chosen in sets}
    weights = [factorial(size) * factorial(count - size - 1) / factorial(count) for size in range(count)]  # fmt: skip
    return {
        name: sum(
            weights[len(before)] * (worths[before | {name}] - worths[before])
            for before in sets
            if name not in before
        )
        for name in names
    }


def attributed(rows: pd.DataFrame, factors: Sequence[str] = tuple(FACTORS)) -> pd.DataFrame:
    """Divide actual less planned between the factors, to the penny.

    Parameters
    ----------
    rows : DataFrame
        ``flow``; ``planned`` and ``actual`` in the same prices [£]; ``volume`` (actual over planned)
        and ``price`` (of the actual as paid, over the plan's) [ratio]; and ``factor``, to which what
        volume and price don't explain belongs: scope, partners or sharing itself.
    factors : sequence of str
        Those that are known; every ``factor`` of the rows is among them.

    Returns
    -------
    DataFrame, factor by flow
        Parts [£], which add up to the actual as paid less planned.

    Examples
    --------
    >>> row = {"flow": "saving", "planned": 100.0, "actual": 110.0, "volume": 1.1, "price": 1.0}
    >>> attributed(pd.DataFrame([row | {"factor": SHARING}]))["saving"].to_dict()
    {'price': 0.0, 'volume': 10.0, 'scope': 0.0, 'partners': 0.0, 'sharing itself': 0.0}
    """

    def amounts(moved: frozenset[str]) -> pd.Series:
        quantity = (rows["actual"] / rows["volume"]).where(
            rows["factor"].isin(moved), rows["planned"]
        )
        volume = rows["volume"] if VOLUME in moved else 1.0
        price = rows["price"] if PRICE in moved else 1.0
        return (quantity * volume * price).groupby(rows["flow"], sort=False).sum()

    parts = pd.DataFrame(shapley_values(amounts, factors)).T
    pence = np.round(100 * (amounts(frozenset(factors)) - amounts(frozenset())))
    return pd.DataFrame(whole_pence(100 * parts.to_numpy(), pence.to_numpy()) / 100, parts.index, parts.columns)  # fmt: skip


def factors_of(rows: pd.DataFrame) -> pd.Series:
    """Return to which factor what volume and price don't explain belongs, row by row.

    A partner has left where it was to take part and has no users, and has joined where it was not to
    and reports money. A line went where nothing of what was planned for it came to pass, and came
    where something did that the plan has nowhere. All else is sharing itself.

    Parameters
    ----------
    rows : DataFrame
        ``flow``, ``line``, ``planned``, ``actual``; ``line_planned`` for all years [£];
        ``is_member`` as planned; and ``users`` counted, NaN if they weren't.

    Examples
    --------
    >>> row = {"flow": "saving", "line": "posts", "planned": 9.0, "actual": 0.0, "line_planned": 9.0}
    >>> rows = pd.DataFrame([row | {"is_member": True, "users": users} for users in (0, 40)])
    >>> factors_of(rows).tolist()
    ['partners', 'scope']
    """
    of_line = rows.groupby(["flow", "line"])
    is_nil = of_line["actual"].transform("sum") == 0
    went = is_nil & (of_line["planned"].transform("sum") > 0)
    came = ~is_nil & (rows["line_planned"] == 0)
    left = rows["is_member"] & (rows["users"] == 0)
    joined = ~rows["is_member"] & (rows["actual"] > 0)
    changed = np.select([left | joined, went | came], [PARTNERS, SCOPE], SHARING)
    return pd.Series(changed, index=rows.index)
