"""The set ``reading``: what of the development data the confined reader gives back.

Every file is read once, recognition included; each part then scores what came of it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from scripts.evaluating import bombing, confined, coverage, formats, hostile, recognition, reports
from scripts.evaluating.confined import Read
from scripts.evaluating.options import Options
from scripts.evaluating.result import Detail, Result

Scored = Callable[[Path, Mapping[Path, Read]], Result]
PARTS: dict[str, Scored] = {
    "formats": formats.score,
    "pdf": reports.score,
    "tables": formats.score_tables,
    "scans": recognition.score,
    "coverage": coverage.score,
}
HOSTILE, BOMBS = "hostile", "bombs"
NAMES = (*PARTS, HOSTILE, BOMBS)
_FOLDERS = {
    "formats": ("office_formats/docs",),
    "pdf": ("legal_contracts/docs", "finance_filings/docs"),
    "tables": ("office_formats/docs", "finance_tables/docs"),
    "scans": ("scans/receipts", "scans/contracts"),
}
_ASIDE = {"hostile", "reference", "text"}  # folders whose files are not read for the coverage


def measure(data: Path, options: Options) -> Result:
    """Read what the parts need and score it.

    Args:
        data: a folder as described in ``scripts/evaluating/DATA.md``; parts without data are left
            out.
        options: which of `NAMES`, and how many files are read at the same time.
    """
    wanted = options.only or NAMES
    result = Result()
    with confined.started(options.readers) as running:
        reads = _read(running, _files(data, wanted))
        for name, score in PARTS.items():
            if name in wanted:
                result += score(data, reads)
        if HOSTILE in wanted:
            result += hostile.score(data, running)
        if BOMBS in wanted:
            result += bombing.score(running)
    return result


def _files(data: Path, parts: Sequence[str]) -> list[Path]:
    if "coverage" in parts:
        found = [
            file
            for file in sorted(data.rglob("*"))
            if file.is_file()
            and file.suffix not in {".jsonl", ".py", ".whl", ".json"}
            and file.name not in {"README.md", "SOURCES.md"}
            and not _ASIDE & set(file.relative_to(data).parts)
            and _is_read(file.relative_to(data))
        ]
    else:
        folders = {folder for part in parts for folder in _FOLDERS.get(part, ())}
        found = [file for folder in sorted(folders) for file in sorted((data / folder).glob("*"))]
    return [file for file in found if not file.is_symlink()]


def _is_read(inside: Path) -> bool:
    """Folders of other evaluations hold vectors and policies, no documents."""
    return inside.parts[0] not in {"access_control", "crypto_vectors", "merkle_vectors"} | {
        "pii",
        "prompt_injection",
        "cedar",
    }


def _read(readers: confined.Readers, files: Sequence[Path]) -> dict[Path, Read]:
    begun = time.monotonic()
    print(f"reading {len(files)} files ...", file=sys.stderr, flush=True)
    reads = readers.read(files)
    print(f"  {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    return dict(zip(files, reads, strict=True))


__all__ = ["NAMES", "Detail", "measure"]
