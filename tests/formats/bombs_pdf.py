"""PDF files without an end, with false counts, or with far more in them than they weigh."""

from __future__ import annotations

import zlib
from collections.abc import Callable

_FONT = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
_PAGE = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<<{}>>>>"
_USES_FONT = _PAGE.format("/Font<</F 5 0 R>>")
_TEXT = b"BT /F 12 Tf 72 700 Td (Hello, reader.) Tj ET"


def pdf(*objects: str | bytes, root: str = "1 0 R", more: str = "") -> bytes:
    """A PDF file of these objects, numbered from 1, with a right cross reference."""
    made = bytearray(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n" % number
        made += body.encode() if isinstance(body, str) else body
        made += b"\nendobj\n"
    start = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    made += b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = f"trailer <</Size {len(objects) + 1}/Root {root}{more}>>\nstartxref\n{start}\n%%EOF\n"
    return bytes(made) + trailer.encode()


def stream(data: bytes, *, entries: str = "") -> bytes:
    """A packed stream."""
    packed = zlib.compress(data, 9)
    head = f"<<{entries}/Filter/FlateDecode/Length {len(packed)}>>stream\n".encode()
    return head + packed + b"\nendstream"


def _document(tree: str, *others: str | bytes, page: str = _USES_FONT) -> bytes:
    catalogue = "<</Type/Catalog/Pages 2 0 R>>"
    return pdf(catalogue, tree, page, stream(_TEXT), _FONT, *others)


def _deep_tree(depth: int = 20_000) -> bytes:
    nodes = [
        f"<</Type/Pages/Kids[{number + 1} 0 R]/Count 1/Parent {number - 1} 0 R>>"
        for number in range(6, 6 + depth)
    ]
    return _document("<</Type/Pages/Kids[6 0 R]/Count 1>>", *nodes, "<</Type/Page>>")


def _many_pages(number: int = 5_000) -> bytes:
    kids = "3 0 R " * number
    return _document(f"<</Type/Pages/Kids[{kids}]/Count {number}>>")


def _operators(times: int = 1_000_000) -> bytes:
    body = b"BT /F 1 Tf " + b"(a) Tj " * times + b"ET"
    return pdf(
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        _USES_FONT,
        stream(body),
        _FONT,
    )


def _packed_thrice() -> bytes:
    data = zlib.compress(zlib.compress(bytes(1 << 28), 9), 9)
    filters = "/Filter[/FlateDecode/FlateDecode]"
    return pdf(
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        _USES_FONT,
        f"<<{filters}/Length {len(data)}>>stream\n".encode() + data + b"\nendstream",
        _FONT,
    )


def _form_in_itself() -> bytes:
    page = _PAGE.format("/XObject<</A 6 0 R>>/Font<</F 5 0 R>>").replace("4 0 R", "7 0 R")
    entries = "/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</A 6 0 R>>>>"
    form = stream(b"/A Do /A Do", entries=entries)
    return _document(
        "<</Type/Pages/Kids[3 0 R]/Count 1>>", form, stream(_TEXT + b" /A Do"), page=page
    )


def _nested_arrays(depth: int = 1_000_000) -> bytes:
    return _document("<</Type/Pages/Kids[3 0 R]/Count 1>>", "[" * depth + "]" * depth)


def _cross_reference_loop() -> bytes:
    made = _document("<</Type/Pages/Kids[3 0 R]/Count 1>>")
    start = made.rindex(b"xref\n0 ")
    return made.replace(b"/Root 1 0 R", b"/Root 1 0 R/Prev %d" % start)


def _many_annotations(number: int = 30_000) -> bytes:
    page = _USES_FONT.replace("/Contents", f"/Annots[{'6 0 R ' * number}]/Contents")
    note = "<</Type/Annot/Subtype/Text/Rect[0 0 9 9]/Contents(A note.)>>"
    return _document("<</Type/Pages/Kids[3 0 R]/Count 1>>", note, page=page)


def _fields_in_a_ring() -> bytes:
    catalogue = "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[6 0 R]>>/Outlines 7 0 R>>"
    return pdf(
        catalogue,
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        _USES_FONT.replace("/Contents", "/Annots[6 0 R]/Contents"),
        stream(_TEXT),
        _FONT,
        "<</FT/Tx/T(a)/V(b)/Kids[6 0 R]/Parent 6 0 R/Subtype/Widget/Type/Annot/Rect[0 0 9 9]>>",
        "<</First 7 0 R/Next 7 0 R/Parent 7 0 R/Title(around)>>",
    )


PDFS: dict[str, Callable[[], bytes]] = {
    "plain.pdf": lambda: _document("<</Type/Pages/Kids[3 0 R]/Count 1>>"),
    "own-child.pdf": lambda: _document("<</Type/Pages/Kids[3 0 R 2 0 R]/Count 2>>"),
    "false-count.pdf": lambda: _document("<</Type/Pages/Kids[3 0 R]/Count 2147483647>>"),
    "deep-tree.pdf": _deep_tree,
    "many-pages.pdf": _many_pages,
    "operators.pdf": _operators,
    "packed-thrice.pdf": _packed_thrice,
    "form-in-itself.pdf": _form_in_itself,
    "nested-arrays.pdf": _nested_arrays,
    "xref-loop.pdf": _cross_reference_loop,
    "annotations.pdf": _many_annotations,
    "fields-in-a-ring.pdf": _fields_in_a_ring,
    "wide-page.pdf": lambda: _document(
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        page=_USES_FONT.replace("612 792", "2000000000 2000000000"),
    ),
}
