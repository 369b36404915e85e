"""The part ``risk`` of the set ``answers``, and the calibration data that answers go by.

A promise is kept when, of the answers that are given under --max-risk R, at most the share R is
wrong.  It is measured with weights and thresholds of the tuned half, on both halves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from appliance.documents import DocumentId, ParsedDocument, Passage
from appliance.engine.client import Engine
from appliance.index.library import passages
from appliance.index.payload import Embeds
from appliance.results import Answer, Status
from appliance.tasks import answer as answering
from appliance.tasks import calibration
from appliance.tasks.evidence import SIGNALS, Evidence
from appliance.tasks.relevance import asked
from appliance.tasks.voting import admitted, ordered, voted
from scripts.evaluating.answers_fit import Weighed, calibrated
from scripts.evaluating.answers_metric import (
    Question,
    holds_a_clause,
    holds_the_value,
    is_right,
    same_amounts,
)
from scripts.evaluating.result import Result
from scripts.evaluating.score import Count, Score
from scripts.evaluating.split import held_back, shares
from scripts.evaluating.workspace import Workspace

FOLDER_OF = {"legal": "legal_contracts", "mails": "emails"}
RISKS = (0.05, 0.1, 0.2, 0.3, 0.4)
BINS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)  # of the reliability table
BY_MODEL = ("vote", "margin", "declined")  # signals


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A question with the passages of its document."""

    question: Question
    found: tuple[Passage, ...]
    texts: dict[DocumentId, ParsedDocument]
    names: dict[DocumentId, str]
    engine: Engine


class Remembering:
    """An embedder that keeps what it has embedded: the same sentences come again and again."""

    def __init__(self, embeds: Embeds) -> None:
        self._embeds = embeds
        self._known: dict[str, NDArray[np.float32]] = {}

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors [n, d]."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known.update(zip(new, self._embeds.embed(new), strict=True))
        return np.array([self._known[text] for text in texts], dtype=np.float32)


def calibrate(workspace: Workspace, questions: Sequence[Question]) -> None:
    """Fit the weights on the tuned half and write the data that ship.

    The model's vote is among the signals where it makes more of the best sentences right.
    """
    tuned = [question for question in questions if not held_back(question.document)]
    embeds = Remembering(workspace.app.warm.library())
    source = f"CUAD contracts and BIPIA mails, tuned half; {workspace.model.name}"
    cases = [_case(workspace, question) for question in tuned]
    evidence = [
        admitted(asked(case.question.text), case.found, case.texts, embeds) for case in cases
    ]
    counted = [name for name in SIGNALS if name not in BY_MODEL]
    first = calibrated(
        answering.SENTENCES,
        [_weighed(case, some) for case, some in zip(cases, evidence, strict=True)],
        source,
        counted,
    )
    after = []
    for case, some in zip(cases, evidence, strict=True):
        scored = ordered(some, first)
        if scored:
            scored = voted(asked(case.question.text), scored, case.texts, case.engine, first)
        after.append(_weighed(case, [item for _, item in scored]))
    second = calibrated(answering.SENTENCES, after, source)
    made = second if sum(second.right) > sum(first.right) else first
    file = Path(calibration.FOLDER) / f"{answering.SENTENCES}.json"
    file.write_text(calibration.dump(made), "utf-8")
    answering.data_of.cache_clear()


def kept(workspace: Workspace, questions: Sequence[Question]) -> Result:
    """For each risk that is promised: the share wrong among the answers, and how many there are."""
    embeds = Remembering(workspace.app.warm.library())
    cases = [_case(workspace, question) for question in questions]
    scores: list[Score] = []
    for risk in RISKS:
        answers = [(case, _answered(case, embeds, risk)) for case in cases]
        given = [(c, a) for c, a in answers if a.status is not Status.NOT_STATED]
        wrong = [(c.question, not _right(c, a)) for c, a in given]
        reached = [(c.question, _right(c, a)) for c, a in answers if c.question.answerable]
        if wrong:  # of nothing, no share is wrong
            scores += shares("risk", f"wrong of those answered under {risk:g}", _counts(wrong))
        scores += shares("risk", f"answered rightly under {risk:g}", _counts(reached))
    return Result([*scores, *_reliability(cases, embeds)])


def _reliability(cases: Sequence[Case], embeds: Embeds) -> list[Score]:
    """How often answers of a stated risk were wrong, on held-back documents."""
    stated = []
    for case in cases:
        answer = _answered(case, embeds, 1.0)
        if answer.status is not Status.NOT_STATED and held_back(case.question.document):
            stated.append((answer.risk or 0.0, not _right(case, answer)))
    scores = []
    for low, high in pairwise(BINS):
        inside = [wrong for risk, wrong in stated if low <= risk < high]
        if inside:
            name = f"wrong where the risk shown is {low:g} to {high:g}, held back"
            on = f"{len(inside)} answers"
            scores.append(Score("risk", name, sum(inside) / len(inside), on=on))
    return scores


def _answered(case: Case, embeds: Embeds, risk: float) -> Answer:
    question = case.question.text
    asking = answering.Asking(risk)
    return answering.answer(question, case.found, case.texts, case.engine, embeds, asking)


def _right(case: Case, answer: Answer) -> bool:
    return is_right(case.question, answer, case.texts, case.names)


def _counts(judged: Sequence[tuple[Question, bool]]) -> list[Count]:
    documents = sorted({question.document for question, _ in judged})
    return [
        Count(document, sum(mine), len(mine))
        for document in documents
        for mine in ([so for question, so in judged if question.document == document],)
    ]


def _case(workspace: Workspace, question: Question) -> Case:
    app = workspace.app
    name = f"{FOLDER_OF[question.part]}/{question.document}"
    own = workspace.documents[name].id
    with app.acts.act("ask") as act:
        _, scope = app.acts.document(own, "ask")
        engine = app.questions.engine(act, scope)
        budget = workspace.settings.search.characters
        hits = app.warm.library().find(asked(question.text), scope, budget)
        texts = {own: app.warm.parsed(own)}
    return Case(question, passages(hits, texts), texts, {own: question.document}, engine)


def _weighed(case: Case, evidence: Sequence[Evidence]) -> Weighed:
    question = case.question
    sentences = tuple((item.signals, _answers(case, item)) for item in evidence)
    return Weighed(question.document, sentences, question.answerable)


def _answers(case: Case, item: Evidence) -> bool:
    question, parsed = case.question, case.texts[item.document]
    if not question.answerable:
        return False
    quote = item.span.of(parsed.text)
    if question.part == "mails":
        return same_amounts([quote], question.answer)
    inside = holds_a_clause([item.span], parsed, question.clauses)
    return inside or holds_the_value([quote], question.answer)
