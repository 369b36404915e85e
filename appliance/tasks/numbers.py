"""Numbers as documents print them: separators of several countries, signs, scales, words.

A number is returned only where it has one reading.  "1.234" has two (one and a bit, or a thousand)
unless its surroundings decide; the caller says which mark parts the decimals when it knows.  Pure.
"""

from __future__ import annotations

import re
from decimal import Decimal

SCALES = {
    "hundred": 10**2, "thousand": 10**3, "thousands": 10**3, "k": 10**3, "lakh": 10**5,
    "lakhs": 10**5, "million": 10**6, "millions": 10**6, "mn": 10**6, "mm": 10**6, "m": 10**6,
    "crore": 10**7, "crores": 10**7, "billion": 10**9, "billions": 10**9, "bn": 10**9, "b": 10**9,
    "trillion": 10**12, "trillions": 10**12,
}  # fmt: skip
_UNITS = """one two three four five six seven eight nine ten eleven twelve thirteen fourteen
fifteen sixteen seventeen eighteen nineteen"""
_DECADES = "twenty thirty forty fifty sixty seventy eighty ninety"
SMALL = {word: number for number, word in enumerate(_UNITS.split(), start=1)}
TENS = {word: 10 * number for number, word in enumerate(_DECADES.split(), start=2)}
MOST_WORDS = 14  # of a number, after the first
MOST_DIGITS = 15  # of a number: times a trillion, and summed up, it is still exact
_MULTIPLES = {"thousand": 10**3, "million": 10**6, "billion": 10**9}

_BLANKS = " \u00a0\u2009\u202f"
_MINUS = "-\u2212\u2013"
_PLAIN = re.compile(rf"\d+(?:[,.'\u2019{_BLANKS}]\d+)*")


def number_words(*more: str) -> str:
    """An expression for one or more words of a number."""
    words = sorted({*SMALL, *TENS, *_MULTIPLES, "hundred", *more}, key=len, reverse=True)
    one = "|".join(words)
    return rf"(?:{one})(?:(?:-|\s{{1,3}}(?:and\s{{1,3}})?)(?:{one})){{0,{MOST_WORDS}}}+"


def read_number(text: str, decimal_mark: str | None = None) -> Decimal | None:
    """The number that ``text`` is, sign and separators read; None where it is none, or ambiguous.

    Parentheses around the whole, a minus before, after or within them, make it negative.

    Args:
        text: the characters of one number, without currency or unit.
        decimal_mark: "," or "." where the document is known to use it.
    """
    bare = text.strip()
    negative = bool(re.fullmatch(r"\(.*\)", bare, re.DOTALL))
    bare = bare.strip("() \u00a0")
    if bare[:1] in _MINUS or bare[-1:] in _MINUS:
        negative = bool(bare)
        bare = bare.strip(f"{_MINUS} ")
    if not _PLAIN.fullmatch(bare) or sum(map(str.isdigit, bare)) > MOST_DIGITS:
        return None
    value = _value(bare, decimal_mark)
    return -value if negative and value is not None else value


def _value(bare: str, decimal_mark: str | None) -> Decimal | None:
    marks = re.findall(r"\D", bare)
    if not marks:
        return Decimal(bare)
    head, _, tail = bare.rpartition(marks[-1])
    decimals = _parts_decimals(marks, head, tail, decimal_mark)
    if decimals is None:
        return None
    whole, rest = (head, tail) if decimals else (bare, "")
    if not _grouped(whole):
        return None
    return Decimal(re.sub(r"\D", "", whole) + (f".{rest}" if rest else ""))


def _parts_decimals(
    marks: list[str], head: str, tail: str, decimal_mark: str | None
) -> bool | None:
    """Whether the last mark parts the decimals; None where it cannot be said."""
    last = marks[-1]
    if last not in ",." or last in marks[:-1]:
        return False
    if decimal_mark is not None:
        return last == decimal_mark
    if len(marks) > 1 or len(tail) != 3 or head == "0":
        return True
    return None if last == "." else False  # 1.234: a thousand in one country, a bit in another


def _grouped(whole: str) -> bool:
    """Whether the marks of a whole number part threes, or the Indian way, all by one mark."""
    marks = set(re.findall(r"\D", whole))
    if not marks:
        return True
    if len(marks) > 1:
        return False
    first, *groups = re.split(r"\D", whole)
    threes = 1 <= len(first) <= 3 and all(len(group) == 3 for group in groups)
    indian = 1 <= len(first) <= 2 and len(groups[-1]) == 3 and {len(g) for g in groups[:-1]} <= {2}
    return threes or (indian and marks <= {","})


def read_words(text: str) -> int | None:
    """A whole number in English words: "two million five hundred thousand"; None if it is none."""
    total = part = 0
    seen = False
    for word in re.split(r"[-\s]+", text.strip().lower()):
        if word in SMALL or word in TENS:
            part += SMALL.get(word, 0) + TENS.get(word, 0)
        elif word == "hundred":
            part = (part or 1) * 100
        elif word in _MULTIPLES:
            total += (part or 1) * _MULTIPLES[word]
            part = 0
        elif word != "and" or not seen:
            return None
        seen = True
    return total + part if seen else None


def shown(value: Decimal) -> str:
    """A number as it is written in a normalised value: plain digits, its decimals kept."""
    return f"{value:f}"


def scaled(value: Decimal, scale: int) -> Decimal:
    """A number times its scale, without the zeros that only the multiplication brought."""
    if scale == 1:
        return value
    product = value * scale
    whole = product.to_integral_value()
    return whole if product == whole else product.normalize()
