"""Whether a pack does what its author means: schema, expressions, examples, and speed.

Everything that is wrong is told at once, each with its line in the file where it can be named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.documents import DocumentId
from appliance.errors import PackError
from appliance.tasks import packs, places
from appliance.tasks.backtracking import slow_expressions
from appliance.tasks.candidates import propose
from appliance.tasks.packs import Example, FieldType, Pack, PackField
from appliance.tasks.samples import sample
from appliance.tasks.sheet import sheet

_NOWHERE = DocumentId("0" * 32)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a pack."""

    what: str
    field: str = ""
    line: int | None = None  # in the file, from 1


@dataclass(frozen=True, slots=True)
class Checked:
    """A pack with its problems; None where it cannot be read at all."""

    pack: Pack | None
    problems: tuple[Problem, ...]
    examples: int = 0  # that were run


def check(file: Path) -> Checked:
    """Everything that is wrong with a file.

    Raises:
        PackError: the file is not there, too large or no TOML; the message has the line.
    """
    source = packs.source_of(file)
    table = packs.tables(source, file)
    problems = tuple(_of_schema(table, source))
    if problems:
        return Checked(None, problems)
    try:
        pack = packs.read(file)
    except PackError as error:
        return Checked(None, (_located(error, table, source),))
    found = [*_of_examples(pack), *_of_fields(pack), *_of_speed(pack)]
    placed = (Problem(p.what, p.field, _line(source, p.field)) for p in found)
    return Checked(pack, tuple(placed), sum(len(field.examples) for field in pack.fields))


def found_in(example: Example, field: PackField) -> str:
    """What the rules find in an example: the quote, of a label its name; empty: nothing."""
    parsed = sample(example.text)
    placed = places.read(parsed, _NOWHERE, field)
    if placed and field.type is FieldType.LABEL:
        return placed[0].normalised or ""
    if placed:
        return placed[0].citations[0].quote
    candidates = propose(field, sheet(parsed)).candidates
    return candidates[0].span.of(parsed.text) if candidates else ""


def _of_schema(table: Mapping[str, Any], source: str) -> Iterator[Problem]:
    for found in packs.violations(table):
        at = found.path[1] if len(found.path) > 1 and found.path[0] == "field" else None
        entry = at if isinstance(at, int) else None
        name = "" if entry is None else _name(table, entry)
        key = next((part for part in reversed(found.path) if isinstance(part, str)), "")
        yield Problem(f"{found.place}: {found.message}", name, _line_of(source, entry, key))


def _of_examples(pack: Pack) -> Iterator[Problem]:
    for field in pack.fields:
        for number, example in enumerate(field.examples, 1):
            found = found_in(example, field)
            if found == example.value:
                continue
            wanted = (
                f"{example.value!r} must be found" if example.value else "nothing must be found"
            )
            got = f"{found!r} is" if found else "nothing is"
            yield Problem(f"example {number}: {wanted}, but {got}", field.name)


def _of_fields(pack: Pack) -> Iterator[Problem]:
    for field in pack.fields:
        if not any(example.value for example in field.examples):
            yield Problem("no example says what must be found", field.name)


def _of_speed(pack: Pack) -> Iterator[Problem]:
    for field, source, seconds in slow_expressions(pack):
        yield Problem(
            f"{source!r} takes {seconds:.2f} s or more on hostile text; "
            "write bounds such as {0,100} instead of * and +, and none inside another",
            field.name,
        )


def _located(error: PackError, table: Mapping[str, Any], source: str) -> Problem:
    names = [_name(table, at) for at in range(len(table["field"]))]
    said = re.search(r"field (\w+)", error.message)
    name = said[1] if said and said[1] in names else ""
    what = error.message.split(": ", 1)[-1]
    return Problem(f"{what} ({error.remedy})" if error.remedy else what, name, _line(source, name))


def _name(table: Mapping[str, Any], entry: int) -> str:
    fields: Sequence[Any] = table.get("field", [])
    known = isinstance(fields, list) and entry < len(fields) and isinstance(fields[entry], dict)
    return str(fields[entry].get("name", f"field {entry + 1}")) if known else f"field {entry + 1}"


def _line(source: str, field: str) -> int | None:
    """The line that names a field."""
    match = re.search(rf'^name\s*=\s*["\']{re.escape(field)}["\']', source, re.M) if field else None
    return source.count("\n", 0, match.start()) + 1 if match else None


def _line_of(source: str, entry: int | None, key: str) -> int | None:
    """The line of a key in the n-th field, or of the field, or of a key of the pack itself."""
    begin = 0
    heads = [match.start() for match in re.finditer(r"^\[\[field\]\]", source, re.M)]
    if entry is not None:
        if entry >= len(heads):
            return None
        begin = heads[entry]
        end = heads[entry + 1] if entry + 1 < len(heads) else len(source)
    else:
        end = heads[0] if heads else len(source)
    match = re.compile(rf"^{re.escape(key)}\s*=", re.M).search(source, begin, end) if key else None
    if match is None and entry is None:
        return None
    return source.count("\n", 0, match.start() if match else begin) + 1
