"""The date of a receipt: among all dates on it, the one with a label, a clock beside it, or twice.

Dates of validity and of tax registration are passed over.  Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.documents import Span
from appliance.tasks.dates import DateReading, Order, find_dates, order_of, read_date
from appliance.tasks.lines import Line
from appliance.tasks.receipts import words
from appliance.tasks.receipts.heading import Judged

# Currencies of countries where figures of dates begin with the day.
_DAY_FIRST = {"MYR", "GBP", "EUR", "SGD", "AUD", "NZD", "INR", "IDR", "THB", "CHF", "BRL", "MXN"}


@dataclass(frozen=True, slots=True)
class Dated:
    """A date as it was judged, with its reading."""

    judged: Judged
    reading: DateReading


def date(lines: Sequence[Line], unit: str = "") -> Dated | None:
    """The date of the purchase; None where the receipt shows none.

    Args:
        lines: of the receipt.
        unit: its currency, which says how dates are written where no other date does.
    """
    order = order_of("\n".join(line.text for line in lines))
    if order is None and unit in _DAY_FIRST:
        order = Order.DAY
    found = [
        (at, Span(line.span.begin + span.begin, line.span.begin + span.end), line)
        for at, line in enumerate(lines)
        for span in find_dates(line.text)
    ]
    readings = [
        read_date(line.text[span.begin - line.span.begin : span.end - line.span.begin], order)
        for _, span, line in found
    ]
    scores = [
        _score(line.text) + 0.5 * (sum(r.iso == reading.iso for r in readings) > 1)
        for (_, _, line), reading in zip(found, readings, strict=True)
    ]
    if not scores:
        return None
    best = max(range(len(scores)), key=lambda i: (scores[i], -i))
    at, span, _ = found[best]
    return Dated(Judged(span, scores[best], (at, at)), readings[best])


def _score(text: str) -> float:
    score = 2.0 * bool(words.DATE_LABEL.search(text)) + 1.0 * bool(words.CLOCK.search(text))
    return 1.0 + score - 2.0 * bool(words.EXPIRY.search(text))
