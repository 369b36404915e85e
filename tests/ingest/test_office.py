"""Office, mail, web and text files: every word, rows as rows, what is not read as a gap."""

from __future__ import annotations

import datetime
import io
import re
from email.message import EmailMessage

import docx
import openpyxl
import pytest
from docx.oxml import parse_xml
from openpyxl.comments import Comment
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from appliance.documents import ElementKind, ParsedDocument
from appliance.errors import InputUnreadable, NoText
from tests.conftest import SAMPLES
from tests.ingest.conftest import Read

TEXTBOX = (
    '<w:r xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:pict>'
    '<v:shape xmlns:v="urn:schemas-microsoft-com:vml"><v:textbox><w:txbxContent><w:p><w:r>'
    "<w:t>Words in a box</w:t></w:r></w:p></w:txbxContent></v:textbox></v:shape></w:pict></w:r>"
)


def rows(parsed: ParsedDocument) -> list[str]:
    return of(parsed, ElementKind.TABLE_ROW)


def of(parsed: ParsedDocument, kind: ElementKind) -> list[str]:
    return [e.span.of(parsed.text) for e in parsed.elements if e.kind is kind]


def test_docx(read: Read) -> None:
    document = docx.Document()
    document.add_heading("Service Agreement", 1)
    document.add_paragraph("The parties agree on the following.")
    table = document.add_table(2, 2)
    for at, text in enumerate(("Fee", "EUR 1,200", "Term", "N/A")):
        table.cell(at // 2, at % 2).text = text
    document.sections[0].header.paragraphs[0].text = "Draft of March"
    document.add_paragraph("Beside it:")._p.append(parse_xml(TEXTBOX))
    out = io.BytesIO()
    document.save(out)

    parsed = read(out.getvalue(), "a.docx")

    assert of(parsed, ElementKind.TITLE) == ["Service Agreement"]
    assert of(parsed, ElementKind.TEXT)[0] == "The parties agree on the following."
    assert rows(parsed) == ["Fee | EUR 1,200", "Term | N/A"]
    assert parsed.text.count("Words in a box") == 1
    assert parsed.text.count("Draft of March") == 1
    assert parsed.title == "Service Agreement"


def test_pptx(read: Read) -> None:
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
    out = io.BytesIO()
    deck.save(out)

    parsed = read(out.getvalue(), "a.pptx")

    assert parsed.pages == 2
    assert "Visits | Spring 120 | Autumn 80" in rows(parsed)
    assert parsed.page_of(parsed.text.index("Outlook")) == 2
    assert "Say this aloud." in parsed.text


def test_xlsx_keeps_every_cell_as_it_is(read: Read) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Balance"
    sheet.append(["Account", "Amount", "Note"])
    sheet.append(["007", 1234567.891, "N/A"])
    sheet.append(["008", 0.05, None])
    sheet["B3"].number_format = "0%"
    sheet.append([datetime.date(2024, 1, 2), 2**40, True])
    sheet["A2"].comment = Comment("Checked twice", "A reviewer")
    hidden = book.create_sheet("Reserves")
    hidden.append(["null", "kept"])
    hidden.sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)

    parsed = read(out.getvalue(), "a.xlsx")

    assert of(parsed, ElementKind.TITLE) == ["Balance", "Reserves"]
    assert rows(parsed) == [
        "Account | Amount | Note",
        "007 | 1234567.891 | N/A",
        "008 | 5%",
        "2024-01-02 | 1099511627776 | TRUE",
        "null | kept",
    ]
    assert "Checked twice" in parsed.text
    assert [gap.reason for gap in parsed.gaps] == ["a hidden sheet is among the text"]


def test_csv_keeps_zeros_missing_values_and_uneven_rows(read: Read) -> None:
    parsed = read(b'id;amount\n007;1.10\nN/A;2;more\n"a;b";null\n', "a.csv")

    assert rows(parsed) == ["id | amount", "007 | 1.10", "N/A | 2 | more", "a;b | null"]


