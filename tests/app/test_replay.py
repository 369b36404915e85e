"""Results are kept with what repeats them; a replay says the same, or what has changed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.app.work.keeping import decoded, encoded, kept, rules
from appliance.app.work.replay import canonical, replay
from appliance.documents import Citation, DocumentId, Span
from appliance.results import (
    Answer,
    Basis,
    FieldValue,
    Found,
    Kept,
    Outcome,
    Request,
    Statement,
    Status,
    Step,
    Summary,
)

ID = DocumentId("a" * 32)
CITED = Citation(ID, Span(3, 8), "quote", 1)
ANSWER = Answer(Status.FOUND, (Statement("quote", (CITED,)),), risk=0.1)
FIELDS = (
    FieldValue("cap", Status.FOUND, (Found(CITED, "1"),), steps=(Step("model", True, 9, 0.5),)),
)
BASIS = Basis(
    software="1",
    rules="r" * 64,
    model="m",
    model_digest="d" * 64,
    embedding_digest="e" * 64,
    settings=(("seed", "0"),),
    scope=((ID, 1), (DocumentId("b" * 32), 1)),
    passages=((ID, Span(0, 9)), (ID, Span(9, 20))),
)


def result(outcome: Outcome = ANSWER, basis: Basis = BASIS) -> Kept:
    return kept(Request("ask", "what?", (("max_risk", "0.1"),)), basis, outcome)


@pytest.mark.parametrize(
    "outcome", [ANSWER, FIELDS, Summary(ID, (), 0, 3), Answer(Status.NOT_STATED, ())]
)
def test_a_result_comes_back_as_it_was_sealed(outcome: Outcome) -> None:
    before = result(outcome)
    assert decoded(encoded(before)) == before
    assert decoded(encoded(before)).outcome == outcome


def test_a_cut_result_is_refused() -> None:
    with pytest.raises(ValueError, match="cut"):
        decoded(encoded(result())[:-9])


def test_the_same_is_the_same_whatever_time_it_took() -> None:
    slower = (replace(FIELDS[0], steps=(Step("model", True, 9, 7.5),)),)
    assert canonical(slower) == canonical(FIELDS)
    played = replay("id", result(FIELDS), lambda _: result(slower))
    assert (played.same, played.changes) == (True, ())


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ({"software": "2"}, "version of the software: 1, now 2"),
        ({"rules": "s" * 64}, "rules, packs and prompts: rrrrrrrrrrrrrrrr, now ssssssssssssssss"),
        ({"model": "n"}, "language model: m (sha256:dddddddddddddddd), now n (sha256:ddd"),
        ({"model_digest": "f" * 64}, "language model: m (sha256:dddddddddddddddd), now m (sha25"),
        ({"embedding_digest": "f" * 64}, "embedding model: eeeeeeeeeeeeeeee, now ffffffffffffffff"),
        ({"adapter": "f" * 64}, "adapter: none, now ffffffffffffffff"),
        ({"settings": (("seed", "1"),)}, "setting seed: 0, now 1"),
        ({"settings": ()}, "setting seed: 0, now unset"),
        ({"scope": ((ID, 1),)}, "documents that the search could see: 1 of 2 are gone"),
        ({"scope": ((ID, 2), BASIS.scope[1])}, f"document {ID}: version 1, now 2"),
        ({"passages": BASIS.passages[:1]}, "passages put before the task: 1 of 2 are others"),
        ({"passages": BASIS.passages[::-1]}, "0 of 2 are others, in another order"),
    ],
)
def test_what_has_changed_is_said(now: dict[str, object], said: str) -> None:
    played = replay("id", result(), lambda _: result(basis=replace(BASIS, **now)))  # type: ignore[arg-type]
    (change,) = played.changes
    assert played.same, "the outcome is what is compared"
    assert said in change


def test_another_outcome_is_told_without_its_content() -> None:
    other = replace(ANSWER, statements=(Statement("secret", (CITED,)),), reason="secret")
    played = replay("id", result(), lambda _: result(other))
    assert not played.same
    assert played.changes == ("reason: text, now text", "statements: 1 entries, now 1 entries")
    fields = (FieldValue("cap", Status.NOT_STATED, reason="secret"),)
    played = replay("id", result(FIELDS), lambda _: result(fields))
    assert played.changes == ("field cap: another value, status or reason",)
    assert "secret" not in "".join(played.changes)


def test_the_rules_have_a_digest() -> None:
    assert len(rules()) == 64
    assert rules() == rules()
