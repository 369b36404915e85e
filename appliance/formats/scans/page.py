"""Recognises a whole page, however it lies: sideways, upside down or tilted.

A page has two sets of coordinates: *places* are pixels of the picture as it was given, in which
boxes are told; *level* ones are those of the same page turned and levelled until its lines run from
left to right, in which lines are put in order.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.documents import Box
from appliance.formats.scans import recognise
from appliance.formats.scans.recognise import Line
from appliance.formats.scans.regions import Picture, Quad, direction, part, size_of, tilt

UNSURE = 0.6  # confidence below which a line is left out (measured: all such lines were wrong)
ON_END = 1.5  # times as high as long: the line is written up or down the page
UPRIGHT_ENOUGH = 0.9  # confidence at which lines are taken to stand the right way up
TIME_SHARE = 0.75  # of its processor seconds, but by the clock, which ends it soon after those
TRIED = 5  # lines read to tell which way is up
ALIKE = (0.7, 1.4)  # heights within these shares of the usual one are taken to be the usual one
INK_LINES = (0.35, 1.3)  # heights of what may be letters, in shares of the usual line's
FEWEST_LETTERS = 25  # outside of every line, and
LEFT_SHARE = 0.12  # of all that may be letters, before it is said that some were not found

Corners = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Seen:
    """One word."""

    text: str
    confidence: float  # of its line
    level: Box  # to order it by
    place: Box
    ends_line: bool


@dataclass(slots=True)
class PageSeen:
    """What was seen on one page."""

    words: list[Seen] = field(default_factory=list)  # row by row, each from left to right
    aside: list[tuple[str, float, Box]] = field(default_factory=list)  # lines up or down the page
    lines: int = 0  # found
    unsure: int = 0  # lines left out
    unread: int = 0  # lines left out, in letters that the model does not know
    late: int = 0  # lines for which there was no time
    missed: bool = False  # what looks like text stands where no line was found


@dataclass(frozen=True, slots=True)
class _Turn:
    """From the turned picture back to the given one: quarter turns to the left were made."""

    quarters: int
    width: int  # of the picture as given
    height: int

    def back(self, corners: Corners) -> Corners:
        x, y = corners[:, 0], corners[:, 1]
        match self.quarters % 4:
            case 1:
                return np.stack([self.width - y, x], axis=1)
            case 2:
                return np.stack([self.width - x, self.height - y], axis=1)
            case 3:
                return np.stack([y, self.height - x], axis=1)
        return corners


def see(picture: Picture) -> PageSeen:
    """Recognise one page."""
    height, width = picture.shape[:2]
    quads, quarters = recognise.search(picture), 0
    if _lies(quads):
        picture, quarters = np.ascontiguousarray(np.rot90(picture)), 1
        quads = recognise.search(picture)
    if _is_upside_down(picture, quads):
        picture, quarters = np.ascontiguousarray(np.rot90(picture, 2)), quarters + 2
        size = np.array([picture.shape[1], picture.shape[0]], np.float32)
        quads = [(size - quad)[[2, 3, 0, 1]] for quad in quads]
    turn = _Turn(quarters, width, height)
    page = PageSeen(lines=len(quads))
    kept = list(_kept(_read(picture, quads, page), page))
    angle = tilt([line.quad for line in kept])
    page.words = list(_words([line for line in kept if not _is_aside(line, angle)], angle, turn))
    for line in kept:
        if _is_aside(line, angle):
            place = _around(turn.back(line.quad.astype(np.float64)))
            page.aside.append((line.text, line.confidence, place))
    page.missed = _has_more(picture, quads)
    return page


def _lies(quads: Sequence[Quad]) -> bool:
    """Whether most of the text runs up or down the page."""
    level = sum(length for length, height in map(size_of, quads) if length > ON_END * height)
    upright = sum(height for length, height in map(size_of, quads) if height > ON_END * length)
    return upright > level


def _is_aside(line: Line, angle: float) -> bool:
    """Whether a line runs another way than the page, by more than an eighth of a turn."""
    off = (direction(line.quad) - angle + np.pi) % (2 * np.pi) - np.pi
    return bool(abs(off) > np.pi / 4)


def _is_upside_down(picture: Picture, quads: Sequence[Quad]) -> bool:
    """Read a few lines; only where that goes badly, read them the other way up too."""
    good = [q for q in quads if 3 < size_of(q)[0] / size_of(q)[1] < 20]
    good = sorted(good, key=lambda quad: -size_of(quad)[0] / size_of(quad)[1])
    tried = good[:: max(len(good) // TRIED, 1)][:TRIED]
    if not tried:
        return False
    this_way = float(np.mean([recognise.read(picture, quad).confidence for quad in tried]))
    if this_way >= UPRIGHT_ENOUGH:
        return False
    turned = (recognise.read(picture, quad[[2, 3, 0, 1]]).confidence for quad in tried)
    return float(np.mean(list(turned))) > this_way + 0.05


def _read(picture: Picture, quads: Sequence[Quad], page: PageSeen) -> list[Line]:
    """Every line from the top down, as far as the time allows."""
    limit, _ = resource.getrlimit(resource.RLIMIT_CPU)
    deadline = time.monotonic() + (TIME_SHARE * limit if limit != resource.RLIM_INFINITY else 1e9)
    lines: list[Line] = []
    for quad in sorted(quads, key=lambda quad: float(quad[:, 1].mean())):
        if time.monotonic() > deadline:
            page.late = len(quads) - len(lines)
            break
        lines.append(recognise.read(picture, quad))
    return lines


def _kept(lines: Sequence[Line], page: PageSeen) -> Iterator[Line]:
    for line in lines:
        if line.unread:
            page.unread += 1
        elif not line.pieces or line.confidence < UNSURE:
            page.unsure += 1
        else:
            yield line


def _words(lines: Sequence[Line], angle: float, turn: _Turn) -> Iterator[Seen]:
    """Every word of the level lines, in rows from top to bottom."""
    if not lines:
        return
    usual = float(np.median([size_of(line.quad)[1] for line in lines]))
    levelled = [(line, *_levelled(line, angle, usual)) for line in lines]
    for row in _rows(levelled):
        for line, top, bottom in row:
            for at, piece in enumerate(line.pieces):
                corners = part(line.quad, piece.begin, piece.end).astype(np.float64)
                along = _turned(corners, angle)[:, 0]
                level = Box(float(along.min()), top, float(along.max()), bottom)
                place = _around(turn.back(corners))
                ends = at + 1 == len(line.pieces)
                yield Seen(piece.text, line.confidence, level, place, ends)


def _levelled(line: Line, angle: float, usual: float) -> tuple[float, float]:
    """Top and bottom of a line; heights that differ by the letters in it alone become the same."""
    middle = float(_turned(line.quad.astype(np.float64), angle)[:, 1].mean())
    height = size_of(line.quad)[1]
    if ALIKE[0] * usual <= height <= ALIKE[1] * usual:
        height = usual
    return middle - height / 2, middle + height / 2


def _rows(lines: list[tuple[Line, float, float]]) -> list[list[tuple[Line, float, float]]]:
    """Lines side by side in one list, each row from left to right."""
    rows: list[list[tuple[Line, float, float]]] = []
    for one in sorted(lines, key=lambda line: line[1] + line[2]):
        if rows:
            _, top, bottom = rows[-1][0]
            shared = min(bottom, one[2]) - max(top, one[1])
            if shared >= 0.5 * min(bottom - top, one[2] - one[1]):
                rows[-1].append(one)
                continue
        rows.append([one])
    return [sorted(row, key=lambda one: float(one[0].quad[:, 0].min())) for row in rows]


def _turned(corners: Corners, angle: float) -> Corners:
    """The corners with a slope of ``angle`` taken out."""
    cosine, sine = np.cos(angle), np.sin(angle)
    x, y = corners[:, 0], corners[:, 1]
    return np.stack([x * cosine + y * sine, y * cosine - x * sine], axis=1)


def _around(corners: Corners) -> Box:
    x0, y0 = corners.min(axis=0).tolist()
    x1, y1 = corners.max(axis=0).tolist()
    return Box(x0, y0, x1, y1)


def _has_more(picture: Picture, quads: Sequence[Quad]) -> bool:
    """Whether marks of the size of letters stand, many of them, outside of every line found.

    An independent look at the page: dark marks against the ground around them, no network.
    """
    height, width = picture.shape[:2]
    scale = min(1.0, 1600 / max(height, width))
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)
    dark = cv2.adaptiveThreshold(
        grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 31, 25
    )
    _, _, marks, centres = cv2.connectedComponentsWithStats(dark)
    usual = float(np.median([size_of(quad)[1] for quad in quads])) * scale if quads else 14.0
    high, wide, filled = marks[1:, 3], marks[1:, 2], marks[1:, 4]
    least, most = INK_LINES[0] * usual, INK_LINES[1] * usual
    letters = (high >= max(least, 4)) & (high <= most) & (wide <= 1.5 * most) & (wide >= 2)
    letters &= (filled > 0.1 * high * wide) & (filled < 0.9 * high * wide)
    covered: Picture = np.zeros(grey.shape, np.uint8)
    cv2.fillPoly(covered, [np.round(quad * scale).astype(np.int32) for quad in quads], [1])
    covered = np.asarray(cv2.dilate(covered, np.ones((5, 5), np.uint8)), np.uint8)
    middles = centres[1:][letters].astype(np.intp)
    outside = int((covered[middles[:, 1], middles[:, 0]] == 0).sum())
    return outside >= FEWEST_LETTERS and outside > LEFT_SHARE * len(middles)
