"""Amounts of money as documents write them, found and normalised; lengths of time in durations.py.

Money becomes ``<currency> <decimal>`` with ISO 4217 codes; a bare ``$`` stays ``$``, because the
text does not say whose dollar it is (and so do the pound of several countries and the yen or yuan
sign where no code stands beside).  An amount with two readings is found and not normalised.
"""

from __future__ import annotations

import re
from decimal import Decimal

from appliance.documents import Span
from appliance.tasks.durations import find_durations, normalise_duration
from appliance.tasks.numbers import SCALES, number_words, read_number, read_words, scaled, shown

__all__ = ["currency", "find_amounts", "find_durations", "normalise_amount", "normalise_duration"]

_CODES = """USD CAD AUD NZD GBP EUR JPY CHF MYR INR SEK NOK DKK PLN CZK HUF RON BGN TRY CNY HKD SGD
TWD KRW THB IDR PHP VND BRL MXN ARS CLP COP ZAR NGN KES EGP ILS AED SAR QAR RUB UAH PKR BDT LKR
RMB"""
_CURRENCIES = {
    **{code.lower(): code for code in _CODES.split()},
    "us$": "USD", "us $": "USD", "ca$": "CAD", "c$": "CAD", "a$": "AUD", "au$": "AUD",
    "nz$": "NZD", "s$": "SGD", "hk$": "HKD", "nt$": "TWD", "r$": "BRL", "mx$": "MXN",
    "£": "GBP", "€": "EUR", "¥": "¥", "₹": "INR", "rs": "INR", "rs.": "INR", "rm": "MYR",
    "₩": "KRW", "₺": "TRY", "₽": "RUB", "₫": "VND", "₱": "PHP", "฿": "THB", "₪": "ILS", "₦": "NGN",
    "zł": "PLN", "kč": "CZK", "fr.": "CHF", "sfr": "CHF", "rp": "IDR", "kr": "kr", "rmb": "CNY",
    "euro": "EUR", "euros": "EUR", "$": "$", "dollars": "$", "dollar": "$", "pounds": "£",
    "pounds sterling": "GBP", "rupees": "INR", "ringgit": "MYR", "yen": "JPY",
    "us dollars": "USD", "u.s. dollars": "USD", "united states dollars": "USD",
    "swiss francs": "CHF", "canadian dollars": "CAD", "australian dollars": "AUD",
}  # fmt: skip
# Where decimals are parted by a comma, "1.234" is a thousand.
_COMMA_DECIMALS = {"EUR", "DKK", "NOK", "SEK", "PLN", "CZK", "BRL", "IDR", "TRY", "RON", "ARS"} | {
    "CLP", "COP", "VND", "kr",
}  # fmt: skip
# "try" and "cop" are words; the codes of the great currencies are read in small letters too.
_CODE = rf"(?:(?-i:{'|'.join(_CODES.split())})|usd|eur|gbp|chf|jpy|inr|myr)"
_SIGN = (
    r"(?:(?:US\s?|CA|C|AU|A|NZ|HK|NT|MX|[SR])?\$|[£€¥₹₩₺₽₫₱฿₪₦]|\bRs\.?"
    rf"|\b(?:{_CODE}|RM|Rp|SFr)(?![A-Za-z]))"
)
_WORD = (
    rf"(?:{_CODE}|[$€£₹]|zł|Kč|kr|(?:U\.?S\.?|United\s+States|Canadian"
    r"|Australian)\s+dollars|Swiss\s+francs|euros?|dollars?|pounds(?:\s+sterling)?|rupees|ringgit"
    r"|yen)"
)
_NUMBER = (
    r"\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d+)?(?!\d)"  # the Indian way
    r"|\d{1,3}(?:[, \u00a0\u202f'\u2019]\d{3})+(?:\.\d+)?(?!\d)"
    r"|\d{1,3}(?:[. \u00a0\u202f]\d{3})+,\d{1,2}(?!\d)|\d{1,3}(?:\.\d{3}){2,}(?!\d)"
    r"|\d+(?:[.,]\d{1,4})?(?!\d)"
)
_MINUS = r"(?:[-\u2212]\s?)"
_SCALE = (
    r"(?:\s?(?P<{}>thousand|million|billion|trillion|lakhs?|crores?|mn|mm|bn|[kmb])\b(?!\.?\d))?"
)
_WORDS = number_words()
_MONEY = re.compile(
    rf"(?P<m1>{_MINUS})?(?P<sign>{_SIGN})\s?(?:(?P<m2>[-\u2212])|(?P<open>\())?"
    rf"(?P<n1>{_NUMBER})(?:[.,][-–]{{1,2}}(?!\w))?{_SCALE.format('k1')}(?(open)\)|)"
    rf"|(?<![\d.,$£€])(?P<m3>(?<!\w)[-\u2212])?(?P<n2>{_NUMBER}){_SCALE.format('k2')}\)?\s?"
    rf"(?P<word>{_WORD})(?![A-Za-z])"
    rf"|\b(?P<words>{_WORDS})\s+(?P<unit>(?:U\.?S\.?\s+|United\s+States\s+)?dollars|euros"
    r"|pounds(?:\s+sterling)?|rupees|ringgit)\b",
    re.IGNORECASE,
)


