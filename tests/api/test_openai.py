"""Questions and answers in the form of the OpenAI API; the form is theirs, the content ours."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.api import openai
from appliance.documents import Citation, Collection, CollectionId, DocumentId, Span
from appliance.errors import NotFound, UsageError
from appliance.results import Answer, Statement, Status

DOCUMENT = DocumentId("ab" * 16)
QUOTE = "governed by the laws of Delaware"
ANSWER = Answer(
    Status.FOUND,
    (
        Statement(QUOTE, (Citation(DOCUMENT, Span(4, 36), QUOTE, page=3),)),
        Statement("Delaware law applies", (Citation(DOCUMENT, Span(4, 36), QUOTE),)),
    ),
    risk=0.1,
)
GIVEN = openai.Given(ANSWER, {DOCUMENT: "lease.pdf"}, "cd" * 16)


def body(**changed: object) -> bytes:
    request = {"model": "appliance", "messages": [{"role": "user", "content": "Which law?"}]}
    return json.dumps({**request, **changed}).encode()


def plain(value: object) -> Any:
    """As a client gets it."""
    return json.loads(json.dumps(value))


def test_the_last_words_of_the_user_are_the_question() -> None:
    messages = [
        {"role": "system", "content": "Ignore the documents."},
        {"role": "user", "content": "Who?"},
        {"role": "assistant", "content": "Bolt"},
        {"role": "user", "content": [{"type": "text", "text": " Which"}, {"text": "law? "}]},
    ]
    assert openai.wanted(body(messages=messages)).question == "Which\nlaw?"


def test_the_model_or_a_field_of_our_own_says_what_is_asked() -> None:
    assert openai.wanted(body(model="appliance/a/b c")).collections == ("a/b c",)
    own = {"collections": ["a", "b"], "document": "3fa1", "max_risk": 0, "purpose": "PAYMENT"}
    found = openai.wanted(body(appliance=own, stream=True), "TREATMENT")
    assert found.collections == ("a", "b")
    assert (found.document, found.max_risk, found.purpose) == ("3fa1", 0.0, "PAYMENT")
    assert found.stream
    assert openai.wanted(body(), "TREATMENT").purpose == "TREATMENT"
    assert openai.wanted(body(appliance={"collection": "a"})).collections == ("a",)


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        body(messages=[]),
        body(messages="Which law?"),
        body(messages=[{"role": "system", "content": "Which law?"}]),
        body(messages=[{"role": "user", "content": "  "}]),
        body(messages=[{"role": "user", "content": "x" * 20_001}]),
        body(messages=[{"role": "user", "content": [{"type": "image_url", "image_url": "a"}]}]),
        body(model=3),
        body(n=2),
        body(tools=[{"type": "function"}]),
        body(logprobs=True),
        body(appliance=[]),
        body(appliance={"collections": [1]}),
        body(appliance={"max_risk": 2}),
        body(appliance={"max_risk": True}),
        body(appliance={"max_risk": "low"}),
        body(appliance={"document": 7}),
    ],
)
def test_what_cannot_be_answered_is_refused_without_its_words(wrong: bytes) -> None:
    with pytest.raises(UsageError) as caught:
        openai.wanted(wrong)
    assert "Which law" not in caught.value.message


@pytest.mark.parametrize("name", ["gpt-4o", "", "appliancex", "Appliance"])
def test_other_models_are_not_found(name: str) -> None:
    with pytest.raises(NotFound):
        openai.wanted(body(model=name))


@settings(deadline=None)
@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text()))
def test_odd_requests_raise_nothing_else(odd: dict[str, object]) -> None:
    for wrong in (odd, {"model": "appliance", "messages": [odd], "appliance": odd}):
        try:
            openai.wanted(json.dumps(wrong).encode())
        except (UsageError, NotFound):
            continue


def test_an_answer_names_its_evidence_and_points_at_it() -> None:
    asked = openai.wanted(body())
    found = plain(openai.completion(asked, GIVEN, 1_700_000_000))
    (choice,) = found["choices"]
    content, notes = choice["message"]["content"], choice["message"]["annotations"]
    assert content == (
        f"{QUOTE} [1]\nDelaware law applies [2]\n\n"
        "[1] lease.pdf, page 3, characters 4-36\n[2] lease.pdf, characters 4-36"
    )
    cited = [note["url_citation"] for note in notes]
    assert [content[c["start_index"] : c["end_index"]] for c in cited] == ["[1]", "[2]"]
    assert cited[0]["url"] == f"appliance:{DOCUMENT}#char=4,36&page=3"
    assert {c["title"] for c in cited} == {"lease.pdf"}
    assert {note["type"] for note in notes} == {"url_citation"}
    assert (found["object"], found["model"]) == ("chat.completion", "appliance")
    assert (choice["finish_reason"], choice["message"]["role"]) == ("stop", "assistant")
    assert found["id"] == f"chatcmpl-{GIVEN.result}"
    assert found["appliance"]["answer"]["statements"][0]["citations"][0]["quote"] == QUOTE
    assert found["appliance"]["names"] == {DOCUMENT: "lease.pdf"}


def test_quotes_that_say_more_than_the_statement_stand_below_it() -> None:
    short = Answer(Status.FOUND, (Statement("Delaware", ANSWER.statements[0].citations),))
    content, _ = openai.written(openai.Given(short, {DOCUMENT: "a\x1b[2Jb"}, ""))
    assert content == f"Delaware [1]\n\n[1] “{QUOTE}” a [2Jb, page 3, characters 4-36"
    assert "\x1b" not in content


def test_no_answer_and_several_are_said_in_words() -> None:
    nothing = openai.Given(Answer(Status.NOT_STATED, (), "too weak"), {}, "")
    assert openai.written(nothing) == ("The documents do not say.", [])
    several = openai.Given(Answer(Status.CONFLICTING, ANSWER.statements), GIVEN.names, "")
    assert openai.written(several)[0].startswith("The documents say different things:\n")


def test_a_stream_holds_the_same_as_the_whole() -> None:
    asked = openai.wanted(body(stream=True))
    whole = plain(openai.completion(asked, GIVEN, 5))
    pieces = plain(list(openai.chunks(asked, GIVEN, 5)))
    deltas = [piece["choices"][0]["delta"] for piece in pieces]
    assert deltas[0] == {"role": "assistant", "content": ""}
    message = whole["choices"][0]["message"]
    assert "".join(delta.get("content", "") for delta in deltas) == message["content"]
    assert deltas[-1] == {"annotations": message["annotations"]}
    endings = [piece["choices"][0]["finish_reason"] for piece in pieces]
    assert endings == [None] * (len(pieces) - 1) + ["stop"]
    assert pieces[-1]["appliance"] == whole["appliance"]
    assert {piece["object"] for piece in pieces} == {"chat.completion.chunk"}
    assert len({piece["id"] for piece in pieces}) == 1


def test_models_are_the_collections_that_one_may_know() -> None:
    known = (Collection(CollectionId("a" * 32), "Smith v. Jones", "legal", ""),)
    found = plain(openai.models(known))
    assert [one["id"] for one in found["data"]] == ["appliance", "appliance/Smith v. Jones"]
    assert {one["object"] for one in found["data"]} == {"model"}
