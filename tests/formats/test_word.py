"""DOCX: everything in order, tables with their columns, hidden text apart, what runs flagged."""

from __future__ import annotations

import io

import docx
import pytest
from docx.oxml import parse_xml

from appliance.documents import Concealment, ElementKind, Flag, ParsedDocument, Unit
from appliance.formats import kinds
from appliance.formats.ooxml import word as reader
from appliance.formats.ooxml.word_runs import RunReader
from appliance.formats.reading import Wishes
from appliance.sandbox.outcome import ReadingFailed
from tests.formats.packing import W, image, links, of, read, read_all, table, word, zipped

CHART = (
    '<c:chartSpace xmlns:c="c" xmlns:a="a"><c:title><a:p><a:r><a:t>Visits by season</a:t></a:r>'
    "</a:p></c:title><c:ser><c:tx><c:v>Ours</c:v></c:tx><c:cat>"
    "<c:pt idx='0'><c:v>Spring</c:v></c:pt>"
    "<c:pt idx='1'><c:v>Autumn</c:v></c:pt></c:cat><c:val><c:formatCode>0%</c:formatCode>"
    "<c:pt idx='0'><c:v>0.25</c:v></c:pt></c:val></c:ser></c:chartSpace>"
)


def p(text: str, properties: str = "", look: str = "") -> str:
    look = f"<w:rPr>{look}</w:rPr>" if look else ""
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r>{look}<w:t>{text}</w:t></w:r></w:p>"


