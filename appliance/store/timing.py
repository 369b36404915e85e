"""Where the time goes inside the store, told to whoever asked: stage names and seconds only."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Observe = Callable[[str, float], None]  # (seal | open | write | read | commit, seconds)


@contextmanager
def timed(observe: Observe | None, stage: str) -> Iterator[None]:
    """Report the seconds spent inside the block, also when it raises."""
    begun = time.perf_counter()
    try:
        yield
    finally:
        if observe is not None:
            observe(stage, time.perf_counter() - begun)
