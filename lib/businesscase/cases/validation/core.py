"""What every check of a case needs."""

from collections.abc import Iterator, Mapping

import pandas as pd

from businesscase.calculations import posts
from businesscase.calculations.savings import ONE_OFF

PlacedFault = tuple[
    str, int | str | None, str
]  # as RawCase.place has it: part, row or scenario; sentence
Tables = Mapping[str, pd.DataFrame]


def has_recurring_flows(tables: Tables) -> bool:
    """Return whether the case has money that recurs, which a delay or a withdrawal can move."""
    return bool((~tables["flows"]["flow"].isin(ONE_OFF)).any())


def not_held_once(
    lowest: pd.Series, highest: pd.Series, numbers: range
) -> Iterator[tuple[int, int]]:
    """Yield each number that does not lie in exactly one row, and in how many it lies."""
    for number in numbers:
        holding = int(((lowest <= number) & (number <= highest)).sum())
        if holding != 1:
            yield number, holding


def service_costs(tables: Tables) -> pd.DataFrame:
    """Return the lines of cost as budgeted, those that posts make among them; their years are not told."""
    return posts.with_staff(tables["service_costs"], tables["posts"], 0)


def rules_with_data(tables: Tables) -> list[str]:
    """Return the rules of apportionment for which the case has the numbers of every partner."""
    rules = list(dict.fromkeys(tables["drivers"]["driver"]))
    costs = service_costs(tables)
    budgets = costs[costs["funding"] == "revenue"].groupby("partner")["amount_gbp"].sum()
    if (budgets.reindex(staying(tables["partners"])) > 0).all():
        rules.append("revenue_budget")
    return [*rules, "equal"]


def staying(partners: pd.DataFrame) -> list[str]:
    """Return the partners that take part in the new service, in the order of partners.csv."""
    return list(partners.loc[partners["role"] != "leaving", "partner"])


def out_before_in(partner: str, leaves: int, joins: int) -> str:
    """Return what is said of a partner that leaves no later than it joins."""
    return f"leaves is {leaves} for {partner}, which joins in {joins}; the first year out must be later"
