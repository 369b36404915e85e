"""A hot folder: files are handed out when they are complete, and again when they change.

Nothing tells when another program has finished writing.  A file counts as complete when its size
and its time of change were the same in two scans and it is at least two seconds old; names that
programs give to unfinished files wait until they are renamed.  The folder is polled: watches of
the kernel (inotify(7)) do not work on network file systems and overflow silently.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from appliance.ingest.folder import EVERYTHING, Choice, Found, Skipped, walk

SETTLED_S = 2.0  # since the last change of a file
EVERY_S = 1.0  # between two scans
UNFINISHED = ("*.part", "*.partial", "*.tmp", "*.crdownload", "*.filepart", "~$*")

_Seen = tuple[int, int]  # size, time of change


class HotFolder:
    """The files of one folder as they become complete; iterating over it never ends by itself.

    ``None`` comes when there is nothing new: the one who asks decides how to wait.
    """

    def __init__(
        self,
        folder: Path,
        choice: Choice = EVERYTHING,
        *,
        every: float = EVERY_S,
        settled: float = SETTLED_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Name the folder; it has to be there already.

        Raises:
            InputUnreadable: the folder is missing, is no folder, or may not be read.
        """
        self._folder = folder
        self._choice = replace(choice, limit=None)
        self._left = choice.limit
        self._every, self._settled, self._clock = every, settled, clock
        self._unchanged: dict[str, tuple[_Seen, float]] = {}  # since when, by our own clock
        self._handed: dict[str, _Seen] = {}
        self._said: set[Skipped] = set()
        walk(folder, choice)

    def __iter__(self) -> Iterator[Found | Skipped | None]:
        """Files as they become complete, what is left out, once each; ``None`` for nothing new."""
        scanned = -self._every
        while self._left is None or self._left > 0:
            if self._clock() - scanned < self._every:
                yield None
                continue
            scanned = self._clock()
            for entry in self.scan():
                yield entry
                if isinstance(entry, Found) and self._left is not None:
                    self._left -= 1
                    if not self._left:
                        return

    def scan(self) -> tuple[Found | Skipped, ...]:
        """Look once; what is new and complete.

        Raises:
            InputUnreadable: the folder went away.
        """
        listing = walk(self._folder, self._choice)
        fresh: list[Found | Skipped] = [s for s in listing.skipped if s not in self._said]
        self._said.update(listing.skipped)
        there = {found.name for found in listing.files}
        self._unchanged = {n: seen for n, seen in self._unchanged.items() if n in there}
        self._handed = {name: seen for name, seen in self._handed.items() if name in there}
        for found in listing.files:
            if self._complete(found):
                self._handed[found.name] = (found.size, found.changed)
                fresh.append(found)
        return tuple(fresh)

    def _complete(self, found: Found) -> bool:
        """Whether the file stands still and was not handed out as it is now."""
        now, is_now = self._clock(), (found.size, found.changed)
        was, since = self._unchanged.get(found.name, (None, now))
        if was != is_now:
            self._unchanged[found.name] = (is_now, now)
            return False
        if self._handed.get(found.name) == is_now or _unfinished(found.name):
            return False
        # The file's own age counts where the clocks agree; where they do not, what was seen here.
        age = time.time() - found.changed / 1e9
        return max(age, now - since) >= self._settled


def _unfinished(name: str) -> bool:
    last = name.rpartition("/")[2].lower()
    return any(fnmatchcase(last, pattern) for pattern in UNFINISHED)
