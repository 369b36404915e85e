"""Field packs: what to look for in one kind of document, as data that a reviewer can read.

A pack is a TOML file ``packs/<sector>/<name>.toml`` that validates against
``packs/pack.schema.json``; packs/README.md shows how to write one.  Its ``cues`` are regular
expressions, matched without regard to case, that mark the sentences where a field is talked about.
Its ``patterns`` are regular expressions whose group ``value`` is the field's value itself; the
first that matches anywhere outranks the later ones.  Of a clause, whose value is the whole
sentence, a pattern needs no group: it is a phrasing that states the clause by itself, and case does
not matter.  ``unless`` discards sentences that only look right; ``headings`` names the sections
that speak of the field.  blocks.py names what all of them may use beside plain expressions.  A
field's ``examples`` are its tests: a text and the value to be found in it, empty when it must not
be found.  ``cascade`` lists the steps, cheapest first, with the confidence at which each settles a
field.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from appliance.errors import PackError
from appliance.tasks.blocks import anycase, expression
from appliance.tasks.normalise import NORMALISERS, VALIDATORS

FOLDER = Path(__file__).parent / "packs"
OWN = "local"  # what the names of a user's own packs begin with
LARGEST = 1 << 20  # bytes of a file
_NO_NESTING = "no value of a pack has tables in tables in tables"


class FieldType(StrEnum):
    """What kind of characters a value is made of."""

    TEXT = "text"  # a phrase
    CLAUSE = "clause"  # a whole sentence
    DATE = "date"
    AMOUNT = "amount"
    DURATION = "duration"
    IDENTIFIER = "identifier"
    PARTY = "party"
    CHOICE = "choice"  # one of a few values, shown by its words in the text
    FIGURE = "figure"  # a row of a statement: one value for each period
    RECORD = "record"  # a repeated line with parts, such as the items of an invoice
    LABEL = "label"  # one value of a closed set for the whole document, by signs in its text


# The normaliser and the validator of a field that names none.
_RULES = {
    FieldType.TEXT: ("text", "any"),
    FieldType.CLAUSE: ("text", "clause"),
    FieldType.DATE: ("date", "date"),
    FieldType.AMOUNT: ("amount", "amount"),
    FieldType.DURATION: ("duration", "duration"),
    FieldType.IDENTIFIER: ("identifier", "identifier"),
    FieldType.PARTY: ("party", "name"),
    FieldType.CHOICE: ("text", "any"),
    FieldType.FIGURE: ("text", "any"),
    FieldType.RECORD: ("text", "any"),
    FieldType.LABEL: ("text", "any"),
}


@dataclass(frozen=True, slots=True)
class Example:
    """A text and the value that must be found in it; empty: it must not be found."""

    text: str
    value: str


@dataclass(frozen=True, slots=True)
class FieldPart:
    """One column of a record; it is found under a head that one of ``heads`` matches."""

    name: str
    title: str
    type: FieldType
    heads: tuple[str, ...]
    normaliser: str = "text"  # key of normalise.NORMALISERS
    required: bool = False  # a line without it is no record


LEAST_WEIGHT = 3.0  # of the signs of a label: one at the head of a document, or three elsewhere


@dataclass(frozen=True, slots=True)
class Label:
    """One value of a closed set, and the signs in a text that speak for it."""

    value: str
    cues: tuple[str, ...]
    least: float = LEAST_WEIGHT  # of the signs, for it to be given
    over: tuple[str, ...] = ()  # labels that it includes: they are no rivals


class StepName(StrEnum):
    """The steps that a cascade is made of, cheapest first."""

    PATTERN = "pattern"  # patterns, cues, headings and validators
    SEARCH = "search"  # the search, and how near a sentence is in meaning to the description
    MODEL = "model"  # the language model in force chooses
    LARGER = "larger"  # another installed model chooses among what stays open


@dataclass(frozen=True, slots=True)
class CascadeStep:
    """One step of a cascade; ``least`` is the confidence at which it settles a field."""

    name: StepName
    least: float
    model: str = ""  # folder of a larger model, only with LARGER


@dataclass(frozen=True, slots=True)
class PackField:
    """One field: how it is asked for, where it is looked for, and how its value is checked.

    Expressions are kept as the pack writes them, so that a pack has a plain form; blocks.py
    compiles them, and `load` has seen each of them compile.
    """

    name: str
    title: str
    description: str
    type: FieldType
    question: str
    cues: tuple[str, ...]
    patterns: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()  # value, and the words that state it
    many: bool = False
    opening: bool = False  # only the first characters of a document can state it
    normaliser: str = "text"  # key of normalise.NORMALISERS
    validator: str = "any"  # key of normalise.VALIDATORS
    examples: tuple[Example, ...] = ()
    headings: tuple[str, ...] = ()  # of sections that speak of the field
    cascade: tuple[CascadeStep, ...] = ()  # empty: as the pack says
    place: str = ""  # key of places.PLACES: a rule that reads the value by where it stands
    rows: tuple[str, ...] = ()  # of a figure: labels of its row, the first that matches counts
    parts: tuple[FieldPart, ...] = ()  # of a record
    labels: tuple[Label, ...] = ()  # of a label


@dataclass(frozen=True, slots=True)
class Pack:
    """One kind of document and its fields."""

    name: str
    title: str
    description: str
    version: int
    sector: str
    fields: tuple[PackField, ...]
    cascade: tuple[CascadeStep, ...] = ()  # empty: DEFAULT_CASCADE of cascade.py
    calibration: str = ""  # whose calibration its scores have, such as "legal"; empty: its sector's


def available(folder: Path = FOLDER, own: Path | None = None) -> tuple[str, ...]:
    """Names of the packs in a folder, such as ``legal/contract``, and of a user's own."""
    shipped = [f.relative_to(folder).with_suffix("").as_posix() for f in folder.glob("*/*.toml")]
    theirs = [f"{OWN}/{f.stem}" for f in own.glob("*.toml")] if own is not None else []
    return tuple(sorted([*(name for name in shipped if not name.startswith(f"{OWN}/")), *theirs]))


