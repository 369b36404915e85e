"""Content words of a text, reduced so that "renewed" meets "renewal": to match, not to show."""

from __future__ import annotations

import re

_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?")
_ENDINGS = (
    "ations", "ation", "ements", "ement", "ments", "ment", "ings", "ing", "ions", "ion", "ables",
    "able", "als", "al", "ies", "ed", "es", "er", "s", "e", "y",
)  # fmt: skip
_STOPWORDS = """a about above after again all also am an and any are as at be because been before
being below between both but by can could did do does doing down during each either few for from
further had has have having he her here hers herself him himself his how i if in into is it its
itself just let me more most my no nor not now of off on once only or other our out over own per
same shall she should so some such than that the their them then there these they this those
through to too under until up upon us very was we were what when where whether which while who
whom whose why will with would you your hereby herein hereof hereto hereunder thereof therein such
said"""
STOPWORDS = frozenset(_STOPWORDS.split())


def stem(word: str) -> str:
    """A word without its ending, if four letters stay (laws: three); a number without commas."""
    if word[0].isdigit():
        return word.replace(",", "")
    word = word.casefold().replace("’", "'").removesuffix("'s")
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word[:-1] if len(word) == 4 and word[-1] == "s" != word[-2] else word


def content_terms(text: str) -> list[str]:
    """Stems of the words that carry meaning, in order, with repetitions."""
    words = _WORD.findall(text)
    return [stem(word) for word in words if word.casefold() not in STOPWORDS and len(word) > 1]
