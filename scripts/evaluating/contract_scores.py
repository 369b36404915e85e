"""The scores of the part ``legal``: from one row per category and contract to the table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from scripts.evaluating.contracts import VALUES, Row
from scripts.evaluating.result import Detail
from scripts.evaluating.score import Count, Score
from scripts.evaluating.split import held_back, shares

PART = "legal"
LEAST_F1, MOST_FALSE = 0.55, 0.15
BINS = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 1.01)  # of the reliability table

Of = Callable[[Row], tuple[float, float]]  # what a row adds: found, of total


@dataclass(frozen=True, slots=True)
class Cost:
    """What the fields of one contract took."""

    document: str
    characters: int
    seconds: float
    tokens: int


def decision(row: Row) -> tuple[float, float]:
    """F1 of present or absent, as a ratio of sums: 2 TP of 2 TP + FP + FN."""
    return _f1(row.present, row.found)


def placed(row: Row) -> tuple[float, float]:
    """The same, where only a value at the annotated place counts as found."""
    return _f1(row.present, row.found and (row.located or not row.present))


def _f1(present: bool, found: bool) -> tuple[float, float]:
    return 2.0 * (present and found), float(present) + float(found)


def false_found(row: Row) -> tuple[float, float]:
    """Of the absent categories, those for which something was found."""
    return float(not row.present and row.found), float(not row.present)


def false_silence(row: Row) -> tuple[float, float]:
    """Of the present categories, those said not to be stated."""
    return float(row.present and not row.found), float(row.present)


def _of_clause(row: Row, total: int) -> tuple[float, float]:
    """Overlap of what is shown and what is annotated, of clauses that are there."""
    counts = row.present and row.category not in VALUES
    return (float(row.overlap), float(total)) if counts else (0.0, 0.0)


_SHARES: tuple[tuple[str, Of], ...] = (
    ("F1 of present or absent", decision),
    ("precision of found", lambda r: (float(r.present and r.found), float(r.found))),
    ("recall of present", lambda r: (float(r.present and r.found), float(r.present))),
    ("absent, yet found", false_found),
    ("present, yet not stated", false_silence),
    ("F1 at the annotated place", placed),
    ("value as it stands (F1)", lambda r: (r.exact or 0.0, float(r.exact is not None))),
    ("value normalised (F1)", lambda r: (r.normalised or 0.0, float(r.normalised is not None))),
    ("clause characters found that are annotated", lambda r: _of_clause(r, r.shown)),
    ("annotated clause characters found", lambda r: _of_clause(r, r.annotated)),
    ("grounded verbatim", lambda r: (float(r.grounded and r.found), float(r.found))),
)
_TARGETS = {"F1 of present or absent": LEAST_F1, "grounded verbatim": 1.0}


def scores(rows: Sequence[Row], costs: Sequence[Cost]) -> list[Score]:
    """Everything the table shows; each share for all contracts and for the two halves."""
    table: list[Score] = []
    for name, of in _SHARES:
        found = shares(PART, name, counts(rows, of), _TARGETS.get(name))
        table += [_at_most(score) for score in found] if of is false_found else found
    table += [
        Score(PART, "seconds per contract", _mean([c.seconds for c in costs]), "s"),
        Score(PART, "seconds, longest contract", max((c.seconds for c in costs), default=0), "s"),
        Score(PART, "tokens per contract", _mean([float(c.tokens) for c in costs]), "tokens"),
    ]
    return table + reliability(rows)


def counts(rows: Iterable[Row], of: Of) -> list[Count]:
    """What each contract adds to a share."""
    by_document = groupby(sorted(rows, key=lambda r: r.document), key=lambda r: r.document)
    added = ((document, [of(row) for row in group]) for document, group in by_document)
    return [
        Count(document, sum(f for f, _ in pairs), sum(t for _, t in pairs))
        for document, pairs in added
    ]


def reliability(rows: Iterable[Row]) -> list[Score]:
    """For each bin of confidence, held-back contracts only: the share at the right place."""
    shown = [r for r in rows if r.confidence is not None and held_back(r.document)]
    table = []
    for low, high in pairwise(BINS):
        within = [r for r in shown if low <= (r.confidence or 0.0) < high]
        if within:
            mean = _mean([r.confidence or 0.0 for r in within])
            right = _mean([float(r.located) for r in within])
            name = f"right where confidence is {mean:.2f}, held back"
            table.append(Score(PART, name, right, on=f"{len(within)} fields"))
    return table


def details(rows: Iterable[Row], costs: Sequence[Cost]) -> list[Detail]:
    """For the JSON file: per contract its costs, per category its decisions and values."""
    of_documents = [
        Detail(
            PART,
            cost.document,
            (("characters", cost.characters), ("seconds", cost.seconds), ("tokens", cost.tokens)),
        )
        for cost in costs
    ]
    return [*of_documents, *(_detail(row) for row in rows)]


def _detail(row: Row) -> Detail:
    figures = [
        ("present", float(row.present)),
        ("found", float(row.found)),
        ("located", float(row.located)),
        ("overlap", float(row.overlap)),
        ("shown", float(row.shown)),
        ("annotated", float(row.annotated)),
        ("held_back", float(held_back(row.document))),
    ]
    optional = {"exact": row.exact, "normalised": row.normalised, "confidence": row.confidence}
    figures += [(name, value) for name, value in optional.items() if value is not None]
    notes = (row.category, row.reason) if row.reason else (row.category,)
    return Detail(PART, row.document, tuple(figures), notes)


def _at_most(score: Score) -> Score:
    from dataclasses import replace

    if "held back" in score.name or "tuned on" in score.name:
        return score
    return replace(score, target=f"<= {MOST_FALSE:g}", met=score.value <= MOST_FALSE)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
