"""What a report says, in order, whatever the format: chapters of headings, prose, tables, figures."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import count, pairwise
from typing import TYPE_CHECKING

import mistune
import pandas as pd

from businesscase import __version__
from businesscase.calculations.apportionment import ALL
from businesscase.calculations.wording import (
    listed,
    minus_kept,
    plain,
    printed,
    without_files,
    words,
)
from businesscase.cases.case import BASE, COMPARISON, Case, cited, documents
from businesscase.cases.errors import InputError
from businesscase.cases.parameters import Parameters, unit_of
from businesscase.cases.schema import SECTION_TABLES, SHARED_TABLES, TABLES
from businesscase.shown import (
    assurance,
    common,
    decision,
    evidence,
    front,
    outturn,
    resolutions,
    verdicts,
)
from businesscase.shown import council as of_council
from businesscase.shown.display import (
    CHART,
    EVIDENCE,
    PLOTLY,
    STATUS,
    TABLE,
    Sentence,
    Table,
    literal,
)
from businesscase.shown.log import CHAPTERS, assumptions_log
from businesscase.study import Study, results
from businesscase.study.core import LACKS
from businesscase.study.derived import recorded
from businesscase.study.evidence import used_in
from businesscase.study.exemption import exempt_tables, public_totals, told_in_text

if TYPE_CHECKING:  # slow to import, and no matter of the process that leads a batch
    from nbformat import NotebookNode

APOSTROPHES = re.compile("['’‘`ʼ]")
NOTEBOOK_ONLY = "notebook-only"  # tag of a cell that repeats what the report says once
BODY = "body"  # tag of a cell that members read; the others are for the appendix
ANSWER = "The answer"  # section with which a chapter begins, so that it needs no heading
PUBLIC, EXEMPT = EDITIONS = ("public", "exempt")
PURPOSE = "Purpose"
REPORT_FILE, APPENDIX, APPENDIX_FILE = "report", "Appendix", "appendix"
LOG = f"{APPENDIX_FILE}.html"  # the page that has the log of assumptions
BASE_LOG = f"../{BASE}/{LOG}"  # to which a comparison leads, having none
ALL_SCENARIOS = "all of the case"
COMPARED = "All scenarios compared"
TURNING = ("Which single change would turn it?", "What would change this answer?")
MADE = "How this report was made"
NOTHING_LISTED = "Nothing to list in this case"  # heading of what has no rows, in one list
ROUNDED = " Pounds are to three figures, so sums are rounded too."
READ_AS_DATA = "The case's folder was read as data: nothing in it was run as code."
GIVEN_WITH = {"options": ["options"], "plan": ["work_packages"]}  # tables that feed no result
IMPLICATIONS = ("What else must members know?",)
STEPS = ("Who must do what, by when?",)
RESOLVED = "What would the cabinet resolve?"
# the report has one chapter, or one place in it, for each of these
TOLD_ONCE = ("Checks", "Assumptions used", RESOLVED, *IMPLICATIONS, *STEPS)


@dataclass(frozen=True)
class Heading:
    """A heading within a chapter; the chapter's own is of level 2."""

    text: str
    level: int = 3
    number: str = ""

    @property
    def numbered(self) -> str:
        """Its number, if it has one, and its text."""
        return f"{self.number} {self.text}".lstrip()


@dataclass(frozen=True)
class Prose:
    """Text as Markdown has it, and its mark if it rests on assumed rows; raw HTML in it is text too."""

    text: str
    mark: evidence.Mark | None = None

    def marked(self, named: evidence.Named = evidence.run_in_words) -> str:
        """Return the text with its mark; ``named`` is how a run of rows of the log is written."""
        return self.text + evidence.end(self.mark, named)


class Explanation(Prose):
    """Prose of the notebook itself, which says how to read what is shown after it."""


