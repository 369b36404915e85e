"""A folder's files in a fixed order, and what is left out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from appliance.errors import InputUnreadable
from appliance.ingest.folder import walk


def test_files_in_order_and_the_rest_named(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", "sub/c.txt", ".hidden", ".git/config"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("x")
    (tmp_path / "link.txt").symlink_to("/etc/passwd")
    (tmp_path / "links").symlink_to("/etc")
    os.mkfifo(tmp_path / "pipe")

    listing = walk(tmp_path)

    assert [found.name for found in listing.files] == ["a.txt", "b.txt", "sub/c.txt"]
    assert listing.files[2].path == tmp_path / "sub" / "c.txt"
    assert {(entry.name, entry.reason) for entry in listing.skipped} == {
        (".git", "hidden"),
        (".hidden", "hidden"),
        ("link.txt", "symbolic link, not followed"),
        ("links", "symbolic link, not followed"),
        ("pipe", "not a regular file"),
    }


def test_a_name_that_is_no_text_can_still_be_shown(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt")).write_text("x")

    (found,) = walk(tmp_path).files

    assert found.name == "caf?.txt"
    assert isinstance(found.path, Path)
    assert found.path.read_text() == "x"


@pytest.mark.parametrize("name", ["missing", "file"])
def test_no_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("x")

    with pytest.raises(InputUnreadable, match=name) as caught:
        walk(tmp_path / name)

    assert caught.value.remedy
