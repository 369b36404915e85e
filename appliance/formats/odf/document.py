"""Reads ODT, ODS and ODP: text in order, tables with their columns, slides with their notes.

Hidden sheets and slides are read like any others, and flagged; hidden text, deleted text, white and
tiny text are kept apart.  Runs in the confined reader child.

Source: OpenDocument 1.3 (OASIS), parts 2 (packages) and 3 (schema).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from lxml import etree
from lxml.etree import _Element as Node

from appliance.documents import ElementKind, Flag, Tally, Unit
from appliance.formats import account, kinds, pictures, tree
from appliance.formats.build import DocumentBuilder
from appliance.formats.embedded import parts_of, rest_of
from appliance.formats.odf.blocks import BlockReader
from appliance.formats.odf.styles import Styles
from appliance.formats.odf.tables import CellCount
from appliance.formats.ooxml.parts import CUT, DAMAGED_PART, MACROS
from appliance.formats.reading import Reading, Wishes
from appliance.formats.tree import attribute, child, local
from appliance.formats.zip_package import Package
from appliance.sandbox.outcome import Outcome, ReadingFailed

_CONTENT = "content.xml"
_OBJECT = r"(?:\./)?(Object[^/]*|[^/]*/Object[^/]*)/content\.xml"
_PAGE = re.compile(rb"<draw:page\s")
_SHEET = re.compile(rb"<table:table\s")
_IN_PLACE = re.compile(
    r"[?(),/\s\d:.-]*(?:Page\d+(?:/\d+)?)?"
)  # fields that every sheet comes with
_BINARY = re.compile(rb"<office:binary-data>.*?</office:binary-data>", re.S)
_BETWEEN = re.compile(rb">([^<>]*[^<>\s][^<>]*)<")
_OUTSIDE = re.compile(r"(?:https?|ftp|file):|//|\.\./(?:\.\./)?[\w%]", re.I)
_FETCHES = frozenset(
    {"image", "object", "object-ole", "section-source", "plugin", "applet"}
    | {
        "cell-range-source",
        "table-source",
        "floating-frame",
        "dde-connection-decl",
    }
)


def warm() -> None:
    """Nothing to do: what is imported here is warm."""


def read(data: bytes, media_type: str, wishes: Wishes) -> Reading:
    """Read one document.

    Raises:
        ReadingFailed: damaged beyond reading, encrypted, a bomb, text without end.
    """
    builder = DocumentBuilder(media_type)
    package = Package(data)
    if package.cut:
        builder.add_gap(CUT)
    _refuse_encrypted(package)
    members = _embedded(package)
    if rest := rest_of(package, members, wishes, builder):
        return rest
    root = _tree(package, _CONTENT, builder)
    if root is None:
        raise ReadingFailed(Outcome.DAMAGED)
    styles_root = _tree(package, "styles.xml", builder)
    _note_flags(package, root, builder)
    cells = CellCount()
    reader = BlockReader(builder, Styles.of(styles_root, root), cells)
    _add_margins(styles_root, reader, builder, ElementKind.HEADER)
    pages = _add_body(root, media_type, reader)
    _add_margins(styles_root, reader, builder, ElementKind.FOOTER)
    for name in package.named(_OBJECT):
        _add_object(_tree(package, name, builder), reader)
    _count(package, media_type, pages, cells, builder)
    parts, following = parts_of(package, members, wishes, builder)
    scans = pictures.add_pictures(pictures.members(package, media_type), builder)
    builder.tally(account.characters(_seen(package), builder.kept()))
    slides = pages if media_type == kinds.ODP else None
    return Reading(builder.finish(pages=slides), parts, following, scans)


def _tree(package: Package, name: str, builder: DocumentBuilder) -> Node | None:
    if name not in package:
        return None
    content = package.read(name)
    try:
        if name not in package.damaged:
            return tree.parsed(content)
    except etree.XMLSyntaxError:
        pass
    builder.add_gap(DAMAGED_PART)
    return tree.salvaged(content)


def _refuse_encrypted(package: Package) -> None:
    manifest = "META-INF/manifest.xml"
    if manifest in package and b"encryption-data" in package.read(manifest):
        raise ReadingFailed(Outcome.ENCRYPTED)


def _note_flags(package: Package, root: Node, builder: DocumentBuilder) -> None:
    """Macros, and what a program would fetch or run when it opens the document."""
    if package.named(r"(?:Basic|Scripts)/.*\.(?:xml|xba|py|js|bsh)") and _has_macros(package):
        builder.flag(Flag.ACTIVE)
        builder.add_gap(MACROS)
    for node in root.iter("{*}*"):
        name = local(node)
        if name in {"event-listener", "script"} and attribute(node, "href"):
            builder.flag(Flag.ACTIVE)
        if name in _FETCHES:
            if name == "dde-connection-decl":
                builder.flag(Flag.ACTIVE)
            if name == "dde-connection-decl" or _OUTSIDE.match(attribute(node, "href")):
                builder.flag(Flag.EXTERNAL)


def _has_macros(package: Package) -> bool:
    names = package.named(r"(?:Basic|Scripts)/.*\.(?:xml|xba|py|js|bsh)")
    return any(not name.endswith(("script-lc.xml", "script-lb.xml")) for name in names)


def _add_body(root: Node, media_type: str, reader: BlockReader) -> int:
    """Add the body; the number of its slides or sheets."""
    body = child(root, "body")
    if body is None:
        return 0
    count = 0
    for part in body:
        if media_type == kinds.ODP:
            for node in part:
                if local(node) == "page":
                    count += 1
                    reader.add_slide(node, count)
                else:
                    reader.blocks([node], ElementKind.TEXT)
        elif media_type == kinds.ODS:
            for node in part:
                if local(node) == "table":
                    count += 1
                    reader.tables.add_sheet(node)
                else:
                    reader.blocks([node], ElementKind.TEXT)
        else:
            reader.blocks(part, ElementKind.TEXT)
    return count


def _add_margins(
    styles: Node | None, reader: BlockReader, builder: DocumentBuilder, kind: ElementKind
) -> None:
    """Headers or footers of the page styles, each text once."""
    place = "header" if kind is ElementKind.HEADER else "footer"
    names = {f"{place}{page}" for page in ("", "-first", "-left", "-right")}
    master = child(styles, "master-styles")
    if master is None:
        return
    said: set[str] = set()
    for node in master.iter("{*}*"):
        if local(node) in names:
            text = "".join("".join(node.itertext()).split())
            if text not in said and not _IN_PLACE.fullmatch(text):
                said.add(text)
                reader.blocks(node, kind)


def _add_object(root: Node | None, reader: BlockReader) -> None:
    """A formula or a chart that lies in the document as one of its own."""
    if root is None:
        return
    if local(root) == "math":
        reader.add_formula(root)
        return
    body = child(root, "body")
    for part in body if body is not None else ():
        reader.blocks(part, ElementKind.TEXT)


def _count(
    package: Package, media_type: str, pages: int, cells: CellCount, builder: DocumentBuilder
) -> None:
    """Sheets and slides by the marks in the bytes, against those that were read."""
    content = package.read(_CONTENT)
    if media_type == kinds.ODP:
        builder.tally(Tally(Unit.PAGES, max(len(_PAGE.findall(content)), pages), pages))
    if media_type == kinds.ODS:
        inner = len(re.findall(rb"<table:sub-table|is-sub-table=\"true\"", content))
        seen = max(len(_SHEET.findall(content)) - inner - cells.inner_tables, pages)
        builder.tally(Tally(Unit.SHEETS, seen, pages))
        if cells.lost:
            builder.add_gap("cells that repeat beyond a bound", None, Unit.CELLS, cells.lost)
        builder.tally(Tally(Unit.CELLS, cells.seen, cells.seen - cells.lost))


def _embedded(package: Package) -> list[str]:
    """Embedded objects that are files: OLE, and office files beside the known members."""
    return package.named(
        r"(?:\./)?(?:[^/]*/)?(?:Object \d+|[^/]+\.(?:ole|bin|docx?|xlsx?|pptx?|pdf))"
    )


def _seen(package: Package) -> Iterator[str]:
    """Every text between tags of the members that hold text, and of the margins of pages."""
    for name in [_CONTENT, *package.named(_OBJECT)]:
        if name in package:
            yield from _body_texts(package.read(name))


def _body_texts(content: bytes) -> Iterator[str]:
    """Whatever stands between two tags of the body: no parser, no paragraphs, no tables."""
    begin = max(content.find(b"<office:body"), 0)
    end = content.rfind(b"</office:body")
    body = _BINARY.sub(b"", content[begin : end if end > begin else len(content)])
    for between in _BETWEEN.findall(body):
        yield html.unescape(between.decode("utf-8", "replace"))
