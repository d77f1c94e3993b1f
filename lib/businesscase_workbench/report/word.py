"""A report as a Word document, in the council's own template if there is one."""

import copy
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

import docx
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.oxml.parser import OxmlElement
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.parts.numbering import NumberingPart
from docx.shared import Cm

from businesscase.shown import looks
from businesscase_workbench.report import paper
from businesscase_workbench.report.content import (
    Block,
    Chapter,
    FigureShown,
    Heading,
    Plain,
    Prose,
    Report,
    TableShown,
    Verdict,
)
from businesscase_workbench.report.paper import Fit, Paragraph, Part, Run, clean
from businesscase_workbench.report.word_template import place_in, template_at

MADE = datetime(2000, 1, 1)  # the date that the file bears, so that its bytes are the same each day
ZIPPED = (1980, 1, 1, 0, 0, 0)
TWIPS = 1440 / 2.54  # to the cm
FONT = "Arial"
BLUE, RULE, PALE = "12436D", "7A7F83", "E9EEF3"
HIGHEST_FIGURE = 0.82  # of the height of the text, so that its caption stays on its page
MINUS = "-\N{WORD JOINER}"  # for which Word has a sign of its own
LEVELS = range(1, 6)  # of headings: the chapter's is 1
NUMBER_FORMATS = {"bullet": ("bullet", "•"), "decimal": ("decimal", "%{level}.")}

# a style by its name: kind, the style that it is based on, and what is said of paragraph and type
STYLES = {
    "Normal": ("paragraph", "", '<w:spacing w:after="120" w:line="271" w:lineRule="auto"/>', '<w:sz w:val="22"/>'),
    "Title": ("paragraph", "Normal", '<w:keepNext/><w:spacing w:before="0" w:after="120" w:line="240" w:lineRule="auto"/>', '<w:b/><w:color w:val="{blue}"/><w:sz w:val="44"/>'),
    "Subtitle": ("paragraph", "Normal", '<w:spacing w:after="240"/>', '<w:color w:val="3D3D3D"/><w:sz w:val="28"/>'),
    "heading 1": ("paragraph", "Normal", '<w:keepNext/><w:keepLines/><w:spacing w:before="480" w:after="120" w:line="240" w:lineRule="auto"/><w:outlineLvl w:val="0"/>', '<w:b/><w:color w:val="{blue}"/><w:sz w:val="34"/>'),
    "heading 2": ("paragraph", "Normal", '<w:keepNext/><w:keepLines/><w:spacing w:before="300" w:after="80" w:line="240" w:lineRule="auto"/><w:outlineLvl w:val="1"/>', '<w:b/><w:color w:val="{blue}"/><w:sz w:val="26"/>'),
    "heading 3": ("paragraph", "Normal", '<w:keepNext/><w:keepLines/><w:spacing w:before="240" w:after="60" w:line="240" w:lineRule="auto"/><w:outlineLvl w:val="2"/>', '<w:b/><w:sz w:val="23"/>'),
    "heading 4": ("paragraph", "Normal", '<w:keepNext/><w:keepLines/><w:spacing w:before="200" w:after="60" w:line="240" w:lineRule="auto"/><w:outlineLvl w:val="3"/>', '<w:b/><w:sz w:val="22"/>'),
    "heading 5": ("paragraph", "Normal", '<w:keepNext/><w:keepLines/><w:spacing w:before="200" w:after="60" w:line="240" w:lineRule="auto"/><w:outlineLvl w:val="4"/>', '<w:i/><w:sz w:val="22"/>'),
    "caption": ("paragraph", "Normal", '<w:keepLines/><w:spacing w:before="160" w:after="80" w:line="240" w:lineRule="auto"/>', '<w:b/><w:sz w:val="20"/>'),
    "toc 1": ("paragraph", "Normal", '<w:tabs><w:tab w:val="right" w:leader="dot" w:pos="{right}"/></w:tabs><w:spacing w:after="60"/>', ""),
    "TOC Heading": ("paragraph", "Normal", '<w:keepNext/><w:spacing w:before="300" w:after="80"/>', '<w:b/><w:color w:val="{blue}"/><w:sz w:val="26"/>'),
    "List Paragraph": ("paragraph", "Normal", '<w:spacing w:after="60"/>', ""),
    "Quote": ("paragraph", "Normal", '<w:ind w:left="567" w:right="567"/>', "<w:i/>"),
    "footer": ("paragraph", "Normal", '<w:spacing w:after="0"/><w:jc w:val="center"/>', '<w:color w:val="3D3D3D"/><w:sz w:val="18"/>'),
    "Report recommendation": ("paragraph", "Normal", '<w:keepNext/><w:pBdr><w:left w:val="single" w:sz="48" w:space="8" w:color="{blue}"/></w:pBdr><w:shd w:val="clear" w:color="auto" w:fill="{pale}"/><w:spacing w:before="120" w:after="160"/><w:ind w:left="227"/>', '<w:b/><w:sz w:val="30"/>'),
    "Report code": ("paragraph", "Normal", '<w:spacing w:line="240" w:lineRule="auto"/>', '<w:rFonts w:ascii="Courier New" w:hAnsi="Courier New" w:cs="Courier New"/><w:sz w:val="18"/>'),
    # in Arial in any template: the widths of columns are worked out for it
    "Report cell": ("paragraph", "Normal", '<w:spacing w:before="0" w:after="0" w:line="240" w:lineRule="auto"/>', '<w:rFonts w:ascii="Arial" w:hAnsi="Arial" w:cs="Arial"/><w:sz w:val="18"/>'),
    "Report table": ("table", "", "", ""),
}  # fmt: skip
TABLE_STYLE = """<w:tblPr><w:tblStyleRowBandSize w:val="1"/><w:tblBorders>
<w:top w:val="single" w:sz="8" w:space="0" w:color="{blue}"/><w:bottom w:val="single" w:sz="8" w:space="0" w:color="{blue}"/>
<w:insideH w:val="single" w:sz="4" w:space="0" w:color="B8BDC1"/></w:tblBorders>
<w:tblCellMar><w:top w:w="40" w:type="dxa"/><w:left w:w="{pad}" w:type="dxa"/><w:bottom w:w="40" w:type="dxa"/><w:right w:w="{pad}" w:type="dxa"/></w:tblCellMar></w:tblPr>
<w:tblStylePr w:type="firstRow"><w:rPr><w:b/></w:rPr><w:tcPr><w:tcBorders><w:bottom w:val="single" w:sz="8" w:space="0" w:color="{blue}"/></w:tcBorders><w:shd w:val="clear" w:color="auto" w:fill="{pale}"/><w:vAlign w:val="bottom"/></w:tcPr></w:tblStylePr>"""


