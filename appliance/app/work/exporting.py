"""Results leave the sealed store: as pages to read, as tables, as lines for machines.

Every export is an act of its own on each document, permitted by the policy's action ``export``;
a result that was made from a document that may not be exported stays.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from appliance.access.labels import Labels, joined, written
from appliance.app.acts import Acts
from appliance.app.work.keeping import Keeper
from appliance.app.work.output import stem
from appliance.closing import Closing
from appliance.config import Settings
from appliance.documents import Document, DocumentId, ParsedDocument
from appliance.errors import Denied, InputUnreadable
from appliance.export.cells import Extracted, evidence, overview
from appliance.export.findings import Group, group
from appliance.export.page import page
from appliance.export.places import places
from appliance.export.tables import as_csv, as_xlsx
from appliance.formats import kinds, worker
from appliance.formats.drawn import Picture, decode
from appliance.formats.reading import Wishes
from appliance.plain import to_plain
from appliance.results import Kept
from appliance.sandbox.server import ReaderServer
from appliance.store.store import Part

if TYPE_CHECKING:
    from appliance.app.warm import Warm
    from appliance.app.work.questions import Questions

MOST_PICTURES = 40  # pages drawn for one document; findings on more are shown in its text
DRAWN = frozenset({kinds.PDF, *kinds.IMAGES})


class Form(StrEnum):
    """What results can be written as."""

    HTML = "html"
    CSV = "csv"
    XLSX = "xlsx"
    JSONL = "jsonl"


@dataclass(frozen=True, slots=True)
class Export:
    """One file to be written."""

    name: str
    content: bytes


class Exports(Closing):
    """Turns kept results into files; a context manager, for it may start a reader."""

    def __init__(
        self,
        settings: Settings,
        acts: Acts,
        questions: Questions,
        warm: Warm,
        passwords: Sequence[str] = (),
    ) -> None:
        self._settings = settings
        self._acts = acts
        self._questions = questions
        self._warm = warm
        self._keeper = Keeper(settings, acts)
        self.passwords = tuple(passwords)
        self._held = ExitStack()
        self._reader: ReaderServer | None = None

    def close(self) -> None:
        """End the reader, where one was needed."""
        self._held.close()

    def files(self, references: Sequence[str], forms: Sequence[Form]) -> tuple[Export, ...]:
        """The files of some results.

        Raises:
            NotFound: there is no such result, or none for this principal: the same words.
            Denied: one of the documents may not be exported; nothing is.
        """
        kept = dict(self._questions.result(reference) for reference in references)
        rows = {id: self._acts.store.kept(id) for id in kept}
        sources = sorted({document for row in rows.values() for document, _ in row.sources})
        with self._acts.act("export", documents=sources) as act:
            permitted, scope = self._keeper.permitted(rows.values(), "export")
            if len(permitted) < len(rows):
                raise Denied(
                    "the policy does not permit you to export what these results were made from",
                    remedy="export them one by one to see which",
                )
            self._acts.admit(act, scope, sources)
            act.documents += sources
            act.counts["results"] = len(kept)
            labels = {id: self._keeper.labels(row) for id, row in rows.items()}
            return tuple(self._files(kept, labels, frozenset(forms)))

    def page_of(self, document: Document, results: Mapping[str, Kept]) -> str:
        """One document's results as a page; the caller is inside an act that exports it."""
        parsed = self._warm.parsed(document.id)
        groups = [group(id, one, document.id) for id, one in results.items()]
        return page(document, parsed, groups, self._pictures(document, parsed, groups))

    def _files(
        self, kept: Mapping[str, Kept], labels: Mapping[str, Labels], forms: frozenset[Form]
    ) -> Iterable[Export]:
        sources = sorted({d for one in kept.values() for d in _documents(one)})
        documents = {id: self._acts.store.document(id) for id in sources}
        if Form.JSONL in forms:
            lines = (_line(id, one, documents, labels[id]) for id, one in kept.items())
            yield Export("results.jsonl", "".join(lines).encode())
        if Form.HTML in forms:
            for document in documents.values():
                about = {i: k for i, k in kept.items() if document.id in _cited(k)}
                if about:
                    marked = replace(document, labels=joined(labels[id] for id in about))
                    shown = self.page_of(marked, about).encode()
                    yield Export(f"{stem(document)}.html", shown)
        packs: dict[str, list[Extracted]] = {}
        for id, one in kept.items():
            if one.request.kind == "extract":
                said = written(labels[id])
                found = [Extracted(d, documents[d].name, one.fields, said) for d in _documents(one)]
                packs.setdefault(one.request.argument, []).extend(found)
        yield from tables(packs, forms)

    def _pictures(
        self, document: Document, parsed: ParsedDocument, groups: Sequence[Group]
    ) -> dict[int, Picture]:
        if document.media_type not in DRAWN:
            return {}
        cited = {c.span for g in groups for f in g.findings for c in f.citations}
        pages = sorted({place.page for span in cited for place in places(parsed, span)})
        original = self._acts.store.read(document.id, Part.BLOB) if pages else b""
        found = {}
        for number in pages[:MOST_PICTURES]:
            wishes = Wishes(PurePosixPath(document.name).suffix, self.passwords, scan=number - 1)
            try:
                answer = self._drawing_reader().read(original, worker.DRAW, wishes.encode())
            except InputUnreadable:  # shown as text instead
                continue
            found[number] = decode(answer)
        return found

    def _drawing_reader(self) -> ReaderServer:
        if self._reader is None:
            settings = self._settings
            self._reader = self._held.enter_context(
                ReaderServer.start(settings.reader, Path(sys.executable), home=settings.home)
            )
        return self._reader


def tables(packs: Mapping[str, Sequence[Extracted]], forms: frozenset[Form]) -> Iterable[Export]:
    """What each pack found, as tables."""
    for pack, extracted in packs.items():
        name = pack.replace("/", "-")
        both = {"values": overview(extracted), "evidence": evidence(extracted)}
        if Form.CSV in forms:
            for what, rows in both.items():
                yield Export(f"{name}-{what}.csv", as_csv(rows).encode("utf-8", "replace"))
        if Form.XLSX in forms:
            yield Export(f"{name}.xlsx", as_xlsx(both))


def _documents(kept: Kept) -> frozenset[DocumentId]:
    """What a result shows text of, or is about."""
    about = frozenset({kept.summary.document}) if kept.summary else frozenset()
    if kept.request.kind == "extract":
        about |= {document for document, _ in kept.basis.scope}
    return about | _cited(kept)


def _cited(kept: Kept) -> frozenset[DocumentId]:
    stated = kept.answer or kept.summary
    statements = stated.statements if stated else ()
    cited = [c.document for s in statements for c in s.citations]
    cited += [c.document for f in kept.fields for c in f.citations]
    return frozenset(cited)


def _line(id: str, kept: Kept, documents: Mapping[DocumentId, Document], labels: Labels) -> str:
    names = {d: documents[d].name for d in sorted(_documents(kept))}
    record = {"id": id, "names": names, "labels": dict(labels), "kept": to_plain(kept)}
    return json.dumps(record, ensure_ascii=False) + "\n"
