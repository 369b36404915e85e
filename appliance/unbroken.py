"""Steps that a signal may not cut in two.

Python raises Ctrl-C between any two instructions of the main thread.  Between the commit of a
transaction and what memory keeps of it there must be no such place: the catalogue would be ahead of
its own root, and the audit log would bind a root that nothing on the disk has.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def unbroken() -> Iterator[None]:
    """What asks the process to end waits until the block has ended; the block should be short.

    Signals reach the main thread only: in every other one there is nothing to do.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: set[int] = set()
    before = {number: signal.getsignal(number) for number in ENDING}
    ours = {number: handler for number, handler in before.items() if callable(handler)}
    try:
        for number in ours:
            signal.signal(number, lambda struck, _: came.add(struck))
        yield
    finally:
        for number, handler in ours.items():
            signal.signal(number, handler)
        for struck in sorted(came):
            signal.raise_signal(struck)
