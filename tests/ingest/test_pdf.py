"""PDF pages become paragraphs, headings and rows, in reading order, each with its place."""

from __future__ import annotations

import pytest

from appliance.documents import Box, ElementKind, Gap, ParsedDocument
from appliance.errors import InputUnreadable, NoText
from tests.conftest import SAMPLES
from tests.ingest.conftest import Read
from tests.ingest.paper import Line, Page, pdf, prose

LEFT = (
    "The supplier shall deliver the goods to the",
    "buyer at the place named in the order and",
    "shall bear the risk until they have been",
    "handed over to the first carrier there.",
    "The buyer shall inspect them on arrival.",
)
RIGHT = (
    "Payment is due thirty days after receipt of",
    "the invoice unless the parties have agreed",
    "in writing on another date or on payment in",
    "instalments that are set out in the annex.",
    "Late payment bears interest by statute.",
)


def texts(parsed: ParsedDocument, kind: ElementKind | None = None) -> list[str]:
    return [e.span.of(parsed.text) for e in parsed.elements if kind in {None, e.kind}]


def test_lines_of_a_paragraph_are_joined_and_paragraphs_are_parted(read: Read) -> None:
    parsed = read(pdf(Page([*prose(72, 700, *LEFT), *prose(72, 600, *RIGHT)])), "a.pdf")

    assert texts(parsed) == [" ".join(LEFT), " ".join(RIGHT)]
    assert parsed.pages == 1


def test_two_columns_are_read_one_after_the_other(read: Read) -> None:
    lines = [Line(72, 740, "A title across both of the columns of this page of text", 14, True)]
    for at in range(5):  # row by row, as many programs write them
        lines += [Line(72, 700 - 12 * at, LEFT[at]), Line(330, 700 - 12 * at, RIGHT[at])]

    parsed = read(pdf(Page(lines)), "a.pdf")

    assert texts(parsed)[1:] == [" ".join(LEFT), " ".join(RIGHT)]
    assert texts(parsed, ElementKind.TITLE) == [lines[0].text]


def test_cells_on_one_baseline_make_a_row(read: Read) -> None:
    rows = [("Revenue", "$", "18,120", "(63)"), ("Cost of revenue", "", "4,720", "12")]
    lines = [
        Line(x, 700 - 14 * at, text)
        for at, row in enumerate(rows)
        for x, text in zip((72, 300, 330, 450), row, strict=True)
        if text
    ]

    parsed = read(pdf(Page(lines)), "a.pdf")

    assert texts(parsed, ElementKind.TABLE_ROW) == [
        "Revenue | $ 18,120 | (63)",
        "Cost of revenue | 4,720 | 12",
    ]


def test_a_number_and_its_clause_are_one_list_item(read: Read) -> None:
    lines = [Line(72, 700, "1."), Line(110, 700, "The first clause."), Line(72, 680, "2.")]
    lines.append(Line(110, 680, "The second clause."))

    parsed = read(pdf(Page(lines)), "a.pdf")

    assert texts(parsed, ElementKind.LIST_ITEM) == ["1. The first clause.", "2. The second clause."]


@pytest.mark.parametrize(
    ("rotate", "box"),
    [
        (0, Box(100, 84, 131, 94)),
        (90, Box(698, 100, 708, 131)),
        (180, Box(481, 698, 512, 708)),
        (270, Box(84, 481, 94, 512)),
    ],
)
def test_boxes_are_those_of_the_upright_page(read: Read, rotate: int, box: Box) -> None:
    parsed = read(pdf(Page([Line(100, 700, "Marker")], rotate)), "a.pdf")

    found = parsed.elements[0].box
    assert found is not None
    for name in ("x0", "y0", "x1", "y1"):
        # the font decides the height of a line; a few points are within its freedom
        assert getattr(found, name) == pytest.approx(getattr(box, name), abs=4), (rotate, found)


def test_a_page_that_does_not_begin_at_zero(read: Read) -> None:
    parsed = read(pdf(Page([Line(150, 700, "Marker")], box=(50, 100, 612, 792))), "a.pdf")

    found = parsed.elements[0].box
    assert found is not None
    assert found.x0 == pytest.approx(100, abs=2)


def test_pages_without_text_are_gaps(read: Read) -> None:
    drawn = Page(drawing="0 0 100 100 re f\n")

    parsed = read(pdf(Page([Line(72, 700, "Words.")]), drawn), "a.pdf")

    assert parsed.pages == 2
    assert parsed.gaps == (Gap("no text layer", 2),)


def test_a_file_without_any_text_is_an_error(read: Read) -> None:
    with pytest.raises(NoText):
        read(pdf(Page(drawing="0 0 100 100 re f\n")), "scan.pdf")


def test_lines_that_recur_at_the_edges_are_heads_and_feet(read: Read) -> None:
    pages = [
        Page(
            [Line(72, 770, "Annual report"), Line(72, 500, f"Text {word}."), Line(300, 20, str(at))]
        )
        for at, word in enumerate(("one", "two", "three", "four"), start=1)
    ]

    parsed = read(pdf(*pages), "a.pdf")

    assert texts(parsed, ElementKind.HEADER) == ["Annual report"] * 4
    assert texts(parsed, ElementKind.FOOTER) == ["1", "2", "3", "4"]
    assert [e.page for e in parsed.elements if e.kind is ElementKind.HEADER] == [1, 2, 3, 4]


def test_the_title_is_the_files_own_or_the_first_heading(read: Read) -> None:
    page = Page([Line(72, 700, "SERVICE AGREEMENT", 14, True), Line(72, 600, "Between us.")])

    assert read(pdf(page, title="Agreement of March"), "a.pdf").title == "Agreement of March"
    assert read(pdf(page, title="0001045810-23"), "a.pdf").title == "SERVICE AGREEMENT"


def test_encrypted_files_ask_for_the_password(read: Read) -> None:
    data = (SAMPLES / "hostile" / "issue15893_reduced.pdf").read_bytes()

    with pytest.raises(InputUnreadable, match="needs a password"):
        read(data, "a.pdf")
    with pytest.raises(InputUnreadable, match="password is wrong"):
        read(data, "a.pdf", "guess")
    assert "Issue 15893" in read(data, "a.pdf", "test").text


def test_every_word_is_kept_once(read: Read) -> None:
    wide = (" ".join(LEFT[:2]), " ".join(RIGHT[:2]), " ".join(LEFT[2:4]), "The end.")
    page = Page([*prose(72, 700, *LEFT), *prose(330, 700, *RIGHT), *prose(72, 300, *wide)])

    parsed = read(pdf(page), "a.pdf")

    expected = " ".join((*LEFT, *RIGHT, *wide)).split()
    assert sorted(parsed.text.split()) == sorted(expected)
