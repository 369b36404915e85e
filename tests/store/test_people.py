"""Who may what, as the catalogue keeps it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.documents import Collection, CollectionId
from appliance.errors import InvariantBroken, NotFound, SealBroken
from appliance.store.records import PrincipalRow, team, user
from appliance.store.store import Store
from tests.store.builders import CANARY, PASSPHRASE

ADA = PrincipalRow(
    1000, "ada", frozenset({"operator"}), frozenset({"trial"}), frozenset({"TREATMENT"})
)
REASON = "acted for the other side"
LATER = "2999-01-01T00:00:00Z"


def test_a_person_is_replaced_as_a_whole(store: Store) -> None:
    store.put_principal(ADA)
    assert store.principals() == (ADA,)
    assert store.person(1000).row == ADA
    store.set_roles(1000, frozenset({"officer"}), "ada")
    assert store.person(1000).row == replace(ADA, roles=frozenset({"officer"}))
    store.put_principal(PrincipalRow(1000, "ada", frozenset()))
    assert store.person(1000).row == PrincipalRow(1000, "ada", frozenset())


def test_nobody_is_known_with_nothing(store: Store) -> None:
    assert store.person(7).row == PrincipalRow(7, "", frozenset())


def test_grants_reach_a_person_and_their_teams(store: Store, collection: Collection) -> None:
    store.put_principal(ADA)
    mine = store.add_grant(user(1000), collection.id, "counsel", contributes=True, by=1)
    ours = store.add_grant(
        team("trial"), collection.id, "member", contributes=False, by=1, expires=LATER
    )
    theirs = store.add_grant(team("tax"), collection.id, "member", contributes=False, by=1)
    assert set(store.person(1000).grants) == {mine, ours}
    assert set(store.grants()) == {mine, ours, theirs}
    store.remove_grant(mine.id)
    assert store.person(1000).grants == (ours,)
    with pytest.raises(NotFound):
        store.remove_grant(mine.id)


def test_whoever_makes_a_collection_has_a_grant(store: Store) -> None:
    made = store.create_collection("Case B", "legal", 1000, "counsel")
    (grant,) = store.person(1000).grants
    assert (grant.collection, grant.relation, grant.contributes) == (made.id, "counsel", True)
    store.create_collection("Case C", "legal")
    assert len(store.grants()) == 1


def test_a_wall_keeps_its_reason_sealed(store: Store, home: Path, collection: Collection) -> None:
    store.put_principal(ADA)
    wall = store.add_wall(team("trial"), collection.id, REASON, by=2)
    assert store.person(1000).walls == (wall,)
    assert store.reason(wall) == REASON
    assert REASON.encode() not in wall.sealed_reason
    store.close()
    with Store.open(home, PASSPHRASE) as again:
        assert again.walls() == (wall,)
        assert again.reason(wall) == REASON
        again.remove_wall(wall.id)
        assert again.person(1000).walls == ()
        with pytest.raises(NotFound):
            again.remove_wall(wall.id)


def test_a_reason_belongs_to_its_row(store: Store, collection: Collection) -> None:
    first = store.add_wall(user(1), collection.id, REASON, by=2)
    second = store.add_wall(user(2), collection.id, "another", by=2)
    for moved in (
        replace(first, id=second.id),
        replace(first, collection=CollectionId("0" * 32)),
        replace(first, sealed_reason=second.sealed_reason),
    ):
        with pytest.raises(SealBroken):
            store.reason(moved)


def test_broken_glass_is_reviewed_once(store: Store, collection: Collection) -> None:
    store.put_principal(ADA)
    opening = store.open_glass(1000, collection.id, REASON, LATER)
    assert store.person(1000).openings == (opening,)
    assert store.reason(opening) == REASON
    store.review_opening(opening.id, 7)
    (seen,) = store.openings()
    assert (seen.reviewed_by, bool(seen.reviewed)) == (7, True)
    with pytest.raises(NotFound):
        store.review_opening(opening.id, 8)
    with pytest.raises(InvariantBroken):
        store.open_glass(999, collection.id, REASON, LATER)


def test_labels_of_a_collection(store: Store, collection: Collection) -> None:
    labelled = store.label_collection(collection, (("hold", "yes"), ("a", "b")))
    assert labelled.labels == (("a", "b"), ("hold", "yes"))
    assert store.collections() == (labelled,)
    assert store.label_collection(labelled, ()) == collection


def test_nothing_is_given_on_a_collection_that_is_not_there(store: Store) -> None:
    store.put_principal(ADA)
    nowhere = CollectionId("0" * 32)
    for attempt in (
        lambda: store.add_grant(user(1), nowhere, "member", contributes=False, by=1),
        lambda: store.add_wall(user(1), nowhere, REASON, by=1),
        lambda: store.open_glass(1000, nowhere, REASON, LATER),
        lambda: store.label_collection(Collection(nowhere, "n", "legal", ""), ()),
    ):
        epoch = store.epoch()
        with pytest.raises(NotFound):
            attempt()
        assert store.epoch() == epoch


CHANGES: dict[str, Callable[[Store, Collection], object]] = {
    "principal": lambda s, c: s.put_principal(ADA),
    "roles": lambda s, c: s.set_roles(1000, frozenset({"x"})),
    "grant": lambda s, c: s.add_grant(user(1), c.id, "member", contributes=False, by=1),
    "revoke": lambda s, c: s.remove_grant(s.grants()[0].id),
    "wall": lambda s, c: s.add_wall(user(1), c.id, REASON, by=1),
    "lift": lambda s, c: s.remove_wall(s.walls()[0].id),
    "open": lambda s, c: s.open_glass(1000, c.id, REASON, LATER),
    "review": lambda s, c: s.review_opening(s.openings()[0].id, 1),
    "label": lambda s, c: s.label_collection(c, (("hold", "yes"),)),
    "collection": lambda s, c: s.create_collection("another", "legal", 1000, "member"),
}


def test_every_change_moves_the_epoch_and_the_root(store: Store, collection: Collection) -> None:
    store.put_principal(replace(ADA, teams=frozenset()))
    for name, change in CHANGES.items():
        before = store.epoch(), store.root()
        change(store, collection)
        assert store.epoch() == before[0] + 1, name
        assert store.root() != before[1], name


def test_no_reason_and_no_team_lies_in_clear(tmp_path: Path) -> None:
    from tests.store.builders import SMALL

    home = tmp_path / "home"
    with Store.create(home, PASSPHRASE, cost=SMALL) as store:
        store.put_principal(replace(ADA, teams=frozenset({CANARY})))
        made = store.create_collection(CANARY, "legal", 1000, CANARY)
        store.add_wall(team(CANARY), made.id, CANARY, by=1)
        store.open_glass(1000, made.id, CANARY, LATER)
        store.label_collection(made, ((CANARY, CANARY),))
    content = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert CANARY.encode() not in content
