"""The output folder: whole lines only, private files, names that stay inside."""

from __future__ import annotations

import json
import resource
from pathlib import Path

import pytest

from appliance.app.work.output import OutputFolder
from appliance.documents import CollectionId, Document, DocumentId
from appliance.errors import DiskFull, InputUnreadable


def named(name: str) -> Document:
    """A document of this name."""
    where = DocumentId("f" * 32), CollectionId("c" * 32)
    return Document(*where, name, 1, "text/plain", 1, None, 1, 1, 0)


def test_lines_survive_and_a_torn_one_is_cut(tmp_path: Path) -> None:
    out = OutputFolder(tmp_path / "out")
    out.append("k1", {"status": "done", "text": "ünï\n"})
    out.append("k2", {"status": "failed"})
    results = tmp_path / "out" / "results.jsonl"
    whole = results.read_bytes()
    results.write_bytes(whole + b'{"key": "k3", "status": "do')
    again = OutputFolder(tmp_path / "out")
    assert results.read_bytes() == whole
    assert [again.has(key) for key in ("k1", "k2", "k3")] == [True, False, False]
    assert [json.loads(line)["key"] for line in whole.splitlines()] == ["k1", "k2"]


def test_everything_is_for_the_owner_alone(tmp_path: Path) -> None:
    out = OutputFolder(tmp_path / "out")
    out.append("k", {"status": "done"})
    report = out.report(named("a b.pdf"), "text")
    assert (tmp_path / "out").stat().st_mode & 0o077 == 0
    assert report.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "out" / "results.jsonl").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..", "a/../b", "\x1b[31m.md", "x" * 500, "é"]
)
def test_a_report_stays_in_its_folder(tmp_path: Path, name: str) -> None:
    report = OutputFolder(tmp_path).report(named(name), "text")
    assert report.resolve().parent == (tmp_path / "reports").resolve()
    assert report.name.isprintable()
    assert report.name.isascii()


def test_a_full_disk_leaves_whole_lines(tmp_path: Path) -> None:
    out = OutputFolder(tmp_path)
    out.append("k1", {"status": "done"})
    results = tmp_path / "results.jsonl"
    before = results.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 10, hard))
    try:
        with pytest.raises(DiskFull):
            out.append("k2", {"status": "done", "text": "longer than ten bytes"})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert results.read_bytes() == before
    assert not out.has("k2")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputUnreadable, match="file"):
        OutputFolder(tmp_path / "file")
