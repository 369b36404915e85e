"""The lines of the log as one chain: placed, linked, signed, and stopped at the first fault.

Knows nothing of what the lines say.  ``place`` gives a line its place in the order and ``append``
brings to the disk what was placed; ``pen`` sees to it that both are done one after the other.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from appliance.audit import closed, segments
from appliance.audit.checkpoint import Checkpoint, write_note
from appliance.audit.closed import Closed
from appliance.audit.merkle import EMPTY_ROOT
from appliance.audit.reading import Reading, checkpoint_file, read_whole
from appliance.audit.records import NO_LINE
from appliance.audit.segments import Writer
from appliance.crypto import sign
from appliance.durable import synchronise
from appliance.errors import AuditError, StoreBusy, UsageError

CHECKPOINT_EVERY = 256  # records
SEGMENT_RECORDS = 65_536
STOPPED = "content actions stop until the log can be written; run `appliance audit verify`"


class Entry(NamedTuple):
    """One line on its way into the log, and what of it the log keeps in mind."""

    line: bytes  # with its newline
    leaf: bytes
    time: str
    opens: str = ""  # id of the intent that this is
    closes: str = ""  # id of the intent that this is the outcome of
    root: str = ""  # of the catalogue, where it binds one


class Chain:
    """One log on disk, claimed by this process."""

    def __init__(self, folder: Path, seed: bytes, origin: str, segment_records: int) -> None:
        """Check all of a log, cut a torn end, and make ready to append.

        Raises:
            AuditError: missing, changed, shortened, of another store, or not writable.
            StoreBusy: another process writes this log.
        """
        self._folder, self._seed, self.origin = folder, seed, origin
        self._segment_records = segment_records
        self._stopped = ""  # why nothing is written any more
        self._writing = threading.Lock()  # before the open segment
        self._following, self._prev = 0, NO_LINE
        self._claim = _claimed(folder)
        try:
            self._take_over(read_whole(folder, sign.public_key(seed), origin))
        except BaseException:
            os.close(self._claim)
            raise

    @property
    def size(self) -> int:
        """How many lines are on disk."""
        return self._tree.size

    @property
    def stopped(self) -> bool:
        """Whether nothing is written any more."""
        return self._stopped != ""

    @property
    def following(self) -> int:
        """The number of the next line."""
        return self._following

    @property
    def prev(self) -> str:
        """What the next line has to name: the leaf hash of the last one, 64 hex digits."""
        return self._prev

    def place(self, entry: Entry) -> None:
        """Give the next line its place; ``append`` has to follow. One thread at a time.

        Raises:
            AuditError: nothing is appended any more.
        """
        self._go_on()
        self._following, self._prev = self._following + 1, entry.leaf.hex()

    def append(self, entries: Sequence[Entry]) -> None:
        """Write the lines that were placed, across as many segments as it takes; then durable.

        Raises:
            AuditError: they may not be durable. Nothing is appended from then on.
        """
        with self._writing:
            self._go_on()
            try:
                while entries:
                    if self._room_in_segment() <= 0:
                        self._roll()
                    room = self._room_in_segment()
                    self._write(entries[:room])
                    entries = entries[room:]
            except BaseException as error:  # whatever it was: what is on disk is not known
                self._stopped = str(error) or type(error).__name__
                raise

    def has_room(self) -> bool:
        """Whether the disk has room for more than the end of what has begun.

        Raises:
            AuditError: the disk fails.
        """
        with self._writing:
            return self._stopped != "" or self._writer.has_room()

    def checkpoint(self) -> bytes:
        """The signed note over every line that is on disk at this moment.

        Raises:
            AuditError: it cannot be written, or the log has stopped.
        """
        with self._writing:
            if self._stopped:
                raise AuditError(f"the audit log has stopped: {self._stopped}", remedy=STOPPED)
            if self._tree.size != self._signed:
                self._sign()
            return write_note(
                Checkpoint(self.origin, self._tree.size, self._tree.root()), self._seed
            )

    def close(self) -> None:
        """Sign a last checkpoint and let the log go. Closing twice is harmless.

        Raises:
            AuditError: the checkpoint cannot be written.
        """
        with self._writing:
            if self._claim < 0:
                return
            try:
                if not self._stopped and self._tree.size != self._signed:
                    self._sign()
            finally:
                self._stopped = self._stopped or "it is closed"
                self._writer.close()
                os.close(self._claim)
                self._claim = -1

    def _take_over(self, found: Reading) -> None:
        self.torn_bytes = segments.repair(self._folder)
        self.unanswered = found.unanswered  # lines of intents without outcome, by id
        self.bound = found.bound  # root of the catalogue that was bound last
        self._open = dict.fromkeys(found.unanswered)
        self._tree, self._signed = found.tree, found.checkpoint.size
        self._time = found.last.decode()
        self._following, self._prev = found.tree.size, found.leaf
        self._leaf = found.leaf  # of the last line on disk
        self._before, self._digest = found.before, found.digest
        self._full = found.full
        files = segments.segments(self._folder)
        self._segment = segments.number_of(files[-1]) if files else 0
        last = segments.segment(self._folder, self._segment)
        self._writer = Writer(last, create=not files)

    def _go_on(self) -> None:
        if self._stopped:
            raise AuditError(f"the audit log takes no records: {self._stopped}", remedy=STOPPED)

    def _write(self, entries: Sequence[Entry]) -> None:
        data = b"".join([entry.line for entry in entries])
        self._writer.append(data)
        self._digest.update(data)
        before = self._tree.size
        self._tree.extend([entry.leaf for entry in entries])
        for entry in entries:
            if entry.opens:
                self._open[entry.opens] = None
            if entry.closes:
                self._open.pop(entry.closes, None)
            self.bound = entry.root or self.bound
        self._time, self._leaf = entries[-1].time, entries[-1].leaf.hex()
        if self._tree.size // CHECKPOINT_EVERY > before // CHECKPOINT_EVERY:
            self._sign()

    def _room_in_segment(self) -> int:
        return 0 if self._full else self._segment_records - (self._tree.size - self._before)

    def _roll(self) -> None:
        """Sign what the full segment holds, and begin the next."""
        if not self._full:
            note = closed.write(self._closed(), self.origin, self._seed)
            segments.write_whole(closed.file_of(self._folder, self._segment), note)
        writer = Writer(segments.segment(self._folder, self._segment + 1), create=True)
        self._writer.close(full=True)
        self._writer, self._segment = writer, self._segment + 1
        self._before, self._digest, self._full = self._tree.size, sha256(), False

    def _closed(self) -> Closed:
        return Closed(
            number=self._segment,
            before=self._before,
            size=self._tree.size,
            digest=self._digest.hexdigest(),
            leaf=self._leaf,
            time=self._time,
            bound=self.bound,
            unanswered=tuple(self._open),
            peaks=tuple(self._tree.peaks),
        )

    def _sign(self) -> None:
        checkpoint = Checkpoint(self.origin, self._tree.size, self._tree.root())
        segments.write_whole(checkpoint_file(self._folder), write_note(checkpoint, self._seed))
        self._signed = checkpoint.size


def begin(folder: Path, seed: bytes, origin: str) -> None:
    """Make the folder of a new, empty log, with a signed checkpoint that says so.

    Raises:
        UsageError: the folder exists.
        AuditError: it cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, parents=True)
        segments.folder_of(folder).mkdir(mode=0o700)
        closed.folder_of(folder).mkdir(mode=0o700)
        synchronise(folder)
        synchronise(folder.parent)
    except FileExistsError:
        raise UsageError(f"{folder} exists: this store has an audit log") from None
    except OSError as error:
        raise AuditError(f"{folder} cannot be made ({error.strerror})") from error
    note = write_note(Checkpoint(origin, 0, EMPTY_ROOT), seed)
    segments.write_whole(checkpoint_file(folder), note)


def _claimed(folder: Path) -> int:
    """An open folder that no other process can claim until it is closed."""
    try:
        claim = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise AuditError(
            f"{folder}: there is no audit log ({error.strerror})",
            remedy="put the folder back from a backup; a store does not open without its log",
        ) from error
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(claim)
        raise StoreBusy(f"{folder}: another process writes this audit log") from error
    return claim
