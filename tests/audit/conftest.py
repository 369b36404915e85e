"""Fixtures of the audit room."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from appliance.audit import periods
from appliance.audit.clock import now
from tests.audit.logbox import LogBox

LONGEST_S = 20.0  # of one test


@pytest.fixture
def box(tmp_path: Path) -> LogBox:
    """No month ends in a test: a new period would put a record of its own among those counted."""
    left = periods._month_of(now().time)[1] - time.time()
    if left < LONGEST_S:
        time.sleep(left)
    return LogBox(tmp_path / "audit")
