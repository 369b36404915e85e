"""Web pages: blocks, lists, tables with their columns, what a page hides, runs or fetches."""

from __future__ import annotations

import base64
import time
from email.message import EmailMessage

import pytest

from appliance.documents import Concealment, ElementKind, Flag, Unit
from appliance.formats import kinds, pictures
from appliance.formats.web import count as web_count
from appliance.formats.web.blocks import PageReader
from tests.formats.packing import image, of, read, read_all, table


def page(body: str, head: str = "") -> bytes:
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>".encode()


def test_blocks_in_order() -> None:
    body = (
        "<nav>Contents</nav><h1>Revenue</h1>"
        "<p>Revenue\n  rose by <b>four</b> per cent.<br>Twice.</p>"
        "<ol start=3><li>three<ul><li>inner</li></ul></li><li>four</li></ol>"
        "<details><summary>More</summary>inside</details><img alt='a bar chart'>"
        "<input value='typed'><input type=hidden value='unseen'><pre>a\n  b</pre>"
    )

    parsed = read(page(body, "<title>Report</title>"), "a.html")

    assert parsed.title == "Report"
    assert of(parsed, ElementKind.TITLE) == ["Report", "Revenue"]
    assert of(parsed, ElementKind.LIST_ITEM) == ["3. three", "inner", "4. four"]
    assert of(parsed, ElementKind.TEXT) == [
        "Contents",
        "Revenue rose by four per cent.\nTwice.",
        "More",
        "inside",
        "a bar chart typed",
        "a\nb",
    ]


def test_a_table_keeps_its_spans_and_heads() -> None:
    body = (
        "<table><caption>Ducks</caption><thead><tr><th rowspan=2>Pond<th colspan=2>Count</tr>"
        "<tr><th>wild<th>tame</tr></thead><tbody><tr><th>North<td><td>7</tr>"
        "<tr><td rowspan=2>South<td>1<td>2</tr><tr><td>3<td>4</tr></tbody></table>"
    )

    parsed = read(page(body), "a.html")

    assert table(parsed) == [
        "H 0:Pond 1+2:Count",
        "H 1:wild 2:tame",
        "0:North 2:7",
        "0:South 1:1 2:2",
        "0:South 1:3 2:4",
    ]
    assert of(parsed, ElementKind.TEXT) == ["Ducks"]


def test_a_table_that_lays_a_page_out_is_no_table() -> None:
    inner = "<table><tr><th>Year<th>Ducks<tr><td>2019<td>120</table>"
    body = f"<table><tr><td>Dear all,</td><td>{inner}</td></tr></table><table><tr><td>One</table>"

    parsed = read(page(body), "a.html")

    assert of(parsed, ElementKind.TEXT) == ["Dear all,", "One"]
    assert table(parsed) == ["H 0:Year 1:Ducks", "0:2019 1:120"]


@pytest.mark.parametrize(
    ("hiding", "why"),
    [
        ("style='display:none'", Concealment.HIDDEN),
        ("style='VISIBILITY: hidden'", Concealment.HIDDEN),
        ("hidden", Concealment.HIDDEN),
        ("style='font-size:0'", Concealment.TINY),
        ("style='font: 1px Arial'", Concealment.TINY),
        ("style='color:#fff'", Concealment.WHITE),
        ("style='color:#123456;background:#123456'", Concealment.WHITE),
        ("style='position:absolute;left:-9999px'", Concealment.OUTSIDE),
        ("style='text-indent:-9999px'", Concealment.OUTSIDE),
        ("style='height:0;overflow:hidden'", Concealment.OUTSIDE),
        ("style='opacity:0'", Concealment.INVISIBLE),
        ("class='x gone'", Concealment.HIDDEN),
        ("id='away'", Concealment.OUTSIDE),
    ],
)
def test_what_a_page_hides_is_kept_apart(hiding: str, why: Concealment) -> None:
    sheet = "<style>.gone { display: none } #away{position:fixed;top:-900em} p{color:black}</style>"

    parsed = read(page(f"<p>Seen</p><p {hiding}>secret <b>words</b></p>", sheet), "a.html")

    assert parsed.text == "Seen"
    assert {each.why for each in parsed.hidden} == {why}
    assert " ".join(each.text for each in parsed.hidden) == "secret words"
    assert parsed.flags == (Flag.HIDDEN_TEXT,)


@pytest.mark.parametrize(
    "looks",
    [
        "style='color:#fff;background:#000'",
        "style='color:white;background-image:url(a.png)'",
        "aria-hidden=true",
        "class=toggled",
        "style='font-size:90%'",
        "style='margin-left:-10px'",
    ],
)
def test_what_a_page_shows_stays(looks: str) -> None:
    sheet = (
        "<style>@media print { .toggled { display: none } } div .toggled { display:none }</style>"
    )

    assert read(page(f"<p {looks}>Seen</p>", sheet), "a.html").text == "Seen"


