"""A council's own Word file as template: what is read of it, and where the report goes in it."""

import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docx
from docx.opc.oxml import serialize_part_xml
from docx.oxml import parse_xml
from docx.oxml.ns import nsmap, qn
from docx.oxml.xmlchemy import BaseOxmlElement

from businesscase.cases.errors import InputError, shown

PLACE = "{{report}}"  # a paragraph of a template with this text is where the report goes
MARK = re.compile(r"\{\{\s*report\s*\}\}", re.IGNORECASE)
# the mark, and what was meant to be it
ALIKE = re.compile(
    r"\{+[^\w{}]*reports?\b[^\w{}]*\}*|\breports?[^\w{}]*\}+"
    r"|\[\[\W*reports?\W*\]\]|<<\W*reports?\W*>>|«\W*reports?\W*»",
    re.IGNORECASE,
)
# what a mark is in: the innermost that is named counts
INSIDE = {
    "txbxContent": "in a text box",
    "tbl": "in a table",
    "sdt": "in a content control",
    "ins": "in a tracked change that isn't accepted yet",
    "moveTo": "in a tracked change that isn't accepted yet",
    "fldSimple": "in a field",
    "hyperlink": "in a link",
    "hdr": "in a header",
    "ftr": "in a footer",
    "footnote": "in a footnote",
    "endnote": "in an endnote",
    "comment": "in a comment",
}
READ = tuple(
    f".{name}+xml"
    for name in ("document.main", "header", "footer", "footnotes", "endnotes", "comments")
)
UNSEEN = ("mc:Fallback", "w:del", "w:moveFrom")  # a second copy of a text box, and what was deleted
BESIDE = {
    "a picture": ("w:drawing", "w:pict", "w:object"),
    "a field": ("w:fldChar",),
}
NO_WORD_FILE = "it is not a Word file (.docx)"
SAVE = "save it as a Word document (.docx)"
TYPES = "[Content_Types].xml"
DOCUMENT = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
TEMPLATE = "application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml"
# how files begin that are no archive
FIRST_BYTES = {
    b"\xd0\xcf\x11\xe0": "it is a Word file of before 2007 (.doc) or has a password",
    b"{\\rtf": "it is rich text (.rtf)",
}
# what a file is joined to, by the last word of the relation's type
LINKED = {
    "image": "a picture",
    "oleObject": "an object",
    "package": "an object",
    "aFChunk": "a file that Word inserts",
    "subDocument": "a part of the document",
    "frame": "a frame",
    "mailMergeSource": "the data of a mail merge",
    "mailMergeHeaderSource": "the data of a mail merge",
}
FOLLOWED_BY_HAND = "hyperlink"  # a reader sees it, and nothing is fetched before a click
ATTACHED = "attachedTemplate"
# fields that fetch what is elsewhere when Word renews them, as it does when a report is opened
FETCHING = {
    "INCLUDEPICTURE", "INCLUDETEXT", "INCLUDE", "IMPORT", "LINK", "DDE", "DDEAUTO", "DATABASE", "RD",
}  # fmt: skip
VML, OFFICE = "{urn:schemas-microsoft-com:vml}", "{urn:schemas-microsoft-com:office:office}"
nsmap.setdefault("mc", "http://schemas.openxmlformats.org/markup-compatibility/2006")


def template_at(path: Path) -> docx.document.Document:
    """Return the Word template at a path, without the link to a template of its own.

    Raises
    ------
    InputError
        If no file or no Word document is there, it links to other files, or it doesn't say in one
        place where the report goes.
    """
    if not path.is_file():
        raise InputError(f"{path}: no file is there")
    try:
        parts = _parts(path)
        links = list(dict.fromkeys(_links(parts)))
        house = docx.Document(io.BytesIO(_archive(parts)))
        wrong = _misplaced(house)
    except (InputError, OSError):
        raise
    except Exception:  # there is one for each way in which a file can be no document
        raise InputError(f"{path}: {NO_WORD_FILE}") from None
    faults = []
    if links:
        faults.append(
            f"{path}: it links to {', '.join(links)}; a report takes on no link that Word follows by "
            "itself: store what it shows in the file, or break the link"
        )
    if wrong:
        faults.append(
            f"{path}: {', '.join(wrong)}; where the report goes, {PLACE} is a paragraph of its own "
            "in the text, once"
        )
    if faults:
        raise InputError(faults)
    return house


