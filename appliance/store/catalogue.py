"""The catalogue file: SQLAlchemy on SQLCipher, opened by a raw key that never stands in a URL.

One connection, one process.  WAL because a commit then costs one fsync instead of four; with the
exclusive locking mode its index stays in memory, so no shared-memory file is made.  After an
erasure the WAL is copied back and truncated, since its frames hold what was overwritten; and after
a commit that the disk refused, since its frames may be whole and would count at the next open.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import RLock

import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import Connection, create_engine, event, select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import QueuePool

from appliance.crypto.keyring import Key, derive, newer_format
from appliance.durable import synchronise
from appliance.errors import (
    ApplianceError,
    DiskFull,
    InvariantBroken,
    ServiceUnavailable,
    StoreDamaged,
)
from appliance.store.files import FILE_MODE, disk
from appliance.store.root import Root
from appliance.store.tables import SCHEMA, Base, MetaTable
from appliance.unbroken import unbroken

_SETTINGS = (
    "cipher_log_level = NONE",  # it writes to the standard error stream otherwise
    "locking_mode = EXCLUSIVE",
    "journal_mode = WAL",
    "synchronous = FULL",
    "wal_autocheckpoint = 128",  # pages: what a full disk has to take is within the reserve
    "foreign_keys = ON",
    "secure_delete = ON",
    "temp_store = MEMORY",
    "trusted_schema = OFF",
)
_PRAGMAS = {
    "cipher_integrity_check",
    "foreign_key_check",
    "integrity_check",
    "read_uncommitted",  # SQLAlchemy asks for it at its first connection
    "table_info",
    "table_xinfo",
    "wal_checkpoint",
}
_FUNCTIONS = {"load_extension", "sqlcipher_export"}


LONGEST_WAIT_S = 600  # for the one connection, of which each thread has its turn


class Catalogue:
    """An open catalogue; every use of it is one transaction.  Safe to use from threads."""

    def __init__(self, file: Path, key: Key) -> None:
        self._file = file
        self._engine = create_engine(
            "sqlite://",
            module=sqlcipher,
            creator=lambda: _connect(file, key),
            poolclass=QueuePool,
            pool_size=1,
            max_overflow=0,
            pool_timeout=LONGEST_WAIT_S,
            hide_parameters=True,
        )
        event.listen(self._engine, "begin", _begin)
        self._root = Root(derive(key, "root"))
        self._turn = RLock()
        self._closed = False
        self._unsettled = False  # whether the last change is in the file is not known
        self._sessions = sessionmaker(self._engine, expire_on_commit=False)

    @classmethod
    def create(cls, file: Path, key: Key, store_id: str) -> Catalogue:
        """Make the tables of a new store.

        Raises:
            DiskFull, StoreDamaged: the file cannot be written.
        """
        with disk(file):
            file.touch(FILE_MODE, exist_ok=False)  # SQLite would make it readable for everyone
        catalogue = cls(file, key)
        try:
            with catalogue.transaction() as session:
                Base.metadata.create_all(session.connection())
                session.add(MetaTable(name="schema", value=str(SCHEMA)))
                session.add(MetaTable(name="store", value=store_id))
        except ApplianceError:
            catalogue.close()
            raise
        return catalogue

    @classmethod
    def open(cls, file: Path, key: Key, store_id: str) -> Catalogue:
        """Open the catalogue of a store whose keyring is already open.

        Raises:
            StoreDamaged: missing, damaged, of another store or another version of this software.
        """
        if not file.is_file():
            raise _damaged(file, "is missing")
        catalogue = cls(file, key)
        try:
            with catalogue.transaction() as session:
                meta = {row.name: row.value for row in session.scalars(select(MetaTable))}
            if meta.get("schema") != str(SCHEMA):
                raise newer_format(file.name, int(meta.get("schema", "0")))
            if meta.get("store") != store_id:
                raise _damaged(file, "belongs to another store")
            catalogue._count()
        except ApplianceError:
            catalogue.close()
            raise
        return catalogue

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that commits when the block ends, and rolls back when it raises.

        Ctrl-C waits for the end: committing and counting are one step, and SQLite asks Python back
        (which rows, which statements), where an interrupt would read as a refusal.

        Raises:
            DiskFull: no space left; nothing was changed.
            StoreDamaged: the file does not decrypt or does not verify, or the disk refuses.
            ServiceUnavailable: it was closed meanwhile.
            InvariantBroken: a row breaks a constraint of the tables.
        """
        try:
            with unbroken(), self._turn:  # changes are counted for one transaction at a time
                self._must_be_open()
                self._must_be_settled()
                with self._sessions() as session:
                    self._root.drop()
                    yield session
                    self._commit(session)
                self._root.keep()
        except (DBAPIError, sqlcipher.Error) as error:
            raise self._translated(error) from error

    def _commit(self, session: Session) -> None:
        """Commit, or make sure that nothing of it comes back: the disk may have taken it in part.

        A journal that was synchronised in vain can be whole all the same, and whoever opens it
        next takes what stands in it for committed, when it was told to everybody as failed.
        """
        try:
            session.commit()
        except (DBAPIError, sqlcipher.Error) as error:
            session.rollback()
            if isinstance(self._translated(error), StoreDamaged):
                self._unsettled = True
                self.forget_overwritten()
                self._synchronise_journal()
                self._unsettled = False
            raise

    def _synchronise_journal(self) -> None:
        journal = self._file.with_name(f"{self._file.name}-wal")
        with disk(journal):
            synchronise(journal)

    def _must_be_open(self) -> None:
        if self._closed:
            raise ServiceUnavailable("the store was closed meanwhile", remedy="open it again")

    def _must_be_settled(self) -> None:
        if self._unsettled:
            raise StoreDamaged(
                f"{self._file}: the disk failed during a change, and may hold it or not",
                remedy="check the disk, then run the command again: opening the store settles it",
            )

    def forget_overwritten(self) -> None:
        """Copy the WAL into the file and truncate it.

        Raises:
            StoreDamaged, DiskFull: the disk refuses.
        """
        busy = self._pragma("wal_checkpoint(TRUNCATE)")[0][0]
        if busy != 0:
            raise InvariantBroken("the catalogue's journal could not be truncated")

    def problems(self) -> tuple[str, ...]:
        """What SQLCipher and SQLite find wrong with the file, for the doctor."""
        found = [str(row[0]) for row in self._pragma("cipher_integrity_check")]
        found += [str(row[0]) for row in self._pragma("integrity_check") if row[0] != "ok"]
        found += [
            f"a row of {row[0]} refers to nothing" for row in self._pragma("foreign_key_check")
        ]
        return tuple(f"{self._file.name}: {problem}" for problem in found)

    def root(self) -> str:
        """The keyed hash over all rows of the authority tables (root.py), 64 hex digits.

        SQLCipher does not notice an old page that is put back; whoever remembers this does.

        Raises:
            StoreDamaged: it is not known; whatever would bind it stays open till the next open.
        """
        self._must_be_settled()
        return self._root.value

    def root_is_kept(self) -> bool:
        """Whether counting all rows anew gives the same root.

        Raises:
            StoreDamaged: the rows cannot be read.
        """
        with self.transaction() as session:
            connection = session.connection().connection.driver_connection
            assert isinstance(connection, sqlcipher.Connection)  # noqa: S101 - for the types
            return self._root.is_of(connection)

    def close(self) -> None:
        """Close the connection after the change under way; SQLite folds the WAL into the file.

        A thread that comes late is refused: another process may have opened the file by then.
        """
        with unbroken(), self._turn:
            self._closed = True
            self._engine.dispose()

    def _count(self) -> None:
        """Count the rows, and every change from now on, also where a connection is made anew."""

        def attach(connection: sqlcipher.Connection, _: object = None) -> None:
            self._root.attach(connection)

        with self.transaction() as session:
            connection = session.connection().connection.driver_connection
            assert isinstance(connection, sqlcipher.Connection)  # noqa: S101 - for the types
            attach(connection)
        event.listen(self._engine, "connect", attach)

    def _pragma(self, pragma: str) -> list[tuple[object, ...]]:
        """Run a pragma outside any transaction; Ctrl-C waits, as for one."""
        try:
            with unbroken(), self._turn:
                self._must_be_open()
                with closing(self._engine.raw_connection()) as connection:
                    cursor = connection.cursor()
                    cursor.execute(f"PRAGMA {pragma}")
                    return [tuple(row) for row in cursor.fetchall()]
        except (sqlcipher.Error, DBAPIError) as error:
            raise self._translated(error) from error

    def _translated(self, error: Exception) -> ApplianceError:
        if isinstance(error, IntegrityError):
            return InvariantBroken("the catalogue refused a row that breaks its constraints")
        reason = str(getattr(error, "orig", None) or error)
        if "is full" in reason:
            return DiskFull(
                f"no space is left for {self._file}",
                remedy="free some space and run the command again",
            )
        if "disk I/O error" in reason:
            return StoreDamaged(
                f"{self._file}: {reason}", remedy="check the disk, the mount and the permissions"
            )
        return _damaged(self._file, f"cannot be used: {reason}")


def _connect(file: Path, key: Key) -> sqlcipher.Connection:
    connection = sqlcipher.connect(str(file), isolation_level=None, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA key = \"x'{key.material.hex()}'\"")
        for setting in _SETTINGS:
            connection.execute(f"PRAGMA {setting}")
        connection.set_authorizer(_authorise)
    except BaseException:
        connection.close()
        raise
    return connection


def _authorise(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    """Refuse every statement that could read or write outside the file, or change its key."""
    outside = action in {sqlcipher.SQLITE_ATTACH, sqlcipher.SQLITE_DETACH}
    pragma = action == sqlcipher.SQLITE_PRAGMA and (first or "").lower() not in _PRAGMAS
    function = action == sqlcipher.SQLITE_FUNCTION and (second or "").lower() in _FUNCTIONS
    return int(sqlcipher.SQLITE_DENY if outside or pragma or function else sqlcipher.SQLITE_OK)


def _begin(connection: Connection) -> None:
    """The driver is in autocommit mode; every transaction takes the write lock at once."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _damaged(file: Path, what: str) -> StoreDamaged:
    return StoreDamaged(
        f"{file} {what}; the keyring opened, so the passphrase is right",
        remedy="restore the store from a backup",
    )
