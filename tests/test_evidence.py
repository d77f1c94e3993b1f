"""What a notebook shows carries the rows it rests on, and no row outside them moves it."""

import ast
import re
from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import nbformat
import numpy as np
import pandas as pd
import pytest
from cells import IMPORTS
from conftest import ROOT, daily_of, inputs
from hypothesis import given, settings
from hypothesis import strategies as st
from nbclient import NotebookClient
from small import flow, small_case

from businesscase.calculations import durations, robustness
from businesscase.cases import assurance
from businesscase.cases.case import BASE, load_case
from businesscase.cases.schema import TABLES, VALUE_COLUMNS
from businesscase.shown import display
from businesscase.shown import evidence as said
from businesscase.shown.display import CHART, EVIDENCE, TABLE
from businesscase.study import Study, decision, evidence, risks, uncertainty, verdicts
from businesscase.study.derived import changed_rows, note, read_in_cell, recorded
from businesscase_workbench.report import report_of
from businesscase_workbench.report.content import Prose, TableShown
from businesscase_workbench.report.html import page_html

CHAPTERS = ["baseline", "options", "savings", "risks", "plan", "readiness", "decision"]
FACTORS = (0.5, 0.9, 1.1, 2.0)  # of the figures of a row


@pytest.fixture(autouse=True, scope="module")
def few_draws(own_studies):
    """Draw little and try little: what is read is the same."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(durations, "affordable_networks", lambda tasks, runs=1: 50)
        patched.setattr(robustness, "DRAWS", 200)
        for module in (uncertainty, risks, verdicts):
            patched.setattr(module, "CHUNK", 64)
        for module in (uncertainty, risks):
            patched.setattr(module, "CHUNKS", 2)
        patched.setattr(uncertainty, "SHARES_DRAWS", 8)
        patched.setattr(decision, "TRIED", 3)
        patched.setattr(decision, "HALVINGS", 1)
        yield


@cache
def sources(notebook):
    """Return the imports of a notebook, and the sources of its cells, of which none loads."""
    (path,) = (ROOT / "notebooks").glob(f"[0-9][0-9]_{notebook}.ipynb")
    cells = [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"][1:]
    imports = [node for node in ast.parse(cells[0]).body if isinstance(node, IMPORTS)]
    return imports, cells[1:]


def outputs(study, notebook):
    """Return what each cell of a notebook shows of a study, as IPython would ask for it."""
    imports, cells = sources(notebook)
    names, found = {"study": study}, {}
    exec(compile(ast.Module(imports, []), notebook, "exec"), names)
    watch = evidence.Cells()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(evidence, "_shell", lambda: SimpleNamespace(user_ns=names))
        for number, source in enumerate(cells):
            watch.begin(SimpleNamespace(raw_cell=source))
            *before, last = ast.parse(source).body
            exec(compile(ast.Module(before, []), source, "exec"), names)
            value = eval(compile(ast.Expression(last.value), source, "eval"), names)
            found[notebook, number, source] = value._repr_mimebundle_()
            watch.end(SimpleNamespace(info=SimpleNamespace(raw_cell=source)))
    return found


def shown_of(case, parameters):
    """Return what all chapters show of a case of which nothing is known yet."""
    study = Study(case, BASE, parameters)
    chapters = [name for name in CHAPTERS if name in case.chapter_names()]
    return {place: of for name in chapters for place, of in outputs(study, name).items()}


@cache
def shown(name):
    return shown_of(replace(load_case(name)), load_case(name).scenarios[BASE].parameters)


def told(output):
    """Return what an output tells, without what it rests on."""
    return {
        "table": output.get(TABLE),
        "chart": output.get(CHART),
        "text": str(output.get("text/markdown", "")).partition(" *(assumed: ")[0],
    }


def numbers(chain):
    return {
        number for of in chain.values() for first, last in of for number in range(first, last + 1)
    }


def with_row_moved(case, stem, row, factor):
    """Return the case with the figures of one row changed, and the numbers of all rows that differ."""
    tables = {stem: case.tables[stem].copy()}
    if stem in TABLES and assurance.movable_columns(stem):
        status = case.tables[stem]["status"]
        alone = case.tables[stem].assign(status="published")
        alone.loc[row, "status"] = "assumed"
        item = str(alone.loc[row, "line"]) if stem == "flows" else ""
        tables = assurance.moved({**case.tables, stem: alone}, stem, item, factor)
        tables[stem] = tables[stem].assign(status=status)
    for name in movable(case, stem)[1]:
        value = case.tables[stem].loc[row, name]
        tables[stem].loc[row, name] = not value if isinstance(value, bool | np.bool_) else value * factor  # fmt: skip
    reads = {read for name, table in tables.items() for read in changed_rows(name, case.tables[name], table)}  # fmt: skip
    rows = [read for read in reads if read[1:2] == ("row",)]
    return replace(case, tables={**case.tables, **tables}), numbers(evidence.chain(case, rows))


def movable(case, stem):
    """Return whether a row of a table can be changed as assurance does it, and columns that are besides."""
    columns = [name for name in VALUE_COLUMNS.get(stem, ()) if name in case.tables[stem]]
    kinds = case.tables[stem][columns].dtypes
    if stem in TABLES:
        return bool(assurance.movable_columns(stem)), [name for name in columns if pd.api.types.is_bool_dtype(kinds[name])]  # fmt: skip
    return False, [name for name in columns if pd.api.types.is_float_dtype(kinds[name])]


def rows_of(case):
    """Return table and row of every input with a figure that can be changed."""
    return [
        (stem, row)
        for stem in evidence.logged_in(case)
        if any(movable(case, stem))
        for row in case.tables[stem].index
    ]


def moved_by(case, before, stem, row, factor):
    """Return the places that a row moves, having seen that it moves none outside whose chain it is."""
    changed, rows = with_row_moved(case, stem, row, factor)
    if not rows:
        return set()
    after = shown_of(changed, case.scenarios[BASE].parameters)
    moves = {place for place, output in before.items() if told(output) != told(after[place])}
    for place in moves:
        assert rows & numbers(before[place][EVIDENCE]), (stem, row, factor, place)
    return moves


def number_of(case, stem, row):
    """Return the number of a row in the log of assumptions."""
    return dict(evidence.numbered(case))[stem] + case.tables[stem].index.get_loc(row) + 1


# what moves a figure is in its chain


SMALLEST = "durham-sunderland-2014"  # of the cases with money
SMALL = {
    "options": [{"option": letter, "name": letter.upper(), "description": letter} for letter in "ab"],
    "factors": [
        {"factor": name, "definition": name, "weight": weight, "lowest_score": "0", "highest_score": "5",
         "lowest_means": "bad", "highest_means": "good", "kind": "benefit"}
        for name, weight in (("fit", "2"), ("speed", "1"))
    ],
    "scores": [
        {"option": option, "factor": factor, "assessor": "board", "score": score, "status": "assumed", "note": "ours"}
        for option, factor, score in (("a", "fit", "4"), ("a", "speed", "3"), ("b", "fit", "2"), ("b", "speed", "4"))
    ],
    "flows": [
        flow("desk", "saving", 100, status="assumed", note="ours"),
        flow("rent", "saving", 80, partner="South"),
        flow("moving", "one_off_cost", 40, (2024, 2024)),
        flow("supplier", "saving", 60, option="b"),
    ],
    "gates": [{"criterion": "worth it", "threshold": "500"}],
}  # fmt: skip


def test_rows_of_a_small_case_move_what_rests_on_them_alone():
    case = small_case(**SMALL)
    before = shown_of(case, case.scenarios[BASE].parameters)
    own = [(stem, row) for stem, row in rows_of(case) if stem in SMALL]
    for stem, row in own[:: inputs(4, 1)]:
        assert moved_by(case, before, stem, row, 0.4), (stem, row)


@pytest.mark.parametrize("name", daily_of([SMALLEST, "mkip-2012", "worked-example"], SMALLEST))
def test_no_row_outside_a_chain_moves_what_is_shown(name):
    case = load_case(name)

    @settings(max_examples=inputs(2, 25))
    @given(st.sampled_from(rows_of(case)), st.sampled_from(FACTORS))
    def moves_nothing_else(place, factor):
        moved_by(case, shown(name), *place, factor)

    moves_nothing_else()


def test_a_line_of_another_option_is_no_evidence_of_what_the_option_appraised_saves():
    case = small_case(**SMALL)
    before = shown_of(case, case.scenarios[BASE].parameters)
    other = number_of(case, "flows", 3)
    (saved,) = (of for of in before.values() if of.get(TABLE, {}).get("caption", "").startswith("Saving less cost by"))  # fmt: skip
    assert saved[EVIDENCE]["flows"] == [[other - 3, other - 1]]


# everything shown has one

WITHOUT_ROWS = (
    # what tells of parameters, of how it was made, or of words; and that a case has none of something
    "What this notebook was made from",
    "No figure of this section is published",
    "The scenario names no date",
    "The rule: a topic is settled",
    "Written: ",
    "No scores of readiness are given",
    "No aim is recorded",
    "No red line is recorded",
    "The case gives no service measure",
    "The case lists no posts",
    "The case lists no contracts",
)


@pytest.mark.parametrize("name", daily_of(["mkip-2012", "worked-example"], "mkip-2012"))
def test_each_table_chart_and_sentence_has_a_chain(name):
    for place, output in shown(name).items():
        chain = output[EVIDENCE]
        table, text = output.get(TABLE, {}), output.get("text/markdown", "")
        assert chain or (table.get("caption") or text).startswith(WITHOUT_ROWS), place


def test_every_table_that_a_figure_is_made_of_stands_in_the_log():
    unnumbered = {"published", "resolutions", "implications", "scrutiny_questions"}  # no inputs
    unnumbered |= {"pay_protection_rules"}  # by which no post of the case goes
    case = load_case("worked-example")
    study = Study(replace(case), BASE, case.scenarios[BASE].parameters)
    kept = recorded(lambda: (study.results, study.scrutiny.answers, study.assurance.requirements))
    read = {of[0] for of in kept.reads if isinstance(of, tuple) and len(case.tables[of[0]])}
    logs = {stem for stem in read if "status" not in case.tables[stem]}
    assert read - logs - unnumbered <= {*evidence.logged_in(case)}


# what names of a notebook rest on


def rests_on(*sources):
    """Return what the last of some cells rests on, if each notes that it read a row of its number."""
    watch = evidence.Cells()
    for number, source in enumerate(sources):
        watch.begin(SimpleNamespace(raw_cell=source))
        note([number])
        last = set(read_in_cell)
        watch.end(SimpleNamespace(info=SimpleNamespace(raw_cell=source)))
    return last


@pytest.mark.parametrize(
    ("sources", "rests"),
    [
        (["a = 1", "b = 2", "a"], {0, 2}),
        (["a = 1", "b = a", "b"], {0, 1, 2}),
        (["a = 1", "a = 2", "a"], {1, 2}),
        (["a = 1", "a += 2", "a"], {0, 1, 2}),
        (["a = {}", "a['x'] = 2", "a"], {0, 1, 2}),
        (["a = {}", "a.b.c = 2", "a"], {0, 1, 2}),
        (["a = 1", "if x:\n    a = 2", "a"], {0, 1, 2}),
        (["a = 1", "b = [a for _ in c]", "b"], {0, 1, 2}),
        (["a = 1", "a.insert(0, 'x', y)\nb", "a"], {0, 1, 2}),
        (["study = 1", "study"], {1}),
        (["a = 1", "%magic", "a"], {0, 2}),
    ],
)
def test_a_cell_rests_on_what_the_cells_read_that_named_what_it_uses(sources, rests):
    assert rests_on(*sources) == rests


def test_a_kernel_tells_what_a_table_rests_on_whichever_cell_read_it():
    cells = [
        "from businesscase import shown as show\nfrom businesscase.study import load_study\n\nstudy = load_study('mkip-2012')",
        "worth = study.savings.net_present_values.to_frame('net_present_value')",
        "weights = study.tables['factors'].set_index('factor')[['weight']]",
        "show.table(worth, 'What it is worth')",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, kernel_name="python3").execute()
    (output,) = notebook.cells[-1].outputs
    chain = output.data[EVIDENCE]
    assert "flows" in chain and "factors" not in chain
    mark = said.mark(load_case("mkip-2012"), chain)
    assert mark.sentence() in output.data["text/html"]


# what a report says of it


def report_shown(study, **shown):
    cells = [nbformat.v4.new_code_cell("made")]
    cells[0].outputs = [nbformat.v4.new_output("display_data", data=of) for of in shown.values()]
    notebook = nbformat.v4.new_notebook(cells=cells)
    return report_of(study, {"options": notebook})


def test_a_report_says_under_what_is_shown_which_rows_are_assumed_and_leads_to_them():
    case = small_case(**SMALL)
    study = Study.of(case, BASE)
    first = number_of(case, "scores", 0)
    chain = {"scores": [[first, first + 3]]}
    table = display.table(pd.DataFrame({"score": [1]}), "Scores as given")
    sentence = display.Sentence("**Option a** scores highest.")
    marked = f"{sentence.text} *(assumed: A{first} to A{first + 3})*"
    report = report_shown(
        study,
        table={TABLE: table.as_read(), EVIDENCE: chain},
        said={"text/markdown": marked, EVIDENCE: chain},
    )
    link = f'<a href="appendix.html#A{first}">A{first} to A{first + 3}</a>'
    page = page_html(report.appendix)
    assert f"Rests on assumed rows: all 4 scores ({link})." in page
    assert f"scores highest. <em>(assumed: {link})</em>" in page
    assert f'<tr id="A{first}">' in page
    (chapter,) = (chapter for chapter in report.appendix.chapters if chapter.name == "options")
    told = [block.marked() for block in chapter.blocks if isinstance(block, Prose)]
    rows = f"A{first} to A{first + 3}"
    assert told == [f"*Rests on assumed rows: all 4 scores ({rows}).*", marked]


def test_what_rests_on_no_assumed_row_has_no_mark():
    case = small_case(**SMALL)
    assert said.mark(case, {"flows": [[number_of(case, "flows", 1)] * 2]}) is None
    assert said.mark(case, {}) is None


def test_a_long_list_of_rows_is_cut_and_counted():
    case = load_case("worked-example")
    first = number_of(case, "flows", 0)
    mark = said.mark(
        case, {"flows": [[first + 2 * at, first + 2 * at] for at in range(said.GIVEN + 3)]}
    )
    assert len(mark.runs) == said.GIVEN and mark.assumed == said.GIVEN + 3
    assert mark.short().endswith(f"A{first + 2 * said.GIVEN - 2} and 3 more)")


def test_first_pages_say_of_each_figure_how_many_rows_are_assumed():
    report = report_of(Study.of(load_case("mkip-2012"), BASE), {})
    tables = [
        block for page in report.front for block in page.blocks if isinstance(block, TableShown)
    ]
    of_money = [table.caption for table in tables if "£" in "".join(table.labels)]
    assert of_money and all(
        re.search(r"\(\d+ of \d+ rows assumed\)$", caption) for caption in of_money
    )
