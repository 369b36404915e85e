"""Reads XLSX and XLSM: every cell with its column, several tables to a sheet, comments, charts.

Hidden sheets, rows and columns are read like any others, and flagged: they hold figures that people
need.  Cells in white on white, and cells whose format shows nothing, are kept apart.  A formula
counts with the value stored for it.  Runs in the confined reader child.

Source: ECMA-376 part 1, 18 (SpreadsheetML).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from lxml import etree

from appliance.documents import ElementKind, Flag, Tally, Unit
from appliance.formats import account, kinds, pictures, tree
from appliance.formats.build import DocumentBuilder
from appliance.formats.embedded import parts_of, rest_of
from appliance.formats.ooxml import parts as ooxml
from appliance.formats.ooxml.parts import OfficePackage
from appliance.formats.ooxml.sheet_cells import Book, SheetReader
from appliance.formats.reading import Reading, Wishes
from appliance.formats.sheet import add_sheet
from appliance.formats.tree import local

LOST = "a sheet is missing or of a kind that is not read"
_SHEET = re.compile(rb"<(?:\w+:)?sheet\s[^>]*\bsheetId=")
_DRAWN = r"xl/(?:drawings/drawing|charts/chart|diagrams/data)[^/]*\.xml"
_NOTES = r"xl/(?:comments[^/]*|threadedComments/[^/]*|comments/[^/]*)\.xml"
_SHARED = re.compile(
    rb"<(?:\w+:)?c\s(?=[^>]*\bt=[\"']s[\"'])[^>]*>\s*(?:<(?:\w+:)?f\b[^<]*(?:/>|</(?:\w+:)?f>)\s*)?"
    rb"<(?:\w+:)?v(?:\s[^>]*)?>\s*(\d+)"
)
_STAND_IN = "[Threaded comment]"  # what old programs show of a new comment


def warm() -> None:
    """Nothing to do: what is imported here is warm."""


def read(data: bytes, media_type: str, wishes: Wishes) -> Reading:
    """Read one workbook.

    Raises:
        ReadingFailed: damaged beyond reading, encrypted, a bomb, cells without end.
    """
    builder = DocumentBuilder(media_type)
    package = OfficePackage(data, builder)
    members = ooxml.embedded(package)
    if rest := rest_of(package, members, wishes, builder):
        return rest
    ooxml.note_flags(package, builder)
    _note_connections(package, builder)
    main = package.main(r"xl/workbook\.xml")
    book = Book.of(package, main)
    sheets = _sheets(package, main)
    reader = SheetReader(package, book, builder)
    read_sheets = 0
    for title, name, state in sheets:
        read_sheets += bool(name)
        _add_sheet(package, reader, builder, title, name)
        if state != "visible" and name:
            builder.flag(Flag.HIDDEN_TEXT)
    _count_sheets(package, main, len(sheets), read_sheets, builder)
    reader.finish()
    parts, following = parts_of(package, members, wishes, builder)
    stored = pictures.members(package, kinds.XLSX)
    scans = pictures.add_pictures(stored, builder, shown=ooxml.shown_media(package))
    builder.tally(account.characters(_seen(package, sheets), builder.kept()))
    return Reading(builder.finish(), parts, following, scans)


def _sheets(package: OfficePackage, main: str) -> list[tuple[str, str, str]]:
    """Title, member and state of every sheet, in order; no member where it is missing."""
    root = package.tree(main)
    if root is None or package.cut:
        names = package.named(r"xl/worksheets/[^/]+\.xml")
        return [(f"Sheet {number}", name, "visible") for number, name in enumerate(names, 1)]
    links = package.links(main)
    found = []
    for node in root.iterfind("{*}sheets/{*}sheet"):
        keys = [value for key, value in node.attrib.items() if key.endswith("}id")]
        link = links.get(keys[0]) if keys else None
        name = link.target if link and link.target in package else ""
        found.append((node.get("name", ""), name, node.get("state", "visible")))
    return found


def _count_sheets(
    package: OfficePackage, main: str, listed: int, read_sheets: int, builder: DocumentBuilder
) -> None:
    """Sheets by the marks in the bytes of the workbook, against those that were read."""
    stated = len(_SHEET.findall(package.read(main))) if main in package else 0
    seen = max(stated, listed)
    if listed > read_sheets:
        builder.add_gap(LOST, None, Unit.SHEETS, listed - read_sheets)
    builder.tally(Tally(Unit.SHEETS, seen, read_sheets))


def _add_sheet(
    package: OfficePackage, reader: SheetReader, builder: DocumentBuilder, title: str, name: str
) -> None:
    """Add one sheet: its name, its tables, what is drawn on it, what people noted on its cells."""
    if not name:
        return
    sheet = reader.read(name)
    drawings = package.linked(name, "drawing", "legacyDrawing")
    notes = package.linked(name, "comments", "threadedComment")
    if sheet.rows or drawings or notes:
        builder.add(ElementKind.TITLE, title)
    add_sheet(sheet, builder)
    for drawing in drawings:
        _add_drawing(package, builder, drawing)
    charts = {chart for drawing in drawings for chart in package.linked(drawing, "chart")}
    for chart in [*sorted(charts), *package.linked(name, "chart")]:
        root = package.tree(chart)
        if root is not None:
            ooxml.add_chart(root, builder)
    _add_notes(package, builder, notes)


def _add_drawing(package: OfficePackage, builder: DocumentBuilder, name: str) -> None:
    root = package.tree(name) if name.endswith(".xml") else None
    if root is None:
        return
    for text in ooxml.paragraphs(root):
        builder.add(ElementKind.TEXT, text)
    for properties in root.iter("{*}cNvPr"):
        builder.add(ElementKind.TEXT, properties.get("descr", ""))
    for target in package.linked(name, "diagramData"):
        diagram = package.tree(target)
        for text in ooxml.paragraphs(diagram) if diagram is not None else ():
            builder.add(ElementKind.TEXT, text)


def _add_notes(package: OfficePackage, builder: DocumentBuilder, names: list[str]) -> None:
    """Comments, each with the cell that it is about, who wrote it and when."""
    roots = [root for name in names if (root := package.tree(name)) is not None]
    people = _people(package)
    threads = {node.get("ref") for root in roots for node in root.iter("{*}threadedComment")}
    for root in roots:
        authors = [node.text or "" for node in root.iterfind("{*}authors/{*}author")]
        for node in root.iter("{*}comment", "{*}threadedComment"):
            text = "".join(inner.text or "" for inner in node.iter("{*}t", "{*}text")).strip()
            cell = node.get("ref", "")
            if not text or (text.startswith(_STAND_IN) and cell in threads):
                continue
            key = node.get("authorId", "")
            author = people.get(node.get("personId", ""), "")
            author = authors[int(key)] if key.isdecimal() and int(key) < len(authors) else author
            time = node.get("dT", "")
            said = ", ".join(f"{w}: {v}" for w, v in (("author", author), ("time", time)) if v)
            builder.add(ElementKind.TEXT, f"{cell} ({said}): {text}" if said else f"{cell}: {text}")


def _people(package: OfficePackage) -> dict[str, str]:
    """Names of the people who comment, by id."""
    found: dict[str, str] = {}
    for name in package.named(r"xl/persons/[^/]+\.xml"):
        root = package.tree(name)
        for node in root.iter("{*}person") if root is not None else ():
            found[node.get("id", "")] = node.get("displayName", "")
    return found


def _note_connections(package: OfficePackage, builder: DocumentBuilder) -> None:
    """Workbooks elsewhere, queries of databases, commands for other programs (DDE)."""
    if "xl/connections.xml" in package:
        builder.flag(Flag.EXTERNAL)
    for name in package.named(r"xl/externalLinks/[^/]+\.xml"):
        root = package.tree(name)
        inner = {local(node) for node in root} if root is not None else set()
        builder.flag(Flag.EXTERNAL)
        if "ddeLink" in inner:
            builder.flag(Flag.ACTIVE)


def _seen(package: OfficePackage, sheets: list[tuple[str, str, str]]) -> Iterator[str]:
    """Texts of cells by the numbers in the bytes of the sheets, and texts that are drawn."""
    uses: Counter[int] = Counter()
    for _, name, _ in sheets:
        if name:
            content = package.read(name)
            uses.update(map(int, _SHARED.findall(content)))
            if b"inlineStr" in content:
                yield from tree.texts(content, ("t",))
    for name in package.named(r"xl/sharedStrings\.xml"):
        for number, text in enumerate(_shared(package.read(name))):
            if text.strip():
                yield from [text] * uses[number]
    for name in package.named(f"{_DRAWN}|{_NOTES}"):
        texts = tree.texts(package.read(name), ("t", "text"))
        yield from (text for text in texts if not text.startswith(_STAND_IN))


def _shared(content: bytes) -> Iterator[str]:
    """The shared texts without what only tells how they are pronounced."""
    try:
        for _, node in tree.streamed(content, ("{*}si",), ("end",)):
            yield "".join(
                t.text or "" for t in node.iter("{*}t") if local(t.getparent()) in {"si", "r"}
            )
            node.clear()
    except etree.XMLSyntaxError:
        return
