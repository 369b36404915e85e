"""From a raw score to a confidence, and to the score below which nothing is said.  Pure.

Calibration data are shipped numbers: scores of values or answers on development documents, and
whether each was right.  They hold no text.

Two things are made of them.  `confidence` is the share that was right at such a score: isotonic
regression by pool-adjacent-violators (Ayer et al. 1955), each pool drawn towards the overall share
so that a pool of two is no certainty, and joined by straight lines between the centres of the
pools.  `threshold` is split conformal risk control (Angelopoulos, Bates, Fisch, Lei and Schuster,
"Conformal Risk Control", ICLR 2024, arXiv 2208.02814): the lowest score t of the data with

    (wrong at t or above + 1) / (kept at t or above + 1) <= risk.

What that promises.  Exactly, for any number of data, where a new case is exchangeable with them:
the probability that it is kept and wrong is at most ``risk``.  The loss "kept and wrong" never
grows with t and is at most 1, so their theorem 1 holds for the lowest t with
(wrong + 1) / (n + 1) <= risk, and the t above is never lower, since kept <= n.  The share of wrong
ones among those that are kept, which is what a person reads, is at most ``risk`` in the limit of
many data.  At a t fixed beforehand the left side overestimates that share on average; since t is
chosen among many, few data and a risk that hardly any score reaches let the share exceed it (made
data, 80 cases: 0.21 for 0.2, 0.14 for 0.1).  What is reached on other documents is measured.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from appliance.errors import ConfigError

FOLDER = Path(__file__).parent / "calibration"
PRIOR = 2.0  # cases of the overall share that are added to each pool

_NEVER = math.inf
_Pool = tuple[float, float, float]  # centre of the scores, share right, cases


@dataclass(frozen=True, slots=True)
class Calibration:
    """Scores on development documents, any order, and whether each value was right.

    ``weights`` name the signals of a logistic score and how much each counts; empty where the
    score is made elsewhere.
    """

    name: str
    scores: tuple[float, ...]
    right: tuple[bool, ...]
    source: str  # which documents, which model
    weights: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        if len(self.scores) != len(self.right):
            raise ValueError("every score needs its verdict")
        if not all(math.isfinite(number) for number in self.scores):
            raise ValueError("a score is no number")


def load(name: str, folder: Path = FOLDER) -> Calibration:
    """The shipped data of one name, such as ``fields-legal``.

    Raises:
        ConfigError: there are none of this name, or the file does not hold them.
    """
    try:
        loaded = json.loads((folder / f"{name}.json").read_text("utf-8"))
        return Calibration(
            name,
            tuple(float(score) for score in loaded["scores"]),
            tuple(bool(flag) for flag in loaded["right"]),
            str(loaded["source"]),
            tuple((str(key), float(w)) for key, w in loaded.get("weights", {}).items()),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"the calibration data {name} are missing or damaged",
            remedy="install the appliance again: they are shipped with it",
        ) from error


def dump(calibration: Calibration) -> str:
    """The data as the file that `load` reads; scores ascending, four decimals."""
    pairs = sorted(zip(calibration.scores, calibration.right, strict=True))
    record: dict[str, object] = {
        "source": calibration.source,
        "scores": [round(score, 4) for score, _ in pairs],
        "right": [int(flag) for _, flag in pairs],
    }
    if calibration.weights:
        record["weights"] = {name: round(weight, 4) for name, weight in calibration.weights}
    return json.dumps(record, ensure_ascii=False) + "\n"


def confidence(score: float, calibration: Calibration) -> float:
    """Share of such values that were right, strictly between 0 and 1; never falls as score grows.

    Without data it is one half.
    """
    pools = _pools(calibration)
    if not pools:
        return 0.5
    centres = [pool[0] for pool in pools]
    after = bisect_right(centres, score)
    if after == 0 or after == len(pools):
        return pools[min(after, len(pools) - 1)][1]
    (x0, y0, _), (x1, y1, _) = pools[after - 1], pools[after]
    return min(y1, y0 + (y1 - y0) * ((score - x0) / (x1 - x0)))


def threshold(calibration: Calibration, risk: float) -> float:
    """The lowest score at which values may be shown under ``risk``; infinite when there is none.

    Raises:
        ValueError: ``risk`` is not between 0 and 1.
    """
    if not 0 <= risk <= 1:
        raise ValueError("a risk lies between 0 and 1")
    passed = [score for score, bound in _bounds(calibration) if bound <= risk]
    return min(passed, default=_NEVER)


def least_risk(score: float, calibration: Calibration) -> float:
    """The smallest risk whose `threshold` lets this score pass; 1 when no smaller one does."""
    return min((bound for level, bound in _bounds(calibration) if level <= score), default=1.0)


def logistic(signals: Mapping[str, float], calibration: Calibration) -> float:
    """The score of signals under the calibration's weights: log-odds, before calibration.

    The weight named ``constant`` is added as it is; a signal that is missing counts nothing.
    """
    weights = dict(calibration.weights)
    return weights.pop("constant", 0.0) + sum(w * signals.get(n, 0.0) for n, w in weights.items())


def _bounds(calibration: Calibration) -> Iterable[tuple[float, float]]:
    """For each score of the data, from the highest: the score and the bound on its risk."""
    kept = wrong = 0
    for score, cases in _grouped(calibration, descending=True):
        kept += len(cases)
        wrong += cases.count(False)
        yield score, (wrong + 1) / (kept + 1)


def _grouped(calibration: Calibration, *, descending: bool) -> list[tuple[float, list[bool]]]:
    pairs = sorted(zip(calibration.scores, calibration.right, strict=True), reverse=descending)
    groups = groupby(pairs, key=lambda pair: pair[0])
    return [(score, [flag for _, flag in group]) for score, group in groups]


def _pools(calibration: Calibration) -> list[_Pool]:
    """Pools in ascending order of centre, with shares that never fall, drawn to the overall one."""
    single = [
        (score, cases.count(True) / len(cases), float(len(cases)))
        for score, cases in _grouped(calibration, descending=False)
    ]
    cases = len(calibration.right)
    overall = (sum(calibration.right) + 1) / (cases + 2)
    drawn = [(x, (y * n + PRIOR * overall) / (n + PRIOR), n) for x, y, n in _adjacent(single)]
    return _adjacent(drawn)


def _adjacent(points: Sequence[_Pool]) -> list[_Pool]:
    """Pool-adjacent-violators: neighbours are merged until the shares never fall."""
    pools: list[_Pool] = []
    for point in points:
        pools.append(point)
        while len(pools) > 1 and pools[-2][1] >= pools[-1][1]:
            (x0, y0, n0), (x1, y1, n1) = pools.pop(-2), pools.pop()
            n = n0 + n1
            pools.append(((x0 * n0 + x1 * n1) / n, (y0 * n0 + y1 * n1) / n, n))
    return pools
