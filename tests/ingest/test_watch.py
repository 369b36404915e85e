"""A hot folder gives out only complete files, and each version once."""

from __future__ import annotations

import os
import time
from itertools import islice
from pathlib import Path

import pytest

from appliance.errors import InputUnreadable
from appliance.ingest.folder import Choice, Found, Skipped
from appliance.ingest.watch import HotFolder


class Clock:
    """Test double: time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def old(path: Path, content: str, age: float = 10.0) -> None:
    path.write_text(content)
    then = time.time() - age
    os.utime(path, (then, then))


def names(hot: HotFolder) -> list[str]:
    return [entry.name for entry in hot.scan() if isinstance(entry, Found)]


def test_a_file_comes_when_it_stands_still_and_once(tmp_path: Path) -> None:
    clock = Clock()
    hot = HotFolder(tmp_path, clock=clock)
    old(tmp_path / "a.txt", "whole")
    assert names(hot) == []  # seen for the first time
    assert names(hot) == ["a.txt"]
    assert names(hot) == []
    old(tmp_path / "a.txt", "whole and changed")
    assert names(hot) == []
    assert names(hot) == ["a.txt"]


def test_a_file_that_is_being_written_waits(tmp_path: Path) -> None:
    clock = Clock()
    hot = HotFolder(tmp_path, clock=clock)
    growing = tmp_path / "g.txt"
    ahead = time.time() + 3600  # by another clock: however long this takes, it is no second old
    for size in range(1, 4):
        growing.write_text("x" * size)
        os.utime(growing, (ahead, ahead))
        assert names(hot) == []
        clock.now += 1
    assert names(hot) == []  # still, but too young
    clock.now += 1
    assert names(hot) == ["g.txt"]  # unchanged for two seconds of our own clock


def test_a_change_of_the_same_size_is_noticed(tmp_path: Path) -> None:
    hot = HotFolder(tmp_path, clock=Clock())
    old(tmp_path / "a.txt", "one", age=60)
    names(hot)
    old(tmp_path / "a.txt", "two", age=50)
    assert names(hot) == []
    assert names(hot) == ["a.txt"]


@pytest.mark.parametrize("name", ["a.pdf.part", "a.TMP", "~$a.docx", "a.crdownload", "d/b.partial"])
def test_names_of_unfinished_files_wait_until_they_are_renamed(tmp_path: Path, name: str) -> None:
    hot = HotFolder(tmp_path, clock=Clock())
    (tmp_path / "d").mkdir()
    old(tmp_path / name, "half")
    assert names(hot) == names(hot) == []
    (tmp_path / name).rename(tmp_path / "whole.pdf")
    names(hot)
    assert names(hot) == ["whole.pdf"]


def test_patterns_and_the_limit_hold_and_what_is_left_out_is_said_once(tmp_path: Path) -> None:
    clock = Clock()
    hot = HotFolder(tmp_path, Choice(include=("*.txt",), limit=2), every=0, clock=clock)
    for name in ("a.txt", "b.txt", "c.txt", "d.bin", ".e"):
        old(tmp_path / name, name)
    entries = [entry for entry in hot if entry is not None]
    assert [e.name for e in entries if isinstance(e, Found)] == ["a.txt", "b.txt"]
    assert [e.name for e in entries if isinstance(e, Skipped)] == [".e", "d.bin"]


def test_nothing_new_is_said_so_that_the_caller_can_wait(tmp_path: Path) -> None:
    hot = HotFolder(tmp_path, every=60, clock=Clock())
    assert list(islice(hot, 3)) == [None, None, None]


def test_a_folder_that_is_not_there_or_goes_away(tmp_path: Path) -> None:
    with pytest.raises(InputUnreadable):
        HotFolder(tmp_path / "none")
    hot = HotFolder(tmp_path, clock=Clock())
    tmp_path.rename(tmp_path.with_name("gone"))
    with pytest.raises(InputUnreadable):
        hot.scan()
