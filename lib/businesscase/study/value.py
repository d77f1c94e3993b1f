"""What it is worth to find something out before the decision, and to be able to stop after it."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from businesscase.calculations import options, stages, uncertainty, value_of_information
from businesscase.calculations.apportionment import ALL
from businesscase.calculations.stages import Gate, Staged
from businesscase.calculations.uncertainty import SEED, as_sure
from businesscase.calculations.value_of_information import Estimate
from businesscase.calculations.years import financial_year
from businesscase.study import tidy
from businesscase.study.core import Inputs, Part
from businesscase.study.derived import derived
from businesscase.study.uncertainty import Uncertainty

PERFECT = "perfect information"
GROUP = "group"  # kind of a row of several inputs
COMMIT, IN_STAGES, RIGHT = "commit all now", "in stages", "right to stop"


class Value(Part):
    """What information and the right to stop are worth, from the futures that all chances rest on.

    Of the futures it takes the first chunk, a tenth.
    """

    name, section, rests_on = "value", "decision", "savings"

    def __init__(self, inputs: Inputs, uncertainty: Uncertainty):
        super().__init__(inputs)
        self.uncertainty = uncertainty

    @derived
    def choices(self) -> list[str]:
        """Letters of the options with money that can be chosen, the one appraised first.

        Beside them stands the comparator, worth nil. An option that fails a critical success factor
        can't be chosen, but for the one that is appraised all the same.
        """
        failed = options.failed_counts(self.tables["success_factors"])
        costed = set(self.tables.column("flows", "option")) - set(failed.index[failed > 0])
        letters = [self.option, *sorted(costed - {self.option})]
        return [letter for letter in letters if letter != self.case.file.comparator]

    @property
    def is_known(self) -> bool:
        """Whether there is a choice to inform: without money that recurs nothing tells what an option brings."""
        return self.uncertainty.savings.recurs and bool(self.choices)

    @derived
    def uncertain_inputs(self) -> pd.DataFrame:
        """What is uncertain of the options, each input once, as ``uncertain_inputs`` has it."""
        tables = [self.uncertainty.of_option(letter).uncertain_inputs for letter in self.choices]
        return pd.concat(tables).drop_duplicates("name", ignore_index=True)

    @derived
    def groups(self) -> dict[str, list[str]]:
        """Names of the inputs that are found out together, by group.

        By kind, as each kind has a source of its own: quotations, the register, the plan. And by
        common cause, as an enquiry into the cause tells of all that follow it.
        """
        by_kind = self.uncertain_inputs.groupby("kind", sort=False)["name"].agg(list)
        caused = self.uncertain_inputs[self.uncertain_inputs["cause"] != ""]
        by_cause = caused.groupby("cause", sort=False)["name"].agg(list)
        named = {f"every {kind}": names for kind, names in by_kind.items()}
        named |= {f"cause: {cause}": names for cause, names in by_cause.items()}
        return {group: names for group, names in named.items() if len(names) > 1}

    def _worth(self) -> np.ndarray:
        """Return what each choice comes to, the comparator last, draw by who chooses by choice [£].

        All of them and each partner choose.
        """
        of_partners = [self.uncertainty.of_option(name).futures(0).worth for name in self.choices]
        every = [np.column_stack([of.sum(axis=1), of]) for of in of_partners]
        return np.stack([*every, np.zeros_like(every[0])], axis=-1)

    @derived
    def best_now(self) -> pd.Series:
        """Letter of the choice with the highest expected worth, to all and to each partner.

        The comparator's is blank where the case names none.
        """
        letters = [*self.choices, self.case.file.comparator]
        best = self._worth().mean(axis=0).argmax(axis=-1)
        return pd.Series([letters[number] for number in best], [ALL, *self.partners])

    @derived
    def information(self) -> pd.DataFrame:
        """What it is worth to know all, some or one of the inputs before choosing.

        One row an item and who chooses: ``item``, ``kind`` (that of the input, 'group', or 'perfect
        information'), ``to`` ('all' or a partner), ``value`` and ``error``, its standard error [£].
        To one who chooses no value has more digits than the least sure allows, so that the order of
        input, group and perfect information is kept. No row where there is no choice to inform.
        """
        columns = ["item", "kind", "to", "value", "error"]
        if not self.is_known:
            return pd.DataFrame(columns=columns)
        draws: dict[str, np.ndarray] = {}
        for letter in reversed(self.choices):  # the appraised option's own range counts
            draws |= self.uncertainty.of_option(letter).drawn(0)
        kinds = self.uncertain_inputs.set_index("name")["kind"]
        worth, drawn = self._worth(), {name: draws[name] for name in kinds.index}
        found: dict[str, Estimate] = {PERFECT: value_of_information.perfect_information(worth)}
        found |= value_of_information.values_of_information(drawn, self.groups, worth)
        rows = [
            (item, kinds.get(item, PERFECT if item == PERFECT else GROUP), to, value, error)
            for item, estimate in found.items()
            for to, value, error in zip([ALL, *self.partners], *estimate, strict=True)
        ]
        table = pd.DataFrame(rows, columns=columns)
        least_sure = table.groupby("to")["error"].transform("max")
        table["value"] = [as_sure(*pair) for pair in zip(table["value"], least_sure, strict=True)]
        return table

    @property
    def by_who_chooses(self) -> pd.DataFrame:
        """What it is worth to know each item of ``information``, item by who chooses [£].

        What is worth most to all comes first.
        """
        values = self.information.pivot(index="item", columns="to", values="value")
        values = values.reindex(self.information["item"].unique(), columns=[ALL, *self.partners])
        return values.sort_values(ALL, ascending=False, kind="stable")

    @derived
    def not_valued(self) -> dict[str, str]:
        """What may differ and has no range, so that nothing says what to find it out is worth; and why."""
        costed = set(self.tables["risk_costs"]["risk"])
        risks = self.tables["risks"]["risk"] if self.uncertainty.savings.takes_risks else []
        no_cost = {
            f"risk {risk}": "it has no cost in risk_costs.csv"
            for risk in risks
            if risk not in costed
        }
        lines = self.uncertainty.lines_without_range
        return no_cost | dict.fromkeys(lines, "it has no range in flows.csv")

    # in stages

    @derived
    def stages(self) -> pd.DataFrame:
        """The gates of the option within the appraisal in order, a row each.

        Index ``gate``: ``date``, ``reveals`` (the uncertain inputs that it tells of, by name the part
        of the variance that it settles [fraction]), ``stopping`` (what it comes to if the work stops
        there, present value, a loss negative [£]). None where it isn't known what the option brings.
        """
        rows = self.tables.rows("stages", option=self.option)
        rows = rows if self.uncertainty.savings.recurs else rows.head(0)
        years = rows["date"].map(financial_year).astype(int).clip(lower=self.years[0])
        rows = rows.assign(year=years)[years <= self.years[-1]].sort_values("date", kind="stable")
        told = [
            dict(zip(of["reveals"], of["accuracy"], strict=True))
            for _, of in rows.groupby("gate", sort=False)
        ]
        gates = rows.drop_duplicates("gate").set_index("gate")
        factors = gates["year"].map(self.uncertainty.savings.discount_factors)
        spent = gates["spent_gbp"].diff().fillna(gates["spent_gbp"]) * factors
        stopping = -(spent.cumsum() + gates["stopping_cost_gbp"] * factors)
        told = pd.Series(told, gates.index, dtype=object)
        return pd.DataFrame({"date": gates["date"], "reveals": told, "stopping": stopping})

    @property
    def has_stages(self) -> bool:
        """Whether the option has gates at which it may stop, and what it brings is known."""
        return not self.stages.empty

    @derived
    def _in_stages(self) -> Staged:
        drawn = self.uncertainty.drawn(0)
        gates = [
            Gate(
                [
                    _seen(drawn[name], accuracy, name, str(gate.Index))
                    for name, accuracy in gate.reveals.items()
                    if name in drawn  # another scenario may take it as certain
                ],
                gate.stopping,
            )
            for gate in self.stages.itertuples()
        ]
        return stages.in_stages(self.uncertainty.futures(0).worth.sum(axis=1), gates)

    @property
    def stopped(self) -> pd.Series:
        """Share of futures in which the work would stop at each gate [fraction]."""
        stopped = self._in_stages.stopped if self.has_stages else []
        return pd.Series(stopped, self.stages.index, dtype=float)

    @derived
    def staged(self) -> pd.DataFrame:
        """What the option is worth to all, committed to at once and gate by gate.

        Index ``item``: 'commit all now', 'in stages' and 'right to stop', what the second adds to the
        better of the first and of not beginning. ``value`` (expected worth), ``error``, its standard
        error [£], and ``loss``, the chance that it comes to less than nil [fraction]. No row without
        gates.
        """
        if not self.has_stages:
            return pd.DataFrame(columns=["value", "error", "loss"])
        now, staged = self.uncertainty.futures(0).worth.sum(axis=1), self._in_stages.worth
        right = staged - max(now, np.zeros_like(now), key=np.mean)
        drawn = pd.DataFrame({COMMIT: now, IN_STAGES: staged, RIGHT: right})
        error = drawn.std(ddof=0) / np.sqrt(len(drawn))
        value = [as_sure(*of) for of in zip(drawn.mean(), error, strict=True)]
        return pd.DataFrame({"value": value, "error": error, "loss": (drawn < 0).mean()})

    def rows(self) -> Iterator[tidy.Row]:
        """Yield the results, as results.csv has them."""
        if self.is_known:
            yield from self._information_rows()
        if self.has_stages:
            yield from tidy.series("staged_value", self.staged["value"], tidy.MONEY)
            yield from tidy.series("staged_value_error", self.staged["error"], tidy.MONEY)
            yield from tidy.series("stopped_at_gate", self.stopped, tidy.FRACTION)

    def _information_rows(self) -> Iterator[tidy.Row]:
        table = self.information
        of_all = table["to"] == ALL
        items = table["item"].where(of_all, table["item"] + ", " + table["to"])
        for measure, column in (("", "value"), ("_error", "error")):
            values = table[column].set_axis(items)
            yield from tidy.series(f"value_of_information{measure}", values, tidy.MONEY)
        why = pd.Series(self.not_valued, dtype=object)
        not_valued = pd.Series(np.nan, why.index)
        yield from tidy.known("value_of_information", not_valued, tidy.MONEY, "not valued, " + why)


def _seen(draws: np.ndarray, accuracy: float, name: str, gate: str) -> np.ndarray:
    """Return what a gate tells of an input in each draw."""
    noise = uncertainty.own_scores(SEED, 0, f"{name}, seen at {gate}", len(draws))[0]
    return stages.signal(draws, accuracy, noise)