def place_in(house: docx.document.Document) -> BaseOxmlElement | None:
    """Return the paragraph of a template that the report replaces, if it names one."""
    return next((mark.paragraph for mark in _marks(house)), None)


# the file


def _parts(path: Path) -> dict[str, bytes]:
    """Return the parts of a Word file by name; refuse a file of another kind with how to mend it."""
    head = path.read_bytes()[:8]
    for first, kind in FIRST_BYTES.items():
        if head.startswith(first):
            raise InputError(f"{path}: {kind}; {SAVE}")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    if b"opendocument.text" in parts.get("mimetype", b""):
        raise InputError(f"{path}: it is an OpenDocument text (.odt); {SAVE}")
    types = parse_xml(parts[TYPES])
    kinds = [kind.get("ContentType", "") for kind in types]
    if not any("word" in kind for kind in kinds):
        raise InputError(f"{path}: {NO_WORD_FILE}")
    if any("macroEnabled" in kind or "vbaProject" in kind for kind in kinds):
        raise InputError(f"{path}: it is a Word file with macros (.docm, .dotm); {SAVE}")
    if b"purl.oclc.org/ooxml" in parts["_rels/.rels"]:
        raise InputError(f"{path}: it is a Strict Open XML document; {SAVE}")
    for kind in types:
        if kind.get("ContentType") == TEMPLATE:  # .dotx: else a document in all
            kind.set("ContentType", DOCUMENT)
    return {**parts, TYPES: serialize_part_xml(types)}


