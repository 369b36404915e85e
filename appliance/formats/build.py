"""Puts a read document together: one text, elements that point into it, gaps, tallies, flags.

Every reader adds its pieces in reading order and never computes an offset itself.  Elements are
parted by one blank line, rows of one table by one line break, so that the text reads well when it
is shown as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from appliance.documents import (
    Box,
    Cell,
    Concealment,
    Element,
    ElementKind,
    Flag,
    Gap,
    HiddenText,
    Mark,
    ParsedDocument,
    Row,
    Span,
    Tally,
    Unit,
)
from appliance.sandbox.outcome import Outcome, ReadingFailed

CELL_SEPARATOR = " | "
LONGEST_TITLE = 300  # characters
MOST_CHARACTERS = 50_000_000  # in one document; 50 times the longest annual reports
MOST_HIDDEN_CHARACTERS = 1_000_000
MOST_HIDDEN_TEXTS = 100_000
HIDDEN_GAP = "more hidden text than is kept"

# What no text holds: control characters but tab and line feed, lone surrogates, the invisible tag
# characters (U+E0000 block, used to smuggle text past a reader's eye), U+FFFE and U+FFFF.
UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff\U000e0000-\U000e007f]"
)
# Shown as nothing, and able to part a word or to turn its order: embeddings, overrides, isolates
# (UAX #9) are flagged; marks of direction, soft hyphens and characters without width are not.
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_NO_WIDTH = re.compile("[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_TAGS = re.compile("[\U000e0001\U000e0020-\U000e007f]+")
_FLAG_OF_A_REGION = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]+\U000e007f")
_BLANKS = re.compile(r"[^\S\n]+")
_LINE_ENDS = re.compile(r" ?\n ?(?:\n ?)*")


def clean(untrusted_text: str) -> str:
    """Text without unprintable characters, runs of blanks as one, blank lines removed."""
    if untrusted_text.isprintable() and "  " not in untrusted_text:
        return untrusted_text.strip(" ")  # nothing to remove: the usual case, and a fast one
    plain = untrusted_text.replace("\r\n", "\n").replace("\r", "\n")
    plain = _NO_WIDTH.sub("", UNPRINTABLE.sub("", plain))
    return _LINE_ENDS.sub("\n", _BLANKS.sub(" ", plain)).strip()


@dataclass(frozen=True, slots=True)
class Entry:
    """What a reader found in one cell of a table; ``box`` becomes a mark."""

    text: str
    column: int  # from 0
    width: int = 1  # columns that it covers
    box: Box | None = None
    height: int = 1  # rows that it covers


class DocumentBuilder:
    """Collects elements in reading order."""

    def __init__(self, media_type: str) -> None:
        self._media_type = media_type
        self._pieces: list[str] = []
        self._length = 0
        self._elements: list[Element] = []
        self._gaps: dict[tuple[str, int | None, Unit | None], int] = {}
        self._tallies: dict[Unit, Tally] = {}
        self._flags: dict[Flag, None] = {}
        self._hidden: list[HiddenText] = []
        self._hidden_characters = 0
        self._tables = 0
        self.title: str | None = None

    def add(
        self, kind: ElementKind, text: str, page: int | None = None, box: Box | None = None
    ) -> None:
        """Add one element; text that is blank once cleaned adds nothing.

        Raises:
            ReadingFailed: the document grows beyond ``MOST_CHARACTERS``.
        """
        self._note_controls(text, page)
        if span := self._write(kind, clean(text)):
            self._elements.append(Element(kind, span, page, box))

    def add_marked(
        self,
        kind: ElementKind,
        pieces: Sequence[tuple[str, Box]],
        page: int | None = None,
        box: Box | None = None,
        *,
        separator: str = " ",
        separators: Sequence[str] = (),
        confidence: float | None = None,
    ) -> None:
        """Add one element made of lines or words, each with the place where it stands.

        Args:
            separators: what stands between each piece and the next, where that differs: a word
                that a line's end cut in two goes on without a blank.

        Raises:
            ReadingFailed: the document grows beyond ``MOST_CHARACTERS``.
        """
        texts: list[str] = []
        places: list[tuple[int, int, Box]] = []
        at = 0
        for number, (untrusted_text, place) in enumerate(pieces):
            self._note_controls(untrusted_text, page)
            if text := clean(untrusted_text):
                if texts:
                    texts.append(separators[number - 1] if separators else separator)
                    at += len(texts[-1])
                places.append((at, at + len(text), place))
                texts.append(text)
                at += len(text)
        if span := self._write(kind, "".join(texts)):
            begin = span.begin
            marks = tuple(Mark(Span(begin + b, begin + e), place) for b, e, place in places)
            self._elements.append(Element(kind, span, page, box, marks, None, confidence))

    def new_table(self) -> int:
        """The number of the next table."""
        self._tables += 1
        return self._tables - 1

    def add_row(
        self,
        cells: Sequence[str | Entry],
        page: int | None = None,
        box: Box | None = None,
        *,
        table: int | None = None,
        heads: bool = False,
        confidence: float | None = None,
    ) -> None:
        """Add one table row; line breaks inside a cell become blanks, empty cells are left out.

        Args:
            cells: a plain string stands in the column of its place in the list.
            table: a number of `new_table`; without one the row's cells have no columns.
            heads: the cells name the columns of the rows below.

        Raises:
            ReadingFailed: the document grows beyond ``MOST_CHARACTERS``.
        """
        texts: list[str] = []
        places: list[tuple[int, int, Entry]] = []
        at = 0
        for number, cell in enumerate(cells):
            entry = Entry(cell, number) if isinstance(cell, str) else cell
            self._note_controls(entry.text, page)
            if text := clean(entry.text).replace("\n", " "):
                places.append((at, at + len(text), entry))
                texts.append(text)
                at += len(text) + len(CELL_SEPARATOR)
        written = self._write(ElementKind.TABLE_ROW, CELL_SEPARATOR.join(texts))
        if written is None:
            return
        begin = written.begin
        spans = [(Span(begin + b, begin + e), entry) for b, e, entry in places]
        row = None
        if table is not None:
            found = tuple(Cell(span, entry.column, entry.width) for span, entry in spans)
            row = Row(table, heads, found)
        marks = tuple(Mark(span, entry.box) for span, entry in spans if entry.box)
        self._elements.append(
            Element(ElementKind.TABLE_ROW, written, page, box, marks, row, confidence)
        )

    def _write(self, kind: ElementKind, text: str) -> Span | None:
        """Put a text behind the others; where it stands, None where there is nothing to add."""
        if self._length + len(text) > MOST_CHARACTERS:
            raise ReadingFailed(Outcome.TOO_LARGE)
        if not text:
            return None
        separator = self._separator(kind)
        begin = self._length + len(separator)
        self._pieces += (separator, text)
        self._length = begin + len(text)
        return Span(begin, self._length)

    def add_gap(
        self, reason: str, page: int | None = None, unit: Unit | None = None, amount: int = 1
    ) -> None:
        """Say what was not read, and why; amounts of the same gap add up, a bare one counts once.

        ``reason`` is a fixed sentence of the reader's, never text of the file.
        """
        key = (reason, page, unit)
        self._gaps[key] = self._gaps.get(key, 0) + amount if unit else 1

    def tally(self, tally: Tally) -> None:
        """Keep an independent count; a later one of the same unit replaces it."""
        self._tallies[tally.unit] = tally

    def flag(self, flag: Flag) -> None:
        """Say once what a person should know of this document."""
        self._flags[flag] = None

    def hide(self, why: Concealment, text: str, page: int | None = None) -> None:
        """Keep text apart that the file does not show; beyond a bound only the flag and a gap."""
        whole = clean(text)
        full = len(self._hidden) >= MOST_HIDDEN_TEXTS
        text = "" if full else whole[: MOST_HIDDEN_CHARACTERS - self._hidden_characters]
        self.flag(Flag.HIDDEN_TEXT)
        if lost := len("".join(whole[len(text) :].split())):
            self.add_gap(HIDDEN_GAP, None, Unit.CHARACTERS, lost)
        if text:
            self._hidden_characters += len(text)
            self._hidden.append(HiddenText(why, text, page))

    def mark(self, number: int, kind: ElementKind) -> None:
        """Change the kind of the element with this number, counted from 0."""
        self._elements[number] = replace(self._elements[number], kind=kind)

    @property
    def count(self) -> int:
        """How many elements there are."""
        return len(self._elements)

    @property
    def has_text(self) -> bool:
        """Whether anything was added."""
        return bool(self._elements)

    def kept(self) -> list[str]:
        """Every piece of text kept so far, hidden text too: what an account compares with."""
        return [*self._pieces, *(hidden.text for hidden in self._hidden)]

    def finish(self, pages: int | None = None) -> ParsedDocument:
        """The document as read so far."""
        text = "".join(self._pieces)
        return ParsedDocument(
            text=text,
            elements=tuple(self._elements),
            media_type=self._media_type,
            pages=pages,
            gaps=tuple(Gap(*key, amount) for key, amount in self._gaps.items()),
            title=self._finished_title(text),
            tallies=tuple(self._tallies.values()),
            flags=tuple(self._flags),
            hidden=tuple(self._hidden),
        )

    def _note_controls(self, text: str, page: int | None) -> None:
        if text.isascii() or text.isprintable():  # the controls are not
            return
        if _BIDI.search(text):
            self.flag(Flag.BIDI)
        if _TAGS.search(text):
            for match in _TAGS.finditer(_FLAG_OF_A_REGION.sub("", text)):
                self.flag(Flag.TAGS)
                spelled = "".join(chr(ord(c) - 0xE0000) for c in match.group())
                self.hide(Concealment.TAGS, spelled, page)

    def _separator(self, kind: ElementKind) -> str:
        if not self._elements:
            return ""
        row = ElementKind.TABLE_ROW
        return "\n" if kind is row and self._elements[-1].kind is row else "\n\n"

    def _finished_title(self, text: str) -> str | None:
        given = clean(self.title or "").replace("\n", " ")[:LONGEST_TITLE]
        if given:
            return given
        first = next((e for e in self._elements if e.kind is ElementKind.TITLE), None)
        return first.span.of(text).replace("\n", " ")[:LONGEST_TITLE] if first else None
