"""The report of one run over a folder: what became of every file, in JSON and in Markdown.

``run.json``, format 1, one object:

- ``format``: 1; ``command``: ingest or process; ``collection``: its name;
- ``state``: complete (nothing is left to do), partly, failed (nothing could be done), interrupted;
- ``began``, ``ended``: RFC 3339, UTC; ``seconds``;
- ``files``: one object per file and per file in it, in the order of the folder: ``name``, ``state``
  (added, new version, unchanged, duplicate, unpacked, no text, removed, left out, failed,
  quarantined), ``reason``, ``remedy``, ``part`` (it lay in another file), ``document`` (id or
  null), ``pages``, ``characters``, ``bytes``, ``seconds``, ``flags``, ``gaps`` (their number),
  ``gap_reasons`` (``reason``, ``page``, ``unit``, ``amount``; of files read in this run) and
  ``tasks`` (``task``, ``status``, ``reason``, ``seconds``, ``tokens``);
- ``totals``: ``files``, ``pages``, ``characters``, ``tokens``, ``seconds`` of reading and of tasks,
  and the number of files in each state and of tasks in each status;
- ``rate``: ``files_per_second``, ``pages_per_second``;
- ``next``: sentences that say what to do.

Names of files and ids stand in it, never text of a document or a question's answer.  Both files
are written in one step each and are for their owner alone.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.app.work.output import replaced
from appliance.app.work.report import inert, visible
from appliance.documents import Flag
from appliance.plain import Plain, to_plain

if TYPE_CHECKING:
    from appliance.ingest.jobs import FileOutcome

FORMAT = 1
MOST_NAMED = 5  # names in one sentence
_WORTH_A_LOOK = (Flag.HIDDEN_TEXT, Flag.BIDI, Flag.TAGS, Flag.ACTIVE, Flag.EXTERNAL)


@dataclass(frozen=True, slots=True)
class TaskLine:
    """What became of one task on one document."""

    task: str
    status: str  # done | kept | failed
    reason: str = ""
    seconds: float = 0.0
    tokens: int = 0


@dataclass(slots=True)
class _Line:
    outcome: FileOutcome
    tasks: list[TaskLine] = field(default_factory=list)


class RunReport:
    """Collects outcomes; `write` can be called at any time."""

    def __init__(self, command: str, collection: str) -> None:
        self._command = command
        self._collection = collection
        self._lines: list[_Line] = []
        self._began = datetime.now(UTC)
        self._clock = time.monotonic()
        self.interrupted = True  # until `finish`

    def add(self, outcome: FileOutcome) -> None:
        """One more file; what `add_task` says next is about it."""
        self._lines.append(_Line(outcome))

    def add_task(self, line: TaskLine) -> None:
        """One more task on the file that was added last."""
        self._lines[-1].tasks.append(line)

    def finish(self) -> None:
        """The run came to its own end."""
        self.interrupted = False

    @property
    def bad(self) -> int:
        """Files that were not read and tasks that failed."""
        return sum(line.outcome.unread for line in self._lines) + self._statuses()["failed"]

    @property
    def good(self) -> int:
        """Files whose content is in the store."""
        nothing = {"failed", "quarantined", "left out", "removed"}
        return sum(line.outcome.taken not in nothing for line in self._lines)

    @property
    def state(self) -> str:
        """How the run ended: complete | partly | failed | interrupted."""
        if self.interrupted:
            return "interrupted"
        if not self.bad:
            return "complete"
        return "partly" if self.good else "failed"

    def write(self, json_file: Path, markdown_file: Path) -> None:
        """Write both forms.

        Raises:
            DiskFull, InputUnreadable: a file cannot be written; the one before it stays.
        """
        plain = self.plain()
        text = json.dumps(plain, ensure_ascii=False, indent=1) + "\n"
        replaced(json_file, text.encode("utf-8", "backslashreplace"))
        replaced(markdown_file, self.markdown().encode("utf-8", "backslashreplace"))

    def plain(self) -> Plain:
        """The value described above."""
        seconds = time.monotonic() - self._clock
        pages = sum(_pages(line) for line in self._read())
        files = len(self._lines)
        return {
            "format": FORMAT,
            "command": self._command,
            "collection": self._collection,
            "state": self.state,
            "began": self._began.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "ended": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "seconds": round(seconds, 3),
            "files": [_file(line) for line in self._lines],
            "totals": self._totals(),
            "rate": {
                "files_per_second": round(files / max(seconds, 1e-9), 3),
                "pages_per_second": round(pages / max(seconds, 1e-9), 3),
            },
            "next": list(self.next_steps()),
        }

    def _totals(self) -> Plain:
        lines = self._lines
        tasks = [task for line in lines for task in line.tasks]
        return {
            "files": len(lines),
            "pages": sum(map(_pages, lines)),
            "characters": sum(map(_characters, lines)),
            "tokens": sum(task.tokens for task in tasks),
            "reading_seconds": round(sum(line.outcome.seconds for line in lines), 3),
            "task_seconds": round(sum(task.seconds for task in tasks), 3),
            "states": dict(Counter(str(line.outcome.taken) for line in lines)),
            "tasks": dict(self._statuses()),
        }

    def next_steps(self, shown: Callable[[str], str] = visible) -> Iterator[str]:
        """What a person should do now, one sentence each; ``shown`` makes names harmless."""
        if self.interrupted:
            yield "The run was stopped: run the same command again, finished work is kept."
        unread = [line.outcome for line in self._lines if line.outcome.unread]
        for remedy, names in _grouped((o.remedy, o.name) for o in unread):
            yield f"{_count(names, 'file was', 'files were')} not read ({_named(names, shown)})" + (
                f": {remedy}." if remedy else "; the reason stands beside each."
            )
        documents = {o.document.name: o.document for o in self._outcomes() if o.document}
        gaps = [name for name, document in documents.items() if document.gaps]
        if gaps:
            some = _count(gaps, "document has", "documents have")
            yield f"{some} parts that were not read ({_named(gaps, shown)}): " + _SHOW
        for flag in (Flag.UNEXPLAINED, *_WORTH_A_LOOK):
            names = [name for name, document in documents.items() if flag in document.flags]
            if names:
                some = _count(names, "document is", "documents are")
                yield f"{some} flagged “{flag}” ({_named(names, shown)}): " + _LOOK[flag]
        failed = self._statuses()["failed"]
        if failed:
            yield f"{failed} task(s) failed: run the same command again, only these are repeated."
        if self.state == "complete" and not gaps:
            yield "Nothing: every file was read, and every task is done."

    def markdown(self) -> str:
        """The same for people."""
        totals = self._totals()
        assert isinstance(totals, dict)  # noqa: S101 -- for the type checker
        lines = [f"# {self._command.capitalize()}: {self.state}", ""]
        lines += [f"Collection {inert(self._collection)}, {self._began:%Y-%m-%d %H:%M} UTC.", ""]
        lines += ["## What to do next", ""]
        lines += [f"- {step}" for step in self.next_steps(inert)]
        lines += ["", "## Totals", "", "| what | count |", "|---|---|"]
        for what in ("files", "pages", "characters", "tokens"):
            lines.append(f"| {what} | {totals[what]} |")
        for group in ("states", "tasks"):
            counts = totals[group]
            assert isinstance(counts, dict)  # noqa: S101 -- for the type checker
            lines += [f"| {group[:-1]}: {inert(name)} | {n} |" for name, n in counts.items()]
        lines += ["", "## Files", "", _HEAD, "|---|---|---|---|---|---|---|---|"]
        lines += [_row(line) for line in self._lines]
        return "\n".join(lines) + "\n"

    def _outcomes(self) -> Iterator[FileOutcome]:
        return (line.outcome for line in self._lines)

    def _read(self) -> Iterator[_Line]:
        return (line for line in self._lines if line.outcome.taken in {"added", "new version"})

    def _statuses(self) -> Counter[str]:
        return Counter(task.status for line in self._lines for task in line.tasks)


_SHOW = "`appliance show NAME --coverage` says which and why."
_LOOK = {
    Flag.UNEXPLAINED: "the count of what the file holds is higher than what was read, and no "
    "reason is known: compare it with the original, `appliance show NAME --coverage`.",
    Flag.HIDDEN_TEXT: "see it with `appliance show NAME --hidden`; it is never searched.",
    Flag.BIDI: "characters that turn the order of text may show something else than is there.",
    Flag.TAGS: "invisible characters carry text: `appliance show NAME --hidden`.",
    Flag.ACTIVE: "macros or scripts were neither run nor read; do not open it carelessly.",
    Flag.EXTERNAL: "the file would fetch something when opened in its own program.",
}
_HEAD = "| file | state | pages | characters | seconds | tokens | gaps, flags | reason |"


def _file(line: _Line) -> Plain:
    outcome, document = line.outcome, line.outcome.document
    return {
        "name": outcome.name,
        "state": str(outcome.taken),
        "reason": outcome.reason,
        "remedy": outcome.remedy,
        "part": outcome.part,
        "document": document.id if document else None,
        "pages": _pages(line),
        "characters": _characters(line),
        "bytes": document.size if document else None,
        "seconds": outcome.seconds,
        "flags": [str(flag) for flag in document.flags] if document else [],
        "gaps": document.gaps if document else 0,
        "gap_reasons": to_plain(outcome.gaps),
        "tasks": to_plain(line.tasks),
    }


def _row(line: _Line) -> str:
    outcome, document = line.outcome, line.outcome.document
    tokens = sum(task.tokens for task in line.tasks)
    marks = [f"{document.gaps} gap(s)"] if document and document.gaps else []
    marks += [str(flag) for flag in document.flags] if document else []
    failed = [f"{task.task}: {task.reason}" for task in line.tasks if task.status == "failed"]
    reasons = "; ".join(filter(None, [outcome.reason, *failed]))
    cells = (outcome.name, outcome.taken, _pages(line), _characters(line), outcome.seconds)
    shown = (*cells, tokens, ", ".join(marks), reasons)
    return "| " + " | ".join(inert(str(cell)) for cell in shown) + " |"


def _pages(line: _Line) -> int:
    document = line.outcome.document
    return (document.pages or 0) if document and line.outcome.taken != "duplicate" else 0


def _characters(line: _Line) -> int:
    document = line.outcome.document
    return document.characters if document and line.outcome.taken != "duplicate" else 0


def _grouped(pairs: Iterator[tuple[str, str]]) -> Iterator[tuple[str, list[str]]]:
    groups: dict[str, list[str]] = {}
    for key, name in pairs:
        groups.setdefault(key, []).append(name)
    yield from groups.items()


def _count(names: list[str], one: str, several: str) -> str:
    return f"{len(names)} {one if len(names) == 1 else several}"


def _named(names: list[str], shown: Callable[[str], str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(map(shown, names[:MOST_NAMED])) + more
