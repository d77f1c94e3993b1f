"""What a case's figures say that can hardly be so: beside its own budgets, counts and like services."""

from collections.abc import Iterator

import pandas as pd

from businesscase.calculations.apportionment import SHARED
from businesscase.calculations.baseline import real_amounts
from businesscase.calculations.lateness import MONTHS
from businesscase.calculations.posts import annual_costs, beside_budget, with_staff
from businesscase.calculations.savings import PAY, SPENT_ONCE, planned_flows, with_inflation
from businesscase.calculations.wording import listed, percent, plain, pounds, year_label
from businesscase.cases.errors import Fault
from businesscase.cases.schema import FREED, CaseFile
from businesscase.cases.validation.core import Tables, staying

UNITS = {"cost_per_user": "user", "cost_per_device": "device", "cost_per_post": "post"}
NATURES = {"staff": "staff", "non_staff": "other than staff"}
OF_BUDGET = "posts_of_staff_budget"
THOUSAND = 1000
PENNIES = 0.5  # by which sums may differ for rounding [£]
FEWEST_SCORES = 3  # by one assessor: with fewer, all may be alike by chance


def implausible(tables: Tables, file: CaseFile) -> Iterator[Fault]:
    """Yield a sentence for each figure that can hardly be so, which refuses nothing."""
    yield from _savings_above_budget(tables, file)
    yield from _no_one_off_cost(tables, file)
    yield from _in_full_from_the_first_day(tables, file)
    yield from _in_thousands(tables, file)
    yield from _unlike_others(tables, file)
    yield from _posts_unlike_budget(tables, file)
    yield from _extensions_below_price(tables)
    yield from _scores_alike(tables)


def _real_costs(tables: Tables, file: CaseFile) -> pd.DataFrame:
    """Return the budgets with ``real_gbp``, in prices of the decision year [£ a year]."""
    costs = with_staff(tables["service_costs"], tables["posts"], file.decision_year)
    index = tables["deflators"].set_index("year")["price_index"]
    real = real_amounts(costs["amount_gbp"], costs["year"], index, file.decision_year)
    return costs.assign(real_gbp=real)


def _by_partner(costs: pd.DataFrame) -> pd.Series:
    return costs.groupby("partner", sort=False)["real_gbp"].sum()


# savings


def _savings_above_budget(tables: Tables, file: CaseFile) -> Iterator[Fault]:
    """Yield what an option frees in a year beyond the budget that it comes from.

    By category, by staff and other cost, and in all; of each partner, and of all where no single
    one explains it. Time that frees no budget comes from none.
    """
    costs, partners = _real_costs(tables, file), staying(tables["partners"])
    if costs.empty:
        return
    named = costs["category"]
    costs = costs.assign(category=named.map(_folded), every="")
    names = dict(zip(costs["category"], named, strict=True))
    flows = _with_nature(tables["flows"], costs)
    planned = _planned(tables["flows"], costs, file)
    for option, lines in flows[flows["cashable"]].groupby("option", sort=False):
        told = set()
        for level, name in _levels(costs):
            own = lines[lines[level] == name]
            if own.empty:
                continue
            budget = _budget(costs, level, name)
            freed = _freed(own, planned, partners)
            over = [place for place in partners if place in budget and _is_over(freed.loc[place], budget[place])]  # fmt: skip
            everyone = level != "category" or set(partners) <= set(budget.index)
            total = budget.reindex(partners).sum()
            if everyone and _is_over(freed.loc[SHARED], total) and not (over and name):
                over.append(SHARED)
            for place in over:
                year, allowed = freed.loc[place].idxmax(), budget.get(place, total)
                amounts = pounds(freed.at[place, year]), pounds(allowed)
                if amounts in told:
                    continue  # of one partner, or of one category: the same said wider
                told.add(amounts)
                who = "all partners spend" if place == SHARED else f"{place} spends"
                what = f" on {NATURES.get(name, names.get(name))}" if name else ""
                yield Fault(
                    f"flows.csv: option {option} saves {amounts[0]} of what {who}{what} in "
                    f"{year_label(year)}; service_costs.csv has {amounts[1]} a year for it, and no more can "
                    "be saved",
                    file="flows.csv",
                    column="amount_gbp",
                    found=amounts[0],
                    allowed=f"at most {amounts[1]}",
                )


def _folded(category: str) -> str:
    """Return a category as it is compared.

    Examples
    --------
    >>> _folded(" Non_Staff"), _folded("non-staff")
    ('non staff', 'non staff')
    """
    return " ".join(category.casefold().replace("_", " ").replace("-", " ").split())


