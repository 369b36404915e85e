"""PDF: word recall against pypdfium2's own text, and against the text that others made of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pypdfium2 as pdfium

from scripts.evaluating import words
from scripts.evaluating.confined import Read
from scripts.evaluating.result import Detail, Result
from scripts.evaluating.score import Count, share

PLAIN = 0.99  # of pypdfium2's words, at least
TRUTH = 0.97  # of the words of an independent text of the same document, at least


def score(data: Path, reads: Mapping[Path, Read]) -> Result:
    """Both recalls, over every PDF that has a text layer."""
    plain: dict[str, list[Count]] = {}
    truth: list[Count] = []
    details = []
    for file, read in reads.items():
        if file.suffix.lower() != ".pdf" or read.document is None or read.scans:
            continue
        text = words.words(read.text)
        folder = file.relative_to(data).parts[0]
        expected = words.words(_joined(_plain_text(file)))
        count = Count(file.name, words.found(expected, text), expected.total())
        plain.setdefault(folder, []).append(count)
        figures = [("recall of pypdfium2", count.share), ("words", count.total)]
        notes = words.missing(expected, text)
        independent = file.parent.parent / "text" / f"{file.stem}.txt"
        if independent.exists():
            expected = words.words(independent.read_text("utf-8"))
            count = Count(file.name, words.found(expected, text), expected.total())
            truth.append(count)
            figures.append(("recall of the independent text", count.share))
            notes += words.missing(expected, text)
        details.append(Detail("pdf", file.name, tuple(figures), notes))
    scores = [
        share("pdf", f"words of pypdfium2, {folder}", counts, PLAIN)
        for folder, counts in plain.items()
    ]
    if truth:
        scores.append(share("pdf", "words of an independent text, contracts", truth, TRUTH))
    return Result(scores, details)


def _plain_text(file: Path) -> str:
    with pdfium.PdfDocument(file) as document:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)


def _joined(text: str) -> str:
    """Words that pypdfium2 marks as cut at a line's end, whole again."""
    return re.sub("[\ufffe\x02]\r?\n?", "", text)
