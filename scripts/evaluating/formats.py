"""Word recall per format, and the cells of tables, against reference texts in Markdown."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from scripts.evaluating import tables, words
from scripts.evaluating.confined import Read
from scripts.evaluating.result import Detail, Result
from scripts.evaluating.score import Count, share

WORDS = 0.97  # at least, on every format
_FOLDER = "office_formats"


def score(data: Path, reads: Mapping[Path, Read]) -> Result:
    """Word recall of every format that has a reference."""
    by_format: dict[str, list[Count]] = defaultdict(list)
    details = []
    for document, kind, reference in _references(data):
        truth = words.words(words.plain(reference))
        read = reads[document]
        text = words.words(read.text)
        count = Count(document.name, words.found(truth, text), truth.total())
        by_format[kind].append(count)
        failure = (read.failure.message,) if read.failure else ()
        details.append(
            Detail(
                "formats",
                document.name,
                (("word recall", count.share), ("words", count.total)),
                (*failure, *words.missing(truth, text)),
            )
        )
    scores = [
        share("formats", f"word recall, {kind}", counts, WORDS)
        for kind, counts in by_format.items()
    ]
    if scores:
        scores.append(
            share("formats", "word recall, all", [c for k in by_format.values() for c in k])
        )
    return Result(scores, details)


def score_tables(data: Path, reads: Mapping[Path, Read]) -> Result:
    """Cells found, and found under their heads beside their labels."""
    found: dict[str, list[Count]] = defaultdict(list)
    placed: dict[str, list[Count]] = defaultdict(list)
    details = []
    for document, group, grids in _grids(data):
        wanted = [cell for grid in grids for cell in tables.wanted(grid)]
        if not wanted:
            continue
        parsed = reads[document].document
        there, right = tables.matched(wanted, tables.held(parsed) if parsed else [])
        found[group].append(Count(document.name, there, len(wanted)))
        placed[group].append(Count(document.name, right, len(wanted)))
        figures = (("found", there / len(wanted)), ("placed", right / len(wanted)))
        details.append(Detail("tables", document.name, (*figures, ("cells", len(wanted)))))
    scores = []
    for group, counts in found.items():
        scores.append(share("tables", f"cells found, {group}", counts))
        scores.append(share("tables", f"cells under their head and label, {group}", placed[group]))
    return Result(scores, details)


def _references(data: Path) -> list[tuple[Path, str, str]]:
    manifest = data / _FOLDER / "manifest.jsonl"
    rows = [json.loads(line) for line in _lines(manifest)]
    return [
        (
            manifest.parent / row["doc"],
            row["format"],
            (manifest.parent / row["reference"]).read_text("utf-8"),
        )
        for row in rows
        if row["reference"]
    ]


def _grids(data: Path) -> list[tuple[Path, str, list[tables.Grid]]]:
    """Every document with the tables of its truth; reports are truth in themselves."""
    found = [
        (document, "office files", tables.of_markdown(reference))
        for document, _, reference in _references(data)
    ]
    for document in sorted((data / "finance_tables" / "docs").glob("*")):
        group = f"reports in {document.suffix[1:]}"
        grids = tables.of_file(document)
        found.append((document, group, grids))
    return found


def _lines(file: Path) -> list[str]:
    return file.read_text("utf-8").splitlines() if file.exists() else []
