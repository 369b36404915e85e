"""ODT, ODS and ODP: text in order, tables with their columns, slides, what is hidden apart."""

from __future__ import annotations

import pytest

from appliance.documents import Concealment, ElementKind, Flag, Unit
from appliance.formats.odf import tables as odf_tables
from appliance.formats.odf.blocks import BlockReader
from appliance.sandbox.outcome import Outcome, ReadingFailed
from tests.formats.packing import image, of, open_document, read, read_all, table

HIDING = (
    '<style:style style:name="H" style:family="text"><style:text-properties text:display="none"/>'
    '</style:style><style:style style:name="W" style:family="paragraph">'
    '<style:text-properties fo:color="#FFFFFF"/></style:style>'
    '<style:style style:name="B" style:family="paragraph" style:parent-style-name="W">'
    '<style:paragraph-properties fo:background-color="#000000"/></style:style>'
)
NUMBERED = (
    '<text:list-style style:name="N"><text:list-level-style-number text:level="1" '
    'style:num-format="1" style:num-suffix="."/></text:list-style>'
)


TITLED = 'presentation:class="title"'
COVERED = "<table:covered-table-cell/>"


def cell(text: str, attributes: str = "") -> str:
    inner = f"<text:p>{text}</text:p>" if text else ""
    return f"<table:table-cell {attributes}>{inner}</table:table-cell>"


def row(*cells: str, repeated: int = 1) -> str:
    repeats = f'table:number-rows-repeated="{repeated}"'
    return f"<table:table-row {repeats}>{''.join(cells)}</table:table-row>"


def shape(text: str, attributes: str = "") -> str:
    words = f"<draw:text-box><text:p>{text}</text:p></draw:text-box>"
    return f"<draw:frame {attributes}>{words}</draw:frame>"


BLANK = cell("", 'table:number-columns-repeated="16384"')


def test_text_in_order() -> None:
    body = (
        '<text:h text:outline-level="1">Terms</text:h>'
        "<text:p>Pay<text:s text:c='2'/>net <text:span>30</text:span> days"
        "<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>From receipt."
        "</text:p></text:note-body></text:note>.</text:p>"
        '<text:list text:style-name="N"><text:list-item><text:p>one</text:p></text:list-item>'
        "<text:list-item><text:p>two</text:p></text:list-item></text:list>"
        "<text:p><draw:frame><draw:text-box><text:p>Boxed</text:p></draw:text-box></draw:frame></text:p>"
    )

    parsed = read(open_document("text", body, NUMBERED), "a.odt")

    assert of(parsed, ElementKind.TITLE) == ["Terms"]
    assert of(parsed, ElementKind.LIST_ITEM) == ["1. one", "2. two"]
    assert of(parsed, ElementKind.TEXT) == ["Pay net 30 days1.", "From receipt.", "Boxed"]


def test_a_table_with_heads_spans_and_repeats() -> None:
    body = (
        "<table:table><table:table-header-rows>"
        + row(
            cell("Pond"),
            cell("Ducks", 'table:number-columns-spanned="2"'),
            "<table:covered-table-cell/>",
        )
        + "</table:table-header-rows>"
        + row(cell("North"), cell("", 'table:number-columns-repeated="1"'), cell("7"))
        + row(cell("x", 'table:number-columns-repeated="3"'))
        + "</table:table>"
    )

    assert table(read(open_document("text", body), "a.odt")) == [
        "H 0:Pond 1+2:Ducks",
        "0:North 2:7",
        "0:x 1:x 2:x",
    ]


def test_what_is_not_shown_is_kept_apart() -> None:
    body = (
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>struck</text:p>"
        "</text:deletion></text:changed-region></text:tracked-changes>"
        '<text:p>Seen <text:span text:style-name="H">vanished</text:span></text:p>'
        '<text:p text:style-name="W">white</text:p><text:p text:style-name="B">on black</text:p>'
        '<text:section text:display="none"><text:p>folded</text:p></text:section>'
    )

    parsed = read(open_document("text", body, HIDING), "a.odt")

    assert parsed.text == "Seen\n\non black"
    assert [(each.why, each.text) for each in parsed.hidden] == [
        (Concealment.HIDDEN, "struck"),
        (Concealment.HIDDEN, "vanished"),
        (Concealment.WHITE, "white"),
        (Concealment.HIDDEN, "folded"),
    ]


