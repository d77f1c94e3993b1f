"""Many futures of a study at once, and the conditions under which its case fails.

Every uncertain input is drawn as everywhere else, with its range and common cause, and beside it
the choices in which the case's scenarios differ, each level as often as another. Where there are
choices, how often a future fails is therefore no chance of failure; the conditions are what a sweep
is for. At a scenario's own choices it is the chance that the scenario's report gives.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
import pandas as pd

from businesscase.calculations import discovery
from businesscase.calculations.discovery import Box, Columns
from businesscase.cases.errors import InputError
from businesscase.cases.parameters import MEMBERSHIP, Parameters
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
        """The study under each combination of the choices, by the codes of their levels.

        A choice more is a change of the study without it, from which it takes what it leaves alone.
        """
        variants: dict[tuple[int, ...], Study] = {(): self.study}
        for choice in self.levels:
            variants = {
                (*codes, code): study.varied(**package)
                for codes, study in variants.items()
                for code, package in enumerate(self.levels[choice].values())
            }
        return variants

    @cached_property
    def inputs(self) -> pd.DataFrame:
        """What is drawn, choices aside: name, kind, range, shape and common cause, one row an input."""
        every = [study.uncertainty.uncertain_inputs for study in self.variants.values()]
        drawn = pd.concat([table for table in every if len(table)] or every[:1])
        return drawn.drop_duplicates("name", ignore_index=True)

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
        columns: Columns = {}
        for study in self.variants.values():
            own = set(study.uncertainty.uncertain_inputs["name"]) - set(columns)
            if own:
                columns |= study.uncertainty.drawn(number, count, seed, names=own)
        columns = {name: columns[name].astype(np.float32) for name in self.inputs["name"]}
        generator = np.random.default_rng([seed, number])
        for choice, levels in self.levels.items():
            columns[choice] = generator.integers(len(levels), size=count, dtype=np.uint8)
        return columns

    def worth(self, columns: Columns) -> np.ndarray:
        """Return the net present value of each partner in each future [£]."""
        count = len(next(iter(columns.values())))
        worth = np.zeros((count, len(self.study.partners)))
        codes = np.zeros((count, 0), np.uint8)
        if self.levels:
            codes = np.column_stack([columns[choice] for choice in self.levels])
        for chosen, study in self.variants.items():
            rows = np.flatnonzero((codes == chosen).all(axis=1))
            names = study.uncertainty.uncertain_inputs["name"]
            own = {name: columns[name][rows] for name in names}
            if len(rows):
                worth[rows] = study.uncertainty.worth(own, len(rows))
        return worth


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
    columns = ["name", "kind", "low", "central", "high", "shape", "cause", "correlation"]
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
    if not study.savings.recurs:
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
