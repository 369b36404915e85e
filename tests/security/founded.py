"""Random worlds (worlds.py) founded for real: store, log, policies and use cases as they ship.

The store with only what one may know of is made first; a copy of its folder gets the rest, before
anybody looks.  So all ids, moments and keys that both have are the same.  In both somebody else,
who may read everything, has searched already: all documents are in the index.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from appliance import config
from appliance.app.premises import Premises
from appliance.app.view import Appliance
from appliance.documents import CollectionId, DocumentId
from appliance.index.finding import Finder
from appliance.store.records import PrincipalRow, user
from tests.access.meaning import PURPOSES
from tests.conftest import PASSPHRASE, QUICK
from tests.security.shelves import opened, put, view
from tests.security.worlds import QUESTIONS, UID, World, spelled, told, without_hidden

EVERYBODY = 71999  # somebody who reads everything
REACH = ("counsel", "care_team", "deal_team", "member")


def founded(world: World, where: Path) -> tuple[Path, Path]:
    """Two homes: with everything, and with what the person may know of."""
    full, lone = where / "full", where / "lone"
    Premises.create(config.load(lone), PASSPHRASE, EVERYBODY, cost=QUICK)
    (lone / "policies" / "own.cedar").write_text(spelled(world.more), "utf-8")
    known = without_hidden(world)
    with Premises.open(config.load(lone), PASSPHRASE) as premises:
        everybody = PrincipalRow(
            EVERYBODY, "e", frozenset({"operator"}), purposes=frozenset(PURPOSES)
        )
        premises.store.put_principal(everybody)
        premises.store.put_principal(world.facts.row)
        places = _filled(premises, world, known, {})
    shutil.copytree(lone, full)
    with Premises.open(config.load(full), PASSPHRASE) as premises:
        _filled(premises, world, world, places)
    return full, lone


def _filled(
    premises: Premises, world: World, part: World, places: dict[CollectionId, CollectionId]
) -> dict[CollectionId, CollectionId]:
    """Put in what of ``part`` is not there yet; the real ids of the collections."""
    store, texts, names = premises.store, dict(world.texts), _names(world)
    there = {document.name for document in store.documents()}
    for one in part.collections:
        if one.id in places:
            continue
        made = store.create_collection(one.name, one.sector)
        places[one.id] = made.id
        store.label_collection(made, one.labels)
        for relation in REACH:
            store.add_grant(user(EVERYBODY), made.id, relation, contributes=True, by=1)
        _rights(premises, world, one.id, made.id)
    for document in part.documents:
        if names[document.id] not in there:
            put(
                premises,
                places[document.collection],
                names[document.id],
                *texts[document.id],
                labels=document.labels,
            )
    return places


def _names(world: World) -> dict[DocumentId, str]:
    """Real names: of two documents of one name in one collection, one would replace the other."""
    return {d.id: f"{d.name} {n}" for n, d in enumerate(world.documents)}


def _rights(premises: Premises, world: World, of: CollectionId, at: CollectionId) -> None:
    """What stands between the person and one collection."""
    store, facts = premises.store, world.facts
    for grant in facts.grants:
        if grant.collection == of:
            store.add_grant(
                grant.subject,
                at,
                grant.relation,
                contributes=grant.contributes,
                by=1,
                expires=grant.expires,
            )
    for wall in facts.walls:
        if wall.collection == of:
            store.add_wall(wall.subject, at, "why", by=1)
    for opening in facts.openings:
        if opening.collection == of:
            store.open_glass(UID, at, "why", opening.expires)


def seen(
    home: Path, world: World, references: tuple[str, ...], finder: type[Finder] = Finder
) -> Iterator[tuple[str, object]]:
    """All that the person is told in one home, by every use case that answers with something."""
    with opened(home, finder) as premises:
        everybody = view(premises, EVERYBODY, "TREATMENT")
        everybody.questions.search("rent", (), 1)
        app = view(premises, UID, world.purpose)
        for name, call in _calls(app, world, references):
            yield name, _plain(told(call))


def references(world: World, home: Path) -> tuple[str, ...]:
    """Names and ids of everything in the full store, the hidden with it."""
    with opened(home) as premises:
        documents = premises.store.documents()
    return tuple(word for d in documents for word in (d.name, d.id, d.id[:31]))


def _calls(
    app: Appliance, world: World, references: tuple[str, ...]
) -> Iterator[tuple[str, Callable[[], object]]]:
    question = QUESTIONS[0]
    yield "collections", app.collections
    yield "list", partial(app.documents, None)
    for asked in QUESTIONS:
        yield "search", partial(app.questions.search, asked, (), 4)
    yield "ask", partial(app.questions.ask, question, (), None, 1.0)
    names = tuple(dict.fromkeys(collection.name for collection in world.collections))
    for name in (*names, "c9"):
        yield "list", partial(app.documents, name)
        yield "search", partial(app.questions.search, question, (name,), 4)
        yield "ask", partial(app.questions.ask, QUESTIONS[1], (name,), None, 1.0)
    yield "ask", partial(app.questions.ask, QUESTIONS[1], names[:2], None, 1.0)
    for reference in (*references, "none"):
        yield "show", partial(app.show, reference)
        yield "ask", partial(app.questions.ask, QUESTIONS[1], (), reference, 1.0)
    for reference in references[:6]:
        yield "summarize", partial(app.questions.summarize, reference)
        yield "coverage", partial(app.coverage, reference)
    yield "results", lambda: [request for _, request in app.questions.results(0)]
    for name in _strange(world, names):  # last, for it changes something
        yield "create", lambda: app.create_collection(name, "legal").name  # noqa: B023 -- at once


def _strange(world: World, names: tuple[str, ...]) -> Iterator[str]:
    """Those that the person may know of for the purpose stated, or for none of theirs at all.

    What one may know of for another purpose is one's own to know, and no name to be taken again.
    """
    stated = {c.name for c in without_hidden(world).collections}
    purposes = world.facts.row.purposes
    other = {
        c.name for p in purposes for c in without_hidden(replace(world, purpose=p)).collections
    }
    yield from (name for name in names if name in stated or name not in other)


def _plain(said: object) -> object:
    """What can be compared: the ids of results that were kept are drawn anew each time."""
    if isinstance(said, tuple) and len(said) == 3 and _is_result(said[2]):
        said = said[:2]
    return repr(said)


def _is_result(id: object) -> bool:
    return isinstance(id, str) and (not id or len(id) == 32)
