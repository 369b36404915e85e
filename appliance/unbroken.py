"""Steps that a signal may not cut in two.

Python raises Ctrl-C between any two instructions of the main thread.  Between the commit of a
transaction and what memory keeps of it there must be no such place: the catalogue would be ahead of
its own root, and the audit log would bind a root that nothing on the disk has.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Waiting:
    """Stands in for handlers during a block; what comes after its end it hands on to them.

    So nothing is lost where a signal strikes while the handlers are being put back.
    """

    def __init__(self) -> None:
        self.handlers: dict[int, Callable[[int, FrameType | None], object]] = {}
        self.came: set[int] = set()
        self.over = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.over:
            self.handlers[number](number, frame)
        else:
            self.came.add(number)

    def take_over(self, number: int) -> None:
        """Stand in for a handler of Python's; what is ignored, or ends the process, stays so."""
        handler = signal.getsignal(number)
        if isinstance(handler, _Waiting) and handler.over:  # it was struck while it was put back
            handler = handler.handlers[number]
        if callable(handler):
            self.handlers[number] = handler
            signal.signal(number, self)


@contextmanager
def unbroken() -> Iterator[None]:
    """What asks the process to end waits until the block has ended; the block should be short.

    Signals reach the main thread only: in every other one there is nothing to do.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting = _Waiting()
    try:
        for ending in ENDING:
            waiting.take_over(ending)
        yield
    finally:
        waiting.over = True
        with ExitStack() as stack:  # all of it, whatever one of them raises; the last comes first
            for struck in waiting.came:
                stack.callback(signal.raise_signal, struck)
            for number, handler in waiting.handlers.items():
                stack.callback(signal.signal, number, handler)
