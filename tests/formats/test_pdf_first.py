"""The page that the warm server reads goes through every step of reading."""

from __future__ import annotations

from appliance.documents import ElementKind
from appliance.formats.pdf import document as pdf
from appliance.formats.pdf import first as pdf_first


def test_the_page_holds_a_heading_lines_and_a_table() -> None:
    document = pdf.read_pdf(pdf_first.FILE)

    assert document.text.startswith("First page of all\n\nSome words")
    assert document.text.endswith("Costs | 2024\nRent | 1,200\nLight | (300)")
    assert [element.kind for element in document.elements[:2]] == [
        ElementKind.TITLE,
        ElementKind.TEXT,
    ]
    assert not document.unexplained()
    pdf.warm()
