"""The batch main job: a folder in, every task on every document, results out as they finish.

Files are read ahead while the tasks of those before them are done.

The ledger in the store says what is done; a second run does only what is missing.  A result is
sealed in the store before it is written to the output folder, so a run that ended between the two
writes it from the store without asking the model again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path

from appliance.access.labels import written
from appliance.app.view import Appliance
from appliance.app.work.exporting import Form, tables
from appliance.app.work.once import Sealed, Task, TaskKind
from appliance.app.work.output import FAILED, OutputFolder
from appliance.app.work.run_report import RunReport, TaskLine
from appliance.app.work.taking import Labels, Manner
from appliance.documents import Document, DocumentId
from appliance.errors import (
    ApplianceError,
    AuditError,
    DiskFull,
    EngineUnavailable,
    InvariantBroken,
    ServiceUnavailable,
    StoreDamaged,
)
from appliance.export.cells import Extracted
from appliance.ingest.folder import Found, Skipped
from appliance.ingest.jobs import FileOutcome
from appliance.plain import Plain, from_plain
from appliance.results import FieldValue

__all__ = ["Batch", "FileDone", "Task", "TaskKind", "TaskOutcome"]


_ENDS = (AuditError, DiskFull, InvariantBroken, ServiceUnavailable, StoreDamaged)  # of the run


@dataclass(frozen=True, slots=True)
class TaskOutcome:
    """What became of one task on one document."""

    document: Document
    task: Task
    status: str  # done | kept (from an earlier run) | failed
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FileDone:
    """A file of the batch is finished: taken in or not, and every task on it tried."""

    outcome: FileOutcome


class Batch:
    """One folder, one collection, a list of tasks, one output folder."""

    def __init__(
        self,
        appliance: Appliance,
        collection: str,
        tasks: tuple[Task, ...],
        out: Path,
        forms: frozenset[Form] = frozenset(),
    ) -> None:
        self._app = appliance
        self._work = appliance.work
        self._collection = collection
        self._tasks = tasks
        self._forms = forms  # besides JSONL and Markdown
        self._passwords: tuple[str, ...] = ()  # of the run that goes on
        self._model = appliance.work.begin(tasks)
        self._out = OutputFolder(out)
        self._unavailable = 0
        self._gone: EngineUnavailable | None = None  # the engine, for the rest of this run
        self._worked_on: set[tuple[DocumentId, int]] = set()
        self.report = RunReport("process", collection)

    def run(
        self, source: Iterable[Found | Skipped | None], labels: Labels, manner: Manner
    ) -> Generator[TaskOutcome | FileDone, None, None]:
        """Take files in and do every task on each, while the next ones are being read.

        The run's report is written at the end, also when the run is stopped or fails.

        Raises:
            EngineUnavailable: the engine does not start; all files are taken in all the same.
            ApplianceError: about the machine; what was finished stays.
        """
        files = self._app.ingest(source, self._collection, labels, manner)
        self._passwords = manner.passwords
        try:
            with closing(files):
                for outcome in files:
                    self.report.add(outcome)
                    if outcome.unread:
                        self._say_unread(outcome)
                    if outcome.document is not None and self._gone is None:
                        yield from self._tasks_on(outcome.document)
                    yield FileDone(outcome)
            if self._gone is not None:
                raise self._gone
            self.report.finish()
        finally:
            with ExitStack() as last:  # the report, whatever becomes of the tables
                last.callback(self.report.write, *self._out.run_files)
                self._write_tables()

    def _say_unread(self, outcome: FileOutcome) -> None:
        """A line for a file that was not read; once, however often the batch is run."""
        key = self._work.line((outcome.name, outcome.reason))
        if not self._out.has(key):
            line: dict[str, Plain] = {"task": "ingest", "name": outcome.name, "status": "not read"}
            self._out.append(key, {**line, "reason": outcome.reason})

    def _tasks_on(self, document: Document) -> Iterator[TaskOutcome]:
        """Every task on one document; its report and its lines are written before this ends.

        The lines come last: as long as one is missing, the next run writes the report again.
        """
        version = (document.id, document.version)
        if version in self._worked_on:  # as the duplicate of a file before
            return
        self._worked_on.add(version)
        keys = {task: self._work.key(*version, task) for task in self._tasks}
        failures: dict[str, str] = {}
        for task, key in keys.items():
            line = self._worked(document, task, key, failures)
            self.report.add_task(line)
            yield TaskOutcome(document, task, line.status, line.reason)
        self._write(document, keys, failures)

    def _write(self, document: Document, keys: dict[Task, str], failures: dict[str, str]) -> None:
        missing = [task for task, key in keys.items() if not self._out.has(key)]
        page = Form.HTML in self._forms
        if not missing and not (page and not self._out.has_report(document, ".html")):
            return
        sheet = self._work.sheet(
            document.id, self._tasks, failures, page=page, passwords=self._passwords
        )
        self._out.report(document, sheet.report)
        if page:
            self._out.report(document, sheet.page, ".html")
        for sealed in sheet.results:
            if sealed.task in missing:
                key = keys[sealed.task]
                self._out.append(key, self._line(sheet.document, sealed, failures.get(key, "")))

    def _worked(
        self, document: Document, task: Task, key: str, failures: dict[str, str]
    ) -> TaskLine:
        if self._gone is not None:
            failures[key] = self._gone.message
            return TaskLine(task.title, "failed", self._gone.message)
        begun = time.monotonic()
        try:
            worked = self._work.do(document.id, task)
        except ApplianceError as error:
            failures[key] = error.message
            self._give_up_without_engine(error)
            seconds = round(time.monotonic() - begun, 3)
            return TaskLine(task.title, "failed", error.message, seconds)
        if not worked.kept:
            self._unavailable = 0
        status = "kept" if worked.kept else "done"
        return TaskLine(task.title, status, "", worked.seconds, worked.tokens)

    def _give_up_without_engine(self, error: ApplianceError) -> None:
        """Once may be a crash that the next task's start mends; twice, the rest stays pending."""
        if isinstance(error, _ENDS):
            raise error
        if isinstance(error, EngineUnavailable):
            self._unavailable += 1
            if self._unavailable > 1:
                self._gone = error

    def _line(self, document: Document, sealed: Sealed, reason: str) -> dict[str, Plain]:
        task = sealed.task
        return {
            "document": document.id,
            "version": document.version,
            "name": document.name,
            "flags": [str(flag) for flag in document.flags],
            "gaps": document.gaps,
            "labels": dict(document.labels),
            "task": str(task.kind),
            "argument": task.argument,
            "status": "done" if sealed.outcome else FAILED,
            "reason": reason,
            "model": {"name": self._model.name, "digest": self._model.digest},
            "id": sealed.result,
            "result": json.loads(sealed.outcome) if sealed.outcome else None,
        }

    def _write_tables(self) -> None:
        """What each pack found in every document of the folder, those of earlier runs with it."""
        packs: dict[str, list[Extracted]] = {}
        for line in self._out.lines() if self._forms & {Form.CSV, Form.XLSX} else ():
            with suppress(ValueError):  # a line that no batch wrote
                if line.get("task") == TaskKind.EXTRACT and line.get("result") is not None:
                    one = _extracted(line)
                    packs.setdefault(str(line.get("argument")), []).append(one)
        for table in tables(packs, self._forms):
            self._out.table(table.name, table.content)


def _extracted(line: Mapping[str, Plain]) -> Extracted:
    """The fields that a line of ``results.jsonl`` holds; raises ValueError where it does not."""
    found = from_plain(tuple[FieldValue, ...], line.get("result"))
    labels = from_plain(dict[str, str], line.get("labels", {}))
    told = written(tuple(labels.items()))
    return Extracted(str(line.get("document")), str(line.get("name")), found, told)
