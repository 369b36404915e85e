"""Reading: PDF pages per second on one core, office documents per second.

One core: every figure counts the processor time of all processes that take part (the parent that
checks the answer, the warm server, the confined child), so that other work on the machine enters
as little as can be.  The ratio compares with pypdfium2's own text of the same pages in the same
run: what confinement, boxes, reading order and tables cost on top.  Files are read in turn and the
mean of the rounds counts, for both sides.

The same is told apart for a PDF of one page, where confinement costs most, and for one long PDF of
the demo's pages over and over, where it hardly counts.

``unstructured`` is not read with its fast strategy in the locked environment, which does not hold
what that needs; ``scripts/bench --with SITE`` takes a folder of packages that does.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium

from appliance.config import ReaderSettings
from appliance.formats import kinds, reading
from appliance.formats.pdf.document import read_pdf
from appliance.formats.reading import Wishes
from appliance.sandbox.outcome import ReadingFailed
from appliance.sandbox.server import ReaderServer
from scripts.benches.figure import Figure

OFFICE = frozenset(
    {kinds.DOCX, kinds.PPTX, kinds.XLSX, kinds.ODT, kinds.ODS, kinds.ODP, kinds.EPUB, kinds.HTML}
    | {kinds.MHTML, kinds.XML, kinds.JSON, kinds.JSONL, kinds.MD, kinds.CSV, kinds.TXT}
)

ROUNDS = 9
ONE_PAGE_TIMES = 10  # one page is too short for the clock
LONG_TIMES = 6  # the pages of the demo in the long PDF
RATIO = 0.5
AGAINST_UNSTRUCTURED = 30.0


def measure(root: Path) -> list[Figure]:
    """The figures of this stage, on the documents in tests/samples/demo."""
    samples = root / "tests" / "samples" / "demo"
    paths = sorted(samples.rglob("*.pdf"))
    files = [path.read_bytes() for path in paths]
    on = f"{len(files)} PDFs of tests/samples/demo"
    words = _word_recall(files)
    return [
        *_speed(paths, files, on),
        Figure(
            "pdf", "word recall against pypdfium2", words, "share", ">= 0.99", words >= 0.99, on
        ),
        *_confined(samples),
    ]


def _speed(paths: list[Path], files: list[bytes], on: str) -> list[Figure]:
    pages = sum(_pages(data) for data in files)
    with ReaderServer.start(ReaderSettings(), Path(sys.executable)) as reader:

        def confined(data: bytes) -> None:
            reading.decode(_read(reader, data, ".pdf"))

        confined(files[0])  # imports
        own, bare, plain = _seconds_of(files, (confined, read_pdf, _plain_text))
        lengths = [*_short(files[-1], confined), *_long(files, confined)]
    own, bare, plain = pages / own, pages / bare, pages / plain
    what = "pages read: confined, boxes, tables"
    ratio = own / plain
    figures = [
        Figure("pdf", what, own, "pages/s", on=on),
        Figure("pdf", "the same without the sandbox", bare, "pages/s", on=on),
        Figure("pdf", "pypdfium2's text alone", plain, "pages/s", on=on),
        Figure("pdf", "read / text alone", ratio, "x", f">= {RATIO}", ratio >= RATIO, on),
        *lengths,
    ]
    fast = _unstructured()
    if fast is not None:
        named = dict(zip(files, paths, strict=True))
        (seconds,) = _seconds_of(files, (lambda data: fast(str(named[data])),), rounds=1)
        other = pages / seconds
        times = own / other
        bound = f">= {AGAINST_UNSTRUCTURED:.0f}"
        figures += [
            Figure("pdf", "unstructured, fast strategy", other, "pages/s", on=on),
            Figure("pdf", "read / fast", times, "x", bound, times >= AGAINST_UNSTRUCTURED, on),
        ]
    return figures


def _short(data: bytes, confined: Callable[[bytes], None]) -> list[Figure]:
    """What one document costs, however short."""
    times = [_assembled([data], 1)] * ONE_PAGE_TIMES
    own, bare, plain = (
        1000 * seconds / len(times)
        for seconds in _seconds_of(times, (confined, read_pdf, _plain_text))
    )
    on = "the first page of a demo PDF, processor time"
    return [
        Figure("pdf", "a PDF of one page: confined", own, "ms", on=on),
        Figure("pdf", "a PDF of one page: without the sandbox", bare, "ms", on=on),
        Figure("pdf", "a PDF of one page: text alone", plain, "ms", on=on),
    ]


def _long(files: list[bytes], confined: Callable[[bytes], None]) -> list[Figure]:
    """The rate where confinement is shared by many pages."""
    data = _assembled(files * LONG_TIMES)
    pages = _pages(data)
    own, bare, plain = _seconds_of([data], (confined, read_pdf, _plain_text), rounds=3)
    on = f"one PDF of {pages} pages"
    return [
        Figure("pdf", "a long PDF: confined, boxes, tables", pages / own, "pages/s", on=on),
        Figure("pdf", "a long PDF: pypdfium2's text alone", pages / plain, "pages/s", on=on),
        Figure("pdf", "a long PDF: read / text alone", plain / own, "x", on=on),
        Figure("pdf", "a long PDF: without the sandbox / text alone", plain / bare, "x", on=on),
    ]


def _assembled(files: list[bytes], most: int | None = None) -> bytes:
    """One PDF of the pages of several, of each at most so many."""
    written = io.BytesIO()
    with pdfium.PdfDocument.new() as whole:
        for data in files:
            with pdfium.PdfDocument(data) as one:
                whole.import_pages(one, list(range(len(one)))[:most])
        whole.save(written)
    return written.getvalue()


def _unstructured() -> Callable[..., Any] | None:
    """Its reader of PDF, where everything it needs is installed; else the figure is left out."""
    with contextlib.suppress(ImportError):
        fast = importlib.import_module("unstructured.partition.pdf").partition_pdf

        def partition(filename: str) -> None:
            if not fast(filename=filename, strategy="fast", languages=["eng"]):
                raise RuntimeError("unstructured read nothing; it may lack its language model")

        return partition
    return None


def _seconds_of(
    files: list[bytes], ways: tuple[Callable[[bytes], object], ...], rounds: int = ROUNDS
) -> list[float]:
    """For each way the processor seconds for all files, the mean of rounds in turn."""
    spent = [0.0] * len(ways)
    for _ in range(rounds):
        for way, read in enumerate(ways):
            began = _processor_time()
            for data in files:
                read(data)
            spent[way] += _processor_time() - began
    return [seconds / rounds for seconds in spent]


def _processor_time() -> float:
    """Of this process and of everything it started."""
    own = time.process_time()
    return own + sum(_time_of(process) for process in _started(os.getpid()))


def _started(process: int) -> list[int]:
    listed = Path(f"/proc/{process}/task/{process}/children").read_text("ascii").split()
    return [number for child in map(int, listed) for number in (child, *_started(child))]


def _time_of(process: int) -> float:
    """User and system seconds of a process and of its children that have ended."""
    fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _pages(data: bytes) -> int:
    with pdfium.PdfDocument(data) as document:
        return len(document)


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
        if kind in OFFICE:
            found.append((data, file.suffix.lower()))
    return found