class RestsOn(Prose):
    """The line under a table or figure that says which of its rows are assumed."""

    def marked(self, named: evidence.Named = evidence.run_in_words) -> str:
        """Return the line."""
        return f"*{self.mark.sentence(named)}{self.text}*" if self.mark else ""


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
    is_rough: bool = False  # pounds are to three figures, so that sums may not add up


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
    number: str = ""

    @property
    def heading(self) -> str:
        """Its number and title."""
        return f"{self.number}. {self.title}" if self.number else self.title


@dataclass(frozen=True)
class Report:
    """A report: title, question, what it is about in pairs of label and text, and its chapters.

    Each chapter of ``front`` has a page of its own before the contents. The ``appendix`` is a report of
    its own, in a file beside this one, whose chapters are numbered on from here.
    """

    title: str
    question: str
    facts: tuple[tuple[str, str], ...]
    chapters: tuple[Chapter, ...]
    subtitle: str = ""
    front: tuple[Chapter, ...] = ()
    appendix: "Report | None" = None
    is_appendix: bool = False
    log: str = LOG


@dataclass(frozen=True)
class Kept:
    """What an edition keeps back: tables with exempt rows, by name, and the paragraphs that say why.

    What rests on any row of such a table is left out where it would stand; nothing is where none is
    kept back.
    """

    tables: Mapping[str, list[int]]

    @classmethod
    def of(cls, study: Study, edition: str) -> "Kept":
        """Return what is kept back in an edition.

        Raises
        ------
        InputError
            If an author's text gives the public the amount of an exempt row.
        """
        tables = exempt_tables(study.case) if edition == PUBLIC else {}
        if faults := told_in_text(study.case) if tables else []:
            raise InputError(faults)
        return cls(tables)

    @property
    def why(self) -> str:
        """The ground on which it is kept back."""
        numbers = sorted({number for of_table in self.tables.values() for number in of_table})
        plural = "s" if len(numbers) > 1 else ""
        return (
            f"exempt under paragraph{plural} {listed(numbers)} of Part 1 of Schedule 12A to the Local "
            "Government Act 1972"
        )

    @property
    def sentence(self) -> "Prose":
        """What stands in place of what is left out."""
        return Prose(f"Left out: what stands here rests on figures that are {self.why}.")

    def holds(self, stems: Iterable[str]) -> bool:
        """Return whether what rests on these tables is kept back."""
        return not self.tables.keys().isdisjoint(stems)

    def shown(self, made: Callable[[], Iterable["Block"]]) -> list["Block"]:
        """Return the blocks that are made, or the sentence in their place if they rest on what is kept back."""
        if not self.tables:
            return list(made())
        found = recorded(lambda: list(made()))
        rests_on = {read[0] for read in found.reads if isinstance(read, tuple)}
        return [self.sentence] if self.holds(rests_on) and found.value else found.value


