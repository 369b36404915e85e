from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.errors import PackError
from appliance.results import Status
from appliance.tasks import packs, places
from appliance.tasks.normalise import FINDERS, NORMALISERS
from appliance.tasks.samples import sample
from tests.tasks.receipts.slips import slip
from tests.tasks.scripted import DOCUMENT

RECEIPT = (
    "GREEN LEAF TRADING SDN BHD (123456-X)",
    "NO 5, JALAN MAWAR 2,",
    "43000 KAJANG",
    "TEL: 03-555 1234",
    "Date: 25/12/2017 10:02",
    "Tea | 2.00",
    "Cake | 3.50",
    "TOTAL | RM5.50",
    "CASH | 10.00",
    "CHANGE | 4.50",
)


def test_a_receipt_gives_its_fields_and_items_as_spans() -> None:
    parsed = slip(*RECEIPT)
    found = places.by_place(parsed, DOCUMENT, packs.load("finance/receipt"))
    shown = {value.name: value for values in found.values() for value in values}
    assert shown["company"].citations[0].quote == "GREEN LEAF TRADING SDN BHD"
    assert shown["date"].normalised == "2017-12-25"
    assert shown["address"].normalised == "NO 5, JALAN MAWAR 2, 43000 KAJANG"
    assert shown["total"].normalised == "MYR 5.50"
    assert [v.record for v in shown["line_items.amount"].values] == [0, 1]
    for value in shown.values():
        assert value.status is Status.FOUND
        assert all(c.span.of(parsed.text) == c.quote for c in value.citations)
        assert all(step.settled for step in value.steps)


def test_a_date_with_two_readings_says_why_it_is_not_normalised() -> None:
    found = places.by_place(slip("03/04/2018"), DOCUMENT, packs.load("finance/receipt"))
    (date,) = found["date"]
    assert date.normalised is None
    assert date.reason


def test_what_no_rule_of_place_reads_is_left_to_patterns() -> None:
    found = places.by_place(sample("Some words."), DOCUMENT, packs.load("finance/receipt"))
    assert found == {}


def test_an_unknown_rule_of_place_is_named() -> None:
    field = replace(packs.load("finance/receipt").fields[0], place="receipt.colour")
    with pytest.raises(PackError) as caught:
        places.read(sample("words"), DOCUMENT, field)
    assert "receipt.colour" in caught.value.message
    assert "receipt.company" in caught.value.remedy


@pytest.mark.parametrize("name", [n for n in packs.available() if n.startswith("finance/")])
@settings(max_examples=50, deadline=None)
@given(text=st.text(alphabet=st.sampled_from("ab1 .,:|$€%()-/\nTOTALtax5"), max_size=300))
def test_whatever_stands_there_only_spans_are_shown(name: str, text: str) -> None:
    parsed = sample(text)
    for values in places.by_place(parsed, DOCUMENT, packs.load(name)).values():
        for value in values:
            assert all(c.span.of(parsed.text) == c.quote != "" for c in value.citations)


@pytest.mark.parametrize(
    "piece", ["1", "1 ", "1,", "(1", "$1 ", "A", "A ", "one ", "_", "[ ", "no 1", "31/12/", "GB29 "]
)
def test_long_lines_of_one_piece_take_no_time(piece: str) -> None:
    parsed = sample(f"TOTAL\n{piece * (20_000 // len(piece))}\nTotal 5.00")
    begun = time.thread_time()
    for name in ("finance/receipt", "finance/invoice", "finance/bank", "finance/filing"):
        places.by_place(parsed, DOCUMENT, packs.load(name))
    for normalise in NORMALISERS.values():
        normalise(parsed.text)
    for find in FINDERS.values():
        find(parsed.text)
    assert time.thread_time() - begun < 20  # linear: a second or two on a busy machine
