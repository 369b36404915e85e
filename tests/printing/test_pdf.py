"""PDF files written by hand, read by PDFium."""

from __future__ import annotations

import pypdfium2 as pdfium

from appliance.printing.pdf import HEIGHT, WIDTH, Line, document


def texts(data: bytes) -> list[str]:
    with pdfium.PdfDocument(data) as read:
        found = []
        for page in read:
            text = page.get_textpage()
            found.append(text.get_text_range())
            assert page.get_size() == (WIDTH, HEIGHT)
            text.close()
            page.close()
        return found


def test_each_line_is_read_back_where_it_belongs() -> None:
    pages = [[Line("One (1) of \\ two", 40, 50)], [Line("Grüße – 3 €", 40, 50, 12, bold=True)]]
    assert texts(document(pages)) == ["One (1) of \\ two", "Grüße – 3 €"]


def test_what_the_font_cannot_show_is_a_question_mark() -> None:
    assert texts(document([[Line("a日b\x00c", 40, 50)]])) == ["a?b c"]


def test_the_same_lines_give_the_same_bytes_and_the_title_stands_in_them() -> None:
    first, second = (document([[Line("x", 1, 2)]], "A title") for _ in range(2))
    assert first == second
    with pdfium.PdfDocument(first) as read:
        assert read.get_metadata_value("Title") == "A title"
