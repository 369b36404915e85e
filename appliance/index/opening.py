"""What a document's title and first lines say, kept as hashes: enough to know it when it is named.

No word is kept, as in the word list of the whole (terms.py); that a word was written with a capital
is, for names are told from other words by it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from appliance.index.periods import Date, latest_date, with_periods
from appliance.index.terms import term_hash

CHARACTERS = 1000  # of a document's beginning: the cover of a filing, the parties of a contract
UNDATED: Date = (0, 0, 0)

_WORD = re.compile(r"[^\W_]+")
_ADDRESS = re.compile(r"[^\W_][\w-]*(?:[.@/][^\W_][\w-]*)+")  # acme.com tells nothing of capitals
_JOINED = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z]{2})(?=\d)|(?<=\d)(?=[A-Za-z]{2})")


def _none() -> NDArray[np.uint64]:
    return np.empty(0, dtype=np.uint64)


@dataclass(frozen=True, slots=True, eq=False)
class Opening:
    """Hashes of the words of an opening, each ascending; a word can stand in both."""

    small: NDArray[np.uint64] = field(default_factory=_none)  # written without a capital
    capital: NDArray[np.uint64] = field(default_factory=_none)  # written with one, or a number
    date: Date = UNDATED  # the latest that it states

    @classmethod
    def of(cls, title: str | None, text: str) -> Opening:
        """The opening of a document with this title and text."""
        begins = with_periods(f"{title or ''}\n{text[:CHARACTERS]}")
        addresses = {part for run in _ADDRESS.findall(begins) for part in _WORD.findall(run)}
        written = set(_WORD.findall(_ADDRESS.sub(" ", begins)))
        return cls(
            _hashes(word for word in written if word.islower()),
            _hashes([*(word for word in written if not word.islower()), *addresses]),
            latest_date(begins) or UNDATED,
        )


def name_words(text: str) -> Iterator[str]:
    """Words of a name, folded: as they stand, and apart where letters meet digits or capitals.

    "2023Q3_AcmeCorp.pdf" gives 2023, q3, acmecorp, acme, corp, pdf.
    """
    for word in _WORD.findall(with_periods(text.replace("_", " "))):
        yield folded(word)
        parts = _JOINED.sub(" ", word).split()
        if len(parts) > 1:
            yield from map(folded, parts)


def folded(word: str) -> str:
    """A word in lower case and in one Unicode form; not stemmed: "Apple" is not "apply"."""
    return unicodedata.normalize("NFKC", word).casefold()


def _hashes(words: Iterable[str]) -> NDArray[np.uint64]:
    return np.array(sorted({term_hash(folded(word)) for word in words}), dtype=np.uint64)
