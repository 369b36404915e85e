"""Work that takes longer than a page may: it runs beside, and the page says how far it came."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass

from appliance.errors import ApplianceError


@dataclass(frozen=True, slots=True)
class Step:
    """How far a job has come."""

    done: int
    of: int  # 0: not known
    what: str = ""  # noun of what is counted


class Job:
    """One piece of work on a thread of its own; its steps are read from outside."""

    def __init__(self, work: Generator[Step, None, object]) -> None:
        """Begin.  ``work`` yields its steps and returns its result."""
        self.step = Step(0, 0)
        self.result: object = None
        self.error: ApplianceError | None = None
        self._over = threading.Event()
        self._ending = threading.Lock()
        self._after: Callable[[], object] | None = None
        threading.Thread(target=self._run, args=(work,), name="console-job", daemon=True).start()

    @property
    def over(self) -> bool:
        """Whether it has ended, well or not."""
        return self._over.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait for the end, at most so long; whether it came."""
        return self._over.wait(seconds)

    def afterwards(self, do: Callable[[], object]) -> None:
        """Do something once it has ended: now, where it has."""
        with self._ending:
            if not self.over:
                self._after = do
                return
        do()

    def _run(self, work: Generator[Step, None, object]) -> None:
        try:
            while True:
                self.step = next(work)
        except StopIteration as end:
            self.result = end.value
        except ApplianceError as error:
            self.error = error
        except Exception as error:
            fault = f"internal fault: {type(error).__name__}"
            self.error = ApplianceError(fault, remedy="report this line to the maintainers")
        finally:
            with self._ending:
                self._over.set()
            if self._after is not None:
                self._after()
