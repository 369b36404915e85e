"""What permission costs: one decision, and the scope of a person over 500 access classes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from appliance.access.decided import Decided
from appliance.access.policy import AccessClass, PolicySet
from appliance.access.principals import Principal, Standing
from appliance.access.scope import scope_of
from appliance.documents import Collection, CollectionId, Document, DocumentId
from scripts.benches.figure import Figure

CLASSES = 500  # of as many matters, one document each
COLD_MS, WARM_MS = 50.0, 1.0
TIMES = 7


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
    documents = [_document(n, matter) for n, matter in enumerate(matters)]
    classes = [AccessClass.within(matter, ()) for matter in matters]

    def scope(decided: Decided) -> None:
        scope_of(decided, person, "search", "", documents, matters)

    each = _best(lambda: policy.decide(person, "search", classes, "")) / CLASSES * 1e3
    one = _best(lambda: policy.decide(person, "search", classes[:1], ""))
    cold = _best(lambda: scope(Decided(policy)))
    warm_set = Decided(policy)
    scope(warm_set)
    warm = _best(lambda: scope(warm_set))
    on = f"{CLASSES} matters of one document, a person granted half of them, best of {TIMES}"
    return [
        Figure("access", "decision per class", each, "us", on=on),
        Figure("access", "one decision alone", one, "ms", on="the same person"),
        Figure("access", "scope, cold", cold, "ms", f"<= {COLD_MS:g} ms", cold <= COLD_MS, on),
        Figure("access", "scope, warm", warm, "ms", f"<= {WARM_MS:g} ms", warm <= WARM_MS, on),
    ]


def _document(number: int, where: Collection) -> Document:
    return Document(
        id=DocumentId(f"{number:032x}"),
        collection=where.id,
        name="a.txt",
        version=1,
        media_type="text/plain",
        size=1,
        pages=None,
        characters=1,
        chunks=1,
        gaps=0,
    )


def _best(work: Callable[[], object]) -> float:
    """Milliseconds of the fastest of several runs."""
    taken = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return min(taken) * 1e3
