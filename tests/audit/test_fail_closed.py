"""A log that cannot be written, or is not the file it was, takes nothing any more."""

from __future__ import annotations

import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance.audit.verify import verify
from appliance.errors import AuditError
from tests.audit.logbox import ANA, LogBox, act


def replaced(path: Path) -> None:
    copy = path.with_name("copy")
    copy.write_bytes(path.read_bytes())
    copy.rename(path)


def removed(path: Path) -> None:
    path.unlink()


def moved(path: Path) -> None:
    path.rename(path.parent.parent / "elsewhere")


def truncated(path: Path) -> None:
    path.write_bytes(b"")


def shortened(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 1)


def lengthened(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"x")


def linked(path: Path) -> None:
    path.rename(path.parent.parent / "elsewhere")
    path.symlink_to(path.parent.parent / "elsewhere")


@pytest.mark.parametrize(
    "harm", [replaced, removed, moved, truncated, shortened, lengthened, linked]
)
def test_a_file_that_is_not_the_one_it_was_stops_the_log(
    box: LogBox, harm: Callable[[Path], None]
) -> None:
    with box.create() as log:
        act(log, 1)
        before = (box.folder / "checkpoint").read_bytes()
        harm(box.segment)
        for _ in range(3):
            with pytest.raises(AuditError):
                log.intent(ANA, "ask")
    assert (box.folder / "checkpoint").read_bytes() == before  # nothing is signed any more


def test_putting_the_file_back_does_not_start_it_again(box: LogBox) -> None:
    with box.create() as log:
        elsewhere = box.segment.rename(box.folder / "elsewhere")
        with pytest.raises(AuditError):
            log.intent(ANA, "ask")
        elsewhere.rename(box.segment)
        with pytest.raises(AuditError, match="takes no records"):
            log.intent(ANA, "ask")
    with box.open() as log:
        act(log, 1)


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    """The kernel refuses to write behind ``size`` (EFBIG), as a full disk would (ENOSPC)."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("room", [0, 1, 300])
def test_a_full_disk_stops_the_log_and_the_next_opening_repairs_it(box: LogBox, room: int) -> None:
    with box.create() as log:
        act(log, 1)
        intent = log.intent(ANA, "delete")
        size = box.segment.stat().st_size
        with files_no_longer_than(size + room), pytest.raises(AuditError):
            log.outcome(intent, "done")
        with pytest.raises(AuditError, match="takes no records"):
            log.outcome(intent, "done")  # there is room again, but the log has stopped
        assert box.segment.stat().st_size == size + room  # the torn end
    with box.open() as log:
        *_, last = log.records()
        assert last.of == intent
        assert last.result is not None
        assert last.result.status == "interrupted"
    verify(box.folder, log.public_key)


def test_a_checkpoint_that_cannot_be_written_stops_the_log(box: LogBox) -> None:
    with box.create() as log:
        for number in range(127):
            act(log, number)
        (box.folder / "checkpoint.new").mkdir()
        with pytest.raises(AuditError, match="checkpoint"):
            log.intent(ANA, "ask")
        with pytest.raises(AuditError, match="takes no records"):
            log.intent(ANA, "ask")
    (box.folder / "checkpoint.new").rmdir()
    with box.open() as log:
        act(log, 1)
    verify(box.folder, log.public_key)


def test_a_last_checkpoint_that_cannot_be_written_is_told(box: LogBox) -> None:
    log = box.create()
    (box.folder / "checkpoint.new").mkdir()
    with pytest.raises(AuditError, match="checkpoint"):
        log.close()
    (box.folder / "checkpoint.new").rmdir()
    box.open().close()


def test_the_message_names_file_and_remedy_and_no_content(box: LogBox) -> None:
    with box.create() as log:
        box.segment.unlink()
        with pytest.raises(AuditError) as caught:
            log.intent(ANA, "ask", private={"question": "the canary question"})
    assert "000000.jsonl" in caught.value.message
    assert "appliance audit verify" in caught.value.remedy
    assert "canary" not in caught.value.message
