"""Fits how much each signal of an answering sentence counts, and makes the calibration data of it.

Logistic regression with a ridge, by Newton's method, over the sentences of the tuned documents: is
this the sentence that the annotation names?  The scores that ship for calibration are those each
question gets from weights fitted without its document, so that they are no better than on new
documents; the weights that ship are fitted on all of the tuned half.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance.tasks.calibration import Calibration, logistic
from appliance.tasks.evidence import SIGNALS, Signals

RIDGE = 1.0
ROUNDS = 50


@dataclass(frozen=True, slots=True)
class Weighed:
    """One question of a document: the sentences that may answer it, and which of them do."""

    document: str
    sentences: tuple[tuple[Signals, bool], ...]
    answerable: bool = True


def weights(
    questions: Sequence[Weighed], signals: Sequence[str] = SIGNALS
) -> tuple[tuple[str, float], ...]:
    """How much each signal counts, the constant first; one that never varies counts nothing."""
    rows = [(s, right) for question in questions for s, right in question.sentences]
    table = np.array([[getattr(s, name) for name in signals] for s, _ in rows], dtype=np.float64)
    right = np.array([right for _, right in rows], dtype=np.float64)
    fitted = _newton(
        np.hstack([np.ones((len(rows), 1)), table.reshape(len(rows), len(signals))]), right
    )
    return tuple(zip(("constant", *signals), (round(float(w), 4) for w in fitted), strict=True))


def best(question: Weighed, fitted: tuple[tuple[str, float], ...]) -> tuple[float, bool] | None:
    """Score of the sentence that would be quoted, and whether it is right; None without one."""
    data = Calibration("", (), (), "", fitted)
    scored = [
        (logistic({name: getattr(s, name) for name in SIGNALS}, data), -at, right)
        for at, (s, right) in enumerate(question.sentences)
    ]
    if not scored:
        return None
    score, _, right = max(scored)
    return score, right


def calibrated(
    name: str, questions: Sequence[Weighed], source: str, signals: Sequence[str] = SIGNALS
) -> Calibration:
    """Weights of all questions, and scores that each question got without its own document."""
    found = []
    for document in sorted({question.document for question in questions}):
        fitted = weights([q for q in questions if q.document != document], signals)
        tops = [best(q, fitted) for q in questions if q.document == document]
        found += [top for top in tops if top is not None]
    return Calibration(
        name,
        tuple(score for score, _ in found),
        tuple(right for _, right in found),
        source,
        weights(questions, signals),
    )


def _newton(table: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    fitted = np.zeros(table.shape[1])
    ridge = np.eye(table.shape[1]) * RIDGE
    ridge[0, 0] = 1e-6  # the constant is free
    for _ in range(ROUNDS):
        share = 1 / (1 + np.exp(-np.clip(table @ fitted, -30, 30)))
        slope = table.T @ (share - right) + ridge @ fitted
        curve = (table * (share * (1 - share))[:, None]).T @ table + ridge
        step = np.linalg.solve(curve, slope)
        fitted -= step
        if float(np.abs(step).max()) < 1e-9:
            break
    return fitted
