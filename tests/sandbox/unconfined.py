"""Test double: the misbehaving worker without the filter that refuses sockets and programs.

The positive control of the probe: the reader must refuse to run with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from appliance.sandbox import confine
from tests.sandbox import misbehaving


def _leave_out(calls: Iterable[str]) -> None:
    """Deny nothing."""


def main(arguments: Sequence[str]) -> None:
    """Serve with one layer missing."""
    confine.deny = _leave_out
    misbehaving.main(arguments)
