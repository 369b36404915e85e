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
from appliance.documents import Collection, CollectionId, Document, DocumentId
from tests.access.test_policy import POLICIES

# a busy machine is no fault of the code
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

COLLECTIONS = (
    Collection(CollectionId("a" * 32), "a", "legal", ""),
    Collection(CollectionId("b" * 32), "b", "general", "", (("kept", "yes"),)),
)
KNOWN = {collection.id for collection in COLLECTIONS}
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


def document(number: int, collection: str, labels: tuple[tuple[str, str], ...] = ()) -> Document:
    return Document(
        id=DocumentId(f"{number:032x}"),
        collection=CollectionId(collection),
        name=f"{number}.txt",
        version=1,
        media_type="text/plain",
        size=1,
        pages=None,
        characters=1,
        chunks=1,
        gaps=0,
        labels=labels,
    )


CORPORA = st.lists(
    st.builds(
        document,
        st.integers(0, 10**6),
        st.sampled_from(["a" * 32, "b" * 32, "c" * 32]),
        LABELS,
    ),
    max_size=20,
    unique_by=lambda d: d.id,
)


def scope(documents: list[Document], who: Principal = OPERATOR, action: str = "delete") -> Scope:
    return scope_of(Decided(DEFAULT), who, action, "care", documents, COLLECTIONS)


@CALM
@given(CORPORA)
def test_a_scope_holds_exactly_what_the_policy_permits(documents: list[Document]) -> None:
    expected = {d.id for d in documents if d.collection in KNOWN and d.label("hold") != "yes"}
    assert scope(documents).documents == expected
    assert scope(documents, NOBODY).documents == frozenset()


@CALM
@given(CORPORA, CORPORA, st.sampled_from(["delete", "ask"]))
def test_other_documents_make_no_difference(
    mine: list[Document], others: list[Document], action: str
) -> None:
    """Non-interference: what of ``mine`` is permitted never depends on ``others``."""
    known = {d.id for d in mine}
    mixed = [*mine, *(d for d in others if d.id not in known)]
    assert scope(mixed, action=action).documents & known == scope(mine, action=action).documents


@CALM
@given(CORPORA, st.frozensets(st.integers(0, 10**6).map(lambda n: DocumentId(f"{n:032x}"))))
def test_narrowing_only_shrinks(documents: list[Document], wanted: frozenset[DocumentId]) -> None:
    whole = scope(documents)
    for choice in (wanted, wanted | {d.id for d in documents}, frozenset[DocumentId]()):
        narrow = whole.narrow(choice)
        assert narrow.documents == whole.documents & choice
        assert (narrow.principal, narrow.action) == (whole.principal, whole.action)


def test_nothing_in_gives_nothing() -> None:
    assert scope([]).documents == frozenset()


def test_a_scope_says_whose_it_is() -> None:
    made = scope([document(1, "a" * 32)])
    assert (made.principal, made.action, made.policy) == ("1000", "delete", DEFAULT.hash)


def test_a_scope_cannot_be_changed() -> None:
    made = scope([document(1, "a" * 32)])
    with pytest.raises(FrozenInstanceError):
        made.documents = frozenset()  # type: ignore[misc]
