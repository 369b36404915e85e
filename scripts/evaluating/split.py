"""Which documents choices were made on, and which were kept aside to see whether they hold."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from enum import StrEnum

from scripts.evaluating.score import Count, Score, share


class Part(StrEnum):
    """A part of the documents."""

    TUNE = "tune"
    HELD = "held"
    ALL = "all"


def held_back(document: str) -> bool:
    """Whether a document, by its file's name, is kept aside; half of them are."""
    return hashlib.sha256(document.encode()).digest()[0] % 2 == 1


def admits(part: Part, document: str) -> bool:
    """Whether a document belongs to a part."""
    return part is Part.ALL or held_back(document) is (part is Part.HELD)


def shares(
    part: str, name: str, counts: Sequence[Count], least: float | None = None
) -> list[Score]:
    """The share over all documents, held to the target, and those of the two halves beside it."""
    held = [count for count in counts if held_back(count.document)]
    tuned = [count for count in counts if not held_back(count.document)]
    scores = [share(part, name, counts, least)]
    if held and tuned:
        scores.append(share(part, f"{name}, held back", held))
        scores.append(share(part, f"{name}, tuned on", tuned))
    return scores
