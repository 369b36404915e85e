"""Weights and calibration of legal fields, from the contracts that were tuned on.

Every candidate of every field, with all that the cascade knows of it, is right where it stands
at the annotated place or says the annotated value.  The weights are a logistic regression that is
drawn towards the weights of an uncalibrated sector (`confidence.DEFAULT`): a few contracts must not
overrule what is known beforehand.  The calibration holds the best candidate of each field and
contract: its score, and whether it is right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from appliance.tasks.calibration import Calibration
from appliance.tasks.confidence import DEFAULT

DRAWN = 3.0  # strength of the pull towards DEFAULT
STEPS = 50  # of Newton's method; it has settled after ten
_BOTH = ("constant", "pattern", "cues", "search", "meaning", "chosen", "agree")
CLAUSES = (*_BOTH, "further", "heading", "short", "defines", "taken", "declined")
VALUES = (*_BOTH, "first", "later", "again", "rivals")


@dataclass(frozen=True, slots=True)
class Case:
    """One candidate of one field in one contract."""

    document: str
    field: str
    facts: Mapping[str, float]
    right: bool


def fitted(name: str, source: str, cases: Sequence[Case], names: Sequence[str]) -> Calibration:
    """Weights from all cases, and the best case of each field of each document.

    The scores of a document come from weights that the other documents gave: a score that was
    fitted to its own answer would promise too much.
    """
    chosen: list[tuple[float, Case]] = []
    for document in sorted({case.document for case in cases}):
        weights = _weights([case for case in cases if case.document != document], names)
        chosen += _best([case for case in cases if case.document == document], weights)
    return Calibration(
        name,
        tuple(score for score, _ in chosen),
        tuple(case.right for _, case in chosen),
        source,
        tuple(_weights(cases, names).items()),
    )


def _best(cases: Sequence[Case], weights: Mapping[str, float]) -> list[tuple[float, Case]]:
    """The case with the highest score of each field."""
    best: dict[str, tuple[float, Case]] = {}
    for case in cases:
        score = sum(weight * _fact(case, name) for name, weight in weights.items())
        held = best.get(case.field)
        if held is None or score > held[0]:
            best[case.field] = (score, case)
    return [best[field] for field in sorted(best)]


def _weights(cases: Sequence[Case], names: Sequence[str]) -> dict[str, float]:
    facts = np.array([[_fact(case, name) for name in names] for case in cases])
    right = np.array([float(case.right) for case in cases])
    share = np.array([1 / np.sqrt(n) for n in _siblings(cases)])
    drawn = np.array([DEFAULT.get(name, 0.0) for name in names])
    weights = drawn.copy()
    for _ in range(STEPS):
        likely = 1 / (1 + np.exp(-facts @ weights))
        slope = facts.T @ (share * (likely - right)) + DRAWN * (weights - drawn)
        bend = (facts * (share * likely * (1 - likely))[:, None]).T @ facts
        weights = weights - np.linalg.solve(bend + DRAWN * np.eye(len(names)), slope)
    return {name: round(float(w), 4) for name, w in zip(names, weights, strict=True)}


def _siblings(cases: Sequence[Case]) -> Iterable[int]:
    """For each case, how many candidates its field has in its document."""
    of_field: dict[tuple[str, str], int] = {}
    for case in cases:
        key = (case.document, case.field)
        of_field[key] = of_field.get(key, 0) + 1
    return [of_field[case.document, case.field] for case in cases]


def _fact(case: Case, name: str) -> float:
    return 1.0 if name == "constant" else case.facts.get(name, 0.0)
