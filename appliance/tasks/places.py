"""Fields that are read by where they stand: rows of statements, lines of records, receipts.

A pack field with a ``place`` names a rule of `PLACES`; figures and records have their own.  What a
rule reads needs no language model; a field it does not settle goes on to patterns and cues.  Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from appliance.documents import DocumentId, ParsedDocument
from appliance.results import FieldValue
from appliance.tasks.packs import Pack, PackField

Place = Callable[[ParsedDocument, DocumentId, PackField], FieldValue | None]
PLACES: Mapping[str, Place] = {}


def by_place(
    parsed: ParsedDocument, document: DocumentId, pack: Pack
) -> dict[str, tuple[FieldValue, ...]]:
    """What the rules of place settle, by the name of the pack's field.

    A record gives one `FieldValue` for each part, named ``field.part``; the values of one line
    share their record number.
    """
    return {}
