"""A verdict, an outcome and a status have one look in every format."""

from io import BytesIO

import docx
import pytest
from docx.oxml.ns import qn
from small import flow, small_study

from businesscase.calculations.decision import GO, STOP
from businesscase.shown import compare, looks
from businesscase_workbench.report.content import Chapter, Report, Verdict
from businesscase_workbench.report.html import page_html
from businesscase_workbench.report.pdf import _block
from businesscase_workbench.report.word import document


@pytest.mark.parametrize("verdict", looks.VERDICTS)
def test_a_verdict_has_one_look_in_page_word_and_pdf_whatever_follows_it(verdict):
    fill, ink = looks.VERDICTS[verdict]
    block = Verdict(f"{verdict.capitalize()}, and the review is red")
    report = Report("Title", "Why?", (), (Chapter("one", "First", (block,), "1"),))
    slug = verdict.replace(" ", "-")
    page = page_html(report)
    assert f".{slug} {{ background: {fill}; color: {ink}; }}" in page
    assert f'class="badge verdict {slug}"' in page
    (shown,) = (
        paragraph
        for paragraph in docx.Document(BytesIO(document(report, {}))).paragraphs
        if paragraph.text == block.text
    )
    assert shown._p.pPr.find(qn("w:shd")).get(qn("w:fill")) == fill[1:]
    assert str(shown.runs[0].font.color.rgb) == {"white": "FFFFFF"}.get(ink, ink[1:])
    assert _block(block, False, {}) == {"kind": "verdict", "text": block.text, "fill": fill, "ink": ink}  # fmt: skip


def test_verdicts_differ_from_each_other():
    assert len(set(looks.VERDICTS.values())) == len(looks.VERDICTS)
    assert looks.of_verdict("Go") == looks.VERDICTS[GO] != looks.VERDICTS[STOP]


@pytest.mark.parametrize(("saving", "look"), [(51_000, looks.OPEN), (90_000, looks.BAD)])
def test_a_regret_of_nearly_nothing_has_not_the_colour_of_a_large_one(saving, look):
    options = [{"option": letter, "name": letter, "description": "x"} for letter in "ab"]
    flows = [
        flow("one", "saving", 50_000, (2024, 2028), option="a"),
        flow("two", "saving", saving, (2024, 2028), option="b"),
    ]
    study = small_study(options=options, flows=flows, scenarios={"b": {"option": "b"}, "c": {"realisation": 0.9}})  # fmt: skip
    shapes = compare.regret_chart(study).figure.layout.shapes
    assert shapes[-2].fillcolor == look[0]
