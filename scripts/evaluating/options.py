"""What every set of evaluations is told."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from scripts.evaluating.split import Part

KEPT = Path(__file__).resolve().parents[2] / ".local" / "evaluating"


@dataclass(frozen=True, slots=True)
class Options:
    """How to measure."""

    only: tuple[str, ...] = ()  # parts of the set; none: all
    readers: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))
    model: Path | None = None  # a model folder; None: the default model
    engine: Path | None = None  # socket of an engine that runs already
    part: Part = Part.ALL
    keep: Path = KEPT  # where the stores with the documents lie
    calibrate: bool = False  # write the calibration that ships, from the tuned half

    def wants(self, name: str) -> bool:
        """Whether a part of the set is asked for."""
        return not self.only or name in self.only
