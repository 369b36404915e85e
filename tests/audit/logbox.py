"""A folder with keys, in which the tests of this room make and open logs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.audit.chain import SEGMENT_RECORDS
from appliance.audit.clock import Moment, now
from appliance.audit.log import AuditLog
from appliance.audit.records import Actor
from appliance.crypto.keyring import Key

ANA = Actor(1000, "Ana Reyes")
STORE = "5e" * 16
SEED = b"\x01" * 32
SEAL_KEY = Key(b"\x02" * 32)
MAC_KEY = Key(b"\x03" * 32)


def document(number: int) -> str:
    """A document id."""
    return f"{number:032x}"


def ticking(*moments: Moment) -> Callable[[], Moment]:
    """A clock that tells the given moments, one per record."""
    waiting: Iterator[Moment] = iter(moments)
    return lambda: next(waiting)


@dataclass(frozen=True)
class LogBox:
    """One store's audit folder and its keys."""

    folder: Path

    def create(self, clock: Callable[[], Moment] = now) -> AuditLog:
        return AuditLog.create(self.folder, SEED, SEAL_KEY, MAC_KEY, STORE, clock=clock)

    def open(self, segment_records: int = SEGMENT_RECORDS) -> AuditLog:
        return AuditLog.open(
            self.folder, SEED, SEAL_KEY, MAC_KEY, STORE, segment_records=segment_records
        )

    def filled(self, actions: int) -> LogBox:
        """The same box, with a closed log of ``2 * actions + 1`` records."""
        with self.create() as log:
            for number in range(actions):
                act(log, number)
        return self

    @property
    def segment(self) -> Path:
        return self.folder / "log" / "000000.jsonl"

    def lines(self) -> list[bytes]:
        return self.segment.read_bytes().splitlines(keepends=True)

    def write_lines(self, lines: list[bytes]) -> None:
        self.segment.write_bytes(b"".join(lines))


def act(log: AuditLog, number: int) -> None:
    """One action with an intent and an outcome."""
    intent = log.intent(
        ANA, "ask", documents=(document(number),), private={"question": f"what is {number}?"}
    )
    log.outcome(intent, "done", counts={"statements": number})
