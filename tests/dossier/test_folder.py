"""The folder of evidence: whole, or not there at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.app.oversight.evidence import Piece
from appliance.dossier import folder
from appliance.errors import AuditError, UsageError


def cut() -> Iterator[Piece]:
    yield Piece("events.jsonl", b"{}")
    raise KeyboardInterrupt


def test_an_export_that_is_cut_leaves_nothing_and_can_be_made_again(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            folder.write(cut(), tmp_path / "evidence")
        assert not list(tmp_path.iterdir())


def test_what_a_kill_left_is_named(tmp_path: Path) -> None:
    (tmp_path / "evidence.part").mkdir()
    with pytest.raises(UsageError, match=r"evidence\.part is left of an export that was cut"):
        folder.write(cut(), tmp_path / "evidence")


@pytest.mark.parametrize("name", ["../x", "a/b", "/x", ".x", "growth/../x"])
def test_no_piece_lies_elsewhere(name: str, tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="a name that is none"):
        folder.write([Piece(name, b"")], tmp_path / "evidence")
