"""What the service is made of: business applications, skills and assets, partner by partner."""

import pandas as pd

SAME, DIFFERENT, ONE = "same_product", "different_product", "only_one"
RELATIONS = [SAME, DIFFERENT, ONE]


def product_matrix(applications: pd.DataFrame, partners: list[str]) -> pd.DataFrame:
    """Return the products that each partner uses, function by partner, blank where it has none.

    Examples
    --------
    >>> used = pd.DataFrame({"partner": ["North", "South"], "business_function": ["maps"] * 2,
    ...                      "product": ["Atlas", "Globe"]})
    >>> product_matrix(used, ["North", "South"]).loc["maps"].to_dict()
    {'North': 'Atlas', 'South': 'Globe'}
    """
    staying = applications[applications["partner"].isin(partners)]
    named = staying.groupby(["business_function", "partner"], sort=False)["product"].agg(
        lambda products: ", ".join(sorted(products))
    )
    functions = list(staying["business_function"].unique())
    return named.unstack(fill_value="").reindex(index=functions, columns=partners, fill_value="")


def convergence(applications: pd.DataFrame, partners: list[str]) -> pd.DataFrame:
    """Return, for each business function, who has what and what one product for all would save.

    Parameters
    ----------
    applications : DataFrame
        Columns ``partner``, ``business_function``, ``product``, ``contract_end`` and
        ``annual_cost_gbp`` [£ a year]; the last two may be blank.
    partners : list of str
        The partners that are to share.

    Returns
    -------
    DataFrame, index business_function
        ``relation`` (same_product: at least two partners have it, all of them the same product;
        different_product; only_one), ``quick_win`` (every partner has the same product),
        ``annual_cost_gbp`` [£ a year, blank if one is not known], ``saving_gbp`` [£ a year: the cost
        of all but the dearest partner, as if the dearest contract served all at its present price]
        and ``earliest_date`` (the last of the contracts' ends, blank if one is not known). The last
        two are blank where only one partner has the function.

    Examples
    --------
    >>> used = pd.DataFrame({"partner": ["North", "South"], "business_function": ["maps"] * 2,
    ...     "product": ["Atlas", "Globe"], "annual_cost_gbp": [30_000.0, 20_000.0],
    ...     "contract_end": pd.to_datetime(["2027-03-31", "2028-03-31"])})
    >>> convergence(used, ["North", "South"])[["relation", "saving_gbp"]].iloc[0].to_dict()
    {'relation': 'different_product', 'saving_gbp': 20000.0}
    """
    staying = applications[applications["partner"].isin(partners)]
    rows = {
        function: _convergence(used, len(partners))
        for function, used in staying.groupby("business_function", sort=False)
    }
    columns = ["relation", "quick_win", "annual_cost_gbp", "saving_gbp", "earliest_date"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return table.astype({"annual_cost_gbp": float, "saving_gbp": float}).rename_axis(
        "business_function"
    )


def _convergence(used: pd.DataFrame, partner_count: int) -> dict:
    products = used.groupby("partner")["product"].agg(frozenset)
    cost = used.groupby("partner")["annual_cost_gbp"].sum(min_count=1)
    relation = ONE if len(products) == 1 else SAME if products.nunique() == 1 else DIFFERENT
    shared = relation != ONE
    costed = used["annual_cost_gbp"].notna().all()
    dated = used["contract_end"].notna().all()
    return {
        "relation": relation,
        "quick_win": relation == SAME and len(products) == partner_count,
        "annual_cost_gbp": cost.sum() if costed else None,
        "saving_gbp": cost.sum() - cost.max() if costed and shared else None,
        "earliest_date": used["contract_end"].max() if dated and shared else pd.NaT,
    }


def skill_cover(skills: pd.DataFrame, partners: list[str]) -> pd.DataFrame:
    """Return who holds each skill, and where it hangs on one person.

    Parameters
    ----------
    skills : DataFrame
        Columns ``partner``, ``skill``, ``posts`` [full-time equivalents] and ``people`` [count].

    Returns
    -------
    DataFrame
        ``skills`` of the partners with ``people_together`` [count], ``single_person`` (one person
        alone holds it at the partner), ``single_together`` (one person alone in all partners) and
        ``unfilled`` (a post needs it and nobody holds it).

    Examples
    --------
    >>> held = pd.DataFrame({"partner": ["North", "South"], "skill": ["maps"] * 2,
    ...                      "posts": [1.0, 1.0], "people": [1, 1]})
    >>> skill_cover(held, ["North", "South"])[["single_person", "single_together"]].iloc[0].to_dict()
    {'single_person': True, 'single_together': False}
    """
    staying = skills[skills["partner"].isin(partners)].reset_index(drop=True)
    together = staying.groupby("skill", sort=False)["people"].transform("sum")
    return staying.assign(
        people_together=together,
        single_person=staying["people"] == 1,
        single_together=together == 1,
        unfilled=(staying["people"] == 0) & (staying["posts"] > 0),
    )
