"""Second factors in the catalogue: each code once, tries counted, locks that grow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from appliance.crypto import totp
from appliance.errors import InvariantBroken, NotFound, SealBroken
from appliance.store.factors import LONGEST_LOCK, TRIES, Tried
from appliance.store.records import PrincipalRow
from appliance.store.store import Store
from appliance.store.tables import FactorTable
from tests.store.builders import PASSPHRASE

ANNA, BEN = 70001, 70002
START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SECRET = bytes(range(20))


def code(at: datetime, secret: bytes = SECRET, by: int = 0) -> str:
    return totp.code(secret, int(at.timestamp()) // totp.STEP_SECONDS + by)


def later(**by: float) -> datetime:
    return START + timedelta(**by)


@pytest.fixture
def kept(store: Store) -> Store:
    """Anna has a factor in force; the code of the first moment is used."""
    store.put_principal(PrincipalRow(ANNA, "anna", frozenset({"officer"})))
    store.begin_factor(ANNA, SECRET, START)
    assert store.confirm_factor(ANNA, code(START), START) is Tried.RIGHT
    return store


def test_a_factor_is_in_force_only_once_a_code_was_seen(store: Store) -> None:
    store.put_principal(PrincipalRow(ANNA, "anna", frozenset()))
    store.begin_factor(ANNA, SECRET, START)
    assert store.factor(ANNA) is None
    assert store.confirm_factor(ANNA, code(START, by=5), START) is Tried.WRONG
    assert store.factor(ANNA) is None
    assert store.confirm_factor(ANNA, code(START), START) is Tried.RIGHT
    found = store.factor(ANNA)
    assert found is not None
    assert (found.made, found.failures, found.locked_until) == ("2026-11-21T12:00:00Z", 0, "")


def test_who_is_not_known_or_began_nothing_has_none(store: Store) -> None:
    with pytest.raises(NotFound, match="not known"):
        store.begin_factor(BEN, SECRET, START)
    with pytest.raises(NotFound, match="begun"):
        store.confirm_factor(BEN, "123456", START)
    with pytest.raises(NotFound):
        store.remove_factor(BEN)
    with pytest.raises(InvariantBroken):
        store.use_code(BEN, "123456", START)


def test_each_code_is_taken_once_also_after_the_store_was_closed(kept: Store, home: Path) -> None:
    assert kept.use_code(ANNA, code(START), START) is Tried.WRONG
    at = later(seconds=60)
    assert kept.use_code(ANNA, code(at), at) is Tried.RIGHT
    kept.close()
    with Store.open(home, PASSPHRASE) as again:
        assert again.use_code(ANNA, code(at), at) is Tried.WRONG
        assert again.use_code(ANNA, code(at, by=-1), at) is Tried.WRONG, "older than one used"
        assert again.use_code(ANNA, code(at, by=1), at) is Tried.RIGHT, "a clock behind by a step"


def test_five_wrong_codes_lock_and_a_right_one_is_not_looked_at(kept: Store) -> None:
    at = later(minutes=1)
    for _ in range(TRIES):
        assert kept.use_code(ANNA, "000000", at) is Tried.WRONG
    assert kept.use_code(ANNA, code(at), at) is Tried.LOCKED
    found = kept.factor(ANNA)
    assert found is not None
    assert (found.failures, found.locked_until) == (TRIES, "2026-11-21T12:16:00Z")
    free = later(minutes=16)
    assert kept.use_code(ANNA, code(free), free) is Tried.RIGHT
    found = kept.factor(ANNA)
    assert found is not None
    assert (found.failures, found.locked_until) == (0, "")


def test_each_lock_is_twice_as_long_up_to_a_day(kept: Store) -> None:
    at, lengths = later(minutes=1), []
    for _ in range(9):
        for _ in range(TRIES):
            assert kept.use_code(ANNA, "000000", at) is Tried.WRONG
        found = kept.factor(ANNA)
        assert found is not None
        end = datetime.fromisoformat(found.locked_until)
        lengths.append((end - at) // timedelta(minutes=1))
        at = end
    assert lengths == [15, 30, 60, 120, 240, 480, 960, 1440, LONGEST_LOCK // timedelta(minutes=1)]


def test_a_new_factor_replaces_the_one_before_when_it_is_confirmed(kept: Store) -> None:
    other, at = bytes(range(20, 40)), later(minutes=2)
    kept.begin_factor(ANNA, other, at)
    assert kept.use_code(ANNA, code(at), at) is Tried.RIGHT, "the old one is still in force"
    at = later(minutes=4)
    assert kept.confirm_factor(ANNA, code(at, other), at) is Tried.RIGHT
    at = later(minutes=6)
    assert kept.use_code(ANNA, code(at), at) is Tried.WRONG
    assert kept.use_code(ANNA, code(at, other), at) is Tried.RIGHT
    with pytest.raises(NotFound):
        kept.confirm_factor(ANNA, code(at, other), at)


def test_removed_is_gone_with_what_was_begun(kept: Store) -> None:
    kept.begin_factor(ANNA, SECRET, START)
    kept.remove_factor(ANNA)
    assert kept.factor(ANNA) is None
    with pytest.raises(NotFound):
        kept.confirm_factor(ANNA, code(START), START)


def test_a_sealed_secret_moved_to_another_person_does_not_open(kept: Store) -> None:
    kept.put_principal(PrincipalRow(BEN, "ben", frozenset()))
    kept.begin_factor(BEN, bytes(20), START)
    with kept._shelf.catalogue.transaction() as session:
        mine, his = session.get(FactorTable, (ANNA, True)), session.get(FactorTable, (BEN, False))
        assert mine is not None
        assert his is not None
        his.sealed_secret = mine.sealed_secret
    with pytest.raises(SealBroken):
        kept.confirm_factor(BEN, code(START), START)
