"""A scope holds exactly the permitted documents, and other documents make no difference to it."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.access.decided import Decided
from appliance.access.policy import PolicySet
from appliance.access.principals import Principal, Standing
from appliance.access.scope import Scope, scope_of
from appliance.documents import Collection, CollectionId, DocumentId
from appliance.store.records import Placed
from tests.access.test_policy import POLICIES

# a busy machine is no fault of the code
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

COLLECTIONS = (
    Collection(CollectionId("a" * 32), "a", "legal", ""),
    Collection(CollectionId("b" * 32), "b", "general", "", (("kept", "yes"),)),
)
DEFAULT = PolicySet.load(POLICIES)
STANDINGS = (("a" * 32, Standing(frozenset({"counsel"}), contributes=True)),)
OPERATOR = Principal(1000, "ana", frozenset({"operator"}), standings=STANDINGS)
NOBODY = Principal(1001, "bob", frozenset())

LABELS = st.lists(
    st.tuples(
        st.sampled_from(["hold", "kind", "classification", "privileged"]),
        st.sampled_from(["yes", "no", "lease"]),
    ),
    max_size=3,
).map(tuple)


def document(
    number: int, where: Collection = COLLECTIONS[0], labels: tuple[tuple[str, str], ...] = ()
) -> Placed:
    return Placed(DocumentId(f"{number:032x}"), where, labels)


CORPORA = st.lists(
    st.builds(
        document,
        st.integers(0, 10**6),
        st.sampled_from(COLLECTIONS),
        LABELS,
    ),
    max_size=20,
    unique_by=lambda d: d.document,
)


def scope(documents: list[Placed], who: Principal = OPERATOR, action: str = "delete") -> Scope:
    return scope_of(Decided(DEFAULT), who, action, "care", documents)


@CALM
@given(CORPORA)
def test_a_scope_holds_exactly_what_the_policy_permits(documents: list[Placed]) -> None:
    expected = {d.document for d in documents if dict(d.labels).get("hold") != "yes"}
    assert scope(documents).documents == expected
    assert scope(documents, NOBODY).documents == frozenset()


@CALM
@given(CORPORA, CORPORA, st.sampled_from(["delete", "ask"]))
def test_other_documents_make_no_difference(
    mine: list[Placed], others: list[Placed], action: str
) -> None:
    """Non-interference: what of ``mine`` is permitted never depends on ``others``."""
    known = {d.document for d in mine}
    mixed = [*mine, *(d for d in others if d.document not in known)]
    assert scope(mixed, action=action).documents & known == scope(mine, action=action).documents


@CALM
@given(CORPORA, st.frozensets(st.integers(0, 10**6).map(lambda n: DocumentId(f"{n:032x}"))))
def test_narrowing_only_shrinks(documents: list[Placed], wanted: frozenset[DocumentId]) -> None:
    whole = scope(documents)
    for choice in (wanted, wanted | {d.document for d in documents}, frozenset[DocumentId]()):
        narrow = whole.narrow(choice)
        assert narrow.documents == whole.documents & choice
        assert (narrow.principal, narrow.action) == (whole.principal, whole.action)


def test_nothing_in_gives_nothing() -> None:
    assert scope([]).documents == frozenset()


def test_a_scope_says_whose_it_is() -> None:
    made = scope([document(1)])
    assert (made.principal, made.action, made.policy) == ("1000", "delete", DEFAULT.hash)


def test_a_scope_cannot_be_changed() -> None:
    made = scope([document(1)])
    with pytest.raises(FrozenInstanceError):
        made.documents = frozenset()  # type: ignore[misc]
