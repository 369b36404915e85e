"""The folder a batch writes its results to: ``results.jsonl`` and one report per document.

Results leave the sealed store here, in clear, because the operator asked for them there: the folder
is 0700, the files 0600.  Lines are appended and made durable one by one; a line cut by a crash is
removed when the folder is opened again, and its task is written anew.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from appliance.documents import Document
from appliance.durable import synchronise
from appliance.errors import NO_SPACE, ApplianceError, DiskFull, InputUnreadable
from appliance.plain import Plain

FAILED = "failed"  # the one status that a later line with the same key may replace
LONGEST_STEM = 60  # characters of a document's name in the name of its report


class OutputFolder:
    """Results of one or many runs over the same folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._results = folder / "results.jsonl"
        with _named(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (folder / "reports").mkdir(mode=0o700, exist_ok=True)
            os.close(os.open(self._results, os.O_WRONLY | os.O_CREAT, 0o600))
            synchronise(folder)  # a new name is durable only with its folder
            synchronise(folder.parent)
            self._written = self._repaired()

    def has(self, key: str) -> bool:
        """Whether a line with this key, and not of a failure to retry, stands in the folder."""
        return key in self._written

    def append(self, key: str, record: dict[str, Plain]) -> None:
        """Add one line to ``results.jsonl``, durable when this returns.

        Raises:
            DiskFull: no space is left; the file keeps its whole lines only.
        """
        line = json.dumps({"key": key, **record}, ensure_ascii=False) + "\n"
        with _named(self._results):
            descriptor = os.open(self._results, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                size = os.fstat(descriptor).st_size
                _write_whole(descriptor, line.encode("utf-8", "backslashreplace"), size)
            finally:
                os.close(descriptor)
        if record["status"] != FAILED:
            self._written.add(key)

    def report(self, document: Document, text: str, suffix: str = ".md") -> Path:
        """Write one document's report in one step; returns its path."""
        path = self._report(document, suffix)
        replaced(path, text.encode("utf-8", "backslashreplace"))
        return path

    def has_report(self, document: Document, suffix: str) -> bool:
        """Whether a document's report of this kind was written."""
        return self._report(document, suffix).exists()

    def table(self, name: str, content: bytes) -> None:
        """Write a table over all documents in one step."""
        replaced(self._folder / name, content)

    def lines(self) -> Iterator[dict[str, Plain]]:
        """The records of ``results.jsonl``, the newest of each key; what is no record is skipped.

        Raises:
            InputUnreadable: it cannot be read.
        """
        found: dict[str, dict[str, Plain]] = {}
        with _named(self._results):
            content = self._results.read_bytes()
        for line in content.splitlines():
            with suppress(ValueError, TypeError, KeyError):
                record = json.loads(line)
                found[str(record["key"])] = record
        yield from found.values()

    @property
    def run_files(self) -> tuple[Path, Path]:
        """Where the report of a run goes: JSON and Markdown."""
        return self._folder / "run.json", self._folder / "run.md"

    def _report(self, document: Document, suffix: str) -> Path:
        return self._folder / "reports" / f"{stem(document)}{suffix}"

    def _repaired(self) -> set[str]:
        """Keys of the whole lines; what follows the last whole line is cut off."""
        content = self._results.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.truncate(self._results, whole)
        return {key for line in content[:whole].splitlines() if (key := _final_key(line))}


def written(folder: Path, files: Mapping[str, bytes]) -> tuple[Path, ...]:
    """Write files into a folder, each in one step, for the owner alone.

    Raises:
        DiskFull, InputUnreadable: one cannot be written.
    """
    with _named(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, content in files.items():
        replaced(folder / name, content)
    return tuple(folder / name for name in files)


def stem(document: Document) -> str:
    """The beginning of a file name for a document: harmless characters of its name, and its id."""
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", document.name).strip("-.")[-LONGEST_STEM:]
    return f"{readable}-{document.id[:8]}"


def replaced(path: Path, content: bytes) -> None:
    """Write a whole file in one step: whoever reads it sees the old text or the new one.

    Raises:
        DiskFull, InputUnreadable: it cannot be written; what was there stays.
    """
    fresh = path.with_name(path.name + ".part")
    with _named(path):
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as target:
            target.write(content)
            target.flush()
            os.fsync(descriptor)
        fresh.replace(path)
        synchronise(path.parent)


def _final_key(line: bytes) -> str:
    try:
        record = json.loads(line)
        return str(record["key"]) if record["status"] != FAILED else ""
    except (ValueError, KeyError, TypeError):
        return ""  # not a line of ours; it stays where it is


def _write_whole(descriptor: int, data: bytes, size: int) -> None:
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, size)
        raise


@contextmanager
def _named(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _explained(error, path) from error


def _explained(error: OSError, path: Path) -> ApplianceError:
    if error.errno in NO_SPACE:
        return DiskFull(f"no space left for {path}", remedy="free space and run the command again")
    return InputUnreadable(
        f"{path} cannot be written: {error.strerror}", remedy="choose another folder with --out"
    )