def test_a_sheet_with_a_title_and_two_tables() -> None:
    body = (
        '<table:table table:name="Ducks">'
        + row(cell("Ducks of the year"))
        + row(cell("Year"), cell("Count"))
        + row(cell("2019"), cell("120", 'office:value-type="float" office:value="120"'))
        + row(BLANK, repeated=5)
        + row(cell("City"), cell("Area"), cell("People"))
        + row(cell("Bern"), cell("5"), cell("6"))
        + row(BLANK, repeated=1_048_000)
        + "</table:table>"
    )

    parsed = read(open_document("spreadsheet", body), "a.ods")

    assert of(parsed, ElementKind.TITLE) == ["Ducks", "Ducks of the year"]
    assert table(parsed, 0) == ["H 0:Year 1:Count", "0:2019 1:120"]
    assert table(parsed, 1) == ["H 0:City 1:Area 2:People", "0:Bern 1:5 2:6"]
    tallies = {t.unit: (t.seen, t.stored) for t in parsed.tallies}
    assert tallies[Unit.SHEETS] == (1, 1)
    assert tallies[Unit.CELLS] == (11, 11)


def test_repeats_without_end_are_bounded_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(odf_tables, "MOST_CELLS", 100)
    bomb = row(cell("1", 'table:number-columns-repeated="16384"'), repeated=1_048_576)

    parsed = read(
        open_document("spreadsheet", f'<table:table table:name="S">{bomb}</table:table>'), "a.ods"
    )

    assert len(parsed.text) < 1000
    assert [(g.reason, g.unit) for g in parsed.gaps] == [
        ("cells that repeat beyond a bound", Unit.CELLS)
    ]


def test_slides_have_their_pages_titles_and_notes() -> None:
    body = (
        f"<draw:page>{shape('Body')}{shape('Results', TITLED)}"
        f"<presentation:notes>{shape('Aloud')}</presentation:notes></draw:page>"
        f"<draw:page>{shape('Outlook')}</draw:page>"
    )

    parsed = read(open_document("presentation", body), "a.odp")

    assert parsed.text == "Results\n\nBody\n\nAloud\n\nOutlook"
    assert [e.page for e in parsed.elements] == [1, 1, 1, 2]
    assert parsed.pages == 2


def test_flags_parts_and_pictures() -> None:
    linked = '<draw:frame><draw:image xlink:href="https://example.com/a.png"/></draw:frame>'
    body = f"<text:p>Text{linked}</text:p>"
    members: dict[str, str | bytes] = {
        "Basic/Standard/Module1.xml": "<x/>",
        "Object 1": b"%PDF-1.4 not an OLE container",
        "Pictures/1.png": image(300, 300),
        "Pictures/TablePreview1.svm": b"VCLMTF",
    }

    found = read_all(open_document("text", body, "", **members), "a.odt")

    assert found.document is not None
    assert set(found.document.flags) == {Flag.ACTIVE, Flag.EXTERNAL}
    assert [part.name for part in found.parts] == ["Object 1"]
    assert [scan.unit for scan in found.scans] == [0]


def test_sections_nested_without_end_are_text() -> None:
    body = "<text:section>" * 300 + "<text:p>deep</text:p>" + "</text:section>" * 300

    assert read(open_document("text", body), "a.odt").text == "deep"


def test_an_encrypted_document_is_said_to_be_so() -> None:
    manifest = "<manifest><file-entry><encryption-data/></file-entry></manifest>"

    with pytest.raises(ReadingFailed) as failed:
        read(open_document("text", "", **{"META-INF/manifest.xml": manifest}), "a.odt")
    assert failed.value.outcome is Outcome.ENCRYPTED


def test_the_count_notices_what_the_reader_leaves_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BlockReader, "_add_paragraph", lambda *_, **__: None)

    found = read_all(open_document("text", "<text:p>Lost words</text:p>"), "a.odt").document

    assert found is not None
    assert [t.unit for t in found.unexplained()] == [Unit.CHARACTERS]
