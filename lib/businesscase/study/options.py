"""The options of a study: scores, ranking, and how firmly an option leads."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd

from businesscase.calculations import options, robustness
from businesscase.calculations.apportionment import ALL
from businesscase.study import tidy
from businesscase.study.core import Inputs, Part, of_all
from businesscase.study.derived import derived
from businesscase.study.savings import Savings

ACCEPTABILITY = {
    # weightings drawn: the measure that says in which share of them an option comes first
    "any": "rank_acceptability",
    "ordered": "rank_acceptability_ordered",
    "band": "rank_acceptability_band",
}


def _first_share(kind: str, options: "Options", item: str) -> float | None:
    return options.first_shares(kind).get(item)


class Options(Part):
    """How the delivery options score, and what they are worth."""

    name = "options"
    first = (
        "weights",
        "scores",
        "contributions",
        "ranking",
        "switching_weights",
        "acceptability",
        "rank_shares",
        "central_weights",
        "value_for_money",
        "failed_success_factors",
        "other_methods",
        "findings",
    )

    def __init__(self, inputs: Inputs, savings: Savings):
        super().__init__(inputs)
        self.savings = savings

    @derived
    def weights(self) -> pd.Series:
        """Weights by factor: those of factors.csv unless the scenario replaces them."""
        stated = self.tables["factors"].set_index("factor")["weight"]
        return pd.Series({**stated.to_dict(), **self.parameters.weights})

    @derived
    def scores(self) -> pd.DataFrame:
        """Mean scores, option by factor."""
        scores = options.mean_scores(self.tables["scores"])
        for option, by_factor in self.parameters.scores.items():
            for factor, score in by_factor.items():
                scores.loc[option, factor] = score
        return scores

    @derived
    def contributions(self) -> pd.DataFrame:
        """What each factor adds to each option's weighted score."""
        return options.contributions(self.scores, self.weights)

    @derived
    def ranked_scores(self) -> pd.DataFrame:
        """Mean scores of the options that are not screened out; of all if none is left."""
        failed = options.failed_counts(self.tables["success_factors"])
        passing = ~self.scores.index.isin(failed.index[failed > 0])
        return self.scores[passing] if passing.any() else self.scores

    @derived
    def ranking(self) -> pd.DataFrame:
        """Options in order of rank, with name, weighted score and rank.

        An option that is screened out comes last and has no rank (NaN).
        """
        score = self.contributions.sum(axis="columns")
        names = self.tables["options"].set_index("option")["name"]
        place = options.ranks(score[self.ranked_scores.index])
        table = pd.DataFrame({"name": names, "weighted_score": score, "rank": place})
        return table.rename_axis("option").sort_values(["rank", "name"]).reset_index()

    @property
    def ranked(self) -> pd.DataFrame:
        """The ranking without the options that are screened out."""
        return self.ranking.dropna(subset="rank")

    @property
    def proposed_rank(self) -> int | str:
        """Rank of the option that is appraised, or why it has none."""
        rank = self.ranking.set_index("option")["rank"][self.option]
        return f"none: option {self.option} is screened out" if pd.isna(rank) else int(rank)

    @derived
    def failed_success_factors(self) -> pd.Series:
        """Critical success factors that each option fails, blank if none; empty if not assessed."""
        return options.failed_success_factors(self.tables["success_factors"])

    @property
    def success_factors_failed(self) -> int | None:
        """How many critical success factors the appraised option fails; None if not assessed."""
        found = options.failed_counts(self.tables["success_factors"]).get(self.option)
        return None if found is None else int(found)

    @derived
    def benefit_scores(self) -> pd.Series:
        """Weighted score of each option without the factors that score cost."""
        kinds = self.tables["factors"].set_index("factor")["kind"]
        return options.benefit_scores(self.scores, self.weights, kinds)

    @derived
    def value_for_money(self) -> pd.DataFrame:
        """Benefit score and net present value by option, and which option beats it on both."""
        costed = [option for option in self.scores.index if self._is_costed(option)]
        worth = {
            option: self.savings.of_option(option).appraisal.at[ALL, "net_present_value"]
            for option in costed
        }
        names = self.tables["options"].set_index("option")["name"]
        table = pd.DataFrame(
            {
                "benefit_score": self.benefit_scores,
                "net_present_value": pd.Series(worth, dtype=float),
            }
        )
        beaten = robustness.dominated_options(table.dropna()).set_index("option")["dominated_by"]
        table = table.assign(name=names, beaten_by=beaten.reindex(table.index).fillna(""))
        return table.rename_axis("option").reset_index()

    def _is_costed(self, option: str) -> bool:
        return bool((self.tables.column("flows", "option") == option).any())

    @derived
    def switching_weights(self) -> pd.DataFrame:
        """Between which shares of the weight the winner stays, by factor, and who takes over."""
        return robustness.switching_weights(self.ranked_scores, self.weights)

    def _weightings(self, kind: str) -> np.ndarray:
        # by name of factor, so that the order of rows in a file changes nothing
        weights = self.weights.sort_index()
        draws, seed = robustness.DRAWS, robustness.SEED
        if kind == "ordered":
            return robustness.ordered_weights(weights, draws, seed)
        if kind == "band":
            return robustness.nearby_weights(weights, robustness.BAND, draws, seed)
        return robustness.any_weights(len(weights), draws, seed)

    @derived
    def acceptability(self) -> pd.DataFrame:
        """Share of weightings in which each option comes first: any, stated order kept, near the stated."""
        return pd.DataFrame({kind: self.first_shares(kind) for kind in ("any", "ordered", "band")})

    def first_shares(self, kind: str) -> pd.Series:
        """Return the share of weightings of a kind in which each option comes first [fraction]."""
        return self.rank_shares[1] if kind == "any" else self._rank_shares(kind)[1]

    @derived
    def rank_shares(self) -> pd.DataFrame:
        """Share of weightings of any kind in which each option takes each rank, option by rank."""
        return self._rank_shares("any")

    def _rank_shares(self, kind: str) -> pd.DataFrame:
        """Return the shares; an option that is screened out takes no rank under any weighting."""
        scores = self.ranked_scores.sort_index(axis="columns")
        shares = robustness.rank_acceptability(scores, self._weightings(kind))
        return shares.reindex(self.scores.index, fill_value=0.0)

    @derived
    def central_weights(self) -> pd.DataFrame:
        """Mean weighting under which each option comes first, option by factor [fraction]."""
        scores = self.ranked_scores.sort_index(axis="columns")
        found = robustness.central_weights(scores, self._weightings("any"))
        return found.reindex_like(self.scores)

    @derived
    def dominated_options(self) -> pd.DataFrame:
        """Options that another equals or beats on every factor, and which does."""
        return robustness.dominated_options(self.ranked_scores)

    @derived
    def other_methods(self) -> pd.DataFrame:
        """Rank of each option by the weighted sum, TOPSIS and PROMETHEE II."""
        return robustness.other_methods(self.ranked_scores, self.weights)

    @derived
    def trials(self) -> pd.DataFrame:
        """The winner under other weights, without each assessor, and by other methods."""
        given, scores = self.tables["scores"], self.ranked_scores
        return robustness.trials(given, scores, self.weights, self.benefit_scores)

    @derived
    def findings(self) -> pd.DataFrame:
        """What is weak in the scoring itself."""
        tables = self.tables
        return robustness.findings(tables["factors"], tables["scores"], self.weights)

    quick = {
        "preferred_option_rank": (of_all(lambda options: options.proposed_rank), "rank"),
        "success_factors_failed_count": (
            of_all(lambda options: options.success_factors_failed),
            tidy.COUNT,
        ),
    } | {
        measure: (partial(_first_share, kind), tidy.FRACTION)
        for kind, measure in ACCEPTABILITY.items()
    }

    def rows(self) -> Iterator[tidy.Row]:
        """Yield the results, as results.csv has them."""
        ranking = self.ranking.set_index("option").sort_index()
        yield from tidy.series("weighted_score", ranking["weighted_score"], tidy.SCORE)
        yield from tidy.series(
            "rank", self.ranked.set_index("option")["rank"].astype(int).sort_index(), "rank"
        )
        yield from tidy.one("preferred_option", self.option, "letter")
        rank = self.proposed_rank
        yield from tidy.one(
            "preferred_option_rank", rank, tidy.TEXT if isinstance(rank, str) else "rank"
        )
        for option, by_factor in self.contributions.iterrows():
            items = by_factor.rename(lambda factor, option=option: f"{option}, {factor}")
            yield from tidy.series("contribution", items, tidy.SCORE)
        yield from tidy.series("benefit_score", self.benefit_scores, tidy.SCORE)
        failed = self.failed_success_factors.replace("", tidy.NONE)
        yield from tidy.series("success_factors_failed", failed, tidy.TEXT)
        if self.success_factors_failed is not None:
            count = self.success_factors_failed
            yield from tidy.one("success_factors_failed_count", count, tidy.COUNT)
        for name, measure in ACCEPTABILITY.items():
            yield from tidy.series(measure, self.acceptability[name], tidy.FRACTION)
        switching = self.switching_weights
        shares = switching["switching_share"].astype(object)
        yield from tidy.known("switching_weight", shares, tidy.FRACTION, tidy.NONE)
        winners = switching["new_winner"].replace("", tidy.NONE)
        yield from tidy.series("switching_weight_winner", winners, tidy.TEXT)
        dominated = self.dominated_options.set_index("option")["dominated_by"]
        yield from tidy.series("dominated", dominated, tidy.TEXT)
        for method in ("topsis", "promethee"):
            yield from tidy.series(f"{method}_rank", self.other_methods[method], "rank")
        findings = self.findings.groupby("item", sort=False)["finding"].agg("; ".join)
        yield from tidy.series("finding", findings, tidy.TEXT)
        counts = pd.Series({name: len(self.tables[f"{name}s"]) for name in ("option", "factor")})
        yield from tidy.series("count", counts, tidy.COUNT)
