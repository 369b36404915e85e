"""A folder's files in a fixed order, and what is left out."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from appliance.errors import InputUnreadable
from appliance.ingest.folder import ALIKE, Choice, Skipped, walk


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


def test_a_name_that_is_no_text_can_still_be_shown_and_told_from_others(tmp_path: Path) -> None:
    for name in (b"caf\xe8.txt", b"caf\xe9.txt", b"caf\\xe9.txt", "caf\u00e9.txt".encode()):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(name)

    listing = walk(tmp_path)

    assert [found.name for found in listing.files] == [
        "caf\\xe8.txt",
        "caf\\xe9.txt",
        "caf\u00e9.txt",
    ]
    assert listing.skipped == (Skipped("caf\\xe9.txt", ALIKE),)
    assert isinstance(listing.files[0].path, Path)
    assert listing.files[0].path.read_bytes() == b"caf\xe8.txt"


def test_stores_and_what_a_run_writes_are_no_documents(tmp_path: Path) -> None:
    for name in ("home/store/keyring.sealed", "out/run.json", "in/out/a.txt", "run.json", "b.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")

    written = (tmp_path / "out", tmp_path / "in/../run.json", tmp_path / "not-yet-there")
    listing = walk(tmp_path, Choice(written=written))

    assert [found.name for found in listing.files] == ["b.txt", "in/out/a.txt"]
    assert [(said.name, said.aside) for said in listing.skipped] == [
        *(("home", True), ("out", True), ("run.json", True))
    ]
    with pytest.raises(InputUnreadable, match="is a store"):
        walk(tmp_path / "home")


def test_a_folder_may_be_deeper_than_the_stack_of_calls(tmp_path: Path) -> None:
    at = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=at)
        below = os.open("d", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(os.open("x.txt", os.O_WRONLY | os.O_CREAT, dir_fd=at))
    os.close(at)

    (found,) = walk(tmp_path).files

    assert found.name == "d/" * 1200 + "x.txt"
    subprocess.run(["rm", "-r", tmp_path / "d"], check=True)  # pytest's own way is recursive


@pytest.mark.parametrize("name", ["missing", "file"])
def test_no_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("x")

    with pytest.raises(InputUnreadable, match=name) as caught:
        walk(tmp_path / name)

    assert caught.value.remedy
