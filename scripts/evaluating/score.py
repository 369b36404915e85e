"""One score of an evaluation, with the interval that the choice of documents leaves open."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

ROUNDS = 1000
SEED = 20
BEST_OF = 0.95  # share of the resampled scores that lie within the interval


@dataclass(frozen=True, slots=True)
class Count:
    """What one document adds to a share: ``found`` of ``total``."""

    document: str
    found: float
    total: float

    @property
    def share(self) -> float:
        """Of this document alone; of nothing, everything was found."""
        return self.found / self.total if self.total else 1.0


@dataclass(frozen=True, slots=True)
class Score:
    """A figure of one part of an evaluation; ``low`` and ``high`` bound 95 % of the resamples."""

    part: str
    name: str
    value: float
    unit: str = "share"
    low: float | None = None
    high: float | None = None
    target: str = ""
    met: bool | None = None
    on: str = ""


def share(part: str, name: str, counts: Sequence[Count], least: float | None = None) -> Score:
    """Found of all, over the documents; the interval resamples documents (bootstrap, seeded)."""
    value = _ratio(counts)
    low, high = interval(counts)
    return Score(
        part,
        name,
        value,
        low=low,
        high=high,
        target="" if least is None else f">= {least:g}",
        met=None if least is None else value >= least,
        on=f"{len(counts)} documents, {sum(count.total for count in counts):,.0f}",
    )


def interval(counts: Sequence[Count]) -> tuple[float | None, float | None]:
    """Where 95 % of the ratios of resampled documents lie; None for a single document."""
    if len(counts) < 2:
        return None, None
    chance = random.Random(SEED)  # noqa: S311 - the same resamples in every run
    drawn = sorted(_ratio(chance.choices(counts, k=len(counts))) for _ in range(ROUNDS))
    aside = round(ROUNDS * (1 - BEST_OF) / 2)
    return drawn[aside], drawn[-aside - 1]


def _ratio(counts: Sequence[Count]) -> float:
    total = sum(count.total for count in counts)
    return sum(count.found for count in counts) / total if total else 1.0


def shown(score: Score) -> str:
    """The score as tables show it, with its interval."""
    if score.unit != "share":
        digits = ",.3g" if score.value < 100 else ",.0f"
        return f"{score.value:{digits}} {score.unit}"
    between = "" if score.low is None else f" ({score.low:.3f} to {score.high:.3f})"
    return f"{score.value:.3f}{between}"