def document(report: Report, charts: Mapping[str, bytes], template: Path | None = None) -> bytes:
    """Return a report as a Word document, the same bytes for the same report.

    Parameters
    ----------
    charts : mapping of str to bytes
        PNG of each figure by the figure's name.
    template : Path, optional
        A document of the council's own: its styles, page and headers are used, and what it says is
        kept. The report takes the place of a paragraph ``{{report}}``; without one it comes last.

    Raises
    ------
    InputError
        If the template can't be used.
    """
    house = template_at(template) if template else docx.Document()
    if not template:
        _set_up_page(house, report)
    _add_styles(house, replace=not template)
    writer = _Writer(house, charts)
    place = _place(house)
    place.addprevious(marker := OxmlElement("w:p"))
    for element in writer.written(report):
        marker.addprevious(element)
    marker.getparent().remove(marker)
    if place.tag == qn("w:p"):
        _clear(place)
    _state_properties(house, report)
    stream = io.BytesIO()
    house.save(stream)
    return _settled(stream.getvalue())


# the document around the report


def _place(house: docx.document.Document) -> BaseOxmlElement:
    """Return the paragraph that the report replaces, or the body's end, before which it goes."""
    named = place_in(house)
    if named is not None:
        return named
    body = house.element.body
    if not any(True for _ in body.iter(qn("w:t"), qn("w:drawing"), qn("w:tbl"))):
        for paragraph in body.findall(qn("w:p")):
            body.remove(paragraph)
    return body.get_or_add_sectPr()


