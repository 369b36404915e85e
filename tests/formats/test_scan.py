"""Recognition through the real confined reader: real scans, turned, tilted, tiny and hostile."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from PIL import Image, ImageDraw, ImageFont
from rapidfuzz.distance import Levenshtein

from appliance.documents import ElementKind, Flag, ParsedDocument
from appliance.errors import InputUnreadable
from appliance.formats import reading
from appliance.formats.reading import Wishes
from appliance.formats.scans import scan
from appliance.formats.worker import SCAN
from appliance.sandbox.server import ReaderServer

SAMPLES = Path(__file__).parent.parent / "samples" / "scans"
TRUTH: dict[str, list[str]] = json.loads((SAMPLES / "truth.json").read_text("utf-8"))
RESAMPLE = Image.Resampling.BICUBIC
SENTENCES = [
    "This agreement is made between the two parties",
    "named below and begins on the first day of May.",
    "Either party may end it with a notice of 30 days.",
]

Recognise = Callable[..., ParsedDocument]


@pytest.fixture(scope="module")
def recognise(reader: ReaderServer) -> Recognise:
    """What comes of one picture in a file, recognised as the appliance does it."""

    def recognise(data: bytes, unit: int = 0, password: str = "") -> ParsedDocument:
        wishes = Wishes(passwords=(password,) if password else (), scan=unit)
        found = reading.decode(reader.read(data, SCAN, wishes.encode()))
        assert found.document is not None
        assert not found.parts
        assert not found.scans
        return found.document

    return recognise


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def drawn(lines: list[str], size: int = 32, width: int = 1000) -> Image.Image:
    picture = Image.new("L", (width, 120 + 2 * size * len(lines)), 255)
    font = ImageFont.load_default(size)
    for number, line in enumerate(lines):
        ImageDraw.Draw(picture).text((60, 60 + 2 * size * number), line, fill=0, font=font)
    return picture


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def solid(text: str) -> str:
    return re.sub(r"[\s|]+", "", text).casefold()


def word_recall(truth: str, text: str) -> float:
    wanted, found = (Counter(re.findall(r"\w+", t.casefold())) for t in (truth, text))
    return (wanted & found).total() / wanted.total()


# --- real scans -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "recall"), [("receipt_dense.jpg", 0.95), ("receipt_creased.jpg", 0.74)]
)
def test_receipts_are_read(recognise: Recognise, name: str, recall: float) -> None:
    document = recognise(sample(name))
    assert word_recall("\n".join(TRUTH[name]), document.text) >= recall
    assert document.pages == 1
    assert Flag.RECOGNISED in document.flags


def test_a_tilted_page_is_read_in_order_with_few_errors(recognise: Recognise) -> None:
    document = recognise(sample("contract_tilted.pdf"))
    truth = solid("".join(TRUTH["contract_tilted.pdf"]))
    assert Levenshtein.distance(solid(document.text), truth) <= 0.02 * len(truth)
    assert not document.gaps


def test_rows_of_a_receipt_keep_their_cells(recognise: Recognise) -> None:
    document = recognise(sample("receipt_dense.jpg"))
    rows = [e for e in document.elements if e.kind is ElementKind.TABLE_ROW and e.row]
    texts = [[cell.span.of(document.text) for cell in e.row.cells] for e in rows if e.row]
    assert ["TOTAL :", "28.30"] in texts
    assert ["CASH", "50.00"] in texts
    assert all(len(e.marks) == len(e.row.cells) for e in rows if e.row)


def test_every_word_has_a_place_on_the_page_and_a_confidence(recognise: Recognise) -> None:
    document = recognise(sample("contract_tilted.pdf"))
    with pdfium.PdfDocument(sample("contract_tilted.pdf")) as pdf:
        width, height = pdf[0].get_size()
    for element in document.elements:
        assert element.confidence is not None
        assert 0.6 <= element.confidence <= 1
        assert element.page == 1
        assert element.box is not None
        for mark in element.marks:
            box = mark.box
            assert 0 <= box.x0 < box.x1 <= width + 1
            assert 0 <= box.y0 < box.y1 <= height + 1
            assert " " not in mark.span.of(document.text)
    marked = sum(len(element.marks) for element in document.elements)
    assert marked > 0.95 * len(document.text.split())


def test_the_place_of_a_word_is_where_it_is_drawn(recognise: Recognise) -> None:
    document = recognise(encoded(drawn(["Alpha beta gamma"]), dpi=(144, 144)))
    font = ImageFont.load_default(32)
    begin = 60 + font.getlength("Alpha beta ")
    word = next(m for m in document.elements[0].marks if m.span.of(document.text) == "gamma")
    assert word.box.x0 == pytest.approx(begin / 2, abs=4)  # 144 pixels to the inch, 72 points
    assert word.box.x1 == pytest.approx((begin + font.getlength("gamma")) / 2, abs=4)
    assert word.box.y0 < 40 < word.box.y1


# --- however the page lies ------------------------------------------------------------------------


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_pages_that_lie_on_a_side_are_read(recognise: Recognise, degrees: int) -> None:
    page = drawn(SENTENCES).rotate(degrees, expand=True)
    document = recognise(encoded(page))
    assert solid(document.text) == solid(" ".join(SENTENCES))
    first, last = document.elements[0].marks[0].box, document.elements[-1].marks[-1].box
    down, right = last.y0 > first.y1, last.x0 > first.x1
    assert (down, right) == {
        0: (True, True),
        90: (False, True),
        180: (False, False),
        270: (True, False),
    }[degrees]


@pytest.mark.parametrize("degrees", [-7, 3])
def test_tilted_pages_are_read(recognise: Recognise, degrees: int) -> None:
    page = drawn(SENTENCES).rotate(degrees, RESAMPLE, expand=True, fillcolor=255)
    assert solid(recognise(encoded(page)).text) == solid(" ".join(SENTENCES))


def test_rows_of_a_tilted_table_stay_rows(recognise: Recognise) -> None:
    page = drawn(["Rent", "Heating", "Repairs", "Interest", "Total"])
    page.paste(drawn(["1,250.00", "310.40", "75.00", "12.15", "1,647.55"], 32, 300), (680, 0))
    document = recognise(encoded(page.rotate(4, RESAMPLE, expand=True, fillcolor=255)))
    assert "Rent | 1,250.00" in document.text
    assert "Total | 1,647.55" in document.text


def test_a_note_in_the_margin_comes_last(recognise: Recognise) -> None:
    page = Image.new("L", (1150, 420), 255)
    page.paste(drawn(SENTENCES), (150, 0))
    page.paste(
        drawn(["filed in box 12"], 32, 400).crop((0, 50, 400, 110)).rotate(90, expand=True),
        (40, 10),
    )
    document = recognise(encoded(page))
    *body, note = (e.span.of(document.text) for e in document.elements)
    assert note == "filed in box 12"
    assert solid(" ".join(body)) == solid(" ".join(SENTENCES))


def test_a_camera_says_which_way_is_up(recognise: Recognise) -> None:
    turned = drawn(["Held sideways"]).rotate(90, expand=True)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter, clockwise
    document = recognise(encoded(turned, "JPEG", exif=exif, dpi=(72, 72)))
    assert document.text == "Held sideways"
    assert document.elements[0].box is not None
    assert document.elements[0].box.x1 - document.elements[0].box.x0 > 150  # level once upright


def test_two_columns_are_read_one_after_the_other(recognise: Recognise) -> None:
    left = [*SENTENCES, "The notice is given in writing and by post to", "the address above."] * 2
    right = ["The price is paid in four parts at the end of", "each quarter, in dollars and"] * 5
    page = Image.new("L", (1700, 700), 255)
    page.paste(drawn(left, 28, 800), (0, 0))
    page.paste(drawn(right, 28, 800), (880, 0))
    text = solid(recognise(encoded(page)).text)
    assert text == solid(" ".join([*left, *right]))


def test_lines_ended_by_hand_stay_lines(recognise: Recognise) -> None:
    document = recognise(
        encoded(drawn(["North Road 5", "Springfield, a town in the hills", "Kenya"]))
    )
    assert document.text.splitlines()[0] == "North Road 5"


# --- what pictures are made of --------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "I;16", "I", "F"])
def test_every_make_of_pixel_is_read(recognise: Recognise, mode: str) -> None:
    plain = drawn(["Invoice 4711"])
    if mode in {"I;16", "I", "F"}:
        picture = plain.convert("I").point(lambda level: level * 200)
        picture = picture.convert(mode) if mode != "I" else picture
    else:
        picture = plain.convert(mode)
    assert recognise(encoded(picture, "TIFF")).text == "Invoice 4711"


def test_what_is_transparent_is_white(recognise: Recognise) -> None:
    picture = Image.new("RGBA", (600, 180), (0, 0, 0, 0))
    letters = drawn(["Clear ground"], 32, 600).crop((0, 0, 600, 180))
    picture.paste((0, 0, 0, 255), mask=letters.point(lambda level: 255 - level))
    assert recognise(encoded(picture)).text == "Clear ground"


def test_each_page_of_a_fax_is_read(recognise: Recognise) -> None:
    pages = [drawn([f"Page number {at}"]).convert("1") for at in "123"]
    fax = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:], compression="group4")
    assert [recognise(fax, unit).text for unit in range(3)] == [f"Page number {at}" for at in "123"]
    assert recognise(fax, 1).elements[0].page == 2
    assert recognise(fax, 1).pages == 3


def test_small_print_on_a_large_sheet_is_found(recognise: Recognise) -> None:
    sheet = Image.new("L", (4400, 2600), 255)
    font = ImageFont.load_default(17)
    for number in range(30):
        ImageDraw.Draw(sheet).text((200, 200 + 60 * number), f"Item {number} of the list", 0, font)
    text = recognise(encoded(sheet)).text
    assert sum(f"Item {number} of the list" in text for number in range(30)) >= 29


def test_a_blank_page_is_no_gap(recognise: Recognise) -> None:
    document = recognise(encoded(Image.new("L", (1000, 1400), 250)))
    assert document.text == ""
    assert not document.gaps


def test_an_encrypted_scan_is_opened_with_its_password(
    recognise: Recognise, encrypted_scan: bytes
) -> None:
    assert "COOPERATION AGREEMENT" in recognise(encrypted_scan, 0, "opensesame").text
    with pytest.raises(InputUnreadable, match="password"):
        recognise(encrypted_scan)


@pytest.fixture(scope="module")
def encrypted_scan() -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter()
    writer.append(PdfReader(io.BytesIO(sample("contract_tilted.pdf"))))
    writer.encrypt("opensesame", algorithm="RC4-128")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def test_a_picture_in_an_office_document_is_read(recognise: Recognise) -> None:
    from docx import Document

    letter = Document()
    letter.add_paragraph("See the picture.")
    letter.add_picture(io.BytesIO(encoded(drawn(["Stamped on 4 May 2021"]))))
    buffer = io.BytesIO()
    letter.save(buffer)
    document = recognise(buffer.getvalue())
    assert document.text == "Stamped on 4 May 2021"
    assert document.pages is None
    assert document.elements[0].page is None


# --- what cannot be read is said ------------------------------------------------------------------


def test_other_letters_are_a_gap_and_no_guess(recognise: Recognise) -> None:
    document = recognise(sample("cyrillic.png"))
    assert document.text == "Agreement No. 2024-117"
    assert scan.UNREAD in {gap.reason for gap in document.gaps}


def test_a_picture_that_is_cut_short_is_read_as_far_as_it_goes(recognise: Recognise) -> None:
    whole = encoded(drawn(["First line here", *["Later lines here"] * 6]), "JPEG")
    document = recognise(whole[: len(whole) // 2])
    assert document.text.startswith("First line here")
    assert scan.CUT in {gap.reason for gap in document.gaps}


@pytest.mark.parametrize("unit", [1, 99_999])
def test_there_is_no_such_picture(recognise: Recognise, unit: int) -> None:
    for name in ("receipt_dense.jpg", "contract_tilted.pdf"):
        with pytest.raises(InputUnreadable):
            recognise(sample(name), unit)


def test_damage_is_said_and_the_reader_goes_on(recognise: Recognise) -> None:
    picture = encoded(drawn(["Still here"]))
    for broken in (picture[:40], b"\xff\xd8\xff\xe0" + bytes(100), b"II*\0" + bytes(100)):
        with pytest.raises(InputUnreadable):
            recognise(broken)
    assert recognise(picture).text == "Still here"