def _levels(costs: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Yield each column and name by which savings and budgets are held beside each other."""
    for level in ("category", "nature", "every"):
        for name in costs[level].dropna().unique():
            yield level, name


def _budget(costs: pd.DataFrame, level: str, name: str) -> pd.Series:
    """Return the budgets by partner of a category or nature [£ a year]; undivided ones are of both."""
    own = costs[level] == name
    return _by_partner(costs[own | (costs[level].isna() if level == "nature" else False)])


def _with_nature(flows: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """Return flows with their category as compared, and whether they are staff or other cost.

    A category tells by its name, or by that of a budget; otherwise a saving that follows pay is of staff.
    """
    lines = with_inflation(flows)
    category = flows["category"].map(_folded)
    known = costs.dropna(subset=["nature"]).groupby("category")["nature"]
    single = known.first()[known.nunique() == 1]
    nature = category.map(single.to_dict()).fillna(category.map({_folded(name): name for name in NATURES}))  # fmt: skip
    staff = ((lines["inflation"] == PAY) & (lines["flow"] == "saving")).map({True: "staff"})
    return lines.assign(category=category, nature=nature.fillna(staff), every="")


def _planned(flows: pd.DataFrame, costs: pd.DataFrame, file: CaseFile) -> pd.DataFrame:
    """Return what each row of flows comes to, row by year [£]."""
    years = list(range(file.decision_year, file.last_year + 1))
    each = flows.assign(line=range(len(flows)))  # else rows of a line would be one
    return planned_flows(each, _by_partner(costs), years).set_axis(flows.index)


def _freed(lines: pd.DataFrame, planned: pd.DataFrame, partners: list[str]) -> pd.DataFrame:
    """Return what lines free, by partner and, as 'shared', of all, by year [£].

    What the new service costs less than the present one counts as a saving; by partner only where
    it isn't pooled, as it is the scenario that divides a pool.
    """
    by_flow = {flow: lines[lines["flow"] == flow] for flow in ("saving", "counterfactual_cost", "running_cost")}  # fmt: skip
    saving, present, new = (
        planned.loc[rows.index]
        .groupby(rows["partner"])
        .sum()
        .reindex([*partners, SHARED], fill_value=0.0)
        for rows in by_flow.values()
    )
    of_all = saving.sum() + (present.sum() - new.sum()).clip(lower=0.0)
    own = saving + (0.0 if new.loc[SHARED].any() else (present - new).clip(lower=0.0))
    return pd.concat([own.loc[partners], of_all.to_frame(SHARED).T])


def _is_over(by_year: pd.Series, budget: float) -> bool:
    return bool(by_year.max() > budget + PENNIES)


def _is_given(lines: pd.DataFrame) -> pd.Series:
    """Return which rows have an amount above nil."""
    return lines[["amount_gbp", "baseline_fraction"]].fillna(0.0).gt(0).any(axis="columns")


def _no_one_off_cost(tables: Tables, file: CaseFile) -> Iterator[Fault]:
    lines = tables["flows"][tables["flows"]["option"] == file.preferred_option]
    given = lines.loc[_is_given(lines), "flow"]
    if given.isin(FREED).any() and not given.isin(SPENT_ONCE).any():
        yield Fault(
            f"flows.csv: option {file.preferred_option}, which is proposed, saves money and has no one-off "
            "cost; a change costs something once, such as staff, advice, equipment or an exit: give it as "
            "one_off_cost or exit_cost",
            file="flows.csv",
            column="flow",
            allowed="one_off_cost, exit_cost",
        )


def _in_full_from_the_first_day(tables: Tables, file: CaseFile) -> Iterator[Fault]:
    """Yield the savings of the option proposed that are whole in the year of the decision."""
    lines = tables["flows"][tables["flows"]["option"] == file.preferred_option]
    if lines.empty:
        return
    costs, keys = _real_costs(tables, file), [lines["flow"], lines["line"]]
    planned, in_full = (
        _planned(rows, costs, file).groupby(keys, sort=False).sum()
        for rows in (lines, lines.assign(year_fraction=1.0))
    )
    first, full = planned[file.decision_year], in_full.max(axis="columns")
    at_once = first[(first > 0) & (first >= full - PENNIES)]
    named = [repr(line) for flow, line in at_once.index if flow == "saving"]
    sign = {"counterfactual_cost": 1.0, "running_cost": -1.0}
    flow = planned.index.get_level_values("flow")
    less = planned.mul(flow.map(sign).fillna(0.0), axis="index").sum()
    starts = at_once.index.get_level_values("flow")
    if set(sign) <= set(starts) and 0 < less.max() <= less[file.decision_year] + PENNIES:
        named.append("what the new service costs less than the present one")
    if named:
        verb = "is" if len(named) == 1 else "are"
        yield Fault(
            f"flows.csv: {listed(named)} {verb} saved in full from the first day of "
            f"{year_label(file.decision_year)}, the year of the decision; a saving takes time, so give it a later "
            "first_year, a year_fraction or ramp_years",
            file="flows.csv",
            column="first_year",
            found=str(file.decision_year),
        )


# counts and like services


def _per_unit(tables: Tables, file: CaseFile) -> pd.DataFrame:
    """Return what a user, device and post of each partner costs [£ a year], as far as counted."""
    drivers, costs = tables["drivers"], _by_partner(_real_costs(tables, file))
    counts = {
        f"cost_per_{driver[:-1]}": drivers[drivers["driver"] == driver].set_index("partner")[
            "value"
        ]
        for driver in ("users", "devices")
    }
    counts["cost_per_post"] = tables["skills"].groupby("partner")["posts"].sum()
    return pd.DataFrame(
        [
            (measure, partner, cost / count[partner])
            for measure, count in counts.items()
            for partner, cost in costs.items()
            if count.get(partner, 0.0) > 0
        ],
        columns=["measure", "partner", "cost"],
    )


def _ranges(tables: Tables) -> pd.DataFrame:
    return tables["plausible_ranges"].set_index("measure")[["lowest", "highest"]]


def _thousands_of(found: pd.DataFrame, ranges: pd.DataFrame) -> pd.Series:
    """Return which costs are below the range of like services, and within it a thousand times over."""
    lowest, highest = (found["measure"].map(ranges[end]) for end in ("lowest", "highest"))
    times = found["cost"] * THOUSAND
    return (found["cost"] < lowest) & (lowest <= times) & (times <= highest)


def _in_thousands(tables: Tables, case: CaseFile) -> Iterator[Fault]:
    """Yield the tables whose amounts look like thousands: small beside what is counted, or in all."""
    ranges = _ranges(tables)
    if "largest_amount" not in ranges.index:
        return
    least = ranges.at["largest_amount", "lowest"]
    found = _per_unit(tables, case)
    small = found[_thousands_of(found, ranges)].drop_duplicates("partner").set_index("partner")
    for partner, rows in tables["service_costs"].groupby("partner", sort=False):
        if partner in small.index:
            measure, cost = small.loc[partner, ["measure", "cost"]]
            lowest, highest = (pounds(ranges.at[measure, end]) for end in ("lowest", "highest"))
            because = f"a {UNITS[measure]} costs £{plain(cost)} a year, in like services {lowest} to {highest}"  # fmt: skip
        else:
            because = _why_thousands(rows["amount_gbp"], least)
        if because:
            yield _thousands("service_costs.csv", f"the amounts of {partner}", because)
    users = tables["drivers"].loc[tables["drivers"]["driver"] == "users", "value"].sum()
    flows, told = tables["flows"], set()
    for file, what, amounts, smallest in (
        ("flows.csv", "the amounts", flows["amount_gbp"], max(least, users)),
        ("flows.csv", "the savings", flows.loc[flows["flow"].isin(FREED), "amount_gbp"], least),
        ("risk_costs.csv", "the amounts", tables["risk_costs"]["high_gbp"], max(least, users)),
    ):
        if file not in told and (because := _why_thousands(amounts, smallest)):
            told.add(file)
            yield _thousands(file, what, because)


def _why_thousands(amounts: pd.Series, least: float) -> str:
    """Return why amounts look like thousands, nothing if they don't.

    Examples
    --------
    >>> _why_thousands(pd.Series([610.0, 1020.0]), 5000.0)
    'the largest of 2 is £1,020, in like services at least £5,000'
    >>> _why_thousands(pd.Series([12_345.5, 8_010.2, 640.1]), 5000.0)
    'all 3 are below £100,000, and most of them end in a tenth of a pound'
    >>> _why_thousands(pd.Series([610_000.0, 400.0]), 5000.0)
    ''
    """
    given = amounts[amounts > 0]
    if given.empty:
        return ""
    if given.max() < least:
        how_many = f"the largest of {len(given)}" if len(given) > 1 else "the only one"
        return f"{how_many} is £{plain(given.max())}, in like services at least {pounds(least)}"
    in_tenths = (given % 1 != 0) & ((given * 10).round(6) % 1 == 0)
    most = 100 * THOUSAND
    if len(given) >= FEWEST_SCORES and given.max() < most and in_tenths.mean() > 0.5:
        return (
            f"all {len(given)} are below {pounds(most)}, and most of them end in a tenth of a pound"
        )
    return ""


def _thousands(file: str, amounts: str, because: str) -> Fault:
    return Fault(
        f"{file}: {amounts} look like thousands: {because}; amounts are whole pounds, 61.5 thousand is 61500",
        file=file,
    )


def _unlike_others(tables: Tables, file: CaseFile) -> Iterator[Fault]:
    """Yield the cost of a user or device outside the range of the case's benchmarks, else of ours."""
    found, ranges = _per_unit(tables, file), _ranges(tables)
    found = found[~_thousands_of(found, ranges)]
    for measure in ("cost_per_user", "cost_per_device"):
        given = tables["benchmarks"].loc[tables["benchmarks"]["measure"] == measure, "amount_gbp"]
        if len(given) > 1:
            lowest, highest, where = given.min(), given.max(), "benchmarks.csv"
        elif measure in ranges.index:
            lowest, highest = ranges.loc[measure]
            where = "data/plausible_ranges.csv"
        else:
            continue
        own = found[found["measure"] == measure]
        outside = own[~own["cost"].between(lowest, highest)]
        if len(outside):
            costs = listed(
                f"£{plain(row.cost, 0)} at {row.partner}" for row in outside.itertuples()
            )
            allowed = f"{pounds(lowest)} to {pounds(highest)}"
            yield Fault(
                f"service_costs.csv: a {UNITS[measure]} costs {costs} a year; in like services it is "
                f"{allowed} ({where}): check the budget and the count, or say what is different",
                file="service_costs.csv",
                column="amount_gbp",
                found=costs,
                allowed=allowed,
            )


def _posts_unlike_budget(tables: Tables, file: CaseFile) -> Iterator[Fault]:
    """Yield the partners whose posts cost far more or less than their budget for staff."""
    rows, ranges = tables["posts"], _ranges(tables)
    if rows.empty or OF_BUDGET not in ranges.index:
        return
    index = tables["deflators"].set_index("year")["price_index"]
    years = rows["year"].fillna(file.decision_year).astype(int)
    real = real_amounts(annual_costs(rows), years, index, file.decision_year)
    given = tables["service_costs"]
    costs = _real_costs(tables, file).head(len(given))  # as given, without what posts make
    budget = _by_partner(costs[costs["nature"] == "staff"])
    lowest, highest = ranges.loc[OF_BUDGET, ["lowest", "highest"]]
    for partner, row in beside_budget(rows.assign(real_gbp=real), budget).iterrows():
        if not lowest <= row["of_budget_fraction"] <= highest and pd.notna(
            row["of_budget_fraction"]
        ):
            cost, given_for = pounds(row["posts_gbp"]), pounds(row["budget_gbp"])
            allowed = f"{percent(lowest, 0)} to {percent(highest, 0)}"
            yield Fault(
                f"posts.csv: the posts of {partner} cost {cost} a year, on-costs included, and its budget for "
                f"staff is {given_for}; the budget counts. Check which posts it pays, or say what is different",
                file="posts.csv",
                column="fte",
                found=percent(row["of_budget_fraction"], 0),
                allowed=allowed,
            )


def _extensions_below_price(tables: Tables) -> Iterator[Fault]:
    """Yield the extensions that look like what is paid above the price of the contract."""
    contracts = tables["contracts"]
    own = contracts["annual_gbp"] / MONTHS
    for row in contracts[contracts["extension_monthly_gbp"] < own - PENNIES].itertuples():
        monthly, least = pounds(row.extension_monthly_gbp), pounds(own[row.Index])
        yield Fault(
            f"contracts.csv: a month more of {row.contract!r} costs {monthly}, less than the {least} a month of "
            "the contract itself; give the whole price, or what is above it as premium_fraction",
            file="contracts.csv",
            column="extension_monthly_gbp",
            found=monthly,
            allowed=f"at least {least}",
        )


# scores


def _scores_alike(tables: Tables) -> Iterator[Fault]:
    for (option, assessor), rows in tables["scores"].groupby(["option", "assessor"], sort=False):
        if len(rows) >= FEWEST_SCORES and rows["score"].nunique() == 1:
            score = plain(rows["score"].iloc[0])
            yield Fault(
                f"scores.csv: all {len(rows)} scores of option {option} by {assessor} are {score}; an option "
                "is seldom as good on one factor as on every other: score each for itself",
                file="scores.csv",
                column="score",
                found=score,
            )
