"""The whole log read at speed: what is signed is hashed, the rest is read line by line.

The lines under the signed checkpoint are only hashed: where the Merkle root over them is the one
that was signed, every byte of them is as it was written, and nothing is learned by parsing them
again.  The last signed line and those behind it are read with care; so is everything as soon as
anything does not fit, in order to name the bad record.

Opening a log goes one step further.  Of a full segment the log key signed the SHA-256 of its file
(``closed``); the file is hashed as a whole and its records are not counted again.  A line that was
changed is found all the same: no record is ever trusted that was not read.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from operator import gt
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.audit import closed, segments
from appliance.audit.careful import REMEDY, Careful
from appliance.audit.checkpoint import LARGEST_NOTE, Checkpoint, read_note
from appliance.audit.closed import Closed
from appliance.audit.merkle import CompactRange
from appliance.audit.records import LONGEST_LINE, NO_LINE
from appliance.audit.segments import Place
from appliance.audit.spelling import LINE
from appliance.errors import AuditError

if TYPE_CHECKING:
    from hashlib import _Hash

_BLOCK = 1 << 22  # bytes that are read at a time
_OFTEN = 5_000  # lines that are read with care between two words of progress
_TIME = re.compile(rb'"time":"([0-9TZ:.-]{27})"')  # of a record: keyed hashes are longer
_REMOVED = b'"action":"retention_remove"'
_SEGMENT = re.compile(rb'"kind":"admin".*"counts":\{[^}]*"segment":([0-9]+)')


Stand = tuple[Path, int, int]  # a segment, bytes of it, lines of it


def checkpoint_file(folder: Path) -> Path:
    """Where the signed checkpoint of an audit folder lies."""
    return folder / "checkpoint"


def read_checkpoint(folder: Path, public_key: bytes) -> Checkpoint:
    """The log's last checkpoint.

    Raises:
        AuditError: missing, unreadable, or not signed by this key.
    """
    path = checkpoint_file(folder)
    try:
        with path.open("rb") as file:
            untrusted_note = file.read(LARGEST_NOTE + 1)
        return read_note(untrusted_note, public_key)
    except OSError as error:
        raise AuditError(f"{path} cannot be read ({error.strerror})", remedy=REMEDY) from error
    except AuditError as error:
        raise AuditError(f"{path}: {error.message}", remedy=error.remedy or REMEDY) from error


@dataclass(slots=True)
class Reading:
    """One log that is being read; all of it is known to be whole when ``run`` has ended."""

    folder: Path
    public_key: bytes
    checkpoint: Checkpoint
    opening: bool = False  # trust the signed digests of full segments, and keep what opening needs
    removed: int = 0  # records of the first segments, which were removed when their time was over
    tree: CompactRange = field(default_factory=CompactRange)
    leaf: str = NO_LINE  # of the last line that was hashed
    first: bytes = b""  # times of the first and the last line
    last: bytes = b""
    clock_steps_back: int = 0
    unanswered: dict[str, bytes] = field(default_factory=dict)  # by id; no line where not read
    bound: str = ""  # root of the catalogue that was bound last
    before: int = 0  # records before the last segment
    digest: _Hash = field(default_factory=sha256)  # over the lines of the last segment
    full: bool = False  # the last segment is closed
    torn_bytes: int = 0
    done: int = 0  # bytes read
    _removals: set[int] = field(default_factory=set)  # segments whose removal is on record

    def run(self) -> Iterator[int]:
        """Read everything; yields how many bytes have been read.

        Raises:
            AuditError: names the first bad record.
        """
        paths = segments.segments(self.folder)
        start = self._start(paths)
        try:
            yield from self._read(paths)
        except (AuditError, ValueError, IndexError):  # these two: not even the form of a record
            _name_the_bad_one(self, start, paths)
            raise
        last = closed.file_of(self.folder, segments.number_of(paths[-1])) if paths else None
        self.full = last is not None and last.is_file()
        # The oldest goes first, so the record of the last removal stands behind all of the others,
        # some of which may have gone with later segments.
        gone = segments.number_of(paths[0]) - 1 if paths else -1
        if gone >= 0 and gone not in self._removals:
            path = segments.segment(self.folder, gone)
            raise AuditError(f"{path} was removed, and no record says so", remedy=REMEDY)

    @property
    def size(self) -> int:
        """How many records the log has, those that were removed among them."""
        return self.tree.size

    def _start(self, paths: tuple[Path, ...]) -> Closed | None:
        """Go on behind the segments that were removed."""
        number = segments.number_of(paths[0]) if paths else 0
        if not number:
            return None
        start = closed.read(self.folder, number - 1, self.checkpoint.origin, self.public_key)
        if start is None:
            raise AuditError(f"{segments.segment(self.folder, 0)} is missing from the audit log")
        self.removed = start.size
        self._jump(start)
        return start

    def _read(self, paths: tuple[Path, ...]) -> Iterator[int]:
        """Hash what is signed, segment by segment, and read the rest with care."""
        place = paths[0] if paths else segments.segment(self.folder, 0), 0, 0
        for at, path in enumerate(paths):
            self.before, self.digest = self.tree.size, sha256()
            known = self._known(path)
            if known and self.opening and known.size < self.checkpoint.size:
                place = yield from self._hash_whole(path, known)
                continue
            place = yield from self._hash_lines(path)
            if self.tree.size >= self.checkpoint.size - 1 or place[1] < path.stat().st_size:
                yield from self._rest(place, paths[at + 1 :])
                return
            self._compare(path, known)
        yield from self._rest(place, ())

    def _known(self, path: Path) -> Closed | None:
        number = segments.number_of(path)
        return closed.read(self.folder, number, self.checkpoint.origin, self.public_key)

    def _compare(self, path: Path, known: Closed | None) -> None:
        """What was signed of a full segment is what was found in it."""
        if known and (known.tree(), known.leaf) != (self.tree, self.leaf):
            raise AuditError(f"{path} does not fit what was signed of it", remedy=REMEDY)

    def _hash_whole(self, path: Path, known: Closed) -> Generator[int, None, Stand]:
        digest, length = sha256(), 0
        for block in _blocks(path):
            digest.update(block)
            self._look_for_removals(block)
            length += len(block)
            self.done += len(block)
            yield self.done
        if digest.hexdigest() != known.digest or known.before != self.tree.size:
            raise AuditError(f"{path} does not fit what was signed of it", remedy=REMEDY)
        self._jump(known)
        return path, length, known.size - known.before

    def _jump(self, known: Closed) -> None:
        self.tree, self.leaf, self.last = known.tree(), known.leaf, known.time.encode()
        self.bound, self.unanswered = known.bound, dict.fromkeys(known.unanswered, b"")
        self.before = known.before

    def _hash_lines(self, path: Path) -> Generator[int, None, Stand]:
        """Hash lines up to the last but one that is signed; returns where the others begin."""
        offset = number = 0
        for block in _blocks(path):
            wanted = self.checkpoint.size - 1 - self.tree.size
            if wanted <= 0 or not block.endswith(b"\n") or len(block) > _BLOCK + LONGEST_LINE:
                break
            lines = block.split(b"\n", wanted)
            taken = block[: len(block) - len(lines.pop())]
            self._take(taken, lines)
            offset, number = offset + len(taken), number + len(lines)
            self.done += len(taken)
            yield self.done
        return path, offset, number

    def _take(self, block: bytes, lines: list[bytes]) -> None:
        leaves = [sha256(b"\x00" + line).digest() for line in lines]
        self.tree.extend(leaves)
        self.leaf = leaves[-1].hex()
        times = [self.last, *_TIME.findall(block)]
        self.clock_steps_back += sum(map(gt, times, times[1:]))
        self.first, self.last = self.first or times[1], times[-1]
        self._look_for_removals(block)
        if self.opening:
            self.digest.update(block)
            self._answer(lines)

    def _look_for_removals(self, block: bytes) -> None:
        if _REMOVED in block:
            for line in block.split(b"\n"):
                said = _SEGMENT.search(line) if _REMOVED in line else None
                if said:
                    self._removals.add(int(said[1]))

    def _answer(self, lines: list[bytes]) -> None:
        """Keep the intents without an outcome, and the last root; the form is known to be right."""
        for line in lines:
            kind = line.index(b'"kind":"') + 8  # nothing that may stand before it holds this
            if line.startswith(b"intent", kind):
                self.unanswered[line[kind - 42 : kind - 10].decode()] = line
            elif line.startswith(b"outcome", kind):
                of = line.rindex(b'"of":"') + 6
                self.unanswered.pop(line[of : of + 32].decode(), None)
        for line in reversed(lines):
            root = LINE.fullmatch(line)
            if root and root["root"]:
                self.bound = root["root"].decode()
                break

    def _rest(self, place: Stand, later: tuple[Path, ...]) -> Iterator[int]:
        path, offset, number = place
        careful = Careful(
            self.checkpoint,
            Place(path, number + 1),
            tree=self.tree,
            size=self.tree.size,
            leaf=self.leaf,
            first=self.first,
            last=self.last,
            clock_steps_back=self.clock_steps_back,
            unanswered=self.unanswered,
            bound=self.bound,
        )
        for one in (path, *later):
            if one != path:
                self.before, self.digest, offset, number = careful.size, sha256(), 0, 0
            for line in segments.lines_of(one, offset, number) if one.exists() else ():
                careful.add(line)
                if line.whole:
                    self.digest.update(line.data + b"\n")
                    self._look_for_removals(line.data)
                self.done += len(line.data) + line.whole
                if line.number % _OFTEN == 0:
                    yield self.done
        careful.finish()
        self.tree, self.leaf, self.torn_bytes = careful.tree, careful.last_leaf, careful.torn_bytes
        self.first, self.last, self.bound = careful.first, careful.last, careful.bound
        self.clock_steps_back = careful.clock_steps_back
        yield self.done


def read_whole(folder: Path, public_key: bytes, origin: str) -> Reading:
    """Read a log in order to go on writing it.

    Raises:
        AuditError: missing, of another store, or it does not verify.
    """
    checkpoint = read_checkpoint(folder, public_key)
    if checkpoint.origin != origin:
        raise AuditError(f"{folder} is the audit log of another store")
    reading = Reading(folder, public_key, checkpoint, opening=True)
    for _ in reading.run():
        pass
    for identity in [one for one, line in reading.unanswered.items() if not line]:
        reading.unanswered[identity] = _intent(folder, identity)
    return reading


def _intent(folder: Path, identity: str) -> bytes:
    """The line of an intent in one of the full segments."""
    wanted = f'"id":"{identity}","kind":"intent"'.encode()
    for line in segments.lines(folder):
        if wanted in line.data:
            return line.data
    raise AuditError("the intent of an act that is still open was removed", remedy=REMEDY)


def _name_the_bad_one(reading: Reading, start: Closed | None, paths: tuple[Path, ...]) -> None:
    """Read everything with care: raises where a record does not fit, and says which."""
    careful = Careful(reading.checkpoint, Place(paths[0], 1)) if paths else None
    if careful is None:
        return
    if start:
        careful.tree, careful.size, careful.leaf = start.tree(), start.size, start.leaf
    for line in segments.lines(reading.folder):
        careful.add(line)
    careful.finish()


def _blocks(path: Path) -> Iterator[bytes]:
    """The file in blocks of whole lines; the last one may end without a newline."""
    rest = b""
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                end = block.rfind(b"\n") + 1
                if end:
                    yield rest + block[:end]
                    rest = block[end:]
                elif len(rest) > LONGEST_LINE:
                    break
                else:
                    rest += block
    except OSError as error:
        raise AuditError(f"{path} cannot be read ({error.strerror})") from error
    if rest:
        yield rest
