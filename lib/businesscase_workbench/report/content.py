"""What a report says, in order, whatever the format: chapters of headings, prose, tables, figures."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING

import mistune
import pandas as pd

from businesscase import __version__
from businesscase.calculations.wording import minus_kept, plain, printed, words
from businesscase.cases.case import BASE, COMPARISON, documents
from businesscase.cases.parameters import Parameters, unit_of
from businesscase.cases.schema import SECTION_TABLES, SHARED_TABLES, TABLES
from businesscase.shown import assurance, common, decision, front, outturn, resolutions, verdicts
from businesscase.shown.display import CHART, PLOTLY, TABLE, Sentence, Table, literal
from businesscase.shown.log import CHAPTERS, assumptions_log, used_in
from businesscase.study import Study, results
from businesscase.study.decision import LACKS

if TYPE_CHECKING:  # slow to import, and no matter of the process that leads a batch
    from nbformat import NotebookNode

NOTEBOOK_ONLY = "notebook-only"  # tag of a cell that repeats what the report says once
PURPOSE = "Purpose"
ALL_SCENARIOS = "all of the case"
COMPARED = "All scenarios compared"
TURNING = ("Which single change would turn it?", "What would change this answer?")
MADE = "How this report was made"
NOTHING_LISTED = "Nothing to list in this case"  # heading of what has no rows, in one list
READ_AS_DATA = "The case's folder was read as data: nothing in it was run as code."
GIVEN_WITH = {"options": ["options"], "plan": ["work_packages"]}  # tables that feed no result
IMPLICATIONS = ("What else must members know?",)
RESOLVED = "What would the cabinet resolve?"
# the report has one chapter, or one place in it, for each of these
TOLD_ONCE = ("Checks", "Assumptions used", "Why?", RESOLVED, *IMPLICATIONS)


@dataclass(frozen=True)
class Heading:
    """A heading within a chapter; the chapter's own is of level 2."""

    text: str
    level: int = 3


@dataclass(frozen=True)
class Prose:
    """Text as Markdown has it; raw HTML in it is text too."""

    text: str


class Explanation(Prose):
    """Prose of the notebook itself, which says how to read what is shown after it."""


class Absence(Prose):
    """The sentence that stands for a table without rows."""


@dataclass(frozen=True)
class Verdict:
    """The recommendation, as words that stand out; its colour is that of those before a comma."""

    text: str


@dataclass(frozen=True)
class Plain:
    """What a notebook shows as plain text."""

    text: str


@dataclass(frozen=True)
class TableShown:
    """A table as it is read: texts in rows, of which the first cell names the row."""

    caption: str
    labels: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]
    number: str = ""


@dataclass(frozen=True)
class FigureShown:
    """A chart: its finding as title, words for those who can't see it, plotly's figure, its numbers."""

    name: str
    title: str
    description: str
    figure: dict
    data: TableShown
    number: str = ""


Block = Heading | Prose | Verdict | Plain | TableShown | FigureShown


@dataclass(frozen=True)
class Chapter:
    """A chapter: ``name`` is its address in the page, empty ``blocks`` mean that nothing is known."""

    name: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Report:
    """A report: title, question, what it is about in pairs of label and text, and its chapters.

    Each chapter of ``front`` has a page of its own before the contents.
    """

    title: str
    question: str
    facts: tuple[tuple[str, str], ...]
    chapters: tuple[Chapter, ...]
    subtitle: str = ""
    front: tuple[Chapter, ...] = ()


