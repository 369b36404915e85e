"""PPTX: slides in order, tables with their spans, notes, charts, what is out of sight apart."""

from __future__ import annotations

import io

import pytest
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from appliance.documents import Concealment, ElementKind, Flag, Unit
from appliance.formats.ooxml.slide_shapes import ShapeReader
from tests.formats.packing import A, P, image, links, of, read, read_all, slide, table


def sp(text: str, place: str = "", look: str = "", frame: str = "", extra: str = "") -> str:
    place = f'<p:ph type="{place}"/>' if place else ""
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="1" name="x" {extra}/><p:nvPr>{place}</p:nvPr></p:nvSpPr>'
        f"<p:spPr>{frame}</p:spPr><p:txBody><a:p><a:r>{look}<a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"
    )


WHITE = '<a:rPr><a:solidFill><a:srgbClr val="FFFFFF"/></a:solidFill></a:rPr>'


def numbered(text: str) -> str:
    look = '<a:pPr><a:buAutoNum type="arabicPeriod"/></a:pPr>'
    return f"<a:p>{look}<a:r><a:t>{text}</a:t></a:r></a:p>"


def test_the_title_stands_first_and_a_list_is_one() -> None:
    listed = (
        '<p:sp><p:nvSpPr><p:cNvPr id="2" name="b"/><p:nvPr><p:ph type="body"/></p:nvPr></p:nvSpPr>'
        f"<p:txBody>{numbered('One')}{numbered('Two')}"
        "<a:p><a:r><a:t>Plain</a:t></a:r></a:p></p:txBody></p:sp>"
    )

    parsed = read(slide(listed + sp("Results", "title") + sp("3", "sldNum")), "a.pptx")

    assert parsed.pages == 1
    assert parsed.text.startswith("Results\n\n1. One\n\n2. Two\n\nPlain")
    assert of(parsed, ElementKind.FOOTER) == ["3"]


def test_a_table_keeps_its_spans() -> None:
    def tc(text: str, attributes: str = "") -> str:
        words = f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>"
        return f"<a:tc {attributes}><a:txBody>{words}</a:txBody></a:tc>"

    inner = (
        '<a:tbl><a:tblPr firstRow="1"/>'
        f"<a:tr>{tc('Pond')}{tc('Ducks', 'gridSpan=%2%'.replace('%', chr(34)))}"
        f'<a:tc hMerge="1"/></a:tr>'
        f"<a:tr>{tc('North')}{tc('5')}{tc('7')}</a:tr></a:tbl>"
    )
    data = f"<a:graphic><a:graphicData>{inner}</a:graphicData></a:graphic>"
    frame = f"<p:graphicFrame>{data}</p:graphicFrame>"

    assert table(read(slide(frame), "a.pptx")) == ["H 0:Pond 1+2:Ducks", "0:North 1:5 2:7"]


@pytest.mark.parametrize(
    ("shape", "why"),
    [
        (sp("secret", extra='hidden="1"'), Concealment.HIDDEN),
        (sp("secret", look=WHITE), Concealment.WHITE),
        (sp("secret", look='<a:rPr sz="100"/>'), Concealment.TINY),
        (
            sp("secret", frame='<a:xfrm><a:off x="9999999" y="0"/><a:ext cx="9" cy="9"/></a:xfrm>'),
            Concealment.OUTSIDE,
        ),
    ],
)
def test_what_is_out_of_sight_is_kept_apart(shape: str, why: Concealment) -> None:
    parsed = read(slide(sp("Seen") + shape), "a.pptx")

    assert parsed.text == "Seen"
    assert [(each.why, each.text, each.page) for each in parsed.hidden] == [(why, "secret", 1)]


