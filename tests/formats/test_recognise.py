"""The recogniser's own steps: regions of a map, letters of a table, and what it loads."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from appliance.formats.scans import recognise
from appliance.formats.scans.page import _lies, _rows, _Turn
from appliance.formats.scans.recognise import Line, Piece
from appliance.formats.scans.regions import Quad, cut_out, found, part, size_of, tilt

LETTERS = ("", "a", "b", "c", " ", "\u3002", "\u6708")  # the first one: nothing


def quad(x0: float, y0: float, x1: float, y1: float) -> Quad:
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)


def chances(best: list[int], sure: float = 0.9) -> np.ndarray:
    table = np.full((len(best), len(LETTERS)), 0.01, np.float32)
    table[np.arange(len(best)), best] = sure
    return table


def spelled(best: list[int], width: float = 80) -> Line:
    return recognise._spelled(chances(best), LETTERS, quad(0, 0, width, 20), 1.0)


def test_a_painted_bar_becomes_a_line_a_little_larger() -> None:
    painted = np.zeros((100, 200), np.float32)
    painted[40:50, 20:180] = 0.9
    (line,) = found(painted, 2.0, 2.0)
    x0, y0 = line.min(axis=0)
    x1, y1 = line.max(axis=0)
    assert x0 < 40
    assert x1 > 360
    assert y0 < 80
    assert y1 > 100
    assert size_of(line)[1] < 80


def test_faint_and_tiny_regions_are_no_lines() -> None:
    painted = np.zeros((100, 200), np.float32)
    painted[10:12, 10:12] = 0.9
    assert found(painted, 1.0, 1.0) == []


def test_repeats_are_one_letter_and_blanks_part_words() -> None:
    line = spelled([1, 1, 0, 1, 4, 2, 2, 3, 0])
    assert line.text == "aa bc"
    assert line.confidence == pytest.approx(0.9)


def test_words_stand_where_their_letters_were_seen() -> None:
    line = spelled([1, 0, 1, 0, 4, 0, 2, 0, 3, 0])
    assert [piece.text for piece in line.pieces] == ["aa", "bc"]
    first, second = line.pieces
    assert 0 <= first.begin < first.end <= second.begin < second.end <= 1
    assert second.begin == pytest.approx(0.55, abs=0.1)


def test_wide_signs_become_usual_ones_but_not_in_chinese() -> None:
    assert spelled([1, 0, 5]).text == "a."
    assert spelled([6, 0, 5]).text == "\u6708\u3002"


def test_a_long_line_with_hardly_a_letter_is_not_read() -> None:
    assert spelled([4, 0, 4, 0, 1, 0, 4], 400).unread
    assert not spelled([4, 0, 4, 0, 1, 0, 4], 80).unread  # one letter in a short line is usual
    assert not spelled([1, 0, 2, 0, 3, 0] * 7, 400).unread


def test_the_tilt_is_that_of_the_long_lines() -> None:
    slope = np.tan(0.05)
    long = [
        np.array(
            [[0, y], [400, y + 400 * slope], [400, y + 420 * slope + 20], [0, y + 20]], np.float32
        )
        for y in (0, 50, 100)
    ]
    assert tilt([*long, quad(0, 0, 100, 20)]) == pytest.approx(0.05, abs=0.01)
    assert tilt([quad(0, 0, 10, 20)]) == 0.0


def test_a_page_lies_where_most_of_its_text_does() -> None:
    level, upright = quad(0, 0, 200, 20), quad(0, 0, 20, 300)
    assert _lies([level, upright])
    assert not _lies([level, level, upright])
    assert not _lies([])


def test_a_line_is_cut_out_level() -> None:
    picture = np.full((100, 300, 3), 255, np.uint8)
    picture[40:60, 50:250] = 0
    strip = cut_out(picture, quad(50, 40, 250, 60), 100, 10)
    assert strip.shape == (10, 100, 3)
    assert strip.max() < 64
    assert part(quad(0, 0, 100, 10), 0.25, 0.5)[:, 0].tolist() == [25, 50, 50, 25]


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_places_on_a_turned_page_are_turned_back(quarters: int) -> None:
    picture = np.zeros((30, 50), np.uint8)
    picture[4, 7] = 1
    y, x = np.argwhere(np.rot90(picture, quarters))[0]
    back = _Turn(quarters, 50, 30).back(np.array([[x + 0.5, y + 0.5]]))
    assert back.tolist() == [[7.5, 4.5]]


def test_lines_side_by_side_are_one_row() -> None:
    lines = [
        Line(quad(x, y, x + 50, y + 20), (Piece("w", 0, 1),), 1.0, False)
        for x, y in ((200, 3), (0, 0), (0, 40))
    ]
    rows = _rows([(line, float(line.quad[0, 1]), float(line.quad[2, 1])) for line in lines])
    assert [[float(line.quad[0, 0]) for line, _, _ in row] for row in rows] == [[0, 200], [0]]


def test_loading_leaves_no_thread_and_imports_nothing_that_fetches() -> None:
    program = """
import os, sys
from appliance.formats.scans import scan
scan.warm()
fetching = {"rapidocr", "requests", "urllib3"} & set(sys.modules)
print(len(os.listdir("/proc/self/task")), sorted(fetching))
"""
    environment = {"OPENBLAS_NUM_THREADS": "1", "ORT_DISABLE_TELEMETRY": "1", "PATH": "/usr/bin"}
    run = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == ["1", "[]"]
