"""Test double: the misbehaving worker where neither Landlock nor a mount namespace can be had."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from appliance.sandbox import landlock, namespaces
from tests.sandbox import misbehaving


def _leave_all(folders: Iterable[Path]) -> None:
    """Hide nothing."""


def main(arguments: Sequence[str]) -> None:
    """Serve with every file in sight."""
    landlock.version = lambda: 0
    namespaces.only_see = _leave_all
    misbehaving.main(arguments)