def _clear(place: BaseOxmlElement) -> None:
    """Remove the paragraph of the mark; of one that ends a section what it says alone."""
    if not place.xpath("w:pPr/w:sectPr"):
        place.getparent().remove(place)
        return
    for child in place.findall("*"):
        if child.tag != qn("w:pPr"):
            place.remove(child)


def _set_up_page(house: docx.document.Document, report: Report) -> None:
    section = house.sections[0]
    section.page_width, section.page_height = Cm(paper.PAGE_WIDTH), Cm(paper.PAGE_HEIGHT)
    for side in ("left", "right", "top", "bottom"):
        setattr(section, f"{side}_margin", Cm(paper.MARGIN))
    section.footer_distance = section.header_distance = Cm(1.1)
    footer = section.footer.paragraphs[0]._p
    footer.get_or_add_pPr().append(_xml("w:pStyle", val="Footer"))
    footer.extend([_text(f"{report.title}  ·  Page "), *_field("PAGE", "1")])
    footer.extend([_text(" of "), *_field("NUMPAGES", "1")])


def _add_styles(house: docx.document.Document, replace: bool) -> None:
    """Add the styles that the document lacks; with ``replace`` set all of them."""
    styles = house.styles.element
    known = {style.name_val.lower(): style for style in styles.style_lst}
    names = {"blue": BLUE, "pale": PALE, "pad": round(paper.PADDING * TWIPS)}
    names["right"] = round(_text_size(house.element.body.get_or_add_sectPr())[0] * TWIPS)
    default = styles.default_for(docx.enum.style.WD_STYLE_TYPE.PARAGRAPH)
    normal = default.styleId if default is not None else "Normal"
    for name, (kind, based, paragraph, run) in STYLES.items():
        old = known.get(name.lower())
        if old is not None and not replace:
            continue
        more = TABLE_STYLE if kind == "table" else f"<w:pPr>{paragraph}</w:pPr><w:rPr>{run}</w:rPr>"
        default_mark = ' w:default="1"' if name == "Normal" else ""
        style = parse_xml(
            f'<w:style {nsdecls("w")} w:type="{kind}" w:styleId="{_style_id(name)}"{default_mark}>'
            f'<w:name w:val="{name}"/>'
            + (f'<w:basedOn w:val="{normal}"/>' if based else "")
            + f"<w:qFormat/>{more.format(**names)}</w:style>"
        )
        if old is not None:
            styles.replace(old, style)
        else:
            styles.append(style)
    _set_language(styles, FONT if replace else None)


def _style_id(name: str) -> str:
    """Return the id of one of our styles.

    Examples
    --------
    >>> _style_id("heading 1"), _style_id("Report cell")
    ('Heading1', 'ReportCell')
    """
    return name.replace("toc", "TOC").title().replace("Toc", "TOC").replace(" ", "")


def _set_language(styles: BaseOxmlElement, font: str | None) -> None:
    """State the language, and a font in place of the theme's, for all that says nothing else."""
    defaults = styles.find(qn("w:docDefaults"))
    if defaults is None:
        styles.insert(0, defaults := OxmlElement("w:docDefaults"))
    for step in ("w:rPrDefault", "w:rPr"):
        found = defaults.find(qn(step))
        if found is None:
            defaults.insert(0, found := OxmlElement(step))
        defaults = found
    for old in defaults.findall(qn("w:lang")):
        defaults.remove(old)
    if font:
        for old in defaults.findall(qn("w:rFonts")):
            defaults.remove(old)
        defaults.insert(0, _xml("w:rFonts", ascii=font, hAnsi=font, cs=font, eastAsia=font))
    defaults.append(_xml("w:lang", val=paper.LANGUAGE, eastAsia=paper.LANGUAGE, bidi="ar-SA"))


