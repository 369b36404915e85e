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

    Not reentrant: whoever shares it must not ask to have it alone.
    """

    def __init__(self) -> None:
        self._moved = Condition()
        self._sharing = 0
        self._waiting = 0
        self._alone = False

    @contextmanager
    def shared(self) -> Iterator[None]:
        """For the length of the block nothing changes."""
        with self._moved:
            self._moved.wait_for(lambda: not self._alone and not self._waiting)
            self._sharing += 1
        try:
            yield
        finally:
            with self._moved:
                self._sharing -= 1
                self._moved.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """For the length of the block nobody shares it."""
        with self._moved:
            self._waiting += 1
            try:
                self._moved.wait_for(lambda: not self._alone and not self._sharing)
            finally:
                self._waiting -= 1
            self._alone = True
        try:
            yield
        finally:
            with self._moved:
                self._alone = False
                self._moved.notify_all()