def report_of(
    study: Study,
    notebooks: Mapping[str, "NotebookNode"],
    council: str = ALL,
    edition: str = PUBLIC,
) -> Report:
    """Return the report of a study in the order of a committee report, with its appendix.

    Parameters
    ----------
    study : Study
        The case under the scenario.
    notebooks : mapping of str to NotebookNode
        Every notebook by section; executed for the sections that the case has. Cells with the tag
        ``body`` are for the report itself.
    council : str, optional
        The partner whose edition it is: its figures come first, and a chapter is of it alone.
    edition : str
        ``EXEMPT`` shows all; ``PUBLIC`` leaves out what rests on tables with exempt rows.

    Raises
    ------
    InputError
        If an author's text gives the public the amount of an exempt row.
    """
    present, kept = study.case.chapter_names(), Kept.of(study, edition)
    told = {
        name: list(_blocks(notebook, name, study.case, kept))
        for name, notebook in notebooks.items()
        if name in present
    }
    rest = {
        name: _for(told[name], APPENDIX)
        if name in told
        else kept.shown(partial(given, study, name))
        for name in notebooks
    }
    decided = [block for _, block in told.get("decision", [])]
    has_results = "outturn" in study.case.section_names()
    chapters = [
        Chapter("purpose", PURPOSE, tuple(_purpose(study, kept))),
        Chapter(
            "recommendation", "Recommendation and reasons", tuple(_recommendation(study, kept))
        ),
        Chapter(
            "council", f"What it means for {council}", tuple(_of_council(study, council, kept))
        ),
        *(
            Chapter(name, _chapter_title(name), tuple(_for(blocks, BODY)))
            for name, blocks in told.items()
            if name != "decision" or has_results
        ),
        Chapter("implications", "Implications", tuple(_parts(decided, IMPLICATIONS))),
        Chapter("next", "Next steps", tuple(_parts(decided, STEPS))),
        Chapter("papers", "Background papers", tuple(_sources(study, of_case=True))),
    ]
    appended = [
        *(
            Chapter(name, _chapter_title(name), tuple(_without(blocks, TURNING + TOLD_ONCE)))
            for name, blocks in rest.items()
        ),
        Chapter("turning", "What would change the answer", tuple(_turning(rest))),
        Chapter("assumptions", "Assumptions log", tuple(_assumptions(study, kept, edition))),
        Chapter("reconciliation", "Reconciliation to published figures", tuple(kept.shown(partial(_reconciliation, study)))),
        Chapter("made", MADE, tuple(_made(study, study.scenario_name, kept))),
    ]  # fmt: skip
    pages = [
        Chapter("for-decision", "For decision", tuple(_for_decision(study, council, kept))),
        Chapter(
            "in-short", "Options, risks and next steps", tuple(_in_short(study, council, kept))
        ),
    ]
    title = study.scenario.title
    if council != ALL:
        title += f", edition for {council}"
        chapters = [_with_first(chapter, council, study.partners) for chapter in chapters]
    report = _report(study, chapters, appended, title)
    return replace(report, front=tuple(_numbered(pages, "AB")))


def comparison_of(study: Study, notebook: "NotebookNode", edition: str = PUBLIC) -> Report:
    """Return the report that sets the scenarios of a case side by side, with its appendix.

    Parameters
    ----------
    study : Study
        The case under its base scenario.
    notebook : NotebookNode
        The executed notebook that compares; each of its sections is a chapter.
    edition : str
        As for ``report_of``.
    """
    kept = Kept.of(study, edition)
    told = list(_blocks(notebook, COMPARISON, study.case, kept))
    appended = [
        *_sections(_for(told, APPENDIX)),
        Chapter("made", MADE, tuple(_made(study, ALL_SCENARIOS, kept))),
    ]
    report = _report(study, list(_sections(_for(told, BODY))), appended, COMPARED)
    facts = [("Subject", COMPARED), *list(_facts(study, kept))[:-1]]  # it is of all scenarios
    appendix = replace(report.appendix, log=BASE_LOG)
    facts = [(label, minus_kept(text)) for label, text in facts]
    return replace(report, facts=tuple(facts), appendix=appendix, log=BASE_LOG)


def edition_names(councils: Iterable[str]) -> dict[str, str]:
    """Return what the file of each council's edition is called, without its ending.

    Examples
    --------
    >>> edition_names(["King's Lynn", "Ynys Môn", "Ynys Mon"])
    {"King's Lynn": 'report-kings-lynn', 'Ynys Môn': 'report-ynys-mon', 'Ynys Mon': 'report-3'}
    """
    names: dict[str, str] = {}
    for number, council in enumerate(councils, 1):
        letters = unicodedata.normalize("NFKD", APOSTROPHES.sub("", council)).lower()
        letters = "".join(letter for letter in letters if not unicodedata.combining(letter))
        name = f"{REPORT_FILE}-{re.sub(r'[^a-z0-9]+', '-', letters).strip('-')}"
        is_plain = name != f"{REPORT_FILE}-" and name not in names.values()
        names[council] = name if is_plain else f"{REPORT_FILE}-{number}"
    return names


