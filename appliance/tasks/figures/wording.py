"""Words of labels and questions, reduced to what they share: to match, not to show.  Pure.

Unlike search, a label is short and each of its words tells it from its neighbours: "other", "net"
and "total" are words here.
"""

from __future__ import annotations

import re

from appliance.tasks.terms import stem

_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?")
_IDLE_WORDS = """a an and are as at be been by did do does for from had has have if in into is it
its of on or our per than that the their there these this those to was we were
what when where which with within would us"""
_IDLE = frozenset(_IDLE_WORDS.split())
_NOTES = re.compile(r"\((?:[a-z]|\d{1,2}(?:\s?,\s?\d{1,2})*)\)|\*+|\[\w\]", re.IGNORECASE)
_WRITTEN_OUT: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(short, re.IGNORECASE), long)
    for short, long in (
        (r"\bU\.\s?S\.(?:A\.)?", "United States "),
        (r"\b(?:US|NT|AU|HK)\s?(?=[$€£])", " "),
        (r"(?-i:\bUSA?\b)", "United States "),
        (r"\bU\.\s?K\.|(?-i:\bUK\b)", "United Kingdom "),
        (r"\bR\s?&\s?D\b", "research and development"),
        (r"\bSG\s?&\s?A\b", "selling, general and administrative"),
        (r"\bG\s?&\s?A\b", "general and administrative"),
        (r"\bD\s?&\s?A\b", "depreciation and amortization"),
        (r"\bPP\s?&\s?E\b", "property, plant and equipment"),
        (r"\bEPS\b", "earnings per share"),
        (r"\bCOGS\b", "cost of goods sold"),
        (r"\bcap\s?ex\b", "capital expenditures"),
        (r"\bRSUs?\b", "restricted stock units RSU"),
    )
)
_SHORT = re.compile(r"[A-Z]\.?\s?&?\s?[A-Z]|&|\bcap\s?ex\b|(?i:\b(?:eps|cogs|rsus?)\b)")
_SPELLED = {"taxe": "tax", "amortis": "amortiz", "realis": "realiz", "unrealis": "unrealiz"}
_ALIKE = tuple(
    frozenset(group.split())
    for group in (
        "revenu sale turnov",
        "income profit earn",
        "expens cost charg",
        "employe staff personnel workforc",
        "debt borrow loan",
        "stock share",
        "expenditur spend",
        "expens expenditur",
        "ratio rate",
        "loss deficit",
        "fund cash",
        "overall total",
        "entir total",
        "aggregat total",
        "remain outstand",
        "flow provid generat",
    )
)
ALIKE = {
    word: frozenset().union(*(group for group in _ALIKE if word in group))
    for group in _ALIKE
    for word in group
}


def terms(text: str) -> tuple[str, ...]:
    """Distinct stems of a label's words, in order, without notes, years and idle words."""
    text = _NOTES.sub(" ", text)
    if _SHORT.search(text):
        for short, long in _WRITTEN_OUT:
            text = short.sub(long, text)
    words = (word for word in _WORD.findall(text) if word.casefold() not in _IDLE)
    return tuple(dict.fromkeys(_reduced(word) for word in words if len(word) > 1))


def _reduced(word: str) -> str:
    reduced = stem(word)
    return _SPELLED.get(reduced, reduced)
