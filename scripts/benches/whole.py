"""The whole way of a file into the store: speed, how well its stages overlap, sealing, memory."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from appliance import config
from appliance.app.view import Appliance
from appliance.config import Settings
from appliance.documents import ParsedDocument
from appliance.errors import ApplianceError
from appliance.formats import kinds, reading
from appliance.formats.reading import Wishes
from appliance.formats.worker import SCAN
from appliance.ingest.folder import walk
from appliance.ingest.readers import Reader, ReaderPool, processes
from appliance.sandbox.server import ReaderServer
from scripts.benches.figure import Figure

Result = TypeVar("Result")

PAGES = 250
PASSPHRASE = "a passphrase for the bench"  # noqa: S105 - of a throw-away store
SEAL_SHARE = 0.05
OVERLAP = 0.8  # of the speed of the slowest stage alone
PEAK_GB = 1.5


def measure(root: Path) -> list[Figure]:
    """Ingest the demo corpus in this process, then one long PDF in a process of its own."""
    samples = root / "tests" / "samples" / "demo"
    with tempfile.TemporaryDirectory(prefix="appliance-bench-") as scratch:
        return [*_ingest(samples, Path(scratch) / "a"), *_peak(samples, Path(scratch) / "b")]


def _ingest(samples: Path, home: Path) -> list[Figure]:
    settings = config.load(home)
    Appliance.create(settings, PASSPHRASE, os.getuid())
    with Appliance.open(settings, PASSPHRASE, os.getuid(), "", lambda _: None) as appliance:
        appliance.create_collection("bench", "general")
        sealing = Stopwatch()
        store = appliance.store
        store.add_document = sealing.around(store.add_document)  # type: ignore[method-assign]
        appliance.questions.search("warm-up", (), 1)
        begun = time.perf_counter()
        outcomes = list(appliance.ingest(walk(samples), "bench", ()))
        spent = time.perf_counter() - begun
        documents = [outcome.document for outcome in outcomes if outcome.document]
        read, parsed = _read_alone(settings, samples)
        begun = time.perf_counter()
        for one in parsed:
            appliance.warm.library().payload(one)
        embedded = time.perf_counter() - begun
    characters = sum(document.characters for document in documents)
    pages = sum(document.pages or 1 for document in documents)
    share = sealing.spent / spent
    slowest, stage = max((read, "reading"), (embedded, "embedding"), (sealing.spent, "sealing"))
    overlap = slowest / spent
    on = f"{len(documents)} documents of tests/samples/demo, {characters:,} characters"
    beside = f"{on}; reading alone {read:.1f} s, embedding {embedded:.1f} s"
    return [
        Figure("whole", "ingest", len(documents) / spent, "documents/s", on=on),
        Figure(
            "whole", "ingest", pages / spent, "pages/s", on=f"{on}; a file without pages as one"
        ),
        Figure("whole", "ingest", characters / spent, "characters/s", on=on),
        Figure(
            "whole",
            f"all stages together against the slowest alone ({stage})",
            overlap,
            "x",
            f">= {OVERLAP}x",
            overlap >= OVERLAP,
            beside,
        ),
        Figure(
            "whole",
            "sealing, share of ingest",
            100 * share,
            "%",
            "<= 5 %",
            share <= SEAL_SHARE,
            on,
        ),
    ]


def _read_alone(settings: Settings, samples: Path) -> tuple[float, list[ParsedDocument]]:
    """Seconds that the readers take for all files with nothing else going on, from their start."""
    start = partial(ReaderServer.start, settings.reader, Path(sys.executable))
    answers: queue.SimpleQueue[ParsedDocument | None] = queue.SimpleQueue()

    def work(data: bytes, suffix: str, reader: Reader) -> None:
        try:
            wishes = Wishes(suffix)
            untrusted = reader.read(data, kinds.family(data[:1024]), wishes.encode())
            found = reading.decode(untrusted)
            for scan in found.scans:
                reader.read(data, SCAN, replace(wishes, scan=scan.unit).encode())
            answers.put(found.document)
        except ApplianceError:
            answers.put(None)

    files = walk(samples).files
    begun = time.perf_counter()
    pool = ReaderPool(start, processes(settings.reader.processes))
    for number, file in enumerate(files):
        data = file.path.read_bytes()
        pool.submit((number,), partial(work, data, file.path.suffix.lower()))
    read = [answers.get() for _ in files]
    spent = time.perf_counter() - begun
    pool.stop()
    return spent, [document for document in read if document is not None]


class Stopwatch:
    """Adds up the time spent in a function."""

    def __init__(self) -> None:
        self.spent = 0.0

    def around(self, function: Callable[..., Result]) -> Callable[..., Result]:
        """The same function, timed."""

        def timed(*arguments: object, **named: object) -> Result:
            begun = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                self.spent += time.perf_counter() - begun

        return timed


def _peak(samples: Path, home: Path) -> list[Figure]:
    folder = home.parent / "long"
    folder.mkdir()
    _long_pdf(samples, folder / "long.pdf")
    settings = config.load(home)
    Appliance.create(settings, PASSPHRASE, os.getuid())
    with Appliance.open(settings, PASSPHRASE, os.getuid(), "", lambda _: None) as appliance:
        appliance.create_collection("bench", "general")
    secret = home.parent / "secret"
    secret.write_text(PASSPHRASE)
    command = [
        sys.executable,
        "-m",
        "appliance.cli.main",
        "--home",
        str(home),
        "ingest",
        str(folder),
        "--collection",
        "bench",
        "--passphrase-file",
        str(secret),
    ]
    begun = time.perf_counter()
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    peak = [0]
    watcher = threading.Thread(target=_watch, args=(process, peak))
    watcher.start()
    status = process.wait()
    watcher.join()
    if status:
        raise RuntimeError(f"ingest ended with {status}")
    spent = time.perf_counter() - begun
    on = f"a PDF of {PAGES} pages; app and reader processes together, resident, shared pages once"
    gigabytes = peak[0] / 1e9
    return [
        Figure("whole", "peak memory", gigabytes, "GB", "<= 1.5 GB", gigabytes <= PEAK_GB, on),
        Figure("whole", "PDF of 250 pages, start to end", spent, "s", on=on),
    ]


def _long_pdf(samples: Path, target: Path) -> None:
    import pypdfium2

    sources = [pypdfium2.PdfDocument(path) for path in sorted(samples.rglob("*.pdf"))]
    joined = pypdfium2.PdfDocument.new()
    while len(joined) < PAGES:
        for source in sources:
            joined.import_pages(source, list(range(min(len(source), PAGES - len(joined)))))
    joined.save(target)


def _watch(process: subprocess.Popen[bytes], peak: list[int]) -> None:
    while process.poll() is None:
        peak[0] = max(peak[0], _tree_bytes(process.pid))
        time.sleep(0.1)


def _tree_bytes(pid: int) -> int:
    """Proportional memory of a process and its descendants (proc(5), smaps_rollup)."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    except OSError:
        return 0
    own = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return own * 1024 + sum(_tree_bytes(int(child)) for child in children)
