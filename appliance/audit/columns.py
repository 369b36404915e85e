"""What stands in clear in the whole log, by event, as columns: for filtering a million in no time.

An *event* is an intent with the records that answer it, or a record that stands alone.  The
columns are numpy-shaped arrays of numbers; words (actions, purposes, ids) are numbered as they
come.  They are read once from the log's files and kept up by reading what was appended since; they
hold nothing that the files do not hold in clear, decide nothing and prove nothing (`verify` does).
Records themselves are read again from their place in the files.

Safe to use from threads: one lock stands before everything that reads or grows the columns.
"""

from __future__ import annotations

import json
import threading
from array import array
from bisect import bisect_right
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from appliance.audit import segments
from appliance.audit.leaves import Leaves
from appliance.audit.merkle import CompactRange, leaf_hash
from appliance.audit.proofs import Levels
from appliance.audit.records import Record, decode
from appliance.errors import AuditError

Numbers = npt.NDArray[np.int64]
NONE = -1  # no record, no event
ALLOWED, DENIED = 1, 2  # in the column of decisions; 0: none was recorded
AT_A_TIME = 50_000  # records that are read in one go, with the lock held


@dataclass(slots=True)
class Words:
    """Words numbered in the order in which they came; 0 is the empty word."""

    codes: dict[str, int] = field(default_factory=lambda: {"": 0})
    spelled: list[str] = field(default_factory=lambda: [""])

    def code(self, word: str) -> int:
        """The number of a word, a new one where it is new."""
        found = self.codes.get(word)
        if found is None:
            found = self.codes[word] = len(self.spelled)
            self.spelled.append(word)
        return found

    def known(self, word: str) -> int:
        """The number of a word, NONE where it never came."""
        return self.codes.get(word, NONE)


