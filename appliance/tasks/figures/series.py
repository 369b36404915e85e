"""Figures of one thing over the periods: a row of a table, or a column where periods are rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from appliance.tasks.figures.cells import Figure
from appliance.tasks.figures.wording import terms

# Stems of heads that say how figures are given, and not of what.
_MANNER_WORDS = """thousand million billion dollar euro pound nt audit unaudit week month end year
amount restat yen currenc except 000"""
_MANNER = frozenset(_MANNER_WORDS.split())
_MOVEMENT_WORDS = "chang varianc increas decreas growth over vs versus yr percent to in"
_MOVEMENT = frozenset(_MOVEMENT_WORDS.split())


@dataclass(frozen=True, slots=True)
class Series:
    """What the figures of one line share, as terms, and the figures in reading order."""

    row: frozenset[str]  # terms of the label; of the section, where the row is a nameless total
    section: frozenset[str]
    column: frozenset[str]  # terms of the heads that are no periods
    around: frozenset[str]
    total: bool
    change: bool
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
    for figure in figures:
        key = (
            figure.document, figure.table, figure.section, figure.label.strip(), column(figure),
            figure.change, figure.change and figure.percent,
        )  # fmt: skip
        number = 0
        while any(_same_time(figure, other) for other in groups.get((*key, number), ())):
            number += 1
        groups.setdefault((*key, number), []).append(figure)
    return tuple(_series(group) for group in groups.values())


def column(figure: Figure) -> frozenset[str]:
    """Terms of a figure's heads that tell its column from others."""
    manner = _MANNER | _MOVEMENT if figure.change else _MANNER
    return frozenset(term for term in terms(figure.heads) if not term.isdigit()) - manner


def _same_time(one: Figure, other: Figure) -> bool:
    return (one.period, one.since) == (other.period, other.since)


def _series(group: list[Figure]) -> Series:
    first = group[0]
    row, section = frozenset(terms(first.label)), frozenset(terms(first.section))
    if first.total and not row:
        row = section | {"total"}
    return Series(
        row,
        section,
        column(first),
        frozenset(terms(first.around)),
        first.total,
        first.change,
        tuple(group),
    )
