"""The part ``tables`` of the set ``answers``: questions over the tables of reports.

TAT-QA (Zhu et al. 2021, CC BY 4.0): the company is not named, so each question is put to its
document.  Filings: a question counts by the numbers of its reference answer that are given back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from appliance.documents import DocumentId, ParsedDocument
from appliance.tasks import figures
from scripts.evaluating import confined
from scripts.evaluating.options import Options
from scripts.evaluating.result import Detail, Result
from scripts.evaluating.score import Count, Score
from scripts.evaluating.split import admits, shares
from scripts.evaluating.tables_metric import exact, f1, gold, normalised
from scripts.evaluating.workspace import rows

PART = "tables"
LEAST_EXACT = 0.30
TYPES = ("span", "multi-span", "arithmetic", "count")


@dataclass(frozen=True, slots=True)
class Question:
    """One annotated question."""

    question: str
    document: str
    kind: str
    expected: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a question."""

    question: Question
    given: tuple[str, ...]  # normalised; empty: declined
    score: float

    @property
    def right(self) -> bool:
        """Whether the answers are those annotated."""
        return bool(self.given) and exact(self.given, self.question.expected)

    @property
    def wrong(self) -> bool:
        """Whether something else was answered."""
        return bool(self.given) and not self.right


def score(data: Path, options: Options) -> Result:
    """Ask every question about its document, out of the tables alone."""
    reports = [q for q in questions(data) if admits(options.part, q.document)]
    filed = [f for f in filings(data) if admits(options.part, f.document)]
    texts = _read(data / "finance_tables" / "docs", {q.document for q in reports}, options.readers)
    texts |= _read(data / "finance_filings" / "docs", {f.document for f in filed}, options.readers)
    outcomes = [outcome(q, texts[q.document]) for q in reports if q.document in texts]
    held = [numbers(f, texts[f.document]) for f in filed if f.document in texts]
    return (result(outcomes) if outcomes else Result()) + (of_filings(held) if held else Result())


@dataclass(frozen=True, slots=True)
class Filed:
    """A question about one filing, with the numbers of its reference answer."""

    question: str
    document: str
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Numbers:
    """What an answer out of a filing holds of the reference's numbers; None: declined."""

    filed: Filed
    found: int
    text: str | None


def filings(data: Path) -> list[Filed]:
    """The questions of ``finance_filings/qa.jsonl`` about one document that have numbers."""
    return [
        Filed(
            str(row["question"]), str(row["doc"]), tuple(cast("list[str]", row["answer_numbers"]))
        )
        for row in rows(data / "finance_filings" / "qa.jsonl")
        if isinstance(row["doc"], str) and row["answer_numbers"]
    ]


def numbers(filed: Filed, parsed: ParsedDocument) -> Numbers:
    """Ask one filing; a number counts that stands in the answer or in its arithmetic."""
    proposed = figures.propose(filed.question, {DocumentId(filed.document): parsed})
    if proposed is None or proposed.score < figures.ENOUGH:
        return Numbers(filed, 0, None)
    text = " ".join(f"{s.text} {s.derivation}" for s in proposed.answer.statements)
    return Numbers(filed, sum(number in text for number in filed.numbers), text)


def of_filings(held: Sequence[Numbers]) -> Result:
    """Share of the reference's numbers given, and of questions answered with none of them."""
    given = _by_document([(h, h.found, len(h.filed.numbers)) for h in held])
    wrong = _by_document([(h, int(h.text is not None and not h.found), 1) for h in held])
    declined = _by_document([(h, int(h.text is None), 1) for h in held])
    return Result(
        [
            *shares(PART, "filings: numbers of the reference given", given),
            *shares(PART, "filings: answered with none of them", wrong),
            *shares(PART, "filings: declined", declined),
        ],
        [
            Detail(
                PART,
                h.filed.document,
                (("found", float(h.found)), ("of", float(len(h.filed.numbers)))),
                (h.filed.question, f"given {h.text or ''}"),
            )
            for h in held
        ],
    )


