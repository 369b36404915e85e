"""The pictures in a document that are large enough to hold text, each by its number.

A picture has the same number whenever the same file is read: the place of its member in counting
order, or its place on a page of the web.  Smaller ones are marks, bullets and logos, and count as
nothing.  The text of an SVG drawing is read here; drawings in EMF and WMF are not, and are a gap.

Runs in the confined reader child.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from lxml import etree

from appliance.documents import ElementKind, Tally, Unit
from appliance.formats import kinds, tree
from appliance.formats.build import DocumentBuilder
from appliance.formats.reading import Scan
from appliance.formats.zip_package import Package
from appliance.sandbox.outcome import Outcome, ReadingFailed

SHORTEST_SIDE = 100  # pixels
SMALLEST_AREA = 40_000  # pixels
DRAWING = "a drawing in EMF or WMF is not read"
UNREADABLE = "a picture is damaged or of a kind that is not read"
MOST_PICTURES = 100_000

_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")
_DRAWINGS = (b"\x01\x00\x00\x00", b"\xd7\xcd\xc6\x9a", b"\x01\x00\x09\x00", b"\x1f\x8b")
_OFFICE = r"(?:word|ppt|xl)/media/[^/]+"
_MEMBERS = {
    **dict.fromkeys((kinds.DOCX, kinds.PPTX, kinds.XLSX), _OFFICE),
    **dict.fromkeys((kinds.ODT, kinds.ODS, kinds.ODP), r"(?:Pictures|media)/(?!TablePreview)[^/]+"),
    kinds.EPUB: r".*\.(?:png|jpe?g|gif|bmp|tiff?|webp|svg)",
}
_INLINE = re.compile(r"data:image/[\w.+-]+(?:;[\w=.+-]+)*,[^\"'\s)<>]*", re.I)


@dataclass(frozen=True, slots=True)
class Stored:
    """A picture in a file, not looked at yet."""

    name: str
    load: Callable[[], bytes]


def warm() -> None:
    """Import what tells the size of a picture; the children cannot."""
    from PIL import Image, TiffImagePlugin, WebPImagePlugin  # noqa: F401 -- for the children

    Image.preinit()


def pictures(data: bytes, media_type: str) -> list[Stored]:
    """Every picture of a file, by number; none for kinds that hold none.

    Raises:
        ReadingFailed: the file cannot be opened.
    """
    if media_type in _MEMBERS:
        return members(Package(data), media_type)
    if media_type in {kinds.HTML, kinds.MHTML, kinds.MD}:
        from appliance.formats.web import page as web

        return web.page_pictures(data, media_type)
    if media_type in kinds.OLD_OFFICE | {kinds.RTF}:
        from appliance.formats.ole import pictures as ole_pictures

        return ole_pictures.stored(data, media_type)
    return []


def picture(data: bytes, media_type: str, unit: int) -> bytes:
    """The bytes of one picture, as they are in the file.

    Raises:
        ReadingFailed: there is no such picture.
    """
    found = pictures(data, media_type)
    if not 0 <= unit < len(found):
        raise ReadingFailed(Outcome.DAMAGED)
    return found[unit].load()


def members(package: Package, media_type: str) -> list[Stored]:
    """The pictures of a container."""
    names = package.named(_MEMBERS[media_type])[:MOST_PICTURES]
    return [Stored(name, _loader(package, name)) for name in names]


def inline(text: str) -> list[Stored]:
    """The pictures that a web page holds in itself (``data:`` addresses, RFC 2397)."""
    found = _INLINE.findall(text)[:MOST_PICTURES]
    return [Stored("", _inline_loader(address)) for address in found]


def add_pictures(
    stored: Sequence[Stored],
    builder: DocumentBuilder,
    pages: dict[str, int] | None = None,
    *,
    shown: frozenset[str] | None = None,
) -> tuple[Scan, ...]:
    """Sort the pictures of a document: to be recognised, read here, a gap, or too small.

    Args:
        pages: the page of a picture, by name.
        shown: the names of those that the document shows; None: all.
    """
    scans: list[Scan] = []
    seen = read = 0
    for unit, one in enumerate(stored):
        if shown is not None and one.name not in shown:
            continue
        page = (pages or {}).get(one.name)
        sort = _sorted(one.load(), builder, page)
        seen += sort != "small"
        read += sort == "read"
        if sort == "scan":
            scans.append(Scan(unit, page))
        elif sort in {DRAWING, UNREADABLE}:
            builder.add_gap(sort, page, Unit.PICTURES)
    if seen:
        builder.tally(Tally(Unit.PICTURES, seen, read))
    return tuple(scans)


def _sorted(data: bytes, builder: DocumentBuilder, page: int | None) -> str:
    """What becomes of a picture: ``small``, ``scan``, ``read``, or the reason of its gap."""
    if b"<svg" in data[:4096] and not data.startswith(b"\x89PNG"):
        return _read_svg(data, builder, page)
    if data.startswith(_DRAWINGS):
        return DRAWING
    size = size_of(data)
    if size is None:
        return UNREADABLE
    width, height = size
    large = min(size) >= SHORTEST_SIDE and width * height >= SMALLEST_AREA
    return "scan" if large else "small"


def size_of(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels, from the picture's header; None where it has none."""
    from PIL import Image, UnidentifiedImageError

    limit = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None  # nothing is unpacked here, however large it claims to be
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
            return opened.size
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError):
        return None
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def _read_svg(data: bytes, builder: DocumentBuilder, page: int | None) -> str:
    try:
        root = tree.parsed(data)
    except etree.XMLSyntaxError:
        return UNREADABLE
    for node in root.iter("{*}text", "{*}title", "{*}desc"):
        builder.add(ElementKind.TEXT, " ".join(node.itertext()), page)
    return "read"


def _loader(package: Package, name: str) -> Callable[[], bytes]:
    return lambda: package.read(name)


def _inline_loader(address: str) -> Callable[[], bytes]:
    def load() -> bytes:
        head, _, body = address.partition(",")
        raw = unquote_to_bytes(body)
        try:
            return base64.b64decode(raw, validate=False) if head.endswith(";base64") else raw
        except (binascii.Error, ValueError):
            return b""

    return load
