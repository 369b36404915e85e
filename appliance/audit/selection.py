"""Which records an export takes: those of the events that were asked for, whole.

One pass over the lines of the log.  Every line is hashed, for the proofs; read are only the lines
that can matter: those of the time that was asked for, and of acts that began in it.  Pure, apart
from the lines it is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from appliance.audit.events import Event, Joining
from appliance.audit.merkle import leaf_hash
from appliance.audit.records import Record, decode
from appliance.audit.segments import Line
from appliance.errors import AuditError, UsageError

_SHORT = re.compile(rb'"id":"([0-9a-f]{32})","kind":"(intent|retrieval|outcome)?')
_OF = re.compile(rb'"of":"([0-9a-f]{32})"')
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?Z?")
PLACE = "collection"  # the private string that holds a collection's name


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an event has to be; an empty field asks for nothing.

    ``since`` and ``until`` are days (the whole of them) or moments, ISO 8601, UTC; an event counts
    by the time it began.
    """

    since: str = ""
    until: str = ""
    who: tuple[str, ...] = ()  # names or user numbers
    actions: tuple[str, ...] = ()
    collection: str = ""  # name or id
    document: str = ""  # id
    denied: bool = False  # only what was denied

    def said(self) -> str:
        """In one line, for people."""
        parts = [
            ("from", self.since),
            ("to", self.until),
            ("by", ", ".join(self.who)),
            ("about", ", ".join(self.actions)),
            ("in", self.collection),
            ("on document", self.document),
            ("and", "denied" if self.denied else ""),
        ]
        return " ".join(f"{word} {value}" for word, value in parts if value) or "everything"

    def checked(self) -> Wanted:
        """Itself.

        Raises:
            UsageError: a moment is none.
        """
        for moment in (self.since, self.until):
            if moment and not _MOMENT.fullmatch(moment):
                raise UsageError(
                    "a time has the form 2026-03-04 or 2026-03-04T14:00", remedy="times are UTC"
                )
        return self


@dataclass(slots=True)
class Meant:
    """What the store knows of the words in a `Wanted`.

    ``documents`` grows with the documents that the log says were put into the collection, so that
    those which were deleted since count as well.
    """

    uids: frozenset[int] = frozenset()
    collection: str = ""  # id
    place: str = ""  # keyed hash of its name
    documents: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Selection:
    """The numbers of the chosen records, and the leaf hash of every line that was read."""

    wanted: Wanted
    meant: Meant
    size: int  # records of the log that count: those under the checkpoint
    seqs: list[int] = field(default_factory=list)
    events: int = 0
    first: int = -1  # number of the first record that is there
    read: int = 0
    leaves: bytearray = field(default_factory=bytearray)
    _joining: Joining = field(default_factory=Joining)
    _before: dict[bytes, None] = field(default_factory=dict)  # acts begun before ``since``

    def take(self, lines: Iterable[Line]) -> None:
        """Choose from lines, in order; from all of them in one call or in several.

        Raises:
            AuditError: a line is not a record.
        """
        for line in lines:
            if self.first < 0:
                self.first = decode(line.data).seq
            if self.first + self.read >= self.size or not line.whole:
                return
            self.leaves += leaf_hash(line.data)
            self.read += 1
            if self._matters(line.data):
                self._add(decode(line.data))

    def finish(self) -> None:
        """Choose from the acts that are still open, and put the numbers in order.

        Raises:
            AuditError: the log ended before its checkpoint.
        """
        if self.read and self.first + self.read < self.size:
            raise AuditError("the log is shorter than its checkpoint")
        for event in self._joining.rest():
            self._choose(event)
        self.seqs = sorted(set(self.seqs))

    def _matters(self, line: bytes) -> bool:
        """Whether a line has to be read: cheap, for most lines of a long log do not."""
        if not self.wanted.since or self._time(line) >= self.wanted.since:
            return True
        if self.meant.collection and self.meant.collection.encode() in line:
            return True
        head, of = _SHORT.search(line), _OF.search(line)
        if head and head[2] == b"intent":
            self._before[head[1]] = None
        elif of and head and head[2] == b"outcome":
            self._before.pop(of[1], None)
        return False

    def _add(self, record: Record) -> None:
        if record.of and record.of.encode() in self._before:
            if record.kind.value == "outcome":
                self._learn(record)
            return  # the act began before the time that was asked for
        event = self._joining.add(record)
        if event:
            self._learn(record)
            self._choose(event)

    def _learn(self, record: Record) -> None:
        if record.action == "ingest" and record.collection == self.meant.collection:
            self.meant.documents.update(record.documents)

    def _choose(self, event: Event) -> None:
        if self._fits(event):
            self.seqs += event.seqs
            self.events += 1

    def _fits(self, event: Event) -> bool:
        wanted, meant = self.wanted, self.meant
        return (
            (not wanted.since or event.time >= wanted.since)
            and (not wanted.until or event.time[: len(wanted.until)] <= wanted.until)
            and (not wanted.who or event.uid in meant.uids)
            and (not wanted.actions or event.action in wanted.actions)
            and (not wanted.document or wanted.document in event.documents)
            and (not wanted.collection or self._touches(event))
            and (not wanted.denied or event.denied)
        )

    def _touches(self, event: Event) -> bool:
        meant = self.meant
        return (
            event.collection == meant.collection
            or not meant.documents.isdisjoint(event.documents)
            or dict(event.record.mac).get(PLACE) == meant.place
        )

    @staticmethod
    def _time(line: bytes) -> str:
        at = line.rfind(b'"time":"') + 8
        return line[at : at + 27].decode("ascii", "replace")