def _report(
    study: Study, chapters: list[Chapter], appended: list[Chapter], subtitle: str
) -> Report:
    """Return a report of the chapters that say something, each of which leads to what is appended."""
    chapters, appended = ([one for one in part if one.blocks] for part in (chapters, appended))
    numbers = count(1)
    body = list(_numbered(chapters, numbers))
    further = list(_numbered(appended, numbers))
    of = {chapter.name: chapter for chapter in further}
    body = [
        replace(chapter, blocks=(*chapter.blocks, *_leading(of[chapter.name])))
        if chapter.name in of
        else chapter
        for chapter in body
    ]
    file = study.case.file
    appendix = Report(
        file.title,
        file.question,
        ((APPENDIX, f"what the report “{subtitle}” rests on, and how it was worked out"),),
        tuple(further),
        f"{subtitle}: {APPENDIX.lower()}",
        is_appendix=True,
    )
    return Report(file.title, file.question, (), tuple(body), subtitle, appendix=appendix)


def _leading(chapter: Chapter) -> Iterator[Block]:
    """Yield the sentence that leads from a chapter to the one of the appendix on the same subject."""
    asked = [block.text for block in chapter.blocks if _begins(block)]
    if asked := [text for text in asked if text != NOTHING_LISTED]:
        where = f"[chapter {chapter.number}]({LOG}#{chapter.name})"
        yield Prose(f"The appendix, {where}, has more: {literal(' '.join(asked))}")


def _sections(blocks: Iterable[Block]) -> Iterator[Chapter]:
    """Yield a chapter for each section of a notebook."""
    chapter = Chapter("answer", ANSWER, ())
    for number, block in enumerate(blocks):
        if _begins(block):
            yield chapter
            chapter = Chapter(f"part-{number}", block.text, ())
        else:
            chapter = replace(chapter, blocks=(*chapter.blocks, block))
    yield chapter


def table_shown(table: Table) -> TableShown | Prose:
    """Return a table of the views as texts; one without rows as a sentence."""
    return _shown(table.as_read())


# chapters that come from the study


def _for_decision(study: Study, council: str, kept: Kept) -> Iterator[Block]:
    """Yield what a member needs first: the verdict, how sure it is, who pays what, what to resolve."""
    yield Prose(literal(front.for_whom(study, council)))
    yield from kept.shown(lambda: _outturn(study))
    yield Verdict(decision.recommended(study))
    worked = assurance.worked_rows(study.tables)
    if worked:
        yield Prose(worked._repr_markdown_())
    yield from kept.shown(lambda: _money(study, council))
    if kept.tables and not (totals := front.totals(public_totals(study))).empty:
        yield table_shown(totals)
    yield Heading("Draft resolutions")
    if worked:  # else words to approve would stand beside figures that no council has given
        yield Prose("None is put as long as worked rows are left.")
    else:
        yield from map(Prose, resolutions.drafts(study, council, with_amounts=not kept.tables))


def _outturn(study: Study) -> Iterator[Block]:
    if said := outturn.in_short(study):
        yield Prose(Sentence(" ".join(said))._repr_markdown_())


def _money(study: Study, council: str) -> Iterator[Block]:
    """Yield what the proposal is worth and how surely, and what each council pays, saves and risks."""
    said, mark = evidence.traced(study, lambda: front.how_sure(study, council))
    if said:
        yield Prose(literal(f"{said}{mark.brief if mark else ''}"))
    councils, mark = evidence.traced(study, lambda: front.councils(study, council))
    if not councils.empty:
        yield _in_caption(councils, mark)
        if said := front.councils_note(study, councils):
            yield Prose(literal(said))


