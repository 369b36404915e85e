"""What a part of an evaluation gives: scores for the table, details for the JSON file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from scripts.evaluating.score import Score


@dataclass(frozen=True, slots=True)
class Detail:
    """One document of one part: its figures by name, and what a person should look at."""

    part: str
    document: str
    figures: tuple[tuple[str, float], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """Scores and details of one part, or of several."""

    scores: Sequence[Score] = field(default=())
    details: Sequence[Detail] = field(default=())

    def __add__(self, other: Result) -> Result:
        return Result((*self.scores, *other.scores), (*self.details, *other.details))
