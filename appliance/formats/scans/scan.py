"""The task that recognises one picture of text: a page of a PDF, a frame, a picture in a document.

Runs in the confined reader child, one page in each.  What comes back is a fragment: a document with
the elements of that page alone, every word with its box and every element with its confidence.
What could not be recognised is a gap, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import median

from appliance.documents import Box, ElementKind, Flag
from appliance.formats import kinds
from appliance.formats.build import DocumentBuilder, Entry
from appliance.formats.layout.hyphens import MARK, Hyphens
from appliance.formats.layout.page import Block, Line, Word, blocks
from appliance.formats.reading import Reading, Wishes
from appliance.formats.scans import image
from appliance.formats.scans.image import Pixels
from appliance.formats.scans.page import PageSeen, Seen, see
from appliance.formats.scans.recognise import models
from appliance.sandbox.outcome import Outcome, ReadingFailed

UNSURE = "text in a picture could not be recognised with certainty and is left out"
UNREAD = "text in a picture is in letters that are not recognised"
MISSED = "marks in a picture look like text and were not recognised"
LATE = "recognising a page took too long; its last lines are not read"
VIETNAMESE = "some letters of Vietnamese in a picture are not recognised"
CUT = "the picture is cut short; what is left of it was read"

_CUT_WORD = re.compile(r"[^\W\d_]{2}[-\u2010\u00ad\u00ac]$")
_HORNED = re.compile("[\u01a0\u01a1\u01af\u01b0]")  # letters of Vietnamese alone
FEWEST_HORNED = 2
ROOM = 1.25  # times the length of a word: letters differ in width


def warm() -> None:
    """Load what draws, decodes and recognises; no thread may be left behind."""
    from appliance.formats import pictures
    from appliance.formats.pdf import picture as pdf_picture  # noqa: F401 -- for the children

    image.warm()
    pictures.warm()
    models()


def read(data: bytes, media_type: str, wishes: Wishes) -> Reading:
    """Recognise the unit ``wishes.scan``.

    Raises:
        ReadingFailed: the file is damaged or encrypted, the picture too large or not there.
    """
    pixels, pages, page = unit(data, media_type, wishes)
    builder = DocumentBuilder(media_type)
    builder.flag(Flag.RECOGNISED)
    seen = see(pixels.picture)
    if pixels.cut:
        builder.add_gap(CUT, page)
    _note_gaps(seen, builder, page)
    _Fragment(builder, page, pixels.points_per_pixel).add(seen)
    return Reading(builder.finish(pages=pages))


def unit(data: bytes, media_type: str, wishes: Wishes) -> tuple[Pixels, int | None, int | None]:
    """The pixels of ``wishes.scan``, how many pages the document has, and which page this is.

    Raises:
        ReadingFailed: no unit is named; the file is damaged or encrypted, too large or without it.
    """
    number = wishes.scan
    if number is None:
        raise ReadingFailed(Outcome.UNSUPPORTED)
    if media_type == kinds.PDF:
        from appliance.formats.pdf import picture as pdf_picture

        pixels, pages = pdf_picture.page(data, wishes.passwords, number)
        return pixels, pages, number + 1
    if media_type in kinds.IMAGES:
        numbers = [frame.number for frame in image.frames(data).frames]
        if number not in numbers:
            raise ReadingFailed(Outcome.DAMAGED)
        return image.pixels(data, number), len(numbers), numbers.index(number) + 1
    from appliance.formats import pictures

    return image.pixels(pictures.picture(data, media_type, number)), None, None


def _note_gaps(seen: PageSeen, builder: DocumentBuilder, page: int | None) -> None:
    if seen.unread:
        builder.add_gap(UNREAD, page)
    if seen.unsure:
        builder.add_gap(UNSURE, page)
    if seen.late:
        builder.add_gap(LATE, page)
    if seen.missed:
        builder.add_gap(MISSED, page)
    horned = sum(len(_HORNED.findall(word.text)) for word in seen.words)
    if horned >= FEWEST_HORNED:
        builder.add_gap(VIETNAMESE, page)


class _Fragment:
    """Puts the words of one page in order, as elements."""

    def __init__(self, builder: DocumentBuilder, page: int | None, scale: float) -> None:
        self._builder = builder
        self._page = page
        self._scale = scale  # points per pixel
        self._words: list[Seen] = []
        self._free: list[Seen] = []  # words that no element has yet
        self._tables: dict[int, int] = {}

    def add(self, seen: PageSeen) -> None:
        """Add every element; lines written up or down the page come last."""
        self._words = list(seen.words)
        self._free = list(seen.words)
        words = [self._level(word) for word in seen.words]
        height = median(word.y1 - word.y0 for word in words) if words else 0.0
        hyphens = Hyphens([word.text for word in words], 1)
        for block in blocks(words, height):
            if block.grid is None:
                self._add_lines(block, hyphens)
            else:
                self._add_row(block, hyphens)
        for text, confidence, place in seen.aside:
            box = self._box([place])
            self._builder.add_marked(
                ElementKind.TEXT, [(text, box)], self._page, box, confidence=confidence
            )

    def _level(self, seen: Seen) -> Word:
        box, scale = seen.level, self._scale
        broken = seen.ends_line and _CUT_WORD.search(seen.text) is not None
        text = seen.text[:-1] + MARK if broken else seen.text
        x0, y0, x1, y1 = (at * scale for at in (box.x0, box.y0, box.x1, box.y1))
        return Word(text, x0, y0, x1, y1, False, broken)

    def _add_lines(self, block: Block, hyphens: Hyphens) -> None:
        texts: list[str] = []
        between: list[str] = []
        inside: list[Seen] = []
        places: list[Box] = []
        for at, line in enumerate(block.lines):
            words = self._inside(line.box)
            parts = _parts(line, words)
            if parts is None:
                parts = [line.text], []
                places.append(self._box([word.place for word in words]))
            else:
                places += (self._box([word.place]) for word in words)
            between += ["\n" if _ends_early(block, at) else " "] * bool(texts) + parts[1]
            texts += parts[0]
            inside += words
        texts, joined = hyphens.lines(texts)
        between = [join and own for own, join in zip(between, joined, strict=True)]
        self._builder.add_marked(
            block.kind,
            list(zip(texts, places, strict=True)),
            self._page,
            self._box([word.place for word in inside]),
            separators=between,
            confidence=_confidence(inside),
        )

    def _add_row(self, block: Block, hyphens: Hyphens) -> None:
        if id(block.grid) not in self._tables:
            self._tables[id(block.grid)] = self._builder.new_table()
        cells, inside = [], []
        for cell in block.placed:
            words = self._inside(cell.box)
            inside += words
            box = self._box([word.place for word in words]) if words else None
            cells.append(Entry(hyphens.resolve(cell.text), cell.column, cell.width, box))
        self._builder.add_row(
            cells,
            self._page,
            self._box([word.place for word in inside]),
            table=self._tables[id(block.grid)],
            heads=block.heads,
            confidence=_confidence(inside),
        )

    def _inside(self, box: Box) -> list[Seen]:
        """Take the words whose middle lies in a box of level points, in reading order."""
        scale = self._scale
        found: list[Seen] = []
        rest: list[Seen] = []
        for word in self._free:
            level = word.level
            x, y = scale * (level.x0 + level.x1) / 2, scale * (level.y0 + level.y1) / 2
            within = box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1
            (found if within else rest).append(word)
        self._free = rest
        return found

    def _box(self, places: Sequence[Box]) -> Box:
        """Around places in pixels, in points."""
        if not places:
            return Box(0, 0, 0, 0)
        scale = self._scale
        return Box(
            max(min(place.x0 for place in places) * scale, 0.0),
            max(min(place.y0 for place in places) * scale, 0.0),
            max(max(place.x1 for place in places) * scale, 0.0),
            max(max(place.y1 for place in places) * scale, 0.0),
        )


def _ends_early(block: Block, at: int) -> bool:
    """Whether a line was ended by hand: the first word of the next one, ``at``, had room in it."""
    above, below = block.lines[at - 1], block.lines[at]
    width = max(line.box.x1 - line.box.x0 for line in block.lines)
    room = width - (above.box.x1 - above.box.x0)
    letter = (below.box.x1 - below.box.x0) / max(len(below.text), 1)
    return room > ROOM * letter * (len(below.text.split(" ", 1)[0]) + 1)


def _parts(line: Line, words: Sequence[Seen]) -> tuple[list[str], list[str]] | None:
    """The line's text cut where its words begin, and what stands between; None: they differ."""
    texts: list[str] = []
    between: list[str] = []
    at = 0
    for word in words:
        length = len(word.text)
        begin = at + (line.text[at : at + 1] == " ")
        text = line.text[begin : begin + length]
        if text.rstrip(MARK) != word.text[: len(text.rstrip(MARK))] or len(text) != length:
            return None
        between += [line.text[at:begin]] * bool(texts)
        texts.append(text)
        at = begin + length
    return (texts, between) if at == len(line.text) and texts else None


def _confidence(words: Sequence[Seen]) -> float | None:
    """The mean over the characters of these words."""
    characters = sum(len(word.text) for word in words)
    if not characters:
        return None
    return sum(word.confidence * len(word.text) for word in words) / characters