def report_of(study: Study, notebooks: Mapping[str, "NotebookNode"]) -> Report:
    """Return the report of a study in the order of a cabinet report.

    Parameters
    ----------
    study : Study
        The case under the scenario.
    notebooks : mapping of str to NotebookNode
        Every notebook by section; executed for the sections that the case has.
    """
    file, present = study.case.file, study.case.chapter_names()
    told = {
        name: list(_blocks(notebook, name) if name in present else given(study, name))
        for name, notebook in notebooks.items()
    }
    chapters = [
        Chapter("purpose", PURPOSE, tuple(_purpose(study))),
        Chapter("recommendation", "Recommendation and reasons", tuple(_recommendation(study))),
        *(
            Chapter(name, _chapter_title(name), tuple(_without(blocks, TURNING + TOLD_ONCE)))
            for name, blocks in told.items()
        ),
        Chapter("implications", "Implications", tuple(_parts(told.get("decision", ()), IMPLICATIONS))),
        Chapter("turning", "What would change the answer", tuple(_turning(told))),
        Chapter("assumptions", "Assumptions log", tuple(_assumptions(study))),
        Chapter("reconciliation", "Reconciliation to published figures", tuple(_reconciliation(study))),
        Chapter("made", MADE, tuple(_made(study, study.scenario_name))),
    ]  # fmt: skip
    pages = [
        Chapter("for-decision", "For decision", tuple(map(_joined, _for_decision(study)))),
        Chapter("in-short", "Options, risks and next steps", tuple(map(_joined, _in_short(study)))),
    ]
    return Report(
        file.title,
        file.question,
        (),
        tuple(_numbered(chapters)),
        study.scenario.title,
        tuple(_numbered(pages, "AB")),
    )


def comparison_of(study: Study, notebook: "NotebookNode") -> Report:
    """Return the report that sets the scenarios of a case side by side.

    Parameters
    ----------
    study : Study
        The case under its base scenario.
    notebook : NotebookNode
        The executed notebook that compares; each of its sections is a chapter.
    """
    chapters = [Chapter("purpose", "Purpose", ())]
    for block in _blocks(notebook, COMPARISON):
        if isinstance(block, Heading) and block.level == 3:
            chapters.append(Chapter(f"part-{len(chapters)}", block.text, ()))
        else:
            chapters[-1] = replace(chapters[-1], blocks=(*chapters[-1].blocks, block))
    chapters.append(Chapter("made", MADE, tuple(_made(study, ALL_SCENARIOS))))
    file = study.case.file
    facts = [("Subject", COMPARED), *list(_facts(study))[:-1]]  # it is of all scenarios
    return Report(
        file.title,
        file.question,
        tuple(facts),
        tuple(_numbered(chapters)),
        COMPARED,
    )


def table_shown(table: Table) -> TableShown | Prose:
    """Return a table of the views as texts; one without rows as a sentence."""
    return _shown(table.as_read())


# chapters that come from the study


def _for_decision(study: Study) -> Iterator[Block]:
    """Yield what a member needs first: the verdict, how sure it is, who pays what, what to resolve."""
    yield Prose(literal(front.for_whom(study)))
    if said := outturn.in_short(study):
        yield Prose(Sentence(" ".join(said))._repr_markdown_())
    yield Verdict(decision.recommended(study))
    if worked := assurance.worked_rows(study.tables):
        yield Prose(worked._repr_markdown_())
    if said := front.how_sure(study):
        yield Prose(literal(said))
    councils = front.councils(study)
    if not councils.empty:
        yield table_shown(councils)
        if said := front.councils_note(study, councils):
            yield Prose(literal(said))
    yield Heading("Draft resolutions")
    if worked:  # else words to approve would stand beside figures that no council has given
        yield Prose("None is put as long as worked rows are left.")
    else:
        yield from map(Prose, resolutions.drafts(study))
    if said := front.findings(study, PURPOSE):
        yield Prose(literal(said))


def _in_short(study: Study) -> Iterator[Block]:
    """Yield what else could be done, what may go wrong, what comes next, and what all this rests on."""
    for heading, shown in (("Options", front.options(study)), ("Risks", front.risks(study))):
        if not shown.empty:
            yield Heading(heading)
            yield table_shown(shown)
    if open_conditions := front.conditions(study, _chapter_title("decision")):
        yield Heading("What is still open")
        yield Prose(open_conditions)
    if not (steps := front.next_steps(study)).empty:
        yield Heading("Next steps")
        yield table_shown(steps)
    yield Heading("What this rests on")
    if said := front.rests_on(study):
        yield Prose(said)
    yield Prose(front.assured(study, MADE))


