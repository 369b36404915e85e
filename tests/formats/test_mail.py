"""Mail: headers, the body once, every attached file as a part, what is encrypted named."""

from __future__ import annotations

import io
from email.message import EmailMessage
from email.mime.application import MIMEApplication
from email.mime.image import MIMEImage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest
from PIL import Image

from appliance.documents import ElementKind, Flag, ParsedDocument, Tally, Unit
from appliance.errors import InputUnreadable, NoText
from appliance.formats import kinds
from appliance.formats.mail import message as mail
from appliance.formats.mail import parts as mail_parts
from appliance.formats.reading import Wishes
from tests.conftest import SAMPLES
from tests.formats.conftest import Read, ReadAll


def message(body: str = "The invoice is attached.\n") -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = "Invoice 17 ☸"
    mail["From"] = "Ada <ada@example.com>"
    mail["To"] = "Bob <bob@example.com>"
    mail.set_content(body)
    return mail


def of(parsed: ParsedDocument, kind: ElementKind) -> list[str]:
    return [e.span.of(parsed.text) for e in parsed.elements if e.kind is kind]


def tally(parsed: ParsedDocument, unit: Unit) -> Tally:
    return next(tally for tally in parsed.tallies if tally.unit is unit)


def picture(side: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side)).save(out, "PNG")
    return out.getvalue()


def test_headers_body_and_attachment(read_all: ReadAll) -> None:
    mail = message()
    mail.add_alternative("<p>The invoice is <b>attached</b>.</p>", subtype="html")
    mail.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="i.pdf")

    found = read_all(mail.as_bytes(), "a.eml")
    parsed = found.document

    assert parsed is not None
    assert parsed.title == "Invoice 17 ☸"
    assert "From: Ada <ada@example.com>" in of(parsed, ElementKind.HEADER)
    assert parsed.text.count("The invoice is attached.") == 1
    assert [(part.name, part.data) for part in found.parts] == [("i.pdf", b"%PDF-1.4")]
    assert tally(parsed, Unit.PARTS) == Tally(Unit.PARTS, 1, 1)
    assert parsed.gaps == ()


def test_the_form_that_is_not_shown_counts_where_it_says_more(read: Read) -> None:
    mail = message("The invoice is attached.\n\nPay by Friday.\n\nSee <https://example.com>.\n")
    mail.add_alternative("<p>The invoice is attached.</p><p>See .</p>", subtype="html")

    parsed = read(mail.as_bytes(), "a.eml")

    assert of(parsed, ElementKind.TEXT) == [
        *("The invoice is attached.", "See .", "Pay by Friday."),
    ]


def test_all_of_a_form_with_files_in_between(read_all: ReadAll) -> None:
    mixed = MIMEMultipart("mixed")
    mixed.attach(MIMEText("<p>Before</p>", "html"))
    mixed.attach(MIMEImage(picture(300), name="p.png"))
    mixed.attach(MIMEText("<p>After</p>", "html"))
    form = MIMEMultipart("alternative")
    form.attach(MIMEText("Before\n\nAfter\n"))
    form.attach(mixed)

    found = read_all(b"Subject: x\n" + form.as_bytes(), "a.eml")

    assert found.document is not None
    assert of(found.document, ElementKind.TEXT) == ["Before", "After"]
    assert [part.name for part in found.parts] == ["p.png"]


def test_a_message_within_a_message_is_a_part(read_all: ReadAll) -> None:
    inner = message("Forty thousand.\n")
    inner.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="i.pdf")
    outer = message("See below.\n")
    outer.add_attachment(inner)

    found = read_all(outer.as_bytes(), "a.eml")

    assert found.document is not None
    assert "Forty thousand" not in found.document.text
    assert [part.name for part in found.parts] == ["message 1.eml"]
    assert tally(found.document, Unit.PARTS) == Tally(Unit.PARTS, 1, 1)
    again = read_all(found.parts[0].data, found.parts[0].name)
    assert again.document is not None
    assert "Forty thousand." in again.document.text
    assert [part.name for part in again.parts] == ["i.pdf"]


def test_names_of_files_are_safe_and_told_by_content(read_all: ReadAll) -> None:
    mail = message()
    for name in ("../../x.pdf", "", "x.pdf"):
        mail.add_attachment(b"%PDF-1.4", maintype="application", subtype="dat", filename=name)

    found = read_all(mail.as_bytes(), "a.eml")

    assert [part.name for part in found.parts] == ["x.pdf", "attachment 2.pdf", "x (2).pdf"]


def test_small_pictures_of_a_text_are_no_documents(read_all: ReadAll) -> None:
    related = MIMEMultipart("related")
    related.attach(MIMEText("<p>Regards<img src='cid:a'></p>", "html"))
    for side in (20, 300):
        image = MIMEImage(picture(side), name=f"{side}.png")
        image.add_header("Content-ID", "<a>")
        related.attach(image)

    found = read_all(b"Subject: x\n" + related.as_bytes(), "a.eml")

    assert found.document is not None
    assert [part.name for part in found.parts] == ["300.png"]
    assert [gap.reason for gap in found.document.gaps] == [mail.SMALL_PICTURE]
    assert found.document.unexplained() == ()


