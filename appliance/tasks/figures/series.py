"""Figures of one thing over the periods: a row of a table, or a column where periods are rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from appliance.documents import DocumentId
from appliance.tasks.figures.cells import Figure
from appliance.tasks.figures.wording import terms

# Stems of heads that say how figures are given, and not of what.
_MANNER_WORDS = """thousand million billion dollar euro pound nt audit unaudit week month end year
amount restat yen currenc except 000"""
_MANNER = frozenset(_MANNER_WORDS.split())
_NONE: frozenset[str] = frozenset()
_MOVEMENT_WORDS = "chang varianc increas decreas growth over vs versus yr percent to in"
_MOVEMENT = frozenset(_MOVEMENT_WORDS.split())


@dataclass(frozen=True, slots=True)
class Series:
    """What the figures of one line share, as terms, and the figures in reading order."""

    row: frozenset[str]  # terms of the label; of the section, where the row is a nameless total
    section: frozenset[str]
    inner: frozenset[str]  # of the section's last title
    column: frozenset[str]  # terms of the heads that are no periods
    around: frozenset[str]
    total: bool
    change: bool
    share: bool  # percentages
    points: tuple[Figure, ...]

    @property
    def label(self) -> str:
        """How a person would name it."""
        first = self.points[0]
        named = first.label.strip() or f"total {first.section.strip()}".strip()
        return named or first.heads.strip()


def gather(figures: Iterable[Figure]) -> tuple[Series, ...]:
    """The series of a document, in reading order.

    Figures belong together when table, section, label and heads are the same but for the period; a
    period that comes twice begins another series, because two rows have the same name.
    """
    groups: dict[tuple[object, ...], list[Figure]] = {}
    times: Counter[tuple[object, ...]] = Counter()
    for figure in figures:
        key = (
            figure.document, figure.table, figure.section, figure.label.strip(), column(figure),
            figure.change, figure.change and figure.percent,
        )  # fmt: skip
        time = (*key, figure.period, figure.since)
        groups.setdefault((*key, times[time]), []).append(figure)
        times[time] += 1
    shared = _shared(groups.values())
    around = {_table(group[0]): group[0].around for group in groups.values()}
    lines = {table: frozenset(terms(text)) for table, text in around.items()}
    return tuple(
        _series(group, shared.get(_table(group[0]), _NONE), lines[_table(group[0])])
        for group in groups.values()
    )


def column(figure: Figure) -> frozenset[str]:
    """Terms of a figure's heads that tell its column from others."""
    manner = _MANNER | _MOVEMENT if figure.change else _MANNER
    return frozenset(term for term in terms(figure.heads) if not term.isdigit()) - manner


def _table(figure: Figure) -> tuple[DocumentId, int]:
    return figure.document, figure.table


def _shared(groups: Iterable[list[Figure]]) -> dict[tuple[DocumentId, int], frozenset[str]]:
    """What all rows of a table have in their labels, totals aside: what its total is of."""
    labels: dict[tuple[DocumentId, int], set[frozenset[str]]] = {}
    for group in groups:
        if not group[0].total:
            labels.setdefault(_table(group[0]), set()).add(frozenset(terms(group[0].label)))
    return {table: frozenset.intersection(*rows) for table, rows in labels.items() if len(rows) > 1}


def _series(group: list[Figure], shared: frozenset[str], lines: frozenset[str]) -> Series:
    first = group[0]
    row, section = frozenset(terms(first.label)), frozenset(terms(first.section))
    if first.total and not row:
        row = section | {"total"}
    if first.total and row <= {"total"}:
        section = section or shared
    return Series(
        row,
        section,
        frozenset(terms(first.inner)),
        column(first),
        lines,
        first.total,
        first.change,
        any(figure.percent for figure in group),
        tuple(group),
    )
