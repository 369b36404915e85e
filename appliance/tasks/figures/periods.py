"""Years, quarters and days as heads and questions name them, and when two agree.  Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_YEAR = r"(?:19|20)\d\d"
_QUARTERS = {"first": 1, "second": 2, "third": 3, "fourth": 4}
_COUNTS = {"three": 3, "six": 6, "nine": 9, "twelve": 12, "3": 3, "6": 6, "9": 9, "12": 12}
_NAMED = re.compile(
    rf"\b(?P<m1>{_MONTH})\s+(?P<d1>[0-3]?\d)(?:st|nd|rd|th)?\s*,?\s+(?P<y1>{_YEAR})\b"
    rf"|\b(?P<d2>[0-3]?\d)(?:st|nd|rd|th)?\s+(?P<m2>{_MONTH})\s*,?\s+(?P<y2>{_YEAR})\b"
    rf"|\b(?P<m3>{_MONTH}),?\s+(?P<y3>{_YEAR})\b"
    rf"|\b(?P<y4>{_YEAR})-(?P<m4>[01]\d)-(?P<d4>[0-3]\d)\b"
    rf"|\b(?P<q5>first|second|third|fourth)[\s-]+quarters?(?:\s+(?:of|in))?(?:\s+the)?"
    rf"(?:\s+fiscal)?(?:\s+year)?\s*,?\s+(?P<y5>{_YEAR})\b"
    rf"|\bQ(?P<q6>[1-4])\s*(?:of\s+)?(?:FY\s?)?[’']?(?P<y6>{_YEAR}|\d\d)\b"
    rf"|\b(?P<y7>{_YEAR})\s*,?\s*Q(?P<q7>[1-4])\b"
    rf"|\b(?:FY|CY)\s?[’']?(?P<y8>{_YEAR}|\d\d)\b"
    rf"|(?<![\w.,$€£/])(?P<y9>{_YEAR})(?:/(?P<end9>\d\d))?(?:A|E|F)?(?![\d%]|[.,]\d|/\d)\b",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_SPAN = re.compile(
    r"\b(?P<count>three|six|nine|twelve|3|6|9|12)[\s-]+months?\b"
    r"|\b(?P<quarter>quarters?|quarterly)\b|\b(?P<half>half[\s-]+years?)\b"
    r"|\b(?P<weeks>13|14|26|39)[\s-]+weeks?\b",
    re.IGNORECASE,
)
_WEEKS = {"13": 3, "14": 3, "26": 6, "39": 9}


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A year, with what more is said of it; 0 where nothing is."""

    year: int
    month: int = 0  # in which it ends, 1 to 12
    day: int = 0
    quarter: int = 0  # 1 to 4
    months: int = 0  # how long it is

    def agrees(self, other: Period) -> bool:
        """Whether both can mean the same time: what both say is the same."""
        mine = (self.month, self.day, self.quarter, self.months)
        theirs = (other.month, other.day, other.quarter, other.months)
        pairs = zip(mine, theirs, strict=True)
        return self.year == other.year and all(a == b or not (a and b) for a, b in pairs)


@dataclass(frozen=True, slots=True)
class Mention:
    """A period and the characters that name it, from ``begin`` to ``end``."""

    period: Period
    begin: int
    end: int


def mentions(text: str) -> tuple[Mention, ...]:
    """The periods that a text names, in its order, with how long they are where that stands by."""
    found = []
    if not _DIGIT.search(text):
        return ()
    for match in _NAMED.finditer(text):
        year, month, day, quarter = _parts(match.groupdict())
        if year:
            months = 0 if quarter else _months(text[: match.start()])
            found.append(Mention(Period(year, month, day, quarter, months), *match.span()))
    return tuple(found)


def periods(text: str) -> tuple[Period, ...]:
    """The distinct periods that a text names."""
    return tuple(dict.fromkeys(mention.period for mention in mentions(text)))


def without_periods(text: str) -> str:
    """The text without years, dates and the words that introduce them."""
    cut = list(text)
    for mention in mentions(text):
        cut[mention.begin : mention.end] = " " * (mention.end - mention.begin)
    return _FRAME.sub(" ", "".join(cut))


_FRAME = re.compile(
    rf"\b(?:(?:as\s+(?:of|at)|at|for|in|during|of|on)\s+)?(?:the\s+)?(?:fiscal\s+|financial\s+)?"
    rf"(?:full\s+)?(?:years?|periods?|three months|six months|nine months|twelve months"
    rf"|quarters?|weeks?)[\s-]+end(?:ed|ing|s)?\b(?:[\s:]*(?:on\s+)?{_MONTH}(?:\s+[0-3]?\d)?,?)?"
    rf"|\b(?:fiscal|financial|calendar)\s+years?\b|\bfiscal\b"
    rf"|\b(?:as\s+(?:of|at)|at)\s+{_MONTH}\s+[0-3]?\d,?(?!\s*\d)",
    re.IGNORECASE,
)


_QUARTER = re.compile(
    r"\b(?P<word>first|second|third|fourth|1st|2nd|3rd|4th)\s+quarter\b|\bQ(?P<digit>[1-4])\b",
    re.IGNORECASE,
)


def quarter_in(text: str) -> int:
    """The quarter that a head without a year names; 0 where it names none."""
    match = _QUARTER.search(text)
    if match is None:
        return 0
    word = (match["word"] or "").lower()
    return int(match["digit"] or word[0]) if not word or word[0].isdigit() else _QUARTERS[word]


def _parts(group: dict[str, str | None]) -> tuple[int, int, int, int]:
    for form in "123456789":
        year = group.get(f"y{form}")
        if year:
            end = group.get("end9") if form == "9" else None
            number = int(year) if len(year) == 4 else 2000 + int(year)
            if end:  # 2018/19 is the year that ends in 2019
                number = number // 100 * 100 + int(end)
            month, day = group.get(f"m{form}") or "", group.get(f"d{form}") or "0"
            return number, _month(month), int(day), _quarter(group.get(f"q{form}") or "")
    return 0, 0, 0, 0


def _month(name: str) -> int:
    if name.isdigit():
        return int(name)
    return _MONTHS.index(name[:3].lower()) + 1 if name else 0


def _quarter(name: str) -> int:
    return int(name) if name.isdigit() else _QUARTERS.get(name.lower(), 0)


def _months(before: str) -> int:
    """How long the period is that a text introduces: "Nine Months Ended June 30, 2019"."""
    spans = list(_SPAN.finditer(before))
    if not spans:
        return 0
    last = spans[-1]
    if last["count"]:
        return _COUNTS[last["count"].lower()]
    if last["weeks"]:
        return _WEEKS[last["weeks"]]
    return 3 if last["quarter"] else 6
