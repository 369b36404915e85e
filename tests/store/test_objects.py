"""Sealed files: names, and what a killed process leaves behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import SealBroken
from appliance.store.objects import MOST_ORPHANS, ObjectFolder, new_object_ids


def test_names_are_random_and_share_a_folder() -> None:
    ids = new_object_ids(3)
    assert len(set(ids)) == 3
    assert len({name[:2] for name in ids}) == 1
    assert all(len(name) == 32 and int(name, 16) >= 0 for name in ids)


def test_what_is_written_is_read_and_a_missing_one_is_named(tmp_path: Path) -> None:
    folder = ObjectFolder(tmp_path / "objects")
    (name,) = new_object_ids(1)
    folder.write([(name, b"sealed")])
    assert folder.read(name) == b"sealed"
    assert folder.ids() == {name}
    folder.remove([name, name])
    with pytest.raises(SealBroken, match="is missing"):
        folder.read(name)


def test_sweeping_keeps_what_rows_name_and_removes_the_rest(tmp_path: Path) -> None:
    folder = ObjectFolder(tmp_path / "objects")
    kept, orphan = new_object_ids(2)
    folder.write([(kept, b"1"), (orphan, b"2")])
    (folder.path(kept).parent / ".new-0123").write_bytes(b"torn")
    assert folder.sweep(frozenset({kept})) == 2
    assert [path.name for path in folder.path(kept).parent.iterdir()] == [kept]


def test_a_catalogue_that_is_too_old_does_not_empty_the_folder(tmp_path: Path) -> None:
    folder = ObjectFolder(tmp_path / "objects")
    names = new_object_ids(MOST_ORPHANS + 1)
    for name in names:
        folder.path(name).parent.mkdir(exist_ok=True)
        folder.path(name).write_bytes(b"")
    assert folder.sweep(frozenset()) == 0
    assert folder.ids() == set(names)