def _in_short(study: Study, council: str, kept: Kept) -> Iterator[Block]:
    """Yield what else could be done, what may go wrong, what comes next, and what all this rests on."""
    asked = {
        "Options": partial(front.options, study, council),
        "Risks": partial(front.risks, study),
    }
    for heading, made in asked.items():
        if blocks := kept.shown(lambda made=made: _if_any(*evidence.traced(study, made))):
            yield Heading(heading)
            yield from blocks
    if open_conditions := front.conditions(study, _chapter_title("decision")):
        yield Heading("What is still open")
        yield Prose(open_conditions)
    if not (steps := front.next_steps(study)).empty:
        yield Heading("Next steps")
        yield table_shown(steps)
    yield Heading("What this rests on")
    said = [front.rests_on(study), front.assured(study, MADE), front.findings(study, PURPOSE)]
    yield Prose(literal(" ".join(filter(None, said))))


def _if_any(table: Table, mark: evidence.Mark | None) -> list[Block]:
    return [] if table.empty else [_in_caption(table, mark)]


def _of_council(study: Study, council: str, kept: Kept) -> Iterator[Block]:
    """Yield what is one council's own: what it is held to, its money by year and line, its budget."""
    if council == ALL:
        return
    asked = {
        "What is it held to?": [of_council.criteria],
        "What does it save and pay, and when?": [of_council.years, of_council.lines],
        "What does it do to its budget?": [of_council.budget],
    }
    has_money = "savings" in study.case.section_names()
    for heading, tables in asked.items():
        if has_money or tables == [of_council.criteria]:
            yield Heading(heading)
            for table in tables:
                yield from kept.shown(lambda table=table: [table_shown(table(study, council))])


def _with_first(chapter: Chapter, council: str, partners: list[str]) -> Chapter:
    """Return a chapter in whose tables the rows and columns of a council stand before its partners'."""
    blocks = (
        _council_first(block, council, partners) if isinstance(block, TableShown) else block
        for block in chapter.blocks
    )
    return replace(chapter, blocks=tuple(blocks))


def _council_first(table: TableShown, council: str, partners: list[str]) -> TableShown:
    def order(names: Iterable[str]) -> list[int]:
        """Return the places of names: the council's among its partners' first, all else as it is."""
        named = [next((one for one in partners if re.match(rf"{re.escape(one)}( \(|$)", name)), "") for name in names]  # fmt: skip
        places = [place for place, name in enumerate(named) if name]
        sorted_places = sorted(places, key=lambda place: named[place] != council)
        moved = dict(zip(places, sorted_places, strict=True))
        return [moved.get(place, place) for place in range(len(named))]

    columns, rows = order(table.labels), order(row[0] for row in table.rows)
    return replace(
        table,
        labels=tuple(table.labels[place] for place in columns),
        numeric=tuple(table.numeric[place] for place in columns),
        rows=tuple(tuple(table.rows[row][place] for place in columns) for row in rows),
    )


def _joined(block: Block) -> Block:
    """Return a block in which no line ends between a minus and its figure."""
    match block:
        case TableShown():
            rows = tuple(tuple(map(minus_kept, row)) for row in block.rows)
            return replace(block, caption=minus_kept(block.caption), rows=rows)
        case FigureShown():
            title, described = minus_kept(block.title), minus_kept(block.description)
            return replace(block, title=title, description=described, data=_joined(block.data))
    return replace(block, text=minus_kept(block.text))


def _facts(study: Study, kept: Kept) -> Iterator[tuple[str, str]]:
    file, scenario = study.case.file, study.scenario
    if worked := assurance.worked_rows(study.tables):
        yield "Standing", worked.plain
    if study.decision.missing:
        yield "Missing", decision.missing(study)
    if study.findings and kept.tables:
        yield "Findings", f"{len(study.findings)}, which may tell of figures that are {kept.why}."
    elif study.findings:
        yield "Findings", common.findings(study)
    yield "For", file.decision_maker
    yield "Date of the decision", printed(file.decision_date)
    yield "Scenario", f"{scenario.title} ({study.scenario_name}). {scenario.why}"


