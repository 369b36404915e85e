"""Fixtures of the audit room."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.audit.logbox import LogBox


@pytest.fixture
def box(tmp_path: Path) -> LogBox:
    return LogBox(tmp_path / "audit")
