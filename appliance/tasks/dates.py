"""Calendar dates as documents write them, found and normalised to ISO 8601.

A date that can be read two ways (03/04/2018) is found but not normalised, unless the document's
other dates say which of day and month its writer puts first (`order_of`): a value nobody can check
is worse than none.  A date whose day was left open or redacted keeps its month ("2011-03").  A
two-digit year 70 to 99 is 19xx, otherwise 20xx (POSIX ``strptime`` draws the line at 69).
Reporting periods: ISO 8601 intervals, a duration and the day on which it ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache

from appliance.documents import Span

# English, German, French, Spanish, Italian, Portuguese and Dutch, by the number of the month.
_MONTHS = (
    "january januar janvier enero gennaio janeiro januari jan",
    "february februar février fevrier febrero febbraio fevereiro februari feb",
    "march märz mars marzo março maart mar",
    "april avril abril aprile apr abr",
    "may mai mayo maggio maio mei",
    "june juni juin junio giugno junho jun",
    "july juli juillet julio luglio julho jul",
    "august août aout agosto augustus aug ago",
    "september septembre septiembre settembre setembro sept sep",
    "october oktober octobre octubre ottobre outubro oct okt",
    "november novembre noviembre novembro nov",
    "december dezember décembre decembre diciembre dicembre dezembro dec dez",
)
_NUMBER_OF = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}


def _any_of(names: Iterable[str]) -> str:
    """An expression for the longest of some words, by their first two letters: the engine tries
    every branch of an alternation at every place, and there are many words.
    """
    groups: dict[str, dict[str, list[str]]] = {}
    for name in sorted(names, key=len, reverse=True):
        groups.setdefault(name[0], {}).setdefault(name[1], []).append(name[2:])
    return "|".join(f"{first}(?:{_branches(seconds)})" for first, seconds in sorted(groups.items()))


def _branches(seconds: Mapping[str, Sequence[str]]) -> str:
    return "|".join(f"{second}(?:{'|'.join(ends)})" for second, ends in seconds.items())


_NAMES = _any_of(_NUMBER_OF)
_MONTH = rf"(?P<{{}}>{_NAMES})(?![^\W\d_])\.?"
_ORDINALS = """first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth
thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty-first
twenty-second twenty-third twenty-fourth twenty-fifth twenty-sixth twenty-seventh twenty-eighth
twenty-ninth thirtieth thirty-first"""
_DAY_OF = {word: day for day, word in enumerate(_ORDINALS.split(), 1)}
_DAY = r"(?P<{}>[0-3]?\d)(?:\s?(?:st|nd|rd|th|er|º|\.))?"
_DAY_WORD = rf"(?P<w5>{_any_of(_DAY_OF).replace('-', '[- ]')})"
_YEAR = r"(?P<{}>(?:19|20)\d\d)"
_CLOCK = r"[0-2]?\d:[0-5]\d"  # recognised text runs the time into the date
# Left open or redacted; possessive, so that a long ruled line costs no more than its length.
_OPEN = (
    r"(?:\[[^\]\n]{0,12}\]|(?<!_)_{2,}+|(?<!\.)\.{3,}+|(?<!\*)\*{2,}+"
    r"|(?<![-–—])[-–—]{2,}+|\u25cf|\u2022)"
)
_DATE = re.compile(
    "|".join(
        (
            rf"\b{_MONTH.format('m1')}\s*{_DAY.format('d1')}(?:\s*,\s*|\s+){_YEAR.format('y1')}\b",
            rf"\b{_DAY.format('d2')}[-\s/]*(?:day\s+of\s+|of\s+|de\s+)?{_MONTH.format('m2')}"
            rf"\s*(?:[-,/]|de\b)?\s*{_YEAR.format('y2')}(?!\d)",
            r"(?<!\d)(?P<y3>(?:19|20)\d\d)(?P<s3>[-/.])(?P<m3>[01]?\d)(?P=s3)(?P<d3>[0-3]\d)"
            rf"(?=(?!\d)|{_CLOCK})",
            r"(?<![\d/.-])(?P<a4>[0-3]?\d)(?P<s4>[/.-])(?P<b4>[0-3]?\d)(?P=s4)"
            rf"(?P<y4>(?:(?:19|20)\d\d|\d\d)(?=(?!\d)|{_CLOCK}))(?![/-]|\.\d)",
            rf"\b{_DAY_WORD}\s+day\s+of\s+{_MONTH.format('m5')}\s*,?\s+{_YEAR.format('y5')}\b",
            rf"\b{_DAY.format('d6')}[-/]{_MONTH.format('m6')}[-/](?P<y6>\d\d)(?!\d)",
            rf"{_OPEN}\s*(?:(?:st|nd|rd|th)\s+)?(?:day\s+of\s+)?{_MONTH.format('m7')}\s*,?\s+"
            rf"{_YEAR.format('y7')}\b",
            rf"\b{_MONTH.format('m8')}\s*{_OPEN}\s*,?\s*{_YEAR.format('y8')}\b",
        )
    ),
    re.IGNORECASE,
)
_MONTH_ALONE = re.compile(
    rf"\b{_MONTH.format('m')}\s*,?\s+(?:de\s+)?{_YEAR.format('y')}\b", re.IGNORECASE
)
AMBIGUOUS = "its day and its month could be exchanged"
SEVERAL = "it holds more than one date"
NO_DATE = "it is no date of the calendar"


class Order(StrEnum):
    """Which of day and month stands first in dates of figures."""

    DAY = "day first"
    MONTH = "month first"


@dataclass(frozen=True, slots=True)
class DateReading:
    """What a text says as a date: ISO 8601, or why it cannot be said."""

    iso: str | None
    reason: str = ""


def find_dates(text: str) -> tuple[Span, ...]:
    """Where dates (day, month and year; the day may be left open) stand in ``text``."""
    return tuple(Span(*match.span()) for match in _DATE.finditer(text) if _isos(match, None))


def read_date(text: str, order: Order | None = None) -> DateReading:
    """The one date of ``text``, or the reason why there is none.

    Args:
        text: the characters of a value.
        order: how this document writes dates of figures, where that is known.
    """
    matches = list(_DATE.finditer(text))
    each = [_isos(match, order) for match in matches]
    readings = {iso for isos in each for iso in isos}
    if not matches:
        readings = {f"{m['y']}-{_month(m['m']):02d}" for m in _MONTH_ALONE.finditer(text)}
    if len(readings) == 1:
        return DateReading(readings.pop())
    if not readings:
        return DateReading(None, NO_DATE)
    return DateReading(None, AMBIGUOUS if len(matches) == 1 else SEVERAL)


def normalise_date(text: str) -> str | None:
    """The one date in ``text`` as YYYY-MM-DD, or YYYY-MM; None when there is none, or several."""
    return read_date(text).iso


def order_of(text: str) -> Order | None:
    """Which of day and month a document puts first, by its dates that can be read one way only.

    None where no date says it, or where they disagree.
    """
    orders = set()
    for match in _DATE.finditer(text):
        if match["y4"] and match["a4"] != match["b4"] and len(_isos(match, None)) == 1:
            orders.add(Order.DAY if int(match["a4"]) > 12 else Order.MONTH)
    return orders.pop() if len(orders) == 1 else None


def _isos(match: re.Match[str], order: Order | None) -> frozenset[str]:
    """Every reading of one match."""
    group = match.groupdict()
    for form in "78":
        if group[f"m{form}"]:
            return frozenset({f"{group[f'y{form}']}-{_month(group[f'm{form}']):02d}"})
    return frozenset(day.isoformat() for day in _readings(group, order))


def _readings(group: dict[str, str | None], order: Order | None) -> Iterator[date]:
    for form in "1256":
        name, year = group[f"m{form}"], group[f"y{form}"]
        if name and year:
            word = re.sub(r"\s", "-", group["w5"].lower()) if group["w5"] else ""
            day = group.get(f"d{form}") or str(_DAY_OF[word])
            yield from _day(year, _month(name), day)
    if group["y3"]:
        yield from _day(group["y3"], int(group["m3"] or 0), group["d3"] or "")
    if group["y4"]:
        first, second = group["a4"] or "", group["b4"] or ""
        if order is not Order.DAY:
            yield from _day(group["y4"], int(first), second)
        if first != second and order is not Order.MONTH:
            yield from _day(group["y4"], int(second), first)


@cache
def _month(name: str) -> int:
    return _NUMBER_OF[name.lower()]


def _day(year: str, month: int, day: str) -> Iterator[date]:
    number = int(year) if len(year) == 4 else int(year) + (1900 if int(year) >= 70 else 2000)
    try:
        yield date(number, month, int(day))
    except ValueError:
        return
