"""Makes small office files by hand, and reads files without the process around the reader."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import PurePosixPath

from appliance.documents import ElementKind, ParsedDocument, Unit
from appliance.formats import kinds, reading, worker
from appliance.formats.reading import Reading, Wishes

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
P = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
MC = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
_TYPES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MAIN = {
    "word/document.xml": "wordprocessingml.document",
    "ppt/presentation.xml": "presentationml.presentation",
    "xl/workbook.xml": "spreadsheetml.sheet",
}
_ODF = "urn:oasis:names:tc:opendocument:xmlns:"


def read_all(data: bytes, name: str, first_part: int = 0) -> Reading:
    """As the worker reads it, and through the bounds of the answer; no process, no sandbox."""
    suffix = PurePosixPath(name).suffix
    kind = kinds.sniff(data, suffix)
    found = worker.reader_of(kind).read(data, kind, Wishes(suffix, (), first_part))
    assert reading.decode(reading.encode(found)) == found
    return found


def read(data: bytes, name: str) -> ParsedDocument:
    """The document; every count of it must be explained, but for pictures to be recognised."""
    found = read_all(data, name)
    assert found.document is not None
    lost = {tally.unit for tally in found.document.unexplained()}
    assert not lost - ({Unit.PICTURES} if found.scans else set())
    return found.document


def of(parsed: ParsedDocument, kind: ElementKind) -> list[str]:
    """The texts of the elements of one kind."""
    return [e.span.of(parsed.text) for e in parsed.elements if e.kind is kind]


def table(parsed: ParsedDocument, number: int = 0) -> list[str]:
    """The rows of one table: ``H`` before heads; each cell as column, width if not 1, and text."""
    rows = []
    for element in parsed.elements:
        if element.row and element.row.table == number:
            cells = [
                f"{cell.column}{f'+{cell.width}' if cell.width > 1 else ''}:"
                + cell.span.of(parsed.text)
                for cell in element.row.cells
            ]
            rows.append(("H " if element.row.heads else "") + " ".join(cells))
    return rows


def zipped(members: Mapping[str, str | bytes]) -> bytes:
    """A zip container."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def links(**targets: str) -> str:
    """A part with relationships: id to ``kind target``, ``kind! target`` for one outside."""
    rows = []
    for key, target in targets.items():
        kind, _, where = target.partition(" ")
        outside = ' TargetMode="External"' if kind.endswith("!") else ""
        kind = kind.rstrip("!")
        rows.append(f'<Relationship Id="{key}" Type="{_TYPES}/{kind}" Target="{where}"{outside}/>')
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{"".join(rows)}</Relationships>'


def office_file(main: str, content: str, **members: str | bytes) -> bytes:
    """A DOCX, PPTX or XLSX whose main part is ``main``; other members by their names."""
    kind = f"application/vnd.openxmlformats-officedocument.{_MAIN[main]}.main+xml"
    types = f'<Override PartName="/{main}" ContentType="{kind}"/>'
    return zipped(
        {
            "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">{types}</Types>',
            "_rels/.rels": links(r1=f"officeDocument {main}"),
            main: content,
            **members,
        }
    )


def word(body: str, **members: str | bytes) -> bytes:
    """A DOCX with this body."""
    content = f"<w:document {W} {R} {A} {MC}><w:body>{body}</w:body></w:document>"
    return office_file("word/document.xml", content, **members)


def sheet(rows: str, after: str = "", **members: str | bytes) -> bytes:
    """An XLSX with one sheet of these rows."""
    listed = (
        f'<workbook {S} {R}><sheets><sheet name="Data" sheetId="1" r:id="r1"/></sheets></workbook>'
    )
    found = {
        "xl/_rels/workbook.xml.rels": links(
            r1="worksheet worksheets/sheet1.xml", r2="styles styles.xml"
        ),
        "xl/worksheets/sheet1.xml": (
            f"<worksheet {S} {R}><sheetData>{rows}</sheetData>{after}</worksheet>"
        ),
        "xl/styles.xml": f"<styleSheet {S}/>",
        **members,
    }
    return office_file("xl/workbook.xml", listed, **found)


def slide(shapes: str, **members: str | bytes) -> bytes:
    """A PPTX with one slide of these shapes."""
    main = (
        f'<p:presentation {P} {R}><p:sldIdLst><p:sldId id="256" r:id="r1"/></p:sldIdLst>'
        '<p:sldSz cx="9144000" cy="6858000"/></p:presentation>'
    )
    found = {
        "ppt/_rels/presentation.xml.rels": links(r1="slide slides/slide1.xml"),
        "ppt/slides/slide1.xml": (
            f"<p:sld {P} {A} {R} {MC}><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:sld>"
        ),
        **members,
    }
    return office_file("ppt/presentation.xml", main, **found)


def open_document(kind: str, body: str, styles: str = "", **members: str | bytes) -> bytes:
    """An ODT, ODS or ODP: ``kind`` is ``text``, ``spreadsheet`` or ``presentation``."""
    spaces = " ".join(
        f'xmlns:{prefix}="{_ODF}{name}:1.0"'
        for prefix, name in (
            ("office", "office"),
            ("text", "text"),
            ("table", "table"),
            ("draw", "drawing"),
            ("style", "style"),
            ("fo", "xsl-fo-compatible"),
            ("presentation", "presentation"),
            ("script", "script"),
        )
    )
    content = (
        f'<office:document-content {spaces} xmlns:xlink="http://www.w3.org/1999/xlink">'
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body>"
        "</office:document-content>"
    )
    mimetype = f"application/vnd.oasis.opendocument.{kind}"
    return zipped({"mimetype": mimetype, "content.xml": content, **members})


def image(width: int, height: int) -> bytes:
    """A white PNG of this size."""
    from PIL import Image

    out = io.BytesIO()
    Image.new("L", (width, height), 255).save(out, "PNG")
    return out.getvalue()
