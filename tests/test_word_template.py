"""A council's own Word file as template: each mark is found or refused by name, no link is taken on."""

import re
import zipfile
from io import BytesIO

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from test_report_word import CHART, opened, small_report

from businesscase.cases.errors import InputError
from businesscase_workbench import cli
from businesscase_workbench.report.word import document
from businesscase_workbench.report.word_template import template_at

MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
BOX = (
    '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
    '<mc:Choice Requires="wps">{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent>'
)


def run(text):
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(*parts):
    return f"<w:p>{''.join(parts)}</w:p>"


def box(text):
    return paragraph(
        f"<w:r>{BOX.format(box=f'<w:txbxContent>{paragraph(run(text))}</w:txbxContent>')}</w:r>"
    )


def field(instruction, *shown):
    marks = [
        f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "separate", "end")
    ]
    said = "".join(f"<w:r><w:instrText>{part}</w:instrText></w:r>" for part in instruction)
    return f"{marks[0]}{said}{marks[1]}{''.join(shown)}{marks[2]}"


MARK = run("{{report}}")
CHANGE = 'w:id="1" w:author="x" w:date="2026-01-01T00:00:00Z"'
TABLE = "<w:tbl><w:tblPr/><w:tblGrid><w:gridCol/></w:tblGrid><w:tr><w:tc>{}</w:tc></w:tr></w:tbl>".format


@pytest.fixture
def template(tmp_path):
    """Return a function that saves a Word file of a body and, if asked, a header; it gives the path."""

    def made(*body, header="", name="house.docx"):
        house = docx.Document()
        text = "".join([paragraph(run("Before")), *body, paragraph(run("After"))])
        for element in parse_xml(f"<w:body {nsdecls('w', 'r')}>{text}</w:body>"):
            house.element.body.sectPr.addprevious(element)
        if header:
            house.sections[0].header.paragraphs[0].text = header
        house.save(tmp_path / name)
        return tmp_path / name

    return made


