"""An explorer: controls at the side, and what the library says of the scenario that they make."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import ipywidgets as widgets

from businesscase.cases.case import BASE, current_case, unknown_case
from businesscase.cases.errors import InputError, unknown_name
from businesscase.cases.project import case_names, data_folders
from businesscase.cases.scenario_file import write_scenario
from businesscase.shown.display import Chart, Sentence, Table, literal
from businesscase.study import Study, load_study
from businesscase_workbench.explore.coalesce import Coalescer
from businesscase_workbench.explore.controls import control
from businesscase_workbench.explore.widgets import (
    ChartPanel,
    Connection,
    PlotlyLibrary,
    TablePanel,
    TextPanel,
)

STALE = "bc-stale"  # the class of an explorer whose figures are not those of its controls
NEW_CASE = "'businesscase new our-case' makes one"
GREYED = "The greyed figures are those from before."
# of the scenario as moved and as chosen
View = Callable[[Study, Study], Sentence | Chart | Table]


@dataclass(frozen=True)
class Page:
    """What an explorer shows: a section that the case must have, its controls and its views.

    ``example`` is the case that it opens on where that is in the folder. ``headline`` is shown first and must be quick; the views follow, each when it is ready.
    """

    title: str
    section: str
    example: str
    parameters: Callable[[Study], list[str]]
    headline: View
    views: Callable[[Study], tuple[View, ...]]


class Explorer:
    """A page of controls and views for one case and scenario, which the user may change.

    Without the name of a case it opens on one that has what it shows.

    Attributes
    ----------
    widget : Widget
        What is displayed.
    study : Study
        The scenario as the controls have it; the last valid one if what they say is refused.
    headline, message : TextPanel
        What is found, and what is not possible.
    controls : dict
        The controls by parameter, which are in ``sections``.
    panels : list
        Each view and where it is shown, which are in ``views``.
    case, scenario : Dropdown
        What is shown; ``saving`` is where another scenario is named.
    coalescer : Coalescer
        What runs the model after changes.

    Raises
    ------
    InputError
        If the case or the scenario is unknown. A case with a fault is opened and says it.
    """

    def __init__(self, page: Page, case: str, scenario: str = BASE):
        names = case_names()
        case = case or _first_case(page, names)
        if names:
            _refuse_unknown(case, scenario)
        self.page = page
        self.coalescer = Coalescer(self._show)
        self.headline = TextPanel(live=True)
        self.headline.add_class("bc-headline")
        self.message = TextPanel(live=True)
        self.message.add_class("bc-notice")
        self.sections = widgets.VBox()
        self.sections.add_class("bc-controls")
        self.views = widgets.VBox()
        self.views.add_class("bc-views")
        self.case = widgets.Dropdown(options=names, value=case, description="Case")
        self.scenario = widgets.Dropdown(description="Scenario")
        self._reset = widgets.Button(description="Back to the scenario")
        self.saving = _Saving()
        self.case.observe(lambda _: self._choose(BASE), "value")
        self.scenario.observe(lambda _: self._choose_scenario(), "value")
        self._reset.on_click(lambda _: self.reset())
        self.saving.button.on_click(lambda _: self._save())
        body = widgets.HBox([self.sections, self.views])
        body.add_class("bc-body")
        top = widgets.HBox([self.case, self.scenario, self._reset])
        top.add_class("bc-top")
        self.widget = widgets.VBox(
            [PlotlyLibrary(), top, Connection(), self.message, self.headline, body]
        )
        self.widget.add_class("bc-explorer")
        self._choosing = False
        self.controls, self.panels = {}, []
        if names:
            self._choose(scenario)
        else:
            self._empty(f"There is no case in {data_folders()[0].name}/ yet; {NEW_CASE}.")

    def _repr_mimebundle_(self, include=None, exclude=None):
        # a short text in place of the widgets' own, so that a stored notebook stays small
        bundle = self.widget._repr_mimebundle_(include=include, exclude=exclude)
        return bundle | {"text/plain": f"{self.page.title} ({self.case.value})"}

    @property
    def changes(self) -> dict:
        """What the controls change, by parameter.

        Raises
        ------
        InputError
            With one sentence for each box that holds what is refused.
        """
        numbers = [number for one in self.controls.values() for number in one.numbers]
        refused = [f"{number.label}: {number.refused}" for number in numbers if number.refused]
        if refused:
            raise InputError(refused)
        found = {}
        for one in self.controls.values():
            found |= one.changes()
        return found

    def reset(self) -> None:
        """Put every control back where the scenario has it."""
        for one in self.controls.values():
            one.reset()
        self._changed()

    async def settled(self) -> None:
        """Wait until everything shows what the controls say."""
        await self.coalescer.settled()

    def _choose_scenario(self) -> None:
        if not self._choosing and self.scenario.value is not None:
            self._choose(self.scenario.value)

    def _choose(self, scenario: str) -> None:
        """Show a scenario of the chosen case as its files are now, or say what is wrong with them."""
        self.saving.clear()
        self.message.text = ""
        self.widget.remove_class(STALE)
        names = []
        try:
            names = list(current_case(self.case.value).scenarios)
            self._name_scenarios(names, scenario)
            self.study = self.start = load_study(self.case.value, scenario)
            if self.page.section in self.start.case.section_names():
                self._open()
            else:
                self._empty(f"This case has no data on {self.page.section}; choose another.")
        except InputError as error:
            self._name_scenarios(names, scenario)
            self._refused(error)

    def _name_scenarios(self, names: list[str], chosen: str) -> None:
        self._choosing = True
        self.scenario.options = names
        self.scenario.value = chosen if chosen in names else None
        self._choosing = False

    def _open(self) -> None:
        """Show the controls and views of the scenario as it was chosen."""
        self.controls = {
            name: control(self.start, name, self._changed)
            for name in self.page.parameters(self.start)
        }
        self.sections.children = [
            *(one.widget for one in self.controls.values()),
            self.saving.widget,
        ]
        self.panels = [
            (view, _panel(view(self.start, self.start))) for view in self.page.views(self.start)
        ]
        self.views.children = [panel for _, panel in self.panels]
        self.headline.show(self.page.headline(self.start, self.start))

    def _empty(self, headline: str = "") -> None:
        """Leave nothing to move and no figure, so that none stands under another case's name."""
        self.controls, self.panels = {}, []
        self.sections.children = self.views.children = ()
        self.headline.text = headline

    def _refused(self, error: InputError) -> None:
        self._empty()
        self.message.text = _refusal(error)

    def _changed(self) -> None:
        try:
            asyncio.get_running_loop()
        except RuntimeError:  # no kernel's loop, as in a plain Python session
            asyncio.run(self._show(lambda: False))
        else:
            self.coalescer.request()

    async def _show(self, is_outdated: Callable[[], bool]) -> None:
        if not self.controls:  # of a change made before the case was chosen
            return
        start, panels = self.start, self.panels
        self.widget.add_class(STALE)
        try:
            self.study = study = start.moved(self.changes)
            self.headline.show(self.page.headline(study, start))
            for view, panel in panels:
                await asyncio.sleep(0)  # a newer change goes first
                if is_outdated() or panels is not self.panels:
                    return
                panel.show(view(study, start))
        except InputError as error:
            self.message.text = f"{_refusal(error)}\n\n{GREYED}"
            return
        except Exception as error:
            fault = InputError(f"the workbook itself failed ({type(error).__name__}: {error})")
            self.message.text = f"{_refusal(fault)}\n\n{GREYED}"
            raise
        self.message.text = ""
        self.widget.remove_class(STALE)

    def _save(self) -> None:
        try:
            write_scenario(
                self.case.value,
                self.saving.name.value,
                self.saving.title.value,
                self.saving.why.value,
                self.start.moved(self.changes).parameters,
            )
        except OSError as error:
            said = InputError(f"{error.filename}: {error.strerror}")
            self.saving.message.text = _refusal(said)
            return
        except InputError as error:
            self.saving.message.text = _refusal(error)
            return
        name = self.saving.name.value
        self._choose(name)
        self.saving.message.text = (
            f"Saved as scenario **{literal(name)}** of {self.case.value}; the next report has it."
        )


