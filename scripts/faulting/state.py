"""What a trial left: everything that must be the same as if nothing had happened, and the rules.

Ids and times differ between any two runs; they are replaced by names before anything is compared.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.app.view import Appliance
from appliance.audit.records import Kind, Record
from appliance.audit.verify import verify
from appliance.documents import Document, DocumentId
from appliance.errors import ApplianceError
from appliance.store.records import FileState, Part, TaskState
from scripts.faulting.scene import COLLECTION, Desk

_TEMPORARY = re.compile(r"^\.new-|\.(part|partial|new|tmp)$")
_SETTLED = (FileState.STORED, FileState.DUPLICATE, FileState.FAILED, FileState.QUARANTINED)
_TASKS = {"summarize", "ask", "extract"}


@dataclass(frozen=True, slots=True)
class State:
    """What the appliance holds after a run, in an order of its own."""

    documents: tuple[str, ...]
    files: tuple[str, ...]
    tasks: tuple[str, ...]
    results: tuple[str, ...]
    reports: tuple[str, ...]
    problems: tuple[str, ...]  # broken rules; empty when all is well
    acts: int  # tasks that were done, those done again among them

    def differences(self, undisturbed: State) -> list[str]:
        """What is not as in an undisturbed run, and the broken rules."""
        found = list(self.problems)
        for what in ("documents", "files", "tasks", "results", "reports"):
            here, there = list(getattr(self, what)), list(getattr(undisturbed, what))
            for line in there:
                if line in here:
                    here.remove(line)
                else:
                    found.append(f"{what}: missing {line[:300]}")
            found += [f"{what}: too much {line[:300]}" for line in here]
        return found


def state_of(desk: Desk) -> State:
    """Open the store and the log and look at all of it."""
    with desk.opened() as appliance:
        where = appliance.store.collection_named(COLLECTION)
        documents = appliance.store.documents(where.id)
        names = {document.id: document.name for document in documents}
        records = tuple(appliance.log.records())
        files = appliance.store.files(where.id)
        problems = [*appliance.store.verify(), *_unrecorded(appliance, documents, records)]
        problems += [f"a file is left {row.state}" for row in files if row.state not in _SETTLED]
        problems += _log_problems(desk, appliance)
        return State(
            documents=tuple(sorted(_document(appliance, d, names) for d in documents)),
            files=tuple(
                f"{row.file[:8]} {row.state} deaths={row.deaths} {row.reason}"
                f" {names.get(row.document or DocumentId(''))} {row.parts} {row.pages}"
                f" {row.characters}"
                for row in files
            ),
            tasks=tuple(sorted(_tasks(appliance, names))),
            results=tuple(sorted(_results(desk, names, problems))),
            reports=tuple(sorted(_reports(desk, names))),
            problems=(*problems, *_unfinished(desk)),
            acts=sum(1 for record in records if _is_done(record) and record.action in _TASKS),
        )


_RESULT = re.compile(r'"id": "[0-9a-f]{32}"')  # a kept result's, drawn anew in every run


def _document(appliance: Appliance, document: Document, names: dict[DocumentId, str]) -> str:
    read = {part: appliance.store.read(document.id, part) for part in (Part.BLOB, Part.TEXT)}
    digests = [hashlib.sha256(content).hexdigest()[:16] for content in read.values()]
    facts = [document.version, document.media_type, document.size, document.pages]
    facts += [document.characters, document.chunks, document.gaps, *document.labels]
    parent = names.get(document.parent) if document.parent else None
    return json.dumps([document.name, *digests, *facts, *document.flags, parent])


def _tasks(appliance: Appliance, names: dict[DocumentId, str]) -> Iterator[str]:
    for row in appliance.store.tasks():
        result = appliance.store.task_result(row.document, row.task)
        yield f"{names[row.document]} {row.state} {row.reason} {_named(result or b'', names)}"


def _results(desk: Desk, names: dict[DocumentId, str], problems: list[str]) -> Iterator[str]:
    """The lines that count: what failed once and was done later is history."""
    file = desk.out / "results.jsonl"
    content = file.read_bytes() if file.exists() else b""
    if content and not content.endswith(b"\n"):
        problems.append("the last line of results.jsonl is cut")
    lines = [json.loads(line) for line in content.splitlines()]
    last = {line["key"]: line for line in lines}
    done = [line["key"] for line in lines if line["status"] == "done"]
    if len(done) != len(set(done)):
        problems.append("a result stands in results.jsonl twice")
    stored = set(names.values())
    for line in last.values():
        if line["status"] == "done" or line.get("name") not in stored:
            del line["key"]
            yield _named(json.dumps(line, sort_keys=True).encode(), names)


def _reports(desk: Desk, names: dict[DocumentId, str]) -> Iterator[str]:
    for path in (desk.out / "reports").glob("*"):
        yield _named(path.name.encode() + b" " + path.read_bytes(), names)


def _named(content: bytes, names: dict[DocumentId, str]) -> str:
    text = content.decode("utf-8", "replace")
    for id, name in names.items():
        text = text.replace(id, f"<{name}>").replace(id[:8], f"<{name}>")
    return _RESULT.sub('"id": ""', text)


def _unrecorded(
    appliance: Appliance, documents: tuple[Document, ...], records: tuple[Record, ...]
) -> Iterator[str]:
    """No document without an intent that names its file, no result without its act's outcome."""
    log, store = appliance.log, appliance.store
    intents = [r for r in records if r.kind is Kind.INTENT and r.action == "ingest"]
    by_id = {document.id: document for document in documents}
    for document in documents:
        root = document
        while root.parent is not None:
            root = by_id[root.parent]
        if not any(log.holds(record, "file", root.name) for record in intents):
            yield f"{document.name} is stored without a record"
    done = {
        (document, record.action)
        for record in records
        if _is_done(record)
        for document in record.documents
    }
    for row in store.tasks():
        acts = {action for document, action in done if document == row.document}
        if row.state is TaskState.DONE and not acts & _TASKS:
            yield f"a task on {by_id[row.document].name} is done without a record"


def _is_done(record: Record) -> bool:
    result = record.result
    return record.kind is Kind.OUTCOME and result is not None and result.status == "done"


def _log_problems(desk: Desk, appliance: Appliance) -> Iterator[str]:
    try:
        verify(desk.home / "audit", appliance.log.public_key)
    except ApplianceError as error:
        yield f"the audit log does not verify: {error.message}"


def _unfinished(desk: Desk) -> Iterator[str]:
    for folder in (desk.home, desk.out):
        for path in folder.rglob("*"):
            if _TEMPORARY.search(path.name):
                yield f"a temporary file is left: {_shape(path, desk.folder)}"


def _shape(path: Path, folder: Path) -> str:
    return re.sub(r"[0-9a-f]{8,}", "*", str(path.relative_to(folder)))
