"""Building blocks of the expressions in field packs.

A pack writes ``<date>`` where a value that is a date stands, and ``[<quote>]`` for any quotation
mark; ``<drug>``, ``<dose>`` and ``<schedule>`` stand for parts of a medication (drugs.py).  A blank
stands for any white space.  The blocks only propose: normaliser and validator of
the field read what they matched.
"""

from __future__ import annotations

import re
from functools import cache

from appliance.tasks.drugs import DOSE, LISTED, SCHEDULE, STEMMED

_COUNT = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|eighteen|twenty"
    r"|thirty|forty|sixty|ninety)"
)
_TAIL = r"(?:Inc|INC|LLC|L\.L\.C|Ltd|LTD|LLP|L\.P|LP|N\.A|Corp|CORP|S\.A|Co|CO|PLLC|AG|plc|PLC)"

_VALUES = {
    "date": (
        r"\b(?:[A-Z][A-Za-z]+\.? \d{1,2}(?:st|nd|rd|th)?,? ?(?:19|20)\d\d"
        r"|\d{1,2}(?: ?(?:st|nd|rd|th))?(?: day of)? [A-Z][A-Za-z]+,? (?:19|20)\d\d"
        r"|(?:19|20)\d\d-\d\d-\d\d|\d{1,2}[/.-]\d{1,2}[/.-](?:\d{4}|\d\d))\b"
    ),
    "duration": (
        rf"(?i:(?:{_COUNT}(?:[- ]{_COUNT})*(?: ?\(\d+\))?|\d+(?: \(\w+\))?)"
        r"[ -]+(?:calendar |business )?(?:day|week|month|year)s?)\b"
    ),
    "amount": (
        r"(?:US\$|[$£€]|USD|EUR|GBP|RM) ?(?:\d{1,3}(?:[ ,]\d{3})+|\d+)(?:[.,]\d{1,2}\b)?"
        r"(?: (?i:thousand|million|billion))?"
    ),
    "name": (
        rf"\b(?:(?:(?:[A-Z]\.){{1,6}}|[A-Z][\w&’'-]{{0,40}})(?:, (?={_TAIL})| (?:of |de |the "
        rf"|and (?=[A-Z][\w’'-]*,? {_TAIL}))?(?=[A-Z]|&|plc\b))|& ){{0,8}}"
        rf"(?:{_TAIL}\b\.?|[A-Z][\w&’'-]{{0,40}})"
    ),
}
_BLANK = re.compile(r"\[[^\]]*\]| \?| ")
_PARTS = {
    "quote": "\"“”'‘’",
    "drug": rf"(?i:\b(?:{LISTED}|{STEMMED})\b)",
    "dose": rf"(?i:{DOSE})",
    "schedule": rf"(?i:{SCHEDULE})",
}


@cache
def expression(source: str) -> re.Pattern[str]:
    """An expression of a pack, compiled; case matters.

    Raises:
        re.error: the source is no regular expression.
    """
    return re.compile(_expanded(source))


@cache
def anycase(source: str) -> re.Pattern[str]:
    """As `expression`, without regard to case."""
    return re.compile(_expanded(source), re.IGNORECASE)


def _expanded(source: str) -> str:
    for name, characters in _PARTS.items():
        source = source.replace(f"<{name}>", characters)
    for name, value in _VALUES.items():
        named = f"(?P<value>{value})".replace("\\", r"\\")
        source = re.sub(rf"(?<!\?P)<{name}>", named, source)
    return _BLANK.sub(_white_space, source)


def _white_space(match: re.Match[str]) -> str:
    if match[0].startswith("["):
        return match[0]  # a blank in a character class is a blank
    return r"\s*" if match[0].endswith("?") else r"\s+"
