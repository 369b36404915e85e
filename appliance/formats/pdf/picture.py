"""Draws one page of a PDF as it is shown, for recognition."""

from __future__ import annotations

from typing import Any

import numpy as np
import pypdfium2 as pdfium
from pypdfium2 import raw

from appliance.formats.scans.image import WORKING_PIXELS, Pixels
from appliance.sandbox.outcome import Outcome, ReadingFailed

LEAST_DPI, MOST_DPI = 150.0, 300.0
MOST_PICTURES = 200  # looked at on one page to find its resolution


def page(data: bytes, passwords: tuple[str, ...], unit: int) -> tuple[Pixels, int]:
    """Page number ``unit``, counted from 0, upright, and how many pages there are.

    Raises:
        ReadingFailed: the file is damaged or encrypted, or there is no such page.
    """
    document = _open(data, passwords)
    try:
        document.init_forms()
        if not 0 <= unit < len(document):
            raise ReadingFailed(Outcome.DAMAGED)
        shown = document[unit]
        width, height = shown.get_size()
        if not (0 < width <= 14_400 and 0 < height <= 14_400):
            raise ReadingFailed(Outcome.TOO_LARGE)
        scale = min(_dpi(shown) / 72, (WORKING_PIXELS / (width * height)) ** 0.5)
        drawn = shown.render(scale=scale, rev_byteorder=True).to_numpy()
        picture = np.ascontiguousarray(drawn[..., :3])
        return Pixels(picture, width / picture.shape[1], cut=False), len(document)
    except pdfium.PdfiumError as error:
        raise ReadingFailed(Outcome.DAMAGED) from error
    finally:
        document.close()


def _open(data: bytes, passwords: tuple[str, ...]) -> pdfium.PdfDocument:
    for password in (None, *passwords):
        try:
            return pdfium.PdfDocument(data, password=password)
        except pdfium.PdfiumError as error:
            if getattr(error, "err_code", None) != raw.FPDF_ERR_PASSWORD:
                raise ReadingFailed(Outcome.DAMAGED) from error
    raise ReadingFailed(Outcome.WRONG_PASSWORD if passwords else Outcome.NEEDS_PASSWORD)


def _dpi(page: Any) -> float:
    """The resolution of the page's largest picture: drawing it finer adds nothing."""
    largest, dpi = 0.0, LEAST_DPI
    for at, one in enumerate(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE])):
        if at == MOST_PICTURES:
            break
        left, bottom, right, top = one.get_bounds()
        area = (right - left) * (top - bottom)
        if area > largest:
            across = max(one.get_px_size()) / max(right - left, top - bottom)
            largest, dpi = area, 72 * across
    return min(max(dpi, LEAST_DPI), MOST_DPI)
