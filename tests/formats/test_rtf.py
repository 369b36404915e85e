"""RTF: paragraphs, tables with columns, code pages, notes, what is hidden, what is embedded."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from appliance.documents import Concealment, ElementKind, Flag, ParsedDocument, Unit
from appliance.formats import kinds, pictures
from appliance.formats.ole import parts as ole_parts
from appliance.formats.ole.container import pack
from appliance.formats.reading import Reading, Wishes
from appliance.formats.rtf import document as rtf
from appliance.sandbox.outcome import ReadingFailed
from tests.formats.conftest import Read

HEAD = rb"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0 Times;}{\f1\fcharset204 C;}{\f2\fcharset2 W;}}"
HEAD += rb"{\colortbl;\red255\green255\blue255;}{\stylesheet{\s1\outlinelevel0 heading 1;}}"


def read_rtf(body: bytes) -> Reading:
    return rtf.read(HEAD + body + b"}", kinds.RTF, Wishes())


def parsed_of(body: bytes) -> ParsedDocument:
    found = read_rtf(body).document
    assert found is not None
    assert found.unexplained() == ()
    return found


def texts(parsed: ParsedDocument) -> list[str]:
    return [element.span.of(parsed.text) for element in parsed.elements]


def test_paragraphs_and_their_kinds(read: Read) -> None:
    body = rb"{\info{\title Offer}{\author A}}\pard\s1 Terms\par\pard Net {\b 30}.\par"
    body += rb"{\listtext\'b7\tab}\ls1 item\par{\header Top\par}{\footer Foot}\pard Last"

    parsed = read(HEAD + body + b"}", "a.rtf")

    assert parsed.title == "Offer"
    assert [(element.kind, element.span.of(parsed.text)) for element in parsed.elements] == [
        (ElementKind.TITLE, "Terms"),
        (ElementKind.TEXT, "Net 30."),
        (ElementKind.LIST_ITEM, "item"),
        (ElementKind.TEXT, "Last"),
        (ElementKind.HEADER, "Top"),
        (ElementKind.FOOTER, "Foot"),
    ]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (rb"Gr\'fc\'dfe", "Grüße"),
        (rb"{\f1\'cf\'f0\'e8}", "При"),
        (rb"\u8364?100 \uc2\u8364ab1", "€100 €1"),
        (rb"\uc1\u-10179\'3f\u-8704\'3f!", "😀!"),
        (rb"\uc1\u8220\ldblquote x", "“x"),
        (rb"{\upr{ansi}{\*\ud{\u945?}}}", "α"),
        (rb"{\f2\'a8\'fe}", "☐☑"),
        (rb"\lquote a\rquote\~b\_c\-d \{\}\\", "‘a’ b-cd {}\\"),
        (rb"one\line two", "one\ntwo"),
        (rb"\ansicpg932\'93\'fa\'96\'7b", "日本"),
        (b"bin{\\bin5 }}}}}ary", "binary"),
    ],
)
def test_characters(body: bytes, words: str) -> None:
    assert parsed_of(rb"\pard " + body).text == words


def test_tables_keep_columns() -> None:
    body = rb"\trowd\trhdr\cellx1000\cellx3000\pard\intbl Item\cell Amount\cell\row"
    body += rb"\trowd\cellx1000\cellx2000\cellx3000\pard\intbl Fee\par new\cell 12\cell 13\cell\row"
    body += rb"\pard After\par"

    parsed = parsed_of(body)

    assert texts(parsed) == ["Item | Amount", "Fee new | 12 | 13", "After"]
    rows = [element.row for element in parsed.elements if element.row]
    assert [(row.heads, [(c.column, c.width) for c in row.cells]) for row in rows] == [
        (True, [(0, 1), (1, 2)]),
        (False, [(0, 1), (1, 1), (2, 1)]),
    ]


def test_notes_boxes_and_fields() -> None:
    body = (
        rb"Text{\footnote\pard A note.}.\par {\shp{\*\shpinst{\sp{\sn a}{\sv 1}}{\shptxt Box\par}}"
    )
    body += rb"{\shprslt Box}}{\field{\*\fldinst HYPERLINK x}{\fldrslt shown}}\par"
    body += rb"{\field{\*\fldinst DDEAUTO cmd}{\fldrslt }}"

    parsed = parsed_of(body)

    assert texts(parsed) == ["Text.", "A note.", "shown", "Box"]
    assert Flag.ACTIVE in parsed.flags


def test_hidden_text_is_apart() -> None:
    parsed = parsed_of(rb"\pard Seen {\v secret}{\deleted old}{\cf1 pale}{\fs2 tiny}\plain end")

    assert parsed.text == "Seen end"
    assert [(hidden.why, hidden.text) for hidden in parsed.hidden] == [
        *((Concealment.HIDDEN, "secret"), (Concealment.HIDDEN, "old")),
        *((Concealment.WHITE, "pale"), (Concealment.TINY, "tiny")),
    ]


def test_white_text_on_a_ground_stays() -> None:
    assert parsed_of(rb"\pard {\highlight2\cf1 seen}").text == "seen"
    assert parsed_of(rb"\trowd\cellx9\pard\intbl{\cf1 seen}\cell\row").text == "seen"


def test_pictures_wait_for_recognition() -> None:
    out = io.BytesIO()
    Image.new("RGB", (300, 300)).save(out, "PNG")
    body = rb"Text{\*\shppict{\pict\pngblip " + out.getvalue().hex().encode() + b"}}"
    body += rb"{\nonshppict{\pict\wmetafile8 0100}}{\pict\wmetafile8 01000900}"

    found = read_rtf(body)

    assert [scan.unit for scan in found.scans] == [0]
    whole = HEAD + body + b"}"
    assert pictures.picture(whole, kinds.RTF, 0) == out.getvalue()
    assert found.document is not None
    assert [gap.reason for gap in found.document.gaps] == [pictures.DRAWING]


def test_embedded_objects_are_parts() -> None:
    inner = pack({"CONTENTS": b"%PDF-1.4\n"})
    head = struct.pack("<II", 0x0501, 2) + struct.pack("<I", 8) + b"Package\0" + bytes(8)
    data = (head + struct.pack("<I", len(inner)) + inner).hex().encode()
    body = rb"{\object\objemb{\*\objdata " + data + rb"}{\result shown}}{\object{\*\objdata 00}}"

    found = read_rtf(body)

    assert [(part.data, part.reason) for part in found.parts] == [
        *((b"%PDF-1.4\n", ""), (b"", ole_parts.NO_FILE)),
    ]
    assert found.document is not None
    assert found.document.text == "shown"
    assert Flag.ACTIVE in found.document.flags
    assert found.document.unexplained() == ()


def test_a_reader_that_loses_text_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rtf._Shaper, "_end_row", lambda self: None)

    found = read_rtf(rb"\trowd\cellx9\intbl lost\cell\row\pard").document

    assert found is not None
    assert [tally.unit for tally in found.unexplained()] == [Unit.CHARACTERS]


@pytest.mark.parametrize(
    "body", [b"{" * 3000 + b"x", b"}" * 9000 + b"x", rb"\bin999999999 x", b"\\", b"\\u", b"\\'4"]
)
def test_what_makes_no_sense_ends(body: bytes) -> None:
    assert read_rtf(b"text " + body).document is not None


def test_groups_without_end_are_refused() -> None:
    with pytest.raises(ReadingFailed):
        read_rtf(b"{" * 100_000)