def _purpose(study: Study, kept: Kept) -> Iterator[Block]:
    yield Prose("\n".join(f"- **{label}:** {literal(text)}" for label, text in _facts(study, kept)))
    changes = _changes(study)
    if changes is not None:
        yield changes
    elif study.scenario_name != BASE:
        yield Prose("No parameter differs from the base scenario.")
    else:
        yield Prose("This is the base scenario; every other scenario is a difference from it.")
    present = study.case.chapter_names()
    if absent := [title for name, title in CHAPTERS.items() if name not in present]:
        yield Prose(f"The case gives nothing for: {'; '.join(absent)}.")


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


def _recommendation(study: Study, kept: Kept) -> Iterator[Block]:
    yield from _traced(study, lambda: Verdict(decision.recommended(study)))
    if study.decision.missing:
        yield Prose(literal(f"Missing: {decision.missing(study)}"))
    if not study.verdicts.drawn_criteria.empty:
        sure = partial(_traced, study, lambda: Prose(literal(verdicts.answer(study).plain)))
        yield from kept.shown(sure)
    yield Prose(literal(study.case.file.summary))
    if kept.tables and not (reasons := decision.reasons_in_brief(study)).empty:
        yield table_shown(Table(reasons.frame.drop(columns="found"), reasons.caption))
    else:
        yield from _traced(study, partial(decision.reasons_in_brief, study))
    if not study.decision.by_partner.empty:
        by_partner = partial(_traced, study, lambda: decision.by_partner(study))
        yield from kept.shown(by_partner)


def _assumptions(study: Study, kept: Kept, edition: str) -> Iterator[Block]:
    yield Prose(
        "Every input of this report. *Published* is printed in the source at the paragraph named; "
        "*derived* is worked out from printed figures; *assumed* is ours, and the last column says why. "
        "*Effect* says what it does to the answer in this scenario. Its number names it in a debate."
    )
    if kept.tables:
        yield Prose(
            f"Values of some tables, and all effects, are left out: they are {kept.why}, or would tell of what is."
        )
    yield table_shown(assumptions_log(study, set(kept.tables), each_post=edition == EXEMPT))


def _reconciliation(study: Study) -> Iterator[Block]:
    if study.tables["published"].empty:
        yield Prose(
            "No figure of this case is published, so there is none to hold a result against."
        )
        return
    base = study.in_scenario(BASE)
    table = results.reconciliation(study.tables["published"], base.results)
    caption = results.agreement(table)
    shown = [name for name in table if name != "year" or table[name].notna().any()]
    for name in ("measure", "item"):
        table[name] = table[name].str.replace("_", " ")
    yield Prose(
        "Every published figure that the inputs can give is worked out again, in the base scenario, or, "
        "where an input states it, read back from there, and held against the printed one."
    )
    yield table_shown(Table(table, caption, {name: name.capitalize() for name in shown}))


def _made(study: Study, scenario: str, kept: Kept) -> Iterator[Block]:
    rows = {
        "Case": study.case.name,
        "Scenario": scenario,
        "Date of the figures": printed(study.case.file.data_date),
        "Fingerprint of the input files": study.case.input_hash,
        "Version of the calculations": __version__,
    }
    if kept.tables:
        rows["Edition"] = f"public: figures are left out that are {kept.why}"
    elif scenario != ALL_SCENARIOS:
        rows["Every result as a table"] = "results.csv"
    yield TableShown(
        "What this report was made from", ("What", "Value"), (False, False), tuple(rows.items())
    )
    yield Prose(assurance.in_short(study).text)
    yield Prose(READ_AS_DATA)
    if shared := list(_sources(study, of_case=False)):
        yield Heading("Sources of what all cases rest on")
        yield from shared


def _sources(study: Study, of_case: bool) -> Iterator[Block]:
    """Yield the documents that the case's own rows cite, or those that all cases rest on."""
    own = cited(table for stem, table in study.case.tables.items() if stem not in SHARED_TABLES)
    lines = []
    for key, source in documents(study.case).items():
        if (key in own) == of_case:
            date = f", {printed(source.date)}" if source.date else ""
            lines.append(
                f"- {literal(f'{source.title} ({source.publisher}{date}), cited as “{key}”')}"
            )
    if lines:
        yield Prose("\n".join(lines))


