"""P3 to P6 in short form, on a ground of their own: each is tried, and each check could fail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from appliance.acceptance.checks import Check, failed, judge, passed, unknown
from appliance.acceptance.ground import COLLECTION, REMEDY, SEALED, Ground
from appliance.app.view import Appliance
from appliance.audit.log import INTERRUPTED
from appliance.audit.records import Kind, Record
from appliance.audit.verify import verify
from appliance.documents import Citation, Document, DocumentId, Passage
from appliance.errors import AuditError
from appliance.ingest.folder import walk
from appliance.printing import pdf

QUESTIONS = ("Which law governs the agreement?", "furosemide dose", "revenue of the quarter")
PASSAGES = 8
DAMAGED = "two_pages.pdf"


# --- P3: what may not be read changes nothing -----------------------------------------------------


def unmoved(ground: Ground, appliance: Appliance, documents: Path) -> Check:
    """A store that also holds sealed documents answers as one that never saw them."""
    topic, name = "P3", "non-interference"
    lone = ground.other()
    lone.create()
    with lone.opened() as other:
        unread = [o for o in other.ingest(walk(documents), COLLECTION, ()) if o.unread]
        alone = [_told(other, question) for question in QUESTIONS]
    with_sealed = [_told(appliance, question) for question in QUESTIONS]
    everything = appliance.acts.scope("ingest")  # the one action that the seal does not forbid
    found = [appliance.warm.library().search(q, everything, PASSAGES) for q in QUESTIONS]
    if unread or not any(_among(hits, appliance) for hits in found):
        return unknown(topic, name, "the sealed documents would not have shown in any case")
    same = sum(a == b for a, b in zip(alone, with_sealed, strict=True))
    faults = [] if same == len(QUESTIONS) else [f"{len(QUESTIONS) - same} answers differ"]
    words = f"{same} answers alike to the last bit, with sealed documents in the store and without"
    return judge(topic, name, faults, words, REMEDY)


def _told(appliance: Appliance, question: str) -> list[tuple[object, ...]]:
    """What is found, best first; of equal scores the names decide, for ids are drawn by lot."""
    found, names = appliance.questions.search(question, (COLLECTION,), PASSAGES)
    ordered = sorted(found, key=lambda p: (-p.score, names[p.document], p.span))
    return [(names[p.document], p.span, p.text, p.score.hex(), p.heading) for p in ordered]


def _among(hits: Sequence[object], appliance: Appliance) -> bool:
    hidden = {d.id for d in appliance.store.documents() if dict(d.labels).get(SEALED)}
    return any(getattr(hit, "document", None) in hidden for hit in hits)


# --- P4: on record first --------------------------------------------------------------------------


def recorded(appliance: Appliance) -> Check:
    """Each document and each ended act has an intent that stands before it."""
    topic, name = "P4", "every act is on record"
    verdict = verify(appliance.settings.home / "audit", appliance.log.public_key)
    records = tuple(appliance.log.records())
    faults = [*without_intent(records), *unrecorded(records, appliance.store.documents())]
    words = f"{verdict.records} records verify; each act, each document has an intent before it"
    return judge(topic, name, faults, words, REMEDY)


def without_intent(records: Sequence[Record]) -> Iterator[str]:
    """Outcomes and retrievals of which no record before them says that they were to come."""
    intents: set[str] = set()
    for record in records:
        if record.kind is Kind.INTENT:
            intents.add(record.id)
        elif record.kind in {Kind.OUTCOME, Kind.RETRIEVAL} and record.of not in intents:
            yield f"record {record.seq} has no intent before it"


def unrecorded(records: Sequence[Record], documents: Iterable[Document]) -> Iterator[str]:
    """Documents that no act names.

    A kill can leave a stored document whose act was then closed as interrupted.
    """
    taking = [record for record in records if record.action == "ingest"]
    intents = sum(r.kind is Kind.INTENT and bool(r.collection) for r in taking)
    interrupted = sum(r.result is not None and r.result.status == INTERRUPTED for r in taking)
    named = {document for record in taking for document in record.documents}
    there = tuple(documents)
    strangers = sum(document.id not in named for document in there)
    if intents < len(there) or strangers > interrupted:
        yield f"{len(there)} documents, {intents} intents, {strangers} in no outcome"


def stopped(appliance: Appliance) -> Check:
    """With a log that can no longer be trusted, no act begins.  Spoils the log: do it last."""
    topic, name = "P4", "no record, no act"
    root = appliance.store.root()
    log = sorted((appliance.settings.home / "audit").rglob("*.jsonl"))[-1]
    content = log.read_bytes()
    log.unlink()
    log.write_bytes(content)
    document = str(appliance.store.documents()[0].id)
    acts: dict[str, Callable[[], object]] = {
        "list": lambda: appliance.documents(None),
        "search": lambda: appliance.questions.search(QUESTIONS[0], (COLLECTION,), 1),
        "show": lambda: appliance.show(document),
        "delete": lambda: appliance.delete(document),
        "create": lambda: appliance.create_collection("another", "general"),
    }
    faults = []
    for word, act in acts.items():
        with suppress(AuditError):
            act()
            faults.append(f"{word} went on without a record")
    if appliance.store.root() != root:
        faults.append("the store was changed")
    return judge(topic, name, faults, f"{len(acts)} acts tried, none began", REMEDY)


# --- P5: verbatim ---------------------------------------------------------------------------------


def verbatim(appliance: Appliance, shown: Sequence[Passage | Citation]) -> Check:
    """What is shown as found is the text of its document at its place."""
    topic = "P5"
    name = (
        "verbatim answers" if isinstance(next(iter(shown), None), Citation) else "verbatim passages"
    )
    if not shown:
        return unknown(topic, name, "nothing was found")
    texts: dict[DocumentId, str] = {}
    faults = []
    for one in shown:
        if one.document not in texts:
            texts[one.document] = appliance.show(one.document)[1].text
        quote = one.quote if isinstance(one, Citation) else one.text
        if not quote or one.span.of(texts[one.document]) != quote:
            faults.append(f"a value at {one.span.begin} is not the text there")
    words = f"{len(shown)} values, each the text of its document at its place"
    return judge(topic, name, faults, words, REMEDY)


# --- P6: gaps are said ----------------------------------------------------------------------------


def _two_pages(folder: Path) -> None:
    """A PDF whose second page cannot be opened."""
    pages = [[pdf.Line(f"This is page {n} of the instructions.", 72, 90, 12)] for n in (1, 2)]
    data = pdf.document(pages)
    second = data.rindex(b"/Type /Page /Parent")
    folder.mkdir()
    spoilt = data[:second] + b"/Type /Pagx /Parant" + data[second + 19 :]
    (folder / DAMAGED).write_bytes(spoilt)


def covered(ground: Ground, appliance: Appliance) -> Check:
    """A document with a page that cannot be read says so."""
    topic, name = "P6", "a page not read is named"
    folder = ground.folder / "gap"
    _two_pages(folder)
    tuple(appliance.ingest(walk(folder), COLLECTION, ()))
    coverage = appliance.coverage(DAMAGED)
    named = [gap.page for gap in coverage.gaps]
    if 2 in named and coverage.complete:
        return passed(topic, name, "page 2 of 2 could not be opened; its gap is on record")
    return failed(topic, name, f"page 2 of 2 could not be opened; gaps: {named}", REMEDY)
