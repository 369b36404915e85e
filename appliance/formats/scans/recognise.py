"""Recognises printed text in a picture: where lines stand, what they say, where each word is.

Two networks of PP-OCRv6 (small), run by onnxruntime with one thread: one paints a map of where
text is, the other reads one line at a time.  They come in the wheel of rapidocr, of which nothing
else is used: none of its code, which could fetch models from the network, is ever imported.

The model reads `reading.LANGUAGES`; what it does with other scripts is mostly to leave them out,
and that is recognised here (`Line.unread`).

Source: Du et al., PP-OCR (2020, https://arxiv.org/abs/2009.09941); Liao et al., Differentiable
Binarization (2019, https://arxiv.org/abs/1911.08947); line reading as in Graves, CTC (2006).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime

from appliance.formats.scans.regions import Picture, Quad, cut_out, found, size_of

DETECTOR, READER = "PP-OCRv6_det_small.onnx", "PP-OCRv6_rec_small.onnx"
LONG_SIDE = 1280  # pixels of the picture in which lines are searched (measured, see DESIGN)
NARROW_SIDE = 640  # at least, for long receipts
MOST_SEARCHED = 3_200_000  # pixels
SMALL_LINES = 13.0  # pixels: lower lines than this and the search is repeated on a larger picture
LARGEST_SCALE = 2.0
LINE_HEIGHT = 48  # pixels, given by the network
NARROWED = 0.8  # long lines are read at this share of their width: faster and better (measured)
LONG_LINE = 10.0  # heights
WIDEST = 12_000  # pixels of a line as it is read
STEP = 32  # widths are rounded up to this, so that few shapes occur
SPARSE = 0.9  # letters per height of width; a line with fewer holds some that were not read
SPARSE_FROM = 6.0  # heights of width: shorter lines may well hold one letter

_WIDE = {chr(0xFF01 + at): chr(0x21 + at) for at in range(94)}
_WIDE |= {"\u3001": ",", "\u3002": ".", "\u4e00": "-", "\u3000": " "}


@dataclass(frozen=True, slots=True)
class Piece:
    """A word of a line: its text and the share of the line's length where it begins and ends."""

    text: str
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it was read; ``quad`` are its corners in pixels, from its own top left."""

    quad: Quad
    pieces: tuple[Piece, ...]
    confidence: float  # mean over its characters, 0 to 1
    unread: bool  # much of it holds no letter that the model knows

    @property
    def text(self) -> str:
        """The line's words with blanks between."""
        return " ".join(piece.text for piece in self.pieces)


@cache
def models() -> tuple[Any, Any, tuple[str, ...]]:
    """Both networks and the characters that the second one knows; loaded once."""
    cv2.setNumThreads(0)
    reader = _session(READER)
    known = reader.get_modelmeta().custom_metadata_map["character"].split("\n")
    return _session(DETECTOR), reader, ("", *known, " ")


def _session(name: str) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # an arena would keep the largest page's memory
    options.enable_mem_pattern = False  # shapes differ from line to line
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(
        str(_folder() / name), options, providers=["CPUExecutionProvider"]
    )


def _folder() -> Path:
    spec = find_spec("rapidocr")  # the top package: found, not imported
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("rapidocr")
    return Path(spec.submodule_search_locations[0]) / "models"


def search(picture: Picture) -> list[Quad]:
    """The corners of every line of text, in pixels of the picture."""
    height, width = picture.shape[:2]
    scale = max(LONG_SIDE / max(height, width), min(NARROW_SIDE / min(height, width), 1.0))
    quads = _search(picture, min(scale, LARGEST_SCALE))
    if quads:
        usual = float(np.median([size_of(quad)[1] for quad in quads])) * scale
        if usual < SMALL_LINES and scale < 1:
            return _search(picture, min(1.0, scale * 2 * SMALL_LINES / usual))
    return quads


