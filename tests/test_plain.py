"""Nouns survive the way to JSON and back; anything else is refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance.documents import Box, Citation, DocumentId, Span
from appliance.plain import from_plain, to_plain
from appliance.results import Answer, FieldValue, Found, Statement, Status, Summary

CITATION = Citation(DocumentId("d" * 32), Span(3, 9), "quoted", 2, Box(1, 2.5, 3, 4))
NOUNS = [
    FieldValue("parties", Status.FOUND, (Found(CITATION, "x"),), ""),
    FieldValue("cap", Status.NOT_STATED, reason="no passage"),
    Answer(Status.CONFLICTING, (Statement("s", (CITATION, CITATION)),), "two"),
    Summary(DocumentId("d" * 32), (Statement("s", (CITATION,)),), 1, 4),
]


@pytest.mark.parametrize("noun", NOUNS, ids=lambda n: type(n).__name__)
def test_round_trip(noun: object) -> None:
    assert from_plain(type(noun), json.loads(json.dumps(to_plain(noun)))) == noun


@pytest.mark.parametrize(
    "plain",
    [
        None,
        [],
        {"name": 1, "status": "found"},
        {"name": "a", "status": "perhaps"},
        {"name": "a", "status": "found", "more": 1},
        {"name": "a", "status": "found", "citations": [{"span": [9, 3]}]},
    ],
)
def test_other_shapes_are_refused(plain: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_plain(FieldValue, plain)


def test_what_is_no_noun_has_no_plain_form() -> None:
    with pytest.raises(ValueError, match="object"):
        to_plain(object())


@dataclass(frozen=True, slots=True)
class Other:
    """Has other fields than `Whole`."""

    word: str


@dataclass(frozen=True, slots=True)
class Whole:
    """Everything that crosses the service's socket in one noun."""

    content: bytes
    where: Path
    roles: frozenset[str]
    named: dict[DocumentId, int]
    numbered: dict[int, str]
    one_of: Other | Citation | None
    many: Sequence[Other]


def test_what_crosses_the_socket_survives() -> None:
    for one in (Other("a"), CITATION, None):
        whole = Whole(
            b"\x00\xff", Path("a/b"), frozenset("ab"), {DocumentId("d"): 1}, {7: "x"}, one, ()
        )
        assert from_plain(Whole, json.loads(json.dumps(to_plain(whole)))) == whole


def test_base64_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"."):
        from_plain(bytes, "a!")
