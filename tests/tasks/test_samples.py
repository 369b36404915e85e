from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from appliance.documents import ElementKind
from appliance.tasks.samples import sample


def test_bars_make_rows_and_blank_lines_part_paragraphs() -> None:
    parsed = sample("FORM\n\nSome words\nin two lines.\n| | 2020 |\n| Assets | 5 |\n\n| A | 6 |")
    assert [e.kind for e in parsed.elements] == [
        ElementKind.TITLE,
        ElementKind.TEXT,
        *[ElementKind.TABLE_ROW] * 3,
    ]
    rows = [e.row for e in parsed.elements if e.row]
    assert [(row.table, row.heads) for row in rows] == [(0, True), (0, False), (0, False)]
    assert [(c.span.of(parsed.text), c.column) for c in rows[0].cells] == [("2020", 1)]
    assert [(c.span.of(parsed.text), c.column) for c in rows[1].cells] == [("Assets", 0), ("5", 1)]


@given(st.text(alphabet="ab |\n.1"))
def test_every_cell_is_a_span_of_the_text(text: str) -> None:
    for element in sample(text).elements:
        assert element.span.of(text).strip()
        for cell in element.row.cells if element.row else ():
            assert cell.span.of(text).strip() == cell.span.of(text) != ""
