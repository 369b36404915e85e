"""Recognition: processor seconds for a page on one core, pages per second of two readers, errors.

Seconds count the processor time of this one thread, so that other work on the machine does not
enter; pages per second are of the confined readers, by the clock.  Errors are edits over the
characters of the known text, blanks and capitals apart (the receipts' truth is in capitals).
"""

from __future__ import annotations

import json
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from appliance.config import ReaderSettings
from appliance.documents import ParsedDocument
from appliance.formats import kinds
from appliance.formats.reading import Wishes
from appliance.formats.scans import scan
from appliance.formats.worker import SCAN
from appliance.sandbox.server import ReaderServer
from scripts.benches.figure import Figure

ROUNDS = 3  # of every sample; the least of the seconds counts
READERS = 2
PROSE, RECEIPTS = ("contract_tilted.pdf",), ("receipt_dense.jpg", "receipt_creased.jpg")
MOST_ERRORS = 0.02  # on prose


def measure(root: Path) -> list[Figure]:
    """The figures of this stage, on the scans in tests/samples/scans."""
    folder = root / "tests" / "samples" / "scans"
    truth = json.loads((folder / "truth.json").read_text("utf-8"))
    scan.warm()
    figures = []
    for what, names in (("page of prose", PROSE), ("receipt", RECEIPTS)):
        files = [(folder / name).read_bytes() for name in names]
        seconds = sum(min(_seconds(data) for _ in range(ROUNDS)) for data in files)
        on = ", ".join(names)
        figures.append(Figure("ocr", f"one {what}, one core", seconds / len(files), "s", on=on))
    for name in PROSE:
        wrong = _errors("".join(truth[name]), _recognised((folder / name).read_bytes()).text)
        bound = f"<= {MOST_ERRORS}"
        met = wrong <= MOST_ERRORS
        figures.append(Figure("ocr", "characters wrong", wrong, "share", bound, met, name))
    files = [(folder / name).read_bytes() for name in (*PROSE, *RECEIPTS)]
    on = f"{READERS} confined readers, by the clock, the same pages"
    figures.append(Figure("ocr", "pages recognised", _pages_per_second(files), "pages/s", on=on))
    return figures


def _recognised(data: bytes) -> ParsedDocument:
    document = scan.read(data, kinds.sniff(data, ""), Wishes(scan=0)).document
    if document is None:
        raise AssertionError("a scan gives a document")
    return document


def _seconds(data: bytes) -> float:
    began = time.thread_time()
    _recognised(data)
    return time.thread_time() - began


def _errors(truth: str, text: str) -> float:
    from rapidfuzz.distance import Levenshtein

    wanted, got = (re.sub(r"[\s|]+", "", one).casefold() for one in (truth, text))
    return Levenshtein.distance(wanted, got) / len(wanted)


def _pages_per_second(files: list[bytes]) -> float:
    wishes = Wishes(scan=0).encode()
    with ExitStack() as stack:
        readers = [
            stack.enter_context(ReaderServer.start(ReaderSettings(), Path(sys.executable)))
            for _ in range(READERS)
        ]
        for reader in readers:
            reader.read(files[0], SCAN, wishes)  # models loaded
        stack.enter_context(workers := ThreadPoolExecutor(READERS))

        def work(reader: ReaderServer) -> None:
            for data in files:
                reader.read(data, SCAN, wishes)

        began = time.perf_counter()
        list(workers.map(work, readers))
        return READERS * len(files) / (time.perf_counter() - began)
