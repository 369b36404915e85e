"""The figures of a ranking: how much of what was annotated stands how early in it.  Pure."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence

from appliance.documents import Chunk, ParsedDocument, Span
from scripts.evaluating.contracts import Compact, compact


class Annotation:
    """The annotated words of one question, in the text as the appliance read it.

    They are found without regard to white space and punctuation, for the annotators had another
    reading of the same file; only letters and digits are counted.
    """

    def __init__(self, parsed: ParsedDocument, texts: Iterable[str]) -> None:
        self._reading = Compact(parsed.text)
        wanted = list(texts)
        stretches = [stretch for text in wanted for stretch in self._reading.places(text)]
        self._wanted = {at for begin, end in stretches for at in range(begin, end)}
        sought = sum(len(compact(part)) for text in wanted for part in text.split("<omitted>"))
        held = sum(end - begin for begin, end in stretches)
        self.mapped = min(1.0, held / sought) if sought else 1.0  # of the annotators' characters

    def within(self, spans: Iterable[Span]) -> float:
        """The share of the annotated characters that stand in any of the spans."""
        covered: set[int] = set()
        for span in spans:
            covered.update(range(*self._reading.stretch(span.begin, span.end)))
        return len(self._wanted & covered) / len(self._wanted) if self._wanted else 0.0

    def gains(self, chunks: Iterable[Chunk]) -> list[float]:
        """What each chunk alone holds, for nDCG."""
        return [self.within([piece.span]) for piece in chunks]


def first(spans: Sequence[tuple[Hashable, Span]], characters: int) -> list[tuple[Hashable, Span]]:
    """The beginning of a ranking, in characters; the last span is cut where the budget ends."""
    kept: list[tuple[Hashable, Span]] = []
    left = characters
    for where, span in spans:
        if left <= 0:
            break
        end = min(span.end, span.begin + left)
        kept.append((where, Span(span.begin, end)))
        left -= end - span.begin
    return kept


def ndcg(gains: Sequence[float], ideal: Iterable[float], depth: int = 10) -> float:
    """Normalised discounted cumulative gain (Järvelin and Kekäläinen 2002) of the first places.

    Args:
        gains: of what was found, in its order.
        ideal: of everything there is, in any order.
    """
    best = _dcg(sorted(ideal, reverse=True)[:depth])
    return _dcg(gains[:depth]) / best if best else 0.0


def _dcg(gains: Sequence[float]) -> float:
    return sum(gain / math.log2(place + 1) for place, gain in enumerate(gains, start=1))


def recall(found: Sequence[Hashable], wanted: Iterable[Hashable], depth: int) -> float:
    """The share of the wanted among the first places, of as many as can stand there."""
    want = set(wanted)
    possible = min(len(want), depth)
    return len(want & set(found[:depth])) / possible if possible else 0.0


def reciprocal(found: Sequence[Hashable], wanted: Iterable[Hashable]) -> float:
    """One over the place of the first wanted one; 0 where there is none."""
    want = set(wanted)
    return next((1.0 / place for place, one in enumerate(found, start=1) if one in want), 0.0)