def given(study: Study, chapter: str) -> Iterator[Block]:
    """Yield what the case gives for a chapter in which nothing can be worked out from it."""
    used = used_in(study.case)
    stems = [
        stem
        for stem in [*GIVEN_WITH.get(chapter, []), *SECTION_TABLES.get(chapter, [])]
        if stem in TABLES
        and stem not in used
        and stem not in SHARED_TABLES
        and len(study.tables[stem])
    ]
    if stems:
        lacks = without_files(LACKS[chapter])
        yield Prose(f"The case has no {lacks}, so nothing is worked out here. It gives:")
        yield table_shown(common.inputs(study, stems))


# chapters that come from notebooks


def _chapter_title(name: str) -> str:
    return CHAPTERS.get(name, name.capitalize())


def _blocks(
    notebook: "NotebookNode", section: str, case: Case, kept: Kept
) -> Iterator[tuple[str, Block]]:
    """Yield what a notebook shows, with where it goes, without its code and without its title."""
    charts = count(1)
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if NOTEBOOK_ONLY in tags:
            continue
        place = BODY if BODY in tags else APPENDIX
        if cell.cell_type == "markdown":
            yield from ((place, block) for block in _said(cell.source, Explanation))
        for output in cell.get("outputs", []):
            if "data" not in output:
                continue
            if kept.tables and kept.holds(output.data.get(EVIDENCE, kept.tables)):
                yield place, kept.sentence
                continue
            if CHART in output.data:
                shown: Iterable[Block] = [_figure(output.data, f"{section}-chart-{next(charts)}")]
            else:
                shown = _output(output.data)
            marked = _with_mark(shown, evidence.mark(case, output.data.get(EVIDENCE, {})))
            yield from ((place, block) for block in marked)


def _for(told: Iterable[tuple[str, Block]], place: str) -> list[Block]:
    """Return what goes to a place, under the headings of its sections.

    How to read what is shown in another place is left out.
    """
    sections: list[list[tuple[str, Block]]] = [[]]
    for goes_to, block in told:
        if _begins(block):
            sections.append([])
        sections[-1].append((goes_to, block))
    found: list[Block] = []
    for section in sections:
        heading = [block for _, block in section if _begins(block)]
        here = [block for goes_to, block in section[len(heading) :] if goes_to == place]
        elsewhere = len(here) < len(section) - len(heading)
        if any(not isinstance(block, Explanation) for block in here) or (here and not elsewhere):
            found += [block for block in heading if block.text != ANSWER]
            found += here
    return found


def _begins(block: Block) -> bool:
    """Return whether a block is the heading of a section."""
    return isinstance(block, Heading) and block.level == 3


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


def _with_mark(shown: Iterable[Block], mark: evidence.Mark | None) -> Iterator[Block]:
    """Yield what is shown, prose with its mark at the end and the others with a line under them."""
    for block in shown:
        match block:
            case TableShown() if STATUS in block.labels:  # which says it row by row
                yield block
            case TableShown() | FigureShown() | Verdict():
                yield block
                if mark:
                    yield RestsOn(ROUNDED if _is_rough(block) else "", mark)
            case Prose() if mark and not isinstance(block, Absence):
                end = evidence.end(mark)  # as a notebook shows it
                yield replace(block, text=block.text.removesuffix(end), mark=mark)
            case _:
                yield block


def _is_rough(block: Block) -> bool:
    return isinstance(block, TableShown) and block.is_rough


def _in_caption(table: Table, mark: evidence.Mark | None) -> Block:
    """Return a table of the first two pages, which have no room for a line under it."""
    shown = _shown(table.as_reported(mark))
    return replace(shown, caption=f"{table.caption}{mark.brief if mark else ''}")