def _state_properties(house: docx.document.Document, report: Report) -> None:
    properties = house.core_properties
    properties.title, properties.subject = clean(report.title)[:255], clean(report.question)[:255]
    properties.author = properties.last_modified_by = paper.PRODUCT
    properties.language, properties.comments, properties.revision = paper.LANGUAGE, "", 1
    properties.created = properties.modified = MADE
    settings = house.settings.element
    if settings.find(qn("w:updateFields")) is None:  # the page numbers of the contents
        settings.insert(0, _xml("w:updateFields", val="true"))
        _put_in_order(settings)
    if settings.find(qn("w:compat")) is None:
        return
    compatibility = settings.find(qn("w:compat"))
    if not compatibility.findall(qn("w:compatSetting")):
        uri = "http://schemas.microsoft.com/office/word"
        compatibility.append(_xml("w:compatSetting", name="compatibilityMode", uri=uri, val="15"))


def _put_in_order(settings: BaseOxmlElement) -> None:
    """Put ``updateFields`` where the schema has it: before what describes notes and compatibility."""
    after = [
        "w:hdrShapeDefaults",
        "w:footnotePr",
        "w:endnotePr",
        "w:compat",
        "w:docVars",
        "w:rsids",
    ]
    update = settings.find(qn("w:updateFields"))
    follower = next(
        (found for name in after if (found := settings.find(qn(name))) is not None), None
    )
    if follower is not None:
        follower.addprevious(update)
    else:
        settings.append(update)


