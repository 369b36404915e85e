"""Asks PDFium many small questions at once, and returns the answers as arrays.

A page holds hundreds of words and objects.  A call through pypdfium2 costs more than PDFium's
answer to it; the prototypes below keep the lock of the interpreter (PDFium is not thread safe, and
the child has one thread) and are driven by ``map``.  A conversion of an argument costs as much as
the rest of a call, so pointers are made once (`_pointer`, `_SLOTS`) and passed as they are.
Nothing here knows what the answers are for.
"""

from __future__ import annotations

import ctypes
from collections import deque
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pypdfium2 import raw

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
Bytes4 = NDArray[np.uint32]

_P, _I = ctypes.c_void_p, ctypes.c_int
RECTANGLE = (4, 6)  # segments
MOST_SEGMENTS = 1000  # of a clip that are looked at
NAME = 128  # bytes of a font's name that are read
AT_ONCE = 1024  # answers of four numbers each


_ANSWERS = (ctypes.c_uint32 * (4 * AT_ONCE))()
_SLOTS = tuple([ctypes.byref(_ANSWERS, 16 * at + 4 * n) for at in range(AT_ONCE)] for n in range(4))


def _bare(function: Any, *arguments: Any, result: Any = ctypes.c_int) -> Any:
    """The same function without conversions around it.

    ``arguments``: the types of the first ones; the others come as numbers of 32 bits or pointers.
    """
    address = ctypes.cast(function, ctypes.c_void_p).value or 0
    return ctypes.PYFUNCTYPE(result, *arguments)(address)


_loose_box = _bare(raw.FPDFText_GetLooseCharBox)
_text_object = _bare(raw.FPDFText_GetTextObject, result=_P)
_angle = _bare(raw.FPDFText_GetCharAngle, result=ctypes.c_float)
_map_error = _bare(raw.FPDFText_HasUnicodeMapError)
_font_size = _bare(raw.FPDFText_GetFontSize, _P, _I, result=ctypes.c_double)
_char_matrix = _bare(raw.FPDFText_GetMatrix, _P, _I, _P)
_font = _bare(raw.FPDFTextObj_GetFont, _P, result=_P)
_page_object = _bare(raw.FPDFPage_GetObject, result=_P)
_form_object = _bare(raw.FPDFFormObj_GetObject, _P, ctypes.c_ulong, result=_P)
_form_count = _bare(raw.FPDFFormObj_CountObjects, _P)
_object_type = _bare(raw.FPDFPageObj_GetType, _P)
_matrix = _bare(raw.FPDFPageObj_GetMatrix, _P, _P)
_bounds = _bare(raw.FPDFPageObj_GetBounds, _P)
_fill_colour = _bare(raw.FPDFPageObj_GetFillColor, _P)
_stroke_colour = _bare(raw.FPDFPageObj_GetStrokeColor, _P)
_render_mode = _bare(raw.FPDFTextObj_GetTextRenderMode, _P)
_draw_mode = _bare(raw.FPDFPath_GetDrawMode, _P)
_transparent = _bare(raw.FPDFPageObj_HasTransparency, _P)


def address(handle: Any) -> int:
    """Where a handle of PDFium points."""
    return ctypes.cast(getattr(handle, "raw", handle), ctypes.c_void_p).value or 0


def _pointer(handle: int) -> Any:
    """A handle as an argument that takes no conversion."""
    return ctypes.byref(ctypes.c_char.from_address(handle))


def _answers(function: Any, asked: Iterator[tuple[Any, ...]], unknown: int, slots: int) -> Bytes4:
    """Four numbers for each of what is asked; ``unknown`` stands where PDFium gives none."""
    view = np.frombuffer(memoryview(_ANSWERS), np.uint32).reshape(-1, 4)
    found = []
    for arguments in asked:
        count = len(arguments[-1])
        view[:count] = unknown
        deque(map(function, *arguments, *(slot[:count] for slot in _SLOTS[:slots])), 0)
        found.append(view[:count].copy())
    return np.concatenate(found) if found else np.zeros((0, 4), np.uint32)


def _pieces(each: Sequence[int]) -> Iterator[tuple[Sequence[int]]]:
    for begin in range(0, len(each), AT_ONCE):
        yield (each[begin : begin + AT_ONCE],)


# --- text ----------------------------------------------------------------------------------------


def code_units(textpage: Any) -> NDArray[np.uint32]:
    """The page's characters, one number per character index of PDFium."""
    count = raw.FPDFText_CountChars(textpage)
    if count <= 0:
        return np.zeros(0, np.uint32)
    buffer = (ctypes.c_ushort * (count + 1))()
    if raw.FPDFText_GetText(textpage, 0, count, buffer) - 1 == count:
        return np.frombuffer(buffer, np.uint16, count).astype(np.uint32)
    units = (raw.FPDFText_GetUnicode(textpage, at) for at in range(count))
    return np.array([u if u < 0x110000 else 0xFFFD for u in units], np.uint32)


def character_boxes(textpage: int, at: Sequence[int]) -> NDArray[np.float32]:
    """Left, top, right, bottom of the characters ``at``, in page coordinates; zeros: unknown."""
    page = _pointer(textpage)
    asked = ((repeat(page), piece) for (piece,) in _pieces(at))
    return _answers(_loose_box, asked, 0, 1).view(np.float32)


def text_objects(textpage: int, at: Sequence[int]) -> list[int | None]:
    """The object that paints each of the characters ``at``."""
    return list(map(_text_object, repeat(_pointer(textpage)), at))


def angles(textpage: int, at: Sequence[int]) -> Floats:
    """How far each character is turned, in radians."""
    return np.fromiter(map(_angle, repeat(_pointer(textpage)), at), np.float64, len(at))


