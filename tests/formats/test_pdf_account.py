"""The account of a PDF counts what PDFium holds, so that it notices what the reader loses."""

from __future__ import annotations

import random

import pypdfium2 as pdfium
import pytest

from appliance.documents import Box, ElementKind, Gap, Tally, Unit
from appliance.errors import InputUnreadable
from appliance.formats.build import DocumentBuilder
from appliance.formats.pdf.pages import Pages
from appliance.formats.pdf.story import Story
from tests.conftest import SAMPLES
from tests.formats.conftest import Read, ReadAll
from tests.formats.paper import Line, Page, painted, pdf, picture, prose

WORDS = [
    "the",
    "buyer",
    "pays",
    "a",
    "price",
    "for",
    "goods",
    "that",
    "were",
    "delivered",
    "as",
    "agreed",
]


class Forgetful(DocumentBuilder):
    """Test double: loses every second paragraph, as a faulty reader would."""

    def add_marked(  # type: ignore[override]
        self, kind: ElementKind, pieces: list[tuple[str, Box]], *rest: object, **more: object
    ) -> None:
        self.calls = getattr(self, "calls", 0) + 1
        if self.calls % 2:
            super().add_marked(kind, pieces, *rest, **more)  # type: ignore[arg-type]


def paragraphs(count: int, seed: int) -> Page:
    drawn = random.Random(seed)  # noqa: S311
    lines: list[Line] = []
    for at in range(count):
        lines += prose(72, 740 - 40 * at, " ".join(drawn.choices(WORDS, k=9)), "ends here.")
    return Page(lines)


@pytest.mark.parametrize("kept", [DocumentBuilder, Forgetful])
def test_the_account_notices_what_a_reader_loses(kept: type[DocumentBuilder]) -> None:
    with pdfium.PdfDocument(pdf(paragraphs(6, 1), paragraphs(8, 2))) as document:
        story = Story(kept("application/pdf"))
        pages = Pages(document, None)
        story.tell([pages.load(number) for number in (1, 2)])
        pages.close()
        parsed = story.finish(2)

    assert [tally.unit for tally in parsed.unexplained()] == (
        [Unit.CHARACTERS] if kept is Forgetful else []
    )


@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_lost_wherever_lines_stand(read: Read, seed: int) -> None:
    drawn = random.Random(seed)  # noqa: S311
    lines = [
        Line(
            drawn.uniform(10, 500),
            drawn.uniform(20, 770),
            " ".join(drawn.choices(WORDS, k=drawn.randint(1, 8))),
            drawn.choice([6.0, 8.0, 10.0, 10.0, 10.0, 14.0]),
            drawn.random() < 0.2,
        )
        for _ in range(40)
    ]
    parsed = read(pdf(Page(lines, rotate=drawn.choice([0, 90, 180, 270]))), "a.pdf")

    assert parsed.unexplained() == ()
    assert parsed.gaps == ()


def test_a_picture_beside_text_is_a_gap(read: Read) -> None:
    page = Page(
        prose(72, 300, *["These words stand beside a picture of some size."] * 8),
        drawing=painted(72, 400, 300, 200),
        pictures=["/Im0 {x0} 0 R"],
    )

    parsed = read(pdf(page, extras=[picture()]), "a.pdf")

    assert Tally(Unit.PICTURES, 1, 0) in parsed.tallies
    assert [(gap.unit, gap.page) for gap in parsed.gaps] == [(Unit.PICTURES, 1)]
    assert parsed.unexplained() == ()


def test_a_picture_in_a_form_on_the_page_is_seen(read_all: ReadAll) -> None:
    content = "q 200 0 0 200 50 50 cm /Im0 Do Q"
    form = (
        "<< /Type /XObject /Subtype /Form /BBox [0 0 300 300] /Matrix [2 0 0 2 0 0] "
        "/Resources << /XObject << /Im0 {x0} 0 R >> >> "
        f"/Length {len(content)} >>\nstream\n{content}\nendstream"
    )
    page = Page(drawing="/Fm0 Do\n", pictures=["/Fm0 {x1} 0 R"])

    reading = read_all(pdf(page, extras=[picture(), form]), "a.pdf")

    assert [scan.page for scan in reading.scans] == [1]
    assert reading.document is not None
    assert Tally(Unit.PICTURES, 1, 1) in reading.document.tallies


def test_a_form_that_holds_itself_ends(read: Read) -> None:
    content = "BT /F1 10 Tf 72 600 Td (In the form.) Tj ET /Fm0 Do"
    form = (
        "<< /Type /XObject /Subtype /Form /BBox [0 0 612 792] "
        "/Resources << /XObject << /Fm0 {x0} 0 R >> /Font << /F1 3 0 R >> >> "
        f"/Length {len(content)} >>\nstream\n{content}\nendstream"
    )
    page = Page([Line(72, 700, "On the page.")], after="/Fm0 Do\n", pictures=["/Fm0 {x0} 0 R"])

    parsed = read(pdf(page, extras=[form]), "a.pdf")

    assert "On the page." in parsed.text
    assert "In the form." in parsed.text


def test_a_cyclic_tree_of_pages_ends(read: Read) -> None:
    cyclic = pdf(Page([Line(72, 700, "Words.")])).replace(b"/Kids [6 0 R]", b"/Kids [6 0 R 2 0 R]")
    parsed = read(cyclic, "a.pdf")

    assert "Words." in parsed.text


def test_a_tree_that_claims_a_million_pages_is_bounded(read: Read) -> None:
    data = pdf(Page([Line(72, 700, "Words.")])).replace(b"/Count 1 ", b"/Count 1000000 ")
    try:
        parsed = read(data, "a.pdf")
    except InputUnreadable:
        return  # PDFium may refuse it
    assert "Words." in parsed.text
    assert parsed.unexplained() == ()


def test_a_damaged_page_is_a_gap_that_explains_the_account(read: Read) -> None:
    parsed = read((SAMPLES / "hostile" / "Pages-tree-refs.pdf").read_bytes(), "a.pdf")

    assert Gap("page is damaged", 2, Unit.PAGES) in parsed.gaps or parsed.gaps
    assert parsed.unexplained() == ()


def test_letters_without_meaning_want_recognition(read_all: ReadAll) -> None:
    data = pdf(Page([Line(72, 700 - 12 * at, "\x01\x02\x03 \x04\x05\x06 \x01") for at in range(9)]))

    assert [scan.page for scan in read_all(data, "a.pdf").scans] == [1]
