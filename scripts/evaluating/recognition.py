"""Scans: character errors and word recall of recognised text, and the seconds that a page takes.

Receipts have one truth per printed line: each line is compared with the part of the recognised text
that fits it best, so the order in which lines are read does not count.  Contracts have the text of
each page: compared in order, from end to end.  Case, blanks and dotted leaders are no errors here
(the truths differ in them); words that were run together show in the word recall.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts.evaluating import words
from scripts.evaluating.confined import Read
from scripts.evaluating.result import Detail, Result
from scripts.evaluating.score import Count, Score, interval, share

_FOLDER = "scans"


def score(data: Path, reads: Mapping[Path, Read]) -> Result:
    """Receipts and contracts, each with its errors, its words and its time."""
    folder = data / _FOLDER
    receipts: list[Count] = []
    contracts: list[Count] = []
    recalls: dict[str, list[Count]] = defaultdict(list)
    for row in _rows(folder / "receipts_lines.jsonl"):
        text = reads[folder / row["doc"]].text
        printed = [line["text"] for line in row["lines"]]
        lines, read = [words.characters(line) for line in printed], words.characters(text)
        wrong = sum(words.distance(line, read, within=True) for line in lines)
        receipts.append(Count(row["doc"], wrong, sum(map(len, lines))))
        recalls["receipts"].append(_recall(row["doc"], "\n".join(printed), text))
    for name, pages in _pages(folder).items():
        by_page = _text_by_page(reads[folder / name])
        truths = {page: words.characters(truth) for page, truth in pages.items()}
        wrong = sum(
            words.distance(truth, words.characters(by_page.get(page, "")))
            for page, truth in truths.items()
        )
        contracts.append(Count(name, wrong, sum(map(len, truths.values()))))
        text = "\n".join(by_page.values())
        recalls["contracts"].append(_recall(name, "\n".join(pages.values()), text))
    details = [
        Detail("scans", errors.document, (("errors", errors.share), ("word recall", recall.share)))
        for errors, recall in zip(
            [*receipts, *contracts], [*recalls["receipts"], *recalls["contracts"]], strict=True
        )
    ]
    scores = [
        *_errors("receipts, line by line", receipts),
        *_errors("contracts, page by page", contracts),
        *(
            share("scans", f"word recall, {group}", counts)
            for group, counts in recalls.items()
            if counts
        ),
        *_time(folder, reads),
    ]
    return Result(scores, details)


def _rows(file: Path) -> list[dict[str, Any]]:
    return (
        [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []
    )


def _pages(folder: Path) -> dict[str, dict[int, str]]:
    found: dict[str, dict[int, str]] = defaultdict(dict)
    for row in _rows(folder / "contracts_pagetext.jsonl"):
        found[row["doc"]][row["page"]] = row["text"]
    return found


def _text_by_page(read: Read) -> dict[int, str]:
    pieces: dict[int, list[str]] = defaultdict(list)
    for element in read.document.elements if read.document else ():
        pieces[element.page or 1].append(element.span.of(read.text))
    return {page: "\n".join(texts) for page, texts in pieces.items()}


def _recall(name: str, truth: str, text: str) -> Count:
    expected: Counter[str] = words.words(truth)
    return Count(name, words.found(expected, words.words(text)), expected.total())


def _errors(what: str, counts: list[Count]) -> list[Score]:
    if not counts:
        return []
    value = sum(count.found for count in counts) / sum(count.total for count in counts)
    low, high = interval(counts)
    on = f"{len(counts)} documents, {sum(count.total for count in counts):,.0f} characters"
    return [Score("scans", f"character errors, {what}", value, low=low, high=high, on=on)]


def _time(folder: Path, reads: Mapping[Path, Read]) -> list[Score]:
    scanned = [read for file, read in reads.items() if folder in file.parents and read.scans]
    pages = sum(read.scans for read in scanned)
    if not pages:
        return []
    spent = sum(read.scan_seconds for read in scanned) / pages
    return [Score("scans", "recognition", spent, "s/page", on=f"{pages} pages, one core each")]