def _joined(block: Block) -> Block:
    """Return a block in which no line ends between a minus and its figure."""
    match block:
        case Prose():
            return replace(block, text=minus_kept(block.text))
        case TableShown():
            rows = tuple(tuple(map(minus_kept, row)) for row in block.rows)
            return replace(block, caption=minus_kept(block.caption), rows=rows)
    return block


def _facts(study: Study) -> Iterator[tuple[str, str]]:
    file, scenario = study.case.file, study.scenario
    if worked := assurance.worked_rows(study.tables):
        yield "Standing", worked.plain
    if study.decision.missing:
        yield "Missing", " ".join(study.decision.missing.values())
    if study.findings:
        yield "Findings", f"{'; '.join(study.findings)}."
    yield "For", file.decision_maker
    yield "Date of the decision", printed(file.decision_date)
    yield "Scenario", f"{scenario.title} ({study.scenario_name}). {scenario.why}"


def _purpose(study: Study) -> Iterator[Block]:
    yield Prose("\n".join(f"- **{label}:** {literal(text)}" for label, text in _facts(study)))
    changes = _changes(study)
    if changes is not None:
        yield changes
    elif study.scenario_name != BASE:
        yield Prose("No parameter differs from the base scenario.")
    else:
        yield Prose("This is the base scenario; every other scenario is a difference from it.")


def _changes(study: Study) -> TableShown | None:
    base = study.in_scenario(BASE).parameters
    rows = [
        {
            "parameter": Parameters.model_fields[name].description,
            "base": _setting(getattr(base, name)),
            "here": _setting(getattr(study.parameters, name)),
            "unit": unit_of(name),
        }
        for name in common.changes(study)
    ]
    labels = {"parameter": "Parameter", "base": "Base scenario", "here": "Here", "unit": "Unit"}
    caption = "What differs from the base scenario"
    return table_shown(Table(pd.DataFrame(rows), caption, labels)) if rows else None


def _setting(value) -> str:
    """Return the value of a parameter as text; its label says what blank means.

    Examples
    --------
    >>> _setting({"cost": 2.0, "risk": {"Melton": 1}}), _setting(None)
    ('cost: 2; risk: Melton: 1', 'blank')
    """
    if value in (None, "", {}):
        return "none" if value == {} else "blank"
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_setting(part)}" for key, part in value.items())
    return words(value) if isinstance(value, str) else plain(value, 6)


def _recommendation(study: Study) -> Iterator[Block]:
    yield Verdict(decision.recommended(study))
    if study.decision.missing:
        yield Prose(literal(f"Missing: {' '.join(study.decision.missing.values())}"))
    if not study.verdicts.drawn_criteria.empty:
        yield Prose(literal(verdicts.answer(study).plain))
    yield Prose(literal(study.case.file.summary))
    yield Prose(decision.reasons_in_words(study)._repr_markdown_())
    yield table_shown(decision.reasons(study))
    if not study.decision.by_partner.empty:
        yield table_shown(decision.by_partner(study))


def _assumptions(study: Study) -> Iterator[Block]:
    yield Prose(
        "Every input of this report. *Published* is printed in the source at the paragraph named; "
        "*derived* is worked out from printed figures; *assumed* is ours, and the last column says why. "
        "*Effect* says what it does to the answer in this scenario. Its number names it in a debate."
    )
    yield table_shown(assumptions_log(study))


