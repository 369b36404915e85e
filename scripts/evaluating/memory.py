"""The most memory that a process and everything it started hold at one time."""

from __future__ import annotations

import threading
from pathlib import Path
from types import TracebackType
from typing import Self

EVERY = 0.02  # seconds between two looks
_PAGES = 256  # of memory in a MiB


class Watch:
    """Looks at a process while its block runs; ``peak`` and ``idle``, before it, are MiB.

    Pages that processes share count in each of them, so the figure is never too low.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.idle = self.peak = resident(pid)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(EVERY):
            self.peak = max(self.peak, resident(self._pid))


def resident(pid: int) -> float:
    """Resident memory of a process and its descendants, MiB; 0 for one that has ended."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    except (OSError, IndexError):
        return 0.0
    return pages / _PAGES + sum(resident(int(child)) for child in children)