def test_signatures_and_parts_elsewhere_are_gaps(read: Read) -> None:
    data = (
        b"Subject: x\nContent-Type: multipart/signed; boundary=b\n\n--b\n\nSigned text.\n\n--b\n"
        b"Content-Type: application/pkcs7-signature; name=smime.p7s\n\nxx\n--b\n"
        b"Content-Type: message/external-body; access-type=URL\n\nContent-Type: text/plain\n\n--b--"
    )

    parsed = read(data, "a.eml")

    assert [gap.reason for gap in parsed.gaps] == [mail.SIGNATURE, mail.ELSEWHERE]
    assert Flag.EXTERNAL in parsed.flags
    assert parsed.unexplained() == ()


@pytest.mark.parametrize(
    ("charset", "encoded", "words"),
    [
        ("utf-8", "Grüße".encode(), "Grüße"),
        ("iso-8859-1", "Grüße".encode("latin-1"), "Grüße"),
        ("koi8-r", "Привет, как дела".encode("koi8-r"), "Привет"),
        ("no-such-charset", "Grüße".encode(), "Grüße"),
        ("us-ascii", "Grüße".encode("cp1252"), "Grüße"),
        ("iso-2022-jp", "日本語".encode("iso-2022-jp"), "日本語"),
        ("utf-7", "Grüße".encode("utf-7"), "Grüße"),
    ],
)
def test_encodings(read: Read, charset: str, encoded: bytes, words: str) -> None:
    head = f"Subject: x\nContent-Type: text/plain; charset={charset}\n\n".encode()

    assert words in read(head + encoded, "a.eml").text


def test_faulty_headers_are_kept(read: Read) -> None:
    data = b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nFrom: \xc3\xa9 <@@>\nDate: whenever\n\nBody."

    parsed = read(data, "a.eml")

    assert of(parsed, ElementKind.HEADER) == [
        *("Subject: Grüße", "From: é <@@>", "Date: whenever"),
    ]


def test_an_encrypted_mail_is_said_to_be_so(read: Read) -> None:
    with pytest.raises(InputUnreadable, match="encrypted"):
        read((SAMPLES / "hostile" / "fake-encrypted.eml").read_bytes(), "a.eml")


def value(tag: int, inner: bytes, *, long: bool = False) -> bytes:
    """One value of X.690; ``long``: its end is marked, its length not given."""
    if long:
        return bytes([tag, 0x80]) + inner + b"\0\0"
    return bytes([tag, 0x83]) + len(inner).to_bytes(3, "big") + inner


@pytest.mark.parametrize("long", [False, True])
def test_a_message_within_a_signature(read_all: ReadAll, long: bool) -> None:
    signed = b"Content-Type: text/plain\n\nThe signed text."
    pieces = [value(4, signed[:9]), value(4, signed[9:])] if long else [signed]
    octets = value(0x24 if long else 4, b"".join(pieces), long=long)
    kind = bytes.fromhex("06092a864886f70d010701")
    inside = value(0x30, kind + value(0xA0, octets, long=long), long=long)
    data = value(0x30, b"\2\1\1" + value(0x31, b"") + inside + value(0x31, b""), long=long)
    whole = bytes.fromhex("06092a864886f70d010702") + value(0xA0, data, long=long)
    mail = MIMEApplication(value(0x30, whole, long=long), "pkcs7-mime", name="smime.p7m")
    mail["Subject"] = "Signed"

    found = read_all(mail.as_bytes(), "a.eml")

    assert [part.name for part in found.parts] == ["signed message.eml"]
    assert found.parts[0].data == signed
    again = read_all(signed, "a.eml").document
    assert again is not None
    assert again.text == "The signed text."


def test_an_enveloped_message_is_encrypted(read: Read) -> None:
    mail = MIMEApplication(bytes.fromhex("3080 0609 2a864886f70d010703"), "pkcs7-mime")

    with pytest.raises(InputUnreadable, match="encrypted"):
        read(b"Subject: x\n" + mail.as_bytes(), "a.eml")


def test_a_mail_that_carries_an_encrypted_one_is_read(read_all: ReadAll) -> None:
    outer = message("See below.\n")
    locked = message()
    locked.replace_header("Content-Type", 'multipart/encrypted; boundary="b"')
    outer.add_attachment(locked)

    assert len(read_all(outer.as_bytes(), "a.eml").parts) == 1


def test_an_empty_file_is_no_mail(read: Read) -> None:
    with pytest.raises(NoText):
        read(b" \n\n ", "a.eml")


def test_a_part_that_the_reader_forgot_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The count of files goes another way than the reader."""
    whole = message()
    whole.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="i.pdf")
    monkeypatch.setattr(mail_parts, "_role", lambda _, kind: kind.partition("/")[0])

    found = mail.read(whole.as_bytes(), kinds.EML, Wishes())

    assert found.document is not None
    assert [tally.unit for tally in found.document.unexplained()] == [Unit.PARTS]


def nested(depth: int) -> bytes:
    return b"Subject: x\n" + b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(depth)
    )


def test_deep_nesting_ends(read: Read) -> None:
    assert "Subject: x" in read(nested(60), "a.eml").text
    with pytest.raises(InputUnreadable):
        read(nested(5000), "a.eml")