def _reconciliation(study: Study) -> Iterator[Block]:
    if study.tables["published"].empty:
        yield Prose(
            "No figure of this case is published, so there is none to hold a result against."
        )
        return
    base = study.in_scenario(BASE)
    table = results.reconciliation(study.tables["published"], base.results)
    caption = f"{int(table['agrees'].sum())} of {len(table)} published figures agree"
    shown = [name for name in table if name != "year" or table[name].notna().any()]
    for name in ("measure", "item"):
        table[name] = table[name].str.replace("_", " ")
    yield Prose(
        "Every published figure that the inputs can give is computed again, "
        "in the base scenario, and held against the printed one."
    )
    yield table_shown(Table(table, caption, {name: name.capitalize() for name in shown}))


def _made(study: Study, scenario: str) -> Iterator[Block]:
    rows = {
        "Case": study.case.name,
        "Scenario": scenario,
        "Date of the figures": printed(study.case.file.data_date),
        "Fingerprint of the input files": study.case.input_hash,
        "Version of the calculations": __version__,
    }
    if scenario != ALL_SCENARIOS:
        rows["Every result as a table"] = "results.csv"
    yield TableShown(
        "What this report was made from", ("What", "Value"), (False, False), tuple(rows.items())
    )
    yield Prose(assurance.in_short(study).text)
    yield Prose(READ_AS_DATA)
    yield Heading("Sources")
    lines = []
    for key, source in documents(study.case).items():
        date = f", {printed(source.date)}" if source.date else ""
        lines.append(f"- {literal(f'{source.title} ({source.publisher}{date}), cited as “{key}”')}")
    yield Prose("\n".join(lines))


def given(study: Study, chapter: str) -> Iterator[Block]:
    """Yield what the case gives for a chapter in which nothing can be worked out from it."""
    used = used_in(study)
    stems = [
        stem
        for stem in [*GIVEN_WITH.get(chapter, []), *SECTION_TABLES.get(chapter, [])]
        if stem in TABLES
        and stem not in used
        and stem not in SHARED_TABLES
        and len(study.tables[stem])
    ]
    if stems:
        yield Prose(f"The case has no {LACKS[chapter]}, so nothing is worked out here. It gives:")
        yield table_shown(common.inputs(study, stems))


# chapters that come from notebooks


def _chapter_title(name: str) -> str:
    return CHAPTERS.get(name, name.capitalize())


def _blocks(notebook: "NotebookNode", section: str) -> Iterator[Block]:
    """Yield what a notebook shows, without its code and without its title."""
    count = 0
    for cell in notebook.cells:
        if NOTEBOOK_ONLY in cell.metadata.get("tags", []):
            continue
        if cell.cell_type == "markdown":
            yield from _said(cell.source, Explanation)
        for output in cell.get("outputs", []):
            if "data" not in output:
                continue
            if CHART in output.data:
                count += 1
                yield _figure(output.data, f"{section}-chart-{count}")
            else:
                yield from _output(output.data)


def _said(source: str, kind: type[Prose] = Prose) -> Iterator[Block]:
    """Yield headings and prose of a Markdown cell; the notebook's title is the chapter's, left out."""
    prose: list[str] = []
    for line in [*source.splitlines(), "#"]:
        heading = re.match(r"(#+)\s*(.*)", line)
        if not heading:
            prose.append(line)
            continue
        if text := "\n".join(prose).strip():
            yield kind(text)
        prose = []
        if heading[2] and len(heading[1]) > 1:
            yield Heading(_plain(heading[2]), len(heading[1]) + 1)


def _output(data: dict) -> Iterator[Block]:
    if TABLE in data:  # no HTML is trusted
        yield _shown(data[TABLE])
    elif "text/markdown" in data:
        yield from _said(data["text/markdown"])
    else:
        yield Plain(data.get("text/plain", ""))


def _figure(data: dict, name: str) -> FigureShown:
    said = data[CHART]
    table = _table(said["data"])
    return FigureShown(name, said["title"], said["description"], data[PLOTLY], table)


