"""Tasks on documents, each done once: what a batch asks of the appliance, document by document.

The ledger in the store says what is done; a result is sealed there before anybody gets it, so that
a run that ends in between takes it from the store without asking the model again.  Keys of tasks
are keyed hashes: they name the work, and tell nothing of it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from appliance.app.acts import Act, Acts
from appliance.app.warm import Warm
from appliance.app.work.questions import Questions, ResultId
from appliance.app.work.report import Result, markdown
from appliance.config import Settings
from appliance.crypto.mac import keyed_hash
from appliance.documents import Document, DocumentId
from appliance.errors import ApplianceError, InvariantBroken, NotFound
from appliance.plain import Plain, from_plain, to_plain
from appliance.results import Answer, FieldValue, Outcome, Summary
from appliance.store.store import Store, TaskState
from appliance.tasks import packs, templates
from appliance.tasks.brief import Brief

if TYPE_CHECKING:  # loads heavy libraries
    from appliance.app.work.exporting import Exports

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
class Model:
    """The language model that a batch works with."""

    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class Worked:
    """One task was done on one document, now or before."""

    kept: bool  # from an earlier run
    seconds: float
    tokens: int  # read and written by the model


@dataclass(frozen=True, slots=True)
class Sealed:
    """What the ledger holds of one task on one document."""

    task: Task
    result: ResultId  # empty: nothing is kept, or the task is not done
    outcome: str  # as JSON; empty: the task is not done


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that leaves the store about one document, in one act."""

    document: Document  # with the labels of its collection: all that is written carries them
    results: tuple[Sealed, ...]  # one for each task, in their order
    report: str  # Markdown
    page: str  # HTML, where it was wanted


