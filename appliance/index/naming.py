"""Which documents a question names, told from the documents in scope and no others.

A question names a document by words of its file name, its title or its first lines: parties, a
company, a period, the kind of document.  What a word is worth is how rare it is among the labels of
the scope, so that hidden documents have no say (promise P3), and a word that stands in every label
names none.  Pure.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance.documents import DocumentId
from appliance.index.opening import Opening, name_words
from appliance.index.periods import latest_date
from appliance.index.terms import term_hash
from appliance.index.words import STOPWORDS

ENOUGH = 0.5  # share of the naming words' weight that the best label holds
NEAR = 0.8  # of the best score: such documents are named too
BESIDE = 0.5  # of the first document's score: what other names must weigh to name others

_YEAR = re.compile(r"(?:19|20)\d\d")
_MONTHS = """january february march april may june july august september october november december
jan feb mar apr jun jul aug sep sept oct nov dec"""
_NO_NAMES = STOPWORDS | frozenset(_MONTHS.split())


@dataclass(frozen=True, slots=True)
class Label:
    """What a document can be called by."""

    name: str  # path relative to the ingested folder
    opening: Opening


class Names:
    """The labels of a scope, by their words."""

    def __init__(self, labels: Mapping[DocumentId, Label]) -> None:
        """Take in the labels of every document in scope, and of no other."""
        self._documents = tuple(sorted(labels))
        self._by_name: dict[str, set[int]] = defaultdict(set)
        for number, document in enumerate(self._documents):
            for word in {*name_words(labels[document].name)}:
                self._by_name[word].add(number)
        openings = [labels[document].opening for document in self._documents]
        self._small = _Table.of([opening.small for opening in openings])
        self._capital = _Table.of([opening.capital for opening in openings])
        self._dates = {
            document: latest_date(labels[document].name) or labels[document].opening.date
            for document in self._documents
        }

    def proper(self, word: str) -> bool:
        """Whether a word is a name: openings write it with a capital more often than not."""
        if word in _NO_NAMES:
            return False
        small = len(self._small.holders(word))
        return not small or 2 * small < len(self._capital.holders(word))

    def knows(self, word: str) -> bool:
        """Whether a word stands in any label; or is a year, which tells even if it does not."""
        return bool(self._holders(word)) or _YEAR.fullmatch(word) is not None

    def named(self, words: Iterable[str]) -> tuple[DocumentId, ...]:
        """The documents that naming words fit, best first; none where the words do not tell."""
        return self._fitting(words)[0]

    def each_named(self, words: Iterable[str]) -> tuple[DocumentId, ...]:
        """The same, and those that fit what is said beyond the names of the first ones.

        "Acme and Bolt" names the documents of both, whichever name is the rarer.
        """
        wanted = list(words)
        named, best = self._fitting(wanted)
        others = named
        while others:
            held = {w for w in wanted if any(self.holds(d, w) for d in named)}
            others, score = self._fitting(w for w in wanted if w.isalpha() and w not in held)
            if score < BESIDE * best:
                break
            named += others
        return named

    def _fitting(self, words: Iterable[str]) -> tuple[tuple[DocumentId, ...], float]:
        scores: dict[int, float] = defaultdict(float)
        fitting: dict[int, set[str]] = defaultdict(set)
        total = 0.0
        for word in sorted({*words} - STOPWORDS):  # sorted: sums are the same to the last bit
            holders = self._holders(word)
            weight = math.log(len(self._documents) / len(holders)) if holders else 0.0
            if not holders and _YEAR.fullmatch(word):
                weight = math.log(max(len(self._documents), 1))  # another year, another document
            total += weight
            for number in holders:
                scores[number] += weight
                fitting[number].add(word)
        best = max(scores.values(), default=0.0)
        if best <= 0.0 or best < ENOUGH * total:
            return (), 0.0
        near = [number for number, score in scores.items() if score >= NEAR * best]
        kept = [n for n in near if not any(fitting[n] < fitting[other] for other in near)]
        kept.sort(key=lambda n: (-scores[n], n))
        return tuple(self._documents[n] for n in kept), best

    def holds(self, document: DocumentId, word: str) -> bool:
        """Whether a word stands in the label of a document."""
        return any(self._documents[n] == document for n in self._holders(word))

    def in_name(self, document: DocumentId, word: str) -> bool:
        """Whether a word stands in the file name of a document."""
        return any(self._documents[n] == document for n in self._by_name.get(word, ()))

    def latest(self, documents: Iterable[DocumentId]) -> tuple[DocumentId, ...]:
        """The same documents, the latest date first; undated ones last, in their order."""
        return tuple(sorted(documents, key=lambda d: tuple(-n for n in self._dates[d])))

    def _holders(self, word: str) -> set[int]:
        """The documents whose label holds a word; a number counts in a file's name only.

        A year in an opening may mean anything; in a name it means that document.
        """
        named = self._by_name.get(word, set())
        if any(mark.isdigit() for mark in word):
            return named
        return {*named, *self._small.holders(word), *self._capital.holders(word)}


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """Which documents hold a word, by its hash."""

    words: NDArray[np.uint64]  # ascending
    holding: NDArray[np.int64]  # the number of the document at the same place

    @classmethod
    def of(cls, words: Sequence[NDArray[np.uint64]]) -> _Table:
        joined = np.concatenate([np.empty(0, np.uint64), *words])
        numbers = np.repeat(np.arange(len(words)), [len(held) for held in words])
        order = np.argsort(joined, kind="stable")
        return cls(joined[order], numbers[order])

    def holders(self, word: str) -> list[int]:
        wanted = np.uint64(term_hash(word))
        begin, end = (int(np.searchsorted(self.words, wanted, side)) for side in ("left", "right"))
        return [int(number) for number in self.holding[begin:end]]
