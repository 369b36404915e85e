"""A disk that runs full: what has begun ends on record, and nothing else begins."""

from __future__ import annotations

import ctypes
import errno
from pathlib import Path

import pytest

from appliance.audit import room
from appliance.audit.records import Kind
from appliance.audit.verify import verify
from appliance.errors import AuditError
from tests.audit.logbox import ANA, LogBox, act


def test_room_is_set_aside_without_a_change_to_the_file(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as file:
        assert room.Room(file.fileno()).reaches(0)
    found = (tmp_path / "log").stat()
    assert found.st_size == 0
    if found.st_blocks == 0:
        pytest.skip("this file system sets no room aside")
    assert found.st_blocks * 512 >= room.RESERVE + room.AHEAD


def full(*_: object) -> int:
    """Stands for fallocate(2) on a full disk; a real one is filled by `scripts/faults troubles`."""
    ctypes.set_errno(errno.ENOSPC)
    return -1


class Full:
    """Stands for the C library."""

    fallocate = staticmethod(full)


def test_nothing_begins_without_room_and_what_has_begun_ends(
    box: LogBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with box.create() as log:
        begun = log.intent(ANA, "ask")
        monkeypatch.setattr(room, "_LIBC", Full)
        monkeypatch.setattr(room, "RESERVE", room.RESERVE + room.AHEAD)  # all that is left
        for _ in range(3):
            with pytest.raises(AuditError, match="the disk is full"):
                log.intent(ANA, "ask")
        log.outcome(begun, "done")
        erased = log.intent(ANA, "delete")  # it frees room
        log.outcome(erased, "done")
        stops = [r for r in log.records() if r.action == "log_stop"]
        assert [(r.kind, r.result.status if r.result else "") for r in stops] == [
            (Kind.SYSTEM, "failed")
        ]
        monkeypatch.undo()
        act(log, 1)  # there is room again
    verify(box.folder, log.public_key)


def test_a_file_system_that_sets_nothing_aside_stops_nothing(
    box: LogBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Unknown:
        @staticmethod
        def fallocate(*_: object) -> int:
            ctypes.set_errno(errno.EOPNOTSUPP)
            return -1

    monkeypatch.setattr(room, "_LIBC", Unknown)
    verify(box.filled(3).folder, box.open().public_key)
