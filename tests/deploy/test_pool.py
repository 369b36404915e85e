"""The pool: whole files under their hash, or nothing."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from deploy.installer.pool import Piece, PoolProblem, add, check, pooled, prune


def piece(folder: Path, content: bytes, name: str = "piece") -> Piece:
    source = folder / name
    source.write_bytes(content)
    return Piece(source, hashlib.sha256(content).hexdigest(), len(content), name)


def test_a_file_is_put_together_from_its_pieces(tmp_path: Path) -> None:
    one, two = piece(tmp_path, b"One ", "one"), piece(tmp_path, b"two.", "two")
    whole = hashlib.sha256(b"One two.").hexdigest()

    path = add(tmp_path / "pool", whole, 8, [one, two])

    assert path == pooled(tmp_path / "pool", whole)
    assert path.read_bytes() == b"One two."
    assert path.stat().st_mode & 0o777 == 0o444


def test_what_is_there_whole_is_not_asked_for_again(tmp_path: Path) -> None:
    given = piece(tmp_path, b"One two.")
    add(tmp_path / "pool", given.sha256, 8, [given])
    given.source.unlink()

    assert add(tmp_path / "pool", given.sha256, 8, [given]).exists()


def test_what_the_disk_has_spoilt_is_copied_again(tmp_path: Path) -> None:
    given = piece(tmp_path, b"One two.")
    path = add(tmp_path / "pool", given.sha256, 8, [given])
    path.chmod(0o644)
    path.write_bytes(b"One twO.")

    add(tmp_path / "pool", given.sha256, 8, [given])
    assert path.read_bytes() == b"One two."


def test_what_no_release_wants_goes_with_what_an_import_left(tmp_path: Path) -> None:
    kept, old = piece(tmp_path, b"kept", "kept"), piece(tmp_path, b"old", "old")
    for one in (kept, old):
        add(tmp_path / "pool", one.sha256, one.size, [one])
    pooled(tmp_path / "pool", kept.sha256).with_name("a.part").touch()

    prune(tmp_path / "pool", {kept.sha256})

    left = [path.name for path in (tmp_path / "pool").rglob("*") if path.is_file()]
    assert left == [kept.sha256]


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"One twO.", "changed"), (b"One two", "cut"), (b"One two..", "longer"), (None, "missing")],
)
def test_a_bad_piece_is_named_and_nothing_is_kept(
    tmp_path: Path, content: bytes | None, says: str
) -> None:
    given = piece(tmp_path, b"One two.")
    if content is None:
        given.source.unlink()
    else:
        given.source.write_bytes(content)

    with pytest.raises(PoolProblem, match=f"piece: .*{says}|piece: {says}"):
        add(tmp_path / "pool", given.sha256, 8, [given])
    with pytest.raises(PoolProblem):
        check(given.source, given.sha256, 8, "piece")
    assert [p for p in (tmp_path / "pool").rglob("*") if p.is_file()] == []


def test_whole_pieces_of_another_file_are_refused(tmp_path: Path) -> None:
    other = hashlib.sha256(b"another").hexdigest()

    with pytest.raises(PoolProblem, match="do not make the file"):
        add(tmp_path / "pool", other, 8, [piece(tmp_path, b"One two.")])