def test_white_text_on_anything_but_white_paper_is_seen() -> None:
    filled = sp("on blue", look=WHITE, frame="<a:solidFill><a:srgbClr val='0000FF'/></a:solidFill>")

    assert read(slide(filled), "a.pptx").text == "on blue"
    layout = (
        f"<p:sldLayout {P} {A}><p:cSld><p:bg><p:bgPr><a:solidFill><a:srgbClr val='112233'/>"
        "</a:solidFill></p:bgPr></p:bg></p:cSld></p:sldLayout>"
    )
    members = {
        "ppt/slides/_rels/slide1.xml.rels": links(
            r1="slideLayout ../slideLayouts/slideLayout1.xml"
        ),
        "ppt/slideLayouts/slideLayout1.xml": layout,
    }
    assert read(slide(sp("on dark", look=WHITE), **members), "a.pptx").text == "on dark"


def test_words_of_a_layout_are_said_once() -> None:
    shapes = sp("Strictly private") + sp("Click here", "title")
    layout = f"<p:sldLayout {P} {A}><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:sldLayout>"
    members = {
        "ppt/slides/_rels/slide1.xml.rels": links(
            r1="slideLayout ../slideLayouts/slideLayout1.xml"
        ),
        "ppt/slideLayouts/slideLayout1.xml": layout,
    }

    parsed = read(slide(sp("Text"), **members), "a.pptx")

    assert of(parsed, ElementKind.FOOTER) == ["Strictly private"]
    assert "Click here" not in parsed.text


def test_a_missing_slide_is_a_gap() -> None:
    rels = links(r1="slide slides/gone.xml")

    found = read_all(slide("", **{"ppt/_rels/presentation.xml.rels": rels}), "a.pptx")

    assert found.document is not None
    assert [(g.reason, g.page, g.unit) for g in found.document.gaps] == [
        ("a slide is missing or damaged", 1, Unit.PAGES)
    ]


def test_pictures_have_their_slide_and_their_words() -> None:
    words = '<p:cNvPr id="4" name="Picture" descr="A map of the site"/>'
    picture = f"<p:pic><p:nvPicPr>{words}</p:nvPicPr></p:pic>"
    members: dict[str, str | bytes] = {
        "ppt/slides/_rels/slide1.xml.rels": links(r1="image ../media/image1.png"),
        "ppt/media/image1.png": image(300, 300),
        "ppt/media/image2.png": image(900, 900),  # nothing shows it
    }

    found = read_all(slide(picture, **members), "a.pptx")

    assert [(scan.unit, scan.page) for scan in found.scans] == [(0, 1)]
    assert found.document is not None
    assert found.document.text == "A map of the site"


def test_a_presentation_made_by_a_library() -> None:
    deck = Presentation()
    first = deck.slides.add_slide(deck.slide_layouts[5])
    first.shapes.title.text = "Results"
    data = CategoryChartData()  # type: ignore[no-untyped-call]
    data.categories = ["Spring", "Autumn"]
    data.add_series("Visits", (120, 80))  # type: ignore[no-untyped-call]
    place = (Inches(1), Inches(2), Inches(4), Inches(3))
    first.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *place, data)
    second = deck.slides.add_slide(deck.slide_layouts[5])
    second.shapes.title.text = "Outlook"
    second.notes_slide.notes_text_frame.text = "Say this aloud."
    second._element.set("show", "0")
    out = io.BytesIO()
    deck.save(out)

    parsed = read(out.getvalue(), "a.pptx")

    assert parsed.pages == 2
    assert table(parsed) == ["H 1:Visits", "0:Spring 1:120", "0:Autumn 1:80"]
    assert parsed.page_of(parsed.text.index("Outlook")) == 2
    assert parsed.page_of(parsed.text.index("Say this aloud.")) == 2
    assert parsed.flags == (Flag.HIDDEN_TEXT,)
    assert not read_all(out.getvalue(), "a.pptx").parts  # the workbook behind a chart is none


def test_the_count_notices_what_the_reader_leaves_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ShapeReader, "_add_shape", lambda *_: None)

    found = read_all(slide(sp("Lost words")), "a.pptx").document

    assert found is not None
    assert [t.unit for t in found.unexplained()] == [Unit.CHARACTERS]
