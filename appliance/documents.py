"""The nouns of the appliance: what a document is made of, and how a place in it is named.

A read document is one string, ``ParsedDocument.text``, and elements that point into it.  Every
offset in the appliance counts code points of that string, as half-open ranges ``[begin, end)``;
pages count from 1.  A value shown as found in a document is ``text[begin:end]``, unchanged.
All types are frozen: they pass between rooms.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

DocumentId = NewType("DocumentId", str)  # 32 hex digits, random
CollectionId = NewType("CollectionId", str)  # 32 hex digits, random


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Half-open range of code points in a document's text."""

    begin: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.begin <= self.end:
            raise ValueError(f"not a span: [{self.begin}, {self.end})")

    def of(self, text: str) -> str:
        """The characters this span covers."""
        return text[self.begin : self.end]

    def overlaps(self, other: Span) -> bool:
        """Whether the two spans share at least one character."""
        return self.begin < other.end and other.begin < self.end


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on an upright page: points (1/72 inch) from the page's top left corner."""

    x0: float
    y0: float
    x1: float
    y1: float


class ElementKind(StrEnum):
    """What an element is, as far as its reader could tell."""

    TITLE = "title"
    TEXT = "text"
    LIST_ITEM = "list_item"
    TABLE_ROW = "table_row"
    HEADER = "header"
    FOOTER = "footer"


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a line or a word of an element stands on its page."""

    span: Span
    box: Box


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table that holds text; ``column`` counts from 0, an empty cell is absent."""

    span: Span
    column: int
    width: int = 1  # columns that it covers


@dataclass(frozen=True, slots=True)
class Row:
    """What makes an element a row of a table; rows of one table share its number."""

    table: int  # counts from 0 in the document
    heads: bool  # its cells name the columns below
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Element:
    """One paragraph, heading, list item or table row, in reading order."""

    kind: ElementKind
    span: Span
    page: int | None = None
    box: Box | None = None
    marks: tuple[Mark, ...] = ()  # lines, or words where the text was recognised in a picture
    row: Row | None = None  # only with TABLE_ROW, and only where the cells are known
    confidence: float | None = None  # 0 to 1, of recognised text; None: the file itself says it


class Unit(StrEnum):
    """What an independent count of a file counts."""

    PAGES = "pages"
    CHARACTERS = "characters"  # that are not blank
    PICTURES = "pictures"
    PARTS = "parts"  # attached, embedded or packed files
    SHEETS = "sheets"
    CELLS = "cells"
    ENTRIES = "entries"  # of forms, and annotations


@dataclass(frozen=True, slots=True)
class Gap:
    """Something in the file that was not read, and why (promise P6).

    ``reason`` is one of a reader's fixed sentences, never text of the file.
    """

    reason: str
    page: int | None = None
    unit: Unit | None = None  # None: it cannot be counted
    amount: int = 1


@dataclass(frozen=True, slots=True)
class Tally:
    """An independent count of what the file holds against what of it stands in the elements.

    What is missing, ``seen - stored``, is explained by gaps of the same unit, or not at all.
    """

    unit: Unit
    seen: int
    stored: int


class Flag(StrEnum):
    """What a person should know of a document before trusting it."""

    HIDDEN_TEXT = "hidden text"
    BIDI = "bidirectional controls"
    TAGS = "tag characters"
    ACTIVE = "active content"  # macros, scripts, DDE: neither run nor read
    EXTERNAL = "outside links"  # something the file would fetch; it was not
    ENCRYPTED = "was encrypted"  # opened with a password of the operator
    RECOGNISED = "recognised text"  # at least one page or picture went through recognition
    UNEXPLAINED = "unexplained loss"  # a tally that no gap explains


class Concealment(StrEnum):
    """How text is kept from a reader's eye."""

    INVISIBLE = "not painted"
    WHITE = "in the colour of its ground"
    TINY = "too small to read"
    OUTSIDE = "outside the page"
    HIDDEN = "marked as hidden"  # by the file: hidden runs, display: none
    TAGS = "in tag characters"


@dataclass(frozen=True, slots=True)
class HiddenText:
    """Text that the file holds and does not show; kept apart, never searched or put to a model."""

    why: Concealment
    text: str
    page: int | None = None


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """What the reader made of one file."""

    text: str
    elements: tuple[Element, ...]
    media_type: str
    pages: int | None = None  # None: this kind of file has no pages
    gaps: tuple[Gap, ...] = ()
    title: str | None = None
    tallies: tuple[Tally, ...] = ()  # at most one per unit
    flags: tuple[Flag, ...] = ()
    hidden: tuple[HiddenText, ...] = ()

    def page_of(self, offset: int) -> int | None:
        """Page on which the element that holds ``offset`` stands, or None."""
        element = self.element_at(offset)
        return element.page if element else None

    def element_at(self, offset: int) -> Element | None:
        """The element that holds ``offset``; between two elements, the one before."""
        from bisect import bisect_right

        at = bisect_right(self.elements, offset, key=lambda e: e.span.begin) - 1
        return self.elements[at] if at >= 0 else None

    def unexplained(self) -> tuple[Tally, ...]:
        """The tallies in which more is missing than gaps of the same unit say."""
        explained: dict[Unit, int] = {}
        for gap in self.gaps:
            if gap.unit is not None:
                explained[gap.unit] = explained.get(gap.unit, 0) + gap.amount
        return tuple(t for t in self.tallies if t.seen - t.stored > explained.get(t.unit, 0))


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document that is searched as one; ``heading`` and ``table`` travel with it."""

    span: Span
    heading: Span | None = None  # the section heading above it, in the same text
    table: Span | None = None  # head rows of the table in which it begins, where they stand above


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk that a search returned, with its text opened."""

    document: DocumentId
    span: Span
    text: str
    score: float
    heading: str = ""
    page: int | None = None
    table: str = ""  # head rows of the table in which the passage begins


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a statement stands: ``quote`` is verbatim ``text[span.begin:span.end]``."""

    document: DocumentId
    span: Span
    quote: str
    page: int | None = None
    box: Box | None = None


SECTORS = ("legal", "health", "finance", "general")  # of collections


@dataclass(frozen=True, slots=True)
class Collection:
    """A legal matter, a patient, a deal: the unit of policy."""

    id: CollectionId
    name: str
    sector: str  # one of SECTORS
    created: str  # RFC 3339, UTC
    labels: tuple[tuple[str, str], ...] = ()  # that every document in it has as well


@dataclass(frozen=True, slots=True)
class Document:
    """What the catalogue knows of one document, with its sealed name opened."""

    id: DocumentId
    collection: CollectionId
    name: str  # path relative to the ingested folder
    version: int
    media_type: str
    size: int  # bytes of the original
    pages: int | None
    characters: int
    chunks: int
    gaps: int
    labels: tuple[tuple[str, str], ...] = field(default=())
    added: str = ""  # RFC 3339, UTC
    parent: DocumentId | None = None  # the mail or file that it was attached to
    flags: tuple[Flag, ...] = ()

    def label(self, key: str, default: str = "") -> str:
        """The value of one label."""
        return dict(self.labels).get(key, default)
