"""Fields that are read by where they stand: rows of statements, lines of records, receipts.

A pack field with a ``place`` names a rule of `PLACES`; figures and records have their own.  What a
rule reads needs no language model; a field it does not settle goes on to patterns and cues.  Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from appliance.documents import DocumentId, ParsedDocument, Span
from appliance.errors import PackError
from appliance.results import FieldValue, Found, Status, Step
from appliance.tasks import calibration
from appliance.tasks.calibration import Calibration
from appliance.tasks.candidates import OPENING
from appliance.tasks.cite import citation
from appliance.tasks.dates import AMBIGUOUS
from appliance.tasks.labels import LONGEST_SEARCHED, judge
from appliance.tasks.lines import printed
from appliance.tasks.normalise import collapse, normalise_party
from appliance.tasks.packs import FieldType, Pack, PackField
from appliance.tasks.receipts import heading, moment, totals
from appliance.tasks.records import records
from appliance.tasks.statements import Figure, figures
from appliance.tasks.sums import sums

# Scores at which all signs of a rule speak for a value: they bring the rules to one scale.
HIGHEST_COMPANY, HIGHEST_ADDRESS, HIGHEST_DATE, HIGHEST_TOTAL = 8.0, 5.0, 4.5, 7.0
# Names of calibration data.
RECEIPTS, STATEMENTS, LABELS = "places-receipts", "places-statements", "labels"


@dataclass(frozen=True, slots=True)
class Placed:
    """A value that a rule of place reads; ``score``, about 0 to 1, is higher the more speaks."""

    span: Span
    normalised: str | None
    score: float
    reason: str = ""


Place = Callable[[ParsedDocument], Placed | None]


def _company(parsed: ParsedDocument) -> Placed | None:
    found = heading.company(printed(parsed))
    if found is None:
        return None
    return Placed(
        found.span, normalise_party(found.span.of(parsed.text)), found.score / HIGHEST_COMPANY
    )


def _address(parsed: ParsedDocument) -> Placed | None:
    shown = printed(parsed)
    name = heading.company(shown)
    found = heading.address(shown, name.at[1] if name else -1)
    if found is None:
        return None
    return Placed(found.span, collapse(found.span.of(parsed.text)), found.score / HIGHEST_ADDRESS)


def _date(parsed: ParsedDocument) -> Placed | None:
    shown = printed(parsed)
    found = moment.date(shown, totals.unit(shown, ""))
    if found is None:
        return None
    reason = found.reading.reason if found.reading.reason == AMBIGUOUS else ""
    return Placed(found.judged.span, found.reading.iso, found.judged.score / HIGHEST_DATE, reason)


def _total(parsed: ParsedDocument) -> Placed | None:
    shown = printed(parsed)
    found = totals.total(shown)
    if found is None:
        return None
    amount = totals.reading(shown, found.span.of(parsed.text))
    return Placed(found.span, amount, found.score / HIGHEST_TOTAL)


def _of_sum(name: str) -> Place:
    """One of the three amounts of an invoice that add up."""

    def place(parsed: ParsedDocument) -> Placed | None:
        shown = printed(parsed)
        found = sums(shown)
        if found is None:
            return None
        span = {"net": found.net, "tax": found.tax, "total": found.total}[name]
        return Placed(span, totals.reading(shown, span.of(parsed.text)), 1.0)

    return place


PLACES: Mapping[str, Place] = {
    "invoice.net": _of_sum("net"),
    "invoice.tax": _of_sum("tax"),
    "invoice.total": _of_sum("total"),
    "receipt.company": _company,
    "receipt.address": _address,
    "receipt.date": _date,
    "receipt.total": _total,
}


def sure(score: float, name: str) -> float | None:
    """The share of values with such a score that were right; None where nothing was calibrated.

    Below every score of the data it falls to nothing in a straight line: nothing is known there.
    """
    data = _calibrated(name)
    if data is None or not data.scores:
        return None
    lowest = min(data.scores)
    known = calibration.confidence(max(min(score, 1.0), lowest), data)
    return round(known * max(0.0, min(1.0, score / lowest)), 4)


@cache
def _calibrated(name: str) -> Calibration | None:
    if not (calibration.FOLDER / f"{name}.json").exists():
        return None
    return calibration.load(name)


def by_place(
    parsed: ParsedDocument, document: DocumentId, pack: Pack
) -> dict[str, tuple[FieldValue, ...]]:
    """What the rules of place settle, by the name of the pack's field.

    A record gives one `FieldValue` for each part, named ``field.part``; the values of one line
    share their record number.
    """
    settled = {
        field.name: read(parsed, document, field)
        for field in pack.fields
        if field.type not in {FieldType.FIGURE, FieldType.RECORD}
    }
    for name, found in figures(parsed, pack.fields).items():
        settled[name] = _figures(parsed, document, name, found)
    for field in pack.fields:
        if field.type is FieldType.RECORD:
            settled[field.name] = _records(parsed, document, field)
    return {name: values for name, values in settled.items() if values}


def read(parsed: ParsedDocument, document: DocumentId, field: PackField) -> tuple[FieldValue, ...]:
    """One field by place; empty where the field has no rule of place, or it reads nothing.

    Raises:
        PackError: the field names a rule that there is not.
    """
    if field.type is FieldType.FIGURE:
        return _figures(parsed, document, field.name, figures(parsed, [field])[field.name])
    if field.type is FieldType.RECORD:
        return _records(parsed, document, field)
    if field.type is FieldType.LABEL:
        return _label(parsed, document, field)
    if not field.place:
        return ()
    if field.place not in PLACES:
        raise PackError(
            f"field {field.name}: there is no rule of place {field.place!r}",
            remedy=f"use one of: {', '.join(sorted(PLACES))}",
        )
    placed = PLACES[field.place](parsed)
    return () if placed is None else (_value(parsed, document, field, placed),)


def _label(
    parsed: ParsedDocument, document: DocumentId, field: PackField
) -> tuple[FieldValue, ...]:
    """The label of the whole document; its evidence are the places of its signs."""
    reach = OPENING if field.opening else LONGEST_SEARCHED
    judged = judge(parsed, field.labels, field.unless, reach)
    if judged is None:
        return ()
    confidence = sure(judged.share, LABELS)
    values = tuple(
        Found(citation(parsed, document, span), judged.value, confidence)
        for span in judged.evidence
    )
    return (FieldValue(field.name, Status.FOUND, values, steps=(Step("signs", settled=True),)),)


def _figures(
    parsed: ParsedDocument, document: DocumentId, name: str, found: Sequence[Figure]
) -> tuple[FieldValue, ...]:
    values = tuple(
        Found(
            citation(parsed, document, figure.span),
            figure.normalised,
            sure(figure.score, STATEMENTS),
            record=figure.record,
            heads=tuple(citation(parsed, document, head) for head in figure.heads),
        )
        for figure in found
    )
    if not values:
        return ()
    return (FieldValue(name, Status.FOUND, values, steps=(Step("place", settled=True),)),)


def _records(
    parsed: ParsedDocument, document: DocumentId, field: PackField
) -> tuple[FieldValue, ...]:
    """One `FieldValue` for each part that any record has."""
    found = records(parsed, field)
    fields = []
    for part in field.parts:
        values = tuple(
            Found(
                citation(parsed, document, value.span),
                value.normalised,
                sure(value.score, RECEIPTS),
                record=value.record,
                heads=tuple(citation(parsed, document, head) for head in value.heads),
            )
            for value in found
            if value.part == part.name
        )
        if values:
            steps = (Step("place", settled=True),)
            name = f"{field.name}.{part.name}"
            fields.append(FieldValue(name, Status.FOUND, values, steps=steps))
    return tuple(fields)


def _value(
    parsed: ParsedDocument, document: DocumentId, field: PackField, placed: Placed
) -> FieldValue:
    found = Found(
        citation(parsed, document, placed.span), placed.normalised, sure(placed.score, RECEIPTS)
    )
    return FieldValue(
        field.name, Status.FOUND, (found,), placed.reason, (Step("place", settled=True),)
    )