def currency(text: str) -> str | None:
    """The one currency that a text names by sign or code; None when it names none or several."""
    named = {
        _currency(match[0]) for match in re.finditer(rf"{_SIGN}|(?<![A-Za-z]){_WORD}\b", text, re.I)
    }
    if {"$", "USD"} == named:
        return "USD"
    return named.pop() if len(named) == 1 else None


def find_amounts(text: str) -> tuple[Span, ...]:
    """Where amounts of money (a number with its currency) stand in ``text``."""
    return tuple(Span(*match.span()) for match in _MONEY.finditer(text))


def normalise_amount(text: str) -> str | None:
    """The one amount in ``text`` as "CURRENCY 1234.50"; None when there is none or several.

    A text that is nothing but an amount in parentheses is negative, as in statements.
    """
    readings = [_money(match) for match in _MONEY.finditer(text)]
    agreed = _agreed([reading for reading in readings if reading])
    if agreed is None or None in readings:
        return None
    name, value = agreed
    whole = re.fullmatch(r"\s*\([^()]*\)\s*", text)
    return f"{name} {shown(-abs(value) if whole else value)}"


def _agreed(readings: list[tuple[str, Decimal]]) -> tuple[str, Decimal] | None:
    """ "one hundred dollars ($100.00)" says one thing twice; the reading with more digits is it."""
    names = {name for name, _ in readings} - {"$"}
    if not readings or len({value for _, value in readings}) != 1 or len(names) > 1:
        return None
    return (names or {"$"}).pop(), max((value for _, value in readings), key=lambda v: len(str(v)))


def _currency(sign: str) -> str:
    name = re.sub(r"\s+", " ", sign.strip().lower())
    return _CURRENCIES.get(name, _CURRENCIES.get(name.replace(".", ""), name.upper()))


def _money(match: re.Match[str]) -> tuple[str, Decimal] | None:
    if match["words"]:
        count = read_words(match["words"])
        return None if count is None else (_currency(match["unit"]), Decimal(count))
    name = _currency(match["sign"] or match["word"])
    value = _number(match["n1"] or match["n2"], name, match["k1"] or match["k2"] or "")
    if value is None:
        return None
    negative = match["m1"] or match["m2"] or match["m3"] or match["open"]
    return name, -value if negative else value


def _number(number: str, name: str, scale: str) -> Decimal | None:
    value = read_number(number)
    if value is None:  # 1.234
        value = read_number(number, "." if scale else "," if name in _COMMA_DECIMALS else None)
    return None if value is None else scaled(value, SCALES.get(scale.lower(), 1))
