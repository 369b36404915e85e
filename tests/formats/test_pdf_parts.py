"""Files that a PDF carries become parts, from the document and from its pages."""

from __future__ import annotations

from appliance.documents import Tally, Unit
from appliance.formats.attached import EMPTY, LARGEST_PART
from appliance.formats.pdf.parts import UNREADABLE
from appliance.formats.reading import PART_BUDGET
from tests.conftest import SAMPLES
from tests.formats.conftest import ReadAll
from tests.formats.paper import Line, Page, pdf, stream

PAGE = [Line(72, 700, "The page itself.")]


def carrying(*files: tuple[str, str]) -> bytes:
    """A PDF with files that belong to the document, and one that hangs on its page."""
    names = " ".join(f"({name}) {{x{2 * at}}} 0 R" for at, (name, _) in enumerate(files))
    extras = []
    for at, (name, content) in enumerate(files):
        extras.append(
            f"<< /Type /Filespec /F ({name}) /UF ({name}) /EF << /F {{x{2 * at + 1}}} 0 R >> >>"
        )
        extras.append(stream(content, "/Type /EmbeddedFile"))
    last = len(extras)
    extras.append(f"<< /Type /Filespec /F (pinned.txt) /EF << /F {{x{last + 1}}} 0 R >> >>")
    extras.append(stream("On the page.", "/Type /EmbeddedFile"))
    extras.append(
        f"<< /Type /Annot /Subtype /FileAttachment /Rect [9 9 20 20] /FS {{x{last}}} 0 R >>"
    )
    return pdf(
        Page(PAGE, entries=[f"{{x{last + 2}}}"]),
        catalog=f"/Names << /EmbeddedFiles << /Names [{names}] >> >>",
        extras=extras,
    )


def test_attached_files_are_parts_and_counted(read_all: ReadAll) -> None:
    reading = read_all(carrying(("a.txt", "First."), ("../b.txt", "Second.")), "a.pdf")

    assert [(part.name, part.data, part.reason) for part in reading.parts] == [
        ("a.txt", b"First.", ""),
        ("b.txt", b"Second.", ""),
        ("pinned.txt", b"On the page.", ""),
    ]
    assert reading.next_part is None
    assert reading.document is not None
    assert Tally(Unit.PARTS, 3, 3) in reading.document.tallies


def test_later_parts_are_handed_out_on_request(read_all: ReadAll) -> None:
    reading = read_all(carrying(("a.txt", "First."), ("b.txt", "Second.")), "a.pdf", first_part=1)

    assert [part.name for part in reading.parts] == ["b.txt", "pinned.txt"]
    assert reading.document is None


def test_an_answer_holds_parts_up_to_its_budget(read_all: ReadAll) -> None:
    half = "x" * (PART_BUDGET * 3 // 5)
    data = carrying(("a.txt", half), ("b.txt", half))

    first = read_all(data, "a.pdf")
    assert [part.name for part in first.parts] == ["a.txt"]
    assert first.next_part == 1
    assert first.document is not None
    assert first.document.unexplained() == ()
    second = read_all(data, "a.pdf", first_part=1)
    assert [part.name for part in second.parts] == ["b.txt", "pinned.txt"]
    assert second.next_part is None


def test_a_part_that_cannot_be_given_has_a_reason(read_all: ReadAll) -> None:
    reading = read_all(carrying(("a.txt", ""), ("b.txt", "Second.")), "a.pdf")

    assert [(part.name, part.reason) for part in reading.parts][:2] == [
        ("a.txt", UNREADABLE),
        ("b.txt", ""),
    ]
    assert reading.document is not None
    assert Tally(Unit.PARTS, 3, 2) in reading.document.tallies
    assert reading.document.unexplained() == ()


def test_an_encrypted_attachment_of_a_real_file_is_given_as_it_is(read_all: ReadAll) -> None:
    reading = read_all((SAMPLES / "hostile" / "encrypted-attachment.pdf").read_bytes(), "a.pdf")

    assert [part.name for part in reading.parts] == ["attachment.pdf"]
    assert reading.parts[0].data or reading.parts[0].reason in {EMPTY, UNREADABLE}
    assert len(reading.parts[0].data) < LARGEST_PART
