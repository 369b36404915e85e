"""Progress on long work: count, rate and time left; plain lines where nobody watches a terminal.

What is written to a file stays readable: one whole line at a time, no control characters, a line
at the first step and then every few seconds at most.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from appliance.app.work.report import visible

if TYPE_CHECKING:
    from rich.progress import Progress

LINE_EVERY_S = 5.0  # without a terminal
SMOOTHING_S = 30.0  # the rate is that of about the last so many seconds


class Track:
    """One long piece of work of ``total`` steps; of unknown length where that is None."""

    def __init__(self, what: str, total: int | None, unit: str, bar: Progress | None) -> None:
        self._what = what
        self._total = total
        self._unit = unit
        self._bar = bar
        self._task = bar.add_task(what, total=total, pace="") if bar else None
        self._done = self._parts = self._pages = 0
        self._begun = self._told = self._stepped = time.monotonic()
        self._per_step: float | None = None  # seconds, the last ones counting most

    def step(self, *, part: bool = False, pages: int = 0) -> None:
        """One more is done; a part of one does not count against the total."""
        now = time.monotonic()
        self._pages += pages
        if part:
            self._parts += 1
        else:
            self._done += 1
            self._note_pace(now)
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=0 if part else 1, pace=self._pace())
        elif now - self._told >= LINE_EVERY_S or (not part and self._done in {1, self._total}):
            self._told = now
            self.say(f"{self._what}: {self._count()}, {self._pace()}")

    def say(self, line: str) -> None:
        """A line that stays, above the bar."""
        if self._bar is not None:
            self._bar.console.print(visible(line), markup=False, highlight=False)
        else:
            click.echo(visible(line), err=True)

    def _note_pace(self, now: float) -> None:
        spent, self._stepped = now - self._stepped, now
        if self._per_step is None:
            self._per_step = spent
        else:
            weight = min(max(spent / SMOOTHING_S, 1 / self._done), 1.0)
            self._per_step += weight * (spent - self._per_step)

    def _count(self) -> str:
        parts = f" and {self._parts} in them" if self._parts else ""
        return f"{self._done}{f'/{self._total}' if self._total is not None else ''}{parts}"

    def _pace(self) -> str:
        spent = max(time.monotonic() - self._begun, 1e-9)
        shown = _rate((self._done + self._parts) / spent, self._unit)
        if self._pages:
            shown += f", {_rate(self._pages / spent, 'pages')}"
        if self._total is None or self._per_step is None:
            return shown
        return f"{shown}, {_span((self._total - self._done) * self._per_step)} left"


def _rate(per_second: float, unit: str) -> str:
    return f"{per_second:.1f} {unit}/s" if per_second >= 1 else f"{60 * per_second:.1f} {unit}/min"


def _span(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02} min"


@contextmanager
def track(what: str, total: int | None, unit: str) -> Iterator[Track]:
    """Show progress on standard error while the block runs."""
    if not sys.stderr.isatty():
        yield Track(what, total, unit, None)
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[pace]}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        yield Track(what, total, unit, bar)
