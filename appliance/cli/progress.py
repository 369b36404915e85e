"""Progress on long work: count, rate and time left; plain lines where nobody watches a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from appliance.report import visible

if TYPE_CHECKING:
    from rich.progress import Progress

LINE_EVERY_S = 5.0  # without a terminal


class Track:
    """One long piece of work of ``total`` steps."""

    def __init__(self, what: str, total: int, unit: str, bar: Progress | None) -> None:
        self._what = what
        self._total = total
        self._unit = unit
        self._bar = bar
        self._task = bar.add_task(what, total=total, pace="") if bar else None
        self._done = 0
        self._begun = self._told = time.monotonic()

    def step(self) -> None:
        """One more is done."""
        self._done += 1
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=1, pace=self._pace())
        elif time.monotonic() - self._told >= LINE_EVERY_S or self._done == self._total:
            self._told = time.monotonic()
            self.say(f"{self._what}: {self._done}/{self._total}, {self._pace()}")

    def say(self, line: str) -> None:
        """A line that stays, above the bar."""
        if self._bar is not None:
            self._bar.console.print(visible(line), markup=False, highlight=False)
        else:
            click.echo(visible(line), err=True)

    def _pace(self) -> str:
        rate = self._done / max(time.monotonic() - self._begun, 1e-9)
        left = (self._total - self._done) / rate if rate else 0.0
        shown = f"{rate:.1f} {self._unit}/s" if rate >= 1 else f"{60 * rate:.1f} {self._unit}/min"
        return f"{shown}, {left:.0f} s left"


@contextmanager
def track(what: str, total: int, unit: str) -> Iterator[Track]:
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
