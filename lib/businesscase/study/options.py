"""The options of a study: scores, ranking, and how firmly an option leads."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import pandas as pd

from businesscase.calculations import options, robustness
from businesscase.study.baseline import PRESENT_COST
from businesscase.study.core import ALL
from businesscase.study.savings import DISCOUNTING, SHARES, SavingsStudy


@dataclass(frozen=True)
class OptionsStudy(SavingsStudy):
    """How the delivery options score, and what they are worth."""

    @cached_property
    def weights(self) -> pd.Series:
        """Weights by factor: those of factors.csv unless the scenario replaces them."""
        stated = self.tables["factors"].set_index("factor")["weight"]
        return pd.Series({**stated.to_dict(), **self.parameters.weights})

    @cached_property
    def option_scores(self) -> pd.DataFrame:
        """Mean scores, option by factor."""
        scores = options.mean_scores(self.tables["scores"])
        for option, by_factor in self.parameters.scores.items():
            for factor, score in by_factor.items():
                scores.loc[option, factor] = score
        return scores

    @cached_property
    def contributions(self) -> pd.DataFrame:
        """What each factor adds to each option's weighted score."""
        return options.contributions(self.option_scores, self.weights)

    @cached_property
    def ranked_scores(self) -> pd.DataFrame:
        """Mean scores of the options that are not screened out; of all if none is left."""
        failed = options.failed_counts(self.tables["success_factors"])
        passing = ~self.option_scores.index.isin(failed.index[failed > 0])
        return self.option_scores[passing] if passing.any() else self.option_scores

    @cached_property
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
    def option_rank(self) -> int | str:
        """Rank of the option that is appraised, or why it has none."""
        rank = self.ranking.set_index("option")["rank"][self.option]
        return f"none: option {self.option} is screened out" if pd.isna(rank) else int(rank)

    @cached_property
    def failed_success_factors(self) -> pd.Series:
        """Critical success factors that each option fails, blank if none; empty if not assessed."""
        return options.failed_success_factors(self.tables["success_factors"])

    @property
    def success_factors_failed(self) -> int | None:
        """How many critical success factors the appraised option fails; None if not assessed."""
        found = options.failed_counts(self.tables["success_factors"]).get(self.option)
        return None if found is None else int(found)

    @cached_property
    def benefit_scores(self) -> pd.Series:
        """Weighted score of each option without the factors that score cost."""
        kinds = self.tables["factors"].set_index("factor")["kind"]
        return options.benefit_scores(self.option_scores, self.weights, kinds)

    @cached_property
    def value_for_money(self) -> pd.DataFrame:
        """Benefit score and net present value by option, and which option beats it on both."""
        costed = [option for option in self.option_scores.index if self._is_costed(option)]
        worth = {
            option: self._with_option(option).appraisal.at[ALL, "net_present_value"]
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

    def _with_option(self, option: str) -> Self:
        kept = (*PRESENT_COST, *DISCOUNTING, *SHARES)
        return self if option == self.option else self.varied(keep=kept, option=option)

    def _is_costed(self, option: str) -> bool:
        return bool((self.tables["flows"]["option"] == option).any())

    @cached_property
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

    @cached_property
    def acceptability(self) -> pd.DataFrame:
        """Share of weightings in which each option comes first: any, stated order kept, near the stated."""
        return pd.DataFrame({kind: self.first_shares(kind) for kind in ("any", "ordered", "band")})

    def first_shares(self, kind: str) -> pd.Series:
        """Return the share of weightings of a kind in which each option comes first [fraction]."""
        return self.rank_shares[1] if kind == "any" else self._rank_shares(kind)[1]

    @cached_property
    def rank_shares(self) -> pd.DataFrame:
        """Share of weightings of any kind in which each option takes each rank, option by rank."""
        return self._rank_shares("any")

    def _rank_shares(self, kind: str) -> pd.DataFrame:
        """Return the shares; an option that is screened out takes no rank under any weighting."""
        scores = self.ranked_scores.sort_index(axis="columns")
        shares = robustness.rank_acceptability(scores, self._weightings(kind))
        return shares.reindex(self.option_scores.index, fill_value=0.0)

    @cached_property
    def central_weights(self) -> pd.DataFrame:
        """Mean weighting under which each option comes first, option by factor [fraction]."""
        scores = self.ranked_scores.sort_index(axis="columns")
        found = robustness.central_weights(scores, self._weightings("any"))
        return found.reindex_like(self.option_scores)

    @cached_property
    def dominated_options(self) -> pd.DataFrame:
        """Options that another equals or beats on every factor, and which does."""
        return robustness.dominated_options(self.ranked_scores)

    @cached_property
    def other_methods(self) -> pd.DataFrame:
        """Rank of each option by the weighted sum, TOPSIS and PROMETHEE II."""
        return robustness.other_methods(self.ranked_scores, self.weights)

    @cached_property
    def option_findings(self) -> pd.DataFrame:
        """What is weak in the scoring itself."""
        tables = self.tables
        return robustness.findings(tables["factors"], tables["scores"], self.weights)
