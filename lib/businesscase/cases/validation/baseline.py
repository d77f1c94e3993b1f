"""Faults of the partners, their drivers and their present services."""

import typing
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import combinations

import pandas as pd

from businesscase.calculations import posts
from businesscase.calculations.baseline import BANDS
from businesscase.calculations.outturn import OWN_YEAR
from businesscase.cases.schema import BASELINE_EVIDENCE, BaselineStandard, CaseFile
from businesscase.cases.validation.core import (
    PlacedFault,
    Tables,
    out_before_in,
    service_costs,
    staying,
)

COMPARED_TABLES = ["service_costs", "applications", "skills", "assets"]
SAME_WORDS = 0.9  # likeness from which two names are taken for one that is misspelt


def leaving_partner_faults(tables: Tables) -> Iterator[PlacedFault]:
    """Yield rows of partners that leave, in tables for those that stay."""
    partners = tables["partners"]
    leaving = partners.loc[partners["role"] == "leaving", "partner"]
    for stem in ("drivers", "service_costs", "posts", "flows", "readiness"):
        for index, partner in tables[stem]["partner"].items():
            if partner in set(leaving):
                yield stem, index, f"{partner} is leaving; only partners that stay have rows here"


def leaver_faults(file: CaseFile, tables: Tables) -> Iterator[PlacedFault]:
    """Yield partners that leave before they could take part."""
    for row in tables["partners"].dropna(subset="leaves").itertuples():
        joins = file.decision_year if pd.isna(row.joins) else max(row.joins, file.decision_year)
        if row.leaves <= joins:
            yield "partners", row.Index, out_before_in(row.partner, row.leaves, joins)


def driver_faults(tables: Tables) -> Iterator[PlacedFault]:
    """Yield drivers that lack a partner."""
    expected = staying(tables["partners"])
    for driver, rows in tables["drivers"].groupby("driver", sort=False):
        for partner in expected:
            if partner not in set(rows["partner"]):
                yield (
                    "drivers",
                    None,
                    f"{driver} has no row for {partner}; every partner needs one",
                )
        if not rows["value"].any():
            yield "drivers", None, f"{driver} is nil for every partner; one must be above 0"


def budget_year_faults(tables: Tables) -> Iterator[PlacedFault]:
    """Yield budgets given for a second year: they would be added up as one year's cost."""
    costs = tables["service_costs"]
    own = ["partner", "service", "category", "funding"]
    first = costs.groupby(own, sort=False)["year"].transform("first")
    for index in costs.index[costs["year"] != first]:
        yield (
            "service_costs",
            index,
            f"{costs.at[index, 'partner']} has {costs.at[index, 'category']} for {first[index]} and "
            f"{costs.at[index, 'year']}; one year of each is allowed",
        )


def post_faults(tables: Tables) -> Iterator[PlacedFault]:
    """Yield posts of a second year of pay, and posts so few that what they cost would tell somebody's pay."""
    rows = tables["posts"]
    first = rows.groupby("partner", sort=False)["year"].transform("first")
    for index in rows.index[(rows["year"] != first).fillna(rows["year"].isna() != first.isna())]:
        yield (
            "posts",
            index,
            f"{rows.at[index, 'partner']} has posts of several years of pay; give one year for all of them",
        )
    alone = posts.counted(rows, tables["service_costs"])
    for partner, held in posts.held(alone).groupby(alone["partner"], sort=False).sum().items():
        if held < posts.FEWEST:
            yield (
                "posts",
                None,
                f"{partner} has {held:g} held posts and no budget for staff, so that its cost would tell what "
                f"fewer than {posts.FEWEST:g} people are paid; give its budget for staff in service_costs.csv",
            )


