"""Faults of the risk register, its scales, and the cost of its risks."""

from collections.abc import Iterator
from itertools import groupby, pairwise

import pandas as pd

from businesscase.calculations import exposure
from businesscase.calculations.risks import POSITIONS
from businesscase.cases.errors import unknown_name
from businesscase.cases.parameters import Parameters
from businesscase.cases.schema import CaseFile
from businesscase.cases.validation.core import (
    PlacedFault,
    Tables,
    not_held_once,
    staying,
)

RISK_AXES = ["likelihood", "impact"]


def risk_faults(file: CaseFile, tables: Tables) -> Iterator[PlacedFault]:
    """Yield faults of the register, of its scales, and of what its risks cost."""
    yield from _register_faults(tables)
    yield from _realised_faults(tables)
    if not tables["risk_costs"].empty:
        yield from _cost_faults(file, tables)
        yield from _unknown_chances(tables)
        yield from _discount_faults(file, tables)


def _register_faults(tables: Tables) -> Iterator[PlacedFault]:
    """Yield faults of the scales, the bands and the words of the register."""
    risks, levels, bands = tables["risks"], tables["risk_levels"], tables["risk_bands"]
    for index, row in levels[levels.duplicated(["axis", "level"])].iterrows():
        yield "risk_levels", index, f"{row['axis']} {row['level']!r} stands here twice"
    if risks.empty:
        return
    scales = {axis: list(levels.loc[levels["axis"] == axis, "level"]) for axis in RISK_AXES}
    for axis, words in scales.items():
        if not words:
            yield "risk_levels", None, f"no level of {axis}; risks.csv needs its scale"
            continue
        for column in (f"{prefix}{axis}" for prefix in POSITIONS.values()):
            for index, word in risks.loc[~risks[column].isin(["", *words]), column].items():
                yield "risks", index, unknown_name(column, word, words)
    if not all(scales.values()):
        return
    scores = range(1, levels.groupby("axis")["score"].max().prod() + 1)
    lowest, highest = bands["lowest_score"], bands["highest_score"]
    yield from _band_faults(list(not_held_once(lowest, highest, scores)))
    yield from _appetite_faults(bands)
    yield from _probability_faults(levels, tables["risk_probabilities"])


def _band_faults(held: list[tuple[int, int]]) -> Iterator[PlacedFault]:
    """Yield a sentence for each run of scores that lie in as many bands, given score and number."""
    for _, run in groupby(enumerate(held), key=lambda entry: (entry[1][0] - entry[0], entry[1][1])):
        scores = [(score, holding) for _, (score, holding) in run]
        (first, holding), (last, _) = scores[0], scores[-1]
        bands = "no band" if holding == 0 else f"{holding} bands"
        if first == last:
            sentence = f"score {first} lies in {bands}; it must lie in one"
        else:
            sentence = f"scores {first} to {last} lie in {bands}; each must lie in one"
        yield "risk_bands", None, sentence


def _appetite_faults(bands: pd.DataFrame) -> Iterator[PlacedFault]:
    """Yield each band that is accepted although a lower one is not: there is no line to draw."""
    ordered = bands.sort_values("lowest_score")
    refused = ""
    for index, row in ordered.iterrows():
        if not row["within_appetite"]:
            refused = refused or row["band"]
        elif refused:
            yield (
                "risk_bands",
                index,
                f"{row['band']!r} is within appetite, but {refused!r} below it is not",
            )


def _probability_faults(levels: pd.DataFrame, probabilities: pd.DataFrame) -> Iterator[PlacedFault]:
    """Yield probabilities of unknown words, and those that fall as likelihood rises."""
    scale = levels[levels["axis"] == "likelihood"].sort_values("score")["level"]
    for index, word in probabilities["level"].items():
        if word not in set(scale):
            yield "risk_probabilities", index, unknown_name("level", word, list(scale))
    stated = probabilities.assign(row=probabilities.index).set_index("level")
    known = stated.loc[[word for word in scale if word in stated.index]]
    for before, after in pairwise(known.index):
        for column in ("lowest_probability", "highest_probability"):
            found, least = known.at[after, column], known.at[before, column]
            if found < least:
                yield (
                    "risk_probabilities",
                    known.at[after, "row"],
                    f"{column} of {after!r} is {found:g}, below the {least:g} of {before!r}; it "
                    "must not fall as likelihood rises",
                )


