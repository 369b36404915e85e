"""A kept result, made once more: the same to the byte, or what exactly has changed.

What is compared is the outcome in its canonical form.  The time that a step took is no part of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from appliance.plain import Plain, to_plain
from appliance.results import Basis, Kept, Outcome

Again = Callable[[Kept], Kept]  # does the same request on what is there now


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of repeating a result."""

    result: str  # its id
    same: bool  # the outcome is the same, byte for byte
    changes: tuple[str, ...]  # of what it rests on, and of the outcome; no content in them
    then: Kept
    now: Kept


def replay(result: str, then: Kept, again: Again) -> Replay:
    """Repeat a kept result."""
    now = again(then)
    same = canonical(then.outcome) == canonical(now.outcome)
    changes = [*_basis(then.basis, now.basis)]
    if not same:
        changes += _outcome(then.outcome, now.outcome)
    return Replay(result, same, tuple(changes), then, now)


def canonical(outcome: Outcome) -> bytes:
    """The form in which outcomes are compared: sorted keys, no blanks, no durations."""
    if isinstance(outcome, tuple):
        outcome = tuple(
            replace(field, steps=tuple(replace(step, seconds=0.0) for step in field.steps))
            for field in outcome
        )
    return json.dumps(
        to_plain(outcome), ensure_ascii=True, sort_keys=True, separators=(",", ":")
    ).encode()


def _basis(then: Basis, now: Basis) -> Iterator[str]:
    named = {
        "version of the software": (then.software, now.software),
        "rules, packs and prompts": (then.rules[:16], now.rules[:16]),
        "language model": (_model(then), _model(now)),
        "adapter": (then.adapter[:16], now.adapter[:16]),
        "embedding model": (then.embedding_digest[:16], now.embedding_digest[:16]),
    }
    named |= {
        f"setting {key}": (value, dict(now.settings).get(key, "unset"))
        for key, value in then.settings
    }
    for what, (before, after) in named.items():
        if before != after:
            yield f"{what}: {before or 'none'}, now {after or 'none'}"
    yield from _scope(then, now)
    moved = len(set(then.passages) - set(now.passages))
    if then.passages != now.passages:
        order = "" if moved else ", in another order"
        yield f"passages put before the task: {moved} of {len(then.passages)} are others{order}"


def _scope(then: Basis, now: Basis) -> Iterator[str]:
    before, after = dict(then.scope), dict(now.scope)
    gone = len(before.keys() - after.keys())
    newer = [d for d in before.keys() & after.keys() if before[d] != after[d]]
    if gone:
        yield f"documents that the search could see: {gone} of {len(before)} are gone"
    for document in sorted(newer):
        yield f"document {document}: version {before[document]}, now {after[document]}"


def _model(basis: Basis) -> str:
    return f"{basis.model} (sha256:{basis.model_digest.removeprefix('sha256:')[:16]})"


def _outcome(then: Outcome, now: Outcome) -> Iterator[str]:
    before, after = to_plain(then), to_plain(now)
    if isinstance(before, list) and isinstance(after, list):
        for one, other in zip(before, after, strict=False):
            if isinstance(one, dict) and one != other:
                yield f"field {one['name']}: another value, status or reason"
        if len(before) != len(after):
            yield f"fields: {len(before)}, now {len(after)}"
    elif isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            if before.get(key) != after.get(key):
                yield f"{key}: {_extent(before.get(key))}, now {_extent(after.get(key))}"


def _extent(value: Plain) -> str:
    """A value without its content."""
    if isinstance(value, list):
        return f"{len(value)} entries"
    return "text" if isinstance(value, str) else json.dumps(value)
