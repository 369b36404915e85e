"""What DOCX, PPTX and XLSX share: parts and their links, flags, charts, diagrams, embedded files.

Sources: ECMA-376 part 1 (the formats), part 2 (packaging, relationships); [MS-OI29500].
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from lxml import etree
from lxml.etree import _Element as Node

from appliance.documents import ElementKind, Flag
from appliance.formats import cell_numbers, tree
from appliance.formats.build import DocumentBuilder, Entry
from appliance.formats.table import add_table
from appliance.formats.tree import attribute, child, local
from appliance.formats.zip_package import Package
from appliance.sandbox.outcome import Outcome, ReadingFailed

CUT = "the file breaks off: what was before the break is read"
DAMAGED_PART = "a part of the file is damaged and read as far as it goes"
MISSING_PART = "a part that the file names is missing"
MACROS = "macros are neither run nor read"
_DECORATION = re.compile(
    r"/(?:theme|slideLayouts|slideMasters|notesMasters|handoutMasters|glossary)$"
)


@dataclass(frozen=True, slots=True)
class Link:
    """A relationship of a part: the last word of its type, and the member it leads to."""

    kind: str
    target: str
    outside: bool


class OfficePackage(Package):
    """A package of an office program; damage ends in a gap of ``builder``."""

    def __init__(self, data: bytes, builder: DocumentBuilder) -> None:
        """Open it.

        Raises:
            ReadingFailed: nothing in it can be read.
        """
        super().__init__(data)
        self._builder = builder
        if self.cut:
            builder.add_gap(CUT)

    def links(self, part: str) -> dict[str, Link]:
        """The relationships of a part, by id; the package's own for an empty name."""
        folder, name = posixpath.split(part)
        root = self.tree(posixpath.join(folder, "_rels", f"{name}.rels"), wanted=False)
        found: dict[str, Link] = {}
        for node in root if root is not None else ():
            target = node.get("Target", "")
            outside = node.get("TargetMode") == "External"
            if not outside:
                target = posixpath.normpath(posixpath.join("/", folder, unquote(target)))[1:]
            kind = node.get("Type", "").rpartition("/")[2]
            found[node.get("Id", "")] = Link(kind, target, outside)
        return found

    def main(self, fallback: str) -> str:
        """The part that holds the document itself."""
        for link in self.links("").values():
            if link.kind == "officeDocument" and link.target in self:
                return link.target
        found = self.named(fallback)
        if not found:
            raise ReadingFailed(Outcome.DAMAGED)
        return found[0]

    def tree(self, name: str, *, wanted: bool = True) -> Node | None:
        """The root of a part; None where it is missing or nothing of it can be read.

        Raises:
            ReadingFailed: the part declares entities, or is too large.
        """
        if name not in self:
            if wanted:
                self._builder.add_gap(MISSING_PART)
            return None
        content = self.read(name)
        try:
            if name not in self.damaged:
                return tree.parsed(content)
        except etree.XMLSyntaxError:
            pass
        self._builder.add_gap(DAMAGED_PART)
        return tree.salvaged(content)

    def note_damage(self, name: str, *, certain: bool = False) -> None:
        """Add the gap of a part that is read as a stream and was found damaged."""
        if certain or name in self.damaged:
            self._builder.add_gap(DAMAGED_PART)

    def linked(self, part: str, *kinds: str) -> list[str]:
        """The members that a part leads to by relationships of these kinds, in order, once."""
        links = self.links(part).values()
        return list(dict.fromkeys(x.target for x in links if x.kind in kinds and x.target in self))


def note_flags(package: OfficePackage, builder: DocumentBuilder) -> None:
    """Flag what a program would run or fetch when it opens the file."""
    names = package.names
    if any(
        n.endswith("vbaProject.bin") or "/macrosheets/" in n or "/dialogsheets/" in n for n in names
    ):
        builder.flag(Flag.ACTIVE)
        builder.add_gap(MACROS)
    if any("/activeX/" in name for name in names):
        builder.flag(Flag.ACTIVE)
    for name in package.named(r".*\.rels"):
        root = package.tree(name)
        for node in root if root is not None else ():
            kind = node.get("Type", "").rpartition("/")[2]
            if node.get("TargetMode") == "External" and kind != "hyperlink":
                builder.flag(Flag.EXTERNAL)


