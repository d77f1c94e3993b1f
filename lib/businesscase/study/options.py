"""The options of a study: scores, ranking, and how firmly an option leads."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import pandas as pd

from businesscase import (
    options,
    robustness,
)
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
    def ranking(self) -> pd.DataFrame:
        """Options in order of rank, with name, weighted score and rank."""
        score = self.contributions.sum(axis="columns")
        names = self.tables["options"].set_index("option")["name"]
        table = pd.DataFrame(
            {"name": names, "weighted_score": score, "rank": options.ranks(score)}
        ).rename_axis("option")
        return table.sort_values(["rank", "name"]).reset_index()

    @cached_property
    def failed_success_factors(self) -> pd.Series:
        """Critical success factors that each option fails, blank if none; empty if not assessed."""
        return options.failed_success_factors(self.tables["success_factors"])

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
        return robustness.switching_weights(self.option_scores, self.weights)

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
        if kind == "any":
            return self.rank_shares[1]
        scores = self.option_scores.sort_index(axis="columns")
        return robustness.rank_acceptability(scores, self._weightings(kind))[1]

    @cached_property
    def rank_shares(self) -> pd.DataFrame:
        """Share of weightings of any kind in which each option takes each rank, option by rank."""
        scores = self.option_scores.sort_index(axis="columns")
        return robustness.rank_acceptability(scores, self._weightings("any"))

    @cached_property
    def central_weights(self) -> pd.DataFrame:
        """Mean weighting under which each option comes first, option by factor [fraction]."""
        scores = self.option_scores.sort_index(axis="columns")
        found = robustness.central_weights(scores, self._weightings("any"))
        return found[self.option_scores.columns]

    @cached_property
    def dominated_options(self) -> pd.DataFrame:
        """Options that another equals or beats on every factor, and which does."""
        return robustness.dominated_options(self.option_scores)

    @cached_property
    def other_methods(self) -> pd.DataFrame:
        """Rank of each option by the weighted sum, TOPSIS and PROMETHEE II."""
        return robustness.other_methods(self.option_scores, self.weights)

    @cached_property
    def option_findings(self) -> pd.DataFrame:
        """What is weak in the scoring itself."""
        tables = self.tables
        return robustness.findings(tables["factors"], tables["scores"], self.weights)