def _archive(parts: dict[str, bytes]) -> bytes:
    """Return a Word file of parts, with no link to a template of its own."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, _detached(name, content))
    return stream.getvalue()


def _detached(name: str, content: bytes) -> bytes:
    """Return a part without the link to a template, and without the wish to take its styles."""
    if not name.endswith((".xml", ".rels")):
        return content
    root = parse_xml(content)
    tags = (qn("w:attachedTemplate"), qn("w:linkStyles"))
    found = [child for child in root if child.tag in tags or _kind(child) == ATTACHED]
    for child in found:
        root.remove(child)
    return serialize_part_xml(root) if found else content


# what it links to


def _links(parts: dict[str, bytes]) -> Iterator[str]:
    """Yield what Word would fetch from elsewhere, each with its address."""
    for name, content in parts.items():
        if name.endswith(".rels"):
            yield from _related(parse_xml(content))
        elif name.endswith(".xml"):
            yield from _written(parse_xml(content))


def _related(relations: BaseOxmlElement) -> Iterator[str]:
    for relation in relations:
        kind, outside = _kind(relation), relation.get("TargetMode", "").lower() == "external"
        if kind == "aFChunk" or (outside and kind not in (FOLLOWED_BY_HAND, ATTACHED)):
            yield f"{LINKED.get(kind, kind)} at {shown(relation.get('Target', ''))}"


def _kind(relation: BaseOxmlElement) -> str:
    return relation.get("Type", "").rpartition("/")[2]


def _written(root: BaseOxmlElement) -> Iterator[str]:
    """Yield links that are no relations: fields, old pictures, a mail merge."""
    for instruction in _instructions(root):
        name, *rest = instruction.split(maxsplit=1) or [""]
        if name.upper() in FETCHING:
            yield f"what the field {shown(' '.join([name, *rest]).strip())} fetches"
    for element in root.iter(f"{VML}*"):
        address = element.get("src") or element.get(f"{OFFICE}href")
        if address:
            yield f"a picture at {shown(address)}"
    if root.find(qn("w:mailMerge")) is not None:
        yield LINKED["mailMergeSource"]


def _instructions(root: BaseOxmlElement) -> Iterator[str]:
    """Yield the instruction of each field; fields may be in one another and span paragraphs."""
    open_fields: list[list[str]] = []
    for element in root.iter(qn("w:fldSimple"), qn("w:fldChar"), qn("w:instrText")):
        if element.tag == qn("w:fldSimple"):
            yield element.get(qn("w:instr"), "")
        elif element.tag == qn("w:instrText"):
            if open_fields:
                open_fields[-1].append(element.text or "")
        elif element.get(qn("w:fldCharType")) == "begin":
            open_fields.append([])
        elif element.get(qn("w:fldCharType")) == "end" and open_fields:
            yield "".join(open_fields.pop())


# where the report goes


@dataclass(frozen=True)
class _Mark:
    """A mark or what was meant to be one: its text, its paragraph, and what is wrong with it."""

    text: str
    paragraph: BaseOxmlElement
    wrong: str


def _misplaced(house: docx.document.Document) -> list[str]:
    """Say what is wrong with the marks of a template."""
    marks = list(_marks(house))
    wrong = dict.fromkeys(f"{shown(mark.text)} {mark.wrong}" for mark in marks if mark.wrong)
    times = len(marks) - sum(bool(mark.wrong) for mark in marks)
    if times > 1:
        wrong[f"{PLACE} stands {'twice' if times == 2 else f'{times} times'}"] = None
    return list(wrong)


def _marks(house: docx.document.Document) -> Iterator[_Mark]:
    """Yield the marks of the text, headers, footers, notes and comments."""
    for part in house.part.package.iter_parts():
        if not part.content_type.endswith(READ):
            continue
        root = part.element if hasattr(part, "element") else parse_xml(part.blob)
        for paragraph in root.iter(qn("w:p")):
            yield from _marks_of(paragraph)


def _marks_of(paragraph: BaseOxmlElement) -> Iterator[_Mark]:
    pieces = [(piece, _seen(piece)) for piece in _pieces(paragraph)]
    words = "".join(text for _, text in pieces)
    for found in ALIKE.finditer(words):
        text = found[0].strip()
        end, held = 0, []
        for piece, said in pieces:
            start, end = end, end + len(said)
            if start < found.end() and end > found.start():
                held.append(piece)
        yield _Mark(text, paragraph, _wrong(text, words, paragraph, held))


def _pieces(paragraph: BaseOxmlElement) -> Iterator[BaseOxmlElement]:
    """Yield the texts, tabs and line ends that a reader sees in a paragraph, apart from text boxes."""
    unseen = {qn(tag) for tag in UNSEEN}
    for piece in paragraph.iter(qn("w:t"), qn("w:tab"), qn("w:br"), qn("w:cr")):
        around = list(piece.iterancestors())
        own = next(element for element in around if element.tag == qn("w:p")) is paragraph
        in_run = piece.getparent().tag == qn("w:r")  # a tab may be a style's
        if own and in_run and not unseen & {element.tag for element in around}:
            yield piece


def _seen(piece: BaseOxmlElement) -> str:
    """Return the text of a piece as it looks, without characters that have no width."""
    text = unicodedata.normalize("NFKC", piece.text or "") if piece.tag == qn("w:t") else " "
    return "".join(sign for sign in text if unicodedata.category(sign) != "Cf")


def _wrong(text: str, words: str, paragraph: BaseOxmlElement, held: list[BaseOxmlElement]) -> str:
    """Say what is wrong with a mark, or nothing."""
    if not MARK.fullmatch(text):
        return f"isn't {PLACE}"
    names = [
        INSIDE[name]
        for piece in held
        for element in piece.iterancestors()
        if (name := element.tag.rpartition("}")[2]) in INSIDE
    ]
    if words.strip() != text:
        names.append("beside other words")
    for what, tags in BESIDE.items():
        if any(True for _ in paragraph.iter(*map(qn, tags))):
            names.append(f"beside {what}")
    return f"stands {' and '.join(dict.fromkeys(names))}" if names else ""
