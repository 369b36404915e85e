"""Lengths of time as documents write them, found and normalised to ISO 8601 (``P90D``, ``P3Y``).

Business days are found and not normalised, since ISO 8601 has no word for them.  A quarter is three
months, a fortnight two weeks.  Pure.
"""

from __future__ import annotations

import re

from appliance.documents import Span
from appliance.tasks.numbers import SMALL, TENS

_COUNT_WORD = (
    rf"(?:(?:{'|'.join(TENS)})(?:[-\s](?:{'|'.join(SMALL)}))?"
    rf"|{'|'.join(sorted(SMALL, key=len, reverse=True))}|one\s+hundred(?:\s+and)?"
    rf"(?:\s+(?:{'|'.join([*TENS, *SMALL])}))?)"
)
_DURATION = re.compile(
    rf"(?<![\w.,/$£€-])(?:(?P<words>{_COUNT_WORD})\s*(?:\(\s*(?P<digits>\d{{1,4}})\s*\))?"
    rf"|(?P<plain>\d{{1,4}})(?:\s*\(\s*(?:\d{{1,4}}|{_COUNT_WORD})\s*\))?)"
    r"[-\s]+(?P<business>(?:business|working|trading)[-\s]+)?(?:calendar[-\s]+|consecutive[-\s]+"
    r"|successive[-\s]+|additional[-\s]+|full[-\s]+)?"
    r"(?P<unit>minute|hour|day|week|fortnight|month|quarter|year)s?\b",
    re.IGNORECASE,
)
_UNITS = {
    "minute": "T{}M", "hour": "T{}H", "day": "{}D", "week": "{}W", "month": "{}M", "year": "{}Y",
}  # fmt: skip
_TIMES = {"quarter": (3, "month"), "fortnight": (2, "week")}


def find_durations(text: str) -> tuple[Span, ...]:
    """Where lengths of time stand in ``text``: "ninety (90) days", "3 years"."""
    return tuple(Span(*match.span()) for match in _DURATION.finditer(text))


def normalise_duration(text: str) -> str | None:
    """The one duration in ``text`` in ISO 8601; None when there is none, several, or no word."""
    matches = list(_DURATION.finditer(text))
    readings = {_duration(match) for match in matches}
    if len(matches) == 2 and None not in readings:
        first, second = matches
        between = text[first.end() : second.start()]
        units = [match["unit"].lower() for match in matches]
        if re.fullmatch(r"\s*(?:and|,)\s*", between) and units == ["year", "month"]:
            return f"{_duration(first)}{(_duration(second) or 'P')[1:]}"
    return readings.pop() if len(readings) == 1 else None


def _duration(match: re.Match[str]) -> str | None:
    if match["business"]:
        return None
    digits = match["digits"] or match["plain"]
    count = int(digits) if digits else _count(match["words"])
    if match["digits"] and _count(match["words"]) != count:
        return None  # "sixty (90) days" says two things
    unit = match["unit"].lower()
    times, unit = _TIMES.get(unit, (1, unit))
    return "P" + _UNITS[unit].format(count * times)


def _count(words: str) -> int:
    total = 0
    for word in re.split(r"[-\s]+", words.lower()):
        total += SMALL.get(word, 0) + TENS.get(word, 0)
        if word == "hundred":
            total *= 100
    return total
