"""Puts a read document together: one text, elements that point into it, gaps.

Every reader adds its pieces in reading order and never computes an offset itself.  Elements are
parted by one blank line, rows of one table by one line break, so that the text reads well when it
is shown as it is.
"""

from __future__ import annotations

import re

from appliance.documents import Box, Element, ElementKind, Gap, ParsedDocument, Span
from appliance.sandbox.outcome import Outcome, ReadingFailed

CELL_SEPARATOR = " | "
LONGEST_TITLE = 300  # characters
MOST_CHARACTERS = 50_000_000  # in one document; 50 times the longest annual reports

# What no text holds: control characters but tab and line feed, lone surrogates, the invisible tag
# characters (U+E0000 block, used to smuggle text past a reader's eye), U+FFFE and U+FFFF.
UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff\U000e0000-\U000e007f]"
)
_BLANKS = re.compile(r"[^\S\n]+")
_LINE_ENDS = re.compile(r" ?\n ?(?:\n ?)*")


def clean(untrusted_text: str) -> str:
    """Text without unprintable characters, runs of blanks as one, blank lines removed."""
    plain = untrusted_text.replace("\r\n", "\n").replace("\r", "\n")
    plain = UNPRINTABLE.sub("", plain)
    return _LINE_ENDS.sub("\n", _BLANKS.sub(" ", plain)).strip()


class DocumentBuilder:
    """Collects elements in reading order."""

    def __init__(self, media_type: str) -> None:
        self._media_type = media_type
        self._pieces: list[str] = []
        self._length = 0
        self._elements: list[Element] = []
        self._gaps: list[Gap] = []
        self.title: str | None = None

    def add(
        self, kind: ElementKind, text: str, page: int | None = None, box: Box | None = None
    ) -> None:
        """Add one element; text that is blank once cleaned adds nothing.

        Raises:
            ReadingFailed: the document grows beyond ``MOST_CHARACTERS``.
        """
        if self._length + len(text) > MOST_CHARACTERS:
            raise ReadingFailed(Outcome.TOO_LARGE)
        text = clean(text)
        if not text:
            return
        separator = self._separator(kind)
        begin = self._length + len(separator)
        self._pieces += (separator, text)
        self._length = begin + len(text)
        self._elements.append(Element(kind, Span(begin, self._length), page, box))

    def add_row(self, cells: list[str], page: int | None = None, box: Box | None = None) -> None:
        """Add one table row; line breaks inside a cell become blanks, empty cells are left out."""
        kept = [cell for cell in (clean(cell).replace("\n", " ") for cell in cells) if cell]
        self.add(ElementKind.TABLE_ROW, CELL_SEPARATOR.join(kept), page, box)

    def add_gap(self, reason: str, page: int | None = None) -> None:
        """Say what was not read, and why; the same gap is said once."""
        gap = Gap(reason, page)
        if gap not in self._gaps:
            self._gaps.append(gap)

    def mark(self, number: int, kind: ElementKind) -> None:
        """Change the kind of the element with this number, counted from 0."""
        old = self._elements[number]
        self._elements[number] = Element(kind, old.span, old.page, old.box)

    @property
    def count(self) -> int:
        """How many elements there are."""
        return len(self._elements)

    @property
    def has_text(self) -> bool:
        """Whether anything was added."""
        return bool(self._elements)

    def finish(self, pages: int | None = None) -> ParsedDocument:
        """The document as read so far."""
        text = "".join(self._pieces)
        return ParsedDocument(
            text=text,
            elements=tuple(self._elements),
            media_type=self._media_type,
            pages=pages,
            gaps=tuple(self._gaps),
            title=self._finished_title(text),
        )

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
