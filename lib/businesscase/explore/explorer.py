"""An explorer: controls at the side, and what the library says of the scenario that they make."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import ipywidgets as widgets

from businesscase.case import BASE, case_names, load_case
from businesscase.errors import InputError
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
    """

    def __init__(self, page: Page, case: str, scenario: str = BASE):
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
        self._choosing = True
        try:
            names = list(load_case(self._case.value).scenarios)
            self._scenario.options = names
            self._scenario.value = scenario if scenario in names else BASE
        except InputError as error:
            self._scenario.options = []
            self._message.text = _refusal(error)
        self._choosing = False
        self._choose_scenario()

    def _choose_scenario(self) -> None:
        if self._choosing or self._scenario.value is None:
            return
        self.study = self.start = load_study(self._case.value, self._scenario.value)
        self._saving.clear()
        self._message.text = ""
        if self.page.section not in self.start.case.section_names():
            self.controls, self._panels = {}, []
            self._sections.children = self._views.children = ()
            self._headline.text = f"This case has no data on {self.page.section}; choose another."
            return
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

    def _changed(self) -> None:
        try:
            asyncio.get_running_loop()
        except RuntimeError:  # no kernel's loop, as in a plain Python session
            asyncio.run(self._show(lambda: False))
        else:
            self._coalescer.request()

    async def _show(self, is_outdated: Callable[[], bool]) -> None:
        try:
            self.study = self.start.moved(self.changes)
        except InputError as error:
            self._message.text = _refusal(error)
            return
        self._message.text = ""
        self._headline.show(self.page.headline(self.study, self.start))
        for view, panel in self._panels:
            await asyncio.sleep(0)  # a newer change goes first
            if is_outdated():
                return
            panel.show(view(self.study, self.start))

    def _save(self) -> None:
        try:
            write_scenario(
                self._case.value,
                self._saving.name.value,
                self._saving.title.value,
                self._saving.why.value,
                self.start.moved(self.changes).parameters,
            )
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
