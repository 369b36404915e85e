"""The set ``retrieval``: whether a search brings what was annotated, and brings it early.

``clauses``: the clauses that CUAD annotates, asked for in the words of LegalBench-RAG (Pipitone and
Houir Alami 2024); within the contract, and among all contracts with the contract named.
``filings``: reports of companies, named by company and period.  ``abstracts``: the one abstract
that a research question is about.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from appliance.access.scope import Scope
from appliance.documents import DocumentId, ParsedDocument, Span
from appliance.index.chunk import chunk
from appliance.index.memory import Hit
from scripts.evaluating.options import Options
from scripts.evaluating.ranking import Annotation, first, ndcg, recall, reciprocal
from scripts.evaluating.result import Detail, Result
from scripts.evaluating.score import Count
from scripts.evaluating.split import admits, held_back, shares
from scripts.evaluating.workspace import Workspace, opened, rows

NAMES = ("clauses", "filings", "abstracts")
FOLDERS = {"clauses": "legal_contracts", "filings": "finance_filings",
           "abstracts": "medical_abstracts"}  # fmt: skip
CHARACTERS = 4000  # that are read
HITS = 20  # that are ranked
PAGES_AT = (4, 8)
SCOPED, OPEN, FIRST = 0.75, 0.65, 0.9  # what is to be reached

Figures = dict[str, tuple[float, float]]  # found, of total; by name


class Searches(Protocol):
    """A library, or what stands in for it."""

    def search(self, question: str, scope: Scope, limit: int) -> tuple[Hit, ...]: ...

    def find(self, question: str, scope: Scope, characters: int) -> tuple[Hit, ...]: ...


@dataclass(frozen=True, slots=True)
class Question:
    """A question with what annotators say of it."""

    id: str
    text: str
    documents: tuple[str, ...]  # names of the files that answer it
    annotated: tuple[str, ...] = ()  # words of the answer
    pages: tuple[int, ...] = ()

    @property
    def bare(self) -> str:
        """The question without the preamble that names its document."""
        return self.text.rsplit("; ", maxsplit=1)[-1]


@dataclass(frozen=True, slots=True)
class Corpus:
    """One folder, ready to search."""

    library: Searches
    scope: Scope  # all of it
    names: Mapping[DocumentId, str]
    parsed: Callable[[str], ParsedDocument]

    def only(self, name: str) -> Scope:
        """The scope of one document."""
        return self.scope.narrow(document for document, n in self.names.items() if n == name)


def measure(data: Path, options: Options) -> Result:
    """Each part whose folder is there."""
    wanted = {part: data / FOLDERS[part] / "docs" for part in NAMES if options.wants(part)}
    folders = {FOLDERS[part]: docs for part, docs in wanted.items() if docs.is_dir()}
    result = Result()
    if not folders:
        return result
    with opened(folders, options) as workspace:
        for part in wanted:
            if FOLDERS[part] in folders:
                asked = questions(rows(data / FOLDERS[part] / "qa.jsonl"))
                kept = [q for q in asked if all(admits(options.part, d) for d in q.documents[:1])]
                result += measured(part, corpus(workspace, FOLDERS[part]), kept)
    return result


def corpus(workspace: Workspace, folder: str) -> Corpus:
    """A folder of an open appliance; the scope is that of a person who may search."""
    app = workspace.app
    where = app.acts.collection(folder, "search")
    return Corpus(
        app.warm.library(),
        app.acts.scope("search", where),
        {d.id: Path(d.name).name for d in app.documents(folder)},
        lambda name: workspace.parsed(folder, name),
    )


def questions(untrusted_rows: Iterable[Mapping[str, object]]) -> list[Question]:
    """The lines of a ``qa.jsonl`` that say which document answers."""
    found = []
    for row in untrusted_rows:
        named = row["doc"]
        evidence: Sequence[Mapping[str, object]] = list(row.get("evidence") or ())  # type: ignore[call-overload]
        pages = {page for one in evidence for page in _pages(one)}
        documents = [str(n) for n in named] if isinstance(named, list) else [str(named)]
        texts = tuple(str(one["text"]) for one in evidence if one.get("text"))
        if not row.get("unanswerable"):
            found.append(
                Question(str(row["id"]), str(row["question"]), tuple(documents), texts,
                         tuple(sorted(pages)))
            )  # fmt: skip
    return found


def _pages(evidence: Mapping[str, object]) -> list[int]:
    guessed = evidence.get("page_auto")
    page = evidence.get("page")
    return [int(p) for p in guessed] if isinstance(guessed, list) else (
        [page] if isinstance(page, int) else []
    )  # fmt: skip


def measured(part: str, where: Corpus, asked: Sequence[Question]) -> Result:
    """The figures of one part: one row per question, summed by its document."""
    of = _clauses if part == "clauses" else _documents
    kept = [question for question in asked if question.annotated or part != "clauses"]
    figures = {question.id: of(where, question) for question in kept}
    counts: dict[str, dict[str, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    for question in kept:
        for name, pair in figures[question.id].items():
            counts[name][question.documents[0]].append(pair)
    scores = [
        score
        for name, by_document in counts.items()
        for score in shares(part, name, _counts(by_document), _least(part, name))
    ]
    return Result(scores, [_detail(part, question, figures[question.id]) for question in kept])


def _counts(by_document: Mapping[str, Sequence[tuple[float, float]]]) -> list[Count]:
    return [
        Count(document, sum(f for f, _ in pairs), sum(t for _, t in pairs))
        for document, pairs in sorted(by_document.items())
    ]


def _least(part: str, name: str) -> float | None:
    targets = {
        ("clauses", f"clause within {CHARACTERS} characters, scoped"): SCOPED,
        ("clauses", f"clause within {CHARACTERS} characters, open, contract named"): OPEN,
        ("filings", "right document first"): FIRST,
    }
    return targets.get((part, name))


def _clauses(where: Corpus, question: Question) -> Figures:
    """One annotated clause, searched for in its contract and in all of them."""
    name = question.documents[0]
    parsed = where.parsed(name)
    annotation = Annotation(parsed, question.annotated)
    only = where.only(name)
    scoped = where.library.search(question.bare, only, HITS)
    named = where.library.search(question.text, where.scope, HITS)
    right = [where.names[hit.document] == name for hit in named[:1]]
    ideal = annotation.gains(chunk(parsed))
    figures: Figures = {
        f"clause within {CHARACTERS} characters, scoped": (
            annotation.within(_read(where, question.bare, only, name)), 1),
        f"clause within {CHARACTERS} characters, open, contract named": (
            annotation.within(_read(where, question.text, where.scope, name)), 1),
        "nDCG@10, scoped": (ndcg(annotation.gains(h.chunk for h in scoped), ideal), 1),
        "right contract first": (float(any(right)), 1),
        "annotation that the reading holds": (annotation.mapped, 1),
    }  # fmt: skip
    return figures | _page_recall(parsed, question, [h.chunk.span for h in scoped])


def _read(where: Corpus, text: str, scope: Scope, name: str) -> list[Span]:
    """What is read of one document, of all that is read."""
    found = where.library.find(text, scope, CHARACTERS)
    spans = first([(where.names[hit.document], hit.chunk.span) for hit in found], CHARACTERS)
    return [span for document, span in spans if document == name]


def _documents(where: Corpus, question: Question) -> Figures:
    """One question to all documents: which of them come first."""
    hits = where.library.search(question.text, where.scope, HITS)
    ranked = list(dict.fromkeys(where.names[hit.document] for hit in hits))
    wanted = question.documents
    gains = [float(name in wanted) for name in ranked]
    figures: Figures = {
        "right document first": (recall(ranked, wanted, 1), 1),
        "right documents among the first 5": (recall(ranked, wanted, 5), 1),
        "reciprocal rank of the right document": (reciprocal(ranked, wanted), 1),
        "nDCG@10 of documents": (ndcg(gains, [1.0] * len(wanted)), 1),
    }
    if len(wanted) > 1 or not question.pages:
        return figures
    parsed = where.parsed(wanted[0])
    spans = [hit.chunk.span for hit in hits if where.names[hit.document] == wanted[0]]
    return figures | _page_recall(parsed, question, spans)


def _page_recall(parsed: ParsedDocument, question: Question, spans: Sequence[Span]) -> Figures:
    """The share of the annotated pages on which one of the first chunks stands."""
    if not question.pages or parsed.pages is None:
        return {}
    figures: Figures = {}
    for depth in PAGES_AT:
        pages = {page for span in spans[:depth] for page in _pages_of(parsed, span)}
        share = recall(sorted(pages), question.pages, len(pages))
        figures[f"page among the first {depth} chunks"] = (share if pages else 0.0, 1.0)
    return figures


def _pages_of(parsed: ParsedDocument, span: Span) -> set[int]:
    return {e.page for e in parsed.elements if e.page is not None and e.span.overlaps(span)}


def _detail(part: str, question: Question, figures: Figures) -> Detail:
    name = question.documents[0]
    values = [(what, found / total) for what, (found, total) in figures.items()]
    return Detail(part, name, (*values, ("held_back", float(held_back(name)))), (question.id,))