@pytest.mark.parametrize(
    ("body", "flags"),
    [
        ("<script>steal()</script>", {Flag.ACTIVE}),
        ("<p onclick='x()'>", {Flag.ACTIVE}),
        ("<a href='javascript:x()'>y</a>", {Flag.ACTIVE}),
        ("<img src='https://example.com/t.gif'>", {Flag.EXTERNAL}),
        ("<iframe src='//example.com'></iframe>", {Flag.EXTERNAL}),
        ("<a href='https://example.com'>y</a><img src='local.png'>", set()),
        ('<script type="application/ld+json">{}</script>', set()),
    ],
)
def test_what_a_browser_would_run_or_fetch(body: str, flags: set[Flag]) -> None:
    parsed = read(page(f"<p>Text</p>{body}"), "a.html")

    assert set(parsed.flags) == flags
    assert "steal" not in parsed.text


@pytest.mark.parametrize("depth", [1000, 100_000])
def test_a_page_nested_without_end_is_read_to_the_bottom(depth: int) -> None:
    body = "<div>" * depth + "deep" + "</div>" * depth + "<p>after</p>"

    parsed = read(page(body), "a.html")

    assert of(parsed, ElementKind.TEXT) == ["deep", "after"]
    assert bool(parsed.gaps) is (depth > 2048)


@pytest.mark.parametrize("mark", ["<!--", "<!", "<?", "</", "<a b='", "<script>"])
def test_marks_that_never_end_take_no_time(mark: str) -> None:
    before = time.process_time()

    found = read_all(b"<html><body>Seen" + mark.encode() * 100_000, "a.html").document

    assert found is not None
    assert found.text.startswith("Seen")
    assert time.process_time() - before < 5


@pytest.mark.parametrize(
    ("source", "counted"),
    [
        ("a<!-- b --> c<br>d", ["a", " c", "d"]),
        ("<p title='a > b'>1 < 2 &amp; 3</p>", ["1 ", "<", " 2 & 3"]),
        ("<title>t</title><script>'</p>'</script><template>x<b>y</b></template>z", ["z"]),
        ("<textarea><b>&lt;</textarea><iframe><i></iframe>", ["<b><", "<i>"]),
        ("<?xml version='1.0'?><P>a</P >", ["a"]),
    ],
)
def test_the_second_way_to_the_texts_of_a_page(source: str, counted: list[str]) -> None:
    assert web_count.texts(source) == counted


def test_pictures_within_the_page_are_scans() -> None:
    source = base64.b64encode(image(300, 300)).decode()
    small = base64.b64encode(image(8, 8)).decode()
    data = page(
        f"<p>T</p><img src='data:image/png;base64,{small}'>"
        f"<img src='data:image/png;base64,{source}'>"
    )

    found = read_all(data, "a.html")

    assert [scan.unit for scan in found.scans] == [1]
    assert pictures.picture(data, kinds.HTML, 1) == image(300, 300)


def test_a_packed_page_with_its_pictures_and_files() -> None:
    packed = EmailMessage()
    packed["Subject"] = "Saved page"
    packed["MIME-Version"] = "1.0"
    packed.set_content("<p>Grüße</p>", subtype="html", charset="iso-8859-1")
    packed.make_related()
    packed.add_related(image(300, 300), "image", "png")
    packed.add_related(b"%PDF-1.4", "application", "pdf", filename="offer.pdf")
    data = packed.as_bytes()

    found = read_all(b"From: <Saved by a browser>\n" + data, "a.mhtml")

    assert found.document is not None
    assert found.document.text == "Grüße"
    assert found.document.media_type == kinds.MHTML
    assert [scan.unit for scan in found.scans] == [0]
    assert [(part.name, part.data) for part in found.parts] == [("offer.pdf", b"%PDF-1.4")]


def test_the_count_notices_what_the_reader_leaves_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PageReader, "_table", lambda *_, **__: None)

    data = page("<p>Kept</p><table><tr><td>Lost<td>words</table>")
    found = read_all(data, "a.html").document

    assert found is not None
    assert [(t.unit, t.seen - t.stored) for t in found.unexplained()] == [(Unit.CHARACTERS, 9)]


def test_text_behind_the_end_of_the_page_is_read() -> None:
    data = b"<html><body><p>One</p></body></html>\n\nFrom two\n<p>Three</p>"

    document = read(data, "a.html")

    assert document.text == "One\n\nFrom two\n\nThree"
    assert document.unexplained() == ()
