"""Text that nobody sees is kept apart and flagged; text that is seen stays."""

from __future__ import annotations

import pytest

from appliance.documents import Concealment, Flag
from tests.formats.conftest import Read
from tests.formats.paper import Line, Page, painted, pdf, picture, shown

SEEN = Line(72, 700, "Words for everybody.")
SECRET = "Words for nobody."


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (shown(SECRET, 72, 600, before="3 Tr"), Concealment.INVISIBLE),
        (shown(SECRET, 72, 600, before="1 1 1 rg"), Concealment.WHITE),
        (shown(SECRET, 72, 600, before="0.96 0.98 0.97 rg"), Concealment.WHITE),
        (shown(SECRET, 72, 600, before="1 1 1 rg 1 1 1 RG 2 Tr"), Concealment.WHITE),
        (
            "0 0 0.5 rg 60 580 300 40 re f\n" + shown(SECRET, 72, 600, before="0 0 0.5 rg"),
            Concealment.WHITE,
        ),
        (shown(SECRET, 72, 600, size=1), Concealment.TINY),
        (shown(SECRET, 720, 6000, before="0.1 0 0 0.1 0 0 cm"), Concealment.TINY),
        (shown(SECRET, 72, 900), Concealment.OUTSIDE),
        (shown(SECRET, -300, 600), Concealment.OUTSIDE),
        (shown(SECRET, 72, 600) + "0 g 60 590 200 30 re f\n", Concealment.HIDDEN),
    ],
)
def test_what_nobody_sees_is_kept_apart(read: Read, content: str, why: Concealment) -> None:
    parsed = read(pdf(Page([SEEN], after=content)), "a.pdf")

    assert parsed.text == SEEN.text
    assert [(hidden.why, hidden.text, hidden.page) for hidden in parsed.hidden] == [
        (why, SECRET, 1)
    ]
    assert Flag.HIDDEN_TEXT in parsed.flags
    assert parsed.unexplained() == ()


@pytest.mark.parametrize(
    "content",
    [
        "0 0 0.4 rg 60 590 300 30 re f\n" + shown(SECRET, 72, 600, before="1 1 1 rg"),
        "0.9 g 60 590 300 30 re f\n" + shown(SECRET, 72, 600, before="0.4 g"),
        shown(SECRET, 72, 600, before="1 1 1 rg 0 0 0 RG 2 Tr"),  # white with a black outline
        shown(SECRET, 72, 600, size=5),
        shown(SECRET, 7200, 60000, size=1000, before="0.01 0 0 0.01 0 0 cm"),
        shown(SECRET, 72, 600) + "0 g 60 590 200 1 re f\n",  # a rule through it
        shown(SECRET, 72, 600) + "q 400 0 50 50 re W n 0 g 60 590 200 30 re f Q\n",  # clipped away
        painted(60, 560, 400, 100) + shown(SECRET, 72, 600, before="1 1 1 rg"),
    ],
)
def test_what_is_seen_stays(read: Read, content: str) -> None:
    page = Page([SEEN], after=content, pictures=["/Im0 {x0} 0 R"])

    parsed = read(pdf(page, extras=[picture()]), "a.pdf")

    assert SECRET in parsed.text
    assert parsed.hidden == ()


def test_the_text_layer_of_a_scan_is_seen(read: Read) -> None:
    layer = "".join(
        shown(f"Line {at} of the recognised text.", 72, 700 - 14 * at, before="3 Tr")
        for at in range(20)
    )
    page = Page(drawing=painted(0, 0, 612, 792), after=layer, pictures=["/Im0 {x0} 0 R"])

    parsed = read(pdf(page, extras=[picture()]), "a.pdf")

    assert "Line 7 of the recognised text." in parsed.text
    assert parsed.hidden == ()


def test_hidden_words_in_a_line_leave_the_seen_ones(read: Read) -> None:
    content = shown("Pay", 72, 600) + shown("nothing", 95, 600, before="1 g")
    content += shown("now.", 140, 600)

    parsed = read(pdf(Page([SEEN], after=content)), "a.pdf")

    assert "Pay" in parsed.text
    assert "now." in parsed.text
    assert [hidden.text for hidden in parsed.hidden] == ["nothing"]


def test_what_lies_in_a_form_is_judged_where_the_form_puts_it(read: Read) -> None:
    content = "0 0 0.4 rg 0 290 150 15 re f " + shown("White on dark.", 10, 295, 5, "1 1 1 rg")
    form = (
        "<< /Type /XObject /Subtype /Form /BBox [0 0 150 400] /Matrix [2 0 0 1 0 0] "
        f"/Resources << /Font << /F1 3 0 R >> >> /Length {len(content)} >>\n"
        f"stream\n{content}\nendstream"
    )
    page = Page([SEEN], after="q 1 0 0 2 0 0 cm /Fm0 Do Q\n", pictures=["/Fm0 {x0} 0 R"])

    parsed = read(pdf(page, extras=[form]), "a.pdf")

    assert "White on dark." in parsed.text
    assert parsed.hidden == ()
