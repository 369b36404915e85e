"""The words of a PDF page with their places, and the fragments they make.

PDFium gives characters; words are cut at blanks, and a word's box spans the loose boxes of its
first and last character (font height, so that words of one line are equally high).  Everything is
done for the whole page at once, in arrays.  Boxes are points on the upright page, origin top left.

Text may be turned: up or down the page, or a few degrees askew as on a scan with a text layer.
Words are levelled before lines are made of them, and the boxes of the result are turned back.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliance.documents import Box
from appliance.formats.layout.hyphens import MARK
from appliance.formats.layout.lines import (
    SAME_LINE,
    WIDE_GAP,
    Fragment,
    Word,
    fragments,
)
from appliance.formats.pdf import calls

SKEWED = math.radians(0.15)  # less is level
MOST_SKEWED = math.radians(8.0)  # more is turned on purpose
SKEW_SAMPLE = 8  # characters
BLOCKS_OF_RIGHT_TO_LEFT = ((0x590, 0x8FF), (0xFB1D, 0xFDFF), (0xFE70, 0xFEFF))

_MARK = ord(MARK)
_SURROGATES = (0xD800, 0xDFFF)
_LAST_BLANK, _FIRST_FAR_BLANK = 0x20, 0x85  # between them stands no blank
_BLANK = np.zeros(0x110000, bool)
_BLANK[[at for at in (*range(0x3001), 0xFEFF) if chr(at).isspace() or at == 0]] = True

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]


class Upright:
    """Turns page coordinates (origin bottom left, unrotated) into upright ones (top left)."""

    def __init__(self, bbox: tuple[float, ...], rotation: int) -> None:
        self._left, self._bottom, self._right, self._top = bbox
        self.rotation = rotation
        width, height = self._right - self._left, self._top - self._bottom
        self.width, self.height = (height, width) if rotation in {90, 270} else (width, height)

    def boxes(self, left: Any, bottom: Any, right: Any, top: Any) -> Floats:
        """x0, y0, x1, y1 on the upright page, one row for each box."""
        west, south, east, north = self._left, self._bottom, self._right, self._top
        if self.rotation == 90:
            sides = [bottom - south, left - west, top - south, right - west]
        elif self.rotation == 180:
            sides = [east - right, bottom - south, east - left, top - south]
        elif self.rotation == 270:
            sides = [north - top, east - right, north - bottom, east - left]
        else:
            sides = [left - west, north - top, right - west, north - bottom]
        boxes = np.empty((len(sides[0]), 4))
        for at, side in enumerate(sides):
            boxes[:, at] = side
        return boxes

    def page_point(self, x: float, y: float) -> tuple[float, float]:
        """A point of the upright page in page coordinates."""
        if self.rotation == 90:
            return self._left + y, self._bottom + x
        if self.rotation == 180:
            return self._right - x, self._bottom + y
        if self.rotation == 270:
            return self._right - y, self._top - x
        return self._left + x, self._top - y


@dataclass(frozen=True, slots=True)
class Manner:
    """How some words of a page are turned, and how their boxes are turned back."""

    turns: int  # clockwise quarters: 1 is read downwards, 3 upwards
    slope: float  # rise of y along x; 0 unless the text is askew
    width: float  # of the upright page
    height: float

    def level(self, boxes: Floats) -> Floats:
        """The boxes as if the words stood level."""
        x0, y0, x1, y1 = boxes.T
        if self.turns == 1:  # the right edge of the page is the top
            return np.column_stack((y0, self.width - x1, y1, self.width - x0))
        if self.turns == 3:
            return np.column_stack((self.height - y1, x0, self.height - y0, x1))
        if self.slope:
            drop = self.slope * (x0 + x1) / 2
            return np.column_stack((x0, y0 - drop, x1, y1 - drop))
        return boxes

    def back(self, box: Box) -> Box:
        """Where a level box stands on the page, within its edges."""
        x0, y0, x1, y1 = box.x0, box.y0, box.x1, box.y1
        inside = x0 >= 0 and y0 >= 0 and x1 <= self.width and y1 <= self.height
        if inside and not self.turns and not self.slope:
            return box
        if self.turns == 1:
            x0, y0, x1, y1 = self.width - y1, x0, self.width - y0, x1
        elif self.turns == 3:
            x0, y0, x1, y1 = y0, self.height - x1, y1, self.height - x0
        elif self.slope:
            ends = (self.slope * x0, self.slope * x1)
            y0, y1 = y0 + min(ends), y1 + max(ends)
        width, height = self.width, self.height
        return Box(
            0.0 if x0 < 0 else x0 if x0 < width else width,
            0.0 if y0 < 0 else y0 if y0 < height else height,
            0.0 if x1 < 0 else x1 if x1 < width else width,
            0.0 if y1 < 0 else y1 if y1 < height else height,
        )


class PageWords:
    """The words of one page: where each begins and ends in the page's text, and its box."""

    def __init__(self, textpage: Any, upright: Upright, fonts: dict[int, bool]) -> None:
        self.upright = upright
        self._fonts = fonts
        self.textpage = calls.address(textpage)
        units = calls.code_units(textpage)
        self.text = units.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
        highest = int(units.max()) if len(units) else 0
        self._surrogates = highest >= _SURROGATES[0] and _any_in(units, *_SURROGATES)
        self._right_to_left = highest >= BLOCKS_OF_RIGHT_TO_LEFT[0][0] and any(
            _any_in(units, *block) for block in BLOCKS_OF_RIGHT_TO_LEFT
        )
        self._marks = highest >= _MARK and MARK in self.text
        self.begins, self.ends = _cut(units, highest)
        self._measure()

    def _measure(self) -> None:
        count = len(self.begins)
        at = [*self.begins.tolist(), *self.ends.tolist()]
        found = calls.character_boxes(self.textpage, at)
        upright = self.upright.boxes(found[:, 0], found[:, 3], found[:, 2], found[:, 1])
        first, last = upright[:count], upright[count:]
        self.boxes = np.empty((count, 4))
        np.minimum(first[:, :2], last[:, :2], out=self.boxes[:, :2])
        np.maximum(first[:, 2:], last[:, 2:], out=self.boxes[:, 2:])
        self.turns = self._turned(first, last)

    def _turned(self, first: Floats, last: Floats) -> Numbers:
        """The quarter turns of each word, clockwise, on the upright page."""
        shared = np.minimum(first[:, 2], last[:, 2]) - np.maximum(first[:, 0], last[:, 0])
        stacked = (self.ends - self.begins > 1) & (shared > 0.5 * (first[:, 2] - first[:, 0]))
        down = stacked & (last[:, 1] >= first[:, 3])
        up = stacked & (last[:, 3] <= first[:, 1])
        turns = np.where(down, 1, np.where(up, 3, 0))
        if turns.any():  # a short word among turned ones: ask for the angle
            angle = calls.angles(self.textpage, self.begins.tolist())
            quarters = np.rint(angle / (math.pi / 2)).astype(np.int64) + self.upright.rotation // 90
            short = (self.ends - self.begins < 2) & np.isin(quarters % 4, (1, 3))
            turns = np.where(short, quarters % 4, turns)
        return turns

    def keep(self, which: NDArray[np.bool_]) -> None:
        """Forget the other words."""
        self.begins, self.ends = self.begins[which], self.ends[which]
        self.boxes, self.turns = self.boxes[which], self.turns[which]

    @property
    def whole_text(self) -> str:
        """Everything that PDFium says is written on the page."""
        return self._whole(self.text)

    def words(self, which: Numbers) -> str:
        """The text of some words."""
        begins, ends = self.begins[which].tolist(), self.ends[which].tolist()
        pieces = (self.text[b : e + 1] for b, e in zip(begins, ends, strict=True))
        return self._whole(" ".join(pieces))

    def fragments(self) -> Iterator[tuple[Manner, list[Fragment], Floats, Numbers]]:
        """For each way of being turned: the fragments, and the levelled words they are made of."""
        for turns in (0, 1, 3):
            which = np.flatnonzero(self.turns == turns)
            if len(which) == 0:
                continue
            slope = 0.0 if turns else self._slope(which)
            manner = Manner(turns, slope, self.upright.width, self.upright.height)
            boxes = manner.level(self.boxes[which])
            if self._right_to_left:
                words = [self.word(boxes, which, at) for at in range(len(which))]
                found = self._with_weight(list(fragments(words)), which)
            else:
                found = self._joined(boxes, which)
            yield manner, found, boxes, which

    def word(self, boxes: Floats, which: Numbers, at: int) -> Word:
        """One word, levelled."""
        number = which[at]
        text = self._whole(self.text[self.begins[number] : self.ends[number] + 1])
        x0, y0, x1, y1 = boxes[at].tolist()
        return Word(text, x0, y0, x1, y1, broken=text.endswith(MARK))

    def _slope(self, which: Numbers) -> float:
        """How far the level text is askew."""
        step = max(len(which) // SKEW_SAMPLE, 1)
        sample = self.begins[which[::step]].tolist()
        turned = math.radians(self.upright.rotation) + math.pi / 4
        found = calls.angles(self.textpage, sample).tolist()
        usual = median((angle + turned) % (math.pi / 2) - math.pi / 4 for angle in found)
        return math.tan(usual) if SKEWED < abs(usual) < MOST_SKEWED else 0.0

    def _joined(self, boxes: Floats, which: Numbers) -> list[Fragment]:
        """As `layout_lines.fragments`, for text from left to right."""
        begins, ends = self.begins[which], self.ends[which]
        broken = self._is_broken(ends)
        first, last = _runs(boxes, broken, which)
        limits = np.empty((len(first), 6))
        limits[:, :2] = np.minimum.reduceat(boxes[:, :2], first)
        limits[:, 2:4] = np.maximum.reduceat(boxes[:, 2:], first)
        limits[:, 4] = boxes[first, 1]
        limits[:, 5] = boxes[first, 3] - limits[:, 4]
        begin_at, end_at = begins[first].tolist(), (ends[last] + 1).tolist()
        bold = self._bold(begin_at, ends[last].tolist())
        text = self.text.replace("\x00", " ")
        texts = [" ".join(text[b:e].split()) for b, e in zip(begin_at, end_at, strict=True)]
        if self._surrogates:
            texts = [self._whole(piece) for piece in texts]
        x0, y0, x1, y1, top, size = limits.T.tolist()
        cut = broken[last].tolist()
        columns = (texts, x0, y0, x1, y1, bold, cut, top, size, first.tolist(), last.tolist())
        return list(map(Fragment._make, zip(*columns, strict=True)))

    def _is_broken(self, ends: Numbers) -> NDArray[np.bool_]:
        if not self._marks:
            return np.zeros(len(ends), bool)
        return np.array([self.text[at] == MARK for at in ends.tolist()], bool)

    def _with_weight(self, found: list[Fragment], which: Numbers) -> list[Fragment]:
        begins = [int(self.begins[which[piece.first]]) for piece in found]
        ends = [int(self.ends[which[piece.last]]) for piece in found]
        heavy = self._bold(begins, ends)
        return [piece._replace(bold=bold) for piece, bold in zip(found, heavy, strict=True)]

    def _bold(self, begins: list[int], ends: list[int]) -> list[bool]:
        """Whether each fragment begins and ends in a bold font."""
        heavy = calls.bold(self.textpage, begins, self._fonts)
        which = [at for at, found in enumerate(heavy) if found]
        for at, found in zip(
            which, calls.bold(self.textpage, [ends[at] for at in which], self._fonts), strict=True
        ):
            heavy[at] = found
        return heavy

    def _whole(self, text: str) -> str:
        """Pairs of surrogates as the characters they stand for."""
        if not self._surrogates:
            return text
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _any_in(units: NDArray[np.uint32], low: int, high: int) -> bool:
    return bool(((units >= low) & (units <= high)).any())


def _cut(units: NDArray[np.uint32], highest: int) -> tuple[Numbers, Numbers]:
    """Where words begin and end: at blanks, and after a hyphen that a line's end made."""
    if len(units) == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    inside = np.zeros(len(units) + 2, bool)
    inside[1:-1] = units > _LAST_BLANK if highest < _FIRST_FAR_BLANK else ~_BLANK[units]
    begins = inside[1:-1] & ~inside[:-2]
    ends = inside[1:-1] & ~inside[2:]
    if highest >= _MARK:
        marks = units == _MARK
        ends |= marks
        begins[1:] |= marks[:-1] & inside[2:-1]
    return np.flatnonzero(begins), np.flatnonzero(ends)


def _runs(boxes: Floats, broken: NDArray[np.bool_], which: Numbers) -> tuple[Numbers, Numbers]:
    """First and last word of each run of words that follow each other; see `layout.lines`."""
    x0, y0, x1, y1 = boxes.T
    height = y1 - y0
    overlap = np.minimum(y1[:-1], y1[1:]) - np.maximum(y0[:-1], y0[1:])
    reach = WIDE_GAP * np.maximum(height[:-1], height[1:])
    gap = x0[1:] - x1[:-1]
    follows = overlap >= SAME_LINE * np.minimum(height[:-1], height[1:])
    follows &= (gap < reach) & (gap > -reach) & ~broken[:-1] & (np.diff(which) == 1)
    parts = np.flatnonzero(~follows)
    return np.concatenate(([0], parts + 1)), np.concatenate((parts, [len(boxes) - 1]))
