"""What stands above and beside a cell of a read table."""

from __future__ import annotations

from appliance.documents import Element, ElementKind, ParsedDocument, Span
from appliance.formats.build import DocumentBuilder, Entry
from appliance.tables import TableHeads, column_heads, head_rows, row_head

E = Entry


def report() -> ParsedDocument:
    """Two rows of heads, the upper one over two columns; then a table that begins anew."""
    builder = DocumentBuilder("text/plain")
    one, other = builder.new_table(), builder.new_table()
    builder.add_row([E("Year ended", 1, 2), E("Change", 3)], table=one, heads=True)
    builder.add_row([E("2019", 1), E("2018", 2)], table=one, heads=True)
    builder.add_row([E("Revenue", 0), E("100", 1), E("90", 2), E("11 %", 3)], table=one)
    builder.add_row([E("Both years", 0), E("190", 1, 2)], table=one)
    builder.add_row([E("Name", 0), E("Shares", 1)], table=other, heads=True)
    builder.add_row([E("A. Smith", 0), E("7", 1)], table=other)
    builder.add_row([E("Dec 2017", 1)], table=one, heads=True)
    builder.add_row([E("Revenue", 0), E("80", 1), E("70", 2)], table=one)
    return builder.finish()


def named(parsed: ParsedDocument, text: str) -> list[str]:
    """The heads of the cell with this text."""
    for element in parsed.elements:
        for cell in element.row.cells if element.row else ():
            if cell.span.of(parsed.text) == text:
                return [span.of(parsed.text) for span in column_heads(parsed, element, cell)]
    raise AssertionError(text)


def test_a_cell_is_named_by_every_head_above_its_columns() -> None:
    parsed = report()
    assert named(parsed, "100") == ["Year ended", "2019"]
    assert named(parsed, "90") == ["Year ended", "2018"]
    assert named(parsed, "11 %") == ["Change"]
    assert named(parsed, "190") == ["Year ended", "2019", "2018"]


def test_heads_of_another_table_name_nothing() -> None:
    assert named(report(), "7") == ["Shares"]


def test_nearer_heads_take_over_where_they_name_the_column() -> None:
    parsed = report()
    assert named(parsed, "80") == ["Dec 2017"]
    assert named(parsed, "70") == ["Year ended", "2018"]


def test_heads_name_no_cell_above_them_and_no_head() -> None:
    parsed = report()
    assert "Dec 2017" not in named(parsed, "100")
    assert named(parsed, "2019") == []


def test_a_row_is_named_by_its_first_cell() -> None:
    parsed = report()
    labels = [span.of(parsed.text) for e in parsed.elements if (span := row_head(e))]
    assert labels[2:4] == ["Revenue", "Both years"]
    assert row_head(Element(ElementKind.TEXT, Span(0, 1))) is None
    assert row_head(Element(ElementKind.TABLE_ROW, Span(0, 1))) is None


def test_head_rows_that_stand_together_are_one_group() -> None:
    parsed = report()
    groups = [(g.table, g.span.of(parsed.text)) for g in head_rows(parsed.elements)]
    assert groups == [
        (0, "Year ended | Change\n2019 | 2018"),
        (1, "Name | Shares"),
        (0, "Dec 2017"),
    ]


def test_a_row_outside_tables_has_no_heads() -> None:
    parsed = report()
    plain = Element(ElementKind.TABLE_ROW, Span(0, 3))
    assert TableHeads.of(parsed).above(plain) == ()
