"""What an officer's key opens, for as long as the session lasts.

The officer's private key is opened here, on the caller's side, and never leaves this process.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from appliance.audit.records import Record
from appliance.errors import SealBroken

MOST_KEPT = 20_000  # opened records that a session remembers, so that a search goes on quickly
_NOTHING: Mapping[str, str] = MappingProxyType({})


class Opens(Protocol):
    """What opens the private strings of records (`appliance.audit.private.Opener`)."""

    def open(self, record: Record) -> Mapping[str, str]:
        """The private strings of a record, by name."""
        ...


class Opened:
    """One session's opener, remembering what it opened."""

    def __init__(self, opener: Opens) -> None:
        self._opener: Opens | None = opener
        self._kept: OrderedDict[str, Mapping[str, str]] = OrderedDict()

    def strings(self, record: Record) -> Mapping[str, str]:
        """The private strings of a record; empty where it has none or the key does not open them.

        A period before the officer came, or one whose key was destroyed, stays sealed.
        """
        if not record.sealed or self._opener is None:
            return _NOTHING
        known = self._kept.get(record.id)
        if known is None:
            try:
                known = dict(self._opener.open(record))
            except SealBroken:
                known = _NOTHING
            self._kept[record.id] = known
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return known

    def forget(self) -> None:
        """Let go of the key and of all that it opened."""
        self._opener = None
        self._kept.clear()
