"""What is open until it is closed: a store, a log, a connection, a reader."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self


class Closing(ABC):
    """A context manager by its ``close``: `with` closes it, however the block ends."""

    @abstractmethod
    def close(self) -> None:
        """Let go of everything; harmless when repeated."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
