"""What the catalogue says of a person becomes what the policies see, moment by moment."""

from __future__ import annotations

from appliance.access.decided import Decided
from appliance.access.policy import AccessClass, PolicySet
from appliance.access.principals import ALWAYS, Principal, Standing, as_of, until
from appliance.documents import CollectionId
from appliance.store.records import Grant, Opening, PersonFacts, PrincipalRow, Wall, team, user
from tests.access.test_policy import POLICIES

A, B = CollectionId("a" * 32), CollectionId("b" * 32)
ROW = PrincipalRow(1000, "ada", frozenset({"operator"}), frozenset({"trial"}))
FACTS = PersonFacts(
    ROW,
    (
        Grant("1", user(1000), A, "member", False, "2026-01-02T00:00:00Z", 1, ""),
        Grant("2", team("trial"), A, "counsel", True, "2026-01-03T00:00:00Z", 1, ""),
    ),
    (Wall("3", user(1000), B, b"", 1, ""),),
    (Opening("4", 1000, B, b"", "", "2026-01-01T12:00:00Z"),),
)


def test_what_has_ended_is_left_out() -> None:
    walled = (B, Standing(walled=True))
    for moment, a, b in (
        ("2026-01-01T00:00:00Z", Standing(frozenset({"member", "counsel"}), True), True),
        ("2026-01-01T12:00:00Z", Standing(frozenset({"member", "counsel"}), True), False),
        ("2026-01-02T00:00:00Z", Standing(frozenset({"counsel"}), True), False),
    ):
        assert as_of(FACTS, moment).standings == ((A, a), (B, Standing(walled=True, opened=b)))
    assert as_of(FACTS, "2026-01-03T00:00:00Z").standings == (walled,)


def test_the_next_end_is_known() -> None:
    moments = ["2026-01-01T00:00:00Z"]
    while moments[-1] != ALWAYS:
        moments.append(until(FACTS, moments[-1]))
    assert moments[1:-1] == ["2026-01-01T12:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"]


def test_the_person_keeps_roles_teams_and_purposes() -> None:
    row = PrincipalRow(7, "bo", frozenset({"x"}), frozenset({"y"}), frozenset({"z"}))
    assert as_of(PersonFacts(row), "2026") == Principal(7, "bo", row.roles, row.teams, row.purposes)


def test_a_kept_decision_belongs_to_the_person_as_they_were() -> None:
    decided, matter = Decided(PolicySet.load(POLICIES)), AccessClass(A, "legal")
    before, after = (
        as_of(FACTS, moment) for moment in ("2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z")
    )
    for _ in range(2):  # the second time from what is kept
        answers = [decided.decide(who, "ask", [matter], "")[0].allow for who in (before, after)]
        assert answers == [True, False]
        (delete,) = decided.decide(before, "delete", [matter], "")
        assert delete.allow
