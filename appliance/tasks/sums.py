"""Net, tax and total of an invoice that add up: three lines that confirm each other.

Where the amounts that three labels name add up, each is settled; where they do not, nothing is said
here and the labels alone must do.  Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from appliance.documents import Span
from appliance.tasks.lines import Line
from appliance.tasks.receipts.totals import Price, prices

_NET = re.compile(
    r"\bsub[\s-]?total|\bnet(?:to|t)?\b|\b(?:before|excl\w*\.?|ex|without)\s+(?:vat|tax|gst|mwst)"
    r"|\bzwischensumme|\btotal\s?ht\b|\bbase\s+imponible|\btaxable|\bimponibile",
    re.IGNORECASE,
)
_TAX = re.compile(
    r"\b(?:vat|tax|gst|sst|hst|mwst|ust|umsatzsteuer|mehrwertsteuer|tva|iva|btw|moms)\b",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    r"\btotal|\b(?:amount|balance)\s+(?:due|payable)|\bgesamt|\bsumme\b|\bimporte|\bto\s+pay\b"
    r"|\bzu\s+zahlen|\brechnungsbetrag",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Sum:
    """Three amounts with net + tax = total."""

    net: Span
    tax: Span
    total: Span


def sums(lines: Sequence[Line]) -> Sum | None:
    """The last net, tax and total of the lines that add up; None where none do, or there is no tax.

    The largest total wins, so that a sum of parts does not stand for the whole.
    """
    every = [price for price in prices(lines) if price.value > 0]
    nets = [p for p in every if _NET.search(p.label)]
    taxes = [p for p in every if _TAX.search(p.label) and not _NET.search(p.label)]
    totals: dict[Decimal, list[Price]] = {}  # by value: a hostile page can have thousands of each
    for price in every:
        if _TOTAL.search(price.label) and not _NET.search(price.label):
            totals.setdefault(price.value, []).append(price)
    fitting = [
        (total.value, total.at, net, tax, total)
        for net in nets
        for tax in taxes
        for total in totals.get(net.value + tax.value, ())
        if len({net.at, tax.at, total.at}) == 3
    ]
    if not fitting:
        return None
    *_, net, tax, total = max(fitting, key=lambda each: each[:2])
    return Sum(net.span, tax.span, total.span)
