"""The part ``clinical`` of the set ``extraction``: the pack health/clinical_note on visit notes.

Names, sex, age and complaints are scored where the data set says that the note itself states them.
They were written down by its makers in their own words, so a complaint is right when all of the
shorter wording stands in the longer.  Of medications there is no reference; a value is counted as
well-formed when it begins with a drug, and as dosed when its dose is part of it.  Rules alone are
measured, without search and language model.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from appliance.documents import DocumentId, ParsedDocument
from appliance.results import FieldValue
from appliance.tasks.drugs import drugs
from appliance.tasks.extract import extract
from appliance.tasks.terms import content_terms
from scripts.evaluating import confined
from scripts.evaluating.by_rules import NoEngine, by_rules, nowhere
from scripts.evaluating.options import Options
from scripts.evaluating.result import Detail, Result
from scripts.evaluating.score import Count, Score
from scripts.evaluating.split import admits, shares
from scripts.evaluating.workspace import rows

PART = "clinical"
PACK = "health/clinical_note"
# A key of the reference, and the fields of the pack that may hold its value.
FIELDS = {
    "patient_firstname": ("patient_name",),
    "patient_familyname": ("patient_name",),
    "patient_gender": ("sex",),
    "patient_age": ("age",),
    "cc": ("chief_complaint",),
    "2nd_complaints": ("history", "problems", "procedures"),
}
NAMES = {"patient_firstname": "first name", "patient_familyname": "family name"}
NAMES |= {"patient_gender": "sex", "patient_age": "age", "cc": "chief complaint"}
NAMES |= {"2nd_complaints": "other complaints"}
_DOCUMENT = DocumentId("0" * 32)


def score(data: Path, options: Options) -> Result:
    """Read every note, and the fields that are literally in it."""
    folder = data / "clinical_notes"
    wanted = {
        str(row["doc"]): row
        for row in rows(folder / "fields.jsonl")
        if admits(options.part, Path(str(row["doc"])).name)
    }
    if not wanted:
        return Result()
    with confined.started(options.readers) as readers:
        reads = readers.read([folder / name for name in wanted])
    counts: dict[str, list[Count]] = defaultdict(list)
    details = []
    for (name, row), read in zip(wanted.items(), reads, strict=True):
        fields = found_in(read.document) if read.document else {}
        verdicts = compared(fields, expected(row))
        for key, right in verdicts.items():
            counts[key].append(Count(Path(name).name, float(right), 1))
        counts["false"].append(false_found(Path(name).name, fields, verdicts))
        for kind, count in medications(Path(name).name, fields).items():
            counts[kind].append(count)
        details.append(_detail(name, fields, verdicts))
    return Result(_scores(counts), details)


def found_in(parsed: ParsedDocument) -> Mapping[str, FieldValue]:
    """The fields of one note, by name."""
    found = extract(parsed, _DOCUMENT, by_rules(PACK), nowhere, NoEngine())
    return {value.name: value for value in found}


def expected(row: Mapping[str, object]) -> dict[str, str]:
    """The values of the reference that the note itself states."""
    fields, literal = row["fields"], row["literally_in_note"]
    if not isinstance(fields, dict) or not isinstance(literal, list):
        return {}
    return {key: str(fields[key]) for key in literal if fields.get(key) and key in FIELDS}


def compared(fields: Mapping[str, FieldValue], wanted: Mapping[str, str]) -> dict[str, bool]:
    """Of each value that is wanted, whether it was found."""
    return {
        key: all(
            any(_same(key, said, part) for name in FIELDS[key] for said in _said(fields, name))
            for part in re.split(r"\s*;\s*", value)
        )
        for key, value in wanted.items()
    }


def false_found(name: str, fields: Mapping[str, FieldValue], verdicts: Mapping[str, bool]) -> Count:
    """Single values found that the reference contradicts, of those found that it speaks of."""
    single = {key: right for key, right in verdicts.items() if len(FIELDS[key]) == 1}
    stated = {key: right for key, right in single.items() if _said(fields, FIELDS[key][0])}
    return Count(name, sum(not right for right in stated.values()), len(stated))


def medications(name: str, fields: Mapping[str, FieldValue]) -> dict[str, Count]:
    """Medications that begin with a drug, and those that hold a dose."""
    said = _said(fields, "medications")
    formed = sum(any(span.begin == 0 for span in drugs(value)) for value in said)
    dosed = sum(any(char.isdigit() for char in value) for value in said)
    return {"formed": Count(name, formed, len(said)), "dosed": Count(name, dosed, len(said))}


def _said(fields: Mapping[str, FieldValue], name: str) -> list[str]:
    value = fields.get(name)
    if value is None:
        return []
    return [found.citation.quote for found in value.values] + [
        found.normalised for found in value.values if found.normalised and name == "sex"
    ]


def _same(key: str, said: str, wanted: str) -> bool:
    if key == "patient_age":
        return said.strip() == wanted.removesuffix(".0")
    one, two = set(content_terms(said)), set(content_terms(wanted))
    shorter = min((one, two), key=len)
    return bool(shorter) and shorter <= (one | two) - (one ^ two)


def _scores(counts: Mapping[str, Sequence[Count]]) -> list[Score]:
    scores: list[Score] = []
    for key, name in NAMES.items():
        if key in counts:
            scores += shares(PART, f"{name} right", counts[key])
    every = [count for key in NAMES for count in counts.get(key, ())]
    scores += shares(PART, "all fields right", every)
    scores += shares(PART, "single values found that are wrong", counts["false"])
    scores += shares(PART, "medications that begin with a drug", counts["formed"])
    return scores + shares(PART, "medications with a dose", counts["dosed"])


def _detail(name: str, fields: Mapping[str, FieldValue], verdicts: Mapping[str, bool]) -> Detail:
    figures = tuple((NAMES[key], float(right)) for key, right in verdicts.items())
    notes = [f"medication: {said}" for said in _said(fields, "medications")]
    missed = [NAMES[key] for key, right in verdicts.items() if not right]
    return Detail(PART, name, figures, (*(f"missed: {key}" for key in missed), *notes))
