"""The account of every file: read or refused with a reason, losses explained, flags, speed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from appliance.errors import NoText
from scripts.evaluating.confined import Read
from scripts.evaluating.result import Detail, Result
from scripts.evaluating.score import Count, Score, share


def score(data: Path, reads: Mapping[Path, Read]) -> Result:
    """Over every file that was read, of all folders."""
    if not reads:
        return Result()
    explained, accounted, details = [], [], []
    for file, read in reads.items():
        name = str(file.relative_to(data))
        parsed = read.document
        lost = tuple(
            f"unexplained: {tally.unit}, {tally.stored} of {tally.seen}"
            for tally in (parsed.unexplained() if parsed else ())
        )
        if parsed:
            explained.append(Count(name, not lost, 1))
        silent = read.failure is None and not read.text.strip() and not read.parts
        accounted.append(Count(name, not silent, 1))
        details.append(Detail("coverage", name, _figures(read), (*lost, *_notes(read))))
    scores = [
        share("coverage", "documents without unexplained loss", explained, 1.0),
        share("coverage", "files read, or refused with a reason", accounted, 1.0),
        *_totals(list(reads.values())),
    ]
    return Result(scores, details)


def _figures(read: Read) -> tuple[tuple[str, float], ...]:
    figures = [("seconds", round(read.seconds + read.scan_seconds, 3)), ("pages", read.pages)]
    if read.document:
        figures.append(("characters", len(read.text)))
        figures += [(f"seen {tally.unit}", tally.seen) for tally in read.document.tallies]
        figures += [(f"stored {tally.unit}", tally.stored) for tally in read.document.tallies]
    return (*figures, ("parts", len(read.parts)), ("scans", read.scans))


def _notes(read: Read) -> tuple[str, ...]:
    if read.failure is not None:
        return (f"refused: {read.failure.message}",)
    parsed = read.document
    if parsed is None:
        return ()
    gaps = Counter[str]()
    for gap in parsed.gaps:
        gaps[gap.reason] += gap.amount
    hidden = Counter(hidden.why.value for hidden in parsed.hidden)
    return (
        *(f"gap: {reason} ({amount})" for reason, amount in gaps.items()),
        *(f"flag: {flag.value}" for flag in parsed.flags),
        *(f"hidden: {why} ({amount})" for why, amount in hidden.items()),
    )


def _totals(reads: list[Read]) -> list[Score]:
    refused = [read for read in reads if read.failure is not None]
    empty = sum(isinstance(read.failure, NoText) for read in refused)
    documents = [read.document for read in reads if read.document]
    whole = [read for read in reads if read.document and not read.scans]
    paged = [read for read in whole if read.document and read.document.pages]
    others = [read for read in whole if read.document and not read.document.pages]
    return [
        Score("coverage", "files refused", len(refused), "files", on=f"{empty} without text"),
        Score("coverage", "gaps", sum(len(d.gaps) for d in documents), "gaps"),
        Score("coverage", "documents with flags", sum(bool(d.flags) for d in documents), "files"),
        _speed("pages", [(read.pages, read.seconds) for read in paged]),
        _speed("files without pages", [(1, read.seconds) for read in others]),
    ]


def _speed(what: str, done: list[tuple[int, float]]) -> Score:
    amount, spent = sum(number for number, _ in done), sum(seconds for _, seconds in done)
    on = f"{amount:,} {what}, without scans"
    return Score(
        "coverage", f"{what} read", amount / max(spent, 1e-9), "per second and core", on=on
    )
