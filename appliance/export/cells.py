"""Extracted fields as rows of a table: one per document for reading, one per value for checking.

Pure.  The first table is what people sort and filter; the second holds the evidence of every cell
in it: verbatim value, page, offsets, confidence, or the reason why nothing is stated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.documents import Citation
from appliance.results import FieldValue, Found, Status

Cell = str | int | float | None
EVIDENCE = (
    "document", "name", "field", "status", "value", "normalised", "confidence", "record", "heads",
    "page", "begin", "end", "reason",
)  # fmt: skip
_LABELS = ("labels",)  # the last column, where anything is labelled


@dataclass(frozen=True, slots=True)
class Extracted:
    """The fields of one document."""

    document: str
    name: str
    fields: tuple[FieldValue, ...]
    labels: str = ""  # that the rows carry


def overview(extracted: Sequence[Extracted]) -> tuple[tuple[Cell, ...], ...]:
    """A head row, then one row per document: normalised values where there are any."""
    names = tuple(dict.fromkeys(field.name for one in extracted for field in one.fields))
    labelled = any(one.labels for one in extracted)
    rows: list[tuple[Cell, ...]] = [("document", "name", *names, *_LABELS[:labelled])]
    for one in extracted:
        shown = {field.name: _shown(field) for field in one.fields}
        said = (one.labels,)[:labelled]
        rows.append((one.document, one.name, *(shown.get(name) for name in names), *said))
    return tuple(rows)


def evidence(extracted: Sequence[Extracted]) -> tuple[tuple[Cell, ...], ...]:
    """A head row, then one row per value, and one per field that is not stated."""
    labelled = any(one.labels for one in extracted)
    rows: list[tuple[Cell, ...]] = [(*EVIDENCE, *_LABELS[:labelled])]
    for one in extracted:
        said = (one.labels,)[:labelled]
        for field in one.fields:
            head = (one.document, one.name, field.name, str(field.status))
            rows += [(*head, *_value(value), field.reason, *said) for value in field.values]
            if not field.values:
                rows.append((*head, *(None,) * 8, field.reason, *said))
    return tuple(rows)


def _shown(field: FieldValue) -> str | None:
    if field.status is Status.NOT_STATED:
        return None
    texts = [value.normalised or _line(value.citation) for value in field.values]
    joined = "; ".join(dict.fromkeys(texts))
    return f"conflicting: {joined}" if field.status is Status.CONFLICTING else joined


def _value(value: Found) -> tuple[Cell, ...]:
    cited = value.citation
    heads = " | ".join(map(_line, value.heads))
    place = (cited.page, cited.span.begin, cited.span.end)
    return cited.quote, value.normalised, value.confidence, value.record, heads or None, *place


def _line(citation: Citation) -> str:
    return " ".join(citation.quote.split())