def _by_document(held: Sequence[tuple[Numbers, int, int]]) -> list[Count]:
    found: dict[str, Count] = {}
    for one, part, whole in held:
        name = one.filed.document
        so_far = found.get(name, Count(name, 0, 0))
        found[name] = Count(name, so_far.found + part, so_far.total + whole)
    return [found[name] for name in sorted(found)]


def questions(data: Path) -> list[Question]:
    """The questions of ``finance_tables/qa.jsonl``."""
    return [
        Question(
            str(row["question"]),
            str(row["doc"]),
            str(row["answer_type"]),
            tuple(gold(cast("str | float | list[str]", row["answer"]), str(row["scale"]))),
        )
        for row in rows(data / "finance_tables" / "qa.jsonl")
    ]


def outcome(question: Question, parsed: ParsedDocument) -> Outcome:
    """Ask one question."""
    proposed = figures.propose(question.question, {DocumentId(question.document): parsed})
    if proposed is None or proposed.score < figures.ENOUGH:
        return Outcome(question, (), proposed.score if proposed else 0.0)
    given = tuple(normalised(statement.text) for statement in proposed.answer.statements)
    return Outcome(question, given, proposed.score)


def result(outcomes: Sequence[Outcome]) -> Result:
    """The shares over all, by kind of answer and by format of the document."""
    scores: list[Score] = []
    scores += shares(PART, "exact match", _counts(outcomes, lambda o: o.right), LEAST_EXACT)
    scores += shares(PART, "F1", _counts(outcomes, lambda o: f1(o.given, o.question.expected)))
    scores += shares(PART, "wrong", _counts(outcomes, lambda o: o.wrong))
    scores += shares(PART, "declined", _counts(outcomes, lambda o: not o.given))
    scores.append(_fewer_wrong(outcomes))
    for name, among in _groups(outcomes).items():
        scores += shares(PART, f"exact match, {name}", _counts(among, lambda o: o.right))[:1]
        scores += shares(PART, f"wrong, {name}", _counts(among, lambda o: o.wrong))[:1]
    return Result(scores, [_detail(o) for o in outcomes])


def _fewer_wrong(outcomes: Sequence[Outcome]) -> Score:
    wrong = sum(o.wrong for o in outcomes)
    declined = sum(not o.given for o in outcomes)
    return Score(
        PART,
        "wrong answers for each declined",
        wrong / declined if declined else float(wrong > 0),
        unit="",
        target="< 1",
        met=wrong < declined or not wrong,
        on=f"{wrong} wrong, {declined} declined",
    )


def _groups(outcomes: Sequence[Outcome]) -> Mapping[str, list[Outcome]]:
    groups: dict[str, list[Outcome]] = {}
    for kind in TYPES:
        groups[kind] = [o for o in outcomes if o.question.kind == kind]
    for form in sorted({Path(o.question.document).suffix for o in outcomes}):
        groups[form[1:]] = [o for o in outcomes if o.question.document.endswith(form)]
    return {name: among for name, among in groups.items() if among}


def _counts(outcomes: Sequence[Outcome], value: Callable[[Outcome], float]) -> list[Count]:
    documents = sorted({o.question.document for o in outcomes})
    return [
        Count(document, sum(float(value(o)) for o in mine), len(mine))
        for document in documents
        for mine in ([o for o in outcomes if o.question.document == document],)
    ]


def _detail(outcome: Outcome) -> Detail:
    became = "right" if outcome.right else "wrong" if outcome.wrong else "declined"
    return Detail(
        PART,
        outcome.question.document,
        ((became, 1.0), ("score", outcome.score)),
        (
            outcome.question.question,
            f"expected {'; '.join(outcome.question.expected)}",
            f"given {'; '.join(outcome.given)}",
        ),
    )


def _read(folder: Path, names: set[str], readers: int) -> dict[str, ParsedDocument]:
    files = [folder / name for name in sorted(names) if (folder / name).exists()]
    if not files:
        return {}
    with confined.started(readers) as running:
        return {read.name: read.document for read in running.read(files) if read.document}