def _traced(study: Study, made: Callable[[], Block | Table]) -> Iterator[Block]:
    """Yield what is made of a study's results, with its mark."""
    found, mark = evidence.traced(study, made)
    block = _shown(found.as_reported(mark)) if isinstance(found, Table) else found
    yield from _with_mark([block], mark)


def _figure(data: dict, name: str) -> FigureShown:
    said = data[CHART]
    table = _table(said["data"])
    return FigureShown(name, said["title"], said["description"], data[PLOTLY], table)


def _without(blocks: Iterable[Block], titles: tuple[str, ...]) -> Iterator[Block]:
    """Yield the blocks without the parts of level 3 that have one of these titles."""
    left_out = False
    for block in blocks:
        if _begins(block):
            left_out = block.text in titles
        if not left_out:
            yield block


def _parts(blocks: Iterable[Block], titles: tuple[str, ...]) -> Iterator[Block]:
    """Yield what stands under the headings of level 3 that have one of these titles."""
    taken = False
    for block in blocks:
        if _begins(block):
            taken = block.text in titles
        elif taken:
            yield block


def _turning(told: Mapping[str, list[Block]]) -> Iterator[Block]:
    """Yield what would turn the decision, then what would change each chapter."""
    for name in sorted(told, key=lambda name: name != "decision"):
        if part := list(_parts(told[name], TURNING)):
            yield Heading("The recommendation" if name == "decision" else _chapter_title(name))
            yield from part


def _numbered(chapters: Iterable[Chapter], numbers: Iterable) -> Iterator[Chapter]:
    """Yield the chapters with sections, tables and figures numbered: Table 5.2 is the second of chapter 5.

    A chapter that bears a letter, for its tables alone, shows none, nor do its sections.
    """
    for chapter, number in zip(chapters, numbers, strict=False):
        has_number = isinstance(number, int)
        counts: Counter[type] = Counter()
        blocks = []
        for block in _levelled(map(_joined, _gathered(chapter.blocks))):
            if isinstance(block, TableShown | FigureShown) or (has_number and _begins(block)):
                counts[type(block)] += 1
                block = replace(block, number=f"{number}.{counts[type(block)]}")
            blocks.append(block)
        yield replace(chapter, blocks=tuple(blocks), number=str(number) if has_number else "")


def _gathered(blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield the blocks with the sections that only say what is absent as one list at the end."""
    parts: list[list[Block]] = [[]]
    for block in blocks:
        if _begins(block):
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
        lines = [f"- **{_asked(asked)}** {said}" for said, asked in absent.items()]
        yield Prose("\n".join(lines))


def _asked(headings: list[str]) -> str:
    """Return headings before their answer: a colon stands behind one that is no question."""
    text = " ".join(map(literal, headings))
    return text if text.endswith("?") else f"{text}:"


def _said_once(part: list[Block]) -> Iterator[Block]:
    """Yield the blocks of a section without an absence that its text has already told.

    A sentence that follows itself is said once.
    """
    told = ""
    for before, block in pairwise([None, *part]):
        if block == before and isinstance(block, Prose):
            continue
        if not isinstance(block, Prose) or isinstance(block, RestsOn):
            yield block
        elif not (isinstance(block, Absence) and block.text.rstrip(".") in told):
            told += block.text
            yield Prose(block.text, block.mark)


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
    rows = tuple(map(tuple, read.get("rough", read["rows"])))
    labels, numeric = tuple(read["labels"]), tuple(read["numeric"])
    return TableShown(read["caption"], labels, numeric, rows, is_rough="rough" in read)


def _plain(markdown: str) -> str:
    """Return the text of a line of Markdown without its marks."""

    def text_of(tokens: list[dict]) -> str:
        return "".join(
            token.get("raw", "") if "children" not in token else text_of(token["children"])
            for token in tokens
        )

    return text_of(mistune.create_markdown(renderer="ast")(markdown)).strip()
