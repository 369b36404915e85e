"""The batch main job: a folder in, every task on every document, results out as they finish.

Files are read ahead while the tasks of those before them are done.

The ledger in the store says what is done; a second run does only what is missing.  A result is
sealed in the store before it is written to the output folder, so a run that ended between the two
writes it from the store without asking the model again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from appliance.app import Appliance
from appliance.crypto.mac import keyed_hash
from appliance.documents import Document, DocumentId
from appliance.errors import (
    ApplianceError,
    AuditError,
    DiskFull,
    EngineUnavailable,
    InvariantBroken,
    StoreDamaged,
)
from appliance.export.cells import Extracted
from appliance.exporting import Exports, Form, tables
from appliance.ingest.folder import Found, Skipped
from appliance.ingest.jobs import FileOutcome
from appliance.output import FAILED, OutputFolder
from appliance.plain import Plain, from_plain, to_plain
from appliance.questions import ResultId
from appliance.report import Result, markdown
from appliance.results import Answer, FieldValue, Outcome, Summary
from appliance.run_report import RunReport, TaskLine
from appliance.store.store import TaskState
from appliance.taking import Labels, Manner
from appliance.tasks import packs, templates
from appliance.tasks.brief import Brief

FORMAT = 2  # of a sealed result; another number makes every task run again


class TaskKind(StrEnum):
    """What a batch can do with a document."""

    SUMMARIZE = "summarize"
    EXTRACT = "extract"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Task:
    """One task of a batch; ``argument`` is the pack, the question or the brief of a summary."""

    kind: TaskKind
    argument: str = ""
    max_risk: float | None = None  # of an answer

    @property
    def title(self) -> str:
        """The heading of its result in a report."""
        return f"{self.kind}: {self.argument}" if self.argument else str(self.kind)


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
        self._collection = collection
        self._tasks = tasks
        self._forms = forms  # besides JSONL and Markdown
        self._exports: Exports | None = None  # while a run goes on
        self._out = OutputFolder(out)
        self._key = appliance.store.derive("ledger")
        self._model = appliance.warm.model()
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
        try:
            with closing(files), self._app.exports(manner.passwords) as self._exports:
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
            self._write_tables()
            self.report.write(*self._out.run_files)

    def _say_unread(self, outcome: FileOutcome) -> None:
        """A line for a file that was not read; once, however often the batch is run."""
        key = keyed_hash(self._key, json.dumps([outcome.name, outcome.reason]).encode())
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
        failures: dict[str, str] = {}
        for task in self._tasks:
            begun, tokens = time.monotonic(), self._app.questions.tokens
            status = self._worked(document, task, failures)
            reason = failures.get(self._task_key(document, task), "")
            seconds = round(time.monotonic() - begun, 3)
            spent = self._app.questions.tokens - tokens
            self.report.add_task(TaskLine(task.title, status, reason, seconds, spent))
            yield TaskOutcome(document, task, status, reason)
        self._write(document, failures)

    def _write(self, document: Document, failures: dict[str, str]) -> None:
        keys = [(task, self._task_key(document, task)) for task in self._tasks]
        missing = [(task, key) for task, key in keys if not self._out.has(key)]
        page_missing = Form.HTML in self._forms and not self._out.has_report(document, ".html")
        if not missing and not page_missing:
            return
        with self._export(document):
            self._out.report(document, self._text(document, failures))
            if Form.HTML in self._forms:
                self._out.report(document, self._page(document), ".html")
            for task, key in missing:
                self._out.append(key, self._line(document, task, key, failures.get(key, "")))

    def _worked(self, document: Document, task: Task, failures: dict[str, str]) -> str:
        store, key = self._app.store, self._task_key(document, task)
        if store.task_state(document.id, key) is TaskState.DONE:
            return "kept"
        if self._gone is not None:
            failures[key] = self._gone.message
            return "failed"
        store.task_start(document.id, key)
        try:
            outcome, result = self._do(document, task)
        except ApplianceError as error:
            store.task_failed(document.id, key, error.message)
            failures[key] = error.message
            self._give_up_without_engine(error)
            return "failed"
        self._unavailable = 0
        store.task_done(document.id, key, _encoded(result, outcome))
        return "done"

    def _give_up_without_engine(self, error: ApplianceError) -> None:
        """Once may be a crash that the next task's start mends; twice, the rest stays pending."""
        if isinstance(error, AuditError | DiskFull | InvariantBroken | StoreDamaged):
            raise error
        if isinstance(error, EngineUnavailable):
            self._unavailable += 1
            if self._unavailable > 1:
                self._gone = error

    def _do(self, document: Document, task: Task) -> tuple[Outcome, ResultId]:
        questions = self._app.questions
        if task.kind is TaskKind.SUMMARIZE:
            return questions.summarize(document.id, Brief.parse(task.argument))[1:]
        if task.kind is TaskKind.EXTRACT:
            return questions.extract(document.id, task.argument)[1:]
        answer, _, result = questions.ask(task.argument, (), document.id, task.max_risk)
        return answer, result

    @contextmanager
    def _export(self, document: Document) -> Iterator[None]:
        """What leaves the sealed store is permitted and on record."""
        with self._app.acts.act("export", private={"document": document.id}) as act:
            self._app.acts.document(document.id, "export")
            act.documents.append(document.id)
            yield

    def _line(self, document: Document, task: Task, key: str, reason: str) -> dict[str, Plain]:
        sealed = self._app.store.task_result(document.id, key)
        return {
            "document": document.id,
            "version": document.version,
            "name": document.name,
            "flags": [str(flag) for flag in document.flags],
            "gaps": document.gaps,
            "task": str(task.kind),
            "argument": task.argument,
            "status": FAILED if sealed is None else "done",
            "reason": reason,
            "model": {"name": self._model.name, "digest": self._model.digest},
            **({"id": "", "result": None} if sealed is None else json.loads(sealed)),
        }

    def _text(self, document: Document, failures: dict[str, str]) -> str:
        results = []
        for task in self._tasks:
            key = self._task_key(document, task)
            sealed = self._app.store.task_result(document.id, key)
            outcome = None if sealed is None else _decoded(task.kind, sealed)
            results.append(Result(task.title, outcome, failures.get(key, "")))
        return markdown(document, results, self._model.name)

    def _page(self, document: Document) -> str:
        assert self._exports is not None  # noqa: S101 -- inside a run
        done = [
            self._app.store.task_result(document.id, self._task_key(document, task))
            for task in self._tasks
        ]
        ids = [str(json.loads(sealed)["id"]) for sealed in done if sealed is not None]
        results = dict(self._app.questions.result(id) for id in ids if id)
        return self._exports.page_of(document, results)

    def _write_tables(self) -> None:
        """What each pack found in every document of the folder, those of earlier runs with it."""
        packs: dict[str, list[Extracted]] = {}
        for line in self._out.lines() if self._forms & {Form.CSV, Form.XLSX} else ():
            result = line.get("result")
            if line.get("task") == TaskKind.EXTRACT and isinstance(result, list):
                found = tuple(from_plain(FieldValue, item) for item in result)
                one = Extracted(str(line["document"]), str(line["name"]), found)
                packs.setdefault(str(line["argument"]), []).append(one)
        for table in tables(packs, self._forms):
            self._out.table(table.name, table.content)

    def _task_key(self, document: Document, task: Task) -> str:
        """Names the work: same file, same task, same model and rules give the same key."""
        work = [FORMAT, document.id, document.version, task.kind, task.argument]
        work += [] if task.max_risk is None else [task.max_risk]
        rules = [*work, _rules(task, self._app.settings.home / "packs"), self._model.digest]
        return keyed_hash(self._key, json.dumps(rules).encode())


def _rules(task: Task, own: Path) -> Plain:
    """The pack of an extraction; the templates of a summary, which chooses among them."""
    if task.kind is TaskKind.EXTRACT:
        return to_plain(packs.load(task.argument, own=own))
    if task.kind is TaskKind.SUMMARIZE:
        return [to_plain(templates.load(name)) for name in templates.available()]
    return None


def _encoded(result: ResultId, outcome: Outcome) -> bytes:
    return json.dumps({"id": result, "result": to_plain(outcome)}, ensure_ascii=True).encode()


def _decoded(kind: TaskKind, sealed: bytes) -> Outcome:
    plain = json.loads(sealed)["result"]
    if kind is TaskKind.SUMMARIZE:
        return from_plain(Summary, plain)
    if kind is TaskKind.EXTRACT:
        return tuple(from_plain(FieldValue, item) for item in plain)
    return from_plain(Answer, plain)
