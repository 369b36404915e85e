"""Tells the words of a PDF page that nobody sees: not painted, in the colour of their ground, tiny,
outside the page, or painted over.

What is seen depends on what lies below and above a word, so a word is judged by the objects at its
middle: the last filled area or picture painted before it is its ground; an opaque one painted after
it covers it.  Text over or under a picture is never called hidden: on a scan it is the text layer,
and the colours of a picture are not known.  Where nothing lies below, the ground is white paper.
"""

from __future__ import annotations

from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from pypdfium2 import raw

from appliance.documents import Concealment
from appliance.formats.pdf import calls
from appliance.formats.pdf.objects import OPAQUE, Painted
from appliance.formats.pdf.words import Floats, Numbers, PageWords

TINY = 2.0  # points of height
ALIKE = 24  # of 255 in each of red, green and blue: no eye tells such colours apart on paper
CLEAR = 13  # opacity of 255 below which nothing is seen
MOST_FILLS = 2000  # filled areas that are looked at

_WHY = (
    Concealment.INVISIBLE,
    Concealment.WHITE,
    Concealment.TINY,
    Concealment.OUTSIDE,
    Concealment.HIDDEN,
)
_SEEN, _INVISIBLE, _WHITE, _TINY, _OUTSIDE, _COVERED = -1, 0, 1, 2, 3, 4
_WHITE_PAPER = (255, 255, 255)
_NO_ONE_COLOUR = np.array([-1000, -1000, -1000, 255])  # patterns: like no colour, and opaque
_NOT_PAINTED = raw.FPDF_TEXTRENDERMODE_INVISIBLE
_FILLED_ONLY = [raw.FPDF_TEXTRENDERMODE_FILL, raw.FPDF_TEXTRENDERMODE_FILL_CLIP]

Flags = NDArray[np.bool_]


def set_apart(words: PageWords, painted: Painted) -> list[tuple[Concealment, str]]:
    """Take the hidden words out of ``words`` and return them, neighbours together."""
    if len(words.begins) == 0:
        return []
    why = _by_place(words)
    _by_paint(words, painted, why)
    hidden = why >= 0
    if not hidden.any():
        return []
    found = []
    for (reason, _), run in groupby(
        np.flatnonzero(hidden).tolist(), lambda at: (int(why[at]), _stretch(hidden, at))
    ):
        found.append((_WHY[reason], words.words(np.array(list(run)))))
    words.keep(~hidden)
    return found


def _stretch(hidden: Flags, at: int) -> int:
    """The same number for hidden words without a seen one between them."""
    return int(at - np.count_nonzero(hidden[:at]))


def _by_place(words: PageWords) -> Numbers:
    boxes = words.boxes
    why = np.full(len(boxes), _SEEN)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    edge = np.array([words.upright.width, words.upright.height])
    why[((middle < 0) | (middle > edge)).any(axis=1)] = _OUTSIDE
    small = np.where(words.turns == 0, boxes[:, 3] - boxes[:, 1], boxes[:, 2] - boxes[:, 0])
    for at in np.flatnonzero((small < TINY) & (why == _SEEN)).tolist():
        inside = range(int(words.begins[at]), int(words.ends[at]) + 1)
        # the boxes of fonts without measures are flat: only the font's own size tells
        if calls.font_sizes(words.textpage, inside).max() < TINY:
            why[at] = _TINY
    tiny = np.flatnonzero(why == _TINY)
    if len(tiny) and not any(c.isalnum() for c in words.words(tiny)):
        why[tiny] = _SEEN  # specks between other text say nothing
    return why


class _Paint:
    """The colours and modes of a page's text objects, and the filled areas in painting order."""

    def __init__(self, words: PageWords, painted: Painted) -> None:
        self.painted, self.upright = painted, words.upright
        self.begun_by: list[int | None] = []  # the object of each word, where they were asked for
        self.handles = self._handles(words)
        self.modes = np.array(calls.render_modes(self.handles), np.int64)
        self.colours = calls.fill_colours(self.handles).astype(np.int64)
        self.colours[self.colours[:, 0] > 255] = _NO_ONE_COLOUR
        order = np.array(painted.fill_order, np.int64)
        self.sorted = np.argsort(order, kind="stable")[-MOST_FILLS:]
        self.order = order[self.sorted]
        self.boxes = painted.fill_boxes[self.sorted]
        self.fills = painted.fill_colours[self.sorted].astype(np.int64)
        self.opaque = (self.fills[:, 3] >= OPAQUE) & (self.fills[:, 3] < 256)

    def _handles(self, words: PageWords) -> list[int]:
        """The page's text objects, or those with which its words begin where these are fewer."""
        if self.painted.text_count <= len(words.begins):
            return list(self.painted.texts())
        self.begun_by = calls.text_objects(words.textpage, words.begins.tolist())
        return [handle for handle in dict.fromkeys(self.begun_by) if handle]

    def suspects(self) -> bool:
        """Whether any text could be unpainted, or be in the colour of something on the page."""
        if len(self.modes) == 0:
            return False
        if _NOT_PAINTED in self.modes or self.colours[:, 3].min() < CLEAR:
            return True
        colours = _different(self.colours)
        grounds = [_WHITE_PAPER, *_different(self.fills)]
        return any(
            max(abs(a - b) for a, b in zip(colour, ground, strict=True)) <= ALIKE
            for colour in colours
            for ground in grounds
        )

    def covers_at(self, number: int, point: Floats) -> bool:
        """Whether this filled area really paints over a point; a form's coordinates are its own."""
        at = int(self.sorted[number])
        if self.painted.is_nested[at]:
            return False
        x, y = self.upright.page_point(*point.tolist())
        return calls.covers(self.painted.fills[at], x, y)

    def covers(self) -> bool:
        """Whether anything is filled after the first text."""
        return len(self.order) > 0 and int(self.order[-1]) > self.painted.first_text


