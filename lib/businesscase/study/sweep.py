"""Many futures of a study at once, and the conditions under which its case fails.

Every uncertain input is drawn: those of the simulation with their ranges and common causes, the
parameters of sensitivities.csv that it leaves at one value, evenly over their range, and the
choices in which the case's scenarios differ, each level as often as another. How often a future
fails is therefore no chance of failure; the conditions are what a sweep is for.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
import pandas as pd

from businesscase.calculations import appraisal, discovery, savings, uncertainty
from businesscase.calculations.discovery import Box, Columns
from businesscase.cases.errors import InputError
from businesscase.cases.parameters import MEMBERSHIP, Parameters
from businesscase.cases.validation import has_recurring_flows
from businesscase.study import Study

CHUNK = 20_000  # futures made at a time, a row group of the file
MOST_PEELED = 100_000  # futures in which conditions are sought; they are counted in all
STRIPS = 20  # parts of an input's range for which the share of failures is kept
CHOICES = {
    # what scenarios may choose, and the parameters that only mean something together
    "option": ("option",),
    "membership": MEMBERSHIP,
    "sharing": (
        "cost_apportionment",
        "saving_apportionment",
        "cost_mix",
        "saving_mix",
        "phase_in_years",
        "no_detriment",
    ),
    "optimism_bias": ("optimism_bias",),
}
VARIED = ("option", "membership", "sharing")  # choices that need flows of their own
KINDS = PARTNERSHIP, ANY_PARTNER = ("partnership", "any_partner")  # whose loss is a failure
FAILURE, SUCCESS = "failure", "success"


class Futures(NamedTuple):
    """Inputs of some futures, by name, and net present values, future by partner [£]."""

    columns: Columns
    worth: np.ndarray

    @property
    def fails(self) -> dict[str, np.ndarray]:
        """Whether each future fails: all partners together lose, or any partner does."""
        return {PARTNERSHIP: self.worth.sum(axis=1) < 0, ANY_PARTNER: (self.worth < 0).any(axis=1)}


@dataclass(frozen=True)
class Sweep:
    """The futures of a study.

    Attributes
    ----------
    study : Study
        The case under the scenario from whose settings the inputs are drawn.
    """

    study: Study

    @cached_property
    def levels(self) -> dict[str, dict[str, dict]]:
        """Parameters of each level of each choice, by choice and level, this study's level first.

        A level is named by its option or uplift, else by the scenario that makes it. A choice on
        which all scenarios of the case agree isn't one.
        """
        found = {}
        scenarios = self.study.case.scenarios
        every = {self.study.scenario_name: self.study.parameters}
        every |= {name: scenarios[name].parameters for name in scenarios if name not in every}
        for choice, names in CHOICES.items():
            levels = {}
            for scenario, parameters in every.items():
                package = self._package(parameters, names)
                if package not in levels.values():
                    own = package.get("option") or package.get("optimism_bias") or scenario
                    levels[own] = package
            if len(levels) > 1:
                found[choice] = levels
        return found

    def _package(self, parameters: Parameters, names: tuple[str, ...]) -> dict:
        package = parameters.model_dump(include=set(names))
        if "option" in package:
            return {"option": package["option"] or self.study.case.file.preferred_option}
        if "leaves" in package and not (package["leaves"] or package["joins"]):
            return Parameters().model_dump(include=set(names))  # the others mean nothing then
        return package

    @property
    def titles(self) -> dict[str, dict[str, str]]:
        """What a reader sees of each level, by choice and level."""
        return {
            choice: {level: self._title(choice, level, told) for level, told in levels.items()}
            for choice, levels in self.levels.items()
        }

    def _title(self, choice: str, level: str, package: dict) -> str:
        if choice == "option":
            return f"option {level}"
        if choice == "optimism_bias":
            return "no optimism bias" if level == "none" else "optimism bias applied"
        if package.get("leaves") == {} == package["joins"]:
            return "nobody joins late or leaves early"
        return self.study.case.scenarios[level].title

    @cached_property
    def variants(self) -> dict[tuple[int, ...], Study]:
        """The study under each combination of the choices that need flows of their own."""
        variants: dict[tuple[int, ...], dict] = {(): {}}
        for choice in self._varied:
            variants = {
                (*codes, code): changes | package
                for codes, changes in variants.items()
                for code, package in enumerate(self.levels[choice].values())
            }
        return {codes: self.study.varied(**changes) for codes, changes in variants.items()}

    @property
    def _varied(self) -> list[str]:
        return [choice for choice in VARIED if choice in self.levels]

    @cached_property
    def inputs(self) -> pd.DataFrame:
        """What is drawn, choices aside: name, range, shape and common cause, one row an input."""
        studies = list(self.variants.values())
        drawn = pd.concat([study.uncertainty.uncertain_inputs for study in studies])
        ranges = pd.concat([study.uncertainty.tried_ranges for study in studies])
        ranges = ranges[~ranges["drawn"]].drop_duplicates("parameter")
        even = pd.DataFrame(
            {
                "name": ranges["parameter"],
                "is_line": False,
                "more_is_better": False,
                **self.study.uncertainty.drawn_ranges(ranges),
                "shape": "even",
                "cause": "",
                "correlation": 0.0,
            }
        )
        parts = [part for part in (drawn.drop_duplicates("name"), even) if not part.empty]
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def tables(self) -> dict[str, np.ndarray]:
        """Values of the PERT distributions by normal score, by input."""
        return {
            row.name: uncertainty.pert_table(row.low, row.central, row.high)
            for row in self.inputs[self.inputs["shape"] == "pert"].itertuples(index=False)
        }

    def futures(self, number: int, count: int, seed: int) -> Futures:
        """Return a chunk of futures, the same wherever and in whatever order chunks are made.

        Parameters
        ----------
        number : int
            Number of the chunk, from 0.
        count : int
            Futures in it.
        seed : int
            Seed of the sweep.
        """
        columns = self.drawn(number, count, seed)
        return Futures(columns, self.worth(columns))

    def drawn(self, number: int, count: int, seed: int) -> Columns:
        """Return the inputs of a chunk: numbers as float32, choices as codes of their levels.

        Worth is computed from the numbers as rounded, so that what a file holds gives it again.
        """
        of_scores, of_rest = np.random.SeedSequence(seed, spawn_key=(number,)).spawn(2)
        inputs = self.inputs
        causes, correlations = list(inputs["cause"]), list(inputs["correlation"])
        scores = uncertainty.normal_scores(count, causes, correlations, of_scores)
        generator = np.random.default_rng(of_rest)
        columns: Columns = {}
        for row, score in zip(inputs.itertuples(index=False), scores, strict=True):
            # high is bad for all, so that inputs of a common cause go wrong together
            adverse = -score if row.more_is_better else score
            even = generator.random(count) if row.shape == "even" else None
            columns[row.name] = self._values(row, adverse, even).astype(np.float32)
        for choice, levels in self.levels.items():
            columns[choice] = generator.integers(len(levels), size=count, dtype=np.uint8)
        return columns

    def _values(self, row, scores: np.ndarray, even: np.ndarray | None) -> np.ndarray:
        from scipy.special import ndtr  # slow to import

        if even is not None:
            return row.low + (row.high - row.low) * even
        if row.name in self.outcomes:
            return uncertainty.reference_class(ndtr(scores), self.outcomes[row.name])
        if row.name in self.tables:
            return uncertainty.tabulated(scores, self.tables[row.name])
        return uncertainty.SHAPES[row.shape](ndtr(scores), row.low, row.central, row.high)

    @cached_property
    def outcomes(self) -> dict[str, np.ndarray]:
        """What others got, by input, where the scenario draws from that instead of a range."""
        from_others = self.study.parameters.realisation_from == "reference_class"
        return self.study.uncertainty.reference_class if from_others else {}

    def worth(self, columns: Columns) -> np.ndarray:
        """Return the net present value of each partner in each future [£]."""
        count = len(next(iter(columns.values())))
        worth = np.zeros((count, len(self.study.partners)))
        codes = np.zeros((count, 0), np.uint8)
        if self._varied:
            codes = np.column_stack([columns[choice] for choice in self._varied])
        for chosen, study in self.variants.items():
            rows = np.flatnonzero((codes == chosen).all(axis=1))
            part = {name: column[rows] for name, column in columns.items()}
            if len(rows):
                worth[rows] = self._worth_of(chosen, study, part, len(rows))
        return worth

    def _worth_of(
        self, chosen: tuple[int, ...], study: Study, columns: Columns, count: int
    ) -> np.ndarray:
        at_nil, of_baseline = self.prepared[chosen]
        levers, lines = self._levers(columns, count), self._multiples(columns)

        def net_of(select: savings.Selection) -> np.ndarray:
            net = savings.linear(select(at_nil), study.partners).net(levers, lines)
            if of_baseline is not None:
                more = savings.linear(select(of_baseline), study.partners).net(levers, lines)
                net += columns["baseline_cost_change"].astype(float)[:, None, None] * more
            return net

        net = savings.net_with_floor(net_of, study.parameters.no_detriment, savings.economic)
        factors = self._discount_factors(columns, count)
        return appraisal.present_value(net, factors[:, None, :])

    def _levers(self, columns: Columns, count: int) -> dict[str, np.ndarray]:
        """Return the levers of the savings model, one value a future."""
        set_at = self.study.parameters
        levers = {
            name: columns[name].astype(float) if name in columns else np.full(count, getattr(set_at, name))
            for name in savings.MOVED
        }  # fmt: skip
        if not self._overrun_from_others:
            levers["overrun"] = (1 + levers["overrun"]) * (1 + self._biases(columns)) - 1
        return levers

    @cached_property
    def _overrun_from_others(self) -> bool:
        """Whether the overrun is what others got, which is raised for no optimism bias."""
        drawn = self.inputs[self.inputs["shape"] != "even"]
        return "overrun" in self.outcomes and "overrun" in set(drawn["name"])

    def _biases(self, columns: Columns) -> np.ndarray | float:
        if "optimism_bias" not in columns:
            return self.study.savings.optimism_bias
        return self.uplifts[columns["optimism_bias"]]

    @cached_property
    def uplifts(self) -> np.ndarray:
        """Uplift of one-off cost at each level of the optimism bias [fraction]."""
        levels = self.levels["optimism_bias"].values()
        return np.array([self.study.varied(**package).savings.optimism_bias for package in levels])

    def _multiples(self, columns: Columns) -> savings.Multiples:
        lines = self.inputs[self.inputs["is_line"].astype(bool)]
        return {
            (row.flow, row.line): columns[row.name].astype(float)
            for row in lines.itertuples(index=False)
        }

    def _discount_factors(self, columns: Columns, count: int) -> np.ndarray:
        """Return discount factors, future by year [fraction]; year 0 is not discounted."""
        factors = self.study.savings.discount_factors.to_numpy(float)
        if "discount_rate" not in columns:
            return np.broadcast_to(factors, (count, len(factors)))
        growth = 1 + columns["discount_rate"].astype(float)
        return growth[:, None] ** -np.arange(len(factors))

    @cached_property
    def prepared(self) -> dict[tuple[int, ...], tuple[pd.DataFrame, pd.DataFrame | None]]:
        """Flows of each variant ready for the levers, and what a whole baseline more adds [£].

        The second is None where a change of the baseline cost moves nothing.
        """
        names = list(self.inputs["name"])
        longest = self.study.parameters.delay_years
        if "delay_years" in names:
            longest = self.inputs.set_index("name").at["delay_years", "high"]
        found = {}
        for codes, study in self.variants.items():
            found[codes] = study.savings.prepared_flows(longest), None
            if "baseline_cost_change" in names:
                at_nil, at_one = (
                    study.varied(baseline_cost_change=change).savings.prepared_flows(longest)
                    for change in (0.0, 1.0)
                )
                found[codes] = at_nil, at_one - at_nil
        return found


def chunks(draws: int) -> list[tuple[int, int]]:
    """Return the number and the size of each chunk of a sweep.

    Examples
    --------
    >>> chunks(45_000)
    [(0, 20000), (1, 20000), (2, 5000)]
    """
    return [
        (number, min(CHUNK, draws - start)) for number, start in enumerate(range(0, draws, CHUNK))
    ]


class Condition(NamedTuple):
    """One condition of a box, and what is lost without it."""

    name: str
    low: float | None
    high: float | None
    levels: list[str]
    coverage_without: float
    density_without: float
    quasi_p_value: float


class Found(NamedTuple):
    """The conditions under which something fails, or succeeds where that is rarer.

    There are none if no condition tells the two apart. ``coverage``, ``density`` and ``mass`` are
    of what is sought; ``share`` and ``strips``, by input the share in each part of its range or at
    each level, are of failures.
    """

    share: float
    sought: str
    conditions: list[Condition]
    coverage: float
    density: float
    mass: float
    trajectory: list[dict]
    strips: dict[str, list[float | None]]


@dataclass(frozen=True)
class Findings:
    """What a sweep found, small enough for a JSON file."""

    case: str
    scenario: str
    draws: int
    seed: int
    input_hash: str
    inputs: list[dict]
    choices: dict[str, dict[str, str]]
    fails: dict[str, Found]

    def as_dict(self) -> dict:
        """Return plain dictionaries, lists and numbers."""
        fails = {
            of: found._asdict() | {"conditions": [kept._asdict() for kept in found.conditions]}
            for of, found in self.fails.items()
        }
        return asdict(self) | {"fails": fails}

    @classmethod
    def from_dict(cls, content: dict) -> Self:
        """Return findings from what ``as_dict`` gave."""
        fails = {
            of: Found(**found | {"conditions": [Condition(**kept) for kept in found["conditions"]]})
            for of, found in content["fails"].items()
        }
        return cls(**content | {"fails": fails})


class Peeled:
    """The first futures of a sweep, kept for the peel in arrays of one size, and all counted."""

    def __init__(self, draws: int):
        self.kept, self.columns, self.fails = min(draws, MOST_PEELED), {}, {}
        self.counted, self.failed = 0, {}

    def add(self, futures: Futures) -> None:
        """Count a chunk, and keep it as far as there is room; chunks come in their order."""
        start, self.counted = self.counted, self.counted + len(futures.worth)
        stop = min(self.counted, self.kept)
        for kept, given in ((self.columns, futures.columns), (self.fails, futures.fails)):
            for name, values in given.items():
                if start < stop:
                    kept.setdefault(name, np.empty(self.kept, values.dtype))
                    kept[name][start:stop] = values[: stop - start]
        for of, fails in futures.fails.items():
            self.failed[of] = self.failed.get(of, 0) + int(fails.sum())

    @property
    def sought(self) -> dict[str, str]:
        """What conditions are sought for, of failure and success the one that is rarer."""
        return {
            of: FAILURE if failed <= self.counted / 2 else SUCCESS
            for of, failed in self.failed.items()
        }

    def hits(self, of: str) -> np.ndarray:
        """Return which of the futures kept are what is sought."""
        return as_sought(self.fails[of], self.sought[of])

    def boxes(self) -> dict[str, Box]:
        """Return the conditions found for each kind of failure."""
        return {of: discovery.discovered(self.columns, self.hits(of)) for of in self.fails}


def as_sought(fails: np.ndarray, sought: str) -> np.ndarray:
    """Return which futures are what is sought, given those that fail."""
    return fails if sought == FAILURE else ~fails


def findings(
    sweep: Sweep, peeled: Peeled, seed: int, boxes: dict[str, Box], counted: dict[str, Box]
) -> Findings:
    """Return what a sweep found.

    Parameters
    ----------
    sweep : Sweep
        What was swept.
    peeled : Peeled
        The futures kept for the peel.
    seed : int
        Seed of the sweep.
    boxes : dict of Box
        Conditions of each kind of failure, counted in the futures kept.
    counted : dict of Box
        The same, counted in all futures.
    """
    study = sweep.study
    columns = ["name", "is_line", "low", "central", "high", "shape", "cause", "correlation"]
    return Findings(
        study.case.name,
        study.scenario_name,
        peeled.counted,
        seed,
        study.case.input_hash,
        sweep.inputs[columns].astype(object).to_dict("records"),
        sweep.titles,
        {
            of: _found(sweep, peeled, of, boxes[of], counted[of])
            for of in boxes
        },
    )  # fmt: skip


def _found(sweep: Sweep, peeled: Peeled, of: str, box: Box, counted: Box) -> Found:
    columns, hits = peeled.columns, peeled.hits(of)
    widened = {name: discovery.without(columns, hits, box, name) for name in box.conditions}
    kept = [_condition(sweep, box, name, wider) for name, wider in widened.items()]
    kept.sort(key=lambda condition: condition.density_without)  # what matters most comes first
    path = discovery.trajectory({name: columns[name] for name in box.conditions}, hits)
    return Found(
        peeled.failed[of] / peeled.counted,
        peeled.sought[of],
        kept,
        counted.coverage,
        counted.density,
        counted.mass,
        [
            {"coverage": at.coverage, "density": at.density, "mass": at.mass, "inputs": len(at.conditions)}
            for at in path
        ],
        {name: _strips(sweep, name, columns[name], peeled.fails[of]) for name in columns},
    )  # fmt: skip


def _condition(sweep: Sweep, box: Box, name: str, wider: Box) -> Condition:
    kept = box.conditions[name]
    low = high = None
    levels = []
    if isinstance(kept, frozenset):
        levels = [level for code, level in enumerate(sweep.levels[name]) if code in kept]
    else:
        low, high = (float(limit) if np.isfinite(limit) else None for limit in kept)
    chance = discovery.quasi_p_value(box, wider)
    return Condition(name, low, high, levels, wider.coverage, wider.density, chance)


def _strips(sweep: Sweep, name: str, column: np.ndarray, fails: np.ndarray) -> list[float | None]:
    """Return the share of failures in each part of an input's range, or at each level."""
    if name in sweep.levels:
        parts, count = column, len(sweep.levels[name])
    else:
        low, high = sweep.inputs.set_index("name").loc[name, ["low", "high"]].astype(float)
        count, width = STRIPS, (high - low) or 1.0  # what can't vary lies in the first part
        parts = np.clip((column - low) / width * count, 0, count - 1).astype(int)
    futures = np.bincount(parts, minlength=count)
    failed = np.bincount(parts, weights=fails, minlength=count)
    return [
        float(hits / all_) if all_ else None for hits, all_ in zip(failed, futures, strict=True)
    ]


