"""What can be called over the socket, found by type hints; and what cannot, on purpose."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import pytest

from appliance.api.calls import crosses, method_at, methods, not_callable, rooms
from appliance.app.view import Appliance
from appliance.documents import Document, ParsedDocument
from appliance.results import Kept


class Word(StrEnum):
    A = "a"


@dataclass(frozen=True)
class Noun:
    word: Word
    rows: tuple[tuple[str, int | None], ...]
    table: dict[str, bytes]


@dataclass
class Changing:
    word: str


@dataclass(frozen=True)
class Holding:
    it: Callable[[], None]


@pytest.mark.parametrize("kind", [str, bytes | None, Noun, tuple[Noun, ...], Document, Kept])
def test_nouns_cross(kind: object) -> None:
    assert crosses(kind)


@pytest.mark.parametrize(
    "kind", [object, Changing, Holding, Callable[[], None], Iterator[str], dict]
)
def test_what_is_no_noun_does_not(kind: object) -> None:
    assert not crosses(kind)


def test_every_use_case_can_be_called() -> None:
    """A method that cannot is named here with its reason, or its signature is made of nouns."""
    assert not_callable() == ("questions.engine",)  # gives the engine to who is inside an act
    assert len(methods()) >= 40
    assert set(rooms()) >= {"", "questions", "governing", "policing", "work"}


def test_what_belongs_to_the_process_is_not_there() -> None:
    inside = ("acts.begin", "store.read", "log.intent", "warm.parsed", "premises.of", "close")
    made_up = ("__init__", "_notify", "questions._keep", "questions.weigh", "create", "open", "")
    for path in (*inside, *made_up, "settings.home", "questions.", ".questions", "work.__init__"):
        assert method_at(path) is None, path


def test_streams_are_known_by_their_hints() -> None:
    ingest = method_at("ingest")
    assert ingest is not None
    assert (ingest.stream, ingest.yields) == ("source", True)
    assert ingest.fits(["collection", "labels"])
    assert not ingest.fits(["collection"])
    assert not ingest.fits(["collection", "labels", "source"])
    assert not ingest.fits(["collection", "labels", "more"])
    show = method_at("show")
    assert show is not None
    assert not show.yields
    assert show.result == tuple[Document, ParsedDocument]


def test_the_appliance_itself_knows_no_other_streams() -> None:
    """An `Iterable` that is not the only one, or an iterator as a parameter, is no stream."""
    for method in methods().values():
        hints = inspect.signature(method.function).parameters
        assert sum("Iterable[" in str(p.annotation) for p in hints.values()) == bool(method.stream)
    assert isinstance(Appliance, type)
    assert not crosses(Iterable[str])
