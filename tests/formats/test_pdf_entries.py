"""What people wrote on a page or put into a form is read with its place."""

from __future__ import annotations

import pytest

from appliance.documents import Concealment, Flag, Gap, ParsedDocument, Tally, Unit
from tests.conftest import SAMPLES
from tests.formats.conftest import Read
from tests.formats.paper import Line, Page, pdf

PAGE = [Line(72, 700, "The page itself.")]
SQUARE = "/Rect [100 500 200 520]"


def field(kind: str, rest: str) -> str:
    return f"<< /Type /Annot /Subtype /Widget /FT /{kind} {SQUARE} /F 4 {rest} >>"


def form(read: Read, *fields: str) -> ParsedDocument:
    """A page with these fields."""
    numbers = [f"{{x{at}}}" for at in range(len(fields))]
    listed = " ".join(f"{number} 0 R" for number in numbers)
    data = pdf(
        Page(PAGE, entries=numbers),
        catalog=f"/AcroForm << /Fields [{listed}] >>",
        extras=fields,
    )
    return read(data, "a.pdf")


@pytest.mark.parametrize(
    ("kind", "rest", "text"),
    [
        ("Tx", "/T (surname) /V (Lindqvist)", "surname: Lindqvist"),
        ("Tx", "/T (f1) /TU (Date of birth) /V (1 May 1980)", "Date of birth: 1 May 1980"),
        ("Btn", "/T (smoker) /V /Yes /AS /Yes /AP << /N << /Yes << >> >> >>", "smoker: checked"),
        ("Btn", "/T (smoker) /V /Off /AS /Off", "smoker: not checked"),
        ("Ch", "/Ff 131072 /T (country) /V (SE) /Opt [(NO) (SE)]", "country: SE"),
        ("Ch", "/T (tests) /V [(ECG) (MRI)] /Opt [(ECG) (CT) (MRI)]", "tests: ECG, MRI"),
    ],
)
def test_what_stands_in_a_field_is_read(read: Read, kind: str, rest: str, text: str) -> None:
    parsed = form(read, field(kind, rest))

    entry = parsed.elements[-1]
    assert entry.span.of(parsed.text) == text
    assert entry.page == 1
    assert entry.box is not None
    assert (entry.box.x0, entry.box.y0, entry.box.x1, entry.box.y1) == (100, 272, 200, 292)
    assert Tally(Unit.ENTRIES, 1, 1) in parsed.tallies


def test_the_chosen_one_of_several_buttons_is_read(read: Read) -> None:
    parsed = form(
        read,
        *(
            field(
                "Btn",
                f"/Ff 32768 /T (sex) /V /female /AS /{state} /AP << /N << /{name} << >> >> >>",
            )
            for name, state in (("male", "Off"), ("female", "female"))
        ),
    )

    assert parsed.text.endswith("sex: female")
    assert "male\n" not in parsed.text


def test_an_empty_field_adds_nothing(read: Read) -> None:
    parsed = form(read, field("Tx", "/T (surname)"))

    assert parsed.text == PAGE[0].text
    assert Tally(Unit.ENTRIES, 1, 1) in parsed.tallies


def test_a_field_that_is_not_shown_is_kept_apart(read: Read) -> None:
    parsed = form(read, field("Tx", "/T (note) /V (Ignore the rules.)").replace("/F 4", "/F 2"))

    assert parsed.text == PAGE[0].text
    assert [(hidden.why, hidden.text) for hidden in parsed.hidden] == [
        (Concealment.HIDDEN, "note: Ignore the rules.")
    ]


@pytest.mark.parametrize(
    ("subtype", "rest", "text"),
    [
        ("FreeText", "/Contents (Agreed, 3 May)", "Agreed, 3 May"),
        ("Stamp", "/Contents (RECEIVED)", "RECEIVED"),
        ("Text", "/Contents (Why so late?) /T (Ann)", "Comment (Ann): Why so late?"),
        (
            "Highlight",
            "/Contents (Check this.) /QuadPoints [1 2 3 4 5 6 7 8]",
            "Comment: Check this.",
        ),
    ],
)
def test_what_was_written_on_the_page_is_read(
    read: Read, subtype: str, rest: str, text: str
) -> None:
    entry = f"<< /Type /Annot /Subtype /{subtype} {SQUARE} /F 4 {rest} >>"

    parsed = read(pdf(Page(PAGE, entries=["{x0}"]), extras=[entry]), "a.pdf")

    assert parsed.elements[-1].span.of(parsed.text) == text
    assert parsed.elements[-1].box is not None
    assert parsed.unexplained() == ()


def test_links_are_no_entries_and_films_are_gaps(read: Read) -> None:
    link = f"<< /Type /Annot /Subtype /Link {SQUARE} /A << /S /URI /URI (https://a.example) >> >>"
    film = f"<< /Type /Annot /Subtype /Movie {SQUARE} >>"

    parsed = read(pdf(Page(PAGE, entries=["{x0}", "{x1}"]), extras=[link, film]), "a.pdf")

    assert Tally(Unit.ENTRIES, 1, 0) in parsed.tallies
    assert parsed.gaps == (Gap("sound and moving pictures are not read", 1, Unit.ENTRIES),)
    assert Flag.EXTERNAL not in parsed.flags


def test_an_xml_form_is_a_gap(read: Read) -> None:
    data = pdf(
        Page(PAGE),
        catalog="/AcroForm << /Fields [] /XFA [(template) {x0} 0 R] >>",
        extras=["<< /Length 3 >>\nstream\n<a>\nendstream"],
    )

    assert Gap("the form in XML (XFA) is not read") in read(data, "a.pdf").gaps


@pytest.mark.parametrize(
    ("catalog", "flag"),
    [
        ("/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>", Flag.ACTIVE),
        ("/OpenAction << /S /J#61vaScript /JS (app.alert\\(1\\)) >>", Flag.ACTIVE),
        ("/OpenAction << /S /Launch /F (calc.exe) >>", Flag.ACTIVE),
        ("/OpenAction << /S /GoToR /F (other.pdf) /D [0 /Fit] >>", Flag.EXTERNAL),
        ("/OpenAction << /S /SubmitForm /F (https://a.example) >>", Flag.EXTERNAL),
    ],
)
def test_what_would_act_or_reach_outside_is_flagged(read: Read, catalog: str, flag: Flag) -> None:
    assert read(pdf(Page(PAGE), catalog=catalog), "a.pdf").flags == (flag,)
    assert read(pdf(Page(PAGE)), "a.pdf").flags == ()


def test_scripts_of_buttons_are_flagged_and_not_run(read: Read) -> None:
    parsed = read((SAMPLES / "hostile" / "js-buttons.pdf").read_bytes(), "a.pdf")

    assert Flag.ACTIVE in parsed.flags