def _settled(saved: bytes) -> bytes:
    """Return a saved document with one fixed time on each of its parts."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, ZIPPED)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 0  # else it would say on which system it was made
            new.writestr(entry, old.read(name))
    return stream.getvalue()


# the report


class _Writer:
    """Writes a report's blocks as elements of a document's body."""

    def __init__(self, house: docx.document.Document, charts: Mapping[str, bytes]):
        self.part = house.part
        self.charts = charts
        self.upright = _governing_section(house)
        self.turned = _turned(self.upright)
        self.sizes = {False: _text_size(self.upright), True: _text_size(self.turned)}
        self.widths = (self.sizes[False][0], self.sizes[True][0])
        self.lists = _Lists(house)
        self.ids = {
            style.name_val.lower(): style.styleId for style in house.styles.element.style_lst
        }
        # a template may number its headings itself
        numbered = house.styles.element.xpath("w:style[w:pPr/w:numPr]/w:name/@w:val")
        self.numbered = {name.lower() for name in numbered}
        identifiers = house.element.body.xpath("//@w:id | //wp:docPr/@id")
        self.identifier = max((int(found) for found in identifiers if found.isdigit()), default=0)

    def written(self, report: Report) -> Iterator[BaseOxmlElement]:
        """Yield the report's paragraphs and tables."""
        yield self.paragraph([Run(clean(report.title))], "Title")
        yield self.paragraph([Run(clean(report.question))], "Subtitle")
        for label, text in report.facts:
            yield self.paragraph([Run(f"{clean(label)}: ", bold=True), Run(clean(text))])
        titles = self._titles(report)
        bookmarks = iter(titles)
        for number, chapter in enumerate(report.front):
            yield from self._chapters([chapter], bookmarks, on_new_page=number > 0)
        if report.front or len(titles) >= paper.LISTED:
            yield from self._contents(titles, on_new_page=bool(report.front))
        yield from self._chapters(report.chapters, bookmarks)

    def _chapters(
        self,
        chapters: Iterable[Chapter],
        bookmarks: Iterator[tuple[str, str]],
        on_new_page: bool = False,
    ) -> Iterator[BaseOxmlElement]:
        turned = False
        for part in paper.parts(chapters, self.widths):
            if part.turned != turned:
                yield self._end_of_section(turned)
                turned = part.turned
            if part.heading:
                heading = self._chapter_heading(*next(bookmarks))
                if on_new_page:
                    heading.get_or_add_pPr().get_or_add_pageBreakBefore()
                yield heading
            yield from self._blocks(part)
        if turned:  # what the template says after the report stands upright
            yield self._end_of_section(turned)

    def _titles(self, report: Report) -> list[tuple[str, str]]:
        """Return the bookmark and the title of each chapter."""
        return [
            (f"_Toc{900000000 + number}", title)
            for number, title in enumerate(self._numbered_titles(report), 1)
        ]

    def _numbered_titles(self, report: Report) -> Iterator[str]:
        yield from (clean(chapter.title) for chapter in report.front)
        for number, chapter in enumerate(report.chapters, 1):
            is_counted = "heading 1" in self.numbered and chapter.number == str(number)
            yield clean(chapter.title if is_counted else chapter.heading)

    def _contents(
        self, titles: list[tuple[str, str]], on_new_page: bool
    ) -> Iterator[BaseOxmlElement]:
        """Yield a table of contents that Word keeps, filled in already."""
        heading = self.paragraph([Run("Contents")], "TOC Heading")
        if on_new_page:
            heading.get_or_add_pPr().get_or_add_pageBreakBefore()
        yield heading
        for number, (bookmark, title) in enumerate(titles):
            entry = self.paragraph([], "toc 1")
            if number == 0:
                entry.extend(_field_start('TOC \\o "1-1" \\h \\z \\u'))
            link = _xml("w:hyperlink", anchor=bookmark, history="1")
            link.append(_text(title))  # Word adds the numbers of the pages, which it alone knows
            entry.append(link)
            if number == len(titles) - 1:
                entry.append(_field_mark("end"))
            yield entry

    def _chapter_heading(self, bookmark: str, title: str) -> BaseOxmlElement:
        heading = self.paragraph([], "heading 1")
        identifier = str(self._next())
        heading.append(_xml("w:bookmarkStart", id=identifier, name=bookmark))
        heading.append(_text(title))
        heading.append(_xml("w:bookmarkEnd", id=identifier))
        return heading

    def _blocks(self, part: Part) -> Iterator[BaseOxmlElement]:
        neighbours = zip(
            [None, *part.blocks[:-1]], part.blocks, [*part.blocks[1:], None], strict=True
        )
        for before, block, after in neighbours if part.blocks else ():
            elements = list(self._block(block, part.turned))
            if not elements:  # prose without a word
                continue
            if isinstance(before, TableShown) and not isinstance(
                block, TableShown | FigureShown | Heading
            ):
                _set_space_before(elements[0], 200)
            if paper.introduces(block, after):
                _keep_with_next(elements[-1])
            yield from elements

    def _block(self, block: Block, turned: bool) -> Iterator[BaseOxmlElement]:
        match block:
            case Heading():
                style = f"heading {min(block.level - 1, LEVELS[-1])}"
                text = block.text if style in self.numbered else block.numbered
                yield self.paragraph([Run(clean(text))], style)
            case Prose():
                yield from self.prose(paper.paragraphs(block.marked()))
            case Verdict():
                yield _coloured(
                    self.paragraph([Run(clean(block.text))], "Report recommendation"),
                    *looks.of_verdict(block.text),
                )
            case Plain():
                yield self.paragraph([Run(clean(block.text))], "Report code")
            case TableShown():
                yield self._caption("Table", block.number, block.caption, with_next=True)
                yield self._table(block, paper.fitted(block, self.widths, turned))
            case FigureShown():
                yield self._picture(block, turned)
                yield self._caption("Figure", block.number, block.title)

    def paragraph(self, runs: Iterable[Run], style: str = "") -> BaseOxmlElement:
        """Return a paragraph of a style, by its name."""
        element = OxmlElement("w:p")
        if style:
            properties = OxmlElement("w:pPr")
            properties.append(_xml("w:pStyle", val=self.ids[style.lower()]))
            element.append(properties)
        element.extend(_text(run.text, run) for run in runs)
        return element

    def prose(self, paragraphs: Iterable[Paragraph]) -> Iterator[BaseOxmlElement]:
        """Yield paragraphs of Markdown, those of a list with Word's own marks."""
        list_number = 0
        for paragraph in paragraphs:
            style = {"item": "List Paragraph", "quote": "Quote", "code": "Report code"}.get(
                paragraph.kind, ""
            )
            element = self.paragraph(paragraph.runs, style)
            if paragraph.kind == "item":
                if not paragraph.ordinal:
                    number = self.lists.bullets
                else:
                    if paragraph.ordinal == 1 or not list_number:
                        list_number = self.lists.new(paragraph.ordinal, paragraph.depth - 1)
                    number = list_number
                element.pPr.append(_list_mark(number, paragraph.depth - 1))
            elif paragraph.depth:
                element.get_or_add_pPr().append(_xml("w:ind", left=str(400 * paragraph.depth)))
            yield element

    def _caption(
        self, kind: str, number: str, text: str, with_next: bool = False
    ) -> BaseOxmlElement:
        """Return a caption whose number Word counts, afresh in each chapter, and so can list."""
        chapter, point, place = number.rpartition(".")
        restart = " \\r 1" if place == "1" else ""
        caption = self.paragraph([Run(f"{kind} {chapter}{point}")], "caption")
        caption.extend(_field(f"SEQ {kind} \\* ARABIC{restart}", place))
        caption.append(_text(f" {clean(text)}"))
        if with_next:
            caption.pPr.append(OxmlElement("w:keepNext"))
        return caption

    def _table(self, table: TableShown, fit: Fit) -> BaseOxmlElement:
        widths = [round(width * TWIPS) for width in fit.widths]
        element = OxmlElement("w:tbl")
        element.append(self._table_properties(table, sum(widths)))
        grid = OxmlElement("w:tblGrid")
        grid.extend(_xml("w:gridCol", w=str(width)) for width in widths)
        element.append(grid)
        last = len(table.rows)
        for number, texts in enumerate([table.labels, *table.rows]):
            with_next = number < last if fit.whole else number < min(2, last)
            row = self._row(texts, table.numeric, widths, fit.size, with_next, number == 0)
            if not fit.divided_rows[number]:
                row.trPr.insert(0, OxmlElement("w:cantSplit"))
            element.append(row)
        return element

    def _table_properties(self, table: TableShown, width: int) -> BaseOxmlElement:
        properties = OxmlElement("w:tblPr")
        properties.append(_xml("w:tblStyle", val=self.ids["report table"]))
        properties.append(_xml("w:tblW", w=str(width), type="dxa"))
        properties.append(_xml("w:tblLayout", type="fixed"))
        properties.append(
            _xml("w:tblLook", val="00A0", firstRow="1", lastRow="0", firstColumn="1",
                 lastColumn="0", noHBand="1", noVBand="1")
        )  # fmt: skip
        properties.append(_xml("w:tblCaption", val=clean(f"Table {table.number} {table.caption}")))
        return properties

    def _row(self, texts, numeric, widths, size, with_next, head) -> BaseOxmlElement:
        row = OxmlElement("w:tr")
        properties = OxmlElement("w:trPr")
        if head:
            properties.append(OxmlElement("w:tblHeader"))
        row.append(properties)
        for text, number, width in zip(texts, numeric, widths, strict=True):
            row.append(self._cell(text, number, width, size, with_next, head))
        return row

    def _cell(self, text, number, width, size, with_next, bold) -> BaseOxmlElement:
        cell = OxmlElement("w:tc")
        properties = OxmlElement("w:tcPr")
        properties.append(_xml("w:tcW", w=str(width), type="dxa"))
        cell.append(properties)
        paragraph = self.paragraph([], "Report cell")
        if with_next:
            paragraph.pPr.append(OxmlElement("w:keepNext"))
        if number:
            paragraph.pPr.append(_xml("w:jc", val="right"))
        paragraph.append(_text(clean(text), Run("", bold=bold), size))
        cell.append(paragraph)
        return cell

    def _picture(self, figure: FigureShown, turned: bool) -> BaseOxmlElement:
        width, height = self.sizes[turned]
        inline = self.part.new_pic_inline(io.BytesIO(self.charts[figure.name]))
        scale = min(
            Cm(min(width, self.sizes[False][0])) / inline.extent.cx,
            Cm(height * HIGHEST_FIGURE) / inline.extent.cy,
        )
        for size in (inline.extent, inline.graphic.graphicData.pic.spPr.xfrm.ext):
            size.cx, size.cy = int(size.cx * scale), int(size.cy * scale)
        inline.docPr.set("id", str(self._next()))
        inline.docPr.set("name", f"Figure {figure.number}")
        inline.docPr.set("descr", clean(f"{figure.title}. {figure.description}"))
        paragraph = self.paragraph([])
        paragraph.append(_run(_holding("w:drawing", inline)))
        paragraph.get_or_add_pPr().append(OxmlElement("w:keepNext"))
        _set_space_before(paragraph, 160)
        return paragraph

    def _end_of_section(self, turned: bool) -> BaseOxmlElement:
        """Return the paragraph that ends upright or turned pages."""
        end = self.paragraph([], "Report cell")
        # as low as can be, so that it starts no page of its own
        end.pPr.append(_xml("w:spacing", line="20", lineRule="exact"))
        section = copy.deepcopy(self.turned if turned else self.upright)
        end.pPr.append(section)
        for later in (self.upright, self.turned):
            _continue_from_before(later)
        return end

    def _next(self) -> int:
        self.identifier += 1
        return self.identifier


