"""Controls of an explorer: each changes one parameter of the scenario, and says to what."""

import typing
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from businesscase.calculations.wording import words
from businesscase.cases.parameters import ApportionmentRule, Parameters, label_of
from businesscase.study import Study
from businesscase_workbench.explore.settings import Setting, settings
from businesscase_workbench.explore.widgets import NumberControl

Changed = Callable[[], None]


class Numbers:
    """Sliders for a parameter: one, or one for each of its entries."""

    def __init__(self, study: Study, parameter: str, changed: Changed):
        self.parameter = parameter
        self._settings = settings(study, parameter)
        self.sliders = {setting.entry: _slider(setting) for setting in self._settings}
        self.numbers = list(self.sliders.values())
        for slider in self.numbers:
            slider.observe(lambda _: changed(), ["value", "refused"])
        self.widget = _fieldset(parameter, self.numbers)

    def changes(self) -> dict[str, Any]:
        """Return the parameter's new value, nothing if no slider has moved."""
        if not any(slider.value != slider.start for slider in self.numbers):
            return {}
        whole = self._settings[0].is_whole
        values = {
            entry: as_whole(one.value) if whole else one.value
            for entry, one in self.sliders.items()
        }
        return {self.parameter: values.get("", values)}

    def reset(self) -> None:
        """Put every slider back where the scenario has it."""
        for slider in self.numbers:
            slider.refused = ""
            slider.value = slider.start


def as_whole(value: float) -> float:
    """Return a whole number as one, and any other as it is, for the parameters to refuse."""
    return int(value) if value.is_integer() else value


class Choice:
    """A list of what a parameter may be: its own choices, or names of the case."""

    numbers = ()

    def __init__(
        self, study: Study, parameter: str, changed: Changed, options: list[tuple[str, Any]]
    ):
        self.parameter = parameter
        self._start = getattr(study.parameters, parameter)
        label = label_of(parameter)
        self.widget = widgets.Dropdown(options=options, value=self._start, description=label)
        self.widget.observe(lambda _: changed(), "value")

    def changes(self) -> dict[str, Any]:
        """Return the parameter's new value, nothing if it is as the scenario has it."""
        value = self.widget.value
        return {} if value == self._start else {self.parameter: value}

    def reset(self) -> None:
        """Choose again what the scenario has."""
        self.widget.value = self._start


class Weights(Numbers):
    """A slider for each weight; the others may make room, so that all still add up to the same."""

    def __init__(self, study: Study, changed: Changed):
        super().__init__(study, "weights", changed)
        self.make_room = widgets.Checkbox(
            value=False, indent=False, description="The other weights make room"
        )
        self._held = {factor: slider.value for factor, slider in self.sliders.items()}
        self._moving = False
        self._bounds = [slider.highest for slider in self.numbers]
        self.make_room.observe(lambda _: self._bound(), "value")
        for factor, slider in self.sliders.items():
            slider.observe(lambda change, factor=factor: self._follow(factor), "value")
        self.widget = widgets.VBox([self.make_room, self.widget])

    def _bound(self) -> None:
        """Let no weight that others make room for go above what there is to share."""
        total = sum(slider.value for slider in self.numbers)
        for slider, highest in zip(self.numbers, self._bounds, strict=True):
            slider.highest = min(total, highest) if self.make_room.value else highest

    def _follow(self, moved: str) -> None:
        if self._moving:
            return
        self._moving = True
        value = self.sliders[moved].value
        if self.make_room.value:
            for factor, weight in rescaled_weights(self._held, moved, value).items():
                self.sliders[factor].value = weight
        self._held = {factor: slider.value for factor, slider in self.sliders.items()}
        self._moving = False

    def reset(self) -> None:
        """Put every slider back where the scenario has it, none making room for another."""
        self._moving = True
        super().reset()
        self._held = {factor: slider.value for factor, slider in self.sliders.items()}
        self._moving = False
        self._bound()


def rescaled_weights(weights: dict[str, float], moved: str, value: float) -> dict[str, float]:
    """Return weights of the same sum in which one has a new value and the others keep their ratio.

    The value is at most the sum; if the others were all zero they share what is left evenly.

    Examples
    --------
    >>> rescaled_weights({"cost": 50.0, "control": 30.0, "skills": 20.0}, "cost", 75.0)
    {'cost': 75.0, 'control': 15.0, 'skills': 10.0}
    """
    total = sum(weights.values())
    others = {name: weight for name, weight in weights.items() if name != moved}
    value = min(value, total)
    left, held = total - value, sum(others.values())
    shares = {name: weight / held if held else 1 / len(others) for name, weight in others.items()}
    return {name: value if name == moved else left * shares[name] for name in weights}


