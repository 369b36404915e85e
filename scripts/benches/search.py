"""Search over 100,000 chunks against raw FAISS plus raw BM25 on the same data, in the same run.

Raw FAISS is the same half-precision index searched without a selector.  Raw BM25 is the arithmetic
of a search without a scope, written out below: one table of postings, document frequencies and
average length of everything, no permission looked at.  Both return the best 64; what
``MemoryIndex.search`` adds is the scope (bitmap, permitted statistics, the check of every result),
the names and order of places, and the fusion.  All on one thread; the statistics of a scope are
made at its first search and kept, as in use.

The data are made up: random unit vectors, and words drawn so that the n-th most frequent one is
about n times rarer than the first (Zipf), as in real text.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from appliance.access.scope import Scope
from appliance.documents import Chunk, DocumentId, Span
from appliance.index.embed import DIMENSIONS
from appliance.index.lexical import K1, B
from appliance.index.memory import DEPTH, Hit, MemoryIndex
from appliance.index.payload import IndexPayload
from appliance.index.terms import Postings, query_terms, term_hash
from scripts.benches.figure import Figure

DOCUMENTS, PER_DOCUMENT, WORDS, LENGTH, QUERIES = 2_000, 50, 30_000, 100, 40
ON = f"{DOCUMENTS * PER_DOCUMENT:,} made-up chunks of {LENGTH} words in {DOCUMENTS:,} documents"


@dataclass(frozen=True, slots=True)
class Corpus:
    """The same made-up chunks, as payloads and as the two plain tables."""

    payloads: tuple[IndexPayload, ...]
    queries: tuple[str, ...]
    vectors: NDArray[np.float32]  # [queries, DIMENSIONS]


def measure(root: Path) -> list[Figure]:
    """The ratio for a scope of everything, the times behind it, and narrower scopes."""
    del root  # nothing on disk is needed
    made = corpus(np.random.default_rng(0))
    index = MemoryIndex()
    began = time.perf_counter()
    names = [DocumentId(f"{number:032x}") for number in range(DOCUMENTS)]
    for name, payload in zip(names, made.payloads, strict=True):
        index.add(name, payload)
    searching(index, made, names)(0)  # merges the postings
    opened = time.perf_counter() - began
    dense, lexical = _raw_faiss(made), _raw_bm25(made)
    ours = searching(index, made, names)
    _agree(made, lexical, ours)
    # In turns, so that a busy machine slows all three alike.
    whole, dense_ms, lexical_ms = _in_turns((ours, dense, lexical))
    tenth = _in_turns((searching(index, made, names[::10]),))[0]
    ratio = whole / (dense_ms + lexical_ms)
    return [
        Figure(
            "search",
            "fused search under a scope against raw FAISS plus raw BM25",
            ratio,
            "x",
            "<= 1.5x",
            ratio <= 1.5,
            ON,
        ),
        Figure("search", "fused search, everything permitted (median)", whole, "ms", on=ON),
        Figure("search", "raw FAISS, half precision (median)", dense_ms, "ms", on=ON),
        Figure("search", "raw BM25 (median)", lexical_ms, "ms", on=ON),
        Figure("search", "fused search, a tenth permitted (median)", tenth, "ms", on=ON),
        Figure("search", "payloads into memory, ready to search", opened, "s", on=ON),
    ]


def corpus(random: np.random.Generator, documents: int = DOCUMENTS) -> Corpus:
    """Made-up documents of `PER_DOCUMENT` chunks each."""
    hashes = np.array([term_hash(f"word{n}") for n in range(WORDS)], dtype=np.uint64)
    shares = 1.0 / np.arange(1, WORDS + 1)
    shares /= shares.sum()
    payloads = []
    for _ in range(documents):
        words = random.choice(WORDS, (PER_DOCUMENT, LENGTH), p=shares)
        payloads.append(IndexPayload(_chunks(), _unit(random, PER_DOCUMENT), _table(words, hashes)))
    queries = tuple(
        " ".join(f"word{n}" for n in random.choice(WORDS, 10, p=shares)) for _ in range(QUERIES)
    )
    return Corpus(tuple(payloads), queries, _unit(random, QUERIES).astype(np.float32))


def _chunks() -> tuple[Chunk, ...]:
    return tuple(Chunk(Span(600 * n, 600 * n + 600)) for n in range(PER_DOCUMENT))


def _unit(random: np.random.Generator, count: int) -> NDArray[np.float16]:
    rows = random.standard_normal((count, DIMENSIONS), dtype=np.float32)
    unit: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit.astype(np.float16)


def _table(words: NDArray[np.int64], hashes: NDArray[np.uint64]) -> Postings:
    """Postings of word numbers [chunks, length], without going through text."""
    rows = np.repeat(np.arange(len(words)), words.shape[1])
    keys, counts = np.unique(
        np.stack([hashes[words.ravel()], rows.astype(np.uint64)]), axis=1, return_counts=True
    )
    terms, starts = np.unique(keys[0], return_index=True)
    return Postings(
        terms,
        np.append(starts, keys.shape[1]).astype(np.uint32),
        keys[1].astype(np.uint32),
        counts.astype(np.uint16),
        np.full(len(words), words.shape[1], dtype=np.uint32),
    )


def searching(
    index: MemoryIndex, corpus: Corpus, names: Sequence[DocumentId]
) -> Callable[[int], tuple[Hit, ...]]:
    """A search for one of the questions, by its number, where ``names`` are permitted."""
    scope = Scope("u1000", "search", "0" * 64, frozenset(names))
    return lambda n: index.search(corpus.queries[n], corpus.vectors[n], scope, 8)


def _raw_faiss(corpus: Corpus) -> Callable[[int], object]:
    index = faiss.IndexScalarQuantizer(
        DIMENSIONS, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    )
    index.add(np.concatenate([payload.vectors for payload in corpus.payloads]).astype(np.float32))
    return lambda n: index.search(corpus.vectors[n : n + 1], DEPTH)


def _raw_bm25(corpus: Corpus) -> Callable[[int], tuple[NDArray[np.intp], NDArray[np.float64]]]:
    """Plain BM25 over everything: one table, sorted by term; no scope."""
    tables = [payload.postings for payload in corpus.payloads]
    terms = np.concatenate([np.repeat(t.terms, t.starts[1:] - t.starts[:-1]) for t in tables])
    order = np.argsort(terms, kind="stable")
    slots = np.concatenate(
        [t.chunks.astype(np.int32) + PER_DOCUMENT * n for n, t in enumerate(tables)]
    )[order]
    counts = np.concatenate([t.counts for t in tables])[order]
    known, starts = np.unique(terms[order], return_index=True)
    starts = np.append(starts, len(slots))
    lengths = np.concatenate([t.lengths for t in tables]).astype(np.float64)
    norms = K1 * (1 - B + B * lengths / lengths.mean())

    def best(n: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        scores = np.zeros(len(norms))
        for term in query_terms(corpus.queries[n]):
            at = int(np.searchsorted(known, term))
            where = slice(starts[at], starts[at + 1])
            held = slots[where]
            rarity = math.log1p((len(norms) - len(held) + 0.5) / (len(held) + 0.5))
            scores[held] += rarity * (K1 + 1) * counts[where] / (counts[where] + norms[held])
        top = np.argpartition(scores, len(scores) - DEPTH)[-DEPTH:]
        top = top[np.argsort(-scores[top])]
        return top, scores[top]

    return best


def _agree(
    corpus: Corpus,
    lexical: Callable[[int], tuple[NDArray[np.intp], NDArray[np.float64]]],
    ours: Callable[[int], tuple[Hit, ...]],
) -> None:
    """The two sides do the same work: the best by words is among what is found."""
    for n in range(5):
        best = int(lexical(n)[0][0])
        document, begin = DocumentId(f"{best // PER_DOCUMENT:032x}"), 600 * (best % PER_DOCUMENT)
        hits = ours(n)
        if not any(h.document == document and h.chunk.span.begin == begin for h in hits):
            raise RuntimeError("the two sides do not search the same data")


def _in_turns(searches: Sequence[Callable[[int], object]]) -> list[float]:
    """Median milliseconds of each over all queries."""
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    taken: list[list[float]] = [[] for _ in searches]
    for n in range(QUERIES):
        for search, times in zip(searches, taken, strict=True):
            began = time.perf_counter()
            search(n)
            times.append(1000 * (time.perf_counter() - began))
    faiss.omp_set_num_threads(threads)
    return [statistics.median(times) for times in taken]
