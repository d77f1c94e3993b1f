"""An explorer: controls at the side, and what the library says of the scenario that they make."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import ipywidgets as widgets

from businesscase.case import BASE, case_names, load_case, unknown_case
from businesscase.errors import InputError, unknown_name
from businesscase.explore.coalesce import Coalescer
from businesscase.explore.controls import control
from businesscase.explore.widgets import ChartPanel, PlotlyLibrary, TablePanel, TextPanel
from businesscase.scenario_file import write_scenario
from businesscase.study import Study, load_study
from businesscase.views.display import Chart, Sentence, Table, literal

# of the scenario as moved and as chosen
View = Callable[[Study, Study], Sentence | Chart | Table]


@dataclass(frozen=True)
class Page:
    """What an explorer shows: a section that the case must have, its controls and its views.

    ``headline`` is shown first and must be quick; the views follow, each when it is ready.
    """

    title: str
    section: str
    parameters: Callable[[Study], list[str]]
    headline: View
    views: Callable[[Study], tuple[View, ...]]


class Explorer:
    """A page of controls and views for one case and scenario, which the user may change.

    Attributes
    ----------
    widget : Widget
        What is displayed.
    study : Study
        The scenario as the controls have it; the last valid one if what they say is refused.

    Raises
    ------
    InputError
        If the case or the scenario is unknown. A case with a fault is opened and says it.
    """

    def __init__(self, page: Page, case: str, scenario: str = BASE):
        if case not in case_names():
            raise InputError(unknown_case(case))
        self.page = page
        self._coalescer = Coalescer(self._show)
        self._headline = TextPanel(live=True)
        self._message = TextPanel(live=True)
        self._sections = widgets.VBox()
        self._sections.add_class("bc-controls")
        self._views = widgets.VBox()
        self._views.add_class("bc-views")
        self._case = widgets.Dropdown(options=case_names(), value=case, description="Case")
        self._scenario = widgets.Dropdown(description="Scenario")
        self._reset = widgets.Button(description="Back to the scenario")
        self._saving = _Saving()
        self._case.observe(lambda _: self._choose_case(), "value")
        self._scenario.observe(lambda _: self._choose_scenario(), "value")
        self._reset.on_click(lambda _: self.reset())
        self._saving.button.on_click(lambda _: self._save())
        self._choosing = False
        self.controls, self._panels = {}, []
        self._choose_case(scenario)
        body = widgets.HBox([self._sections, self._views])
        body.add_class("bc-body")
        top = widgets.HBox([self._case, self._scenario, self._reset])
        top.add_class("bc-top")
        self.widget = widgets.VBox([PlotlyLibrary(), top, self._headline, self._message, body])
        self.widget.add_class("bc-explorer")

    def _repr_mimebundle_(self, include=None, exclude=None):
        # a short text in place of the widgets' own, so that a stored notebook stays small
        bundle = self.widget._repr_mimebundle_(include=include, exclude=exclude)
        return bundle | {"text/plain": f"{self.page.title} ({self._case.value})"}

    @property
    def changes(self) -> dict:
        """What the controls change, by parameter."""
        found = {}
        for one in self.controls.values():
            found |= one.changes()
        if "leaver" in self.controls:
            found.pop("leaves_after", None)
            leaver = found.get("leaver", self.start.parameters.leaver)
            year = round(self.controls["leaves_after"].sliders[""].value) if leaver else None
            if year != self.start.parameters.leaves_after:
                found["leaves_after"] = year
        return found

    def reset(self) -> None:
        """Put every control back where the scenario has it."""
        for one in self.controls.values():
            one.reset()
        self._changed()

    async def settled(self) -> None:
        """Wait until everything shows what the controls say."""
        await self._coalescer.settled()

    def _choose_case(self, scenario: str = BASE) -> None:
        names = []
        try:
            names = list(load_case(self._case.value).scenarios)
        except InputError as error:
            self._refused(error)
        if names and scenario not in names:
            raise InputError(unknown_name("scenario", scenario, names))
        self._choosing = True
        self._scenario.options = names
        self._scenario.value = scenario if names else None
        self._choosing = False
        self._choose_scenario()

    def _choose_scenario(self) -> None:
        if self._choosing or self._scenario.value is None:
            return
        self._saving.clear()
        self._message.text = ""
        try:
            self.study = self.start = load_study(self._case.value, self._scenario.value)
            if self.page.section in self.start.case.section_names():
                self._open()
            else:
                self._empty(f"This case has no data on {self.page.section}; choose another.")
        except InputError as error:
            self._refused(error)

    def _open(self) -> None:
        """Show the controls and views of the scenario as it was chosen."""
        self.controls = {
            name: control(self.start, name, self._changed)
            for name in self.page.parameters(self.start)
        }
        self._sections.children = [
            *(one.widget for one in self.controls.values()),
            self._saving.widget,
        ]
        self._panels = [
            (view, _panel(view(self.start, self.start))) for view in self.page.views(self.start)
        ]
        self._views.children = [panel for _, panel in self._panels]
        self._headline.show(self.page.headline(self.start, self.start))

    def _empty(self, headline: str = "") -> None:
        """Leave nothing to move and no figure, so that none stands under another case's name."""
        self.controls, self._panels = {}, []
        self._sections.children = self._views.children = ()
        self._headline.text = headline

    def _refused(self, error: InputError) -> None:
        self._empty()
        self._message.text = _refusal(error)

    def _changed(self) -> None:
        try:
            asyncio.get_running_loop()
        except RuntimeError:  # no kernel's loop, as in a plain Python session
            asyncio.run(self._show(lambda: False))
        else:
            self._coalescer.request()

    async def _show(self, is_outdated: Callable[[], bool]) -> None:
        if not self.controls:  # of a change made before the case was chosen
            return
        start, panels = self.start, self._panels
        try:
            self.study = study = start.moved(self.changes)
            self._message.text = ""
            self._headline.show(self.page.headline(study, start))
            for view, panel in panels:
                await asyncio.sleep(0)  # a newer change goes first
                if is_outdated():
                    return
                panel.show(view(study, start))
        except InputError as error:
            self._message.text = _refusal(error)

    def _save(self) -> None:
        try:
            write_scenario(
                self._case.value,
                self._saving.name.value,
                self._saving.title.value,
                self._saving.why.value,
                self.start.moved(self.changes).parameters,
            )
        except OSError as error:
            said = InputError(f"{error.filename}: {error.strerror}")
            self._saving.message.text = _refusal(said)
            return
        except InputError as error:
            self._saving.message.text = _refusal(error)
            return
        name = self._saving.name.value
        self._choose_case(name)
        self._saving.message.text = (
            f"Saved as scenario **{literal(name)}** of {self._case.value}; the next report has it."
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
