"""Amounts of money and lengths of time as documents write them, found and normalised.

Money becomes ``<currency> <decimal>``; a bare ``$`` stays ``$``, because the text does not say
whose dollar it is.  Durations become ISO 8601 (``P90D``, ``P3Y``); business days are found and
not normalised, since ISO 8601 has no word for them.
"""

from __future__ import annotations

import re
from decimal import Decimal

from appliance.documents import Span

_CURRENCIES = {
    "us$": "USD", "us $": "USD", "usd": "USD", "ca$": "CAD", "c$": "CAD", "cad": "CAD",
    "a$": "AUD", "aud": "AUD", "£": "GBP", "gbp": "GBP", "€": "EUR", "eur": "EUR", "euro": "EUR",
    "euros": "EUR", "¥": "¥", "jpy": "JPY", "chf": "CHF", "rm": "MYR", "myr": "MYR", "inr": "INR",
    "₹": "INR", "$": "$", "dollars": "$", "dollar": "$", "pounds": "£", "pounds sterling": "GBP",
    "sek": "SEK", "nok": "NOK", "dkk": "DKK", "pln": "PLN", "cny": "CNY", "hkd": "HKD",
    "sgd": "SGD",
}  # fmt: skip
_SCALES = {
    "thousand": 10**3, "k": 10**3, "million": 10**6, "mn": 10**6, "m": 10**6,
    "billion": 10**9, "bn": 10**9, "b": 10**9, "trillion": 10**12,
}  # fmt: skip
_CODES = "USD|CAD|AUD|GBP|EUR|JPY|CHF|MYR|INR|RM|SEK|NOK|DKK|PLN|CNY|HKD|SGD"
_SIGN = rf"(?:US\s?\$|CA\$|C\$|A\$|[$£€¥₹]|\b(?:{_CODES})\b)"
_WORD = rf"(?:{_CODES}|euros?|dollars?|pounds(?:\s+sterling)?)"
_NUMBER = r"\d{1,3}(?:[, \u00a0]\d{3})+(?:\.\d+)?|\d+(?:[.,]\d{1,4})?(?!\d)"
_SCALE = r"(?:\s?(?P<{}>thousand|million|billion|trillion|mn|bn|[kmb])\b)?"
_MONEY = re.compile(
    rf"(?P<sign>{_SIGN})\s?(?P<n1>{_NUMBER}){_SCALE.format('k1')}"
    rf"|(?<![\d.,$£€])(?P<n2>{_NUMBER}){_SCALE.format('k2')}\)?\s?(?P<word>{_WORD})\b",
    re.IGNORECASE,
)

_UNITS = """one two three four five six seven eight nine ten eleven twelve thirteen fourteen
fifteen sixteen seventeen eighteen nineteen"""
_DECADES = "twenty thirty forty fifty sixty seventy eighty ninety"
_SMALL = {word: number for number, word in enumerate(_UNITS.split(), start=1)}
_TENS = {word: 10 * number for number, word in enumerate(_DECADES.split(), start=2)}
_COUNT_WORD = (
    rf"(?:(?:{'|'.join(_TENS)})(?:[-\s](?:{'|'.join(_SMALL)}))?"
    rf"|{'|'.join(sorted(_SMALL, key=len, reverse=True))}|one\s+hundred(?:\s+and)?"
    rf"(?:\s+(?:{'|'.join([*_TENS, *_SMALL])}))?)"
)
_DURATION = re.compile(
    rf"(?<![\w.,/$£€-])(?:(?P<words>{_COUNT_WORD})\s*(?:\(\s*(?P<digits>\d{{1,4}})\s*\))?"
    rf"|(?P<plain>\d{{1,4}})(?:\s*\(\s*(?:\d{{1,4}}|{_COUNT_WORD})\s*\))?)"
    r"[-\s]+(?P<business>(?:business|working)[-\s]+)?(?:calendar[-\s]+|consecutive[-\s]+"
    r"|successive[-\s]+|additional[-\s]+)?(?P<unit>day|week|month|year)s?\b",
    re.IGNORECASE,
)


def find_amounts(text: str) -> tuple[Span, ...]:
    """Where amounts of money (a number with its currency) stand in ``text``."""
    return tuple(Span(*match.span()) for match in _MONEY.finditer(text))


def normalise_amount(text: str) -> str | None:
    """The one amount in ``text`` as "CURRENCY 1234.50"; None when there is none or several."""
    readings = {_money(match) for match in _MONEY.finditer(text)}
    return readings.pop() if len(readings) == 1 else None


def find_durations(text: str) -> tuple[Span, ...]:
    """Where lengths of time stand in ``text``: "ninety (90) days", "3 years"."""
    return tuple(Span(*match.span()) for match in _DURATION.finditer(text))


def normalise_duration(text: str) -> str | None:
    """The one duration in ``text`` in ISO 8601; None when there is none, several, or no word."""
    readings = {_duration(match) for match in _DURATION.finditer(text)}
    return readings.pop() if len(readings) == 1 else None


def _money(match: re.Match[str]) -> str:
    number = match["n1"] or match["n2"]
    sign = re.sub(r"\s+", " ", (match["sign"] or match["word"]).lower())
    scale = (match["k1"] or match["k2"] or "").lower()
    value = Decimal(_plain_number(number)) * _SCALES.get(scale, 1)
    return f"{_CURRENCIES.get(sign, sign.upper())} {value:f}"


def _plain_number(number: str) -> str:
    compact = re.sub(r"[ \u00a0]", "", number)
    if re.fullmatch(r"\d+,\d{1,2}", compact):  # decimal comma
        return compact.replace(",", ".")
    return compact.replace(",", "")


def _duration(match: re.Match[str]) -> str | None:
    if match["business"]:
        return None
    digits = match["digits"] or match["plain"]
    count = int(digits) if digits else _count(match["words"])
    if match["digits"] and _count(match["words"]) != count:
        return None  # "sixty (90) days" says two things
    return f"P{count}{match['unit'][0].upper()}"


def _count(words: str) -> int:
    total = 0
    for word in re.split(r"[-\s]+", words.lower()):
        total += _SMALL.get(word, 0) + _TENS.get(word, 0)
        if word == "hundred":
            total *= 100
    return total