def _different(colours: Numbers) -> list[tuple[int, int, int]]:
    """Each red, green and blue once."""
    if len(colours) == 0:
        return []
    packed = (colours[:, 0] << 32) + (colours[:, 1] << 16) + colours[:, 2]
    first = {number: at for at, number in enumerate(packed.tolist())}
    rows = colours[list(first.values()), :3].tolist()
    return [(red, green, blue) for red, green, blue in rows]


def _alike(colours: Numbers, other: Numbers) -> Flags:
    found: Flags = np.abs(colours - other).max(axis=-1) <= ALIKE
    return found


def _by_paint(words: PageWords, painted: Painted, why: Numbers) -> None:
    """Mark what is not painted, painted over, or in the colour of its ground."""
    paint = _Paint(words, painted)
    suspects = paint.suspects()
    if not (suspects or paint.covers()):
        return
    middle = (words.boxes[:, :2] + words.boxes[:, 2:]) / 2
    which = why == _SEEN
    over = _within(middle, paint.boxes)
    if not suspects:  # then only an area that covers something can matter
        over &= paint.opaque & (paint.order > painted.first_text)
        which &= over.any(axis=1)
    if len(painted.picture_boxes):
        which &= ~_within(middle, painted.picture_boxes).any(axis=1)
    asked = np.flatnonzero(which)
    if len(asked) == 0:
        return
    number_of = dict(zip(paint.handles, range(len(paint.handles)), strict=True))
    if paint.begun_by:
        handles = [paint.begun_by[at] for at in asked.tolist()]
    else:
        handles = calls.text_objects(words.textpage, words.begins[asked].tolist())
    text = np.array([number_of.get(handle or 0, -1) for handle in handles], np.int64)
    asked, text = asked[text >= 0], text[text >= 0]
    if len(asked):
        why[asked] = _judged(paint, over[asked], middle[asked], text)


def _judged(paint: _Paint, over: Flags, middle: Floats, text: Numbers) -> Numbers:
    """The verdict on some words: the areas over their middles, and the objects that paint them."""
    why = np.full(len(text), _SEEN)
    ground = np.tile(np.array(_WHITE_PAPER), (len(text), 1))
    known = np.full(len(text), paint.painted.shadings == 0)
    words, areas = np.nonzero(over)  # for each word its areas in painting order
    if len(words):
        orders, handles = paint.painted.texts(), paint.handles
        order = np.array([orders.get(handles[number], 0) for number in text.tolist()])
        below = paint.order[areas] < order[words]
        for word, area in zip(words[below].tolist(), areas[below].tolist(), strict=True):
            ground[word] = paint.fills[area, :3]
            known[word] = paint.opaque[area] and not paint.painted.shadings
        above = ~below & paint.opaque[areas]
        for word, area in zip(words[above].tolist(), areas[above].tolist(), strict=True):
            if why[word] == _SEEN and paint.covers_at(area, middle[word]):
                why[word] = _COVERED
    unseen = known & (why == _SEEN) & _alike(paint.colours[text, :3], ground)
    for at in np.flatnonzero(unseen & ~np.isin(paint.modes[text], _FILLED_ONLY)).tolist():
        outline = calls.stroke_colours([paint.handles[text[at]]]).astype(np.int64)[0, :3]
        unseen[at] = _alike(outline, ground[at])
    why[unseen] = _WHITE
    why[(paint.modes[text] == _NOT_PAINTED) | (paint.colours[text, 3] < CLEAR)] = _INVISIBLE
    return why


def _within(points: Floats, boxes: Floats) -> Flags:
    """For each point and each box whether the point lies in it."""
    x, y = points[:, :1], points[:, 1:]
    found: Flags = (x >= boxes[:, 0]) & (x <= boxes[:, 2]) & (y >= boxes[:, 1]) & (y <= boxes[:, 3])
    return found
