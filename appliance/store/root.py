"""The root of the catalogue: one value for all rows that decide anything, known after each commit.

A keyed multiset hash.  Every row has an HMAC-SHA-512 over its table and its values; the sum of
them modulo 2^512 does not depend on their order, so a row that comes, goes or changes costs one or
two HMACs and no reading.  The root is an HMAC of the sum: what the audit log binds of it tells
nothing of single rows, not even the difference of two states.  (Incremental multiset hashing:
Clarke et al., ASIACRYPT 2003, MSet-Add-Hash; the rows are a set, since each has its primary key.)

The rows are counted without any index, and every index is compared with its table: queries may be
answered from an index alone, and an old page of it would change no row.

Temporary triggers, which SQLite keeps in memory for the one connection, count every change in the
transaction that makes it, whatever statement made it and also where one row takes others along.
"""

from __future__ import annotations

import hmac
import struct
from collections.abc import Iterable, Iterator
from typing import Protocol

from appliance.crypto.keyring import Key
from appliance.errors import InvariantBroken, StoreDamaged
from appliance.store.tables import AUTHORITY, Base

_BYTES = 64
_MODULUS = 1 << (8 * _BYTES)
_FUNCTION = "root_changed"
_AT_A_TIME = 1000  # rows that are fetched in one go

Value = int | str | bytes | float | None


class Cursor(Protocol):
    """What is needed of a cursor of the driver."""

    def fetchmany(self, size: int, /) -> list[tuple[Value, ...]]:
        """The next rows."""


class Connection(Protocol):
    """What is needed of a connection of the driver."""

    def execute(self, statement: str, /) -> Cursor:
        """Run a statement."""

    def create_function(self, name: str, arguments: int, function: object, /) -> None:
        """Let statements call a function."""


class Root:
    """The root of one open catalogue. One transaction at a time."""

    def __init__(self, key: Key) -> None:
        self._key = key.material
        self._sum = self._change = 0
        self._changed = False
        self._value = ""

    @property
    def value(self) -> str:
        """64 hex digits, of what is committed."""
        return self._value

    def attach(self, connection: Connection) -> None:
        """Count all rows there are, and from now on every change on this connection."""
        self._sum = self.counted(connection)
        self._value = self._spelled()
        self.drop()
        connection.create_function(_FUNCTION, -1, self._count)
        for statement in _triggers():
            connection.execute(statement)

    def counted(self, connection: Connection) -> int:
        """The sum over the rows as they stand in the file.

        Raises:
            StoreDamaged: an index says something else than the rows.
        """
        total = 0
        for table, columns in _tables():
            whole = connection.execute(f"PRAGMA main.integrity_check('{table}')").fetchmany(1)
            if whole != [("ok",)]:
                raise StoreDamaged(
                    f"the catalogue's table {table} and its index do not fit each other",
                    remedy="keep a copy as evidence, then restore store and log from one backup",
                )
            listed = _listed(columns)  # by the rows themselves: an index could be an old one
            found = connection.execute(f'SELECT {listed} FROM main."{table}" NOT INDEXED')  # noqa: S608 - names from tables.py
            start = canonical(table) + b"\x05"
            while rows := found.fetchmany(_AT_A_TIME):
                total += sum(self._hash(start, row) for row in rows)
        return total % _MODULUS

    def is_of(self, connection: Connection) -> bool:
        """Whether what was kept up by changes is what the rows give when they are counted."""
        return self.counted(connection) == self._sum

    def keep(self) -> None:
        """What was changed is committed."""
        if self._changed:
            self._sum = (self._sum + self._change) % _MODULUS
            self._value = self._spelled()
        self.drop()

    def drop(self) -> None:
        """What was changed is rolled back, or nothing is yet."""
        self._change, self._changed = 0, False

    def _count(self, sign: int, table: str, *values: Value) -> None:
        """Called by the triggers, for a row that comes (1) or goes (-1)."""
        self._change += sign * self._hash(canonical(table) + b"\x05", values)
        self._changed = True

    def _hash(self, start: bytes, values: Iterable[Value]) -> int:
        data = start + b"".join([canonical(value) for value in values])
        return int.from_bytes(hmac.digest(self._key, b"row\x00" + data, "sha512"))

    def _spelled(self) -> str:
        data = b"root\x00" + self._sum.to_bytes(_BYTES)
        return hmac.digest(self._key, data, "sha256").hex()


def canonical(value: Value) -> bytes:
    """Type byte, length, bytes: no two values share an encoding.

    Raises:
        InvariantBroken: a value of another type.
    """
    if isinstance(value, str):
        encoded = value.encode("utf-8", "surrogatepass")
        return _LENGTH.pack(2, len(encoded)) + encoded
    if isinstance(value, int):
        return _NUMBER.pack(1, value)
    if value is None:
        return b"\x00"
    if isinstance(value, bytes):
        return _LENGTH.pack(3, len(value)) + value
    raise InvariantBroken(f"a value of type {type(value).__name__} in the catalogue")


_LENGTH, _NUMBER = struct.Struct(">BQ"), struct.Struct(">Bq")


def _tables() -> Iterator[tuple[str, tuple[str, ...]]]:
    for name in sorted(model.__tablename__ for model in AUTHORITY):
        yield name, tuple(column.name for column in Base.metadata.tables[name].c)


def _listed(columns: Iterable[str], row: str = "") -> str:
    return ", ".join(f'{row}"{column}"' for column in columns)


def _triggers() -> Iterator[str]:
    for table, columns in _tables():
        come = f"SELECT {_FUNCTION}(1, '{table}', {_listed(columns, 'NEW.')});"
        go = f"SELECT {_FUNCTION}(-1, '{table}', {_listed(columns, 'OLD.')});"
        for change, counts in (("INSERT", come), ("DELETE", go), ("UPDATE", go + " " + come)):
            yield (
                f'CREATE TEMP TRIGGER "root_{table}_{change}" AFTER {change} ON main."{table}" '
                f"BEGIN {counts} END"
            )
