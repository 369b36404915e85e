"""The total of a receipt: by its label, by what was paid and given back, by how often it stands.

An amount is a candidate where a line or its neighbour names it a total, or where cash less change
gives it.  The label alone is not enough: "total discount" and "total tax" are totals too.  Pure.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from appliance.documents import Span
from appliance.tasks.amounts import currency
from appliance.tasks.lines import Line
from appliance.tasks.numbers import read_number
from appliance.tasks.receipts.heading import Judged

_I = re.IGNORECASE
_PRICE = re.compile(
    r"(?<![\w.,/:-])(?P<sign>(?:[A-Z]{1,3}\s?)?[$£€¥₹]\s?|[A-Z]{2,3}\s{0,2}|Rp\.?\s?)?"
    r"(?P<number>-?(?:\d{1,3}(?:[,.']\d{3})+(?:[.,]\d{2})?|\d+[.,]\s?\d{2}|[.,]\d{2}|\d{2,7}))"
    r"(?P<after>\s?(?:[€$£]|[A-Z]{1,3}|kr)\b)?(?![\w%:/-]|[.,]\d)"
)
# What names the sum to pay, the surest first, with what it says for it.
_LABELS: tuple[tuple[re.Pattern[str], float], ...] = (
    (
        re.compile(
            r"\bgrand\s?total|\btotal\s?(?:amount|amt)?\s?(?:due|payable|to\s?pay)|\bround(?:ed|ing)?"
            r"\s?total|\btotal\s?\(?\s?(?:after\s)?(?:round|adj)|\btotal\s?rounded|\b(?:amount|amt|balance|sum)\s?(?:due|payable)"
            r"|\bnett?\s?(?:total|amt|amount|payable)|\btotal\s?nett?\b|\bzu\s?zahlen|\bgesamtbetrag"
            r"|\bendsumme|\b[aà]\s?payer|\btotal\s?a\s?pagar|\bda\s?pagare|\bte\s?betalen|\batt\s?betala"
            r"|\bbill\s?total|\bjumlah\s?(?:besar|perlu)|\btotal\s?ttc|\bimporte\s?total|\binvoice\s?total"
            r"|\border\s?total",
            _I,
        ),
        4.0,
    ),
    (
        re.compile(
            r"^\W*(?:total|tl|totai|tota1|summe|gesamt|montant|totale|jumlah|suma|totaal|summa|i\s?alt"
            r"|sum)\W*(?:rm|myr|usd|eur|gbp|sgd|chf|amount|amt)?\W*$",
            _I,
        ),
        3.5,
    ),
    (
        re.compile(
            r"\btotal\b.*\b(?:incl?|include|inclusive|inclucive|including|with)\b|\btotal\s?(?:sales?|amount|amt)"
            r"|\btake\s?out\s?total|\beat\s?in\s?total|\bsumme\b|\btotal\b\W{0,3}(?:rm|\$|€|£|eur|usd)",
            _I,
        ),
        3.0,
    ),
    (re.compile(r"(?<!sub)(?<!sub[\s-])\btotal|\bjumlah\b|\bgesamt|\bbalance\b", _I), 2.0),
    (re.compile(r"\bsub[\s-]?total|\bzwischensumme|\bsous[\s-]?total|\bamount\b", _I), 1.0),
)
_NOT_TOTAL = re.compile(
    r"\b(?:qty|quantity|items?|count|pcs|pax|discount|disc|sav(?:ed?|ings?)|points?|excl\w*|excluding"
    r"|before|change|(?<!after\s)adj\w*|service\s?charge|deposit|voucher|includes|exempt|taxable)\b"
    r"|\btotal\s?(?:gst|vat|tax|sst|mwst|iva|tva)\b|\btender",
    _I,
)
_PAID = re.compile(
    r"\b(?:cash|gash|paid|payment|tender(?:ed)?|received|visa|master(?:card)?|maoer|amex|debit|credit"
    r"|card|bar|gegeben|esp[eè]ces|efectivo|contanti|tunai|contant)\b",
    _I,
)
_CHANGE = re.compile(
    r"\b(?:change|r[uü]ckgeld|zur[uü]ck|rendu|cambio|resto|baki|wisselgeld|balance\s?due)\b", _I
)
_SUMMARY = re.compile(r"\b(?:gst|tax|vat|sst|mwst)\s?(?:summary|code|analysis|spec)\b", _I)
_BRACKETED = re.compile(r"\(\s?([A-Z]{2,3}|[$£€])\s?\)")
_ARITHMETIC = 3.5  # cash less change is the total
_PAID_ALONE = 1.0
_AGAIN = 0.4  # each other line with the same amount, up to three


@dataclass(frozen=True, slots=True)
class Price:
    """An amount on a line: what names it, and how it reads."""

    at: int
    span: Span
    value: Decimal
    label: str


def prices(lines: Sequence[Line]) -> list[Price]:
    """The last amount of every line, named by the words before it or by the line above."""
    found = []
    for at, line in enumerate(lines):
        matches = [m for m in _PRICE.finditer(line.text) if _value(m) is not None]
        if not matches:
            continue
        last = matches[-1]
        label = line.text[: last.start()].replace(" | ", " ")
        if not re.search(r"[^\W\d_]{2}", label) and at and not _PRICE.search(lines[at - 1].text):
            label = f"{lines[at - 1].text} {label}"
        begin = line.span.begin + _token_begin(last)
        value = _value(last)
        if value is not None:
            span = Span(begin, line.span.begin + last.end("number"))
            found.append(Price(at, span, value, label))
    return found


def total(lines: Sequence[Line]) -> Judged | None:
    """The amount to pay, with what speaks for it; None where nothing names one."""
    every = list(_before_summary(lines, prices(lines)))
    paid = {p.value for p in every if _PAID.search(p.label) and not _CHANGE.search(p.label)}
    change = {p.value for p in every if _CHANGE.search(p.label)}
    by_value: dict[Decimal, list[tuple[float, Price]]] = defaultdict(list)
    for price in every:
        if price.value > 0:
            by_value[price.value].append((_named(price.label), price))
    scores: dict[Decimal, float] = {}
    for value, named in by_value.items():
        label = max(score for score, _ in named)
        sums = any(cash - back == value for cash in paid for back in change if back >= 0)
        sums_score = _ARITHMETIC if sums else _PAID_ALONE * (value in paid)
        if label > 0 or sums:
            scores[value] = label + sums_score + _AGAIN * min(len(named) - 1, 3)
    if not scores:
        return None
    best = max(scores, key=lambda value: (scores[value], value))
    _, price = max(by_value[best], key=lambda pair: (pair[0], -pair[1].at))
    return Judged(price.span, scores[best], (price.at, price.at))


def unit(lines: Sequence[Line], price: str) -> str:
    """The currency of a receipt: of the price itself, or the one that its lines name most."""
    own = currency(price)
    if own:
        return own
    counts: dict[str, int] = defaultdict(int)
    for line in lines:
        signs = [m["sign"] or m["after"] or "" for m in _PRICE.finditer(line.text)]
        for sign in [*signs, *_BRACKETED.findall(line.text)]:
            named = currency(sign)
            if named:
                counts[named] += 1
    return max(sorted(counts), key=lambda name: counts[name]) if counts else ""


def reading(lines: Sequence[Line], price: str) -> str | None:
    """A price normalised: with the currency of the receipt, or bare where it names none."""
    match = _PRICE.search(price)
    value = _value(match) if match else None
    return None if value is None else f"{unit(lines, price)} {value:f}".strip()


def _before_summary(lines: Sequence[Line], every: Sequence[Price]) -> Iterator[Price]:
    """Without the table of taxes at the end, whose totals are of taxes."""
    end = next((at for at, line in enumerate(lines) if _SUMMARY.search(line.text)), len(lines))
    kept = [price for price in every if price.at < end]
    yield from kept if any(_named(price.label) > 0 for price in kept) else every


def _named(label: str) -> float:
    if _NOT_TOTAL.search(label) or _CHANGE.search(label):
        return 0.0
    score = next((score for pattern, score in _LABELS if pattern.search(label)), 0.0)
    return score * (0.5 if _PAID.search(label) and score < 3 else 1.0)


def _value(match: re.Match[str]) -> Decimal | None:
    number = re.sub(r"\s", "", match["number"])
    negative = number.startswith("-")
    number = number.lstrip("-")
    value = read_number(f"0{number}" if number[0] in ".," else number)
    if value is None:
        value = read_number(number, ",")  # 12.000: no price has three decimals
    return -value if value is not None and negative else value


def _token_begin(match: re.Match[str]) -> int:
    """With a sign of currency that stands close by the number, without one further off."""
    sign = match["sign"] or ""
    return match.start("sign") if sign and not sign[-1].isspace() else match.start("number")
