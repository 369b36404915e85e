"""What permission costs: one decision, a person's scope, the last look, and search under a scope.

The search is `MemoryIndex.search` over 200,000 made-up chunks.  Under each scope it is held against
the same search in an index that holds the permitted documents and nothing else: what is left is
what being permitted costs, apart from there being less to search.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import faiss
import numpy as np

from appliance.access.decided import Decided
from appliance.access.policy import AccessClass, PolicySet
from appliance.access.principals import Principal, Standing
from appliance.access.scope import Scope, scope_of
from appliance.documents import Collection, CollectionId, DocumentId
from appliance.index.memory import MemoryIndex
from appliance.store.records import Placed
from scripts.benches import search
from scripts.benches.figure import Figure

CLASSES = 500  # of as many matters, one document each
COLD_MS, WARM_MS = 50.0, 1.0
TIMES = 7
DOCUMENTS = 4_000  # of 50 chunks each
SHARES = (1.0, 0.1, 0.01, 0.001)  # of the documents, permitted


def measure(root: Path) -> list[Figure]:
    """Milliseconds, the best of several; ``root`` holds the policies that are measured."""
    policy = PolicySet.load(root / "policies")
    matters = tuple(
        Collection(CollectionId(f"{n:032x}"), f"matter {n}", "legal", "") for n in range(CLASSES)
    )
    team = Standing(frozenset({"counsel"}), contributes=True)
    person = Principal(
        1000,
        "bench",
        frozenset({"operator"}),
        frozenset({"trial"}),
        standings=tuple((matter.id, team) for matter in matters[::2]),
    )
    documents = [Placed(DocumentId(f"{n:032x}"), one, ()) for n, one in enumerate(matters)]
    classes = [AccessClass.within(matter, ()) for matter in matters]

    def scope(decided: Decided) -> None:
        scope_of(decided, person, "search", "", documents)

    each = _best(lambda: policy.decide(person, "search", classes, "")) / CLASSES * 1e3
    one = _best(lambda: policy.decide(person, "search", classes[:1], ""))
    some = _best(lambda: policy.decide(person, "search", classes[:8], ""))
    cold = _best(lambda: scope(Decided(policy)))
    warm_set = Decided(policy)
    scope(warm_set)
    warm = _best(lambda: scope(warm_set))
    on = f"{CLASSES} matters of one document, a person granted half of them, best of {TIMES}"
    last = "Cedar anew for what enters a prompt, documents of 8 classes; the catalogue not counted"
    return [
        Figure("access", "decision per class", each, "us", on=on),
        Figure("access", "one decision alone", one, "ms", on="the same person"),
        Figure("access", "decisions before a prompt", some, "ms", on=last),
        Figure("access", "scope, cold", cold, "ms", f"<= {COLD_MS:g} ms", cold <= COLD_MS, on),
        Figure("access", "scope, warm", warm, "ms", f"<= {WARM_MS:g} ms", warm <= WARM_MS, on),
        *_searches(),
    ]


def _searches() -> list[Figure]:
    corpus = search.corpus(np.random.default_rng(0), DOCUMENTS)
    names = [DocumentId(f"{number:032x}") for number in range(DOCUMENTS)]
    full = _index(corpus, names, range(DOCUMENTS))
    on = f"{DOCUMENTS * search.PER_DOCUMENT:,} made-up chunks, {search.QUERIES} questions, median"
    figures = []
    for share in SHARES:
        step = round(1 / share)
        kept = range(0, DOCUMENTS, step)
        permitted = names[::step]
        alone = _index(corpus, names, kept)
        both = [search.searching(index, corpus, permitted) for index in (full, alone)]
        under, lone = _in_turns(both)
        told = f"{share:.1%} permitted".replace(".0%", "%")
        figures += [
            Figure("access", f"search under a scope, {told}", under, "ms", on=on),
            Figure("access", f"  the same documents and no others, {told}", lone, "ms", on=on),
        ]
        del alone
        gc.collect()
    return figures


def _index(corpus: search.Corpus, names: Sequence[DocumentId], kept: Sequence[int]) -> MemoryIndex:
    index = MemoryIndex()
    for number in kept:
        index.add(names[number], corpus.payloads[number])
    scope = Scope("u1000", "search", "0" * 64, frozenset(names[n] for n in kept))
    index.search(corpus.queries[0], corpus.vectors[0], scope, 8)  # merges the postings
    return index


def _in_turns(searches: Sequence[Callable[[int], object]]) -> list[float]:
    """Median milliseconds of each, one after the other for each question."""
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    taken: list[list[float]] = [[] for _ in searches]
    for find in searches:
        find(0)  # the statistics of a scope are made at its first search
    for n in range(search.QUERIES):
        for find, times in zip(searches, taken, strict=True):
            began = time.perf_counter()
            find(n)
            times.append(1000 * (time.perf_counter() - began))
    faiss.omp_set_num_threads(threads)
    return [statistics.median(times) for times in taken]


def _best(work: Callable[[], object]) -> float:
    """Milliseconds of the fastest of several runs."""
    taken = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return min(taken) * 1e3