def load(name: str, folder: Path = FOLDER, own: Path | None = None) -> Pack:
    """Read and validate one pack by name.

    Args:
        own: a folder with packs of a user, files ``own/NAME.toml`` that are named ``local/NAME``:
            none of them can take the place of one that is shipped.

    Raises:
        PackError: no pack has this name, or its file does not validate; says where.
    """
    if name not in available(folder, own):
        raise PackError(
            f"there is no field pack {name!r} in {folder}",
            remedy=f"use one of: {', '.join(available(folder, own))}",
        )
    place, _, stem = name.partition("/")
    pack = read(own / f"{stem}.toml" if own and place == OWN else folder / f"{name}.toml")
    if pack.name != name:
        raise PackError(
            f"{stem}.toml: name is {pack.name!r}",
            remedy=f"write name = {name!r}, as the file is",
        )
    return pack


def read(file: Path) -> Pack:
    """Read and validate one file; its name is as it says.

    Raises:
        PackError: the file does not validate; says where.
    """
    table = tables(source_of(file), file)
    _validate(table, file)
    fields = tuple(_field(entry, file) for entry in table["field"])
    if len({entry.name for entry in fields}) < len(fields):
        raise PackError(f"{file}: two fields have the same name", remedy="rename one of them")
    return Pack(
        name=table["name"],
        title=table["title"],
        description=table["description"],
        version=table["version"],
        sector=table["sector"],
        fields=fields,
        cascade=_cascade(table.get("cascade", ()), str(file)),
        calibration=table.get("calibration", ""),
    )


def source_of(file: Path) -> str:
    """The text of a file that may be anything.

    Raises:
        PackError: it cannot be read, is larger than LARGEST, or no UTF-8.
    """
    try:
        with file.open("rb") as opened:
            untrusted = opened.read(LARGEST + 1)
        if len(untrusted) > LARGEST:
            raise PackError(f"{file} is larger than a pack", remedy="divide it into several")
        return untrusted.decode("utf-8")
    except (OSError, ValueError) as error:
        raise PackError(f"{file}: {error}", remedy="correct the file") from error


def tables(source: str, file: Path) -> dict[str, Any]:
    """The tables of a pack's text, not yet held against the schema.

    Raises:
        PackError: it is no TOML; the message has the line.
    """
    try:
        return tomllib.loads(source)
    except ValueError as error:
        raise PackError(f"{file}: {error}", remedy="correct the file") from error
    except RecursionError as error:
        raise PackError(f"{file}: its values are nested too deeply", remedy=_NO_NESTING) from error


@dataclass(frozen=True, slots=True)
class Violation:
    """One place of a file that its schema does not admit."""

    place: str  # as a JSON path: $.field[2].type
    path: tuple[str | int, ...]
    message: str


