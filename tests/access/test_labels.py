"""What is made from documents is labelled as the strictest of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from appliance.access.labels import ORDER, Labels, classes, joined, then_and_now
from appliance.access.policy import AccessClass
from appliance.documents import Collection, CollectionId, DocumentId
from appliance.store.records import Placed, SourceLabels

KEYS = st.sampled_from(("classification", "privileged", "hold", "kind", "draft"))
VALUES = st.sampled_from((*ORDER, "yes", "no", "eyes-only", "lease", "will"))
A = Collection(CollectionId("a" * 32), "A", "legal", "", (("hold", "yes"),))
B = Collection(CollectionId("b" * 32), "B", "legal", "")
ONE, TWO = DocumentId("1" * 32), DocumentId("2" * 32)


def labels_of(found: dict[str, str]) -> Labels:
    """A classification is no flag: it is never "yes"."""
    return tuple(sorted(i for i in found.items() if i != ("classification", "yes")))


LABELS = st.dictionaries(KEYS, VALUES, max_size=4).map(labels_of)


def test_the_highest_classification_and_every_flag_stay() -> None:
    found = joined(
        [
            (("classification", "internal"), ("kind", "lease"), ("privileged", "yes")),
            (("classification", "secret"), ("kind", "lease"), ("privileged", "no")),
            (("draft", "yes"),),
        ]
    )
    assert found == (
        ("classification", "secret"),
        ("draft", "yes"),
        ("kind", "lease"),
        ("privileged", "yes"),
    )


def test_a_classification_that_is_not_in_the_order_is_above_it() -> None:
    said = [(("classification", word),) for word in ("top-secret", "eyes-only", "cosmic")]
    assert joined(said) == (("classification", "cosmic|eyes-only"),)


def test_different_kinds_are_neither_of_them() -> None:
    assert joined([(("kind", "will"),), (("kind", "lease"),)]) == (("kind", "lease|will"),)


@given(st.lists(LABELS, max_size=5), st.randoms())
def test_the_order_and_how_often_do_not_matter_and_no_flag_is_lost(
    each: list[Labels], chance: object
) -> None:
    shuffled = [*each, *each[:2]]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    found = joined(each)
    assert joined(shuffled) == found
    assert joined([found, *each]) == found, "what was joined before joins to the same"
    flags = AccessClass.of("", "", found).flags
    assert all(AccessClass.of("", "", one).flags <= flags for one in each)
    known = [dict(one).get("classification") for one in each]
    for word in filter(None, known):
        highest = dict(found)["classification"]
        assert highest not in ORDER or (word in ORDER and ORDER.index(word) <= ORDER.index(highest))


def test_each_collection_is_decided_by_what_lies_in_it() -> None:
    found = classes([(A, (("privileged", "yes"),)), (B, ()), (A, (("draft", "yes"),))])
    assert found == (
        AccessClass(A.id, "legal", flags=frozenset({"privileged", "draft"})),
        AccessClass(B.id, "legal"),
    )


def test_a_label_that_was_taken_away_since_still_counts() -> None:
    then = [SourceLabels(ONE, (("privileged", "yes"),)), SourceLabels(TWO, ())]
    now = {ONE: Placed(ONE, A, ()), TWO: Placed(TWO, A, (("draft", "yes"),))}
    assert classes(tuple(then_and_now(then, now))) == (
        AccessClass(A.id, "legal", flags=frozenset({"privileged", "draft", "hold"})),
    )