class Scores:
    """An option and a factor to choose, and a slider for the score of one on the other."""

    def __init__(self, study: Study, changed: Changed):
        self._start = study.options.scores
        self._stated = study.parameters.scores
        self._edited = {}
        scale = study.tables["factors"].iloc[0]
        labels = study.tables["options"].set_index("option")["name"]
        self.option = widgets.Dropdown(
            options=[(f"{letter}  {name}", letter) for letter, name in labels.items()],
            description="Option",
        )
        self.factor = widgets.Dropdown(options=list(self._start), description="Factor")
        self.slider = NumberControl(
            label="Score of the option on the factor",
            lowest=scale["lowest_score"],
            highest=scale["highest_score"],
            step=0.5,
            value=self._score(),
            start=self._score(),
        )
        self.numbers = [self.slider]
        self._choosing = False
        for chosen in (self.option, self.factor):
            chosen.observe(lambda _: self._choose(), "value")
        self.slider.observe(lambda _: self._edit(changed), "value")
        self.slider.observe(lambda _: changed(), "refused")
        self.widget = _group("Edit a score", [self.option, self.factor, self.slider])

    def _score(self) -> float:
        place = (self.option.value, self.factor.value)
        return float(self._edited.get(place, self._start.loc[place]))

    def _choose(self) -> None:
        self._choosing = True
        self.slider.refused = ""
        self.slider.start = float(self._start.loc[self.option.value, self.factor.value])
        self.slider.value = self._score()
        self._choosing = False

    def _edit(self, changed: Changed) -> None:
        if not self._choosing:
            self._edited[self.option.value, self.factor.value] = self.slider.value
            changed()

    def changes(self) -> dict[str, Any]:
        """Return the scores that were edited, by option and factor."""
        scores = {option: dict(by_factor) for option, by_factor in self._stated.items()}
        for (option, factor), score in self._edited.items():
            if score != self._start.loc[option, factor]:
                scores.setdefault(option, {})[factor] = score
        return {} if scores == self._stated else {"scores": scores}

    def reset(self) -> None:
        """Forget every edit."""
        self._edited = {}
        self._choose()


class RiskPositions:
    """A risk to choose, and where it is moved to on the matrix."""

    AXES = ("likelihood", "impact")
    numbers = ()

    def __init__(self, study: Study, changed: Changed):
        self._stated = study.parameters.risk_positions
        # as assessed: what makes all risks likelier comes on top of where a risk is put
        assessed = study.varied(likelihood_shift=0).risks.scored.dropna(subset="standing_score")
        words = {f"standing_{axis}_level": axis for axis in self.AXES}
        numbers = assessed["risk"].astype(str)
        self._start = assessed.set_index(numbers)[list(words)].rename(columns=words)
        self._moved: dict[str, dict[str, str]] = {}
        self.risk = widgets.Dropdown(
            options=[(f"{row.risk}  {row.description[:60]}", str(row.risk)) for row in assessed.itertuples()],
            description="Risk",
        )  # fmt: skip
        levels = study.tables["risk_levels"].sort_values("score")
        self.words = {
            axis: widgets.Dropdown(
                options=list(levels.loc[levels["axis"] == axis, "level"]),
                description=axis.capitalize(),
            )
            for axis in self.AXES
        }
        self._choosing = False
        self._choose()
        self.risk.observe(lambda _: self._choose(), "value")
        for word in self.words.values():
            word.observe(lambda _: self._move(changed), "value")
        self.widget = _group("Move a risk on the matrix", [self.risk, *self.words.values()])

    def _choose(self) -> None:
        self._choosing = True
        now = self._moved.get(self.risk.value, self._start.loc[self.risk.value].to_dict())
        for axis, word in self.words.items():
            word.value = now[axis]
        self._choosing = False

    def _move(self, changed: Changed) -> None:
        if not self._choosing:
            self._moved[self.risk.value] = {axis: word.value for axis, word in self.words.items()}
            changed()

    def changes(self) -> dict[str, Any]:
        """Return the risks that were moved, by number."""
        moved = {
            risk: words
            for risk, words in self._moved.items()
            if words != self._start.loc[risk].to_dict()
        }
        return {"risk_positions": self._stated | moved} if moved else {}

    def reset(self) -> None:
        """Put every risk back."""
        self._moved = {}
        self._choose()


def control(study: Study, parameter: str, changed: Changed):
    """Return the control that fits a parameter's type."""
    if parameter == "weights":
        return Weights(study, changed)
    if parameter == "scores":
        return Scores(study, changed)
    if parameter == "risk_positions":
        return RiskPositions(study, changed)
    annotation = Parameters.model_fields[parameter].annotation
    if typing.get_origin(annotation) is typing.Literal:
        options = [(words(choice), choice) for choice in typing.get_args(annotation)]
        if annotation == ApportionmentRule:
            allowed = {*study.case.known.rules, getattr(study.parameters, parameter)}
            options = [option for option in options if option[1] in allowed]
        return Choice(study, parameter, changed, options)
    if annotation is bool:
        return Choice(study, parameter, changed, [("no", False), ("yes", True)])
    return Numbers(study, parameter, changed)


def _slider(setting: Setting) -> NumberControl:
    return NumberControl(
        label=setting.label,
        unit=setting.unit.partition("by ")[0].strip(),
        lowest=setting.lowest,
        highest=setting.highest,
        step=setting.step,
        whole=setting.is_whole,
        value=setting.value,
        start=setting.value,
    )


def _fieldset(parameter: str, controls: list) -> widgets.Widget:
    if len(controls) == 1:
        return controls[0]
    return _group(label_of(parameter), controls)


def _group(title: str, controls: list) -> widgets.Widget:
    box = widgets.VBox([widgets.HTML(f"<p class='bc-group-title'>{title}</p>"), *controls])
    box.add_class("bc-group")
    return box
