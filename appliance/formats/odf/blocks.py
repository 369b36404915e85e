"""Paragraphs, lists, notes, frames and slides of an OpenDocument file, in order.

Source: OpenDocument 1.3 part 3, 5 (text), 6 (paragraph elements), 10 (graphic content).
"""

from __future__ import annotations

from collections.abc import Iterable

from lxml.etree import _Element as Node

from appliance.documents import Concealment, ElementKind, Flag
from appliance.formats.build import DocumentBuilder
from appliance.formats.odf.styles import Look, Styles
from appliance.formats.odf.tables import CellCount, TableReader
from appliance.formats.ooxml.word_numbers import written
from appliance.formats.tree import attribute, child, local

_SKIPPED = frozenset(
    {"binary-data", "sequence-decls", "variable-decls", "user-field-decls", "forms", "scripts"}
    | {"desc", "title", "date", "creator", "date-string", "creator-initials", "sender-initials"}
    | {"soft-page-break", "table-of-content-source", "alphabetical-index-source", "bookmark"}
    | {"illustration-index-source", "bibliography-source", "user-index-source", "settings"}
)
_FRAMES = frozenset(
    {"frame", "custom-shape", "text-box", "rect", "ellipse", "circle", "line", "polygon"}
    | {"polyline", "path", "regular-polygon", "connector", "caption", "g", "a", "image", "object"}
    | {"measure", "page-thumbnail", "control", "scene"}
)
_TITLES = frozenset({"title", "subtitle"})
_MARGINS = {"header": ElementKind.HEADER, "footer": ElementKind.FOOTER}
_MARGINS |= {"date-time": ElementKind.FOOTER, "page-number": ElementKind.FOOTER}
_MOST_BLANKS = 1000
_DEEPEST = 100


