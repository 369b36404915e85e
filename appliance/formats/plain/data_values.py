"""The values of JSON and JSON Lines, each with the names that lead to it; numbers as written.

A list of objects is a table with the names of their fields as heads.  What is not JSON after all
is read as text, with a gap.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TypeAlias

from appliance.documents import ElementKind
from appliance.formats.build import DocumentBuilder, Entry
from appliance.formats.table import add_table

NOT_JSON = "the file is not whole JSON: what is not stands as plain text"
TOO_DEEP = "values nested too deeply stand as plain text"
_LONGEST_PATH = 6  # names before a value
_FEWEST_RECORDS = 2
_MOST_FIELDS = 500
_LONGEST_LINE = 20_000  # characters
_DEEPEST = 200
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"(\s*:)?', re.S)
_BARE = re.compile(r"-?\d[\d.eE+-]*|\b(?:true|false|null)\b")

Pairs: TypeAlias = "list[tuple[str, Value]]"
Value: TypeAlias = "str | Fields | list[Value]"


class Fields:
    """An object with its fields in order, names that come twice included."""

    def __init__(self, pairs: Pairs) -> None:
        self.pairs = pairs


def add_json(content: str, builder: DocumentBuilder, *, lines: bool) -> None:
    """Add every value of a text in JSON.

    Args:
        lines: each line is a value of its own.

    Raises:
        ReadingFailed: the document grows beyond its bounds.
    """
    reader = _ValueReader(builder)
    if not lines:
        try:
            reader.add(_loaded(content), (), 0)
            return
        except RecursionError:
            builder.add_gap(TOO_DEEP)
        except ValueError:
            if not _any_line_is_json(content):
                builder.add_gap(NOT_JSON)
                _add_plain(content, builder)
                return
        else:
            return
    values: list[Value] = []
    for line in content.splitlines():
        if not line.strip():
            continue
        try:
            values.append(_loaded(line))
        except (ValueError, RecursionError):
            builder.add_gap(NOT_JSON)
            reader.add(values, (), 0)
            values = []
            _add_plain(line, builder)
    reader.add(values, (), 0)


def seen_values(content: str) -> Iterator[str]:
    """Every string and bare word in the bytes, names only once: no parser, no structure."""
    names: set[str] = set()
    rest: list[str] = []
    at = 0
    for match in _STRING.finditer(content):
        rest.append(content[at : match.start()])
        at = match.end()
        word = _unescaped(match.group(1))
        if match.group(2) is None:
            yield word
        elif word not in names:
            names.add(word)
    rest.append(content[at:])
    for between in rest:
        yield from _BARE.findall(between)


def _unescaped(raw: str) -> str:
    try:
        return str(json.loads(f'"{raw}"', strict=False)) if "\\" in raw else raw
    except ValueError:
        return ""


def _loaded(content: str) -> Value:
    value: Value = json.loads(
        content.lstrip("\ufeff"),
        parse_float=str,
        parse_int=str,
        parse_constant=str,
        object_pairs_hook=Fields,
        strict=False,
    )
    return value


def _any_line_is_json(content: str) -> bool:
    for line in content.splitlines()[:50]:
        if line.strip().startswith(("{", "[")):
            try:
                _loaded(line)
            except (ValueError, RecursionError):
                continue
            return True
    return False


def _add_plain(content: str, builder: DocumentBuilder) -> None:
    for at in range(0, len(content), _LONGEST_LINE):
        builder.add(ElementKind.TEXT, content[at : at + _LONGEST_LINE])


class _ValueReader:
    """Adds values to a builder."""

    def __init__(self, builder: DocumentBuilder) -> None:
        self._builder = builder

    def add(self, value: Value, path: tuple[str, ...], depth: int) -> None:
        """Add one value and all within it."""
        if depth > _DEEPEST:
            self._builder.add_gap(TOO_DEEP)
            self._builder.add(ElementKind.TEXT, _flat(value))
        elif isinstance(value, Fields):
            for name, inner in value.pairs:
                self.add(inner, (*path, name), depth + 1)
        elif isinstance(value, list):
            self._add_list(value, path, depth)
        elif shown := _shown(value):
            where = " > ".join(path[-_LONGEST_PATH:])
            self._builder.add(ElementKind.TEXT, f"{where}: {shown}" if where else shown)

    def _add_list(self, values: list[Value], path: tuple[str, ...], depth: int) -> None:
        if len(values) >= _FEWEST_RECORDS and all(map(_is_record, values)):
            self._add_table([value for value in values if isinstance(value, Fields)], path)
            return
        if values and all(isinstance(value, list) and _is_flat(value) for value in values):
            if path:
                self._builder.add(ElementKind.TEXT, " > ".join(path[-_LONGEST_PATH:]))
            rows = [value for value in values if isinstance(value, list)]
            add_table(
                self._builder,
                [[Entry(_shown(v), at) for at, v in enumerate(row)] for row in rows],
            )
            return
        if _is_flat(values):
            self.add(", ".join(_shown(value) for value in values), path, depth + 1)
            return
        for value in values:
            self.add(value, path, depth + 1)

    def _add_table(self, records: list[Fields], path: tuple[str, ...]) -> None:
        if path:
            self._builder.add(ElementKind.TEXT, " > ".join(path[-_LONGEST_PATH:]))
        fields: dict[str, int] = {}
        rows: list[list[Entry]] = []
        for record in records:
            row: dict[int, list[str]] = {}
            for name, value in record.pairs:
                at = fields.setdefault(name, len(fields))
                if shown := _shown(value):
                    row.setdefault(at, []).append(shown)
            rows.append([Entry("; ".join(texts), at) for at, texts in sorted(row.items())])
        heads = [Entry(name or "?", at) for name, at in fields.items()]
        add_table(self._builder, [heads, *rows], marked=1)


def _is_record(value: Value) -> bool:
    """Whether an object has only simple fields, or lists of them."""
    return (
        isinstance(value, Fields)
        and len(value.pairs) <= _MOST_FIELDS
        and all(
            not isinstance(inner, Fields) and (not isinstance(inner, list) or _is_flat(inner))
            for _, inner in value.pairs
        )
    )


def _is_flat(values: list[Value]) -> bool:
    return not any(isinstance(value, Fields | list) for value in values)


def _shown(value: Value) -> str:
    """A simple value as it stands in the file; a list of them parted by commas."""
    if isinstance(value, list):
        return ", ".join(_shown(inner) for inner in value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else _flat(value)


def _flat(value: Value) -> str:
    """Every simple value within, without recursion."""
    found: list[str] = []
    stack: list[Value] = [value]
    while stack:
        inner = stack.pop()
        if isinstance(inner, Fields):
            for name, field in reversed(inner.pairs):
                stack += [field, name]
        elif isinstance(inner, list):
            stack += reversed(inner)
        else:
            found.append(_shown(inner))
    return " ".join(found)
