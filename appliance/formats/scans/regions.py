"""From a painted map to the corners of lines, and from corners to a level strip.  Pure geometry.

Corners are an array of four points (x, y) in pixels: top left, top right, bottom right, bottom left
of the text as its line runs.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]  # height, width, 3
Quad = NDArray[np.float32]  # 4, 2

PAINTED = 0.3  # of the map, from here on a pixel belongs to text
SURE = 0.3  # mean over a region, from here on it is a line; lone digits have little more
WIDENED = 1.6  # the map paints the core of lines: by how much they are larger
SMALLEST = 3.0  # pixels
MOST_REGIONS = 3000  # on one page; the densest newspapers have fewer
STEEP_SHRINK = 2.0  # from here on pixels are averaged rather than picked


def found(painted: NDArray[np.float32], x_scale: float, y_scale: float) -> list[Quad]:
    """The corners of every region of the map that is text, in pixels of the picture."""
    mask = cv2.dilate((painted > PAINTED).astype(np.uint8), np.ones((2, 2), np.uint8))
    outlines, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    quads = []
    for outline in outlines[:MOST_REGIONS]:
        centre, (width, height), angle = cv2.minAreaRect(outline)
        if min(width, height) < SMALLEST:
            continue
        corners = np.asarray(cv2.boxPoints((centre, (width, height), angle)), np.float32)
        if _mean_inside(painted, corners) < SURE:
            continue
        more = width * height * WIDENED / (width + height)
        wider = cv2.boxPoints((centre, (width + more, height + more), angle))
        quads.append(_ordered(wider * np.array([x_scale, y_scale])))
    return quads


def _mean_inside(painted: NDArray[np.float32], corners: NDArray[np.float32]) -> float:
    height, width = painted.shape
    x0, y0 = np.floor(corners.min(axis=0)).astype(int).clip(0)
    x1, y1 = np.ceil(corners.max(axis=0)).astype(int) + 1
    part = painted[y0 : min(y1, height), x0 : min(x1, width)]
    mask = np.zeros(part.shape, np.uint8)
    cv2.fillPoly(mask, [(corners - [x0, y0]).astype(np.int32)], [1])
    return float(cv2.mean(part, mask)[0])


def _ordered(corners: NDArray[np.float64]) -> Quad:
    by_x = corners[np.argsort(corners[:, 0], kind="stable")]
    left = by_x[:2][np.argsort(by_x[:2, 1], kind="stable")]
    right = by_x[2:][np.argsort(by_x[2:, 1], kind="stable")]
    return np.array([left[0], right[0], right[1], left[1]], np.float32)


def size_of(quad: Quad) -> tuple[float, float]:
    """Length and height of a line, at least a pixel each."""
    along = max(np.linalg.norm(quad[0] - quad[1]), np.linalg.norm(quad[3] - quad[2]))
    across = max(np.linalg.norm(quad[0] - quad[3]), np.linalg.norm(quad[1] - quad[2]))
    return max(float(along), 1.0), max(float(across), 1.0)


def cut_out(picture: Picture, quad: Quad, width: int, height: int) -> Picture:
    """The line as a level strip of this size."""
    shrink = size_of(quad)[1] / height
    between = int(min(shrink, 8)) if shrink >= STEEP_SHRINK else 1
    size = (width * between, height * between)
    corners = np.array([[0, 0], [size[0], 0], size, [0, size[1]]], np.float32)
    turned = cv2.getPerspectiveTransform(quad, corners)
    strip = cv2.warpPerspective(
        picture, turned, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    if between > 1:
        strip = cv2.resize(strip, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(strip, np.uint8)


def part(quad: Quad, begin: float, end: float) -> Quad:
    """The corners of a part of a line, given as shares of its length."""
    top, bottom = quad[1] - quad[0], quad[2] - quad[3]
    corners = [quad[0] + begin * top, quad[0] + end * top]
    return np.array([*corners, quad[3] + end * bottom, quad[3] + begin * bottom], np.float32)


def direction(quad: Quad) -> float:
    """The way a line runs, in radians from the left to the right, clockwise."""
    along = (quad[1] - quad[0]) + (quad[2] - quad[3])
    return float(np.arctan2(along[1], along[0]))


def tilt(quads: list[Quad]) -> float:
    """By how many radians the lines run downwards to the right; long lines count more."""
    slopes, lengths = [], []
    for quad in quads:
        length, height = size_of(quad)
        if length > 3 * height:
            slopes.append(direction(quad))
            lengths.append(length)
    if not slopes:
        return 0.0
    order = np.argsort(slopes)
    half = np.searchsorted(np.cumsum(np.array(lengths)[order]), sum(lengths) / 2)
    return slopes[int(order[min(int(half), len(slopes) - 1)])]
