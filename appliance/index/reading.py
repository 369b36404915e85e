"""What of a ranking is read: as much as fits, with neighbouring chunks joined again.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from appliance.documents import Chunk, Span
from appliance.index.memory import Hit


def within(hits: Sequence[Hit], characters: int) -> tuple[Hit, ...]:
    """The best hits that together hold at most so many characters; the first in any case.

    One that no longer fits is passed over for shorter ones after it.
    """
    kept: list[Hit] = []
    left = characters
    for hit in hits:
        length = hit.chunk.span.end - hit.chunk.span.begin
        if not kept or length <= left:
            kept.append(hit)
            left -= length
    return tuple(kept)


def joined(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """The hits, those of consecutive chunks of a document made one, each at its best place.

    A joined hit has the heading and the table head of its first chunk, and the best score.
    """
    places = {(hit.document, hit.number): rank for rank, hit in enumerate(hits)}
    runs: dict[int, Hit] = {}
    for run in _runs(sorted(hits, key=lambda hit: (hit.document, hit.number))):
        first = run[0]
        span = Span(first.chunk.span.begin, run[-1].chunk.span.end)
        chunk = Chunk(span, first.chunk.heading, first.chunk.table)
        rank = min(places[hit.document, hit.number] for hit in run)
        runs[rank] = replace(first, chunk=chunk, score=max(hit.score for hit in run))
    return tuple(runs[rank] for rank in sorted(runs))


def _runs(hits: Sequence[Hit]) -> Iterator[list[Hit]]:
    run: list[Hit] = []
    for hit in hits:
        if run and (hit.document, hit.number) != (run[-1].document, run[-1].number + 1):
            yield run
            run = []
        run.append(hit)
    if run:
        yield run
