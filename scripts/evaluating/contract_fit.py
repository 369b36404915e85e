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
_BOTH = ("constant", "pattern", "cues", "search", "meaning", "chosen", "agree", "margin")
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
    """Weights by penalised maximum likelihood, and the best case of each field and document."""
    weights = _weights(cases, names)
    scored = [(sum(w * _fact(c, n) for n, w in weights.items()), c) for c in cases]
    best: dict[tuple[str, str], tuple[float, Case]] = {}
    for score, case in scored:
        held = best.get((case.document, case.field))
        if held is None or score > held[0]:
            best[case.document, case.field] = (score, case)
    chosen = [best[key] for key in sorted(best)]
    return Calibration(
        name,
        tuple(score for score, _ in chosen),
        tuple(case.right for _, case in chosen),
        source,
        tuple((n, w) for n, w in weights.items()),
    )


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
