"""Tables keep the relation of a figure to the headings above it and the label beside it."""

from __future__ import annotations

from appliance.documents import Element, ElementKind, ParsedDocument
from tests.formats.conftest import Read
from tests.formats.paper import Line, Page, pdf


def figure(parsed: ParsedDocument, label: str, *headings: str) -> str:
    """The text of the one cell in the row with this label under all these headings."""
    found = []
    for element in parsed.elements:
        if element.row is None or element.row.heads:
            continue
        cells = element.row.cells
        if cells[0].column or cells[0].span.of(parsed.text) != label:
            continue
        for cell in cells[1:]:
            over = " ".join(heads(parsed, element.row.table, cell.column))
            if all(heading in over for heading in headings):
                found.append(cell.span.of(parsed.text))
    assert len(found) == 1, found
    return found[0]


def heads(parsed: ParsedDocument, table: int, column: int) -> list[str]:
    return [
        cell.span.of(parsed.text)
        for element in parsed.elements
        if element.row is not None and element.row.heads and element.row.table == table
        for cell in element.row.cells
        if cell.column <= column < cell.column + cell.width
    ]


def right(x: float, y: float, text: str, bold: bool = False) -> Line:
    """Text that ends about at x: five points for each character."""
    return Line(x - 5 * len(text), y, text, bold=bold)


def centred(x: float, y: float, text: str) -> Line:
    return Line(x - 2.4 * len(text), y, text)


def table_rows(parsed: ParsedDocument) -> list[Element]:
    return [element for element in parsed.elements if element.row is not None]


INCOME = [
    centred(365, 700, "Three Months Ended"),
    centred(505, 700, "Six Months Ended"),
    *(
        centred(x, 688, t)
        for x, t in zip((330, 400, 470, 540), ("July 1,", "June 25,") * 2, strict=True)
    ),
    *(centred(x, 676, t) for x, t in zip((330, 400, 470, 540), ("2023", "2022") * 2, strict=True)),
    Line(72, 660, "Net sales:"),
]
for at, (label, *row) in enumerate(
    [
        ("Products", "60,584", "63,355", "230,901", "245,241"),
        ("Services", "21,213", "19,604", "62,886", "58,941"),
        ("Total net sales", "81,797", "82,959", "293,787", "(304,182)"),
    ]
):
    INCOME.append(Line(80, 648 - 12 * at, label))
    INCOME += [right(x, 648 - 12 * at, t) for x, t in zip((350, 420, 490, 560), row, strict=True)]


def test_a_figure_is_found_by_its_label_and_all_headings_above_it(read: Read) -> None:
    parsed = read(pdf(Page(INCOME)), "a.pdf")

    assert figure(parsed, "Products", "Three Months Ended", "July 1, 2023") == "60,584"
    assert figure(parsed, "Products", "Six Months Ended", "July 1, 2023") == "230,901"
    assert figure(parsed, "Services", "Three Months Ended", "June 25, 2022") == "19,604"
    assert figure(parsed, "Total net sales", "Six Months Ended", "June 25, 2022") == "(304,182)"


def test_a_heading_over_three_columns_covers_each_of_them(read: Read) -> None:
    lines = [centred(306, 700, "Three Months"), centred(496, 700, "Nine Months")]
    places = (260, 320, 380, 450, 510, 570)
    for x, text in zip(places, ("2023", "2022", "Change") * 2, strict=True):
        lines.append(right(x, 688, text))
    for at, label in enumerate(("Americas", "Europe")):
        figures = (f"{at}{n},000" if n % 3 != 2 else f"{n} %" for n in range(6))
        lines.append(Line(72, 676 - 12 * at, label))
        lines += [right(x, 676 - 12 * at, t) for x, t in zip(places, figures, strict=True)]

    parsed = read(pdf(Page(lines)), "a.pdf")

    assert figure(parsed, "Europe", "Three Months", "2023") == "10,000"
    assert figure(parsed, "Europe", "Nine Months", "2022") == "14,000"
    assert figure(parsed, "Americas", "Nine Months", "Change") == "5 %"


def test_headings_on_several_lines_are_one_cell_and_labels_stay_in_the_table(read: Read) -> None:
    parsed = read(pdf(Page(INCOME)), "a.pdf")

    rows = [element.span.of(parsed.text) for element in table_rows(parsed)]
    assert rows[0] == "Three Months Ended | Six Months Ended"
    assert rows[1] == "July 1, 2023 | June 25, 2022 | July 1, 2023 | June 25, 2022"
    assert rows[2] == "Net sales:"
    assert len({element.row.table for element in table_rows(parsed) if element.row}) == 1


def test_every_cell_is_marked_with_its_place(read: Read) -> None:
    parsed = read(pdf(Page(INCOME)), "a.pdf")

    row = table_rows(parsed)[3]
    assert row.row is not None
    assert [mark.span for mark in row.marks] == [cell.span for cell in row.row.cells]
    lefts = [mark.box.x0 for mark in row.marks]
    assert lefts == sorted(lefts)
    assert row.box is not None
    assert row.box.x0 == lefts[0]


