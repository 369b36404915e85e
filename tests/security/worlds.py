"""Random worlds for promise P3: people, policies, collections and documents, and all that one sees.

``observed`` writes down everything that one person is told in a world.  In the world without what
they may not know of (``without_hidden``) it has to be the same, to the last bit.  ``Listed`` is a
test double of the store: it holds rows in memory, and knows nothing of permissions.
"""

from __future__ import annotations

import random
import struct
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, cast

from appliance.access.decided import Decided
from appliance.access.policy import PolicySet
from appliance.access.scope import Scope
from appliance.app.acts import Acts
from appliance.audit.log import AuditLog
from appliance.documents import Collection, CollectionId, Document, DocumentId
from appliance.errors import ApplianceError
from appliance.index.finding import Finder
from appliance.index.memory import Hit
from appliance.store.records import Grant, Opening, PersonFacts, Placed, PrincipalRow, Wall, user
from appliance.store.store import Store
from tests.access.meaning import PURPOSES, READ
from tests.index.doubles import DIMENSIONS, WordVectors, document_id, payload_of

UID = 71000
POLICIES = Path(__file__).parent.parent.parent / "policies"
ACTIONS = (*READ, "delete")
QUESTIONS = ("What rent does Acme pay in Q3 2023?", "rent fee june", "How do Acme and Bolt differ?")
MORE = (  # policies of a customer's own, joined with the shipped ones
    "",
    'permit (principal, action in Action::"read", resource) when { resource.kind == "lease" };',
    'forbid (principal, action, resource) when { resource.classification == "secret" };',
    'permit (principal in Team::"trial", action in Action::"content", resource);',
    'forbid (principal, action == Action::"list", resource) when { resource.flags.contains("x") };',
)
_WORDS = ("rent", "lease", "june", "1,200.00", "fee", "the", "Acme", "Bolt")
_LATER, _PAST = "2999-01-01T00:00:00Z", "2001-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class World:
    """All that a store could hold, and the policies over it."""

    policy: PolicySet
    facts: PersonFacts
    purpose: str
    collections: tuple[Collection, ...]
    documents: tuple[Document, ...]
    texts: tuple[tuple[DocumentId, tuple[str, ...]], ...]
    more: str = ""  # the policy of a customer's own among them


class Listed:
    """A test double of the store: rows in memory."""

    def __init__(self, world: World) -> None:
        self._world = world

    def epoch(self) -> int:
        """Nothing ever changes."""
        return 0

    def person(self, uid: int) -> PersonFacts:
        """The one person of the world."""
        return self._world.facts

    def collections(self) -> tuple[Collection, ...]:
        """Every collection."""
        return self._world.collections

    def placed(self) -> tuple[tuple[Collection, ...], tuple[Placed, ...]]:
        """Every collection, and where every document lies."""
        where = {collection.id: collection for collection in self._world.collections}
        documents = self._world.documents
        return self._world.collections, tuple(
            Placed(d.id, where[d.collection], d.labels) for d in documents
        )

    def documents(self, only: frozenset[DocumentId]) -> tuple[Document, ...]:
        """Some of the documents."""
        return tuple(d for d in self._world.documents if d.id in only)


def acts_of(world: World) -> Acts:
    """Authorization over a world; nothing here is done, so there is no log."""
    store, log = cast(Store, Listed(world)), cast(AuditLog, None)
    return Acts(store, log, Decided(world.policy), UID, world.purpose)


def drawn(chance: random.Random, size: int) -> World:
    """A random world of at most ``size`` documents."""
    sectors = chance.choices(("legal", "health", "finance", "general"), k=4)
    collections = tuple(
        Collection(CollectionId(f"{n:032x}"), f"c{n}", sector, "", _labels(chance, 0.15))
        for n, sector in enumerate(sectors)
    )
    documents = tuple(_document(chance, n, collections) for n in range(chance.randint(0, size)))
    texts = tuple(
        (d.id, tuple(_text(chance) for _ in range(chance.randint(0, 3)))) for d in documents
    )
    more = chance.choice(MORE)
    policy = _policies(more)
    purpose = chance.choice((*PURPOSES, "TREATMENT", "TREATMENT", ""))
    facts = _facts(chance, collections)
    return World(policy, facts, purpose, collections, documents, texts, more)


def without_hidden(world: World) -> World:
    """The world with only the documents and collections that the person may know of."""
    acts = acts_of(world)
    permitted = {id for action in ACTIONS for id in acts.scope(action).documents}
    documents = tuple(d for d in world.documents if d.id in permitted)
    known = {d.collection for d in documents}
    for collection in world.collections:
        said = (told(partial(acts.collection, collection.name, action)) for action in ACTIONS)
        if any(isinstance(one, Collection) for one in said):
            known.add(collection.id)
    return replace(
        world,
        collections=tuple(c for c in world.collections if c.id in known),
        documents=documents,
        texts=tuple((id, text) for id, text in world.texts if id in permitted),
    )


