"""How sure a proposed value is: facts weighed to a score, the score calibrated to a share.  Pure.

Facts, each a number that is 0 where nothing is known:

- ``pattern``: a phrasing of the pack names it; ``further``: how many more do; ``later``: how far
  down the pack's list the pattern stands; ``first``: the first match at the head of a document.
- ``cues``: how many mark its sentence; ``heading``: its section speaks of the field; ``short``,
  ``defines``: its sentence is hardly more than a heading, or says what a word means.
- ``again``, ``rivals``: other places that name the same value, or another one.
- ``search``: the rank of its passage when the field's description is searched: 1, 1/2, 1/3 ...;
  ``meaning``: cosine of its sentence and the nearest of description and examples, less MEANING.
- ``chosen``: the model picked it among several; ``agree``: in the other order as well; ``taken``:
  it took the only one on offer; ``declined``: how often it said "not stated" instead; ``margin``:
  how much likelier the model found it than other words, cut at both ends; ``copied``: it wrote it.

Weights come with the calibration data of a sector, from the documents that were tuned on; a sector
without data has DEFAULT.  Clauses and values are weighed apart: of a clause the question is whether
a sentence says it at all, of a value whether it is the right one of many.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from appliance.tasks import calibration
from appliance.tasks.calibration import Calibration
from appliance.tasks.packs import FieldType, PackField

MEANING = 0.4  # cosine of a sentence that has little to do with a description
DEFAULT: Mapping[str, float] = {
    "constant": -1.0,
    "pattern": 1.8,
    "later": -0.9,
    "first": 0.5,
    "cues": 0.7,
    "heading": 0.4,
    "short": -0.8,
    "defines": -0.8,
    "search": 0.7,
    "meaning": 1.0,
    "chosen": 0.7,
    "agree": 0.1,
    "copied": 1.2,
}


@dataclass(frozen=True, slots=True)
class Scale:
    """What turns facts into a confidence; ``data`` is None where nothing was calibrated."""

    weights: Mapping[str, float]
    data: Calibration | None

    def score(self, facts: Mapping[str, float]) -> float:
        """Log-odds of the facts under the weights."""
        constant = self.weights.get("constant", 0.0)
        return constant + sum(w * facts.get(n, 0.0) for n, w in self.weights.items())

    def confidence(self, facts: Mapping[str, float]) -> float:
        """Between 0 and 1; without data the logistic of the score."""
        score = self.score(facts)
        if self.data is None:
            return 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))
        return calibration.confidence(score, self.data)


def name_of(sector: str, field: PackField) -> str:
    """Name of the calibration data for a field: ``clauses-legal``, ``fields-finance``."""
    return f"{'clauses' if field.type is FieldType.CLAUSE else 'fields'}-{sector}"


@cache
def scale(name: str) -> Scale:
    """The scale of a name; DEFAULT where no data of this name are shipped, and data without scores
    bring weights alone.
    """
    if not (calibration.FOLDER / f"{name}.json").exists():
        return Scale(DEFAULT, None)
    data = calibration.load(name)
    return Scale(dict(data.weights) or DEFAULT, data if data.scores else None)
