"""The page of one document: everything in it, nothing runs, every finding at its place."""

from __future__ import annotations

import re
import zlib

import pytest

from appliance.app.work.keeping import kept
from appliance.documents import (
    Box,
    Citation,
    CollectionId,
    Document,
    DocumentId,
    Element,
    ElementKind,
    Mark,
    ParsedDocument,
    Span,
)
from appliance.export.cells import EVIDENCE, Extracted, evidence, overview
from appliance.export.findings import group
from appliance.export.page import page
from appliance.export.places import Place, places
from appliance.export.png import png
from appliance.formats.drawn import Picture
from appliance.results import (
    Answer,
    Basis,
    FieldValue,
    Found,
    Kept,
    Outcome,
    Request,
    Section,
    Statement,
    Status,
    Summary,
)

ID, OTHER = DocumentId("a" * 32), DocumentId("b" * 32)
TEXT = "The term is two years.\nIt ends in <May>."
LINE = Mark(Span(0, 22), Box(100, 50, 320, 60))
PARSED = ParsedDocument(
    TEXT,
    (
        Element(ElementKind.TEXT, Span(0, 22), 1, Box(100, 50, 320, 60), (LINE,)),
        Element(ElementKind.TEXT, Span(23, 40), 2, Box(0, 0, 10, 10)),
    ),
    "application/pdf",
    2,
)
DOCUMENT = Document(
    ID, CollectionId("c" * 32), "<b>x</b>.pdf", 1, "application/pdf", 9, 2, 40, 1, 0
)
TERM = Citation(ID, Span(12, 21), "two years", 1)
MAY = Citation(ID, Span(34, 39), "<May>", 2)
BASIS = Basis("1", "r", "m", "sha256:" + "d" * 64, "e", (), ((ID, 1),))
SHEET = Picture(600, 800, 1.0, b"\xff" * (600 * 800 * 3))


def result(outcome: Outcome, kind: str = "extract", argument: str = "legal/contract") -> Kept:
    return kept(Request(kind, argument), BASIS, outcome)


FIELDS = (
    FieldValue("term", Status.FOUND, (Found(TERM, "P2Y", 0.9),)),
    FieldValue("end", Status.CONFLICTING, (Found(MAY, "05"), Found(TERM, "x"))),
    FieldValue("cap", Status.NOT_STATED, reason="no sentence speaks of it"),
)


def made(kept: Kept, pictures: dict[int, Picture] | None = None) -> str:
    return page(DOCUMENT, PARSED, [group("f" * 32, kept, ID)], pictures or {})


def test_a_span_is_a_part_of_its_line() -> None:
    (place,) = places(PARSED, TERM.span)
    assert place == Place(1, Box(220.0, 50, 310.0, 60))
    assert places(PARSED, Span(0, 22)) == (Place(1, LINE.box),)
    assert places(PARSED, MAY.span) == (Place(2, Box(0, 0, 10, 10)),), "no lines known: the element"
    assert len(places(PARSED, Span(0, 40))) == 2


def test_findings_stand_on_their_page_or_in_the_text() -> None:
    both = made(result(FIELDS), {1: SHEET})
    assert 'style="left:36.67%;top:6.25%;width:15.00%;height:1.25%"' in both
    assert both.count("<img ") == 1
    assert "<mark>&lt;May&gt;</mark>" in both, "page 2 cannot be shown: its text is"
    assert "<mark>two years</mark>" not in both
    text_alone = made(result(FIELDS))
    assert "<mark>two years</mark>" in text_alone
    assert "<img " not in text_alone
    for shown in (both, text_alone):
        links = re.findall(r'href="#(m\d+)"', shown)
        assert set(links) == set(re.findall(r'id="(m\d+)"', shown)) == {"m1", "m2"}


def test_every_status_is_said() -> None:
    shown = made(result(FIELDS))
    assert "= P2Y, confidence 0.90" in shown
    assert "conflicting" in shown
    assert "no sentence speaks of it" in shown


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Answer(Status.NOT_STATED, (), "nothing fits"), "The documents do not say."),
        (Answer(Status.CONFLICTING, (Statement("two", (TERM,)),)), "say different things"),
        (Answer(Status.FOUND, (Statement("7", (TERM,), "3 + 4 = 7"),)), "3 + 4 = 7"),
        (Summary(ID, (Statement("s", (TERM,)),), 2, 1), "2 sentence(s) without evidence"),
        (
            Summary(ID, (), 0, 1, sections=(Section("Exhibit B", Span(0, 1), 1, 1, False),)),
            "Exhibit B",
        ),
    ],
)
def test_answers_and_summaries(outcome: Outcome, said: str) -> None:
    assert said in made(result(outcome, "ask", "how long?"))


def test_nothing_of_another_document_is_shown() -> None:
    elsewhere = Citation(OTHER, Span(0, 6), "secret", 1)
    answer = Answer(Status.FOUND, (Statement("secret", (elsewhere,)), Statement("two", (TERM,))))
    assert "secret" not in made(result(answer, "ask", "how long?"))


def test_the_page_runs_and_fetches_nothing() -> None:
    shown = made(result(FIELDS, argument="<script>alert(1)</script>"), {1: SHEET})
    assert "<script" not in shown
    assert "<b>x</b>" not in shown
    assert re.findall(r"(?:https?:|//)[^\s\"']*", shown.replace(_image(shown), "")) == []
    assert "default-src 'none'" in shown
    assert not re.search(r"\son\w+=", shown)


def _image(shown: str) -> str:
    return str(re.findall(r"data:image/png;base64,[^\"]*", shown)[0])


def test_the_same_results_give_the_same_page() -> None:
    assert made(result(FIELDS), {1: SHEET}) == made(result(FIELDS), {1: SHEET})


def test_a_picture_is_a_png() -> None:
    import io

    from PIL import Image  # another decoder

    pixels = bytes(range(2 * 3 * 3))
    data = png(Picture(2, 3, 1.0, pixels))
    with Image.open(io.BytesIO(data)) as opened:
        assert (opened.size, opened.mode, opened.tobytes()) == ((2, 3), "RGB", pixels)
    assert zlib.crc32(data) == zlib.crc32(png(Picture(2, 3, 1.0, pixels)))


def test_a_table_has_a_row_per_document_and_one_per_value() -> None:
    extracted = [Extracted(ID, "x.pdf", FIELDS)]
    assert overview(extracted) == (
        ("document", "name", "term", "end", "cap"),
        (ID, "x.pdf", "P2Y", "conflicting: 05; x", None),
    )
    head, term, *_, cap = evidence(extracted)
    assert head == EVIDENCE
    assert term == (
        ID, "x.pdf", "term", "found", "two years", "P2Y", 0.9, None, None, 1, 12, 21, "",
    )  # fmt: skip
    assert cap[3:5] == ("not stated", None)
    assert cap[-1] == "no sentence speaks of it"
    assert {len(row) for row in evidence(extracted)} == {len(EVIDENCE)}
