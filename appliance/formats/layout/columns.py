"""Cuts a page into regions: columns of prose that stand side by side are read one by one.  Pure.

A gutter is a vertical strip that few lines cross while many stand on both sides of it.  Only prose
makes columns: cells of a table stand side by side too, and are read row by row.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from statistics import median

from appliance.formats.layout.lines import Row

COLUMN_ROWS = 4  # fewer rows are not a column
COLUMN_CHARACTERS = 22  # typical length of a line of prose; shorter pieces are cells
GUTTER_SHARE = 0.35  # a gutter is crossed by at most this share of the busiest place
FULL_WIDTH = 0.6  # share of the width from which on a line stands across the columns
BIN = 4.0  # points; width of the bins in which gutters are searched
MOST_BINS = 5000  # on the widest pages
DEEPEST = 6  # columns within columns


def regions(rows: list[Row], depth: int = 0) -> Iterator[list[Row]]:
    """Pieces of the page that are each read from top to bottom, in reading order."""
    gutter = _gutter(rows) if depth < DEEPEST else None
    if gutter is None:
        yield rows
        return
    whole: list[Row] = []  # goes on over bands that turn out to have no columns
    for crossed, band in groupby(rows, lambda row: any(f.x0 < gutter < f.x1 for f in row)):
        rows_of_band = list(band)
        columns = None if crossed else _columns(rows_of_band, gutter)
        if columns is None:
            whole += rows_of_band
            continue
        if whole:
            yield whole
            whole = []
        for side in columns:
            yield from regions(side, depth + 1)
    if whole:
        yield whole


def _columns(rows: list[Row], gutter: float) -> tuple[list[Row], list[Row]] | None:
    """Rows that all leave the gutter free: two columns if both sides hold prose."""
    left = [side for row in rows if (side := [f for f in row if f.x1 <= gutter])]
    right = [side for row in rows if (side := [f for f in row if f.x0 >= gutter])]
    return (left, right) if _is_prose(left) and _is_prose(right) else None


def _is_prose(rows: list[Row]) -> bool:
    if len(rows) < COLUMN_ROWS:
        return False
    return median(max(len(f.text) for f in row) for row in rows) >= COLUMN_CHARACTERS


def _gutter(rows: list[Row]) -> float | None:
    """The x of a vertical strip that few fragments cross while many stand on both sides.

    Lines across most of the width (headings, paragraphs above and below columns) do not count.
    """
    # columns may be shifted against each other, so that no two lines share a baseline
    if sum(len(row) > 1 for row in rows) < COLUMN_ROWS and not _is_shifted(rows):
        return None
    left = min(f.x0 for row in rows for f in row)
    right = max(f.x1 for row in rows for f in row)
    bins = min(int((right - left) / BIN) + 2, MOST_BINS)
    if bins < 20:
        return None
    covered = _covered(rows, left, right, bins)
    begin, end = bins // 5, bins - bins // 5
    least = min(covered[begin:end])
    busiest = min(max(covered[:begin]), max(covered[end:]))
    if busiest < COLUMN_ROWS or least > GUTTER_SHARE * busiest:
        return None
    widest = max(_runs(covered, least, begin, end), key=lambda run: run[1] - run[0])
    return left + (widest[0] + widest[1]) / 2 * BIN


def _is_shifted(rows: list[Row]) -> bool:
    if len(rows) < 2 * COLUMN_ROWS:
        return False
    left = min(row[0].x0 for row in rows)
    right = max(row[-1].x1 for row in rows)
    middle = (left + right) / 2
    return sum(row[0].x0 > middle for row in rows) >= COLUMN_ROWS


def _covered(rows: list[Row], left: float, right: float, bins: int) -> list[int]:
    """How many fragments stand over each bin of the width."""
    steps = [0] * (bins + 1)
    widest = FULL_WIDTH * (right - left)
    for row in rows:
        for fragment in row:
            if fragment.x1 - fragment.x0 > widest:
                continue
            steps[min(int((fragment.x0 - left) / BIN) + 1, bins)] += 1
            steps[min(max(int((fragment.x1 - left) / BIN), 0), bins)] -= 1
    covered, level = [], 0
    for step in steps[:bins]:
        level += step
        covered.append(level)
    return covered


def _runs(covered: list[int], least: int, begin: int, end: int) -> Iterator[tuple[int, int]]:
    start: int | None = None
    for at in range(begin, end + 1):
        low = at < end and covered[at] <= least
        if low and start is None:
            start = at
        if not low and start is not None:
            yield start, at
            start = None
