"""The set ``answers``: what is asked and answered, right, wrong or not stated.

``legal``: CUAD's clauses in the words of LegalBench-RAG, within the contract; right when half of an
annotated clause is cited, or its value quoted.  ``open``: the same among all contracts, named.
``mails``: BIPIA, right when the amounts shown are the annotated ones.  ``abstracts``: PubMedQA
among all abstracts, right when yes, no or maybe is.  ``filings``: right when the first citation is
of a report that answers.  ``tables``: tables_set.py.  ``risk``: what of the promise of --max-risk
is kept.  ``--calibrate`` writes the calibration data of answers from the tuned half.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from appliance.documents import DocumentId, ParsedDocument
from appliance.results import Answer, Status
from appliance.tasks import kinds
from scripts.evaluating import answers_risk, tables_set
from scripts.evaluating.answers_metric import Question, is_right, macro_f1
from scripts.evaluating.options import Options
from scripts.evaluating.result import Detail, Result
from scripts.evaluating.score import Count, Score
from scripts.evaluating.split import admits, held_back, shares
from scripts.evaluating.workspace import Workspace, opened, rows

FOLDERS = {"legal": "legal_contracts", "open": "legal_contracts", "mails": "emails",
           "abstracts": "medical_abstracts", "filings": "finance_filings"}  # fmt: skip
NAMES = (*FOLDERS, tables_set.PART, "risk")
SCOPED = ("legal", "mails")  # asked within the document
MOST_ANSWERED = 0.1  # of the questions without an answer


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a question."""

    question: Question
    answer: Answer
    right: bool
    cites_own: bool  # a document that answers
    seconds: float
    tokens: int

    @property
    def answered(self) -> bool:
        """Whether something was cited."""
        return self.answer.status is not Status.NOT_STATED


def measure(data: Path, options: Options) -> Result:
    """Ask everything, by the pipeline that a user asks."""
    found = Result()
    parts = [part for part in FOLDERS if options.wants(part)]
    risky = options.wants("risk") or options.calibrate
    folders = {FOLDERS[part] for part in (*parts, *(SCOPED if risky else ()))}
    known = {f: data / f / "docs" for f in sorted(folders) if (data / f / "docs").is_dir()}
    if known:
        with opened(known, options) as workspace:
            if options.calibrate:
                answers_risk.calibrate(workspace, _scoped(data, Options()))
            for part in parts:
                asked = [q for q in questions(data, part) if admits(options.part, q.document)]
                found += result(part, [_outcome(workspace, q) for q in asked])
            if options.wants("risk"):
                found += answers_risk.kept(workspace, _scoped(data, options))
    return found + tables_set.score(data, options) if options.wants(tables_set.PART) else found


def questions(data: Path, part: str) -> list[Question]:
    """The annotated questions of a part."""
    return [_question(part, row) for row in rows(data / FOLDERS[part] / "qa.jsonl")]


def _question(part: str, row: dict[str, object]) -> Question:
    named = row["doc"]
    documents = tuple(str(d) for d in named) if isinstance(named, list) else (str(named),)
    evidence = cast("list[dict[str, object]]", row.get("evidence", []))
    return Question(
        part,
        str(row["question"]),
        documents,
        str(row["answer"]),
        tuple(str(e["text"]) for e in evidence if e.get("text")),
        not row.get("unanswerable"),
    )


def _scoped(data: Path, options: Options) -> list[Question]:
    asked = [question for part in SCOPED for question in questions(data, part)]
    return [question for question in asked if admits(options.part, question.document)]


def _outcome(workspace: Workspace, question: Question) -> Outcome:
    folder, app = FOLDERS[question.part], workspace.app
    own = workspace.documents[f"{folder}/{question.document}"].id
    scoped = question.part in SCOPED
    begun, tokens = time.monotonic(), app.questions.tokens
    answer, _, _ = app.questions.ask(question.text, (folder,), own if scoped else None)
    seconds = time.monotonic() - begun
    texts, names = _cited(workspace, folder, answer)
    return Outcome(
        question,
        answer,
        is_right(question, answer, texts, names),
        any(names[document] in question.documents for document in texts),
        seconds,
        app.questions.tokens - tokens,
    )


