"""The printed page: what stands on it, and that its QR code is read back."""

from __future__ import annotations

import cv2
import numpy as np
import pypdfium2 as pdfium

from appliance.app.oversight import witness_page
from appliance.audit.checkpoint import Checkpoint, verifier_key, write_note
from appliance.audit.cosign import paper_code
from appliance.crypto import sign

SEED = bytes(range(32))
POINT = Checkpoint("appliance.local/" + "ab" * 16, 4711, bytes(range(32)))
NOTE = write_note(POINT, SEED)
KEY = verifier_key(POINT.origin, sign.public_key(SEED))
PAGE = (POINT, NOTE, KEY, "2026-03-04T14:02:00.000000Z")


def test_the_qr_code_of_the_page_is_the_signed_checkpoint() -> None:
    with pdfium.PdfDocument(witness_page.pdf(*PAGE)) as read:
        assert len(read) == 1
        image = np.asarray(read[0].render(scale=3).to_pil().convert("L"))
        text = read[0].get_textpage().get_text_range()
    found, _, _ = cv2.QRCodeDetector().detectAndDecode(image)
    assert found == NOTE.decode()
    assert paper_code(POINT) in text
    assert "4711" in text


def test_text_and_svg_say_the_same() -> None:
    text = witness_page.text(*PAGE).decode()
    assert NOTE.decode() in text
    assert KEY in text
    assert witness_page.qr(NOTE).startswith(b"<?xml")


def test_a_code_stands_for_name_size_and_root() -> None:
    codes = {
        paper_code(POINT),
        paper_code(Checkpoint(POINT.origin + "x", POINT.size, POINT.root)),
        paper_code(Checkpoint(POINT.origin, POINT.size + 1, POINT.root)),
        paper_code(Checkpoint(POINT.origin, POINT.size, bytes(32))),
    }
    assert len(codes) == 4
    assert all(len(code) == 19 for code in codes)
