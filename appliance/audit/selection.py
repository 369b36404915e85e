"""Which records an export takes: those of the events that were asked for, whole.

One pass over the lines of the log.  Every line is hashed, for the proofs; of each line only what
the choice needs is looked at.  Pure, apart from the lines it is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from appliance.audit.merkle import leaf_hash
from appliance.audit.records import decode
from appliance.audit.segments import Line
from appliance.errors import AuditError, UsageError

_BETWEEN = (
    (b'{"action":"', b'"'),
    (b'"uid":', b"}"),
    (b'"collection":"', b'"'),
    (b'"documents":[', b"]"),
    (b'"id":"', b'"'),
    (b'"kind":"', b'"'),
    (b'"mono_ns":"', b'"'),  # behind the names of private strings, before "of"
    (b'"of":"', b'"'),
    (b'"time":"', b'"'),
)
_DENIED = (b'"allow":false', b'"status":"denied"')
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
        """Itself, its moments as the log spells times: without the Z, which sorts behind digits.

        Raises:
            UsageError: a moment is none.
        """
        for moment in (self.since, self.until):
            if moment and not _MOMENT.fullmatch(moment):
                raise UsageError(
                    "a time has the form 2026-03-04 or 2026-03-04T14:00", remedy="times are UTC"
                )
        return replace(self, since=self.since.rstrip("Z"), until=self.until.rstrip("Z"))


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


class _Fields(NamedTuple):
    """What is told from a line without reading all of it."""

    action: bytes
    uid: bytes
    collection: bytes
    documents: bytes
    id: bytes
    kind: bytes
    mono_ns: bytes
    of: bytes
    time: bytes


@dataclass(slots=True)
class _Act:
    """An event while its records come."""

    seqs: list[int]
    meant: bool  # by what its first record says
    touches: bool = False  # the collection, the document
    denied: bool = False


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
    _open: dict[bytes, _Act] = field(default_factory=dict)  # by the id of the intent

    def take(self, lines: Iterable[Line]) -> None:
        """Choose from lines, in order; from all of them in one call or in several.

        Raises:
            AuditError: a line is not a record.
        """
        for line in lines:
            if self.first < 0:
                self.first = decode(line.data).seq
            seq = self.first + self.read
            if seq >= self.size or not line.whole:
                return
            self.leaves += leaf_hash(line.data)
            self.read += 1
            try:
                self._add(seq, line.data, _fields(line.data))
            except ValueError:
                raise AuditError(f"{line.place} is not an audit record") from None

    def finish(self) -> None:
        """Choose from the acts that are still open, and put the numbers in order.

        Raises:
            AuditError: the log ended before its checkpoint.
        """
        if self.read and self.first + self.read < self.size:
            raise AuditError("the log is shorter than its checkpoint")
        for act in self._open.values():
            self._choose(act)
        self.seqs.sort()

    def _add(self, seq: int, line: bytes, fields: _Fields) -> None:
        kind, of = fields.kind, fields.of
        act = self._open.get(of) if of else None
        if act is None:
            act = _Act([], self._fits(fields))
        act.seqs.append(seq)
        if self.wanted.collection:
            act.touches = self._touches(line, fields) or act.touches
        elif self.wanted.document:
            act.touches = self.wanted.document.encode() in fields.documents or act.touches
        if self.wanted.denied:
            act.denied = any(word in line for word in _DENIED) or act.denied
        if kind == b"intent":
            self._open[fields.id] = act
        elif kind == b"retrieval":
            self._open[of] = act
        else:
            self._open.pop(of, None)
            self._choose(act)

    def _choose(self, act: _Act) -> None:
        wanted = self.wanted
        somewhere = wanted.collection or wanted.document
        if act.meant and (act.touches or not somewhere) and (act.denied or not wanted.denied):
            self.seqs += act.seqs
            self.events += 1

    def _fits(self, fields: _Fields) -> bool:
        """Whether an event that begins like this can be meant."""
        wanted, time = self.wanted, fields.time.decode("ascii")
        return (
            (not wanted.since or time >= wanted.since)
            and (not wanted.until or time[: len(wanted.until)] <= wanted.until)
            and (not wanted.who or int(fields.uid) in self.meant.uids)
            and (not wanted.actions or fields.action.decode("ascii") in wanted.actions)
        )

    def _touches(self, line: bytes, fields: _Fields) -> bool:
        """Whether a record names the collection, or a document that ever lay in it."""
        meant, documents = self.meant, fields.documents.decode("ascii")
        here = fields.collection.decode("ascii") == meant.collection
        named = documents.replace('"', "").split(",") if documents else ()
        if here and fields.action == b"ingest":
            meant.documents.update(named)
        place = bool(meant.place) and f'"{PLACE}":"{meant.place}"'.encode() in line
        return here or place or not meant.documents.isdisjoint(named)


def _fields(line: bytes) -> _Fields:
    """The keys stand sorted, each name once at its level, and no word in clear holds a quote.

    Raises:
        ValueError: the line is no record.
    """
    found, at = [], 0
    for begin, end in _BETWEEN:
        at = line.index(begin, at) + len(begin)
        stop = line.index(end, at)
        found.append(line[at:stop])
        at = stop
    return _Fields(*found)