def test_an_empty_cell_keeps_its_column(read: Read) -> None:
    lines = [right(x, 700, t) for x, t in ((300, "2021"), (400, "2022"), (500, "2023"))]
    lines += [Line(72, 680, "Rent"), right(300, 680, "1,000"), right(500, 680, "3,000")]
    lines += [Line(72, 660, "Wages"), *(right(x, 660, "4,000") for x in (300, 400, 500))]

    parsed = read(pdf(Page(lines)), "a.pdf")

    assert figure(parsed, "Rent", "2023") == "3,000"
    assert figure(parsed, "Rent", "2021") == "1,000"


def test_a_label_on_two_lines_is_one_cell(read: Read) -> None:
    lines = [right(400, 700, "2023"), right(500, 700, "2022"), Line(72, 680, "Inventories")]
    lines += [right(400, 680, "10"), right(500, 680, "20")]
    lines += [Line(72, 668, "Total change in unrealized gains on marketable debt")]
    lines += [Line(80, 656, "securities"), right(400, 656, "30"), right(500, 656, "40")]
    lines += [Line(72, 644, "Other"), right(400, 644, "50"), right(500, 644, "60")]

    parsed = read(pdf(Page(lines)), "a.pdf")

    label = "Total change in unrealized gains on marketable debt securities"
    assert figure(parsed, label, "2022") == "40"


def test_a_currency_sign_goes_with_the_figure_after_it(read: Read) -> None:
    lines = [right(300, 700, "2023"), right(400, 700, "2022")]
    for at, label in enumerate(("Cash", "Debt", "Total")):
        y = 680 - 12 * at
        lines += [Line(72, y, label), right(300, y, "(11)"), Line(304, y, "$")]
        lines += [right(400, y, "6,716")]

    parsed = read(pdf(Page(lines)), "a.pdf")

    assert figure(parsed, "Debt", "2023") == "(11)"
    assert figure(parsed, "Debt", "2022") == "$ 6,716"


def test_a_table_goes_on_over_pages_under_the_same_headings(read: Read) -> None:
    first = [Line(72, 770, "Annual report"), right(300, 200, "2023"), right(400, 200, "2022")]
    second = [Line(72, 770, "Annual report")]
    for at in range(6):
        first += [Line(72, 180 - 12 * at, f"Item {at}"), right(300, 180 - 12 * at, f"{at},100")]
        first += [right(400, 180 - 12 * at, f"{at},200")]
        second += [Line(72, 690 - 12 * at, f"More {at}"), right(300, 690 - 12 * at, f"{at},300")]
        second += [right(400, 690 - 12 * at, f"{at},400")]
    first[-1:] = []  # the last row of the first page has one figure less

    parsed = read(pdf(Page(first), Page(second)), "a.pdf")

    assert figure(parsed, "More 3", "2022") == "3,400"
    assert figure(parsed, "Item 3", "2023") == "3,100"


def test_headings_between_figures_begin_another_table(read: Read) -> None:
    lines = []
    for begin, years in ((700, ("2023", "2022")), (640, ("2021", "2020"))):
        lines += [right(300, begin, years[0]), right(400, begin, years[1])]
        for at in range(3):
            y = begin - 14 - 12 * at
            lines += [Line(72, y, f"Row {at}"), right(300, y, f"{begin}"), right(400, y, f"{at}0")]

    parsed = read(pdf(Page(lines)), "a.pdf")

    assert len({element.row.table for element in table_rows(parsed) if element.row}) == 2
    assert figure(parsed, "Row 1", "2023") == "700"
    assert figure(parsed, "Row 1", "2021") == "640"


def test_columns_of_text_are_cells_on_several_lines(read: Read) -> None:
    lines = [Line(x, 700, t, bold=True) for x, t in ((72, "Party"), (200, "Duty"), (400, "Due"))]
    lines += [
        Line(72, 680, "Seller"),
        Line(200, 680, "delivers the goods to"),
        Line(400, 680, "May"),
    ]
    lines += [Line(200, 668, "the first carrier")]
    lines += [Line(72, 650, "Buyer"), Line(200, 650, "pays the price"), Line(400, 650, "June")]

    parsed = read(pdf(Page(lines)), "a.pdf")

    assert figure(parsed, "Seller", "Duty") == "delivers the goods to the first carrier"
    assert figure(parsed, "Buyer", "Due") == "June"


def test_prose_stretched_to_the_margins_is_no_table(read: Read) -> None:
    lines = []
    for at in range(4):  # gaps of eleven points at a font size of ten
        x = 72.0
        for word in ("stretched", "lines", "have", "gaps", "between", "all", "their", "words"):
            lines.append(Line(x, 700 - 12 * at, word))
            x += 5.0 * len(word) + 15

    parsed = read(pdf(Page(lines)), "a.pdf")

    assert {element.kind for element in parsed.elements} == {ElementKind.TEXT}
