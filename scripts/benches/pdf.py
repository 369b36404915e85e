"""Reading: PDF pages per second on one core, office documents per second, the confinement's cost.

One core: the reader is one thread, and the first figure counts processor time, so that other work
on the machine does not enter.  The ratio compares with pypdfium2's own text of the same pages in
the same run: what boxes, reading order and rows cost on top.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pypdfium2 as pdfium

from appliance.config import ReaderSettings
from appliance.ingest import kinds, reading
from appliance.ingest.pdf import read_pdf
from appliance.ingest.reading import Wishes
from appliance.sandbox.outcome import ReadingFailed
from appliance.sandbox.server import ReaderServer
from scripts.benches.figure import Figure

PAGES = 300  # read at least so many
ROUNDS = 3
TARGET = 100.0


def measure(root: Path) -> list[Figure]:
    """The figures of this stage, on the documents in tests/samples/demo."""
    samples = root / "tests" / "samples" / "demo"
    files = [file.read_bytes() for file in sorted(samples.rglob("*.pdf"))]
    own, plain = _pages_per_second(files)
    words = _word_recall(files)
    on = f"{len(files)} PDFs of tests/samples/demo"
    return [
        Figure(
            "pdf", "pages read", own, "pages/s", f">= {TARGET:.0f} on one core", own >= TARGET, on
        ),
        Figure("pdf", "pypdfium2's text alone, same pages", plain, "pages/s", on=on),
        Figure(
            "pdf", "word recall against pypdfium2", words, "share", ">= 0.99", words >= 0.99, on
        ),
        *_confined(samples),
    ]


def _pages_per_second(files: list[bytes]) -> tuple[float, float]:
    """Own reader and pypdfium2's text, in turn over the same files, in processor time."""
    own = plain = 0.0
    pages = 0
    while pages < PAGES:
        for data in files:
            began = time.process_time()
            pages += read_pdf(data).pages or 0
            own += time.process_time() - began
            began = time.process_time()
            _plain_text(data)
            plain += time.process_time() - began
    return pages / own, pages / plain


def _plain_text(data: bytes) -> str:
    with pdfium.PdfDocument(data) as document:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)


def _word_recall(files: list[bytes]) -> float:
    """Share of pypdfium2's words that stand in the text as read."""
    found = total = 0
    for data in files:
        read = set(read_pdf(data).text.split())
        joined = "\x02\r\n".join(
            _plain_text(data).split("\x02")
        ).split()  # words cut at a line's end
        whole = [word for word in joined if not word.endswith("\x02")]
        total += len(whole)
        found += sum(word in read for word in whole)
    return found / max(total, 1)


def _confined(samples: Path) -> list[Figure]:
    began = time.perf_counter()
    with ReaderServer.start(ReaderSettings(), Path(sys.executable)) as reader:
        started = time.perf_counter() - began
        began = time.perf_counter()
        _read(reader, b"The first document.", ".txt")
        warmed = time.perf_counter() - began
        least = min(_seconds(reader, b"A small document.", ".txt") for _ in range(10))
        office = _office_files(samples)
        began = time.perf_counter()
        for _ in range(ROUNDS):
            for data, kind in office:
                reading.decode(_read(reader, data, kind))
        each = (time.perf_counter() - began) / (ROUNDS * len(office))
    on = f"{len(office)} office, mail, web and text files of tests/samples/demo, wall clock"
    return [
        Figure("pdf", "confined reader ready for PDF", started, "s"),
        Figure("pdf", "first office document, with imports", warmed, "s"),
        Figure("pdf", "smallest document, confined", 1000 * least, "ms"),
        Figure("pdf", "office documents, confined", 1 / each, "documents/s", on=on),
    ]


def _seconds(reader: ReaderServer, data: bytes, suffix: str) -> float:
    began = time.perf_counter()
    _read(reader, data, suffix)
    return time.perf_counter() - began


def _read(reader: ReaderServer, data: bytes, suffix: str) -> bytes:
    return reader.read(data, kinds.family(data), Wishes(suffix).encode())


def _office_files(samples: Path) -> list[tuple[bytes, str]]:
    found = []
    for file in sorted(samples.rglob("*")):
        if not file.is_file() or file.name == "SOURCES.md":
            continue
        data = file.read_bytes()
        try:
            kind = kinds.sniff(data, file.suffix.lower())
        except ReadingFailed:
            continue
        if kind in kinds.OFFICE:
            found.append((data, file.suffix.lower()))
    return found
