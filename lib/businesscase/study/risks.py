"""The risks of a study: where they stand on the matrix, and what they may cost."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import pandas as pd

from businesscase.calculations import appraisal, exposure, risks, savings
from businesscase.calculations.apportionment import ALL
from businesscase.calculations.uncertainty import (
    CHUNK,
    CHUNKS,
    SEED,
)
from businesscase.cases.case import BASE
from businesscase.study import tidy
from businesscase.study.baseline import Baseline
from businesscase.study.core import Inputs, Part, of_all
from businesscase.study.derived import derived, derived_by
from businesscase.study.savings import Savings


class Risks(Part):
    """What can go wrong, where it stands on the matrix, and what it may cost."""

    name = "risks"
    first = (
        "scored",
        "grid",
        "above_appetite",
        "findings",
        "expected_costs",
        "costs_borne",
        "simulated_contingency",
        "contingency",
        "contingency_by_year",
        "contributions",
        "response_values",
        "risk_adjusted_worth",
    )

    def __init__(self, inputs: Inputs, baseline: Baseline, savings: Savings):
        super().__init__(inputs)
        self.baseline, self.savings = baseline, savings

    @property
    def highest_accepted_score(self) -> int:
        """Highest risk score that the partners accept: the scenario's, else as the bands say."""
        if self.parameters.appetite is not None:
            return self.parameters.appetite
        return risks.highest_accepted_score(self.tables["risk_bands"])

    @derived
    def register(self) -> pd.DataFrame:
        """The rows of risks.csv, with the risks that the scenario moves where it puts them."""
        chosen = self.parameters
        return risks.moved(self.tables["risks"], chosen.risk_positions, chosen.risk_responses)

    @property
    def named(self) -> pd.DataFrame:
        """What could happen, ``description``, by risk."""
        return self.tables["risks"].set_index("risk")[["description"]]

    @derived
    def _placed(self) -> pd.DataFrame:
        """The register with score and band of every position, whatever is accepted."""
        return risks.scored_risks(
            self.register,
            self.tables["risk_levels"],
            self.tables["risk_bands"],
            self.parameters.likelihood_shift,
        )

    @derived
    def scored(self) -> pd.DataFrame:
        """The register with score and band of every position, and where each risk stands."""
        responses = self.parameters.risk_responses
        return risks.standing(self._placed, responses, self.highest_accepted_score)

    @property
    def grid(self) -> pd.DataFrame:
        """The risk matrix, likelihood by impact, ids in the cells where the risks stand."""
        return risks.grid(self.scored, self.tables["risk_levels"])

    @property
    def above_appetite(self) -> int:
        """How many risks stand above appetite."""
        return int(self.scored["within_appetite"].eq(False).sum())

    @derived
    def findings(self) -> pd.DataFrame:
        """What is wrong with the register itself."""
        return risks.findings(self.scored, self.response_values)

    @property
    def standing_position(self) -> str:
        """The position that counts: residual if responses are carried out, else inherent."""
        carried_out = self.parameters.risk_responses == risks.CARRIED_OUT
        return "residual" if carried_out else "inherent"

    def costed_rows(self, position: str) -> pd.DataFrame:
        """Return rows of risk_costs.csv at a position, with chances and by what each is counted.

        A risk that is not placed anew by its response keeps its likelihood.
        """
        scored = self._placed.set_index("risk")
        words = scored["inherent_likelihood_level"]
        if position == "residual":
            anew = scored["residual_score"].notna()
            words = scored["residual_likelihood_level"].where(anew, words)
        rows = exposure.costs_at(self.tables["risk_costs"], position)
        rows = exposure.with_chances(rows, words, self.tables["risk_probabilities"])
        members = self.savings.members
        for partner in members.index[~members.all(axis="columns")]:
            rows = exposure.while_member(rows, partner, list(members.columns[members.loc[partner]]))
        once = self.savings.flow_lines["flow"] == "one_off_cost"
        raised = (
            set(self.savings.flow_lines.loc[once, "line"])
            if self.savings.optimism_bias > 0
            else set()
        )
        counted = exposure.counted_by(
            rows["cost_line"], set(self.savings.flow_lines["line"]), raised
        )
        counted = counted.mask(rows["risk"].isin(self.realised), exposure.REALISED)
        return rows.assign(counted_by=counted)

    @derived
    def realised(self) -> dict[int, str]:
        """What the scenario sets otherwise than the base and so makes each risk true, by risk."""
        base = self.in_scenario(BASE).parameters
        register = self.tables["risks"].set_index("risk")["realised_by"]
        found = {}
        for risk, named in register.items():
            moved = [
                name
                for name in exposure.realising(named)
                if getattr(self.parameters, name) != getattr(base, name)
            ]
            if moved:
                found[risk] = ", ".join(moved)
        return found

    @property
    def cost_shares(self) -> pd.DataFrame:
        """Who bears a shared cost of a risk, partner by financial year [fraction]."""
        return self.savings.risk_shares

    @property
    def cost_rule(self) -> str:
        """How a shared cost of a risk is divided, in words."""
        chosen = self.parameters
        if chosen.cost_mix:
            return f"by a mix of {', '.join(chosen.cost_mix)}".replace("_", " ")
        if chosen.cost_apportionment != "as_stated":
            rule = chosen.cost_apportionment
            return "equally" if rule == "equal" else f"by {rule}".replace("_", " ")
        if self.savings.flow_lines["flow"].isin(["running_cost", "one_off_cost"]).any():
            return "as the option's running and one-off cost is"
        return "equally"

    @derived
    def costs(self) -> pd.DataFrame:
        """Rows of cost where the risks stand, without those that are counted elsewhere."""
        rows = self.costed_rows(self.standing_position)
        return rows[rows["counted_by"] == exposure.COSTED_RISK]

    @derived
    def costed(self) -> list[int]:
        """Numbers of the risks that have a cost and a likelihood, in the order of the register."""
        costed = set(self.costed_rows("inherent")["risk"])
        return [risk for risk in self.tables["risks"]["risk"] if risk in costed]

    @derived
    def counted(self) -> list[int]:
        """Numbers of the costed risks of which a cost is in the sums, in the order of the register."""
        counted = set(self.costs["risk"])
        return [risk for risk in self.costed if risk in counted]

    def present_costs(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the expected cost of rows by risk and partner and by year, discounted [£]."""
        return exposure.expected_costs(rows, self.cost_shares) * self.savings.discount_factors

    @derived
    def expected_costs(self) -> pd.DataFrame:
        """Discounted expected cost of the costed risks where they stand, risk by financial year [£]."""
        by_risk = self.present_costs(self.costs).groupby(level="risk").sum()
        return by_risk.reindex(self.costed, fill_value=0.0)

    @derived
    def inherent_costs(self) -> pd.Series:
        """Discounted expected cost of each costed risk without its response [£]."""
        rows = self.costed_rows("inherent")
        return self.present_cost(rows[rows["counted_by"] == exposure.COSTED_RISK])

    def present_cost(self, rows: pd.DataFrame) -> pd.Series:
        """Return the discounted expected cost of rows by costed risk [£]."""
        by_risk = self.present_costs(rows).groupby(level="risk").sum().sum(axis="columns")
        return by_risk.reindex(self.costed, fill_value=0.0)

    @derived
    def costs_borne(self) -> pd.Series:
        """Discounted expected cost that each partner bears [£]."""
        by_partner = self.present_costs(self.costs).groupby(level="partner").sum()
        borne = by_partner.sum(axis="columns").reindex(self.partners, fill_value=0.0)
        return borne.astype(float)  # which no rows are not

    @derived
    def costs_if_they_happen(self) -> pd.Series:
        """Discounted mean cost of each costed risk if it happens, wherever that is counted [£]."""
        rows = self.costed_rows(self.standing_position)
        return self.present_cost(rows.assign(**dict.fromkeys(exposure.CHANCES, 1.0)))

    @derived
    def removed_by_responses(self) -> pd.Series:
        """Discounted expected cost of each costed risk that its response removes, NaN if not assessed [£].

        Wherever the cost is counted, so that a response does not remove less because of an uplift.
        """
        register, rows = self._placed.set_index("risk"), self.tables["risk_costs"]
        assessed = set(rows.loc[rows["position"] == "residual", "risk"])
        assessed |= set(register.index[register["residual_score"].notna()])
        inherent, residual = (
            self.present_cost(self.costed_rows(name)) for name in ("inherent", "residual")
        )
        return (inherent - residual).where(inherent.index.isin(assessed))

    @derived
    def response_costs(self) -> pd.Series:
        """What the response to each costed risk costs in all its years, NaN if not known [£]."""
        rows = self.tables["risk_costs"]
        stated = rows[rows["position"] == "response"]
        by_year = stated["most_likely_gbp"] * (stated["last_year"] - stated["first_year"] + 1)
        lump = self.tables["risks"].set_index("risk")["response_cost_gbp"]
        return lump.fillna(by_year.groupby(stated["risk"]).sum()).reindex(self.costed)

    @derived
    def response_values(self) -> pd.Series:
        """What each response is worth: expected cost removed less what it costs, where known [£]."""
        return (self.removed_by_responses - self.response_costs).dropna()

    @derived
    def response_cost(self) -> float:
        """What the responses that are carried out cost, which the option's flows hold, discounted [£]."""
        flows = savings.economic(self.savings.flows)
        spent = savings.by_partner(flows, "response_cost").sum()
        return float(appraisal.present_value(spent, self.savings.discount_factors))

    @derived
    def risk_adjusted_worth(self) -> pd.Series:
        """Net present value less the expected cost of the risks that are left, by 'all' and partner [£]."""
        worth = self.savings.net_present_values.reindex(self.partners, fill_value=0.0)
        adjusted = worth - self.costs_borne if self.savings.takes_risks else worth
        return pd.concat([pd.Series({ALL: adjusted.sum()}), adjusted])

    @derived_by
    def drawn_levels(
        self, number: int, count: int, seed: int, joined: bool
    ) -> dict[int, np.ndarray]:
        """Return how badly each counted risk turns out in a chunk of draws [0 to 1], 0 not at all."""
        register = self.tables["risks"]
        follows = zip(register["cause"], register["correlation"], strict=True)
        causes = dict(zip(register["risk"], follows, strict=True)) if joined else {}
        return exposure.drawn_levels(self.costs, causes, count, seed, number)

    @derived
    def borne(self) -> np.ndarray:
        """Who bears each row of ``costs`` in which year, row by partner by financial year [fraction]."""
        return exposure.borne(self.costs, self.cost_shares)

    @derived
    def simulated_costs(self) -> tuple[np.ndarray, np.ndarray]:
        """Discounted cost in every draw: of each risk of ``costs``, and to each partner [£]."""
        worth = appraisal.present_value(self.borne, self.savings.discount_factors)
        by_risk, by_partner = zip(
            *(
                exposure.simulated_costs(
                    self.costs, worth, self.drawn_levels(number, CHUNK, SEED, True), CHUNK
                )
                for number in range(CHUNKS)
            ),
            strict=True,
        )
        return np.concatenate(by_risk, axis=1), np.concatenate(by_partner, axis=1)

    @property
    def simulated_contingency(self) -> np.ndarray:
        """Discounted cost of all risks together in every draw [£]."""
        return self.simulated_costs[0].sum(axis=0)

    @derived
    def contingency(self) -> pd.Series:
        """The cost that is enough in 50, 80 and 90 of a hundred draws, as sure as they make it [£]."""
        return exposure.sure_contingency(self.simulated_contingency)

    @derived
    def contingency_errors(self) -> pd.Series:
        """Standard errors of the contingency for want of more draws [£]."""
        return exposure.contingency_errors(self.simulated_contingency)

    @derived
    def contingency_by_year(self) -> pd.DataFrame:
        """Cash that is enough in 50, 80 and 90 of a hundred draws of each year, not discounted [£].

        Of each year by itself: percentiles don't add up to that of all years together.
        """
        by_row = self.borne.sum(axis=1)
        parts = [
            exposure.drawn_costs(self.costs, self.drawn_levels(number, CHUNK, SEED, True), CHUNK)
            @ by_row
            for number in range(CHUNKS)
        ]
        by_year = [exposure.sure_contingency(costs) for costs in np.concatenate(parts).T]
        return pd.DataFrame(by_year, index=self.years).T

    @derived
    def contributions(self) -> pd.DataFrame:
        """Each risk's part in the expected cost and in the fifth of draws that cost most, by which they are sorted."""
        expected = self.expected_costs.sum(axis="columns")
        numbers = list(self.costs["risk"].unique())
        table = exposure.contributions(self.simulated_costs[0], numbers)
        table = table.reindex(self.costed, fill_value=0.0)
        table["expected_cost"] = expected
        table["expected_share"] = expected / expected.sum() if expected.sum() else expected
        return table.sort_values("tail_share", ascending=False, kind="stable")

    @derived
    def double_counting(self) -> pd.DataFrame:
        """Lines of cost that a costed risk would add to, with both ways to allow for it.

        Columns ``cost_line``, ``risks``, ``uplift`` (what optimism bias adds, or would add if it
        were applied), ``expected_cost`` (of the risks), both discounted [£], and ``counted_by``.
        """
        rows = self.costed_rows(self.standing_position)
        rows = rows[rows["cost_line"] != ""]
        applied = self.savings.at(optimism_bias="applied").optimism_bias
        flow = self.savings.flows.index.get_level_values("flow")
        one_off = self.savings.flows[flow == "one_off_cost"]
        by_line = one_off.groupby(level="line").sum()
        by_line = appraisal.present_value(by_line, self.savings.discount_factors)
        uplift = by_line / (1 + self.savings.optimism_bias) * applied
        lines = [
            {
                "cost_line": line,
                "risks": list(dict.fromkeys(of_line["risk"])),
                "uplift": uplift.get(line, 0.0),
                "expected_cost": self.present_cost(of_line).sum(),
                "counted_by": of_line["counted_by"].iloc[0],
            }
            for line, of_line in rows.groupby("cost_line", sort=False)
        ]
        columns = ["cost_line", "risks", "uplift", "expected_cost", "counted_by"]
        return pd.DataFrame(lines, columns=columns)

    quick: ClassVar = {
        "risks_above_appetite": (of_all(lambda risks: risks.above_appetite), tidy.COUNT)
    }

    def rows(self) -> Iterator[tidy.Row]:
        """Yield the results, as results.csv has them."""
        scored = self.scored.set_index("risk")
        assessed = scored[scored["inherent_score"].notna()]
        yield from tidy.series("likelihood_score", scored["inherent_likelihood_score"], tidy.SCORE)
        yield from tidy.series("impact_score", scored["inherent_impact_score"], tidy.SCORE)
        yield from tidy.series("risk_score", scored["inherent_score"], tidy.SCORE)
        yield from tidy.series("risk_band", assessed["inherent_band"], tidy.TEXT)
        yield from tidy.series("residual_score", scored["residual_score"], tidy.SCORE)
        placed = scored["standing_score"].dropna()
        if len(placed):
            yield from tidy.one("highest_risk_score", placed.max(), tidy.SCORE)
        yield from tidy.one("risks_above_appetite", self.above_appetite, tidy.COUNT)
        findings = self.findings.groupby("risk")["finding"].agg("; ".join)
        yield from tidy.series("finding", findings, tidy.TEXT)
        if self.costed:
            yield from self._cost_rows()

    def _cost_rows(self) -> Iterator[tidy.Row]:
        """Yield what the costed risks come to."""
        expected = self.expected_costs
        yield from tidy.series(
            "expected_cost", tidy.with_all(expected.sum(axis="columns")), tidy.MONEY
        )
        yield from tidy.yearly("expected_cost", expected.sum().to_frame(ALL).T, tidy.MONEY)
        inherent = tidy.with_all(self.inherent_costs)
        yield from tidy.series("expected_cost_inherent", inherent, tidy.MONEY)
        yield from tidy.series("response_value", self.response_values, tidy.MONEY)
        yield from tidy.series("expected_cost_borne", self.costs_borne, tidy.MONEY)
        yield from tidy.series("risk_adjusted_npv", self.risk_adjusted_worth, tidy.MONEY)
        for level, cost in self.contingency.items():
            yield from tidy.one(f"contingency_{level}", cost, tidy.MONEY)
            yield from tidy.one(
                f"contingency_{level}_error", self.contingency_errors[level], tidy.MONEY
            )
        for level, by_year in self.contingency_by_year.iterrows():
            yield from tidy.yearly(f"contingency_{level}_cash", by_year.to_frame(ALL).T, tidy.MONEY)
        tail = self.contributions["tail_share"].sort_index()
        yield from tidy.series("contingency_share", tail, tidy.FRACTION)
