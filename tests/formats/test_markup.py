"""XML and JSON: values with their names, records as tables, no entity ever expanded."""

from __future__ import annotations

import json
import time

import pytest

from appliance.documents import ElementKind, Unit
from appliance.formats.plain import data_values
from appliance.formats.plain.markup import XmlReader
from tests.formats.packing import of, read, read_all, table

INVOICES = """<?xml version="1.0"?><file made="2024-05-03">
<head><owner>Ada &amp; Sons</owner></head>
<invoice id="1"><due>June</due><sum currency="EUR">5.10</sum></invoice>
<invoice id="2"><sum currency="CHF">7</sum><note>late</note></invoice>
<text>Pay <b>soon</b>, please.</text></file>"""


def test_xml_values_have_names_and_records_are_rows() -> None:
    parsed = read(INVOICES.encode(), "a.xml")

    assert of(parsed, ElementKind.TEXT) == [
        "file > made: 2024-05-03",
        "file > head > owner: Ada & Sons",
        "invoice",
        "Pay soon, please.",
    ]
    assert table(parsed) == [
        "H 0:id 1:due 2:sum currency 3:sum 4:note",
        "0:1 1:June 2:EUR 3:5.10",
        "0:2 2:CHF 3:7 4:late",
    ]


@pytest.mark.parametrize(
    "declared",
    [
        '<!ENTITY a "ha"><!ENTITY b "&a;&a;">',
        '<!ENTITY b SYSTEM "file:///etc/hostname">',
        '<!ENTITY b SYSTEM "http://127.0.0.1:1/x">',
    ],
)
def test_an_entity_is_a_gap_and_never_expanded(declared: str) -> None:
    parsed = read(f"<!DOCTYPE l [{declared}]><l><k>Seen</k><k>&b;</k></l>".encode(), "a.xml")

    assert parsed.text == "l > k: Seen"
    assert [(g.reason, g.unit) for g in parsed.gaps] == [
        ("an entity that the file declares is not expanded", Unit.ENTRIES)
    ]


def test_a_bomb_of_entities_takes_no_time() -> None:
    names = [f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10)]
    bomb = f'<!DOCTYPE l [<!ENTITY e0 "ha">{"".join(names)}]><l><k>Seen</k><k>&e9;</k></l>'
    before = time.process_time()

    assert read(bomb.encode(), "a.xml").text == "l > k: Seen"
    assert time.process_time() - before < 2


def test_xml_that_breaks_off_is_read_as_far_as_it_goes() -> None:
    parsed = read(INVOICES.encode()[:200], "a.xml")

    assert "Ada & Sons" in parsed.text
    assert parsed.gaps[0].reason.startswith("the XML breaks off")


@pytest.mark.parametrize("depth", [1000, 50_000])
def test_xml_nested_without_end_is_read_or_a_gap_in_time(depth: int) -> None:
    deep = b"<?xml version='1.0'?>" + b"<a>" * depth + b"deep" + b"</a>" * depth
    before = time.process_time()

    found = read_all(deep, "a.xml").document

    assert found is not None
    assert "deep" in found.text or found.gaps
    assert time.process_time() - before < 5


def test_json_values_have_names_and_objects_of_a_list_are_rows() -> None:
    text = """{"owner": {"name": "Ada", "since": 1.10}, "tags": ["a", "b"], "none": null,
    "bills": [{"id": 1, "sum": 5.0}, {"id": 2, "note": "late\\u0021"}], "grid": [[1, 2], [3, 4]]}"""

    parsed = read(text.encode(), "a.json")

    assert of(parsed, ElementKind.TEXT) == [
        "owner > name: Ada", "owner > since: 1.10", "tags: a, b", "none: null", "bills", "grid",
    ]  # fmt: skip
    assert table(parsed) == ["H 0:id 1:sum 2:note", "0:1 1:5.0", "0:2 2:late!"]
    assert table(parsed, 1) == ["0:1 1:2", "0:3 1:4"]


def test_lines_of_json_are_rows_of_one_table() -> None:
    parsed = read(b'{"a": 1, "b": "x"}\n\n{"a": 2, "a": 3}\n', "a.jsonl")

    assert table(parsed) == ["H 0:a 1:b", "0:1 1:x", "0:2; 3"]


def test_what_is_no_json_stands_as_text() -> None:
    parsed = read(b'{"a": 1}\nnot JSON\n{"a": 2}\n', "a.jsonl")

    assert "not JSON" in parsed.text
    assert [g.reason for g in parsed.gaps] == [
        "the file is not whole JSON: what is not stands as plain text"
    ]
    assert "broken" in read(b'{"a": "broken', "a.json").text


@pytest.mark.parametrize("depth", [500, 200_000])
def test_json_nested_without_end_is_read(depth: int) -> None:
    text = '[{"a":' * depth + '"deep"' + "}]" * depth

    found = read_all(text.encode(), "a.json").document

    assert found is not None
    assert "deep" in found.text
    assert found.gaps


def test_the_count_notices_what_the_reader_leaves_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(XmlReader, "_add_table", lambda *_: None)
    monkeypatch.setattr(data_values._ValueReader, "_add_table", lambda *_: None)
    rows = [{"name": "Lost", "sum": n} for n in range(3)]

    for data, name in ((INVOICES.encode(), "a.xml"), (json.dumps(rows).encode(), "a.json")):
        found = read_all(data, name).document
        assert found is not None
        assert [t.unit for t in found.unexplained()] == [Unit.CHARACTERS]