def observed(
    world: World, asked: World, finder: type[Finder] = Finder
) -> Iterator[tuple[str, object]]:
    """Everything the person is told in ``world`` when they ask for what there is in ``asked``."""
    acts, index = acts_of(world), finder(WordVectors(), DIMENSIONS)
    names = {document.id: document.name for document in world.documents}
    for id, text in world.texts:
        index.add(id, names[id], payload_of(*text))
    yield "collections", acts.collections()
    references = [word for d in asked.documents for word in (d.name, d.id, d.id[:31])]
    for action in ACTIONS:
        yield f"list {action}", acts.permitted(action)[0]
        for named in asked.collections:
            yield f"collection {action}", told(partial(acts.collection, named.name, action))
        for reference in references:
            said = told(partial(acts.document, reference, action))
            yield f"document {action}", said[0] if isinstance(said[0], Document) else said
    scope = acts.scope("search")
    for question in QUESTIONS:
        yield "asked", index.asked(question, scope)
        for hit in (*index.search(question, scope, 4), *index.find(question, scope, 80)):
            yield "found", (hit.document, hit.chunk, struct.pack("<d", hit.score))


class Leaky(Finder):
    """The control, wrong on purpose: everybody's statistics, hidden results removed afterwards."""

    def search(self, question: str, scope: Scope, limit: int) -> tuple[Hit, ...]:
        """As many programs do it."""
        everything = replace(scope, documents=frozenset(self._labels))
        found = super().search(question, everything, limit)
        return tuple(hit for hit in found if hit.document in scope.documents)


def spelled(more: str) -> str:
    """A policy of a customer's own as it stands in a file."""
    return f'@id("own") @description("A customer\'s own.") {more}' if more else ""


def told(ask: Callable[[], object]) -> Any:
    """An answer, or the error as the command line would show it."""
    try:
        return ask()
    except ApplianceError as error:
        return type(error).__name__, error.message, error.remedy, error.exit_code


@cache
def _policies(more: str) -> PolicySet:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in POLICIES.iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
        (folder / "own.cedar").write_text(spelled(more), "utf-8")
        return PolicySet.load(folder)


def _document(chance: random.Random, number: int, where: Sequence[Collection]) -> Document:
    name = " ".join(chance.choices(("Acme", "Bolt", "lease", "2023", "Q3"), k=2))
    return Document(
        id=document_id(chance.randrange(1 << 20) * 64 + number),
        collection=chance.choice(where).id,
        name=f"{name}.pdf",
        version=1,
        media_type="application/pdf",
        size=1,
        pages=1,
        characters=1,
        chunks=1,
        gaps=0,
        labels=_labels(chance, 0.3),
    )


def _labels(chance: random.Random, odds: float) -> tuple[tuple[str, str], ...]:
    known = (
        ("classification", "secret"),
        ("hold", "yes"),
        ("kind", "lease"),
        ("privileged", "yes"),
        ("x", "yes"),
    )
    return tuple(label for label in known if chance.random() < odds)


def _text(chance: random.Random) -> str:
    return " ".join(chance.choices(_WORDS, k=chance.randint(0, 5)))


def _facts(chance: random.Random, where: Sequence[Collection]) -> PersonFacts:
    roles = {r for r in ("officer", "administrator", "custodian") if chance.random() < 0.05}
    if chance.random() < 0.9:
        roles.add("operator")
    teams = frozenset(t for t in ("trial", "public-side") if chance.random() < 0.2)
    purposes = frozenset(p for p in PURPOSES if chance.random() < 0.8)
    row = PrincipalRow(UID, "p", frozenset(roles), teams, purposes)
    relations = ("member", "counsel", "care_team", "office", "deal_team", "wall_crosser")
    ends = ("", "", _LATER, _PAST)
    grants = tuple(
        Grant(
            str(number),
            user(UID),
            chance.choice(where).id,
            chance.choice(relations),
            chance.random() < 0.5,
            chance.choice(ends),
            1,
            "",
        )
        for number in range(chance.randint(0, 6))
    )
    walls = tuple(Wall("w", user(UID), c.id, b"", 1, "") for c in where if chance.random() < 0.1)
    openings = tuple(
        Opening("o", UID, c.id, b"", "", chance.choice((_LATER, _PAST)))
        for c in where
        if chance.random() < 0.2
    )
    return PersonFacts(row, grants, walls, openings)