class Work:
    """The tasks of one person."""

    def __init__(self, settings: Settings, acts: Acts, questions: Questions, warm: Warm) -> None:
        self._settings, self._acts, self._store = settings, acts, acts.store
        self._questions, self._warm = questions, warm
        self._key = acts.store.derive("ledger")
        self._exports: Exports | None = None  # with its reader, for the next page

    def begin(self, tasks: tuple[Task, ...]) -> Model:
        """Whether these tasks can be done at all; an error now, not after an hour of reading.

        Raises:
            PackError: there is no such pack.
            ModelError: the language model is missing, or differs from its manifest.
        """
        for task in tasks:
            self._rules(task)
        identity = self._warm.model()
        return Model(identity.name, identity.digest)

    def line(self, words: tuple[str, ...]) -> str:
        """Names a line that is about no task, such as a file that was not read."""
        return keyed_hash(self._key, json.dumps(list(words)).encode())

    def key(self, document: DocumentId, version: int, task: Task) -> str:
        """Names the work: same file, same task, same model and rules give the same key."""
        work: list[Plain] = [FORMAT, document, version, task.kind, task.argument]
        work += [] if task.max_risk is None else [task.max_risk]
        rules = [*work, self._rules(task), self._warm.model().digest]
        return keyed_hash(self._key, json.dumps(rules).encode())

    def do(self, document: DocumentId, task: Task) -> Worked:
        """Do a task, unless it is done; of several who want the same at once, one does it.

        Raises:
            NotFound: there is no such document for this principal, or it was replaced meanwhile.
            EngineError: the language model did not answer; what else a task raises.
        """
        key = self.key(document, self._permitted(document, task).version, task)
        with self._warm.alone(f"{document} {key}"):
            if self._store.task_state(document, key) is TaskState.DONE:
                return Worked(kept=True, seconds=0.0, tokens=0)
            begun, tokens = time.monotonic(), self._questions.tokens
            self._store.task_start(document, key)
            try:
                outcome, result = self._done(document, task)
            except ApplianceError as error:
                with _replaced_meanwhile(self._store, document, key):
                    self._store.task_failed(document, key, error.message)
                raise
            with _replaced_meanwhile(self._store, document, key):
                self._store.task_done(document, key, _encoded(result, outcome))
            seconds = round(time.monotonic() - begun, 3)
            return Worked(False, seconds, self._questions.tokens - tokens)

    def sheet(
        self,
        document: DocumentId,
        tasks: tuple[Task, ...],
        failures: Mapping[str, str],
        *,
        page: bool,
        passwords: tuple[str, ...] = (),
    ) -> Sheet:
        """What was found in one document, to be written where its reader wants it.

        Args:
            document: its id.
            tasks: in the order of the report.
            failures: why a task is not done, by its key.
            page: whether the HTML page is wanted.
            passwords: that open an encrypted original, for pictures of its pages.

        Raises:
            NotFound: there is no such document, or this principal may not export it.
        """
        with self._acts.act("export", private={"document": document}) as act:
            found, scope = self._acts.document(document, "export")
            act.documents.append(found.id)
            self._acts.admit(act, scope, [found.id])
            found = replace(found, labels=self._acts.labels_of([found.id])[found.id])
            return self._composed(act, found, tasks, failures, passwords if page else None)

    def close(self) -> None:
        """End the reader that drew pages."""
        exports, self._exports = self._exports, None
        if exports is not None:
            exports.close()

    def _permitted(self, document: DocumentId, task: Task) -> Document:
        if document not in self._acts.permitted_now(str(task.kind), [document]):
            raise NotFound(
                "there is no such document",
                remedy="see `appliance list`; records of patients need a --purpose",
            )
        return self._store.document(document)

    def _done(self, document: DocumentId, task: Task) -> tuple[Outcome, ResultId]:
        if task.kind is TaskKind.SUMMARIZE:
            return self._questions.summarize(document, Brief.parse(task.argument))[1:]
        if task.kind is TaskKind.EXTRACT:
            return self._questions.extract(document, task.argument)[1:]
        answer, _, result = self._questions.ask(task.argument, (), document, task.max_risk)
        return answer, result

    def _composed(
        self,
        act: Act,
        document: Document,
        tasks: tuple[Task, ...],
        failures: Mapping[str, str],
        passwords: tuple[str, ...] | None,
    ) -> Sheet:
        keys = {task: self.key(document.id, document.version, task) for task in tasks}
        held = {task: self._store.task_result(document.id, key) for task, key in keys.items()}
        results = [
            Result(task.title, _outcome(task, held[task]), failures.get(key, ""))
            for task, key in keys.items()
        ]
        act.counts["results"] = sum(one is not None for one in held.values())
        report = markdown(document, results, self._warm.model().name)
        sealed = tuple(_sealed(task, held[task]) for task in tasks)
        page = "" if passwords is None else self._page(document, sealed, passwords)
        return Sheet(document, sealed, report, page)

    def _page(
        self, document: Document, sealed: tuple[Sealed, ...], passwords: tuple[str, ...]
    ) -> str:
        from appliance.app.work.exporting import Exports

        if self._exports is None or self._exports.passwords != passwords:
            self.close()
            self._exports = Exports(
                self._settings, self._acts, self._questions, self._warm, passwords
            )
        ids = [one.result for one in sealed if one.result]
        return self._exports.page_of(document, dict(map(self._questions.result, ids)))

    def _rules(self, task: Task) -> Plain:
        """The pack of an extraction; the templates of a summary, which chooses among them."""
        if task.kind is TaskKind.EXTRACT:
            return to_plain(packs.load(task.argument, own=self._settings.home / "packs"))
        if task.kind is TaskKind.SUMMARIZE:
            return [to_plain(templates.load(name)) for name in templates.available()]
        return None


@contextmanager
def _replaced_meanwhile(store: Store, document: DocumentId, key: str) -> Iterator[None]:
    """A document that somebody replaced while it was worked on takes its ledger with it."""
    try:
        yield
    except InvariantBroken:
        if store.task_state(document, key) is TaskState.RUNNING:
            raise
        raise NotFound(
            "the document was replaced while it was worked on", remedy="run the command again"
        ) from None


def _encoded(result: ResultId, outcome: Outcome) -> bytes:
    return json.dumps({"id": result, "result": to_plain(outcome)}, ensure_ascii=True).encode()


def _sealed(task: Task, held: bytes | None) -> Sealed:
    if held is None:
        return Sealed(task, "", "")
    plain = json.loads(held)
    return Sealed(task, str(plain["id"]), json.dumps(plain["result"], ensure_ascii=True))


def _outcome(task: Task, held: bytes | None) -> Outcome | None:
    if held is None:
        return None
    plain = json.loads(held)["result"]
    if task.kind is TaskKind.SUMMARIZE:
        return from_plain(Summary, plain)
    if task.kind is TaskKind.EXTRACT:
        return tuple(from_plain(FieldValue, item) for item in plain)
    return from_plain(Answer, plain)
