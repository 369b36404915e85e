"""Test double: the misbehaving worker without any filter of system calls.

The positive control of the probes: the reader must refuse to run with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from appliance.sandbox import confine
from tests.sandbox import misbehaving


def _leave_out(names: Iterable[str] = ()) -> None:
    """Refuse nothing."""


def main(arguments: Sequence[str]) -> None:
    """Serve with one layer missing."""
    confine.deny = _leave_out
    confine.document_calls_only = _leave_out
    misbehaving.main(arguments)
