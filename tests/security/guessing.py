"""Missing and forbidden: the same words, the same bytes, and no difference that a clock could tell.

Each use case is asked for something that is not there and for something of the same length that is
there and hidden, in random order, over the real store and log.  Whether the two samples of times
come from one distribution is tested as by Mann and Whitney (1947), with the normal approximation.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from appliance.app.premises import Premises
from appliance.app.view import Appliance
from appliance.app.work.exporting import Form
from appliance.errors import ApplianceError
from tests.security.shelves import READER, put, view

OTHERS = 12  # hidden matters of two documents each


@dataclass(frozen=True, slots=True)
class Guess:
    """One use case, to be called with a name or an id that one may not know of."""

    name: str
    call: Callable[[str], object]
    hidden: tuple[str, ...]
    missing: tuple[str, ...]  # of the same lengths


@dataclass(frozen=True, slots=True)
class Compared:
    """How long both took, for one use case."""

    name: str
    pairs: int
    hidden_ms: float  # medians
    missing_ms: float
    p: float  # of a difference at least so large where there is none


def guesses(premises: Premises, chance: random.Random) -> tuple[Guess, ...]:
    """A store in which READER has a matter, and others have matters that READER may not know of."""
    store = premises.store
    own = store.create_collection("own matter", "legal")
    store.add_grant(f"user:{READER}", own.id, "member", contributes=True, by=1)
    put(premises, own.id, "own.txt", "The rent is 1,200.00.", "It ends in June.")
    matters, files, ids, results = [], [], [], []
    for number in range(OTHERS):
        matter = store.create_collection(f"matter {number:04}", "legal")
        matters.append(matter.name)
        for part in "ab":
            name = f"hidden-{number:04}{part}.txt"
            document = put(premises, matter.id, name, "The rent is 900.00.")
            files.append(name)
            ids.append(str(document.id))
            results.append(store.keep([document.id], b"sealed").id)
    app = view(premises, READER)

    def drawn_id() -> str:
        return f"{chance.getrandbits(128):032x}"

    none = tuple(f"hidden-{n:04}c.txt" for n in range(2 * OTHERS))
    no_matters = tuple(f"matter {n:04}" for n in range(9000, 9000 + OTHERS))
    no_ids = tuple(drawn_id() for _ in range(2 * OTHERS))
    return tuple(_guesses(app, (matters, files, ids, results), (no_matters, none, no_ids)))


def _guesses(
    app: Appliance,
    hidden: tuple[list[str], list[str], list[str], list[str]],
    missing: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]],
) -> Iterator[Guess]:
    matters, files, ids, results = map(tuple, hidden)
    no_matters, no_files, no_ids = missing
    ask, question = app.questions.ask, "What is the rent?"
    search = app.questions.search
    yield Guess("show, by id", app.show, ids, no_ids)
    yield Guess("show, by name", app.show, files, no_files)
    yield Guess("coverage", app.coverage, ids, no_ids)
    yield Guess("delete", app.delete, ids, no_ids)
    yield Guess("summarize", app.questions.summarize, ids, no_ids)
    yield Guess("ask a document", lambda r: ask(question, (), r), ids, no_ids)
    yield Guess("list a collection", app.documents, matters, no_matters)
    yield Guess(
        "search a collection",
        lambda c: search(question, (c,), 3),
        matters,
        no_matters,
    )
    yield Guess("ask a collection", lambda c: ask(question, (c,), None), matters, no_matters)
    yield Guess("a result", app.questions.result, results, no_ids)
    yield Guess("replay", app.questions.replay, results, no_ids)
    yield Guess("export", lambda r: tuple(app.export((r,), (Form.JSONL,))), results, no_ids)


def told(guess: Guess, reference: str) -> tuple[str, str, str, int]:
    """All that a caller is told.

    Raises:
        AssertionError: something was found.
    """
    try:
        guess.call(reference)
    except ApplianceError as error:
        return type(error).__name__, error.message, error.remedy, error.exit_code
    raise AssertionError(f"{guess.name} found something")


def compared(guess: Guess, pairs: int, chance: random.Random) -> Compared:
    """Time both, in random order."""
    times: dict[bool, list[float]] = {True: [], False: []}
    for number in range(pairs):
        for hidden in chance.sample((True, False), 2):
            names = guess.hidden if hidden else guess.missing
            reference = names[number % len(names)]
            begun = time.perf_counter()
            told(guess, reference)
            times[hidden].append(1000 * (time.perf_counter() - begun))
    hidden_ms, missing_ms = (sorted(times[hidden])[pairs // 2] for hidden in (True, False))
    return Compared(guess.name, pairs, hidden_ms, missing_ms, p_value(times[True], times[False]))


def p_value(one: list[float], other: list[float]) -> float:
    """Two-sided p of Mann and Whitney's test; 1: nothing tells the samples apart."""
    values, n, m = np.array([*one, *other]), len(one), len(other)
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]  # equal values share the mean rank
    u = float(ranks[:n].sum()) - n * (n + 1) / 2
    ties = float((counts.astype(float) ** 3 - counts).sum()) / ((n + m) * (n + m - 1))
    deviation = math.sqrt(n * m / 12 * (n + m + 1 - ties))
    return math.erfc(abs(u - n * m / 2) / deviation / math.sqrt(2)) if deviation else 1.0