class BlockReader:
    """Reads the blocks of one document into its builder."""

    def __init__(self, builder: DocumentBuilder, styles: Styles, cells: CellCount) -> None:
        self._builder = builder
        self._styles = styles
        self._page: int | None = None
        self._coloured = False
        self._later: list[Node] = []
        self._counts: dict[str, dict[int, int]] = {}  # items by style of the list and level
        self.tables = TableReader(builder, styles, cells, self.cell_text, self.blocks)

    def add_slide(self, node: Node, number: int) -> None:
        """Add one slide: its title first, then everything else, then its notes."""
        self._page = number
        if self._styles.hides("drawing-page", attribute(node, "style-name")):
            self._builder.flag(Flag.HIDDEN_TEXT)
        self._coloured = True  # masters colour slides in more ways than are followed here
        shapes = [shape for shape in node if local(shape) != "notes"]
        shapes.sort(key=lambda shape: attribute(shape, "class") not in _TITLES)
        self.blocks(shapes, ElementKind.TEXT)
        for notes in node.iterfind("{*}notes"):
            self.blocks(notes, ElementKind.TEXT)
        self._page = None
        self._coloured = False

    def blocks(self, nodes: Iterable[Node], kind: ElementKind, depth: int = 0) -> None:
        """Add paragraphs, lists, tables and frames."""
        if depth > _DEEPEST:
            for node in nodes:
                self._builder.add(kind, _all_text(node), self._page)
            return
        for node in nodes:
            name = local(node)
            if name in _SKIPPED:
                continue
            if name in {"p", "h"}:
                self._add_paragraph(node, ElementKind.TITLE if name == "h" else kind, depth)
            elif name == "list":
                self._add_list(node, kind, depth)
            elif name in {"table", "sub-table"}:
                self.tables.add(node, depth, self._page)
            elif _is_hidden(node, name):
                self._builder.hide(Concealment.HIDDEN, _all_text(node), self._page)
            elif name in _FRAMES:
                self._add_frame(node, kind, depth)
            else:
                self.blocks(node, ElementKind.TEXT if name == "annotation" else kind, depth + 1)

    def _add_paragraph(self, node: Node, kind: ElementKind, depth: int, number: str = "") -> None:
        style = attribute(node, "style-name")
        if kind is ElementKind.TEXT and self._styles.names(style) & {"Title", "Subtitle"}:
            kind = ElementKind.TITLE
        later, self._later = self._later, []
        text = self._text(node)
        self._builder.add(kind, number + text if text.strip() else text, self._page)
        hanging, self._later = self._later, later
        for inner in hanging:
            self.blocks([inner] if local(inner) in _FRAMES else inner, ElementKind.TEXT, depth + 1)

    def _add_list(
        self, node: Node, kind: ElementKind, depth: int, level: int = 1, style: str = ""
    ) -> None:
        style = attribute(node, "style-name") or style
        form, ending, start = self._form(style, level)
        if level == 1 and attribute(node, "continue-numbering") != "true":
            self._counts[style] = {}
        item_kind = ElementKind.LIST_ITEM if kind is ElementKind.TEXT else kind
        for item in node:
            number = ""
            # an item that only holds a deeper list is there for its depth, and counts as nothing
            if local(item) == "list-item" and any(local(n) in {"p", "h"} for n in item):
                count = self._next(item, style, level, start)
                number = f"{written(count, form)}{ending} " if form else ""
            for inner in item if depth < _DEEPEST else ():
                if local(inner) == "list":
                    self._add_list(inner, kind, depth + 1, level + 1, style)
                elif local(inner) in {"p", "h"}:
                    inner_kind = ElementKind.TITLE if local(inner) == "h" else item_kind
                    self._add_paragraph(inner, inner_kind, depth + 1, number)
                    number = ""
                else:
                    self.blocks([inner], item_kind, depth + 1)

    def _next(self, item: Node, style: str, level: int, start: int) -> int:
        """Count one item; deeper levels begin anew below it."""
        counts = self._counts.setdefault(style, {})
        stated = attribute(item, "start-value")
        count = counts.get(level, start - 1) + 1
        count = int(stated) if stated.isdecimal() and len(stated) < 7 else count
        self._counts[style] = {at: n for at, n in counts.items() if at < level} | {level: count}
        return count

    def _form(self, style: str, level: int) -> tuple[str, str, int]:
        """How a level of a list is numbered: form, what follows the number, the first one."""
        node = self._styles.lists.get(style)
        for found in node if node is not None else ():
            numbered = local(found) == "list-level-style-number"
            if numbered and attribute(found, "level") == str(level):
                form = attribute(found, "num-format")
                start = attribute(found, "start-value")
                forms = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman"}
                known = {**forms, "I": "upperRoman", "1": "decimal"}.get(form, "")
                first = int(start) if start.isdecimal() and len(start) < 7 else 1
                return known, attribute(found, "num-suffix"), first
        return "", "", 1

    def _add_frame(self, node: Node, kind: ElementKind, depth: int) -> None:
        """A frame: its text, and the words that stand for what it shows."""
        place = attribute(node, "class")
        inner_kind = _MARGINS.get(place, ElementKind.TITLE if place in _TITLES else kind)
        coloured, self._coloured = self._coloured, True
        self.blocks(node, inner_kind, depth + 1)
        self._coloured = coloured
        for name in ("title", "desc"):
            words = child(node, name)
            if words is not None:
                self._builder.add(ElementKind.TEXT, words.text or "", self._page)

    # --- the text of a paragraph ------------------------------------------------------------------

    def cell_text(self, cell: Node) -> str:
        """The text of a cell in one piece; tables within it are left to the caller."""
        pieces = []
        later, self._later = self._later, []
        for node in cell.iter("{*}p", "{*}h"):
            inside = next(
                (
                    up
                    for up in node.iterancestors()
                    if local(up) in {"table-cell", "table", "note"} or local(up) in _FRAMES
                ),
                None,
            )
            if inside is cell:
                pieces.append(self._text(node))
        hanging, self._later = self._later, later
        self._later += hanging
        return "\n".join(piece for piece in pieces if piece.strip())

    def hanging(self) -> list[Node]:
        """Notes and frames found since the last call, in paragraphs of cells."""
        found, self._later = self._later, []
        return found

    def _text(self, paragraph: Node) -> str:
        style = attribute(paragraph, "style-name")
        pieces: list[str] = []
        self._inline(paragraph, self._styles.look("paragraph", style), pieces, 0)
        return "".join(pieces)

    def _inline(self, node: Node, look: Look, pieces: list[str], depth: int) -> None:
        self._say(node.text, look, pieces)
        for inner in node:
            name = local(inner)
            if name == "s":
                count = attribute(inner, "c")
                blanks = int(count) if count.isdecimal() and len(count) < 9 else 1
                pieces.append(" " * min(blanks, _MOST_BLANKS))
            elif name in {"tab", "line-break"}:
                pieces.append("\t" if name == "tab" else "\n")
            elif name == "note":
                self._inline_note(inner, look, pieces)
            elif name in _FRAMES - {"a"} or name == "annotation":
                self._later.append(inner)
            elif name == "hidden-text":
                hidden = _all_text(inner) or attribute(inner, "string-value")
                self._builder.hide(Concealment.HIDDEN, hidden, self._page)
            elif name in {"ruby", "ruby-base", "ruby-text"} or name not in _SKIPPED:
                style = attribute(inner, "style-name") if name == "span" else ""
                under = self._styles.look("text", style, look) if style else look
                if depth < _DEEPEST:
                    self._inline(inner, under, pieces, depth + 1)
            self._say(inner.tail, look, pieces)

    def _inline_note(self, note: Node, look: Look, pieces: list[str]) -> None:
        citation = child(note, "note-citation")
        if citation is not None:
            self._say(citation.text, look, pieces)
        body = child(note, "note-body")
        if body is not None:
            self._later.append(body)

    def _say(self, text: str | None, look: Look, pieces: list[str]) -> None:
        """Keep text, in view or apart; line ends of the source are blanks."""
        if not text:
            return
        text = text.replace("\n", " ").replace("\r", " ")
        why = look.concealment(coloured=self._coloured)
        if why is None or not text.strip():
            pieces.append(text)
        else:
            self._builder.hide(why, text, self._page)

    def add_formula(self, root: Node) -> None:
        """Add a formula (MathML) as one line."""
        self._builder.add(ElementKind.TEXT, " ".join("".join(root.itertext()).split()))


def _is_hidden(node: Node, name: str) -> bool:
    """Deleted text, and sections that are not shown."""
    if name == "tracked-changes":
        return True
    return name == "section" and attribute(node, "display") in {"none", "condition"}


def _all_text(node: Node) -> str:
    return " ".join(text.strip() for text in node.itertext() if text.strip())
