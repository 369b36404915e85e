"""Calendar dates as documents write them, found and normalised to ISO 8601.

A date that can be read two ways (03/04/2018) is found but not normalised: a value nobody can
check is worse than none.  A two-digit year 70 to 99 is 19xx, otherwise 20xx (POSIX ``strptime``
draws the line at 69).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from appliance.documents import Span

_MONTHS = """january february march april may june july august september october november
december"""
_MONTH = (
    r"(?P<{}>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"(?P<{}>[0-3]?\d)(?:\s?(?:st|nd|rd|th))?"
_YEAR = r"(?P<{}>(?:19|20)\d\d)"
_DATE = re.compile(
    "|".join(
        (
            rf"\b{_MONTH.format('m1')}\s+{_DAY.format('d1')}\s*,?\s+{_YEAR.format('y1')}\b",
            rf"\b{_DAY.format('d2')}\s+(?:day\s+of\s+)?{_MONTH.format('m2')}\s*,?\s+"
            rf"{_YEAR.format('y2')}\b",
            r"\b(?P<y3>(?:19|20)\d\d)-(?P<m3>[01]\d)-(?P<d3>[0-3]\d)\b",
            r"(?<![\d/.-])(?P<a4>[0-3]?\d)(?P<s4>[/.-])(?P<b4>[0-3]?\d)(?P=s4)"
            r"(?P<y4>(?:19|20)?\d\d)(?![\d/-]|\.\d)",
        )
    ),
    re.IGNORECASE,
)


def find_dates(text: str) -> tuple[Span, ...]:
    """Where full dates (day, month and year) stand in ``text``."""
    return tuple(Span(*match.span()) for match in _DATE.finditer(text) if any(_readings(match)))


def normalise_date(text: str) -> str | None:
    """The one date in ``text`` as YYYY-MM-DD; None when there is none, or more than one reading."""
    readings = {day for match in _DATE.finditer(text) for day in _readings(match)}
    return readings.pop().isoformat() if len(readings) == 1 else None


def _readings(match: re.Match[str]) -> Iterator[date]:
    group = match.groupdict()
    for form in "12":
        if group[f"m{form}"]:
            month = _month_number(group[f"m{form}"])
            yield from _day(group[f"y{form}"], month, group[f"d{form}"])
    if group["y3"]:
        yield from _day(group["y3"], int(group["m3"]), group["d3"])
    if group["y4"]:
        yield from _day(group["y4"], int(group["a4"]), group["b4"])
        if group["a4"] != group["b4"]:
            yield from _day(group["y4"], int(group["b4"]), group["a4"])


def _month_number(name: str) -> int:
    return next(
        n for n, month in enumerate(_MONTHS.split(), 1) if month.startswith(name.lower()[:3])
    )


def _day(year: str, month: int, day: str) -> Iterator[date]:
    number = int(year) if len(year) == 4 else int(year) + (1900 if int(year) >= 70 else 2000)
    try:
        yield date(number, month, int(day))
    except ValueError:
        return