def _realised_faults(tables: Tables) -> Iterator[PlacedFault]:
    """Yield what is said to make a risk true and is no parameter of a scenario."""
    for index, named in tables["risks"]["realised_by"].items():
        for name in exposure.realising(named):
            if name not in Parameters.model_fields:
                yield "risks", index, unknown_name("realised_by", name, Parameters.model_fields)


def _cost_faults(file: CaseFile, tables: Tables) -> Iterator[PlacedFault]:
    """Yield rows of cost that name what the case does not have, or lie outside its years."""
    costs = tables["risk_costs"]
    numbers = [str(risk) for risk in tables["risks"]["risk"]]
    lines = list(dict.fromkeys(tables["flows"]["line"]))
    partners = tables["partners"]["partner"]
    leaving = set(partners) - set(staying(tables["partners"]))
    inherent = set(costs.loc[costs["position"] == "inherent", "risk"])
    lump_sums = set(tables["risks"].dropna(subset="response_cost_gbp")["risk"])
    without_chance = set(tables["risks"].loc[tables["risks"]["likelihood"] == "", "risk"])
    for index, row in costs.iterrows():
        risk, partner, line = str(row["risk"]), row["partner"], row["cost_line"]
        if risk not in numbers:
            yield "risk_costs", index, unknown_name("risk", risk, numbers)
        if row["risk"] in without_chance and row["position"] != "response":
            yield (
                "risk_costs",
                index,
                f"risk {risk} has a cost and no likelihood in risks.csv; without one its cost would "
                "not be counted",
            )
        if partner in leaving:
            yield (
                "risk_costs",
                index,
                f"{partner} is leaving; only partners that stay have rows here",
            )
        if line and line not in lines:
            yield "risk_costs", index, unknown_name("cost_line", line, lines)
        if row["first_year"] < file.decision_year or row["last_year"] > file.last_year:
            yield (
                "risk_costs",
                index,
                f"years {row['first_year']} to {row['last_year']} lie outside the appraisal, "
                f"{file.decision_year} to {file.last_year}",
            )
        if row["position"] == "response" and row["risk"] in lump_sums:
            yield (
                "risk_costs",
                index,
                f"the response to risk {risk} has a cost here and response_cost_gbp in risks.csv; give one",
            )
        if row["position"] == "residual" and row["risk"] not in inherent:
            yield (
                "risk_costs",
                index,
                f"risk {risk} has a residual cost and no inherent cost; give what it costs "
                "without its response too",
            )


def _unknown_chances(tables: Tables) -> Iterator[PlacedFault]:
    """Yield each likelihood word without a range of chances, used or not: a scenario moves risks."""
    levels = tables["risk_levels"]
    stated = set(tables["risk_probabilities"]["level"])
    for word in levels.loc[levels["axis"] == "likelihood", "level"]:
        if word not in stated:
            yield (
                "risk_probabilities",
                None,
                f"likelihood {word!r} has no probability; risk_costs.csv needs one for every "
                "likelihood, because a scenario may move the risks",
            )


def _discount_faults(file: CaseFile, tables: Tables) -> Iterator[PlacedFault]:
    """Yield years without one discount rate, of a case in which nothing but a risk is discounted."""
    if not tables["flows"].empty:
        return  # said once, with the flows
    rows, years = tables["discount_rates"], range(file.last_year - file.decision_year + 1)
    for year, holding in not_held_once(rows["first_year"], rows["last_year"], years):
        yield (
            "discount_rates",
            None,
            f"year {year} of the appraisal lies in {holding} rows; it must lie in one",
        )
