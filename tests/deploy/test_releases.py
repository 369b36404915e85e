"""Releases side by side: the pointer is never without a whole release behind it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from deploy.installer import journal, releases
from deploy.installer.journal import Line
from deploy.installer.problems import InstallProblem

DIGEST = "a" * 64


def made(prefix: Path, name: str) -> Path:
    folder = releases.folder(prefix, name)
    folder.mkdir(parents=True)
    (folder / "file").write_text(name)
    releases.complete(prefix, name, DIGEST)
    return folder


def test_only_a_whole_release_comes_into_force(tmp_path: Path) -> None:
    releases.folder(tmp_path, "1.0.0-1").mkdir(parents=True)

    with pytest.raises(InstallProblem, match="not whole"):
        releases.switch(tmp_path, "1.0.0-1")
    assert releases.current(tmp_path) == ""


def test_switching_forth_and_back(tmp_path: Path) -> None:
    for name in ("1.0.0-9", "1.0.0-10"):
        made(tmp_path, name)
        releases.switch(tmp_path, name)

    assert releases.current(tmp_path) == "1.0.0-10"
    assert (tmp_path / "current" / "file").read_text() == "1.0.0-10"
    assert releases.others(tmp_path) == ("1.0.0-9",)
    releases.switch(tmp_path, "1.0.0-9")
    assert (tmp_path / "current" / "file").read_text() == "1.0.0-9"
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_a_release_of_another_manifest_is_not_the_one(tmp_path: Path) -> None:
    made(tmp_path, "1.0.0-1")

    assert releases.is_complete(tmp_path, "1.0.0-1", DIGEST)
    assert not releases.is_complete(tmp_path, "1.0.0-1", "b" * 64)


def test_sweeping_keeps_what_is_in_force_and_one_before(tmp_path: Path) -> None:
    for name in ("1.0.0-1", "1.0.0-2", "1.0.0-3"):
        made(tmp_path, name)
    releases.folder(tmp_path, "1.0.0-4").mkdir()
    releases.switch(tmp_path, "1.0.0-3")

    releases.sweep(tmp_path, 1)

    assert sorted(os.listdir(tmp_path / "releases")) == ["1.0.0-2", "1.0.0-3"]


def test_the_journal_survives_a_cut_line_and_knows_the_highest_serial(tmp_path: Path) -> None:
    journal.write(tmp_path, Line("install", "1.0.0-3", 3, DIGEST, "SHA256:x"))
    with (tmp_path / journal.FILE).open("ab") as file:
        file.write(b'{"action": "upgr')
    journal.write(tmp_path, Line("rollback", "1.0.0-2", 2, DIGEST, "SHA256:x", "1.0.0-3"))
    journal.write(tmp_path, Line("refused", "1.0.0-9", 9, DIGEST, "SHA256:x"))

    assert [line.action for line in journal.read(tmp_path)] == ["install", "rollback", "refused"]
    assert journal.highest_serial(tmp_path) == 3
    assert journal.highest_serial(tmp_path / "none") == 0
    last = (tmp_path / journal.FILE).read_text().splitlines()[-1]
    assert json.loads(last)["uid"] == os.getuid()
