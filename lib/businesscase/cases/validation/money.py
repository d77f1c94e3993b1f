"""Faults of options, scores and flows of money."""

from collections.abc import Iterator

import pandas as pd

from businesscase.calculations.apportionment import SHARED
from businesscase.cases.errors import unknown_name
from businesscase.cases.schema import CaseFile
from businesscase.cases.validation.core import (
    PlacedFault,
    Tables,
    not_held_once,
    rules_with_data,
    service_costs,
    staying,
)


def option_faults(tables: Tables) -> Iterator[PlacedFault]:
    """Yield faults of factors and scores."""
    options, factors, scores = tables["options"], tables["factors"], tables["scores"]
    limits = zip(factors["lowest_score"], factors["highest_score"], strict=True)
    scales = dict(zip(factors["factor"], limits, strict=True))
    for index in factors.index[factors["lowest_score"] >= factors["highest_score"]]:
        yield "factors", index, "lowest_score is not below highest_score"
    if len(set(scales.values())) > 1:
        yield (
            "factors",
            None,
            "the factors have different scales; weighted scores need one scale",
        )
    if not factors.empty and factors["weight"].sum() == 0:
        yield "factors", None, "all weights are 0; at least one must be above 0"
    for row in scores.itertuples():
        if row.factor not in scales:
            yield "scores", row.Index, unknown_name("factor", row.factor, scales)
        else:
            low, high = scales[row.factor]
            if not low <= row.score <= high:
                yield (
                    "scores",
                    row.Index,
                    f"score of {row.option} on {row.factor} is {row.score:g}; "
                    f"scores run from {low:g} to {high:g}",
                )
    yield from _gaps_in_scores(options, factors, scores)
    criteria = tables["success_factors"].groupby("criterion", sort=False)["option"]
    for criterion, given in criteria:
        for option in options.loc[~options["option"].isin(given), "option"]:
            yield "success_factors", None, f"option {option} has no row for {criterion}"


def _gaps_in_scores(
    options: pd.DataFrame, factors: pd.DataFrame, scores: pd.DataFrame
) -> Iterator[PlacedFault]:
    if scores.empty:
        return
    if options.empty:
        yield "scores", None, "options.csv is missing or empty; scores need its options"
    for factor in factors["factor"]:
        on_factor = scores[scores["factor"] == factor]
        for option in options.loc[~options["option"].isin(on_factor["option"]), "option"]:
            yield "scores", None, f"option {option} has no score on {factor}"
        for assessor, rows in on_factor.groupby("assessor", sort=False):
            # else the options' means would be of different people
            scored_by_others = on_factor["option"].drop_duplicates()
            for option in scored_by_others[~scored_by_others.isin(rows["option"])]:
                yield (
                    "scores",
                    None,
                    f"option {option} has no score on {factor} by {assessor}, who scores others on it",
                )


def flow_faults(file: CaseFile, tables: Tables) -> Iterator[PlacedFault]:
    """Yield faults of years, baseline and control totals."""
    costed, rules = set(service_costs(tables)["partner"]), rules_with_data(tables)
    for index, row in tables["flows"].iterrows():
        if row["first_year"] < file.decision_year or row["last_year"] > file.last_year:
            yield (
                "flows",
                index,
                f"years {row['first_year']} to {row['last_year']} lie outside the appraisal, "
                f"{file.decision_year} to {file.last_year}",
            )
        needed = staying(tables["partners"]) if row["partner"] == SHARED else [row["partner"]]
        uncosted = [partner for partner in needed if partner not in costed]
        if pd.notna(row["baseline_fraction"]) and uncosted:
            yield (
                "flows",
                index,
                f"baseline_fraction needs a cost in service_costs.csv for {', '.join(uncosted)}",
            )
        if row["split"] and row["split"] not in rules:
            yield (
                "flows",
                index,
                f"split is {row['split']!r}; the case has data for {', '.join(sorted(rules))}",
            )
    yield from _profile_faults(tables["flows"])
    yield from _range_faults(tables["flows"])


def _profile_faults(flows: pd.DataFrame) -> Iterator[PlacedFault]:
    """Yield the lines whose yearly amounts do not add up to the total that they state."""
    years = flows["last_year"] - flows["first_year"] + 1
    years = years.where(flows["flow"] != "residual_value", 1)
    amounts = flows["amount_gbp"] * flows["year_fraction"] * years
    for (option, line, partner), rows in flows.groupby(["option", "line", "partner"], sort=False):
        totals = rows["line_total_gbp"].dropna()
        found = amounts[rows.index].sum()
        for index, total in totals.items():
            if abs(found - total) > 0.5:
                yield (
                    "flows",
                    index,
                    f"line_total_gbp is {total:,.0f}, but the rows of {line!r} (option {option}, "
                    f"{partner}) add up to {found:,.0f}",
                )
                break


def _range_faults(flows: pd.DataFrame) -> Iterator[PlacedFault]:
    """Yield the rows that state another range than their line, which is drawn as one."""
    stated = flows.dropna(subset=["low_fraction", "high_fraction"])
    for (option, flow, line), rows in stated.groupby(["option", "flow", "line"], sort=False):
        ranges = rows[["low_fraction", "high_fraction", "cause", "correlation"]]
        for index in rows.index[(ranges != ranges.iloc[0]).any(axis="columns")]:
            yield (
                "flows",
                index,
                f"the range, cause or correlation differs from that of another row of {line!r} "
                f"(option {option}, {flow}); a line is drawn as one, so give its rows the same, or "
                "names of their own",
            )


def discount_faults(file: CaseFile, tables: Tables) -> Iterator[PlacedFault]:
    """Yield years of the appraisal without one discount rate."""
    if tables["flows"].empty:
        return
    rows = tables["discount_rates"]
    years = range(file.last_year - file.decision_year + 1)
    for year, holding in not_held_once(rows["first_year"], rows["last_year"], years):
        yield (
            "discount_rates",
            None,
            f"year {year} of the appraisal lies in {holding} rows; it must lie in one",
        )