def _cited(
    workspace: Workspace, folder: str, answer: Answer
) -> tuple[dict[DocumentId, ParsedDocument], dict[DocumentId, str]]:
    """The documents that an answer cites, and the file names of all."""
    names = {
        document.id: name.removeprefix(f"{folder}/")
        for name, document in workspace.documents.items()
        if name.startswith(f"{folder}/")
    }
    cited = {c.document for s in answer.statements for c in s.citations}
    return {d: workspace.app.warm.parsed(d) for d in sorted(cited)}, names


def result(part: str, outcomes: Sequence[Outcome]) -> Result:
    """The shares of a part, and every question as a detail."""
    if not outcomes:
        return Result()
    there = [o for o in outcomes if o.question.answerable]
    absent = [o for o in outcomes if not o.question.answerable]
    scores = [
        *shares(part, "right", _counts(there, lambda o: o.right)),
        *shares(part, "wrong", _counts(there, lambda o: o.answered and not o.right)),
        *shares(part, "not stated though there", _counts(there, lambda o: not o.answered)),
    ]
    if absent:
        scores += _at_most(
            shares(part, "answered though not there", _counts(absent, lambda o: o.answered))
        )
    if part == "abstracts":
        scores += _verdicts(there)
    if part == "open":
        answered = [o for o in there if o.answered]
        scores += shares(part, "right document cited", _counts(answered, lambda o: o.cites_own))
    scores.append(_mean(part, "seconds a question", outcomes, lambda o: o.seconds, "s"))
    scores.append(_mean(part, "tokens a question", outcomes, lambda o: o.tokens, "tokens"))
    return Result(scores, [_detail(o) for o in outcomes])


def _verdicts(outcomes: Sequence[Outcome]) -> list[Score]:
    scores = []
    for name, half in (("held back", True), ("tuned on", False)):
        pairs = [
            (o.question.answer, o.answer.statements[0].text.lower() if o.answered else "")
            for o in outcomes
            if held_back(o.question.document) is half
        ]
        if pairs:
            on = f"{len(pairs)} questions"
            scores.append(Score("abstracts", f"macro-F1, {name}", macro_f1(pairs), on=on))
    return scores


def _at_most(scores: Sequence[Score]) -> list[Score]:
    first, *rest = scores
    target, met = f"<= {MOST_ANSWERED:g}", first.value <= MOST_ANSWERED
    return [replace(first, target=target, met=met), *rest]


def _mean(
    part: str, name: str, outcomes: Sequence[Outcome], of: Callable[[Outcome], float], unit: str
) -> Score:
    value = sum(of(outcome) for outcome in outcomes) / len(outcomes)
    return Score(part, name, value, unit, on=f"{len(outcomes)} questions")


def _counts(outcomes: Sequence[Outcome], is_so: Callable[[Outcome], bool]) -> list[Count]:
    return [
        Count(document, sum(is_so(o) for o in mine), len(mine))
        for document in sorted({o.question.document for o in outcomes})
        for mine in ([o for o in outcomes if o.question.document == document],)
    ]


def _notes(outcome: Outcome) -> tuple[str, ...]:
    return (outcome.question.text, *(s.text[:200] for s in outcome.answer.statements))


def _detail(outcome: Outcome) -> Detail:
    figures = (
        ("answerable", float(outcome.question.answerable)),
        ("answered", float(outcome.answered)),
        ("right", float(outcome.right)),
        ("risk", -1.0 if outcome.answer.risk is None else outcome.answer.risk),
        ("polar", float(kinds.is_polar(outcome.question.text))),
        ("seconds", round(outcome.seconds, 2)),
    )
    return Detail(outcome.question.part, outcome.question.document, figures, _notes(outcome))
