"""PDF pages become paragraphs, headings and rows, in reading order, each with its place."""

from __future__ import annotations

import math

import pytest

from appliance.documents import Box, ElementKind, Flag, ParsedDocument, Tally, Unit
from appliance.errors import InputUnreadable
from appliance.formats.reading import Scan
from tests.conftest import SAMPLES
from tests.formats.conftest import Read, ReadAll
from tests.formats.paper import Line, Page, painted, pdf, picture, prose

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


def test_lines_of_a_paragraph_are_marked(read: Read) -> None:
    parsed = read(pdf(Page(prose(72, 700, *LEFT))), "a.pdf")

    marks = parsed.elements[0].marks
    assert [mark.span.of(parsed.text) for mark in marks] == list(LEFT)
    assert [round(mark.box.x0) for mark in marks] == [72] * 5
    tops = [mark.box.y0 for mark in marks]
    assert tops == sorted(tops)
    assert tops[1] - tops[0] == pytest.approx(12, abs=0.2)


@pytest.mark.parametrize(
    ("cut", "known", "parts"),
    [
        (("called self-", "liquidating now."), "self-liquidating", ("called self-", "liquidating")),
        (("in five cate-", "gories of goods."), "categories", ("in five cate", "gories of")),
    ],
)
def test_a_word_cut_by_the_end_of_a_line_is_marked_in_two_parts(
    read: Read, cut: tuple[str, str], known: str, parts: tuple[str, str]
) -> None:
    page = Page([*prose(72, 700, *cut), Line(72, 600, f"It is written {known} here.")])

    parsed = read(pdf(page), "a.pdf")

    assert "".join(parts) in parsed.text
    first, second = (mark.span.of(parsed.text) for mark in parsed.elements[0].marks)
    assert first == parts[0]
    assert second.startswith(parts[1])


def test_text_written_up_and_down_the_page_is_read_with_its_place(read: Read) -> None:
    up = "q 0 1 -1 0 300 100 cm BT /F1 10 Tf (written upwards here) Tj ET Q\n"
    down = "q 0 -1 1 0 400 700 cm BT /F1 10 Tf (written downwards here) Tj ET Q\n"
    parsed = read(pdf(Page([Line(72, 700, "Level text.")], drawing=up + down)), "a.pdf")

    assert texts(parsed) == ["Level text.", "written downwards here", "written upwards here"]
    boxes = [element.box for element in parsed.elements]
    assert boxes[1]
    assert boxes[1].y0 == pytest.approx(92, abs=3)
    assert boxes[2]
    assert boxes[2].y1 == pytest.approx(692, abs=3)


@pytest.mark.parametrize("degrees", [-2.0, 1.5])
def test_a_text_layer_a_little_askew_is_read_line_by_line(read: Read, degrees: float) -> None:
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turned = f"q {cosine:.5f} {sine:.5f} {-sine:.5f} {cosine:.5f} 0 0 cm\n"
    rows = [("Revenue of the year", "18,120", "17,480"), ("Cost of revenue", "4,720", "4,110")]
    lines = [
        Line(x, 600 - 14 * at, text)
        for at, row in enumerate(rows)
        for x, text in zip((72, 350, 500), row, strict=True)
    ]
    parsed = read(pdf(Page(lines, drawing=turned, after="Q")), "a.pdf")

    assert texts(parsed, ElementKind.TABLE_ROW) == [" | ".join(row) for row in rows]


def test_pages_that_are_pictures_want_recognition(read_all: ReadAll) -> None:
    drawn = Page(drawing=painted(0, 0, 612, 792), pictures=["/Im0 {x0} 0 R"])

    reading = read_all(pdf(Page([Line(72, 700, "Words.")]), drawn, extras=[picture()]), "a.pdf")

    assert reading.scans == (Scan(1, 2),)
    assert reading.document is not None
    assert reading.document.pages == 2
    assert reading.document.gaps == ()
    assert Tally(Unit.PAGES, 2, 1) in reading.document.tallies


def test_a_page_with_nothing_on_it_is_read(read_all: ReadAll) -> None:
    reading = read_all(pdf(Page([Line(72, 700, "Words.")]), Page()), "a.pdf")

    assert reading.scans == ()
    assert reading.document is not None
    assert Tally(Unit.PAGES, 2, 2) in reading.document.tallies


def test_a_stamp_on_a_scan_is_no_text_layer(read_all: ReadAll) -> None:
    stamped = Page(
        [Line(400, 20, "ACME 000123")],
        drawing=painted(0, 0, 612, 792),
        pictures=["/Im0 {x0} 0 R"],
    )

    reading = read_all(pdf(stamped, extras=[picture()]), "a.pdf")

    assert reading.scans == (Scan(0, 1),)
    assert reading.document is not None
    assert reading.document.text == "ACME 000123"


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
    opened = read(data, "a.pdf", "test")
    assert "Issue 15893" in opened.text
    assert Flag.ENCRYPTED in opened.flags


def test_every_word_is_kept_once(read: Read) -> None:
    wide = (" ".join(LEFT[:2]), " ".join(RIGHT[:2]), " ".join(LEFT[2:4]), "The end.")
    page = Page([*prose(72, 700, *LEFT), *prose(330, 700, *RIGHT), *prose(72, 300, *wide)])

    parsed = read(pdf(page), "a.pdf")

    expected = " ".join((*LEFT, *RIGHT, *wide)).split()
    assert sorted(parsed.text.split()) == sorted(expected)