class _Lists:
    """Bullets and numbers of lists, beside those that the document has."""

    def __init__(self, house: docx.document.Document):
        self.numbering = _numbering(house)
        first = 1 + max(
            map(int, self.numbering.xpath("w:abstractNum/@w:abstractNumId")), default=-1
        )
        self.abstract = {}
        for offset, (name, (number_format, sign)) in enumerate(NUMBER_FORMATS.items()):
            self.abstract[name] = str(first + offset)
            self._define(str(first + offset), number_format, sign)
        self.bullets = self._number("bullet")

    def new(self, start: int, level: int) -> int:
        """Return the number of a new list that counts from ``start``."""
        number = self._number("decimal")
        override = _xml("w:lvlOverride", ilvl=str(level))
        override.append(_xml("w:startOverride", val=str(start)))
        self.numbering[-1].append(override)
        return number

    def _define(self, identifier: str, number_format: str, sign: str) -> None:
        definition = _xml("w:abstractNum", abstractNumId=identifier)
        definition.append(_xml("w:multiLevelType", val="hybridMultilevel"))
        for number in range(9):
            level = _xml("w:lvl", ilvl=str(number))
            level.append(_xml("w:start", val="1"))
            level.append(_xml("w:numFmt", val=number_format))
            level.append(_xml("w:lvlText", val=sign.format(level=number + 1)))
            level.append(_xml("w:lvlJc", val="left"))
            indent = OxmlElement("w:pPr")
            indent.append(_xml("w:ind", left=str(400 * (number + 1)), hanging="300"))
            level.append(indent)
            definition.append(level)
        first = self.numbering.find(qn("w:num"))  # definitions come before their uses
        if first is not None:
            first.addprevious(definition)
        else:
            self.numbering.append(definition)

    def _number(self, name: str) -> int:
        number = 1 + max(map(int, self.numbering.xpath("w:num/@w:numId")), default=0)
        use = _xml("w:num", numId=str(number))
        use.append(_xml("w:abstractNumId", val=self.abstract[name]))
        self.numbering.append(use)
        return number


