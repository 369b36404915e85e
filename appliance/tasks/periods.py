"""Reporting periods as statements head their columns: a span of time that ends on a day, or a day.

Normalised as ISO 8601: ``P3M/2023-07-01`` is the three months that end on that day.  ISO 8601 has
no quarters of fiscal years; those are ``FY2023`` and ``FY2023-Q3``.  Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from appliance.tasks.dates import normalise_date
from appliance.tasks.durations import find_durations, normalise_duration

_ENDED = re.compile(r"\b(?:ended|ending|to|through|until)\b", re.IGNORECASE)
_SPANS = (
    (re.compile(r"\bquarter(?:ly period)?\b", re.IGNORECASE), "P3M"),
    (re.compile(r"\bhalf[- ]year\b|\bsix[- ]month\b", re.IGNORECASE), "P6M"),
    (re.compile(r"\byears?\b|\bannual\b|\btwelve[- ]month\b", re.IGNORECASE), "P1Y"),
)
_QUARTER = re.compile(
    r"\b(?:(?:Q(?P<q1>[1-4])|(?P<q2>[1-4])Q|(?P<q3>first|second|third|fourth)\s+quarter)"
    r"(?:\s+of)?(?:\s+fiscal(?:\s+year)?|\s+FY)?[-\s,/']*(?P<y1>(?:19|20)\d\d|\d\d)"
    r"|(?P<y2>(?:19|20)\d\d)[-\s/]*Q(?P<q4>[1-4]))(?!\d)",
    re.IGNORECASE,
)
_FISCAL = re.compile(
    r"\b(?:fiscal(?:\s+year)?|FY)[-\s']*(?P<y>(?:19|20)\d\d|\d\d)\b", re.IGNORECASE
)
_PLACES = ("first", "second", "third", "fourth")


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A reporting period: the day on which it ends (ISO 8601, as far as known) and its length."""

    end: str
    length: str = ""  # ISO 8601 duration; empty: a point in time

    def __str__(self) -> str:
        return f"{self.length}/{self.end}" if self.length else self.end


def read_period(text: str) -> Period | None:
    """The period that the heads of a column name; None where they name none, or several."""
    end = normalise_date(text) or _lone_year(text)
    if end is None:
        return None
    return Period(end, _length(text))


def normalise_period(text: str) -> str | None:
    """A period in words, normalised: dates with a length, quarters, fiscal years."""
    quarter = _QUARTER.search(text)
    if quarter:
        number = next(quarter[f"q{form}"] for form in "1234" if quarter[f"q{form}"]).lower()
        place = _PLACES.index(number) + 1 if number in _PLACES else int(number)
        return f"FY{_full(quarter['y1'] or quarter['y2'])}-Q{place}"
    fiscal = _FISCAL.search(text)
    if fiscal:
        return f"FY{_full(fiscal['y'])}"
    period = read_period(text)
    return str(period) if period else None


def _length(text: str) -> str:
    if find_durations(text):
        return normalise_duration(text) or ""
    if not _ENDED.search(text):
        return ""
    return next((length for pattern, length in _SPANS if pattern.search(text)), "")


def _lone_year(text: str) -> str | None:
    years = set(re.findall(r"(?<![\d,.$])(?:19|20)\d\d(?![\d,.]*\d)", text))
    return years.pop() if len(years) == 1 else None


def _full(year: str) -> str:
    return year if len(year) == 4 else f"20{year}"
