"""Text that unstructured leaves out, read from the file itself.

Measured on documents with a reference text, unstructured drops text boxes, equations, notes and
comments of DOCX, charts and diagrams of PPTX, and navigation, captions, form entries and
summaries of HTML.  Each function here lists every paragraph of a file; `office` adds those that
are not in what was read.  Nothing is lost, and nothing is said twice.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree, html

from appliance.documents import ElementKind
from appliance.ingest import kinds
from appliance.ingest.build import CELL_SEPARATOR

# Which parts of a container hold text, in the order in which they are added.
_PARTS = {
    kinds.DOCX: (
        *("word/document.xml", "word/charts/chart#.xml", "word/diagrams/data#.xml"),
        *("word/footnotes.xml", "word/endnotes.xml", "word/comments.xml"),
        *("word/header#.xml", "word/footer#.xml"),
    ),
    kinds.PPTX: (
        *("ppt/slides/slide#.xml", "ppt/charts/chart#.xml", "ppt/diagrams/data#.xml"),
        *("ppt/notesSlides/notesSlide#.xml", "ppt/comments/comment#.xml"),
    ),
    kinds.XLSX: (
        *("xl/drawings/drawing#.xml", "xl/charts/chart#.xml", "xl/comments#.xml"),
        *("xl/comments/comment#.xml", "xl/threadedComments/threadedComment#.xml"),
    ),
}
_NUMBER = re.compile(r"\d+(?=\.xml)")
_SLIDE = re.compile(r"ppt/(?:slides/slide|notesSlides/notesSlide)(\d+)\.xml")
_TEXT_TAGS = frozenset({"t", "text"})  # w:t, a:t, m:t, x:t; p:text and x18tc:text of comments
_PARAGRAPH_TAGS = frozenset({"p", "oMathPara", "comment", "threadedComment", "cm"})
_BLANK_TAGS = frozenset({"tab", "br", "cr"})

_HIDDEN = frozenset({"script", "style", "template", "head", "title"})
_BLOCKS = frozenset(
    """
    address article aside blockquote body button caption dd details dialog div dl dt fieldset
    figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr label legend li main menu nav
    noscript ol option p pre section select summary table tbody td textarea tfoot th thead tr ul
    """.split()  # noqa: SIM905 -- a list of words reads better as words
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One paragraph of the file; ``page`` is a slide's number."""

    text: str
    kind: ElementKind = ElementKind.TEXT
    page: int | None = None


# --- office containers ----------------------------------------------------------------------------


def container_pieces(data: bytes, media_type: str) -> Iterator[Piece]:
    """Every paragraph in every part of a DOCX, PPTX or XLSX container that holds text.

    Cells of XLSX are not among them: `cells` reads those.

    Raises:
        zipfile.BadZipFile, etree.XMLSyntaxError: the container or a part is damaged.
    """
    wanted = _PARTS[media_type]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [name for name in archive.namelist() if _pattern(name) in wanted]
        for name in sorted(names, key=lambda name: (wanted.index(_pattern(name)), _number(name))):
            yield from _part_pieces(name, archive.read(name))


def unread_parts(data: bytes) -> Iterator[str]:
    """What a container carries that is not read, in words for a gap."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
    if any(name.endswith("vbaProject.bin") or "/macrosheets/" in name for name in names):
        yield "macros are neither run nor read"
    # the data sheets behind charts are no attachments: `_series` reads what the chart shows
    if any("/embeddings/" in name and "Microsoft_Excel_" not in name for name in names):
        yield "embedded files are not read"


def _pattern(name: str) -> str:
    """The part's name with ``#`` for its number; parts of which there is one have none."""
    return _NUMBER.sub("#", name)


def _number(name: str) -> int:
    number = _NUMBER.search(name)
    return int(number.group()) if number else 0


def _part_pieces(name: str, part: bytes) -> Iterator[Piece]:
    root = etree.fromstring(part, etree.XMLParser(resolve_entities=False, no_network=True))
    slide = _SLIDE.fullmatch(name)
    page = int(slide.group(1)) if slide else None
    kind = ElementKind.TEXT
    if "/header" in name or "/footer" in name:
        kind = ElementKind.HEADER if "/header" in name else ElementKind.FOOTER
    if "/charts/" in name:
        for row in _series(root):
            yield Piece(CELL_SEPARATOR.join(row), ElementKind.TABLE_ROW, page)
    for text in _paragraphs(root):
        yield Piece(text, kind, page)


def _paragraphs(root: etree._Element) -> Iterator[str]:
    """Text by paragraph; a paragraph inside another one (a text box) is its own."""
    texts: dict[etree._Element | None, list[str]] = {}
    for node in root.iter("{*}*"):
        local = _local(node)
        if (local in _TEXT_TAGS and node.text) or local in _BLANK_TAGS:
            owner = next((up for up in node.iterancestors() if _local(up) in _PARAGRAPH_TAGS), None)
            texts.setdefault(owner, []).append((node.text or "") if local in _TEXT_TAGS else " ")
    for pieces in texts.values():
        yield "".join(pieces)


def _series(root: etree._Element) -> Iterator[list[str]]:
    """A chart's data: for each series its name, then category and value in turn."""
    for series in root.iter("{*}ser"):
        name, categories, values = (
            [
                value.text or ""
                for part in series.iterfind(f"{{*}}{tag}")
                for value in part.iter("{*}v")
            ]
            for tag in ("tx", "cat", "val")
        )
        yield [*name, *map(" ".join, zip(categories, values, strict=False))]


def _local(node: etree._Element) -> str:
    return str(etree.QName(node).localname)


# --- HTML -----------------------------------------------------------------------------------------


def html_title(root: html.HtmlElement) -> str:
    """The page's title, empty where it has none."""
    return str(root.findtext(".//title") or "")


def html_pieces(root: html.HtmlElement) -> Iterator[Piece]:
    """Every block of visible text, with form entries and texts that stand for pictures."""
    pending: list[str] = []
    for event, node in etree.iterwalk(root, events=("start", "end")):
        tag = node.tag if isinstance(node.tag, str) else "script"
        if tag in _BLOCKS:
            yield from _flush(pending)
        if event == "start" and not _is_hidden(node):
            pending += [node.text or "", *_stand_ins(node, tag)]
        elif event == "end" and node.tail and not any(map(_hides, node.iterancestors())):
            pending.append(node.tail)
    yield from _flush(pending)


def _flush(pending: list[str]) -> Iterator[Piece]:
    text = "".join(pending)
    pending.clear()
    if text.strip():
        yield Piece(text)


def _is_hidden(node: etree._Element) -> bool:
    return _hides(node) or any(map(_hides, node.iterancestors()))


def _hides(node: etree._Element) -> bool:
    return not isinstance(node.tag, str) or node.tag in _HIDDEN


def _stand_ins(node: etree._Element, tag: str) -> list[str]:
    if tag == "br":
        return [" "]
    if tag in {"img", "area"}:
        return [f" {node.get('alt', '')} "]
    if tag == "input" and node.get("type", "text").lower() not in {"hidden", "password"}:
        return [f" {node.get('value', '')} "]
    return []