def embedded(package: OfficePackage) -> list[str]:
    """The members of a package that are documents of their own, in a fixed order.

    The workbooks behind charts are none: the chart shows what is in them.
    """
    behind_charts = {
        target
        for name in package.named(r".*/(?:charts|chartex)/[^/]+\.xml")
        for target in package.linked(name, "package", "oleObject")
    }
    names = package.named(r".*/embeddings/[^/]+|word/afchunk[^/]*")
    return [name for name in names if name not in behind_charts]


def shown_media(package: OfficePackage) -> frozenset[str] | None:
    """The media that content shows, not just a layout or a theme; None where the links are lost."""
    if package.cut:
        return None
    shown: set[str] = set()
    for name in package.named(r".*/_rels/[^/]+\.rels"):
        folder, _, part = name.rpartition("/_rels/")
        if not _DECORATION.search(folder):
            links = package.links(f"{folder}/{part.removesuffix('.rels')}").values()
            shown.update(link.target for link in links if "/media/" in link.target)
    return frozenset(shown)


def paragraphs(root: Node) -> Iterator[str]:
    """Text by paragraph of a diagram, a chart, a drawing or a comment.

    A paragraph inside another one is its own.
    """
    inside = {"p", "oMathPara", "comment", "threadedComment", "cm"}
    pieces: dict[Node | None, list[str]] = {}
    for node in root.iter("{*}t", "{*}text", "{*}tab", "{*}br", "{*}cr"):
        text = (node.text or "") if local(node) in {"t", "text"} else " "
        owner = next((up for up in node.iterancestors() if local(up) in inside), None)
        pieces.setdefault(owner, []).append(text)
    yield from ("".join(texts) for texts in pieces.values())


def add_chart(root: Node, builder: DocumentBuilder, page: int | None = None) -> None:
    """Add a chart's words, then its data as a table: series beside each other, heads on top."""
    for text in paragraphs(root):
        builder.add(ElementKind.TEXT, text, page)
    columns = list(root.iter("{*}ser"))
    if not columns:
        return
    names = ["".join(_points(child(series, "tx"))) for series in columns]
    categories = _points(_first(columns, "cat", "xVal"))
    values = [_points(_first([series], "val", "yVal")) for series in columns]
    heads = [Entry(name, at + 1) for at, name in enumerate(names)]
    height = max(len(categories), *(len(column) for column in values))
    rows: list[Sequence[Entry]] = [heads] if any(names) else []
    for at in range(height):
        row = [Entry(column[at], n + 1) for n, column in enumerate(values) if at < len(column)]
        rows.append([Entry(categories[at], 0), *row] if at < len(categories) else row)
    add_table(builder, rows, marked=1 if any(names) else 0, page=page)


def _first(columns: Sequence[Node], *names: str) -> Node | None:
    found = (child(series, name) for series in columns for name in names)
    return next((node for node in found if node is not None), None)


def _points(data: Node | None) -> list[str]:
    """The cached points of a chart's data, empty ones in their places."""
    if data is None:
        return []
    found: dict[int, str] = {}
    format_code = next((code.text or "" for code in data.iter("{*}formatCode")), "")
    for level in list(data.iter("{*}lvl"))[1:]:
        level.getparent().remove(level)
    for point in data.iter("{*}pt"):
        value = child(point, "v")
        index = attribute(point, "idx")
        if index.isdecimal() and int(index) < 100_000:
            code = attribute(point, "formatCode") or format_code
            text = (value.text or "") if value is not None else ""
            found[int(index)] = cell_numbers.shown_text(text, code)
    if not found:
        return [value.text or "" for value in data.iter("{*}v")]
    return [found.get(at, "") for at in range(max(found) + 1)]


def same_text(texts: Sequence[str]) -> str:
    """What two parts with the same words have in common."""
    return re.sub(r"\s+", "", "".join(texts))
