"""What one cell of a table says: its number, sign, unit and scale.  Pure.

Parentheses are a minus sign, as accountants write it, also where the closing one was lost to the
next column; a dash is nil.  A comma parts thousands; a
cell with a comma elsewhere is not read, because it may be a decimal comma.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from appliance.tasks.numbers import MOST_DIGITS

SCALES = {1: "", 10**3: "thousand", 10**6: "million", 10**9: "billion", 10**12: "trillion"}
CURRENCIES = {
    "$": "dollars", "us$": "US dollars", "usd": "US dollars", "€": "euros", "eur": "euros",
    "£": "pounds", "gbp": "pounds", "¥": "yen", "jpy": "yen", "rmb": "RMB", "cny": "RMB",
    "rm": "RM", "nt$": "NT dollars", "a$": "A dollars", "au$": "A dollars", "c$": "C dollars",
    "ca$": "C dollars", "hk$": "HK dollars", "s$": "S dollars", "chf": "CHF", "inr": "INR",
    "₹": "INR",
}  # fmt: skip

_SIGN = "|".join(sorted((re.escape(sign) for sign in CURRENCIES), key=len, reverse=True))
_DIGITS = r"\d{1,3}(?:[,'’ \u00a0]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
_WORDS = {"thousand": 10**3, "million": 10**6, "mn": 10**6, "billion": 10**9, "bn": 10**9}
_CELL = re.compile(
    rf"(?P<minus>[-−–]\s*)?(?P<open>\(\s*)?(?P<sign>{_SIGN})?\s*(?P<open2>\(\s*)?"
    rf"(?P<minus2>[-−–]\s*)?(?P<digits>{_DIGITS})\s*(?:(?P<scale>thousand|million|mn|billion|bn)\s*)?"
    r"(?P<percent>%\s*)?(?P<close>\)\s*)?(?P<percent2>%\s*)?"
    r"(?P<times>x\s*)?(?:\((?:[a-z]|\d{1,2})\)\s*|\*+\s*)*",
    re.IGNORECASE,
)
_DASH = re.compile(rf"(?:(?P<sign>{_SIGN})\s*)?\(?[-–—−]+\)?\s*(?P<percent>%)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Number:
    """A number as a cell writes it; ``scale`` is of its own words ("2.2 billion"), mostly 1."""

    value: Decimal  # signed, not multiplied by the scale
    currency: str = ""  # one of the values of `CURRENCIES`
    percent: bool = False
    scale: int = 1
    nil: bool = False  # a dash


def read_number(text: str) -> Number | None:
    """The number that is all of a cell; None where the cell is no number."""
    text = text.strip()
    if sum(map(str.isdigit, text)) > MOST_DIGITS:
        return None
    if dash := _DASH.fullmatch(text):
        return Number(Decimal(0), _currency(dash["sign"]), bool(dash["percent"]), nil=True)
    match = _CELL.fullmatch(text)
    if match is None:
        return None
    value = Decimal(re.sub(r"[,'’\s]", "", match["digits"]))
    opened = match["open"] or match["open2"]
    if match["close"] and not opened:
        return None
    negative = match["minus"] or match["minus2"] or opened
    return Number(
        -value if negative else value,
        _currency(match["sign"]),
        bool(match["percent"] or match["percent2"]),
        _WORDS.get((match["scale"] or "").lower(), 1),
    )


def _currency(sign: str | None) -> str:
    return CURRENCIES.get((sign or "").lower(), "")


_SCALE_NOTE = re.compile(
    r"\b(?:in|of)\s*(?:(?:US|NT|AU|HK|U\.S\.)?\s?(?:\$|€|£|dollars?|euros?|pounds?)\s*(?:in\s*)?)?"
    r"(?P<word>thousands?|millions?|billions?)\b"
    r"|(?P<sign>[$€£¥])\s?[’'`](?P<zeros>000(?:[,’']?000)?)\b"
    r"|[$€£¥]\s?(?P<letter>[mk]|mn|bn|mil)\b|^\W*(?P<alone>thousands?|millions?|billions?)\W*$"
    r"|[’'`](?P<bare>000s?)\b|\(\s*(?P<closed>thousands|millions|billions)\b",
    re.IGNORECASE,
)
_LETTERS = {"m": 10**6, "k": 10**3, "mn": 10**6, "bn": 10**9, "mil": 10**6}


def scale_note(text: str) -> int | None:
    """The scale that a head or a line beside a table gives its figures; None where it says none.

    "(in thousands)", "$ in millions", "US$'000", "in millions, except per share amounts".
    """
    match = _SCALE_NOTE.search(text)
    if match is None:
        return None
    word = match["word"] or match["alone"] or match["closed"]
    if word:
        return _WORDS[word.lower().rstrip("s")]
    if match["zeros"]:
        return 10**6 if len(match["zeros"]) > 3 else 10**3
    return 10**3 if match["bare"] else _LETTERS[match["letter"].lower()]


_CURRENCY_NOTE = re.compile(
    r"\b(?P<word>(?:U\.?S\.?|NT|HK|Australian|Canadian)?\s?dollars?|euros?|pounds?|yen)\b"
    rf"|(?P<sign>{_SIGN})",
    re.IGNORECASE,
)
_NAMES = {"euro": "euros", "pound": "pounds", "yen": "yen", "dollar": "dollars"}


def currency_note(text: str) -> str:
    """The currency that a head names: "($ in millions)" is in dollars; empty where it names none.

    Codes count only in capitals, so that no part of a word is taken for one.
    """
    for match in _CURRENCY_NOTE.finditer(text):
        sign = match["sign"]
        if sign and sign.isalpha() and not _stands_alone(text, match):
            continue
        if sign:
            return _currency(sign)
        word = match["word"].lower()
        name = next(name for stem, name in _NAMES.items() if stem in word)
        return name
    return ""


def _stands_alone(text: str, match: re.Match[str]) -> bool:
    around = text[max(0, match.start() - 1) : match.start()] + text[match.end() : match.end() + 1]
    return match[0].isupper() and not any(letter.isalpha() for letter in around)