def violations(table: Mapping[str, Any]) -> tuple[Violation, ...]:
    """Where a table read from TOML does not follow the schema of packs."""
    from jsonschema import Draft202012Validator

    schema = json.loads((FOLDER / "pack.schema.json").read_text("utf-8"))
    errors = sorted(Draft202012Validator(schema).iter_errors(table), key=lambda e: e.json_path)
    return tuple(Violation(e.json_path, tuple(e.absolute_path), e.message) for e in errors)


def _validate(table: Mapping[str, Any], file: Path) -> None:
    found = violations(table)
    if found:
        raise PackError(
            f"{file}: {found[0].place}: {found[0].message}",
            remedy=f"correct it; {len(found)} problem(s) in all",
        )


def _field(entry: Mapping[str, Any], file: Path) -> PackField:
    kind = FieldType(entry["type"])
    normaliser, validator = _RULES[kind]
    field = PackField(
        name=entry["name"],
        title=entry["title"],
        description=entry["description"],
        type=kind,
        question=entry["question"],
        cues=tuple(entry.get("cues", ())),
        patterns=tuple(entry.get("patterns", ())),
        unless=tuple(entry.get("unless", ())),
        choices=_choices(entry.get("choices", {})),
        many=entry.get("cardinality", "one") == "many",
        opening=entry.get("zone", "anywhere") == "opening",
        normaliser=entry.get("normaliser", normaliser),
        validator=entry.get("validator", validator),
        examples=tuple(Example(e["text"], e["value"]) for e in entry.get("examples", ())),
        headings=tuple(entry.get("headings", ())),
        cascade=_cascade(entry.get("cascade", ()), f"{file}: field {entry['name']}"),
        place=entry.get("place", ""),
        rows=tuple(entry.get("rows", ())),
        parts=tuple(_part(part) for part in entry.get("part", ())),
        labels=tuple(_label(label) for label in entry.get("label", ())),
    )
    _check_expressions(field, f"{file}: field {field.name}")
    _check_rules(field, f"{file}: field {field.name}")
    return field


def _part(entry: Mapping[str, Any]) -> FieldPart:
    kind = FieldType(entry["type"])
    return FieldPart(
        name=entry["name"],
        title=entry["title"],
        type=kind,
        heads=tuple(entry["heads"]),
        normaliser=entry.get("normaliser", _RULES[kind][0]),
        required=entry.get("required", False),
    )


def _label(entry: Mapping[str, Any]) -> Label:
    return Label(
        entry["value"],
        tuple(entry["cues"]),
        float(entry.get("least", LEAST_WEIGHT)),
        tuple(entry.get("over", ())),
    )


def _cascade(entries: Sequence[Mapping[str, Any]], place: str) -> tuple[CascadeStep, ...]:
    steps = tuple(
        CascadeStep(StepName(e["step"]), float(e["least"]), e.get("model", "")) for e in entries
    )
    order = [list(StepName).index(step.name) for step in steps]
    if order != sorted(set(order)):
        raise PackError(
            f"{place}: the steps of a cascade stand in another order",
            remedy=f"each once, in this order: {', '.join(StepName)}",
        )
    return steps


def _choices(table: Mapping[str, Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((value, rf"\b(?:{'|'.join(words)})(?!\w)") for value, words in table.items())


def _check_rules(field: PackField, place: str) -> None:
    """The names of rules are open in the schema, because the tables of rules grow."""
    named = [
        (field.normaliser, NORMALISERS, "normaliser"),
        (field.validator, VALIDATORS, "validator"),
    ]
    named += [(part.normaliser, NORMALISERS, "normaliser") for part in field.parts]
    for name, rules, kind in named:
        if name not in rules:
            raise PackError(
                f"{place}: there is no {kind} {name!r}",
                remedy=f"use one of: {', '.join(sorted(rules))}",
            )


def _check_expressions(field: PackField, place: str) -> None:
    words = (
        *field.cues,
        *field.unless,
        *field.headings,
        *(source for _, source in field.choices),
        *field.rows,
    )
    words += tuple(source for part in field.parts for source in part.heads)
    words += tuple(source for label in field.labels for source in label.cues)
    try:
        for source in words:
            anycase(source)
        for source in field.patterns:
            if "value" not in expression(source).groupindex and field.type is not FieldType.CLAUSE:
                raise PackError(
                    f"{place}: {source!r} has no group value",
                    remedy="mark the value as (?P<value>...), or with a block such as <date>",
                )
    except (re.error, OverflowError, RecursionError) as error:
        raise PackError(f"{place}: {source!r}: {error}", remedy="correct the expression") from error
