"""Posts of the establishment: what they cost, which budget they make, and how they are told without telling of a person."""

from collections.abc import Hashable

import pandas as pd

from businesscase.calculations.apportionment import SHARED
from businesscase.calculations.savings import PAY

FEWEST = 5.0  # held posts of a group, so that nobody's pay follows from it [full-time equivalents]
OTHER, EVERY = "Other posts", "All posts"
STAFF = "staff"
ALONE, IN_SUM, IN_EACH_YEAR = range(3)  # how far a line of few is hidden by those beside it
KIND = ["flow", "cashable", "sunk", "funding"]  # what tables of lines of money tell apart


def annual_costs(posts: pd.DataFrame) -> pd.Series:
    """Return what each row costs a year: posts times salary and on-costs [£ a year].

    Examples
    --------
    >>> analysts = {"fte": [4.0], "salary_gbp": [30_000.0], "on_cost_fraction": [0.25]}
    >>> annual_costs(pd.DataFrame(analysts)).tolist()
    [150000.0]
    """
    return posts["fte"] * posts["salary_gbp"] * (1 + posts["on_cost_fraction"])


def large_enough(held: pd.Series, fewest: float = FEWEST) -> list[list[Hashable]]:
    """Return labels in groups of which each holds enough: those too small are put together.

    The small ones make one group; if they don't hold enough, it takes the smallest of the others, so
    that what is left over from the whole is enough as well. All are one group if there is no other way.

    Parameters
    ----------
    held : Series
        Posts that somebody holds, by label [full-time equivalents].

    Examples
    --------
    >>> large_enough(pd.Series({"desk": 9.0, "engineers": 6.0, "head": 1.0, "web": 2.0}))
    [['desk'], ['engineers', 'web', 'head']]
    >>> large_enough(pd.Series({"desk": 9.0, "engineers": 6.0}))
    [['desk'], ['engineers']]
    """
    largest_first = list(held.sort_values(ascending=False, kind="stable").index)
    alone = [label for label in largest_first if held[label] >= fewest]
    together = [label for label in largest_first if held[label] < fewest]
    while alone and together and held[together].sum() < fewest:
        together.insert(0, alone.pop())
    return [[label] for label in alone] + ([together] if together else [])


def grouped(posts: pd.DataFrame) -> pd.DataFrame:
    """Return the posts of each partner in groups that nobody's pay follows from.

    A service, and within it a role, is told by itself if five are held of it; the others are told
    together, with as many of the next smallest as it takes. A partner with fewer than five in all has
    one group, without a cost.

    Parameters
    ----------
    posts : DataFrame
        Rows of posts.csv.

    Returns
    -------
    DataFrame
        By group: ``partner``, ``service``, ``role``, ``fte``, ``posts_cost_gbp`` [£ a year].

    References
    ----------
    The usual threshold rule for small counts: Hundepool and others, Statistical Disclosure Control
    (2012), chapter 5. Groups don't overlap and make up what is told of a service or partner, so that
    no difference of two is smaller than one.
    """
    rows = posts.assign(
        posts_cost_gbp=annual_costs(posts), held=held(posts), service=told_under(posts)
    )
    found = []
    for (partner, service), own in rows.groupby(["partner", "service"], sort=False):
        is_enough = own["held"].sum() >= FEWEST
        groups = large_enough(own.groupby("role", sort=False)["held"].sum())
        for roles in groups:
            together = own[own["role"].isin(roles)]
            name = (
                roles[0] if len(roles) == 1 and is_enough else OTHER if len(groups) > 1 else EVERY
            )
            cost = float(together["posts_cost_gbp"].sum()) if is_enough else float("nan")
            found.append((partner, service, name, float(together["fte"].sum()), cost))
    return pd.DataFrame(found, columns=["partner", "service", "role", "fte", "posts_cost_gbp"])


def told_under(posts: pd.DataFrame) -> pd.Series:
    """Return the service under which each row is told: its own, or the largest of those told together."""
    services = posts["service"].copy()
    rows = posts.assign(held=held(posts))
    for _, own in rows.groupby("partner", sort=False):
        for together in large_enough(own.groupby("service", sort=False)["held"].sum()):
            services[own.index[own["service"].isin(together)]] = together[0]
    return services


