"""A queue that gives its items out in the order of the folder, as far as patience goes.

Files are read side by side and end in any order; what follows should come in the folder's order,
so that two runs do the same.  An item waits for those before it that are still expected, but not
longer than some seconds after it came: a slow file delays nobody for long.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from appliance.ingest.jobs import Rank

Item = TypeVar("Item")

PATIENCE_S = 10.0


class Turns(Generic[Item]):
    """Items by rank; each rank is expected before it comes or is given up."""

    def __init__(
        self, patience: float = PATIENCE_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._patience = patience
        self._clock = clock
        self._expected: set[Rank] = set()
        self._here: list[tuple[Rank, float, Item]] = []  # a heap; a rank is here once
        self._changed = threading.Condition()
        self._closed = False

    def expect(self, rank: Rank) -> None:
        """An item of this rank will come, or be given up."""
        with self._changed:
            self._expected.add(rank)

    def give_up(self, rank: Rank) -> None:
        """It will not come."""
        with self._changed:
            self._expected.discard(rank)
            self._changed.notify()

    def put(self, rank: Rank, item: Item) -> None:
        """It is here."""
        with self._changed:
            self._expected.discard(rank)
            heapq.heappush(self._here, (rank, self._clock(), item))
            self._changed.notify()

    def close(self) -> None:
        """`get` returns None from now on."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def get(self) -> Item | None:
        """The next item, when its turn has come; None when the queue is closed."""
        with self._changed:
            while not self._closed:
                left: float | None = None
                if self._here:
                    rank, since, item = self._here[0]
                    left = since + self._patience - self._clock()
                    if left <= 0 or all(rank < other for other in self._expected):
                        heapq.heappop(self._here)
                        return item
                self._changed.wait(left)
            return None
