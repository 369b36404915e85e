"""What people ask of the documents: search, answers, summaries, fields.

Each use case tells one story: on record (act), who may (scope), what is read (retrieval, on record
before the first token), the work, the outcome.  The index and the language model load when first
needed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from appliance.access.scope import Scope
from appliance.app.acts import ASK, Act, Acts, Via
from appliance.app.happenings import take_over_engines
from appliance.app.prompting import Prompting
from appliance.app.warm import Warm
from appliance.app.work.keeping import Keeper, kept
from appliance.config import Settings
from appliance.crypto.mac import keyed_hash
from appliance.documents import Collection, Document, DocumentId, ParsedDocument, Passage, Span
from appliance.errors import Denied, EngineUnavailable, NotFound, UsageError
from appliance.results import Answer, Basis, FieldValue, Kept, Outcome, Request, Summary, cited
from appliance.store.store import KeptRow
from appliance.tasks.brief import Brief

if TYPE_CHECKING:  # these rooms load heavy libraries; their imports stand where they are used
    from appliance.app.work.replay import Replay
    from appliance.engine.client import Engine
    from appliance.index.memory import Hit
    from appliance.tasks.cascade import State
    from appliance.tasks.extract import PackTried, Tried
    from appliance.tasks.packs import Pack

Notify = Callable[[str], None]
ResultId = str  # 32 hex digits; empty where nothing was kept
Names = dict[DocumentId, str]  # of the documents that a result speaks of


class Questions:
    """Search, answers, summaries and fields over one open store."""

    def __init__(self, settings: Settings, acts: Acts, warm: Warm, notify: Notify) -> None:
        self._settings = settings
        self._acts = acts
        self._warm = warm
        self._notify = notify
        self._keeper = Keeper(settings, acts)
        self.tokens = 0  # that the language model read and wrote so far

    def search(
        self, question: str, collections: tuple[str, ...], limit: int
    ) -> tuple[tuple[Passage, ...], Names]:
        """The passages that fit best, among the documents this principal may search.

        ``collections``: names or ids; none: in all of them.
        """
        with self._acts.act("search", private={"question": question}) as act:
            named = [self._acts.collection(one, "search") for one in collections]
            scope = self._acts.scope("search", *named)
            hits = self._warm.library().search(question, scope, limit)
            found, _ = self._passages(act, hits, scope)
            names = self._names(act)
            self._acts.cited(act, (passage.document for passage in found))
            self._unchanged(act)
        return found, names

    def ask(
        self,
        question: str,
        collections: tuple[str, ...],
        reference: str | None,
        max_risk: float | None = None,
    ) -> tuple[Answer, Names, ResultId]:
        """What the documents of a collection, or one document, say to a question.

        Args:
            question: in plain words.
            collections: names or ids; only of several that are named here do documents stand
                before the model together.  None: the only one that there is for this person.
            reference: a document's id, beginning of an id, or name, instead.
            max_risk: share of wrong answers that is accepted, 0 to 1; None: as answer.Asking says.

        Raises:
            UsageError: it is no such share, or no collection is named and there are several.
        """
        if max_risk is not None and not 0 <= max_risk <= 1:
            raise UsageError("a risk is a share, from 0 to 1", remedy="give such as 0.1")
        with self._acts.act("ask", private={"question": question}) as act:
            if reference is not None:
                _, scope = self._acts.document(reference, "ask")
            else:
                scope = self._acts.scope("ask", *self._named(collections))
            options = () if max_risk is None else (("max_risk", repr(max_risk)),)
            request = Request("ask", question, options)
            answer = self._answer(act, request, scope)
            result = self._keep(act, request, scope, answer)
            names = self._names(act)
        return answer, names, result

    def summarize(
        self, reference: str, brief: Brief | None = None
    ) -> tuple[Document, Summary, ResultId]:
        """A summary of one document, every sentence with its evidence."""
        with self._acts.act("summarize", private={"document": reference}) as act:
            document, scope = self._acts.document(reference, "summarize")
            request = Request("summarize", str(brief or Brief()))
            summary = self._summary(act, request, scope)
            result = self._keep(act, request, scope, summary)
        return document, summary, result

    def extract(
        self, reference: str, pack: str
    ) -> tuple[Document, tuple[FieldValue, ...], ResultId]:
        """The fields of a pack, each a verbatim span of the document or not stated."""
        private = {"document": reference, "pack": pack}
        with self._acts.act("extract", private=private) as act:
            document, scope = self._acts.document(reference, "extract")
            request = Request("extract", pack)
            fields = self._fields(act, request, scope)
            result = self._keep(act, request, scope, fields)
        return document, fields, result

    def try_pack(self, reference: str, pack: Pack) -> PackTried:
        """A pack that is being written, on one document, with what was considered.

        Raises:
            UsageError: the pack came over the service's socket and is not one that is installed:
                its expressions could keep the service busy for ever.
        """
        from appliance.tasks import packs
        from appliance.tasks.extract import tried_of

        own = self._settings.home / "packs"
        trusted = self._acts.via is Via.CLI or (
            pack.name in packs.available(own=own) and pack == packs.load(pack.name, own=own)
        )
        if not trusted:
            raise UsageError(
                "the service tries only packs that are installed",
                remedy="put it into the folder `packs` of the home folder, or use --embedded",
            )
        return tried_of(self.weigh(reference, pack))

    def weigh(self, reference: str, pack: Pack) -> Tried:
        """The same with every candidate, for whoever is in this process."""
        from appliance.tasks.extract import Tried

        private = {"document": reference, "pack": pack.name}
        with self._acts.act("extract", private=private) as act:
            document, scope = self._acts.document(reference, "extract")
            parsed, fields, states = self._tried(act, pack, scope)
        return Tried(document, parsed, fields, states)

    def results(self, limit: int = 0) -> tuple[tuple[KeptRow, Request], ...]:
        """The results made from documents that this principal may read, newest first; 0: all."""
        with self._acts.act("results") as act:
            return tuple((row, kept.request) for row, kept in self._keeper.newest(act, limit))

    def result(self, reference: str) -> tuple[ResultId, Kept]:
        """One result as it is kept, by its id or the beginning of its id."""
        with self._acts.act("result", private={"result": reference}) as act:
            row, found = self._keeper.opened(act, reference)
        return row.id, found

    def replay(self, reference: str) -> Replay:
        """A kept result once more: the same to the byte, or what has changed."""
        from appliance.app.work.replay import replay

        with self._acts.act("replay", private={"result": reference}) as act:
            row, then = self._keeper.opened(act, reference)
            return replay(row.id, then, partial(self._again, act))

    def _again(self, act: Act, then: Kept) -> Kept:
        """The same request on what is left of the same documents."""
        request = then.request
        wide, sources = self._acts.scope(request.kind), [d for d, _ in then.basis.scope]
        scope = wide.narrow(sources).naming(self._acts.collections_of(sources))
        if request.kind != "ask" and not scope.documents:
            raise Denied(f"the policy does not permit you to {request.kind} here", remedy=ASK)
        work: dict[str, Callable[[Act, Request, Scope], Outcome]] = {
            "ask": self._answer,
            "summarize": self._summary,
            "extract": self._fields,
        }
        outcome = work[request.kind](act, request, scope)
        return kept(request, self._basis(act, request, scope), outcome)

    def _unchanged(self, act: Act) -> None:
        """What was found and what was read are of one version, also while somebody replaces it.

        Raises:
            NotFound: a document was replaced or erased meanwhile; nothing of it is shown.
        """
        if not self._warm.embedding_digest:  # nothing was searched
            return
        searched = self._warm.library().versions(act.documents)
        if searched != self._acts.store.versions(searched.keys()):
            raise NotFound("a document was replaced while this was done", remedy="ask again")

    def _keep(self, act: Act, request: Request, scope: Scope, outcome: Outcome) -> ResultId:
        self._acts.cited(act, cited(outcome))
        self._unchanged(act)
        return self._keeper.keep(act, kept(request, self._basis(act, request, scope), outcome))

    def _basis(self, act: Act, request: Request, scope: Scope) -> Basis:
        name = self._warm.model().name if act.model else ""  # a summary may do without
        pack = self._pack(request) if request.kind == "extract" else None
        embedding = "" if request.kind == "summarize" else self._warm.embedding_digest
        return self._keeper.basis(scope, act, name, embedding, pack)

    def _pack(self, request: Request) -> Pack:
        from appliance.tasks import packs

        return packs.load(request.argument, own=self._settings.home / "packs")

    def _named(self, names: tuple[str, ...]) -> Sequence[Collection]:
        if names:
            return [self._acts.collection(name, "ask") for name in names]
        visible = self._acts.collections()
        if len(visible) == 1:
            return visible
        raise UsageError(
            f"there are {len(visible)} collections",
            remedy="name one with --collection, or a document with --document",
        )

    def _answer(self, act: Act, request: Request, scope: Scope) -> Answer:
        from appliance.tasks.answer import Asking, answer, asks_model
        from appliance.tasks.relevance import asked

        alone = len(scope.documents) == 1  # then a preamble that names it would only drown the rest
        searched = asked(request.argument) if alone else request.argument
        found, texts = self._passages(act, self._read(searched, scope), scope)
        engine = self.engine(act, scope) if asks_model() else None
        self._retrieved(act)
        query = self._warm.library().asked(request.argument, scope)
        risk = request.option("max_risk")
        asking = Asking(float(risk) if risk else None, query.text, query.documents)
        return answer(request.argument, found, texts, engine, self._warm.library(), asking)

    def _summary(self, act: Act, request: Request, scope: Scope) -> Summary:
        from appliance.tasks.summarize import summarize

        (document,) = scope.documents
        act.documents.append(document)
        brief = Brief.parse(request.argument)
        engine = self.engine(act, scope) if brief.vote else None
        self._retrieved(act)
        self._acts.admit(act, scope, [document])
        return summarize(self._warm.parsed(document), document, brief, engine)

    def _fields(self, act: Act, request: Request, scope: Scope) -> tuple[FieldValue, ...]:

        pack = self._pack(request)
        return self._tried(act, pack, scope)[1]

    def _tried(
        self, act: Act, pack: Pack, scope: Scope
    ) -> tuple[ParsedDocument, tuple[FieldValue, ...], tuple[State, ...]]:
        from appliance.tasks.cascade import Tools
        from appliance.tasks.extract import tried

        (document,) = scope.documents
        act.documents.append(document)
        engine = self.engine(act, scope)
        self._retrieved(act)
        self._acts.admit(act, scope, [document])
        parsed = self._warm.parsed(document)

        def retrieve(question: str) -> Sequence[Span]:
            return [hit.chunk.span for hit in self._read(question, scope)]

        with ExitStack() as running:
            larger = partial(self._larger, running, act, scope)
            tools = Tools(retrieve, engine, self._warm.library().embed, larger)
            return parsed, *tried(parsed, document, pack, tools)

    def _larger(self, running: ExitStack, act: Act, scope: Scope, name: str) -> Engine | None:
        """Another installed model, served while ``running`` is open; None: it is not installed."""
        from appliance.engine import larger, server
        from appliance.engine.client import VllmEngine

        if not larger.installed(self._settings, name):
            return None
        settings = running.enter_context(larger.serving(self._settings, name, self._notify))
        digest = server.status(settings).digest
        self._acts.log.retrieval(act.intent, act.documents, model=digest, prompt=act.prompt)
        engine = VllmEngine(settings, name, self._salt(scope))
        return Prompting(engine, self._acts, act, scope, self._spend)

    def _read(self, question: str, scope: Scope) -> Sequence[Hit]:
        return self._warm.library().find(question, scope, self._settings.search.characters)

    def _passages(
        self, act: Act, hits: Sequence[Hit], scope: Scope
    ) -> tuple[tuple[Passage, ...], dict[DocumentId, ParsedDocument]]:
        from appliance.index.library import passages

        found = list(dict.fromkeys(hit.document for hit in hits))
        self._acts.admit(act, scope, found)
        act.documents += found
        act.counts["passages"] = len(hits)
        act.passages += [(hit.document, hit.chunk.span) for hit in hits]
        texts = {document: self._warm.parsed(document) for document in found}
        return passages(hits, texts), texts

    def _names(self, act: Act) -> Names:
        return {document: self._acts.store.document(document).name for document in act.documents}

    def _retrieved(self, act: Act) -> None:
        self._acts.log.retrieval(
            act.intent, act.documents, model=act.model, adapter=act.adapter, prompt=act.prompt
        )

    def engine(self, act: Act, scope: Scope) -> Engine:
        """The language model, started if it is not running; its digest goes on record."""
        from appliance.engine import server
        from appliance.engine.client import VllmEngine
        from appliance.tasks.prompts import digest as prompts_digest

        identity = self._warm.model()
        act.model, act.prompt = identity.digest, prompts_digest()
        with self._warm.starting:  # of several who need it, one starts it
            running = server.status(self._settings)
            if not running.running:
                self._notify("The engine is not running; starting it (this takes about a minute).")
                server.start(self._settings, self._notify)
                take_over_engines(self._acts.log, self._settings)
        if running.running and running.digest not in {"", identity.digest}:
            raise EngineUnavailable(
                f"the engine runs with {running.model}, not with the model in force",
                remedy="run `appliance engine stop`; the next task starts it with the right one",
            )
        engine = VllmEngine(self._settings, identity.name, self._salt(scope))
        return Prompting(engine, self._acts, act, scope, self._spend)

    def _salt(self, scope: Scope) -> str:
        """What the engine keeps of these documents is found again for these documents only."""
        members = "\n".join(sorted(scope.documents)).encode()
        return keyed_hash(self._acts.store.derive("cache-salt"), members)

    def _spend(self, tokens: int) -> None:
        self.tokens += tokens
