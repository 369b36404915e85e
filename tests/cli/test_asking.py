"""Questions and their options that are none: refused in words, not as a fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import InputUnreadable, UsageError
from tests.conftest import Desk


@pytest.mark.parametrize("risk", ["nan", "5", "-0.1", "half"])
def test_a_risk_is_a_share(desk: Desk, risk: str) -> None:
    assert desk.run("ask", "Who pays?", "--max-risk", risk).code == UsageError.exit_code


@pytest.mark.parametrize("command", ["ask", "search"])
def test_a_question_is_text(desk: Desk, command: str) -> None:
    for question in ("", " \n", "\udcff rent"):
        assert desk.run(command, question).code == UsageError.exit_code


def test_passwords_are_text(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "passwords"
    file.write_bytes(b"\xff\xfe\x00secret")
    ran = desk.run("export", "abcdef", "--out", str(tmp_path), "--passwords", str(file))
    assert ran.code == InputUnreadable.exit_code
    assert "UTF-8" in ran.err
