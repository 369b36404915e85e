"""Quarters and dates as they stand in file names, first lines and questions.

Only enough to tell one report of a series from the next: "the third quarter of 2023" meets
"2023 Q3", and the latest of several documents can be told.
"""

from __future__ import annotations

import re

Date = tuple[int, int, int]  # year, month, day; zeros where unknown

_ORDINALS = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4,
             "4th": 4, "last": 4}  # fmt: skip
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_QUARTER = re.compile(r"\b(first|second|third|fourth|1st|2nd|3rd|4th)[\s-]+quarter\b", re.I)
_SHORT_YEAR = re.compile(r"\b(Q[1-4]|FY)\s*['\u2019]?\s*(\d\d)\b(?![.,/-]?\d)", re.I)
_FISCAL = re.compile(r"\b(?:FY|fiscal(?:\s+year)?)\s*(20\d\d|19\d\d)\b", re.I)
_STUCK = re.compile(r"\b(?:(Q[1-4])((?:19|20)\d\d)|((?:19|20)\d\d)(Q[1-4]))\b", re.I)

_YEAR = r"(?P<y>(?:19|20)\d\d)"
_NAMED = r"(?P<n>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_BEFORE, _AFTER = r"(?<![^\W_])", r"(?![^\W_])"
_DATES = tuple(
    re.compile(_BEFORE + pattern + _AFTER, re.I)
    for pattern in (
        rf"{_YEAR}[-_./ ]?(?P<m>0[1-9]|1[0-2])[-_./ ]?(?P<d>[0-3]\d)",
        rf"(?P<m>0?[1-9]|1[0-2])[-_./](?P<d>[0-3]?\d)[-_./]{_YEAR}",
        rf"{_NAMED}\s+(?P<d>[0-3]?\d)(?:st|nd|rd|th)?,?\s+{_YEAR}",
        rf"(?P<d>[0-3]?\d)(?:st|nd|rd|th)?\s+{_NAMED},?\s+{_YEAR}",
        rf"{_YEAR}[-_. ]?Q(?P<q>[1-4])",
        rf"Q(?P<q>[1-4])[-_. ]?{_YEAR}",
        rf"{_NAMED},?\s+{_YEAR}",
        rf"{_YEAR}",
    )
)


def with_periods(text: str) -> str:
    """The text with its quarters and fiscal years written as ``Q3`` and ``2023``."""
    text = _QUARTER.sub(lambda m: f"Q{_ORDINALS[m[1].lower()]}", text)
    text = _STUCK.sub(lambda m: f"{m[1] or m[4]} {m[2] or m[3]}", text)
    text = _SHORT_YEAR.sub(lambda m: f"{m[1]} 20{m[2]}", text)
    return _FISCAL.sub(r"\1", text)


def latest_date(text: str) -> Date | None:
    """The latest date of the fullest kind that a text holds, or None."""
    for pattern in _DATES:
        dates = [_date(match) for match in pattern.finditer(text)]
        if dates:
            return max(dates)
    return None


def _date(match: re.Match[str]) -> Date:
    parts = match.groupdict()
    month = int(parts.get("m") or 0)
    if parts.get("n"):
        month = 1 + _MONTHS.index(parts["n"].lower())
    if parts.get("q"):
        month = 3 * int(parts["q"])
    return int(parts["y"]), month, int(parts.get("d") or 0)