def _numbering(house: docx.document.Document) -> BaseOxmlElement:
    """Return the document's part for lists, made if it has none."""
    try:
        return house.part.part_related_by(RELATIONSHIP_TYPE.NUMBERING).element
    except KeyError:
        element = OxmlElement("w:numbering")
        name = PackURI("/word/numbering.xml")
        part = NumberingPart(name, CONTENT_TYPE.WML_NUMBERING, element, house.part.package)
        house.part.relate_to(part, RELATIONSHIP_TYPE.NUMBERING)
        return element


# sections


def _governing_section(house: docx.document.Document) -> BaseOxmlElement:
    """Return the properties of the section that the report is in: the next that are stated."""
    place = _place(house)
    if place.tag == qn("w:sectPr"):
        return place
    following = place.xpath("descendant::w:sectPr | following::w:sectPr")
    return following[0] if following else house.element.body.get_or_add_sectPr()


def _turned(section: BaseOxmlElement) -> BaseOxmlElement:
    """Return a section's properties with the page turned and its margins with it."""
    turned = copy.deepcopy(section)
    turned.page_width, turned.page_height = section.page_height, section.page_width
    turned.orientation = docx.enum.section.WD_ORIENT.LANDSCAPE
    turned.left_margin, turned.right_margin = section.top_margin, section.bottom_margin
    turned.top_margin, turned.bottom_margin = section.right_margin, section.left_margin
    return turned


