from __future__ import annotations

import pytest

from appliance.documents import ParsedDocument
from appliance.tasks import packs
from appliance.tasks.samples import sample
from appliance.tasks.statements import Figure, figures

PACK = packs.load("finance/filing")

REPORT = """UNITED STATES SECURITIES AND EXCHANGE COMMISSION

STATEMENTS OF OPERATIONS

(In millions, except number of shares, which are reflected in thousands, and per share amounts)

| | Three Months Ended | Three Months Ended | Nine Months Ended |
| | July 1, 2023 | June 25, 2022 | July 1, 2023 |
| Net sales: |
| Products | $ 60 | $ 63 | $ 230 |
| Total net sales | 81 | 82 | 293 |
| Total cost of sales | 45 | 47 | 165 |
| Operating income | (22) | 23 | 87 |
| Net income | $ 19 | — | $ 74 |
| Earnings per share: |
| Basic | $ 1.27 | $ 1.20 | $ 4.69 |
| Diluted | $ 1.26 | $ 1.20 | $ 4.67 |
| Shares used in computing earnings per share: |
| Basic | 15,697 | 16,162 | 15,792 |

BALANCE SHEETS

(In millions)

| | July 1, 2023 | September 24, 2022 |
| Cash and cash equivalents | $ 28 | $ 23 |
| Total assets | $ 335 | $ 352 |
| Total liabilities | 274 | 302 |
| Total shareholders’ equity | 61 | 49 |

Segments

(In millions)

| | Three Months Ended July 1, 2023 |
| Net income | 19 |
| Revenue | 12 |
"""


def read(text: str) -> tuple[ParsedDocument, dict[str, tuple[Figure, ...]]]:
    parsed = sample(text)
    return parsed, dict(figures(parsed, PACK.fields))


def test_figures_carry_currency_scale_and_period_the_current_one_first() -> None:
    _, found = read(REPORT)
    assert [f.normalised for f in found["revenue"]] == [
        "USD 81000000 P3M/2023-07-01",
        "USD 293000000 P9M/2023-07-01",
        "USD 82000000 P3M/2022-06-25",
    ]
    assert found["operating_income"][0].normalised == "USD -22000000 P3M/2023-07-01"
    assert found["eps_basic"][0].normalised == "USD 1.27/share P3M/2023-07-01"
    assert found["total_assets"][0].normalised == "USD 335000000 2023-07-01"


def test_an_empty_cell_is_no_figure() -> None:
    _, found = read(REPORT)
    assert [str(f.period) for f in found["net_income"]] == ["P3M/2023-07-01", "P9M/2023-07-01"]


def test_figures_of_one_period_share_a_record_and_carry_their_heads() -> None:
    parsed, found = read(REPORT)
    assert {found[name][0].record for name in ("revenue", "net_income", "total_assets")} == {0}
    records = {str(f.period): f.record for each in found.values() for f in each}
    assert len(set(records.values())) == len(records) - 1  # the day shares with its quarter
    heads = [span.of(parsed.text) for span in found["revenue"][0].heads]
    assert heads == ["Total net sales", "Three Months Ended", "July 1, 2023"]


def test_a_statement_outranks_a_table_of_segments() -> None:
    parsed, found = read(REPORT)
    assert found["revenue"][0].span.of(parsed.text) == "81"


def test_a_statement_outranks_a_table_that_stands_before_it() -> None:
    highlights = "| | Three Months Ended July 1, 2023 |\n| Revenue | 12 |\n\n"
    parsed, found = read(highlights + REPORT)
    assert found["revenue"][0].span.of(parsed.text) == "81"


def test_sides_that_come_out_equal_and_repeated_figures_count() -> None:
    _, found = read(REPORT)
    current, before = found["total_assets"]
    assert current.score > before.score  # 335 = 274 + 61, and 352 is not 302 + 49
    _, alone = read(REPORT.replace("| Net income | 19 |\n", ""))
    assert found["net_income"][0].score > alone["net_income"][0].score


@pytest.mark.parametrize(
    ("caption", "normal"),
    [
        ("(in thousands of euros)", "EUR 5000 2020-12-31"),
        ("Amounts in US$ millions", "USD 5000000 2020-12-31"),
        ("€'000", "EUR 5000 2020-12-31"),
        ("Group figures", "5 2020-12-31"),
    ],
)
def test_scale_and_currency_stand_above_the_table(caption: str, normal: str) -> None:
    _, found = read(f"{caption}\n\n| | December 31, 2020 |\n| Total assets | 5 |")
    assert found["total_assets"][0].normalised == normal


def test_rows_of_other_things_are_passed_over() -> None:
    _, found = read("| | July 1, 2023 |\n| Cost of goods repaired | 5 |\n| Revenue growth | 7 % |")
    assert not any(found.values())
