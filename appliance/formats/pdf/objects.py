"""What a PDF page paints, object by object: text, pictures and filled areas, in painting order.

Forms (pages within the page) are entered, to a bounded depth.  Boxes are points on the upright
page.  Colours are as PDFium converts them, red, green, blue and opacity from 0 to 255.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from pypdfium2 import raw

from appliance.formats.pdf import calls
from appliance.formats.pdf.words import Floats, Numbers, Upright

DEEPEST = 12  # forms within forms
MOST_OBJECTS = 400_000  # of one page
THINNEST = 3.0  # points; a filled area lower or narrower is a rule
OPAQUE = 250
GRID = 32  # the page is cut into so many squares along each side to add up what pictures cover

_NOT_TEXT = (
    raw.FPDF_PAGEOBJ_IMAGE,
    raw.FPDF_PAGEOBJ_PATH,
    raw.FPDF_PAGEOBJ_SHADING,
    raw.FPDF_PAGEOBJ_FORM,
)

Matrix = tuple[float, ...]
_SAME: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@dataclass(slots=True)
class Painted:
    """The objects of one page; ``order`` counts in painting order through all forms."""

    levels: list[tuple[list[int], Numbers, int]] = field(default_factory=list)  # of text objects
    text_count: int = 0
    first_text: int = 0  # the order of the first text
    pictures: list[int] = field(default_factory=list)
    picture_order: list[int] = field(default_factory=list)
    picture_boxes: Floats = field(default_factory=lambda: np.zeros((0, 4)))
    fills: list[int] = field(default_factory=list)
    fill_order: list[int] = field(default_factory=list)
    is_nested: list[bool] = field(default_factory=list)  # the fills that lie in a form
    fill_boxes: Floats = field(default_factory=lambda: np.zeros((0, 4)))
    fill_colours: NDArray[np.uint32] = field(default_factory=lambda: np.zeros((0, 4), np.uint32))
    shadings: int = 0
    count: int = 0  # of objects, forms not counted
    cut: bool = False  # there are more objects than are looked at
    _orders: dict[int, int] | None = None

    def texts(self) -> dict[int, int]:
        """The order of each text object, by its handle."""
        if self._orders is None:
            self._orders = {}
            for objects, texts, first in self.levels:
                handles = map(objects.__getitem__, texts.tolist())
                self._orders.update(zip(handles, (texts + first).tolist(), strict=True))
        return self._orders

    def covered(self, upright: Upright) -> float:
        """The share of the page that pictures cover."""
        if not len(self.picture_boxes):
            return 0.0
        squares = np.zeros((GRID, GRID), bool)
        scale = np.array([GRID / max(upright.width, 1.0), GRID / max(upright.height, 1.0)] * 2)
        for x0, y0, x1, y1 in np.clip(np.rint(self.picture_boxes * scale), 0, GRID).astype(int):
            squares[y0:y1, x0:x1] = True
        return float(squares.mean())


class _Walk:
    def __init__(self, upright: Upright) -> None:
        self.painted = Painted()
        self._upright = upright
        self._boxes: list[Floats] = []
        self._fills: list[tuple[Floats, NDArray[np.uint32]]] = []

    def enter(self, objects: list[int], matrix: Matrix, depth: int) -> None:
        """Take in the objects of the page or of a form."""
        painted = self.painted
        types = calls.object_types(objects)
        first = painted.count
        painted.count += len(objects)
        texts = np.flatnonzero(types == raw.FPDF_PAGEOBJ_TEXT)
        if len(texts):
            if not painted.text_count:
                painted.first_text = first + int(texts[0])
            painted.text_count += len(texts)
            painted.levels.append((objects, texts, first))
        if len(texts) == len(objects):
            return
        pictures, paths, shadings, forms = (
            np.flatnonzero(types == kind).tolist() for kind in _NOT_TEXT
        )
        self._pictures(objects, pictures, first, matrix)
        self._paths(objects, paths, first, matrix)
        painted.shadings += len(shadings)
        for at in forms:
            painted.count -= 1
            left = MOST_OBJECTS - painted.count
            if depth >= DEEPEST or left <= 0:
                painted.cut = True
                continue
            inner = calls.form_objects(objects[at], left)
            self.enter(inner, _product(calls.matrix(objects[at]), matrix), depth + 1)

    def _pictures(self, objects: list[int], at: list[int], first: int, matrix: Matrix) -> None:
        if not at:
            return
        found = [objects[n] for n in at]
        self.painted.pictures += found
        self.painted.picture_order += [first + n for n in at]
        self._boxes.append(self._placed(calls.bounds(found), matrix))

    def _paths(self, objects: list[int], at: list[int], first: int, matrix: Matrix) -> None:
        if not at:
            return
        boxes = self._placed(calls.bounds([objects[n] for n in at]), matrix)
        sizes = boxes[:, 2:] - boxes[:, :2]
        wide = np.flatnonzero((sizes >= THINNEST).all(axis=1)).tolist()
        solid = calls.are_filled([objects[at[n]] for n in wide])
        filled = [n for n, is_solid in zip(wide, solid, strict=True) if is_solid]
        if filled:
            self.painted.is_nested += [matrix is not _SAME] * len(filled)
            self.painted.fills += [objects[at[n]] for n in filled]
            self.painted.fill_order += [first + at[n] for n in filled]
            colours = calls.fill_colours([objects[at[n]] for n in filled])
            self._fills.append((boxes[filled], colours))

    def _placed(self, boxes: Floats, matrix: Matrix) -> Floats:
        """Boxes from the coordinates of a form to those of the upright page."""
        left, bottom, right, top = boxes.T
        if matrix != _SAME:
            a, b, c, d, e, f = matrix
            across = [a * x + c * y + e for x in (left, right) for y in (bottom, top)]
            along = [b * x + d * y + f for x in (left, right) for y in (bottom, top)]
            left, right = np.minimum.reduce(across), np.maximum.reduce(across)
            bottom, top = np.minimum.reduce(along), np.maximum.reduce(along)
        return self._upright.boxes(left, bottom, right, top)

    def finish(self) -> Painted:
        """Everything, with the boxes put together."""
        painted = self.painted
        if self._boxes:
            painted.picture_boxes = np.concatenate(self._boxes)
        if self._fills:
            painted.fill_boxes = np.concatenate([boxes for boxes, _ in self._fills])
            painted.fill_colours = np.concatenate([colours for _, colours in self._fills])
        return painted


def _product(inner: Matrix, outer: Matrix) -> Matrix:
    """First the inner, then the outer matrix."""
    a, b, c, d, e, f = inner
    g, h, i, j, k, m = outer
    return (
        a * g + b * i,
        a * h + b * j,
        c * g + d * i,
        c * h + d * j,
        e * g + f * i + k,
        e * h + f * j + m,
    )


def painted(page: object, upright: Upright) -> Painted:
    """The objects of a page; beyond ``MOST_OBJECTS`` they are not looked at."""
    walk = _Walk(upright)
    count = raw.FPDFPage_CountObjects(page)
    if count > MOST_OBJECTS:
        walk.painted.cut = True
    handle = calls.address(page)
    walk.enter(calls.page_objects(handle, min(max(count, 0), MOST_OBJECTS)), _SAME, 0)
    return walk.finish()
