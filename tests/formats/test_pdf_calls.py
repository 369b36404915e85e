"""Answers that come in several pieces are the same as those that are asked for one by one."""

from __future__ import annotations

import numpy as np
import pypdfium2 as pdfium
from pypdfium2 import raw

from appliance.formats.pdf import calls
from tests.formats.paper import Line, Page, pdf

ROWS = 30
WIDE = "0123456789" * 4  # 30 lines of 40 characters are more than are asked for at once


def test_boxes_of_more_characters_than_are_asked_for_at_once() -> None:
    lines = [Line(72, 740 - 20 * row, WIDE) for row in range(ROWS)]
    document = pdfium.PdfDocument(pdf(Page(lines)))
    text = document[0].get_textpage()
    count = raw.FPDFText_CountChars(text)
    box = raw.FS_RECTF()

    found = calls.character_boxes(calls.address(text), range(count))

    assert count > calls.AT_ONCE
    for at in range(count):
        raw.FPDFText_GetLooseCharBox(text, at, box)
        assert found[at].tolist() == [box.left, box.top, box.right, box.bottom]
    document.close()


def test_colours_and_bounds_of_more_objects_than_are_asked_for_at_once() -> None:
    count = calls.AT_ONCE + 3
    drawing = "\n".join(f"{at % 2} 0 0 rg {at % 500} {at % 700} 9 7 re f" for at in range(count))
    document = pdfium.PdfDocument(pdf(Page((), drawing=drawing)))
    page = document[0]

    objects = calls.page_objects(calls.address(page), count)
    colours, boxes = calls.fill_colours(objects), calls.bounds(objects)

    assert len(objects) == count
    assert colours.tolist() == [[255 * (at % 2), 0, 0, 255] for at in range(count)]
    lower = np.array([[at % 500, at % 700] for at in range(count)])
    assert boxes[:, :2].tolist() == lower.tolist()
    assert (boxes[:, 2:] - boxes[:, :2]).tolist() == [[9, 7]] * count
    assert calls.are_filled(objects) == [True] * count
    assert calls.bounds([]).shape == (0, 4)
    document.close()
