from __future__ import annotations

from appliance.results import Status
from appliance.tasks import packs, places
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
