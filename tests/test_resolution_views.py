"""What a report and the notebook show of draft resolutions and implications."""

from cells import shown_in
from test_resolutions import row, study_of

from businesscase.calculations.apportionment import ALL
from businesscase.shown.resolutions import drafts
from businesscase.study import load_study
from businesscase_workbench.report.content import Heading, Kept, _for_decision


def test_page_one_lists_what_stands_for_the_verdict():
    blocks = list(_for_decision(load_study("lictp-2020"), ALL, Kept({})))
    at = blocks.index(Heading("Draft resolutions"))
    listed, origin = blocks[at + 1 : at + 3]
    assert "Go with conditions" in [getattr(block, "text", "") for block in blocks[:at]]
    assert "\n3. **Melton:** That Cabinet approve one-off expenditure of £52,000 as" in listed.text
    assert (
        origin.text
        == "The source asks for 1, 2, 3, 4 and 5 in other words; 6 is a draft of the authors."
    )


def test_a_hostile_text_stays_text():
    hostile = "That <script>alert(1)</script> ![x](http://evil) **be** =cmd()\n2. That more"
    lines = next(drafts(study_of(row(hostile)))).splitlines()
    assert len(lines) == 3 and lines[2].startswith("1. That ")
    assert r"!\[x\]" in lines[2] and r"\*\*be\*\*" in lines[2] and r"\<script" in lines[2]


def test_the_notebook_shows_each_draft_and_each_subject():
    study = load_study("worked-example")
    table, left_out = shown_in("decision", study, "What would the cabinet resolve?")
    assert (
        table.caption
        == "Draft resolutions for 'go with conditions': 6 of 6, numbered in their order"
    )
    assert list(table["resolution"]) == list(study.resolutions.resolutions["resolution"])
    assert left_out.caption == "No draft resolution is left out"
    (told,) = shown_in("decision", study, "What else must members know?")
    assert told.caption == "Written: all 7 subjects"
    (none,) = shown_in("decision", study_of(), "What else must members know?")
    assert none.caption.startswith("Nothing is written on legal and powers, ")
    table, _ = shown_in("decision", study_of(), "What would the cabinet resolve?")
    assert table.caption == "No draft resolution can be put to the cabinet for 'go'"
