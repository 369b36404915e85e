"""Percentages, and quantities with their unit, found and normalised.

A percentage becomes ``12.5%``; basis points are hundredths of one.  A quantity becomes the number
and the symbol of its unit as the International System of Units and the UCUM write it (``5 mg``); a
bare count becomes its digits.  Pure.
"""

from __future__ import annotations

import re
from decimal import Decimal

from appliance.documents import Span
from appliance.tasks.numbers import (
    SCALES,
    number_words,
    read_number,
    read_words,
    scaled,
    shown,
)

_UNITS = {
    "mg": "mg", "milligram": "mg", "mcg": "ug", "µg": "ug", "μg": "ug", "ug": "ug",
    "microgram": "ug", "g": "g", "gram": "g", "gm": "g", "kg": "kg", "kilogram": "kg",
    "kilo": "kg", "t": "t", "tonne": "t", "metric ton": "t", "lb": "[lb_av]", "pound": "[lb_av]",
    "oz": "[oz_av]", "ounce": "[oz_av]", "ml": "mL", "millilitre": "mL", "milliliter": "mL",
    "cl": "cL", "l": "L", "litre": "L", "liter": "L", "gal": "[gal_us]", "gallon": "[gal_us]",
    "mm": "mm", "cm": "cm", "m": "m", "metre": "m", "meter": "m", "km": "km", "kilometre": "km",
    "kilometer": "km", "inch": "[in_i]", "inches": "[in_i]", "ft": "[ft_i]", "foot": "[ft_i]",
    "feet": "[ft_i]", "yard": "[yd_i]", "mile": "[mi_i]", "m2": "m2", "m²": "m2", "sqm": "m2",
    "square metre": "m2", "square meter": "m2", "sq ft": "[sft_i]", "square foot": "[sft_i]",
    "square feet": "[sft_i]", "acre": "[acr_us]", "hectare": "har", "ha": "har", "m3": "m3",
    "m³": "m3", "°c": "Cel", "°f": "[degF]", "kwh": "kW.h", "mwh": "MW.h", "kw": "kW", "mw": "MW",
    "mmhg": "mm[Hg]", "bpm": "/min", "iu": "[iU]", "unit": "{unit}", "piece": "{piece}",
    "pcs": "{piece}", "pc": "{piece}", "share": "{share}", "barrel": "[bbl_us]", "mmol/l": "mmol/L",
    "mg/dl": "mg/dL", "mg/kg": "mg/kg", "kg/m2": "kg/m2", "mb": "MB", "gb": "GB", "tb": "TB",
}  # fmt: skip
_NAMES = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_NUMBER = r"(?<![\w.,])[-\u2212]?\d+(?:[,. \u00a0]\d{3})*(?:[.,]\d+)?"
_SCALE = r"(?:\s?(?P<scale>thousand|million|billion))?"
_QUANTITY = re.compile(
    rf"(?P<number>{_NUMBER}){_SCALE}\s?-?(?P<unit>{_NAMES})(?:e?s)?(?![\w/²³])", re.IGNORECASE
)
_PERCENT = re.compile(
    rf"(?P<open>\(\s?)?(?P<number>{_NUMBER})\s?(?(open)\)?)(?:(?P<sign>%|\uff05|percent\b|per\s?cent\b"
    r"|percentage\s+points?\b|p\.?c\.)|(?P<basis>basis\s+points?\b|bps?\b))(?(open)\)?)"
    rf"|\b(?P<words>{number_words('half')})\s+(?:percent|per\s+cent)\b",
    re.IGNORECASE,
)
_COUNT = re.compile(rf"(?P<number>{_NUMBER}){_SCALE}", re.IGNORECASE)


def find_percentages(text: str) -> tuple[Span, ...]:
    """Where percentages stand in ``text``."""
    return tuple(Span(*match.span()) for match in _PERCENT.finditer(text))


def normalise_percentage(text: str) -> str | None:
    """The one percentage in ``text`` as "12.5%"; in parentheses it is negative."""
    readings = {_percent(match) for match in _PERCENT.finditer(text)}
    return readings.pop() if len(readings) == 1 else None


def find_quantities(text: str) -> tuple[Span, ...]:
    """Where a number with a unit stands in ``text``."""
    return tuple(Span(*match.span()) for match in _QUANTITY.finditer(text))


def normalise_quantity(text: str) -> str | None:
    """The one quantity in ``text`` as "5 mg"; None when there is none, several, or ambiguous."""
    readings = set()
    for match in _QUANTITY.finditer(text):
        value = _scaled(match)
        unit = _UNITS[" ".join(match["unit"].lower().split())]
        readings.add(None if value is None else f"{shown(value)} {unit}")
    return readings.pop() if len(readings) == 1 else None


def normalise_count(text: str) -> str | None:
    """The one number in ``text`` with its scale, as digits: "2.47 billion" is 2470000000."""
    values = {_scaled(match) for match in _COUNT.finditer(text)}
    value = values.pop() if len(values) == 1 else None
    return None if value is None else shown(value)


def _scaled(match: re.Match[str]) -> Decimal | None:
    value = read_number(match["number"]) or read_number(match["number"], ".")
    return None if value is None else scaled(value, SCALES.get((match["scale"] or "").lower(), 1))


def _percent(match: re.Match[str]) -> str | None:
    if match["words"]:
        number = read_words(match["words"])
        return None if number is None else f"{number}%"
    value = read_number(match["number"]) or read_number(match["number"], ".")
    if value is None:
        return None
    value = -abs(value) if match["open"] and ")" in match[0] else value
    return f"{shown((value / 100).normalize() if match['basis'] else value)}%"
