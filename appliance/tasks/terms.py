"""Content words of a text, reduced so that "renewed" meets "renewal": to match, not to show."""

from __future__ import annotations

import re

from appliance.index.words import STOPWORDS

__all__ = ["STOPWORDS", "content_terms", "stem"]

_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?")
_ENDINGS = (
    "ations", "ation", "ements", "ement", "ments", "ment", "ings", "ing", "ions", "ion", "ables",
    "able", "als", "al", "ies", "ed", "es", "er", "s", "e", "y",
)  # fmt: skip


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
