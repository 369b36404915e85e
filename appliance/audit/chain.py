"""The lines of the log as one chain: placed, linked, signed, and stopped at the first fault.

Knows nothing of what the lines say.  Not safe for threads: ``log`` lets one thread
work on it, which Ctrl-C does not reach.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from appliance.audit import segments
from appliance.audit.checkpoint import Checkpoint, write_note
from appliance.audit.merkle import EMPTY_ROOT, leaf_hash
from appliance.audit.segments import Writer
from appliance.audit.verify import Replay, checkpoint_file, read_checkpoint
from appliance.crypto import sign
from appliance.errors import AuditError, StoreBusy, UsageError

CHECKPOINT_EVERY = 256  # records
SEGMENT_RECORDS = 65_536
_STOPPED = "content actions stop until the log can be written; run `appliance audit verify`"


class Chain:
    """One log on disk, claimed by this process."""

    def __init__(self, folder: Path, seed: bytes, origin: str, segment_records: int) -> None:
        """Check all of a log, cut a torn end, and make ready to append.

        Raises:
            AuditError: missing, changed, shortened, of another store, or not writable.
            StoreBusy: another process writes this log.
        """
        self._folder, self._seed, self._origin = folder, seed, origin
        self._segment_records = segment_records
        self._stopped = ""  # why nothing is written any more
        self._claim = _claimed(folder)
        try:
            self._take_over(_replayed(folder, sign.public_key(seed), origin))
        except BaseException:
            os.close(self._claim)
            raise

    @property
    def size(self) -> int:
        """How many lines there are: the number of the next one."""
        return self._tree.size

    @property
    def prev(self) -> str:
        """What the next line has to name: the leaf hash of the last one, 64 hex digits."""
        return self._prev

    def append(self, line: bytes) -> None:
        """Write the next line; durable on return.

        Raises:
            AuditError: it may not be durable. Nothing is appended from then on.
        """
        if self._stopped:
            raise AuditError(f"the audit log takes no records: {self._stopped}", remedy=_STOPPED)
        try:
            self._write(line)
        except BaseException as error:  # whatever it was: what is on disk is not known
            self._stopped = str(error) or type(error).__name__
            raise

    def close(self) -> None:
        """Sign a last checkpoint and let the log go. Closing twice is harmless.

        Raises:
            AuditError: the checkpoint cannot be written.
        """
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

    def _take_over(self, replay: Replay) -> None:
        self.torn_bytes = segments.repair(self._folder)
        self.unanswered = tuple(replay.unanswered.values())  # lines of intents without outcome
        self._tree, self._prev = replay.tree, replay.last_leaf
        self._signed = replay.checkpoint.size
        files = segments.segments(self._folder)
        self._segment = max(len(files) - 1, 0)
        last = segments.segment(self._folder, self._segment)
        in_last = replay.size and replay.place.segment == last
        self._in_segment = replay.place.line if in_last else 0
        self._writer = Writer(last, create=not files)

    def _write(self, line: bytes) -> None:
        if self._in_segment >= self._segment_records:
            following = segments.segment(self._folder, self._segment + 1)
            writer = Writer(following, create=True)
            self._writer.close()
            self._writer, self._segment, self._in_segment = writer, self._segment + 1, 0
        self._writer.append(line)
        leaf = leaf_hash(line)
        self._tree.append(leaf)
        self._prev, self._in_segment = leaf.hex(), self._in_segment + 1
        if self._tree.size % CHECKPOINT_EVERY == 0:
            self._sign()

    def _sign(self) -> None:
        checkpoint = Checkpoint(self._origin, self._tree.size, self._tree.root())
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
        segments.sync_folder(folder.parent)
    except FileExistsError:
        raise UsageError(f"{folder} exists: this store has an audit log") from None
    except OSError as error:
        raise AuditError(f"{folder} cannot be made ({error.strerror})") from error
    note = write_note(Checkpoint(origin, 0, EMPTY_ROOT), seed)
    segments.write_whole(checkpoint_file(folder), note)


def _replayed(folder: Path, public_key: bytes, origin: str) -> Replay:
    replay = Replay(read_checkpoint(folder, public_key), segments.first_place(folder))
    if replay.checkpoint.origin != origin:
        raise AuditError(f"{folder} is the audit log of another store")
    for line in segments.lines(folder):
        replay.add(line)
    replay.finish()
    return replay


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
