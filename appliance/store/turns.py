"""Whose turn it is: results are released by many at a time, and what people may is changed alone.

A release looks once more at what its reader may, and is on record before the next change of that;
a change waits until the releases under way are on record, and the next ones wait for it.  So of any
two of them one is wholly before the other, in what is decided and in the audit log.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class Turns:
    """A lock that many share or one holds; who wants it alone goes before those who come later.

    Not reentrant: whoever shares it must not ask to have it alone.  Ctrl-C may strike at any call:
    a turn is somebody's by one step, and giving back what one does not have does nothing.
    """

    def __init__(self) -> None:
        self._moved = Condition()
        self._sharing: set[object] = set()
        self._waiting: set[object] = set()
        self._alone: object | None = None

    @contextmanager
    def shared(self) -> Iterator[None]:
        """For the length of the block nothing changes."""
        mine = object()
        try:
            with self._moved:
                self._moved.wait_for(lambda: self._alone is None and not self._waiting)
                self._sharing.add(mine)
            yield
        finally:
            self._sharing.discard(mine)
            with self._moved:
                self._moved.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """For the length of the block nobody shares it."""
        mine = object()
        try:
            with self._moved:
                self._waiting.add(mine)
                self._moved.wait_for(lambda: self._alone is None and not self._sharing)
                self._alone = mine
                self._waiting.discard(mine)
            yield
        finally:
            if self._alone is mine:
                self._alone = None
            self._waiting.discard(mine)
            with self._moved:
                self._moved.notify_all()
