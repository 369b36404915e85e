"""The set ``retrieval``: its figures, on a ranking made by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from appliance.access.scope import Scope
from appliance.documents import Chunk, DocumentId, Element, ElementKind, ParsedDocument, Span
from appliance.index.memory import Hit
from scripts.evaluating.ranking import Annotation, first, ndcg, recall, reciprocal
from scripts.evaluating.retrieval import Corpus, Question, measured, questions

TEXT = "The rent is due\nin May. Nothing else."
LEASE, NOTE = DocumentId("1" * 32), DocumentId("2" * 32)


def parsed(text: str, page: int | None = 1) -> ParsedDocument:
    elements = (Element(ElementKind.TEXT, Span(0, len(text)), page),)
    return ParsedDocument(text, elements, "text/plain", pages=page)


def test_an_annotation_is_found_without_regard_to_white_space() -> None:
    annotation = Annotation(parsed(TEXT), ["rent is due in  May.", "not there at all"])
    assert annotation.mapped == pytest.approx(14 / 27)
    assert annotation.within([Span(0, len(TEXT))]) == 1.0
    assert annotation.within([Span(0, TEXT.index("due"))]) == pytest.approx(6 / 14)
    assert annotation.within([Span(0, 11), Span(4, 11)]) == annotation.within([Span(0, 11)])
    assert Annotation(parsed(TEXT), []).within([Span(0, 5)]) == 0.0
    assert annotation.gains([Chunk(Span(0, 3)), Chunk(Span(0, 37))]) == [0.0, 1.0]


def test_a_budget_cuts_the_last_span() -> None:
    spans = [("a", Span(0, 10)), ("b", Span(5, 25)), ("a", Span(50, 51))]
    assert first(spans, 15) == [("a", Span(0, 10)), ("b", Span(5, 10))]
    assert first(spans, 99) == spans


def test_gain_is_discounted_by_place() -> None:
    assert ndcg([1.0, 0.0], [0.0, 1.0]) == 1.0
    assert ndcg([0.0, 1.0], [1.0]) == pytest.approx(1 / math.log2(3))
    assert ndcg([1.0], []) == 0.0
    assert ndcg([0.0, 1.0], [1.0], depth=1) == 0.0


def test_recall_counts_as_many_as_can_stand_there() -> None:
    assert recall(["a", "b", "c"], ["a", "c"], 1) == 1.0
    assert recall(["a", "b", "c"], ["a", "c"], 2) == 0.5
    assert recall(["a"], [], 2) == 0.0
    assert reciprocal(["x", "b"], ["b", "c"]) == 0.5
    assert reciprocal(["x"], ["b"]) == 0.0


def test_rows_become_questions() -> None:
    rows: Sequence[dict[str, object]] = [
        {"id": 1, "question": "Consider X; why?", "doc": "a.pdf",
         "evidence": [{"text": "t", "page": 3}, {"text": None, "page": None}]},
        {"id": 2, "question": "q", "doc": ["a.pdf", "b.pdf"], "evidence": [{"page_auto": [4, 5]}]},
        {"id": 3, "question": "q", "doc": "a.pdf", "unanswerable": True},
    ]  # fmt: skip
    one, two = questions(rows)
    assert one == Question("1", "Consider X; why?", ("a.pdf",), ("t",), (3,))
    assert one.bare == "why?"
    assert (two.documents, two.pages) == (("a.pdf", "b.pdf"), (4, 5))


class Fixed:
    """A test double of the library: always the same hits, those of the scope."""

    def search(self, _question: str, scope: Scope, _limit: int) -> tuple[Hit, ...]:
        hits = (Hit(NOTE, Chunk(Span(0, 8)), 2.0), Hit(LEASE, Chunk(Span(4, 15)), 1.0))
        return tuple(hit for hit in hits if hit.document in scope.documents)

    def find(self, question: str, scope: Scope, _characters: int) -> tuple[Hit, ...]:
        return self.search(question, scope, 9)


CORPUS = Corpus(
    Fixed(),
    Scope("u", "search", "0" * 64, frozenset({LEASE, NOTE})),
    {LEASE: "lease.pdf", NOTE: "note.pdf"},
    lambda name: parsed(TEXT if name == "lease.pdf" else "Nothing."),
)


def test_clauses_are_scored_in_the_contract_and_among_all() -> None:
    asked = [
        Question("1", "In X; what is due?", ("lease.pdf",), ("The rent is due in May",), (1,)),
        Question("2", "Without an annotation?", ("lease.pdf",)),
    ]
    result = measured("clauses", CORPUS, asked)
    values = {score.name: score.value for score in result.scores}
    assert values["clause within 4000 characters, scoped"] == pytest.approx(9 / 17)
    assert values["clause within 4000 characters, open, contract named"] == pytest.approx(9 / 17)
    assert values["right contract first"] == 0.0
    assert values["page among the first 4 chunks"] == 1.0
    assert values["annotation that the reading holds"] == 1.0
    assert len(result.details) == 1
    (target,) = (s for s in result.scores if s.name == "clause within 4000 characters, scoped")
    assert (target.target, target.met) == (">= 0.75", False)


def test_documents_are_scored_by_their_first_chunk() -> None:
    result = measured("filings", CORPUS, [Question("1", "What?", ("lease.pdf",), (), (1,))])
    values = {score.name: score.value for score in result.scores}
    assert values["right document first"] == 0.0
    assert values["right documents among the first 5"] == 1.0
    assert values["reciprocal rank of the right document"] == 0.5
    assert values["page among the first 4 chunks"] == 1.0