class Columns:
    """One log's events, by number in the order in which they began."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is the audit folder; nothing is read before `keep_up`."""
        self._folder = folder
        self.lock = threading.RLock()
        self._clear()

    def _clear(self) -> None:
        """Nothing is known yet."""
        self.head, self.time, self.uid = array("q"), array("q"), array("q")
        self.action, self.purpose, self.status = array("i"), array("i"), array("i")
        self.collection, self.kind, self.decision = array("i"), array("i"), array("b")
        self.words = Words()
        self.leaves = Leaves()
        self.strings: set[str] = set()  # names of private strings that came
        # Documents and keyed hashes of private strings: pairs of an event and a number.
        self.document_event, self.document = array("i"), array("i")
        self.mac_event, self.mac = array("i"), array("Q")
        self._last = array("q")  # of each event the last record
        self._next = array("q")  # of each record the next one of its event
        self._event = array("i")  # of each record its event
        self._offset = array("q")  # of each record its place in its segment
        self._starts: list[int] = []  # of each segment the number of its first record
        self._paths: list[Path] = []
        self._first = NONE  # number of the first record that is kept
        self._open: dict[str, int] = {}  # events without an outcome, by the id of the intent
        self._dates: dict[str, int] = {}
        self._read = 0  # bytes of the last segment

    def __len__(self) -> int:
        """How many events there are."""
        return len(self.head)

    @property
    def records(self) -> int:
        """How many records were read."""
        return len(self._event)

    def keep_up(self) -> None:
        """Read what was appended since the last time.

        Raises:
            AuditError: a file cannot be read, or a line is not a record.
        """
        for _ in self.reading():
            pass

    def reading(self) -> Generator[int, None, None]:
        """As `keep_up`; yields how many records are read, often, without keeping others waiting.

        Raises:
            AuditError: a file cannot be read, or a line is not a record.
        """
        while True:
            with self.lock:
                before = self.records
                for path in self._pending():
                    self._take_some(path, before + AT_A_TIME)
                    if self.records >= before + AT_A_TIME:
                        break
                read = self.records
            if read < before + AT_A_TIME:
                return
            yield read

    def view(self, column: array[int]) -> Numbers:
        """A column as it stands now, as a copy that growth does not touch."""
        return np.array(column, dtype=np.int64)

    def records_of(self, event: int) -> tuple[Record, ...]:
        """The records of one event, the intent first, read again from the files.

        Raises:
            AuditError: they are not there any more, or were changed.
        """
        with self.lock:
            seqs, at = [], self.head[event]
            while at != NONE:
                seqs.append(at)
                at = self._next[at - self._first]
        return tuple(decode(self.line(seq)) for seq in seqs)

    def line(self, seq: int) -> bytes:
        """The line of one record as it stands in the file, without its newline.

        Raises:
            AuditError: there is no such record.
        """
        with self.lock:
            self._check(seq)
            place = bisect_right(self._starts, seq) - 1
            path, offset = self._paths[place], self._offset[seq - self._first]
        try:
            with path.open("rb") as file:
                file.seek(offset)
                return file.readline().rstrip(b"\n")
        except OSError as error:
            raise AuditError(f"{path} cannot be read ({error.strerror})") from error

    def event_of(self, seq: int) -> int:
        """The event to which a record belongs.

        Raises:
            AuditError: there is no such record.
        """
        with self.lock:
            self._check(seq)
            return self._event[seq - self._first]

    def path(self, seq: int, size: int, removed: CompactRange | None) -> tuple[bytes, ...]:
        """Audit path of a record in the tree over the first ``size`` records of the log.

        Args:
            seq: number of the record.
            size: of the tree.
            removed: what was kept of records that are no longer there; with it a proof takes
                seconds where the log is long.

        Raises:
            AuditError: the log does not reach so far.
        """
        with self.lock:
            if removed is None:
                return self.leaves.path(seq, size)
            levels = Levels.over(self.leaves.first(size - removed.size), removed)
            return tuple(node.hash for node in levels.path(seq))

    @property
    def first(self) -> int:
        """Number of the first record that is there; 0 where there is none."""
        return max(self._first, 0)

    def holds(self, seq: int) -> bool:
        """Whether a record of this number was read."""
        return 0 <= seq - max(self._first, 0) < self.records

    def _check(self, seq: int) -> None:
        if not self.holds(seq):
            raise AuditError(f"the audit log has no record {seq} here")

    def _pending(self) -> Iterator[Path]:
        """The segments with something to read, each being the last one known while it is read."""
        paths = segments.segments(self._folder)
        if not set(self._paths) <= set(paths):  # expired ones were removed: begin again
            self._clear()
        behind = paths.index(self._paths[-1]) if self._paths else 0
        for path in paths[behind:]:
            if not self._paths or self._paths[-1] != path:
                self._paths.append(path)
                self._read = 0
            if path.stat().st_size > self._read:
                yield path

    def _take_some(self, path: Path, most: int) -> None:
        try:
            with path.open("rb") as file:
                file.seek(self._read)
                for line in file:
                    if not line.endswith(b"\n") or self.records >= most:  # or being written now
                        return
                    self._take(line)
                    self._read += len(line)
        except OSError as error:
            raise AuditError(f"{path} cannot be read ({error.strerror})") from error
        except (ValueError, LookupError, TypeError, AttributeError, OverflowError):
            raise AuditError(
                f"{path}: a line is not an audit record",
                remedy="run `appliance audit verify`: it names the line",
            ) from None

    def _take(self, line: bytes) -> None:
        plain = json.loads(line)
        seq, kind = plain["seq"], plain["kind"]
        of = self._open.get(plain["of"], NONE) if plain["of"] else NONE
        if self._first == NONE:
            self._first = seq
        if len(self._starts) < len(self._paths):
            self._starts.append(seq)
        self.leaves.append(leaf_hash(line[:-1]))
        event = self._begun(plain) if of == NONE else self._continued(of, seq)
        self._event.append(event)
        self._offset.append(self._read)
        self._next.append(NONE)
        self._note(event, plain)
        if kind == "intent":
            self._open[plain["id"]] = event
        elif kind == "outcome":
            self._open.pop(plain["of"], None)

    def _begun(self, plain: dict[str, object]) -> int:
        """A new event of its first record."""
        code, words = self.words.code, plain
        self.head.append(plain["seq"])  # type: ignore[arg-type]
        self._last.append(plain["seq"])  # type: ignore[arg-type]
        self.time.append(self._microseconds(str(plain["time"])))
        self.uid.append(plain["actor"]["uid"])  # type: ignore[index]
        self.action.append(code(str(words["action"])))
        self.purpose.append(code(str(words["purpose"])))
        self.collection.append(code(str(words["collection"])))
        self.kind.append(code(str(words["kind"])))
        decision = plain["decision"]
        verdict = 0 if decision is None else ALLOWED if decision["allow"] else DENIED  # type: ignore[index]
        self.decision.append(verdict)
        self.status.append(0)
        return len(self.head) - 1

    def _continued(self, event: int, seq: int) -> int:
        self._next[self._last[event] - self._first] = seq
        self._last[event] = seq
        return event

    def _note(self, event: int, plain: dict[str, object]) -> None:
        """What any record of an event adds to it."""
        result = plain["result"]
        if result:
            self.status[event] = self.words.code(result["status"])  # type: ignore[index]
            if result["status"] == "denied":  # type: ignore[index]
                self.decision[event] = DENIED
        for one in plain["documents"]:  # type: ignore[attr-defined]
            self.document_event.append(event)
            self.document.append(self.words.code(one))
        for name, one in plain["mac"].items():  # type: ignore[attr-defined]
            self.strings.add(name)
            self.mac_event.append(event)
            self.mac.append(int(one[:16], 16))

    def _microseconds(self, time: str) -> int:
        """Microseconds since 1970 of ``2026-11-21T20:31:52.123456Z``; the date is looked up."""
        day = self._dates.get(time[:10])
        if day is None:
            midnight = datetime.fromisoformat(time[:10]).replace(tzinfo=UTC)
            day = self._dates[time[:10]] = int(midnight.timestamp()) * 1_000_000
        minutes = int(time[11:13]) * 60 + int(time[14:16])
        return day + minutes * 60_000_000 + int(time[17:19]) * 1_000_000 + int(time[20:26])
