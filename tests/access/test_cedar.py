"""The one call to Cedar: Cedar's own cases decide as published, and no fault ever permits."""

from __future__ import annotations

import json
from pathlib import Path

import cedarpy
import pytest

from appliance.access.policy import Cedar, Request
from appliance.errors import PolicyError

SAMPLES = Path(__file__).parent.parent / "samples" / "cedar"
CASES = sorted(
    path
    for folder in ("tests", "corpus-tests")
    for path in (SAMPLES / folder).rglob("*.json")
    if not path.name.endswith(".entities.json")
)


def of(asked: dict[str, dict[str, str]], key: str) -> tuple[str, str]:
    return asked[key]["type"], asked[key]["id"]


def test_the_cases_are_there() -> None:
    assert len(CASES) >= 26


@pytest.mark.parametrize("path", CASES, ids=lambda path: str(path.relative_to(SAMPLES)))
def test_published_case(path: Path) -> None:
    case = json.loads(path.read_text("utf-8"))
    texts = [(SAMPLES / case[key]).read_text("utf-8") for key in ("policies", "schema")]
    if not case["shouldValidate"]:
        with pytest.raises(PolicyError, match="do not fit the schema"):
            Cedar(*texts)
        return
    cedar = Cedar(*texts)
    entities = json.loads((SAMPLES / case["entities"]).read_text("utf-8"))
    for asked in case["requests"]:
        person, action, thing = (of(asked, key) for key in ("principal", "action", "resource"))
        request = Request(person, action, thing, asked["context"])
        (decision,) = cedar.authorise([request], entities)
        if asked["errors"]:
            assert not decision.allow, asked["description"]
        else:
            assert decision.allow is (asked["decision"] == "allow"), asked["description"]
            assert decision.policies == tuple(sorted(asked["reason"]))


SCHEMA = """
entity Person;
entity Thing { size: Long };
action look appliesTo { principal: Person, resource: Thing, context: { words: Long } };
"""
PERMIT = '@id("look") permit (principal, action, resource);'
OVERFLOW = "forbid (principal, action, resource) when { context.words + 9223372036854775807 > 0 };"
GONE = 'forbid (principal, action, resource) when { Thing::"gone".size > 0 };'
THING: dict[str, object] = {
    "uid": {"type": "Thing", "id": "t"},
    "attrs": {"size": 1},
    "parents": [],
}


def look(context: dict[str, object] | None = None, action: str = "look") -> Request:
    asked = {"words": 7} if context is None else context
    return Request(("Person", "p"), ("Action", action), ("Thing", "t"), asked)


def test_a_permit_permits() -> None:
    (decision,) = Cedar(PERMIT, SCHEMA).authorise([look()], [THING])
    assert decision.allow
    assert decision.policies == ("look",)


@pytest.mark.parametrize("forbid", [OVERFLOW, GONE], ids=["overflow", "missing entity"])
def test_an_erring_forbid_denies_although_cedar_allows(forbid: str) -> None:
    spelled = {
        "principal": {"type": "Person", "id": "p"},
        "action": {"type": "Action", "id": "look"},
        "resource": {"type": "Thing", "id": "t"},
        "context": {"words": 7},
    }
    alone = cedarpy.is_authorized(spelled, PERMIT + forbid, [THING], SCHEMA)
    assert alone.decision is cedarpy.Decision.Allow  # the fault that the adapter is there for
    (decision,) = Cedar(PERMIT + forbid, SCHEMA).authorise([look()], [THING])
    assert not decision.allow


@pytest.mark.parametrize(
    "request_",
    [look({}), look({"words": "seven"}), look({"words": 1, "more": 2}), look(action="leap")],
    ids=["context missing", "context of another type", "context too rich", "unknown action"],
)
def test_a_request_that_does_not_fit_is_denied(request_: Request) -> None:
    good = look()
    decisions = Cedar(PERMIT, SCHEMA).authorise([good, request_, good], [THING])
    assert [decision.allow for decision in decisions] == [True, False, True]


@pytest.mark.parametrize(
    "entities",
    [
        [THING, THING | {"attrs": {"size": 2}}],
        [{"uid": {"type": "Thing", "id": "t"}, "attrs": {}, "parents": []}],
        [{"uid": "Thing"}],
    ],
    ids=["twice", "attribute missing", "malformed"],
)
def test_entities_that_do_not_fit_deny_everything(entities: list[dict[str, object]]) -> None:
    decisions = Cedar(PERMIT, SCHEMA).authorise([look(), look()], entities)
    assert [decision.allow for decision in decisions] == [False, False]


def test_a_forbid_wins_over_every_permit() -> None:
    wall = '@id("wall") forbid (principal, action, resource);'
    (decision,) = Cedar(PERMIT * 3 + wall, SCHEMA).authorise([look()], [THING])
    assert not decision.allow
    assert decision.policies == ("wall",)


def test_nothing_permits_nothing() -> None:
    (decision,) = Cedar(OVERFLOW.replace("+ 9223372036854775807 ", ""), SCHEMA).authorise(
        [look({"words": -1})], [THING]
    )
    assert not decision.allow
    assert decision.reason == "no policy permits it"


@pytest.mark.parametrize(
    ("policies", "schema"),
    [
        ("permit (principal, action, resource) when { resource.colour };", SCHEMA),
        ('permit (principal == Ghost::"x", action, resource);', SCHEMA),
        ('permit (principal, action == Action::"leap", resource);', SCHEMA),
        ("permit (principal, action, resource", SCHEMA),
        (PERMIT, "entity Person entity Thing"),
        (PERMIT, ""),
        ("permit (principal == ?principal, action, resource);", SCHEMA),
    ],
)
def test_what_does_not_validate_does_not_load(policies: str, schema: str) -> None:
    with pytest.raises(PolicyError):
        Cedar(policies, schema)


GROUPS = """
entity Person;
entity Thing;
action touch;
action read in [touch];
action look, list in [read] appliesTo { principal: Person, resource: Thing, context: {} };
action put in [touch] appliesTo { principal: Person, resource: Thing, context: {} };
action other appliesTo { principal: Person, resource: Thing, context: {} };
"""
EVERY = '@id("all") permit (principal, action, resource);'


@pytest.mark.parametrize(
    ("scope", "forbidden"),
    [
        ("action", {"look", "list", "put", "other"}),
        ('action in Action::"touch"', {"look", "list", "put"}),
        ('action in Action::"read"', {"look", "list"}),
        ('action in [Action::"read", Action::"other"]', {"look", "list", "other"}),
        ('action == Action::"put"', {"put"}),
    ],
)
def test_no_policy_over_a_group_of_actions_is_left_out(scope: str, forbidden: set[str]) -> None:
    cedar = Cedar(f'{EVERY} @id("no") forbid (principal, {scope}, resource);', GROUPS)
    thing = {"uid": {"type": "Thing", "id": "t"}, "attrs": {}, "parents": []}
    actions = ["look", "list", "put", "other"]
    requests = [Request(("Person", "p"), ("Action", a), ("Thing", "t"), {}) for a in actions]
    together = cedar.authorise(requests, [thing])
    alone = [cedar.authorise([request], [thing])[0] for request in requests]
    assert list(together) == alone
    assert {a for a, d in zip(actions, alone, strict=True) if not d.allow} == forbidden
    assert {d.policies for d in alone if not d.allow} == {("no",)}