def unmapped(textpage: int, at: Sequence[int]) -> int:
    """How many of the characters ``at`` have no Unicode in their font."""
    return sum(answer == 1 for answer in map(_map_error, repeat(_pointer(textpage)), at))


def font_sizes(textpage: int, at: Sequence[int]) -> Floats:
    """The font size of each character after every transformation, in points."""
    matrices = np.zeros((len(at), 6), np.float32)
    base = matrices.ctypes.data
    deque(map(_char_matrix, repeat(textpage), at, range(base, base + 24 * len(at), 24)), 0)
    sizes = np.fromiter(map(_font_size, repeat(textpage), at), np.float64, len(at))
    scaled: Floats = sizes * np.hypot(matrices[:, 2], matrices[:, 3])
    return scaled


def bold(textpage: int, at: Sequence[int], known: dict[int, bool]) -> list[bool]:
    """Whether the font of each character is a bold one, by its name.

    ``known``: what was found of the document's fonts so far; they live as long as it is open.
    """
    found = []
    for item in text_objects(textpage, at):
        font = _font(item) if item else None
        if not font:
            found.append(False)
            continue
        if font not in known:
            known[font] = _is_bold(font)
        found.append(known[font])
    return found


def _is_bold(font: int) -> bool:
    name = ctypes.create_string_buffer(NAME)
    raw.FPDFFont_GetBaseFontName(ctypes.cast(font, raw.FPDF_FONT), name, NAME)
    lower = name.value.lower()
    return b"bold" in lower or b"black" in lower


def _at(value: Any) -> int:
    return ctypes.addressof(value)


# --- objects -------------------------------------------------------------------------------------


def page_objects(page: int, count: int) -> list[int]:
    """The objects of a page in the order in which they are painted."""
    return list(filter(None, map(_page_object, repeat(_pointer(page)), range(count))))


def form_objects(form: int, most: int) -> list[int]:
    """At most so many objects of a form, a page within the page."""
    count = min(max(_form_count(form), 0), most)
    return list(filter(None, map(_form_object, repeat(form), range(count))))


def object_types(objects: Sequence[int]) -> NDArray[np.int8]:
    """What each object is: text, path, picture, shading or form."""
    return np.fromiter(map(_object_type, objects), np.int8, len(objects))


def render_modes(objects: Sequence[int]) -> list[int]:
    """How the glyphs of each text object are painted."""
    return list(map(_render_mode, objects))


def fill_colours(objects: Sequence[int]) -> Bytes4:
    """Red, green, blue, opacity of each object, 0 to 255; 256 in all four: not one colour."""
    return _colours(_fill_colour, objects)


def stroke_colours(objects: Sequence[int]) -> Bytes4:
    """As `fill_colours`, of the outlines."""
    return _colours(_stroke_colour, objects)


def _colours(function: Any, objects: Sequence[int]) -> Bytes4:
    return _answers(function, _pieces(objects), 256, 4)


def bounds(objects: Sequence[int]) -> Floats:
    """Left, bottom, right, top of each object, in the coordinates of what holds it."""
    boxes: Floats = _answers(_bounds, _pieces(objects), 0, 4).view(np.float32).astype(np.float64)
    return boxes


def matrix(item: int) -> tuple[float, ...]:
    """The six numbers of an object's matrix."""
    found = (ctypes.c_float * 6)()
    _matrix(item, _at(found))
    return tuple(found)


def are_filled(paths: Sequence[int]) -> list[bool]:
    """Whether each path covers what is below it."""
    modes = _answers(_draw_mode, _pieces(paths), 0, 2)
    clear = map(_transparent, paths)
    return [bool(fill) and not through for fill, through in zip(modes[:, 0], clear, strict=True)]


def pixels(image: int) -> tuple[int, int]:
    """Width and height of a picture, as it says itself."""
    width, height = ctypes.c_uint(), ctypes.c_uint()
    handle = ctypes.cast(image, raw.FPDF_PAGEOBJECT)
    raw.FPDFImageObj_GetImagePixelSize(handle, width, height)
    return width.value, height.value


def covers(path: int, x: float, y: float) -> bool:
    """Whether a filled path is a plain rectangle, and its clip leaves the point x, y painted.

    The point is in the coordinates of what holds the path.  Other shapes: no, nobody knows.
    """
    handle = ctypes.cast(path, raw.FPDF_PAGEOBJECT)
    count = raw.FPDFPath_CountSegments(handle)
    if not RECTANGLE[0] <= count <= RECTANGLE[1]:
        return False
    points = _points(raw.FPDFPath_GetPathSegment, handle, count)
    if any(len({round(point[axis], 2) for point in points}) > 2 for axis in (0, 1)):
        return False
    clip = raw.FPDFPageObj_GetClipPath(handle)
    for at in range(max(raw.FPDFClipPath_CountPaths(clip), 0) if clip else 0):
        ask = partial(_clip_segment, clip, at)
        edge = _points(ask, None, min(raw.FPDFClipPath_CountPathSegments(clip, at), MOST_SEGMENTS))
        xs, ys = [point[0] for point in edge], [point[1] for point in edge]
        if not edge or not (min(xs) <= x <= max(xs) and min(ys) <= y <= max(ys)):
            return False
    return True


def _clip_segment(clip: Any, path: int, _: Any, segment: int) -> Any:
    return raw.FPDFClipPath_GetPathSegment(clip, path, segment)


def _points(ask: Any, handle: Any, count: int) -> list[tuple[float, float]]:
    found = []
    x, y = ctypes.c_float(), ctypes.c_float()
    for at in range(count):
        segment = ask(handle, at)
        if segment and raw.FPDFPathSegment_GetPoint(segment, x, y):
            found.append((x.value, y.value))
    return found