def counted(posts: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """Return the posts of partners that give no budget for staff: no line of staff, and no undivided one."""
    typed = costs.loc[(costs["nature"] == STAFF) | costs["nature"].isna(), "partner"]
    return posts[~posts["partner"].isin(typed)]


def staff_lines(posts: pd.DataFrame, costs: pd.DataFrame, base_year: int) -> pd.DataFrame:
    """Return the posts as lines of cost, of the partners that give no budget for staff.

    So staff never count twice: where a partner gives a budget for staff, that counts.

    Parameters
    ----------
    posts, costs : DataFrame
        Rows of posts.csv and of service_costs.csv.
    base_year : int
        Year of the pay where a row doesn't say.

    Returns
    -------
    DataFrame
        As service_costs.csv, a line for each partner and service.
    """
    rows = counted(posts, costs)
    if rows.empty:
        return costs.head(0)
    lines = rows.assign(
        service=told_under(rows),
        category=STAFF,
        nature=STAFF,
        funding="revenue",
        year=rows["year"].fillna(base_year).astype(int),
        amount_gbp=annual_costs(rows),
    )
    keys = ["partner", "service", "category", "nature", "funding", "year"]
    others = {name: "first" for name in costs if name not in (*keys, "amount_gbp")}
    together = lines.groupby(keys, sort=False).agg({"amount_gbp": "sum", **others})
    return together.reset_index().reindex(columns=costs.columns)


def with_staff(costs: pd.DataFrame, posts: pd.DataFrame, base_year: int) -> pd.DataFrame:
    """Return the lines of cost with what posts cost where a partner gives no budget for staff."""
    lines = staff_lines(posts, costs, base_year)
    if lines.empty:
        return costs
    return (
        pd.concat([costs, lines], ignore_index=True) if len(costs) else lines.reset_index(drop=True)
    )


def beside_budget(posts: pd.DataFrame, budget: pd.Series) -> pd.DataFrame:
    """Return what the posts of each partner cost beside its budget for staff, where it gives one.

    Parameters
    ----------
    posts : DataFrame
        Rows of posts.csv with ``real_gbp`` [£ a year, base-year prices].
    budget : Series
        Budget for staff by partner, in the same prices [£ a year].

    Returns
    -------
    DataFrame, by partner
        ``fte``, ``vacant_fte``, ``posts_gbp``, ``budget_gbp``, ``difference_gbp`` and
        ``of_budget_fraction``, what the posts cost as a part of the budget; nothing of the cost is told
        of a partner with fewer than five held posts.

    Examples
    --------
    >>> posts = pd.DataFrame({"partner": ["North"], "fte": [6.0], "vacant": [False], "real_gbp": [150.0]})
    >>> beside_budget(posts, pd.Series({"North": 200.0}))["difference_gbp"].to_dict()
    {'North': -50.0}
    """
    rows = posts.assign(vacant_fte=posts["fte"].where(posts["vacant"], 0.0))
    found = rows.groupby("partner", sort=False)[["fte", "vacant_fte", "real_gbp"]].sum()
    found = found.rename(columns={"real_gbp": "posts_gbp"})
    is_enough = found["fte"] - found["vacant_fte"] >= FEWEST
    found["posts_gbp"] = found["posts_gbp"].where(is_enough)
    given = budget.reindex(found.index)
    return found.assign(
        budget_gbp=given,
        difference_gbp=found["posts_gbp"] - given,
        of_budget_fraction=found["posts_gbp"] / given.where(given > 0),
    )


def held(posts: pd.DataFrame) -> pd.Series:
    """Return how much of each row somebody holds [full-time equivalents]."""
    return posts["fte"].mask(posts["vacant"], 0.0)


def told_together(lines: pd.DataFrame) -> pd.DataFrame:
    """Return under which name each line of money is told, so that no line follows from fewer than five held posts.

    A line of so few is put together with the other lines of its kind that are of its partner's staff;
    where they don't hide it in each of its years, with those of all partners' staff, or with all of its
    kind. If nothing does, the narrowest that hides it in the sum of all years is taken.

    Parameters
    ----------
    lines : DataFrame
        Rows of flows.csv of one option with ``held_fte``, the held posts that a row is made of, blank
        where it is of anything else.

    Returns
    -------
    DataFrame, as the rows
        ``told``, and ``is_hidden``: false where a line of so few still stands alone in some year of its
        partner.

    Examples
    --------
    >>> lines = pd.DataFrame({"line": ["posts", "overtime", "desk"], "partner": ["A", "A", "B"], "pooled": False,
    ...     "flow": "saving", "cashable": True, "sunk": False, "funding": "revenue", "inflation": "pay",
    ...     "first_year": 2026, "last_year": 2030, "held_fte": [1.0, None, None]})
    >>> told_together(lines)["told"].tolist()
    ['Staff of A, together', 'Staff of A, together', 'desk']
    """
    found = pd.DataFrame({"told": lines["line"], "is_hidden": True}, lines.index)
    for kind, few in lines[_of_few(lines)].groupby(KIND, sort=False):
        alike = lines[(lines[KIND] == list(kind)).all(axis="columns")]
        staff, partners = alike[alike["inflation"] == PAY], few["partner"].unique()
        own = staff[staff["partner"].isin(partners) & ~staff["pooled"]]
        ways = [
            (own, "Staff of " + own["partner"] + ", together"),
            (staff, "Staff, all partners together"),
            (alike, "All lines of the kind together"),
        ]
        hidden = pd.DataFrame(
            [{name: _hidden(rows, name) for name in partners} for rows, _ in ways]
        )
        best = hidden.min(axis="columns").idxmax()  # the first, and so the narrowest, of the best
        rows, told = ways[best]
        found.loc[rows.index, "told"] = told
        found.loc[few.index, "is_hidden"] = few["partner"].map(hidden.loc[best]) == IN_EACH_YEAR
    return found


def _of_few(lines: pd.DataFrame) -> pd.Series:
    return (lines["held_fte"] > 0) & (lines["held_fte"] < FEWEST)


def _hidden(lines: pd.DataFrame, partner: str) -> int:
    """Return how far lines of few stand beside others in what a partner has of lines, its part of pooled ones too."""
    own = lines[lines["partner"].isin([partner, SHARED])]
    few = own[_of_few(own)]
    others = own.drop(few.index)
    others = others[others["held_fte"] != 0]  # what a vacant post saves follows from its grade
    # redundancy and pension strain are of the same people, so that lines of a year don't add up
    held_from = few.groupby(["first_year", "line"])["held_fte"].sum().groupby("first_year").max()
    if all(
        held_from[row.first_year] >= FEWEST
        or ((others["first_year"] <= row.first_year) & (others["last_year"] >= row.last_year)).any()
        for row in few.itertuples()
    ):
        return IN_EACH_YEAR
    return IN_SUM if len(others) else ALONE
