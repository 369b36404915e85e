"""Arithmetic over quoted figures, exact and shown.  Pure.

The operands are the cells as they stand; what they have in common (scale, currency, percentages)
is that of the result.  Where they have nothing in common nothing is computed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext

from appliance.tasks.figures.cells import Figure
from appliance.tasks.figures.numbers import SCALES

PLACES = 2  # decimals of a result
_CENT = Decimal(1).scaleb(-PLACES)


@dataclass(frozen=True, slots=True)
class Computed:
    """A result and how it comes about."""

    value: Decimal  # rounded
    text: str  # with unit and scale
    derivation: str


def difference(first: Figure, second: Figure) -> Computed | None:
    """``first - second``; None where the two are not of one kind."""
    unit = common([first, second])
    if unit is None:
        return None
    value = _value(first, unit) - _value(second, unit)
    return _result(value, unit, f"{_shown(first)} - {_shown(second)}")


def percent_change(first: Figure, second: Figure) -> Computed | None:
    """From ``second`` to ``first`` in percent of ``second``.

    None where that is nil, or where a sign turns: such a percentage says nothing.
    """
    unit = common([first, second])
    if unit is None:
        return None
    now, before = _value(first, unit), _value(second, unit)
    if not before or now * before < 0:
        return None
    with localcontext(prec=40):
        value = (now - before) / before * 100
    return _percentage(value, f"({_shown(first)} - {_shown(second)}) / {_shown(second)}")


def share(parts: Sequence[Figure], whole: Figure) -> Computed | None:
    """The sum of ``parts`` in percent of ``whole``; None where that is nil or of another kind."""
    unit = common([*parts, whole])
    if unit is None or not _value(whole, unit):
        return None
    with localcontext(prec=40):
        value = sum((_value(part, unit) for part in parts), Decimal(0)) / _value(whole, unit) * 100
    return _percentage(value, _division(parts, whole))


def ratio(parts: Sequence[Figure], whole: Figure) -> Computed | None:
    """The sum of ``parts`` divided by ``whole``, a bare number."""
    unit = common([*parts, whole])
    if unit is None or not _value(whole, unit):
        return None
    with localcontext(prec=40):
        value = sum((_value(part, unit) for part in parts), Decimal(0)) / _value(whole, unit)
    value = _rounded(value)
    return Computed(value, _plain(value), f"{_division(parts, whole)} = {_plain(value)}")


def _division(parts: Sequence[Figure], whole: Figure) -> str:
    above = " + ".join(map(_shown, parts))
    return f"{above if len(parts) == 1 else f'({above})'} / {_shown(whole)}"


def average(figures: Sequence[Figure]) -> Computed | None:
    """Their mean; None of fewer than two, or of figures that are not of one kind."""
    unit = common(figures)
    if unit is None or len(figures) < 2:
        return None
    with localcontext(prec=40):
        value = sum((_value(f, unit) for f in figures), Decimal(0)) / len(figures)
    return _result(value, unit, f"({' + '.join(map(_shown, figures))}) / {len(figures)}")


def total(figures: Sequence[Figure]) -> Computed | None:
    """Their sum; None of fewer than two, or of figures that are not of one kind."""
    unit = common(figures)
    if unit is None or len(figures) < 2:
        return None
    value = sum((_value(f, unit) for f in figures), Decimal(0))
    return _result(value, unit, " + ".join(map(_shown, figures)))


@dataclass(frozen=True, slots=True)
class _Kind:
    """What figures must share to be added: the scale of the result, its currency, percentages."""

    scale: int
    currency: str
    percent: bool


def common(figures: Sequence[Figure]) -> _Kind | None:
    """What figures share; None where they cannot be put together."""
    if any(f.number is None for f in figures):
        return None
    if len({f.percent for f in figures if f.number and not f.number.nil}) > 1:
        return None
    currencies = {f.currency for f in figures} - {""}
    if len(currencies) > 1:
        return None
    scales = {f.scale for f in figures}
    percent = any(f.percent for f in figures)
    return _Kind(min(scales), next(iter(currencies), ""), percent)


def shown(figure: Figure) -> str:
    """A figure as an answer: verbatim, with the scale and the unit that stand around it."""
    if figure.number is None:
        return figure.quote
    if figure.percent:
        return figure.quote if "%" in figure.quote else f"{figure.quote}%"
    scale = SCALES[figure.scale] if figure.number.scale == 1 else ""
    return f"{figure.quote} {scale}".strip()


def _value(figure: Figure, unit: _Kind) -> Decimal:
    number = figure.number
    assert number is not None  # noqa: S101 -- `common` refuses words
    return number.value * figure.scale / unit.scale


def _shown(figure: Figure) -> str:
    """A cell within a derivation: its own characters without blanks and notes."""
    return re.sub(r"\s+|\([a-z]\)$", "", figure.quote)


def _rounded(value: Decimal) -> Decimal:
    with localcontext(prec=60):  # of any quotient of numbers that are read, every digit
        return value.quantize(_CENT, ROUND_HALF_UP)


def _plain(value: Decimal) -> str:
    text = f"{value:,.{PLACES}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _result(value: Decimal, unit: _Kind, sum_shown: str) -> Computed:
    value = _rounded(value)
    number = _plain(value)
    if unit.percent:
        return Computed(value, f"{number}%", f"{sum_shown} = {number}%")
    text = " ".join(word for word in (number, SCALES[unit.scale], unit.currency) if word)
    scale = f" ({SCALES[unit.scale]}s)" if unit.scale > 1 else ""
    return Computed(value, text, f"{sum_shown} = {number}{scale}")


def _percentage(value: Decimal, sum_shown: str) -> Computed:
    value = _rounded(value)
    return Computed(value, f"{_plain(value)}%", f"{sum_shown} = {_plain(value)}%")
