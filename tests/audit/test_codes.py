"""Event codes are stable, cover what the code base does, and their reference is current."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.audit.codes import ACTIONS, GROUPS, code, words
from appliance.audit.reference import KEYS, reference
from appliance.audit.spelling import FIELDS
from appliance.errors import InvariantBroken

HERE = Path(__file__).parent.parent.parent
REFERENCE = HERE / "deploy" / "notes" / "events.md"
CALLS = {"act", "begin", "event", "intent", "permitting"}  # what records an action by its name
STATUSES = ("done", "denied", "failed", "interrupted")


def recorded() -> Iterator[tuple[str, str]]:
    """Every action that the code names where it records: the word, and the module."""
    for module in sorted((HERE / "appliance").rglob("*.py")):
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr not in CALLS:
                continue
            for argument in node.args[:2]:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value, module.name


def test_every_action_that_is_recorded_has_a_code() -> None:
    found = dict(recorded())
    assert "ask" in found
    assert {action: where for action, where in found.items() if action not in ACTIONS} == {}


def test_numbers_are_given_once_and_lie_in_a_group() -> None:
    numbers = [coded.number for coded in ACTIONS.values()]
    assert len(set(numbers)) == len(numbers)
    assert {number // 1000 for number in numbers} <= set(GROUPS)


@pytest.mark.parametrize(
    ("kind", "action", "status", "wanted"),
    [
        ("intent", "ask", "", "1103.intent"),
        ("retrieval", "ask", "", "1103.retrieval"),
        ("outcome", "ask", "denied", "1103.denied"),
        ("admin", "policy_approve", "sha256:" + "ab" * 32, "4105.admin"),
        ("security", "attest_egress", "failed,sha256:" + "ab" * 32, "6103.security-failed"),
        ("system", "install", "refused", "9105.system-denied"),
    ],
)
def test_codes_keep_their_meaning(kind: str, action: str, status: str, wanted: str) -> None:
    assert code(kind, action, status) == wanted


def test_every_code_fits_the_grammar_of_the_log() -> None:
    import re

    for action in ACTIONS:
        for status in STATUSES:
            made = code("outcome", action, status), code("security", action, status)
            assert all(re.fullmatch(FIELDS["code"], f'"{one}"') for one in made)


def test_an_unknown_action_or_ending_is_a_broken_invariant() -> None:
    with pytest.raises(InvariantBroken, match="juggle"):
        code("intent", "juggle")
    with pytest.raises(InvariantBroken, match="done, denied"):
        code("outcome", "ask", "perhaps")
    assert words("juggle") == "juggle"


def test_every_key_of_a_record_is_explained() -> None:
    assert list(KEYS) == list(FIELDS)
    assert all(f"| `{key}` |" in reference() for key in FIELDS)


def test_the_published_reference_is_current() -> None:
    assert REFERENCE.read_text("utf-8") == reference(), "run scripts/event_codes"