def _search(picture: Picture, scale: float) -> list[Quad]:
    height, width = picture.shape[:2]
    scale = min(scale, (MOST_SEARCHED / (height * width)) ** 0.5)
    size = (_rounded(width * scale), _rounded(height * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    values = _values(np.asarray(cv2.resize(picture, size, interpolation=way), np.uint8))
    (painted,) = models()[0].run(None, {"x": values})
    return found(painted[0, 0], width / size[0], height / size[1])


def _rounded(length: float) -> int:
    return max(STEP, round(length / STEP) * STEP)


def _values(picture: Picture) -> Any:
    """Pixels as both networks take them: -1 to 1, colours first, from blue to red."""
    values = picture[..., ::-1].astype(np.float32) / 127.5 - 1
    return np.ascontiguousarray(values.transpose(2, 0, 1)[None])


def read(picture: Picture, quad: Quad) -> Line:
    """Read one line; where it stands on end, whichever way says more."""
    width, height = size_of(quad)
    if height < 1.5 * width:
        return _read(picture, quad)
    upright = [quad] if height < 4 * width else []  # a lone figure is higher than wide, too
    ways = [_read(picture, way) for way in (*upright, quad[[3, 0, 1, 2]], quad[[1, 2, 3, 0]])]
    return max(ways, key=lambda line: (bool(line.pieces), line.confidence))


def _read(picture: Picture, quad: Quad) -> Line:
    width, height = size_of(quad)
    share = NARROWED if width > LONG_LINE * height else 1.0
    wide = int(min(max(round(width / height * LINE_HEIGHT * share), 16), WIDEST))
    padded = -(-wide // STEP) * STEP
    values = np.zeros((1, 3, LINE_HEIGHT, padded), np.float32)
    values[..., :wide] = _values(cut_out(picture, quad, wide, LINE_HEIGHT))
    _, reader, characters = models()
    (table,) = reader.run(None, {"x": values})
    return _spelled(table[0], characters, quad, padded / wide)


def _spelled(table: Any, characters: tuple[str, ...], quad: Quad, padding: float) -> Line:
    """What a table of chances (steps by characters) says: the best of each step, repeats as one."""
    best = table.argmax(axis=1)
    fresh = (best != 0) & np.append(True, best[1:] != best[:-1])
    steps = np.flatnonzero(fresh)
    letters = [characters[at] for at in best[steps].tolist()]
    places = ((steps + 0.5) * (padding / len(best))).tolist()
    chances = table[steps, best[steps]]
    solid = np.array([not letter.isspace() for letter in letters], dtype=bool)
    confidence = float(chances[solid].mean()) if solid.any() else 0.0
    width, height = size_of(quad)
    sparse = width > SPARSE_FROM * height and int(solid.sum()) < SPARSE * width / height
    unread = sparse and not _is_ruled(letters)
    return Line(quad, _pieces(_plain(letters), places), confidence, unread)


def _plain(letters: list[str]) -> list[str]:
    """In a line without Chinese or Japanese, its wide signs as the usual ones."""
    if any(ord(letter[:1] or " ") >= 0x3040 and letter not in _WIDE for letter in letters):
        return letters
    return [_WIDE.get(letter, letter) for letter in letters]


def _is_ruled(letters: list[str]) -> bool:
    """Dots, dashes and underlines that guide the eye; letters left out leave blanks behind."""
    solid = [letter for letter in letters if not letter.isspace()]
    ruled = sum(letter in "._-—–=…·*~" for letter in solid)
    return ruled > len(solid) / 2 and len(letters) - len(solid) <= len(solid)


def _pieces(letters: list[str], places: list[float]) -> tuple[Piece, ...]:
    """Words with their extents: half a letter around the first and the last one's middle."""
    steps = np.diff(places) if len(places) > 1 else np.array([0.5])
    half = float(np.median(steps)) / 2
    words: list[tuple[str, float, float]] = []
    apart = True
    for letter, place in zip(letters, places, strict=True):
        if letter.isspace():
            apart = True
        elif apart:
            words.append((letter, place, place))
            apart = False
        else:
            words[-1] = (words[-1][0] + letter, words[-1][1], place)
    return tuple(
        Piece(text, max(begin - half, 0.0), min(max(end + half, begin), 1.0))
        for text, begin, end in words
    )
