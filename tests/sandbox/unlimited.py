"""Test double: the misbehaving worker without limits on memory, time and files."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.sandbox import confine
from tests.sandbox import misbehaving


def _leave_out(*, memory: int, cpu_seconds: int, files: int, mapped: int | None = None) -> None:
    """Limit nothing."""


def main(arguments: Sequence[str]) -> None:
    """Serve with one layer missing."""
    confine.limit = _leave_out
    misbehaving.main(arguments)
