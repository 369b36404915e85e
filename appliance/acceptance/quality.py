"""Whether this machine answers the shipped questions as it should, and the same each time.

What is right, wrong or declined is counted over questions whose answers are known; a third of them
cannot be answered from the documents.  The thresholds say that the installation works (the model
was loaded whole, retrieval finds, the quotes are real); they are far below what the default model
reaches, and no measure of a model's quality.  README has those.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.acceptance.checks import Check, failed, judge, passed
from appliance.acceptance.ground import COLLECTION, REMEDY
from appliance.app.view import Appliance
from appliance.plain import to_plain
from appliance.results import Answer, Status

GOLD = Path(__file__).parent / "gold"
DOCUMENTS = GOLD / "documents"
LEAST_RIGHT = 0.5  # of all questions: answered from the right place, or rightly declined
MOST_WRONG = 0.4  # of all questions: something else was quoted, or anything where nothing is said


@dataclass(frozen=True, slots=True)
class Question:
    """One shipped question; ``expect`` stands in the evidence, and is empty where none is."""

    document: str
    ask: str
    expect: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and what the appliance said to it."""

    question: Question
    answer: Answer

    @property
    def outcome(self) -> str:
        """right, wrong or declined."""
        if self.answer.status is Status.NOT_STATED:
            return "declined" if self.question.expect else "right"
        shown = " ".join(c.quote for s in self.answer.statements for c in s.citations).lower()
        stands = self.question.expect.lower() in " ".join(shown.split())
        return "right" if self.question.expect and stands else "wrong"


def questions() -> tuple[Question, ...]:
    """The shipped questions."""
    table = tomllib.loads((GOLD / "questions.toml").read_text("utf-8"))
    return tuple(Question(q["document"], q["ask"], q["expect"]) for q in table["question"])


def ask_all(appliance: Appliance, notify: Callable[[str], None]) -> tuple[Asked, ...]:
    """Ask every shipped question of the collection of the tries."""
    asked = []
    known = questions()
    for number, question in enumerate(known, 1):
        answer = appliance.questions.ask(question.ask, (COLLECTION,), None)[0]
        asked.append(Asked(question, answer))
        notify(f"shipped questions: {number} of {len(known)}")
    return tuple(asked)


def judged(asked: Sequence[Asked]) -> Check:
    """The counts against the thresholds."""
    topic, name = "quality", "shipped questions"
    outcomes = [one.outcome for one in asked]
    right, wrong, declined = (outcomes.count(word) for word in ("right", "wrong", "declined"))
    words = f"{right} right, {wrong} wrong, {declined} declined, of {len(asked)}"
    bounds = f"needed: right at least {LEAST_RIGHT:.0%}, wrong at most {MOST_WRONG:.0%}"
    if right < LEAST_RIGHT * len(asked) or wrong > MOST_WRONG * len(asked):
        remedy = "check which model is in force; a model this weak should not be used"
        return failed(topic, name, f"{words}; {bounds}", remedy)
    return passed(topic, name, f"{words}; {bounds}")


def repeated(appliance: Appliance, first: Asked, when: str) -> Check:
    """The same question again gives the same bytes."""
    topic, name = "determinism", f"the same question {when}"
    again = appliance.questions.ask(first.question.ask, (COLLECTION,), None)[0]
    same = _spelled(again) == _spelled(first.answer)
    faults = [] if same else ["the same question was answered differently"]
    return judge(topic, name, faults, "the same bytes", REMEDY)


def _spelled(answer: Answer) -> bytes:
    return json.dumps(to_plain(answer), sort_keys=True).encode()