def changed(path, changes):
    """Change parts of a Word file: a function of the text by the end of the part's name."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for end, change in changes.items():
        for name in [name for name in parts if name.endswith(end)]:
            parts[name] = change(parts[name].decode()).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def related(kind, target, mode="External"):
    """Return a change that adds a relation to a part."""
    relation = (
        f'<Relationship Id="rId99" Type="{RELATION}/{kind}" Target="{target}" TargetMode="{mode}"/>'
    )
    return lambda text: text.replace("</Relationships>", f"{relation}</Relationships>")


def texts_of(content):
    return [paragraph.text for paragraph in opened(content).paragraphs]


# the mark


@pytest.mark.parametrize(
    "body",
    [
        paragraph(MARK),
        paragraph(run("{{ report }}")),
        paragraph(run("  {{Report}} ")),
        paragraph(run("{{\u00a0REPORT\u200b}}")),
        paragraph(run("{{"), run("rep"), run("ort}"), run("}")),
        paragraph(run("{{"), "<w:r><w:tab/></w:r>", run("report}}")),
        paragraph(f"<w:del {CHANGE}><w:r><w:delText>was </w:delText></w:r></w:del>", MARK),
        paragraph('<w:bookmarkStart w:id="0" w:name="a"/>', MARK, '<w:bookmarkEnd w:id="0"/>'),
    ],
)
def test_report_takes_the_place_of_a_mark_however_it_is_typed(body, template):
    texts = texts_of(document(small_report("Title"), CHART, template(body)))
    assert texts[:2] == ["Before", "Title"]
    assert texts[-1] == "After"
    assert not any("{" in text for text in texts)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([TABLE(paragraph(MARK))], "'{{report}}' stands in a table"),
        ([paragraph(run("Report: {{report}}"))], "'{{report}}' stands beside other words"),
        ([paragraph(MARK), paragraph(MARK)], "{{report}} stands twice"),
        ([paragraph(run("{{ report }}"))] * 3, "{{report}} stands 3 times"),
        ([paragraph(run("{{report}}{{report}}"))], "'{{report}}' stands beside other words"),
        ([box("{{Report}}")], "'{{Report}}' stands in a text box"),
        ([f"<w:sdt><w:sdtContent>{paragraph(MARK)}</w:sdtContent></w:sdt>"], "stands in a content control"),
        ([paragraph(f"<w:sdt><w:sdtContent>{MARK}</w:sdtContent></w:sdt>")], "stands in a content control"),
        ([paragraph(f"<w:ins {CHANGE}>{MARK}</w:ins>")], "stands in a tracked change that isn't accepted"),
        ([paragraph(run("{{rep"), f"<w:ins {CHANGE}>{run('ort}}')}</w:ins>")], "stands in a tracked change"),
        ([paragraph(field(["QUOTE x"], MARK))], "stands beside a field"),
        ([paragraph(f'<w:fldSimple w:instr="TITLE">{MARK}</w:fldSimple>')], "stands in a field"),
        ([paragraph(f'<w:hyperlink w:anchor="a">{MARK}</w:hyperlink>')], "stands in a link"),
        ([paragraph(MARK, "<w:r><w:pict/></w:r>")], "stands beside a picture"),
        ([paragraph(run("{report}"))], "'{report}' isn't {{report}}"),
        ([paragraph(run("see {{{Report}}} there"))], "'{{{Report}}}' isn't {{report}}"),
        ([paragraph(run("{{report}"))], "'{{report}' isn't {{report}}"),
        ([paragraph(run("{{reports}}"))], "'{{reports}}' isn't {{report}}"),
        ([paragraph(run("{% report %}"))], "'{% report %}' isn't {{report}}"),
        ([paragraph(run("[[report]]"))], "'[[report]]' isn't {{report}}"),
        ([paragraph(run("«Report»"))], "'«Report»' isn't {{report}}"),
        ([paragraph(run("{{")), paragraph(run("report}}"))], "'report}}' isn't {{report}}"),
    ],
)  # fmt: skip
def test_mark_elsewhere_or_spelt_otherwise_is_refused_with_the_reason(body, said, template):
    path = template(*body)
    with pytest.raises(InputError, match=re.escape(said)) as refused:
        template_at(path)
    (fault,) = refused.value.faults
    assert fault.startswith(f"{path}: ")
    assert fault.endswith(
        "where the report goes, {{report}} is a paragraph of its own in the text, once"
    )


@pytest.mark.parametrize("part", ["header", "footer"])
def test_mark_in_a_header_or_footer_is_refused_although_the_text_has_one(part, template):
    path = template(paragraph(MARK))
    house = docx.Document(path)
    getattr(house.sections[0], part).paragraphs[0].text = "{{ Report }}"
    house.save(path)
    with pytest.raises(InputError, match=rf"'\{{\{{ Report \}}\}}' stands in a {part};"):
        template_at(path)


def test_words_and_marks_of_others_are_left_alone(template):
    said = "The report of {{report_author}} on {{ReportTitle}} (report), {date}: [report]"
    texts = texts_of(document(small_report("Title"), CHART, template(paragraph(run(said)))))
    assert texts[:4] == ["Before", said, "After", "Title"]


def test_mark_that_ends_a_section_leaves_the_section_as_it_is(template):
    section = '<w:pPr><w:sectPr><w:pgSz w:w="10206" w:h="16838"/></w:sectPr></w:pPr>'
    read = opened(document(small_report(), CHART, template(paragraph(section, MARK))))
    widths = [section.page_width.twips for section in read.sections]
    assert widths == [10206, docx.Document().sections[0].page_width.twips]


# the file


@pytest.mark.parametrize("kind", ["template.main", "template.main in a file named .docx"])
def test_word_template_is_read_by_what_it_is_and_gives_a_document(kind, template):
    name = "house.docx" if "named" in kind else "house.dotx"
    dotx = changed(
        template(paragraph(MARK), name=name),
        {"Types].xml": lambda types: types.replace("document.main", "template.main")},
    )  # fmt: skip
    assert (
        "wordprocessingml.template.main"
        in zipfile.ZipFile(dotx).read("[Content_Types].xml").decode()
    )
    made = document(small_report("Title"), CHART, dotx)
    assert texts_of(made)[:2] == ["Before", "Title"]
    assert MAIN in zipfile.ZipFile(BytesIO(made)).read("[Content_Types].xml").decode()


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("application/vnd.ms-word.document.macroEnabled.main+xml", "a Word file with macros"),
        ("application/vnd.ms-word.template.macroEnabledTemplate.main+xml", "a Word file with macros"),
        ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml", "not a Word file"),
    ],
)  # fmt: skip
def test_file_of_another_kind_is_told_by_what_it_is_and_not_by_its_name(kind, said, template):
    path = changed(template(), {"Types].xml": lambda types: types.replace(MAIN, kind)})
    if "Word" not in said:
        path = changed(path, {"Types].xml": lambda types: types.replace("word", "x")})
    with pytest.raises(InputError, match=f"house.docx: it is {said}"):
        template_at(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", r"\(\.doc\) or has a password; save it as"),
        (b"{\\rtf1 text}", r"rich text \(\.rtf\); save it as"),
        (b"PK\x03\x04 cut off", "not a Word file"),
        (b"", "not a Word file"),
    ],
)
def test_file_that_is_no_archive_is_told_by_how_it_begins(content, said, tmp_path):
    (tmp_path / "house.docx").write_bytes(content)
    with pytest.raises(InputError, match=f"house.docx: it is .*{said}"):
        template_at(tmp_path / "house.docx")


def test_strict_document_and_open_document_are_told_to_be_saved_as_docx(template, tmp_path):
    strict = changed(
        template(), {"rels": lambda text: text.replace(RELATION, "http://purl.oclc.org/ooxml/x")}
    )
    with pytest.raises(InputError, match="Strict Open XML document; save it as"):
        template_at(strict)
    with zipfile.ZipFile(tmp_path / "house.odt", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
    with pytest.raises(InputError, match=r"OpenDocument text \(\.odt\); save it as"):
        template_at(tmp_path / "house.odt")


# what it links to


@pytest.mark.parametrize(
    ("kind", "target", "said"),
    [
        ("image", "https://example.org/logo.png", "a picture at 'https://example.org/logo.png'"),
        ("oleObject", "file:///C:/costs.xlsx", "an object at 'file:///C:/costs.xlsx'"),
        ("aFChunk", "https://example.org/a.html", "a file that Word inserts at"),
        ("frame", "https://example.org/b.html", "a frame at"),
        ("subDocument", "chapter.docx", "a part of the document at 'chapter.docx'"),
        ("somethingNew", "https://example.org", "somethingNew at 'https://example.org'"),
    ],
)
def test_template_that_links_to_another_file_is_refused_with_its_address(
    kind, target, said, template
):
    path = changed(template(paragraph(MARK)), {"document.xml.rels": related(kind, target)})
    with pytest.raises(InputError, match=f"house.docx: it links to {re.escape(said)}"):
        template_at(path)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (paragraph(field(["INCLUDE", 'PICTURE "https://example.org/a.png"'])), "the field 'INCLUDEPICTURE"),
        (paragraph(field([" ddeauto c:\\\\a"])), "the field 'ddeauto"),
        (paragraph(field(["IF ", field(["LINK Excel.Sheet a.xlsx"])])), "the field 'LINK Excel"),
        (paragraph('<w:fldSimple w:instr=" INCLUDETEXT a.docx "/>'), "the field 'INCLUDETEXT a.docx'"),
        (paragraph('<w:r><w:pict><v:shape xmlns:v="urn:schemas-microsoft-com:vml"><v:imagedata '
                   'src="https://example.org/a.png"/></v:shape></w:pict></w:r>'), "a picture at 'https"),
    ],
)  # fmt: skip
def test_link_that_is_no_relation_is_refused_too(body, said, template):
    with pytest.raises(InputError, match=f"it links to .*{re.escape(said)}"):
        template_at(template(body))


def test_mail_merge_is_refused(template):
    merge = '<w:mailMerge><w:mainDocumentType w:val="formLetters"/></w:mailMerge>'
    path = changed(
        template(),
        {"settings.xml": lambda text: text.replace("</w:settings>", f"{merge}</w:settings>")},
    )
    with pytest.raises(InputError, match="it links to the data of a mail merge"):
        template_at(path)


def test_template_of_the_template_and_its_styles_are_not_taken_on_and_links_to_click_are(template):
    path = template(
        paragraph(MARK), paragraph(field(['HYPERLINK "https://example.org/LINK"'], run("x")))
    )
    changed(
        path,
        {
            "document.xml.rels": related("hyperlink", "https://example.org/"),
            "settings.xml": lambda text: re.sub(
                r"(<w:settings[^>]*>)", r'\1<w:attachedTemplate r:id="rId99"/><w:linkStyles/>', text
            ),
        },
    )
    with zipfile.ZipFile(path, "a") as archive:
        relations = (
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        )
        attached = related("attachedTemplate", "https://example.org/house.dotm")
        archive.writestr("word/_rels/settings.xml.rels", attached(f"{relations}</Relationships>"))
    made = document(small_report(), CHART, path)
    with zipfile.ZipFile(BytesIO(made)) as archive:
        parts = {name: archive.read(name).decode("latin-1") for name in archive.namelist()}
    relations = " ".join(text for name, text in parts.items() if name.endswith(".rels"))
    assert re.findall(r'Target="([^"]+)" TargetMode="External"', relations) == [
        "https://example.org/"
    ]
    settings = opened(made).settings.element
    assert not settings.findall(qn("w:attachedTemplate")) + settings.findall(qn("w:linkStyles"))


def test_all_that_is_wrong_with_a_template_is_told_at_once(template, tmp_path, capsys):
    path = changed(
        template(TABLE(paragraph(MARK)), paragraph(run("{report}")), header="{{report}}"),
        {"document.xml.rels": related("image", "https://example.org/logo.png")},
    )
    place = tmp_path / "reports"
    assert (
        cli.main(["report", "worked-example", "--template", str(path), "--output", str(place)]) == 1
    )
    links, marks = capsys.readouterr().err.splitlines()
    assert "links to a picture" in links
    for said in ("stands in a table", "'{report}' isn't", "stands in a header"):
        assert said in marks
    assert not place.exists()