def tc(text: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{p(text)}</w:tc>"


def tr(*cells: str, properties: str = "") -> str:
    return f"<w:tr><w:trPr>{properties}</w:trPr>{''.join(cells)}</w:tr>"


def hidden(parsed: ParsedDocument) -> list[tuple[Concealment, str]]:
    return [(each.why, each.text) for each in parsed.hidden]


def test_a_table_keeps_its_spans_and_marked_heads() -> None:
    body = (
        "<w:tbl>"
        + tr(tc("Pond", '<w:vMerge w:val="restart"/>'), tc("Ducks", '<w:gridSpan w:val="2"/>'),
             properties="<w:tblHeader/>")
        + tr(tc("", "<w:vMerge/>"), tc("wild"), tc("tame"), properties="<w:tblHeader/>")
        + tr(tc("North"), tc(""), tc("7"))
        + tr(tc("late"), properties='<w:gridBefore w:val="2"/>')
        + "</w:tbl>"
    )  # fmt: skip

    assert table(read(word(body), "a.docx")) == [
        "H 0:Pond 1+2:Ducks",
        "H 1:wild 2:tame",
        "0:North 2:7",
        "2:late",
    ]


def test_a_label_merged_downwards_stands_in_each_of_its_rows() -> None:
    body = (
        "<w:tbl>"
        + tr(tc("Pond"), tc("2019"), tc("2018"))
        + tr(tc("North", '<w:vMerge w:val="restart"/>'), tc("5"), tc("4"))
        + tr(tc("unseen", "<w:vMerge/>"), tc("3"), tc("2"))
        + tr(tc("South"), tc("1"), tc("0"))
        + "</w:tbl>"
    )

    parsed = read(word(body), "a.docx")

    assert table(parsed)[1:] == ["0:North 1:5 2:4", "0:North 1:3 2:2", "0:South 1:1 2:0"]
    assert hidden(parsed) == [(Concealment.HIDDEN, "unseen")]


def test_a_table_within_a_cell_is_a_table_of_its_own() -> None:
    inner = "<w:tbl>" + tr(tc("a"), tc("b")) + "</w:tbl>"
    body = "<w:tbl>" + tr(f"<w:tc>{p('Outer')}{inner}</w:tc>", tc("beside")) + "</w:tbl>"

    parsed = read(word(body), "a.docx")

    assert table(parsed, 0) == ["0:Outer 1:beside"]
    assert table(parsed, 1) == ["0:a 1:b"]


def test_tables_nested_without_end_are_text() -> None:
    body = p("deep")
    for _ in range(150):
        body = "<w:tbl>" + tr(f"<w:tc>{body}</w:tc>", tc("x")) + "</w:tbl>"

    parsed = read(word(body), "a.docx")

    assert parsed.text.count("x") == 150
    assert "deep" in parsed.text


def test_a_frame_of_one_cell_is_read_as_paragraphs() -> None:
    parsed = read(word("<w:tbl>" + tr(tc("Note well")) + "</w:tbl>"), "a.docx")

    assert of(parsed, ElementKind.TEXT) == ["Note well"]


def test_hidden_white_tiny_and_deleted_text_is_kept_apart() -> None:
    body = (
        p("Seen.")
        + p("vanished", look="<w:vanish/>")
        + p("white", look='<w:color w:val="FFFFFF"/>')
        + p("tiny", look='<w:sz w:val="2"/>')
        + "<w:p><w:del><w:r><w:delText>struck</w:delText></w:r></w:del></w:p>"
        + p("shown after all", look='<w:vanish w:val="0"/>')
        + p("on black", look='<w:color w:val="FFFFFF"/><w:shd w:fill="000000"/>')
    )

    parsed = read(word(body), "a.docx")

    assert parsed.text == "Seen.\n\nshown after all\n\non black"
    assert hidden(parsed) == [
        (Concealment.HIDDEN, "vanished"),
        (Concealment.WHITE, "white"),
        (Concealment.TINY, "tiny"),
        (Concealment.HIDDEN, "struck"),
    ]
    assert Flag.HIDDEN_TEXT in parsed.flags


def test_white_text_in_a_shaded_table_is_seen() -> None:
    cell = f"<w:tc>{p('Year', look='<w:color w:val=%FFFFFF%/>'.replace('%', chr(34)))}</w:tc>"
    shade = '<w:shd w:val="clear" w:fill="1F4E79"/>'
    body = "<w:tbl>" + tr(tc("2019", shade), cell) + "</w:tbl>"

    parsed = read(word(body), "a.docx")

    assert table(parsed) == ["0:2019 1:Year"]
    assert not parsed.hidden


def test_a_style_hides_and_names() -> None:
    styles = (
        f"<w:styles {W}><w:style w:type='paragraph' w:styleId='berschrift1'>"
        "<w:name w:val='heading 1'/></w:style>"
        "<w:style w:type='paragraph' w:styleId='Kapitel'><w:name w:val='Kapitel'/>"
        "<w:basedOn w:val='berschrift1'/></w:style>"
        "<w:style w:type='character' w:styleId='G'><w:rPr><w:vanish/></w:rPr></w:style></w:styles>"
    )
    body = p("Part one", '<w:pStyle w:val="Kapitel"/>') + p("gone", look='<w:rStyle w:val="G"/>')
    members = {
        "word/_rels/document.xml.rels": links(r1="styles styles.xml"),
        "word/styles.xml": styles,
    }

    parsed = read(word(body, **members), "a.docx")

    assert of(parsed, ElementKind.TITLE) == ["Part one"]
    assert hidden(parsed) == [(Concealment.HIDDEN, "gone")]


def test_clauses_have_their_numbers() -> None:
    levels = "".join(
        f'<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
        for at, (form, text) in enumerate(
            (("decimal", "%1."), ("decimal", "%1.%2"), ("lowerLetter", "(%3)"))
        )
    )
    numbering = (
        f'<w:numbering {W}><w:abstractNum w:abstractNumId="5">{levels}</w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="5"/></w:num></w:numbering>'
    )

    def item(text: str, level: int) -> str:
        return p(text, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="1"/></w:numPr>')

    members = {
        "word/_rels/document.xml.rels": links(r1="numbering numbering.xml"),
        "word/numbering.xml": numbering,
    }
    body = item("Fees", 0) + item("Rate", 1) + item("Due", 1) + item("in euro", 2) + item("Term", 0)

    parsed = read(word(body, **members), "a.docx")

    assert of(parsed, ElementKind.LIST_ITEM) == [
        "1. Fees", "1.1 Rate", "1.2 Due", "(a) in euro", "2. Term",
    ]  # fmt: skip


def test_headers_notes_comments_boxes_charts_and_equations() -> None:
    rels = links(
        r1="header header1.xml", r2="header header2.xml", r3="footnotes footnotes.xml",
        r4="comments comments.xml", r5="chart charts/chart1.xml", r6="footer footer1.xml",
    )  # fmt: skip
    box = f"<w:r><w:pict><w:txbxContent>{p('Boxed')}</w:txbxContent></w:pict></w:r>"
    sums = (
        '<m:oMath xmlns:m="m"><m:sSup><m:e><m:r><m:t>a</m:t></m:r></m:e>'
        "<m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup></m:oMath>"
    )
    members = {
        "word/_rels/document.xml.rels": rels,
        "word/header1.xml": f"<w:hdr {W}>{p('Draft of March')}</w:hdr>",
        "word/header2.xml": f"<w:hdr {W}>{p('Draft of March')}</w:hdr>",
        "word/footer1.xml": f"<w:ftr {W}>{p('Page')}</w:ftr>",
        "word/footnotes.xml": f"<w:notes {W}><w:footnote>{p('A note.')}</w:footnote></w:notes>",
        "word/comments.xml": f"<w:comments {W}><w:comment>{p('Why?')}</w:comment></w:comments>",
        "word/charts/chart1.xml": CHART,
    }
    body = f"<w:p><w:r><w:t>Here: </w:t></w:r>{sums}{box}</w:p>"

    parsed = read(word(body, **members), "a.docx")

    assert of(parsed, ElementKind.HEADER) == ["Draft of March"]
    assert of(parsed, ElementKind.FOOTER) == ["Page"]
    words = of(parsed, ElementKind.TEXT)
    assert words == ["Here: a^2", "Boxed", "A note.", "Why?", "Visits by season"]
    assert table(parsed) == ["H 1:Ours", "0:Spring 1:25%", "0:Autumn"]


@pytest.mark.parametrize(
    ("instruction", "flags"),
    [
        ('DDEAUTO c:\\\\x "cmd"', {Flag.ACTIVE, Flag.EXTERNAL}),
        ("INCLUDEPICTURE https://example.com/a.png", {Flag.EXTERNAL}),
        ("PAGE", set()),
    ],
)
def test_fields_that_run_or_fetch(instruction: str, flags: set[Flag]) -> None:
    half = len(instruction) // 2

    def run(inner: str) -> str:
        return f"<w:r>{inner}</w:r>"

    body = (
        "<w:p>" + run('<w:fldChar w:fldCharType="begin"/>')
        + run(f"<w:instrText>{instruction[:half]}</w:instrText>")
        + run(f"<w:instrText>{instruction[half:]}</w:instrText>")
        + run('<w:fldChar w:fldCharType="separate"/>') + run("<w:t>result</w:t>")
        + run('<w:fldChar w:fldCharType="end"/>') + "</w:p>"
    )  # fmt: skip

    parsed = read(word(body), "a.docx")

    assert parsed.text == "result"
    assert set(parsed.flags) == flags


@pytest.mark.parametrize(
    ("members", "flags"),
    [
        ({"word/vbaProject.bin": b"x"}, {Flag.ACTIVE}),
        ({"word/activeX/activeX1.xml": "<x/>"}, {Flag.ACTIVE}),
        ({"word/_rels/settings.xml.rels": links(r="attachedTemplate! x:/t")}, {Flag.EXTERNAL}),
        ({"word/_rels/document.xml.rels": links(r="image! http://x/i.png")}, {Flag.EXTERNAL}),
        ({"word/_rels/document.xml.rels": links(r="hyperlink! http://x/")}, set()),
    ],
)  # fmt: skip
def test_what_a_program_would_run_or_fetch(members: dict[str, str], flags: set[Flag]) -> None:
    assert set(read(word(p("Text"), **members), "a.docx").flags) == flags


def test_embedded_files_are_parts_and_large_pictures_are_scans() -> None:
    inner = word(p("Inside"))
    rels = links(r1="package embeddings/offer.docx", r2="image media/image2.png",
                 r3="image media/image10.png", r4="image media/image3.emf")  # fmt: skip
    members: dict[str, str | bytes] = {
        "word/_rels/document.xml.rels": rels,
        "word/embeddings/offer.docx": inner,
        "word/media/image2.png": image(20, 20),
        "word/media/image10.png": image(400, 300),
        "word/media/image3.emf": b"\x01\x00\x00\x00" + bytes(40),
    }

    found = read_all(word(p("Text"), **members), "a.docx")

    assert [(part.name, part.data == inner) for part in found.parts] == [("offer.docx", True)]
    assert [scan.unit for scan in found.scans] == [2]
    assert found.document is not None
    tallies = {t.unit: (t.seen, t.stored) for t in found.document.tallies}
    assert tallies[Unit.PARTS] == (1, 1)
    assert tallies[Unit.PICTURES] == (2, 0)
    assert [gap.reason for gap in found.document.gaps] == ["a drawing in EMF or WMF is not read"]
    later = read_all(word(p("Text"), **members), "a.docx", first_part=1)
    assert (later.document, later.parts) == (None, ())


def test_a_document_that_breaks_off_is_read_as_far_as_it_goes() -> None:
    body = "".join(p(f"Paragraph number {n} of the contract.") for n in range(3000))
    whole = word(body, **{"word/other.xml": "<x/>"})

    parsed = read(whole[: len(whole) // 2], "a.docx")

    assert parsed.text.startswith("Paragraph number 0 of the contract.")
    assert "Paragraph number 900 " in parsed.text
    reasons = {gap.reason for gap in parsed.gaps}
    assert "the file breaks off: what was before the break is read" in reasons
    assert "a part of the file is damaged and read as far as it goes" in reasons


def test_the_count_notices_what_the_reader_leaves_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RunReader, "_inline", lambda *_, **__: None)

    found = read_all(word(p("Lost words")), "a.docx").document

    assert found is not None
    assert [(t.unit, t.seen, t.stored) for t in found.unexplained()] == [(Unit.CHARACTERS, 9, 0)]


def test_a_document_made_by_a_library() -> None:
    document = docx.Document()
    document.add_heading("Service Agreement", 1)
    document.add_paragraph("First item", style="List Bullet")
    document.add_paragraph("")._p.append(parse_xml(f"<w:r {W}><w:t>Bold</w:t></w:r>"))
    made = document.add_table(2, 2)
    made.style = "Light Grid Accent 1"
    for at, text in enumerate(("Fee", "Due", "EUR 5", "June")):
        made.cell(at // 2, at % 2).text = text
    out = io.BytesIO()
    document.save(out)

    parsed = read(out.getvalue(), "a.docx")

    assert of(parsed, ElementKind.TITLE) == ["Service Agreement"]
    assert of(parsed, ElementKind.LIST_ITEM) == ["First item"]
    assert table(parsed) == ["H 0:Fee 1:Due", "0:EUR 5 1:June"]


def test_a_container_without_a_document_is_refused() -> None:
    with pytest.raises(ReadingFailed):
        reader.read(zipped({"a.txt": "x"}), kinds.DOCX, Wishes())
