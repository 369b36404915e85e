"""Test double: the misbehaving worker on a kernel without Landlock."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.sandbox import landlock
from tests.sandbox import misbehaving


def main(arguments: Sequence[str]) -> None:
    """Serve with a file system of a few folders instead."""
    landlock.version = lambda: 0
    misbehaving.main(arguments)