def sweep_of(study: Study) -> Sweep:
    """Return the sweep of a study.

    Raises
    ------
    InputError
        If no money of the case recurs.
    """
    if not has_recurring_flows(study.tables):
        raise InputError(
            f"{study.case.name}: flows.csv states no money that recurs, such as a saving; a sweep needs some"
        )
    return Sweep(study)


def swept(study: Study, draws: int, seed: int) -> Findings:
    """Return what a sweep finds, without a file; conditions are counted in the futures kept."""
    sweep = sweep_of(study)
    peeled = Peeled(draws)
    for number, count in chunks(draws):
        peeled.add(sweep.futures(number, count, seed))
    boxes = peeled.boxes()
    return findings(sweep, peeled, seed, boxes, boxes)


def counted_in(
    boxes: dict[str, Box], sought: dict[str, str], parts: Iterable[tuple[Columns, dict]]
) -> dict[str, Box]:
    """Return boxes counted anew, in the inputs and failures of futures that come part by part."""
    totals = {of: np.zeros(4, int) for of in boxes}
    for columns, fails in parts:
        for of, box in boxes.items():
            hits = as_sought(fails[of], sought[of])
            at = discovery.measured(columns, hits, box.conditions)
            totals[of] += at.futures, at.hits, at.all_futures, at.all_hits
    return {of: Box(box.conditions, *map(int, totals[of])) for of, box in boxes.items()}