def _continue_from_before(section: BaseOxmlElement) -> None:
    """Let a section count its pages on, without a first page of its own."""
    for first_page in section.findall(qn("w:titlePg")):
        section.remove(first_page)
    for numbers in section.findall(qn("w:pgNumType")):
        numbers.attrib.pop(qn("w:start"), None)


def _text_size(section: BaseOxmlElement) -> tuple[float, float]:
    """Return width and height of the text on a page [cm]."""
    width = section.page_width or Cm(paper.PAGE_WIDTH)
    height = section.page_height or Cm(paper.PAGE_HEIGHT)
    sides = [
        Cm(paper.MARGIN) if margin is None else margin
        for margin in (
            section.left_margin,
            section.right_margin,
            section.top_margin,
            section.bottom_margin,
        )
    ]
    return (width - sides[0] - sides[1]) / Cm(1), (height - abs(sides[2]) - abs(sides[3])) / Cm(1)


# elements


def _xml(tag: str, **attributes: str) -> BaseOxmlElement:
    element = OxmlElement(tag)
    for name, value in attributes.items():
        element.set(qn(f"w:{name}"), value)
    return element


def _coloured(paragraph: BaseOxmlElement, fill: str, ink: str) -> BaseOxmlElement:
    """Return a paragraph of one run on a ground and in a text of some colours."""
    ground = {"val": "clear", "color": "auto", "fill": fill.lstrip("#")}
    paragraph.pPr.append(_xml("w:shd", **ground))
    colour = _xml("w:color", val="FFFFFF" if ink == "white" else ink.lstrip("#"))
    for run in paragraph.r_lst:
        run.get_or_add_rPr().append(colour)
    return paragraph


def _holding(tag: str, *children: BaseOxmlElement) -> BaseOxmlElement:
    element = OxmlElement(tag)
    element.extend(children)
    return element


def _run(*children: BaseOxmlElement) -> BaseOxmlElement:
    return _holding("w:r", *children)


def _text(text: str, like: Run | None = None, size: float | None = None) -> BaseOxmlElement:
    """Return a run of text; line breaks and tabs in it are Word's own."""
    run = OxmlElement("w:r")
    properties = OxmlElement("w:rPr")
    if like and like.code:
        properties.append(_xml("w:rFonts", ascii="Courier New", hAnsi="Courier New"))
    if like and like.bold:
        properties.append(OxmlElement("w:b"))
    if like and like.italic:
        properties.append(OxmlElement("w:i"))
    if size:
        properties.append(_xml("w:sz", val=str(round(2 * size))))
        properties.append(_xml("w:szCs", val=str(round(2 * size))))
    if len(properties):
        run.append(properties)
    first, *others = clean(text).split(MINUS)
    run.text = first
    for after in others:
        run.append(OxmlElement("w:noBreakHyphen"))
        run.extend(list(_text(after)) if after else [])
    return run


def _field(instruction: str, shown: str) -> list[BaseOxmlElement]:
    return [*_field_start(instruction), _text(shown), _field_mark("end")]


def _field_start(instruction: str) -> list[BaseOxmlElement]:
    words = OxmlElement("w:instrText")
    words.set(qn("xml:space"), "preserve")
    words.text = f" {instruction} "
    return [_field_mark("begin"), _run(words), _field_mark("separate")]


def _field_mark(kind: str) -> BaseOxmlElement:
    return _run(_xml("w:fldChar", fldCharType=kind))


def _list_mark(number: int, level: int) -> BaseOxmlElement:
    mark = OxmlElement("w:numPr")
    mark.append(_xml("w:ilvl", val=str(min(level, 8))))
    mark.append(_xml("w:numId", val=str(number)))
    return mark


def _keep_with_next(paragraph: BaseOxmlElement) -> None:
    properties = paragraph.get_or_add_pPr()
    style = properties.find(qn("w:pStyle"))
    properties.insert(0 if style is None else 1, OxmlElement("w:keepNext"))


def _set_space_before(paragraph: BaseOxmlElement, twentieths: int) -> None:
    properties = paragraph.get_or_add_pPr()
    spacing = _xml("w:spacing", before=str(twentieths))
    before = properties.find(qn("w:ind"))
    if before is not None:
        before.addprevious(spacing)
    else:
        properties.append(spacing)