class _Saving:
    """The fields in which a scenario is named."""

    def __init__(self):
        self.name = widgets.Text(description="Name", placeholder="slow-start")
        self.title = widgets.Text(description="Title", placeholder="Savings start late")
        self.why = widgets.Textarea(description="Why", placeholder="Why this is plausible")
        self.button = widgets.Button(description="Save as a scenario")
        self.message = TextPanel(live=True)
        self.widget = widgets.VBox([self.name, self.title, self.why, self.button, self.message])
        self.widget.add_class("bc-group")

    def clear(self) -> None:
        """Empty the fields."""
        self.message.text = ""
        for field in (self.name, self.title, self.why):
            field.value = ""


def _first_case(page: Page, names: list[str]) -> str | None:
    """Return the case that a page opens on: its example, else the first that has what it shows."""
    if page.example in names:
        return page.example
    return next(
        (name for name in names if page.section in _sections(name)), next(iter(names), None)
    )


def _sections(name: str) -> list[str]:
    try:
        return current_case(name).section_names()
    except InputError:
        return []


def _refuse_unknown(case: str, scenario: str) -> None:
    if case not in case_names():
        raise InputError(unknown_case(case))
    try:
        names = current_case(case).scenarios
    except InputError:  # opened all the same, to say it
        return
    if scenario not in names:
        raise InputError(unknown_name("scenario", scenario, names))


def _panel(content: Sentence | Chart | Table):
    if isinstance(content, Chart):
        panel = ChartPanel()
    elif isinstance(content, Table):
        panel = TablePanel()
    else:
        panel = TextPanel()
    panel.show(content)
    return panel


def _refusal(error: InputError) -> str:
    return "\n\n".join(f"**Not possible:** {literal(fault)}" for fault in error.faults)