def baseline_faults(file: CaseFile, tables: Tables) -> Iterator[PlacedFault]:
    """Yield faults of what is compared, priced, surveyed and standardised."""
    compared = dict(tables) | {"service_costs": service_costs(tables)}
    for stem in COMPARED_TABLES:
        given = set(compared[stem]["partner"])
        for partner in staying(tables["partners"]) if given else []:
            if partner not in given:
                yield stem, None, f"no row for {partner}; a comparison needs every partner"
    yield from _price_faults(file, tables)
    yield from _band_faults(tables["benchmarks"])
    yield from _survey_faults(tables["surveys"])
    yield from _function_faults(tables["applications"])
    if any(len(tables[stem]) for stem in [*BASELINE_EVIDENCE, "posts"]):
        for standard in typing.get_args(BaselineStandard.model_fields["standard"].annotation):
            if standard not in set(tables["baseline_standards"]["standard"]):
                yield (
                    "baseline_standards",
                    None,
                    f"{standard} has no row; every standard needs one",
                )


def _price_faults(file: CaseFile, tables: Tables) -> Iterator[PlacedFault]:
    known = list(tables["deflators"]["year"])
    covered = f"it covers {min(known)} to {max(known)}" if known else "it is empty or missing"
    actuals = tables["actuals"]
    years = {
        "service_costs": tables["service_costs"]["year"],
        "posts": tables["posts"]["year"].dropna().astype(int),
        "actuals": actuals.loc[actuals["prices"] == OWN_YEAR, "year"],
    }
    elsewhere = {stem: given[given != file.decision_year] for stem, given in years.items()}
    for stem, given in elsewhere.items():
        for index, year in given.items():
            if year not in known:
                yield stem, index, f"year {year} has no row in data/deflators.csv; {covered}"
    if any(map(len, elsewhere.values())) and file.decision_year not in known:
        sentence = f"decision_year {file.decision_year} has no row in data/deflators.csv; {covered}"
        yield "case", None, f"{sentence}; money of other years is brought to its prices"


def _band_faults(benchmarks: pd.DataFrame) -> Iterator[PlacedFault]:
    ordered = benchmarks[benchmarks["band"].isin(BANDS)]
    for (measure, basis), rows in ordered.groupby(["measure", "basis"], sort=False):
        for index in rows.index[rows.duplicated("band")]:
            band = rows.at[index, "band"].replace("_", " ")
            yield "benchmarks", index, f"{measure} of {basis} has a second {band}; one is allowed"
        order = rows.drop_duplicates("band").set_index("band")["amount_gbp"]
        order = order.reindex([band for band in BANDS if band in order.index])
        if not order.is_monotonic_increasing:
            said = ", ".join(
                f"{band.replace('_', ' ')} {amount:,.0f}" for band, amount in order.items()
            )
            yield "benchmarks", rows.index[0], f"{measure} of {basis} has {said}; bands must rise"


def _survey_faults(surveys: pd.DataFrame) -> Iterator[PlacedFault]:
    first_of = surveys[surveys["stage"] == "before"].drop_duplicates(["survey", "partner"])
    before = first_of.set_index(["survey", "partner"])["date"]
    for index, row in surveys[surveys["stage"] == "after"].iterrows():
        name = f"{row['survey']} at {row['partner']}"
        first = before.get((row["survey"], row["partner"]), "absent")
        if isinstance(first, str):
            yield "surveys", index, f"{name} has a survey after and none before; both are needed"
        elif row["date"] < first:
            found = f"{name}: the survey after is of {row['date'].date()}"
            yield "surveys", index, f"{found}; it can't be before the first, of {first.date()}"


def _function_faults(applications: pd.DataFrame) -> Iterator[PlacedFault]:
    """Yield functions that two partners spell differently, so that their rows would not meet."""
    holders = applications.groupby("business_function", sort=False)["partner"].agg(set)
    lines = applications.reset_index().groupby("business_function")["index"].min()
    for earlier, later in combinations(holders.index, 2):
        alike = SequenceMatcher(None, earlier.casefold(), later.casefold()).ratio()
        if alike >= SAME_WORDS and not holders[earlier] & holders[later]:
            sentence = f"business_function {later!r} is like {earlier!r} of another partner"
            yield (
                "applications",
                lines[later],
                f"{sentence}; the same function needs the same words",
            )
