"""Whole or not there: durable writing, and what the operating system may refuse."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from appliance.errors import DiskFull, StoreDamaged
from appliance.store.files import disk, make_folder, replace_durably, write_durably


def test_files_are_private_and_leave_no_temporary_name(tmp_path: Path) -> None:
    write_durably([(tmp_path / "a", b"1"), (tmp_path / "b", b"2" * 100_000)])
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "a": b"1",
        "b": b"2" * 100_000,
    }
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
    make_folder(tmp_path / "folder")
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o700


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
@pytest.mark.parametrize("failing", ["write", "fsync"])
@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_full_disk_leaves_nothing_of_the_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, failing: str, call: int
) -> None:
    """The simulated disk refuses the n-th system call."""
    real, calls = getattr(os, failing), iter(range(1, 100))

    def refuse(*arguments: object) -> object:
        if next(calls) == call:
            raise OSError(number, os.strerror(number))
        return real(*arguments)

    monkeypatch.setattr(os, failing, refuse)
    with pytest.raises(DiskFull, match="no space is left"):
        write_durably([(tmp_path / name, b"content") for name in ("a", "b", "c")])
    assert list(tmp_path.iterdir()) == []


def test_replacing_keeps_the_old_content_when_the_disk_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    replace_durably(path, b"old")

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", refuse)
        with pytest.raises(DiskFull):
            replace_durably(path, b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert path.read_bytes() == b"old"
    replace_durably(path, b"new")
    assert path.read_bytes() == b"new"


def test_other_refusals_name_the_path_and_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(StoreDamaged, match="Input/output error") as caught, disk(tmp_path):
        raise OSError(errno.EIO, os.strerror(errno.EIO))
    assert str(tmp_path) in caught.value.message
    assert caught.value.remedy
