"""Progress on a terminal or in a log: step n of m, what is going on, how long it has taken."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TextIO

QUIET_INTERVAL_S = 10.0  # between two lines where there is no terminal to rewrite a line on


class Progress:
    """Numbered steps. ``tick`` may be called as often as one likes."""

    def __init__(
        self, total: int, out: TextIO, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._total = total
        self._out = out
        self._clock = clock
        self._number = 0
        self._title = ""
        self._started = clock()
        self._said = clock()
        self._live = out.isatty()

    @contextlib.contextmanager
    def step(self, title: str) -> Iterator[None]:
        """The next step, from its beginning to its end."""
        self._number += 1
        self._title = title
        self._started = self._said = self._clock()
        self._write(f"[{self._number}/{self._total}] {title}", end="" if self._live else "\n")
        yield
        took = elapsed(self._clock() - self._started)
        if self._live:
            self._write(f"\r\033[K[{self._number}/{self._total}] {title} ({took})")
        else:
            self._write(f"      done ({took})")

    def tick(self, detail: str) -> None:
        """Say how far the current step is."""
        now = self._clock()
        if not self._live and now - self._said < QUIET_INTERVAL_S:
            return
        self._said = now
        words = ", ".join(part for part in (detail, elapsed(now - self._started)) if part)
        if self._live:
            self._write(f"\r\033[K[{self._number}/{self._total}] {self._title}: {words}", end="")
        else:
            self._write(f"      {words}")

    def note(self, text: str) -> None:
        """Say something beside the steps."""
        self._write(f"\r\033[K{text}" if self._live else text)

    def _write(self, text: str, end: str = "\n") -> None:
        self._out.write(text + end)
        self._out.flush()


def elapsed(seconds: float) -> str:
    """A duration as m:ss."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