def test_html(read: Read) -> None:
    page = (
        "<html><head><title>Report extract</title><script>steal()</script></head><body>"
        "<nav>Contents</nav><h1>Revenue</h1><p>Revenue rose by <b>four</b> per cent.</p>"
        "<table><tr><th>Year</th><td>2023</td></tr></table>"
        "<details><summary>More</summary>inside</details><img alt='a bar chart'>"
        "<input value='typed'><input type=hidden value='unseen'>"
        "<figure><figcaption>Figure 1</figcaption></figure></body></html>"
    )

    parsed = read(page.encode(), "a.html")

    assert parsed.title == "Report extract"
    assert "Revenue rose by four per cent." in of(parsed, ElementKind.TEXT)
    assert rows(parsed) == ["Year | 2023"]
    for words in ("Contents", "More", "inside", "a bar chart", "typed", "Figure 1"):
        assert parsed.text.count(words) == 1, words
    assert "steal" not in parsed.text
    assert "unseen" not in parsed.text


def test_mail(read: Read) -> None:
    mail = EmailMessage()
    mail["Subject"] = "Invoice 17 ☸"
    mail["From"] = "Ada <ada@example.com>"
    mail["To"] = "Bob <bob@example.com>"
    mail["Date"] = "Tue, 02 Jan 2024 10:00:00 +0000"
    mail.set_content("The invoice is attached.\n")
    mail.add_alternative("<p>The invoice is <b>attached</b>.</p>", subtype="html")
    mail.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="i.pdf")

    parsed = read(mail.as_bytes(), "a.eml")

    assert parsed.title == "Invoice 17 ☸"
    assert "From: Ada <ada@example.com>" in of(parsed, ElementKind.HEADER)
    assert parsed.text.count("The invoice is attached.") == 1
    assert [gap.reason for gap in parsed.gaps] == ["attachment 1 is not read"]


def test_a_message_within_a_message_is_read(read: Read) -> None:
    inner = EmailMessage()
    inner["Subject"] = "The first offer"
    inner.set_content("Forty thousand.\n")
    outer = EmailMessage()
    outer["Subject"] = "Fwd"
    outer.set_content("See below.\n")
    outer.add_attachment(inner)

    parsed = read(outer.as_bytes(), "a.eml")

    for words in ("See below.", "Subject: The first offer", "Forty thousand."):
        assert words in parsed.text


def test_markdown_keeps_code_tables_and_footnotes(read: Read) -> None:
    text = (
        "# Terms\n\nPay `net 30`.[^1]\n\n| Fee | Due |\n|---|---|\n| 5 | N/A |\n\n[^1]: In euro.\n"
    )

    parsed = read(text.encode(), "a.md")

    assert of(parsed, ElementKind.TITLE) == ["Terms"]
    assert rows(parsed) == ["Fee | Due", "5 | N/A"]
    assert "net 30" in parsed.text
    assert "In euro." in parsed.text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_text_in_the_usual_encodings(read: Read, encoding: str) -> None:
    text = "Vertrag über Lieferung\n\nDie Parteien vereinbaren Folgendes: § 1 gilt – stets."

    parsed = read(text.encode(encoding), "a.txt")

    assert re.findall(r"\w+", parsed.text) == re.findall(r"\w+", text)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b" \n\n ", "a.txt"),
        (b"<html><body><script>x()</script></body></html>", "a.html"),
        (b"\n\n", "a.md"),
        (b",,\n,,\n", "a.csv"),
        ((SAMPLES / "hostile" / "empty.eml").read_bytes(), "empty.eml"),
    ],
)
def test_a_file_without_text_is_never_a_success(read: Read, data: bytes, name: str) -> None:
    with pytest.raises(NoText):
        read(data, name)


def test_an_encrypted_mail_is_said_to_be_so(read: Read) -> None:
    with pytest.raises(InputUnreadable, match="encrypted"):
        read((SAMPLES / "hostile" / "fake-encrypted.eml").read_bytes(), "a.eml")
