"""Makes one document of the pages of a PDF: elements, tables over pages, running heads, account.

How the document is set (usual line height, words it writes whole) is measured on its first pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain, islice

import numpy as np

from appliance.documents import Box, Concealment, ElementKind, Flag, ParsedDocument, Tally, Unit
from appliance.formats import account
from appliance.formats.build import DocumentBuilder, Entry
from appliance.formats.layout.hyphens import Hyphens
from appliance.formats.layout.page import Block, Grid
from appliance.formats.pdf.entries import EntryFound, State
from appliance.formats.pdf.pages import PageFound
from appliance.formats.pdf.words import Manner
from appliance.formats.reading import Scan

SAMPLE_PAGES = 16
EDGE = 0.12  # share of the page height in which running heads and feet stand
EDGE_ELEMENTS = 3  # how many elements from the top and from the bottom may be one
FEWEST_REPEATS = 3  # pages on which a line must recur to be a running head or foot

TOO_MANY_OBJECTS = "the page has more objects than are looked at"
PICTURE = "a picture beside the text is not searched for text"
PLAYED = "sound and moving pictures are not read"
DRAWN = "a stamp or note is drawn without text that can be read"
DAMAGED_ENTRY = "the entry is damaged"
TOO_MANY_ENTRIES = "the page has more entries than are read"

_STATES = {State.PLAYED: PLAYED, State.DRAWN: DRAWN, State.DAMAGED: DAMAGED_ENTRY}
_DIGITS = re.compile(r"[0-9]+|\b[ivxlc]+\b")


@dataclass(slots=True)
class _Account:
    """What the pages hold, counted as they come."""

    texts: list[str] = field(default_factory=list)
    pictures: int = 0
    pictures_read: int = 0
    entries: int = 0
    entries_read: int = 0


@dataclass(slots=True)
class _LastTable:
    """The table with which a page ends; the next page may go on with it."""

    grid: Grid
    number: int  # the builder's
    columns: tuple[int, ...]  # for each of the grid's columns the table's own


class Story:
    """Collects pages; then `finish` gives the document."""

    def __init__(self, builder: DocumentBuilder) -> None:
        self._builder = builder
        self._edges: dict[str, list[int]] = {}
        self._account = _Account()
        self._scans: list[Scan] = []
        self._table: _LastTable | None = None
        self.pages_read = 0
        self.files = 0
        self.pages_with_files: list[int] = []

    def tell(self, pages: Iterable[PageFound]) -> None:
        """Add the pages."""
        coming = iter(pages)
        sample = list(islice(coming, SAMPLE_PAGES))
        height = _usual_height(sample)
        hyphens = Hyphens([page.text for page in sample], len(sample))
        for page in chain(sample, coming):
            self._add_page(page, height, hyphens)

    def scans(self) -> tuple[Scan, ...]:
        """The pages that want recognition."""
        return tuple(self._scans)

    def finish(self, pages: int) -> ParsedDocument:
        """The document with its account."""
        for wording, numbers in self._edges.items():
            if len(numbers) >= FEWEST_REPEATS:
                top = wording.startswith("top ")
                for number in numbers:
                    self._builder.mark(number, ElementKind.HEADER if top else ElementKind.FOOTER)
        builder, counted = self._builder, self._account
        builder.tally(account.characters(counted.texts, builder.kept()))
        if counted.pictures:
            builder.tally(Tally(Unit.PICTURES, counted.pictures, counted.pictures_read))
        if counted.entries:
            builder.tally(Tally(Unit.ENTRIES, counted.entries, counted.entries_read))
        return builder.finish(pages=pages)

    def _add_page(self, page: PageFound, body_height: float, hyphens: Hyphens) -> None:
        self.pages_read += 1
        self._account.texts.append(page.text)
        if page.wants_recognition:
            self._scans.append(Scan(page.number - 1, page.number))
        begin = self._builder.count
        found = self._add_blocks(page, body_height, hyphens)
        self._note_edges(page, begin, found)
        for why, text in page.hidden:
            self._builder.hide(why, text, page.number)
        self._add_entries(page)
        self._count_pictures(page)
        if page.cut:
            self._builder.add_gap(TOO_MANY_OBJECTS, page.number)
        if page.files:
            self.files += page.files
            self.pages_with_files.append(page.number)

    def _add_blocks(
        self, page: PageFound, body_height: float, hyphens: Hyphens
    ) -> list[tuple[Block, Box]]:
        """Every block that added an element, with the place of it."""
        before, self._table = self._table, None
        numbers: dict[int, _LastTable] = {}
        found: list[tuple[Block, Box]] = []
        for manner, block in page.blocks(body_height):
            count = self._builder.count
            box = manner.back(block.box)
            if block.grid is None:
                self._add_lines(page.number, manner, block, box, hyphens)
            else:
                if id(block.grid) not in numbers:
                    last = before if self._may_go_on(found, page.height) else None
                    numbers[id(block.grid)] = self._numbered(block.grid, last)
                self._table = numbers[id(block.grid)]
                self._add_row(page.number, manner, block, box, hyphens, self._table)
            if self._builder.count > count:
                found.append((block, box))
        if found and not self._ends_with_table(found, page.height):
            self._table = None
        return found

    def _add_lines(
        self, number: int, manner: Manner, block: Block, box: Box, hyphens: Hyphens
    ) -> None:
        lines = block.lines
        if len(lines) == 1:  # the element's box says where it stands
            self._builder.add(block.kind, hyphens.resolve(lines[0].text), number, box)
            return
        texts, between = hyphens.lines([line.text for line in lines])
        places = [manner.back(line.box) for line in lines]
        self._builder.add_marked(
            block.kind,
            list(zip(texts, places, strict=True)),
            number,
            box,
            separators=between,
        )

    def _add_row(
        self,
        number: int,
        manner: Manner,
        block: Block,
        box: Box,
        hyphens: Hyphens,
        table: _LastTable,
    ) -> None:
        cells = []
        for cell in block.placed:
            first = table.columns[cell.column]
            last = table.columns[cell.column + cell.width - 1]
            text = hyphens.resolve(cell.text)
            cells.append(Entry(text, first, last - first + 1, manner.back(cell.box)))
        self._builder.add_row(cells, number, box, table=table.number, heads=block.heads)

    def _numbered(self, grid: Grid, last: _LastTable | None) -> _LastTable:
        """The table's number: that of the table it goes on with, or a new one."""
        if last is not None and not grid.has_heads:
            columns = last.grid.mapped(grid)
            if columns is not None:
                mapped = tuple(last.columns[at] for at in columns)
                return _LastTable(grid, last.number, mapped)
        return _LastTable(grid, self._builder.new_table(), tuple(range(len(grid.columns))))

    @staticmethod
    def _may_go_on(found: list[tuple[Block, Box]], height: float) -> bool:
        """Nothing but running heads stands above."""
        return len(found) <= EDGE_ELEMENTS and all(box.y1 < EDGE * height for _, box in found)

    @staticmethod
    def _ends_with_table(found: list[tuple[Block, Box]], height: float) -> bool:
        """Nothing but running feet stands below the last table."""
        for below, (block, box) in enumerate(reversed(found)):
            if block.grid is not None:
                return True
            if below >= EDGE_ELEMENTS or box.y0 < (1 - EDGE) * height:
                return False
        return False

    def _note_edges(self, page: PageFound, begin: int, found: list[tuple[Block, Box]]) -> None:
        """Remember what stands at the page's edges: wording -> element numbers."""
        for at, (block, box) in enumerate(found):
            top = at < EDGE_ELEMENTS and box.y1 < EDGE * page.height
            bottom = at >= len(found) - EDGE_ELEMENTS and box.y0 > (1 - EDGE) * page.height
            if top or bottom:
                wording = "top " if top else "bottom "
                wording += _DIGITS.sub("#", " ".join(block.cells).lower())
                self._edges.setdefault(wording, []).append(begin + at)

    def _add_entries(self, page: PageFound) -> None:
        read = 0
        for entry in page.entries:
            self._add_entry(entry, page)
            read += entry.state is State.READ
        self._account.entries += page.counted_entries
        self._account.entries_read += read
        unread = page.counted_entries - len(page.entries)
        if unread > 0:
            self._builder.add_gap(TOO_MANY_ENTRIES, page.number, Unit.ENTRIES, unread)

    def _add_entry(self, entry: EntryFound, page: PageFound) -> None:
        builder = self._builder
        if entry.acts:
            builder.flag(Flag.ACTIVE)
        if entry.unseen:
            if entry.text:
                builder.hide(Concealment.HIDDEN, entry.text, page.number)
        else:
            flat = Manner(0, 0.0, page.width, page.height)
            builder.add(ElementKind.TEXT, entry.text, page.number, flat.back(Box(*entry.box)))
        if entry.state in _STATES:
            builder.add_gap(_STATES[entry.state], page.number, Unit.ENTRIES)

    def _count_pictures(self, page: PageFound) -> None:
        self._account.pictures += page.pictures
        unread = 0 if page.wants_recognition else page.unread_pictures
        self._account.pictures_read += page.pictures - unread
        if unread:
            self._builder.add_gap(PICTURE, page.number, Unit.PICTURES, unread)


def _usual_height(pages: list[PageFound]) -> float:
    """The height that most words of some pages have; 0 where there are none."""
    heights = [page.heights for page in pages if len(page.heights)]
    if not heights:
        return 0.0
    values, counts = np.unique(np.round(np.concatenate(heights), 1), return_counts=True)
    return float(values[counts.argmax()])
