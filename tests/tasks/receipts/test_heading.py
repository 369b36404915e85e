from __future__ import annotations

import pytest

from appliance.documents import ParsedDocument
from appliance.tasks.lines import lines
from appliance.tasks.receipts import heading
from tests.tasks.receipts.slips import slip


def sender(parsed: ParsedDocument) -> tuple[str, str]:
    printed = lines(parsed)
    name = heading.company(printed)
    place = heading.address(printed, name.at[1] if name else -1)
    return (
        name.span.of(parsed.text) if name else "",
        place.span.of(parsed.text) if place else "",
    )


@pytest.mark.parametrize(
    ("printed", "name", "place"),
    [
        (  # a registration number is no part of the name, a tax id ends the address
            [
                "HARBOUR TOOLS SDN BHD (123456-X)",
                "NO 5, JALAN MAWAR 2,",
                "43000 KAJANG",
                "GST ID: 1",
            ],
            "HARBOUR TOOLS SDN BHD",
            "NO 5, JALAN MAWAR 2,\n43000 KAJANG",
        ),
        (  # the brand stands above, the company below it
            ["NICEMART@7", "WILLOW GROUP SDN BHD", "Roc: 102-X", "12 High Street", "Leeds LS1 4AP"],
            "WILLOW GROUP SDN BHD",
            "12 High Street\nLeeds LS1 4AP",
        ),
        (  # a name that begins with a number is no house number
            [
                "77 QUICK MART S/B (519-X 12345)",
                "LOT P.T. 28, JALAN ANGSA,",
                "41150 KLANG",
                "Tel: 03-1",
            ],
            "77 QUICK MART S/B",
            "LOT P.T. 28, JALAN ANGSA,\n41150 KLANG",
        ),
        (
            ["Bäckerei Sommer", "Lange Str. 5", "10115 Berlin", "Tel. 030 12345", "Beleg 12"],
            "Bäckerei Sommer",
            "Lange Str. 5\n10115 Berlin",
        ),
        (  # what a till prints before the sender
            ["TAX INVOICE", "Blue Door Cafe Ltd", "1 Mill Lane, York YO1 6JT", "25/12/2017 10:00"],
            "Blue Door Cafe Ltd",
            "1 Mill Lane, York YO1 6JT",
        ),
        (  # the legal form slipped to the next line
            ["ONE TWO THREE FISH AND OTHER THINGS", "SDN BHD", "NO.1, TAMAN SRI", "43800 DENGKIL"],
            "ONE TWO THREE FISH AND OTHER THINGS\nSDN BHD",
            "NO.1, TAMAN SRI\n43800 DENGKIL",
        ),
        (  # a date and a number at a register stand between
            [
                "ALDER GOODS SDN BHD",
                "12 Jan 2018 18:24",
                "(867-U)",
                "12, JALAN TAMPOI 7/4",
                "81200 JOHOR",
            ],
            "ALDER GOODS SDN BHD",
            "12, JALAN TAMPOI 7/4\n81200 JOHOR",
        ),
        (  # the legal form outranks what is printed first
            ["NICEMART CENTRE", "WILLOW PTE LTD", "12 High Street"],
            "WILLOW PTE LTD",
            "12 High Street",
        ),
        (["03-1234 5678", "Date: 1/2/2018", "Total | 5.00"], "", ""),
        ([], "", ""),
    ],
)
def test_company_and_address(printed: list[str], name: str, place: str) -> None:
    assert sender(slip(*printed)) == (name, place)


def test_a_scribble_above_the_company_is_not_it() -> None:
    assert (
        sender(slip("anna b", "MAPLE ENTERPRISE", "4 Oak Road", "Tel: 1"))[0] == "MAPLE ENTERPRISE"
    )


def test_a_scribble_with_a_word_of_trade_is_not_it_either() -> None:
    assert sender(slip("anna shop", "MAPLE WORLD", "4 Oak Road", "Tel: 1"))[0] == "MAPLE WORLD"


def test_an_address_does_not_reach_across_a_phone_number() -> None:
    printed = lines(slip("MAPLE LTD", "Tel: 03-222 3333", "4 Oak Road, 43000 Kajang"))
    assert heading.address(printed, 0) is None
