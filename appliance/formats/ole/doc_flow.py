"""One story of a binary Word file, paragraph by paragraph: fields, tables, hidden runs.

Source: [MS-DOC] 2.4 (retrieval of text, of properties, of tables), 2.6 (properties).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise

from appliance.documents import Concealment, ElementKind, Flag
from appliance.formats.build import DocumentBuilder, Entry
from appliance.formats.ole.doc_file import Style, WordFile
from appliance.formats.ooxml.word_numbers import Numbers
from appliance.formats.table import add_table

# Properties of paragraphs and rows, and of characters.
_IN_TABLE, _ROW_END, _INNER_CELL, _INNER_ROW_END = 0x2416, 0x2417, 0x244B, 0x244C
_LIST, _LEVEL, _OUTLINE, _ROW_HEADS, _DEFINITION = 0x460B, 0x260A, 0x2640, 0x3404, 0xD608
_NO_LIST = 0x7FF  # from here on a number refers to no list
_DELETED, _HIDDEN, _SYMBOL, _SIZE = 0x0800, 0x083C, 0x6A09, 0x4A43
_COLOUR, _OLD_COLOUR = 0x6870, 0x2A42
_GROUNDS = frozenset({0xCA71, 0x4866, 0xC64D, 0x442D})  # behind a run or a paragraph
_WHITE, _OLD_WHITE = b"\xff\xff\xff\x00", b"\x08"
_SET = frozenset({b"\x01", b"\x81"})
_SMALLEST = 4  # half points
_BODY_LEVEL = 9
_HEADINGS = frozenset({*range(1, 10), 62, 74})  # built-in styles: headings, title, subtitle
_LISTS = frozenset(range(47, 62))
_DEEPEST_STYLE = 11
_NEAR = 30  # twips between edges that are one

_CELL, _FIELD, _RESULT, _FIELD_END = "\x07", "\x13", "\x14", "\x15"
_MARKS = re.compile("([\x07\x0c\x0d\x13\x14\x15])")
_SHOWN = {0x0B: "\n", 0x0E: "\n", 0x1E: "-", 0x1F: "", 0x09: " "}
_SHOWN |= dict.fromkeys(range(9), "")
_SYMBOLS = {0x6F: "☐", 0xA8: "☐", 0xFD: "☒", 0x78: "☒", 0xFE: "☑", 0xFC: "✓", 0xFB: "✗"} | {
    **{0xB7: "•", 0xA7: "▪", 0xE0: "→", 0xD8: "➢", 0xE8: "➔"},
}
_SURROGATE = re.compile("[\ud800-\udfff]")
_ACTIVE = re.compile(r"\s*(?:DDE|DDEAUTO)\b", re.I)
_OUTSIDE = re.compile(r"\s*(?:INCLUDETEXT|INCLUDEPICTURE|LINK|RD)\b.*(?:://|\\\\)", re.I | re.S)
_TYPED = re.compile(r"\s*(?:MACROBUTTON\s+\S+|EQ)\s+(.*)", re.I | re.S)


class Kinds:
    """What kind of element a paragraph is, and the number before it; one for a whole document."""

    def __init__(self, styles: Sequence[Style], numbers: Numbers) -> None:
        """From the styles and the lists of the file."""
        self._styles = styles
        self._numbers = numbers

    def of(self, style: int, settings: dict[int, bytes]) -> ElementKind:
        """The kind of a paragraph with this style and these properties."""
        level = settings.get(_OUTLINE, b"\x09")
        if level and level[0] < _BODY_LEVEL:
            return ElementKind.TITLE
        found = {ancestor.kind for ancestor in self._ancestry(style)}
        if found & _HEADINGS:
            return ElementKind.TITLE
        listed = settings.get(_LIST)
        if found & _LISTS if listed is None else any(listed):
            return ElementKind.LIST_ITEM
        return ElementKind.TEXT

    def effective(self, style: int, settings: dict[int, bytes]) -> dict[int, bytes]:
        """What is set for a paragraph, by itself or by its style."""
        whole: dict[int, bytes] = {}
        for ancestor in reversed(self._ancestry(style)):
            whole |= ancestor.settings
        return whole | settings

    def number(self, settings: dict[int, bytes]) -> str:
        """The number before a paragraph of a list, with a blank behind it; empty without one."""
        number = int.from_bytes(settings.get(_LIST, b""), "little")
        if not 0 < number < _NO_LIST:
            return ""
        shown = self._numbers.next(str(number), (settings.get(_LEVEL) or b"\0")[0])
        return shown + " " if shown else ""

    def _ancestry(self, style: int) -> list[Style]:
        found = []
        for _ in range(_DEEPEST_STYLE):
            if not 0 <= style < len(self._styles):
                break
            found.append(self._styles[style])
            style = found[-1].base
        return found


class Flow:
    """Reads a stretch of the text into a builder."""

    def __init__(
        self,
        word: WordFile,
        kinds: Kinds,
        builder: DocumentBuilder,
        kind: ElementKind | None = None,
    ) -> None:
        """``kind``: of every paragraph, where the story tells it (headers, footers)."""
        self._word = word
        self._kinds = kinds
        self._builder = builder
        self._kind = kind
        self._text: list[str] = []  # of the paragraph so far
        self._white: list[int] = []  # which of them are white on no ground of their own
        self._cell: list[str] = []  # paragraphs of the cell so far
        self._cells: list[str] = []  # of the row so far
        self._table: list[tuple[list[str], list[tuple[int, int]], bool]] = []
        self._fields: list[list[str] | None] = []  # code of each open field; None: in its result
        self._last = ""

    def read(self, begin: int, end: int) -> None:
        """Add everything from ``begin`` up to ``end``.

        Raises:
            ReadingFailed: the document grows beyond its bounds.
        """
        at = begin
        while at < end:
            stop = min(self._word.run_end(at), end)
            self._run(at, stop)
            at = stop
        for code in self._fields:
            self._text += code or []  # a field that never ends: better shown than lost
        self._fields.clear()
        self._end_paragraph(ElementKind.TEXT)
        self._end_row([], heads=False)
        self._end_table()

    # --- characters -------------------------------------------------------------------------------

    def _run(self, begin: int, end: int) -> None:
        """Characters with the same properties."""
        settings = self._word.character(begin)
        at = begin
        for part in _MARKS.split(self._word.text[begin:end]):
            if not part:
                continue
            if len(part) > 1 or not _MARKS.match(part):
                self._characters(part, settings)
            elif part in {_FIELD, _RESULT, _FIELD_END}:
                self._field(part)
            else:
                self._paragraph_mark(part, at)
            self._last = part[-1]
            at += len(part)

    def _characters(self, raw: str, settings: dict[int, bytes]) -> None:
        text = raw.translate(_SHOWN)
        if _SURROGATE.search(text):
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        symbol = settings.get(_SYMBOL, b"")
        if raw == "(" and len(symbol) == 4:
            number = int.from_bytes(symbol[2:], "little")
            text = _SYMBOLS.get(number & 0xFF, "•") if 0xF000 <= number <= 0xF0FF else chr(number)
        if self._fields and self._fields[-1] is not None:
            self._fields[-1].append(text)
        elif any(code is not None for code in self._fields):
            return  # the result of a field within the code of another
        elif why := _concealment(settings):
            self._builder.hide(why, text)
        else:
            if _is_white(settings):
                self._white.append(len(self._text))
            self._text.append(text)

    def _field(self, mark: str) -> None:
        if mark == _FIELD:
            self._fields.append([])
        elif not self._fields:
            return
        elif mark == _RESULT:
            self._note(self._fields[-1])
            self._fields[-1] = None
        else:
            code = self._fields.pop()
            self._note(code)
            typed = _TYPED.match("".join(code)) if code else None
            if typed and all(outer is None for outer in self._fields):
                self._text.append(typed.group(1))

    def _note(self, code: list[str] | None) -> None:
        """Flag a field that would run or fetch something."""
        text = "".join(code or [])
        if _ACTIVE.match(text):
            self._builder.flag(Flag.ACTIVE)
        if _OUTSIDE.match(text):
            self._builder.flag(Flag.EXTERNAL)

    # --- paragraphs, cells, rows ------------------------------------------------------------------

    def _paragraph_mark(self, mark: str, at: int) -> None:
        if not self._word.modern:
            self._old_mark(mark)
            return
        style, settings = self._word.paragraph(at)
        whole = self._kinds.effective(style, settings)
        in_table = any(settings.get(_IN_TABLE, b""))
        if mark == _CELL and any(settings.get(_ROW_END, b"")):
            self._end_row(_edges(settings), heads=any(settings.get(_ROW_HEADS, b"")))
        elif mark == _CELL:
            self._number(whole)
            self._end_cell()
        elif in_table and mark != "\x0c":
            self._number(whole)
            self._cell.append(self._taken())
        else:
            if not _GROUNDS & settings.keys():
                self._hide_white()
            self._number(whole)
            self._end_paragraph(self._kinds.of(style, whole))

    def _number(self, settings: dict[int, bytes]) -> None:
        if any(text.strip() for text in self._text):
            self._text.insert(0, self._kinds.number(settings))
            self._white = [number + 1 for number in self._white]

    def _hide_white(self) -> None:
        """Outside tables and on no coloured ground, white text is not to be seen."""
        for number in self._white:
            self._builder.hide(Concealment.WHITE, self._text[number])
            self._text[number] = ""

    def _old_mark(self, mark: str) -> None:
        """Without properties: two marks of cells one after the other end a row."""
        if mark != _CELL:
            self._end_paragraph(ElementKind.TEXT)
        elif self._last == _CELL:
            self._end_row([], heads=False)
        else:
            self._end_cell()

    def _end_paragraph(self, kind: ElementKind) -> None:
        text = self._taken()
        if self._cell or self._cells:  # a row without its end
            self._cell.append(text)
            self._end_row([], heads=False)
            return
        self._end_table()
        self._builder.add(self._kind or kind, text)

    def _taken(self) -> str:
        """The text of the paragraph that ends here."""
        text = "".join(self._text)
        self._text.clear()
        self._white.clear()
        return text

    def _end_cell(self) -> None:
        self._cell.append(self._taken())
        self._cells.append("\n".join(self._cell))
        self._cell.clear()

    def _end_row(self, edges: list[tuple[int, int]], *, heads: bool) -> None:
        if self._cell or self._text:
            self._end_cell()
        if self._cells:
            self._table.append((self._cells, edges, heads))
        self._cells = []

    def _end_table(self) -> None:
        if not self._table:
            return
        table, self._table = self._table, []
        if self._kind is not None:  # a table that lays out a header
            for cells, _, _ in table:
                self._builder.add(self._kind, " ".join(cells))
            return
        grid = _grid(edge for _, edges, _ in table for pair in edges for edge in pair)
        marked = next((n for n, (_, _, heads) in enumerate(table) if not heads), len(table))
        add_table(self._builder, [_row(row[0], row[1], grid) for row in table], marked=marked)


def _concealment(settings: dict[int, bytes]) -> Concealment | None:
    if settings.get(_HIDDEN) in _SET or settings.get(_DELETED) in _SET:
        return Concealment.HIDDEN
    size = settings.get(_SIZE)
    if size and int.from_bytes(size, "little") < _SMALLEST:
        return Concealment.TINY
    return None


def _is_white(settings: dict[int, bytes]) -> bool:
    white = settings.get(_COLOUR) == _WHITE or (
        _COLOUR not in settings and settings.get(_OLD_COLOUR) == _OLD_WHITE
    )
    return white and not _GROUNDS & settings.keys()


def _edges(settings: dict[int, bytes]) -> list[tuple[int, int]]:
    """Left and right edge of every cell of a row, twips; empty where the row does not say."""
    definition = settings.get(_DEFINITION, b"")
    count = definition[0] if definition else 0
    if len(definition) < 3 + 2 * count:
        return []
    edges = [
        int.from_bytes(definition[1 + 2 * n : 3 + 2 * n], "little", signed=True)
        for n in range(count + 1)
    ]
    return [(min(a, b), max(a, b)) for a, b in pairwise(edges)]


def _grid(edges: Iterable[int]) -> list[int]:
    """The edges of a table's columns; those that nearly meet are one."""
    grid: list[int] = []
    for edge in sorted(set(edges)):
        if not grid or edge - grid[-1] > _NEAR:
            grid.append(edge)
    return grid


def _row(cells: list[str], edges: list[tuple[int, int]], grid: list[int]) -> list[Entry]:
    if len(edges) < len(cells):
        return [Entry(text, number) for number, text in enumerate(cells)]
    found = []
    for text, (left, right) in zip(cells, edges, strict=False):
        column = _nearest(grid, left)
        found.append(Entry(text, column, max(1, _nearest(grid, right) - column)))
    return found


def _nearest(grid: list[int], edge: int) -> int:
    return max(0, bisect_right(grid, edge) - 1)