def _without(blocks: Iterable[Block], titles: tuple[str, ...]) -> Iterator[Block]:
    """Yield the blocks without the parts of level 3 that have one of these titles."""
    left_out = False
    for block in blocks:
        if isinstance(block, Heading) and block.level == 3:
            left_out = block.text in titles
        if not left_out:
            yield block


def _parts(blocks: Iterable[Block], titles: tuple[str, ...]) -> Iterator[Block]:
    """Yield what stands under the headings of level 3 that have one of these titles."""
    taken = False
    for block in blocks:
        if isinstance(block, Heading) and block.level == 3:
            taken = block.text in titles
        elif taken:
            yield block


def _turning(told: Mapping[str, list[Block]]) -> Iterator[Block]:
    """Yield what would turn the decision, then what would change each chapter."""
    for name in sorted(told, key=lambda name: name != "decision"):
        if part := list(_parts(told[name], TURNING)):
            yield Heading("The recommendation" if name == "decision" else _chapter_title(name))
            yield from part


def _numbered(chapters: Iterable[Chapter], names: Iterable | None = None) -> Iterator[Chapter]:
    """Yield the chapters with their tables and figures numbered: Table 5.2 is the second of chapter 5."""
    for number, chapter in zip(names or count(1), chapters, strict=False):
        counts = {TableShown: 0, FigureShown: 0}
        blocks = []
        for block in _gathered(chapter.blocks):
            if type(block) in counts:
                counts[type(block)] += 1
                block = replace(block, number=f"{number}.{counts[type(block)]}")
            blocks.append(block)
        yield replace(chapter, blocks=tuple(_levelled(blocks)))


def _gathered(blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield the blocks with the sections that only say what is absent as one list at the end."""
    parts: list[list[Block]] = [[]]
    for block in blocks:
        if isinstance(block, Heading) and block.level == 3:
            parts.append([])
        parts[-1].append(block)
    absent: dict[str, list[str]] = {}
    for part in parts:
        said = [block.text for block in part if isinstance(block, Absence)]
        told = " ".join(dict.fromkeys(said))
        if not (said and all(isinstance(block, Heading | Explanation | Absence) for block in part)):
            yield from _said_once(part)
        elif isinstance(part[0], Heading):
            absent.setdefault(told, []).append(part[0].text)
        else:
            yield Prose(told)  # the chapter's heading says what is absent
    if absent:
        yield Heading(NOTHING_LISTED)
        lines = [f"- **{' '.join(map(literal, asked))}** {said}" for said, asked in absent.items()]
        yield Prose("\n".join(lines))


def _said_once(part: list[Block]) -> Iterator[Block]:
    """Yield the blocks of a section without an absence that its text has already told."""
    told = ""
    for block in part:
        if not isinstance(block, Prose):
            yield block
        elif not (isinstance(block, Absence) and block.text.rstrip(".") in told):
            told += block.text
            yield Prose(block.text)


def _levelled(blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield the blocks with headings that start at level 3 and skip no level."""
    level = 2
    for block in blocks:
        if isinstance(block, Heading):
            level = min(max(block.level, 3), level + 1, 6)
            block = replace(block, level=level)
        yield block


# texts


def _shown(read: dict) -> TableShown | Absence:
    """Return a table as it is read, and what stands for one without rows as a sentence."""
    if not read["rows"]:
        return Absence(literal(f"{read['caption']}."))
    return _table(read)


def _table(read: dict) -> TableShown:
    rows = tuple(map(tuple, read["rows"]))
    return TableShown(read["caption"], tuple(read["labels"]), tuple(read["numeric"]), rows)


def _plain(markdown: str) -> str:
    """Return the text of a line of Markdown without its marks."""

    def text_of(tokens: list[dict]) -> str:
        return "".join(
            token.get("raw", "") if "children" not in token else text_of(token["children"])
            for token in tokens
        )

    return text_of(mistune.create_markdown(renderer="ast")(markdown)).strip()
