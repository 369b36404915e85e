"""Policies put into words: why something is decided as it is, and who gains or loses by a change.

Both only ask the policy set, with the same facts as any request; neither decides anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from appliance.access.policy import AccessClass, Decision, PolicySet
from appliance.access.principals import Principal, Standing

RELATIONS = ("member", "counsel", "care_team", "office", "deal_team", "wall_crosser")
PURPOSES = ("TREATMENT", "PAYMENT", "OPERATIONS", "PATIENT_REQUEST")


@dataclass(frozen=True, slots=True)
class Why:
    """One decision in words."""

    allow: bool
    policies: tuple[tuple[str, str], ...]  # that made it: id, description
    facts: tuple[str, ...]  # that the policies saw
    would_help: tuple[str, ...] = ()  # of what is denied: each of these alone would change it


@dataclass(frozen=True, slots=True)
class Change:
    """What one person gains or loses."""

    uid: int
    gains: bool
    action: str
    resource: AccessClass
    purpose: str


def why(
    policy: PolicySet, person: Principal, action: str, resource: AccessClass, purpose: str
) -> Why:
    """A decision, the policies that made it, what they saw, and what would change a denial."""
    (decision,) = policy.decide(person, action, [resource], purpose)
    said = policy.descriptions
    helpful = () if decision.allow else tuple(_helpful(policy, person, action, resource, purpose))
    return Why(
        decision.allow,
        tuple((id, said[id]) for id in decision.policies),
        tuple(facts(person, resource, purpose)),
        helpful,
    )


def facts(person: Principal, resource: AccessClass, purpose: str) -> Iterator[str]:
    """What the policies see of a request, a sentence each."""
    yield _list("roles", person.roles)
    yield _list("teams", person.teams)
    yield f"stated purpose: {purpose or 'none'}; {_list('may state', person.purposes)}"
    yield f"sector of the collection: {resource.sector or 'none'}"
    standing = dict(person.standings).get(resource.collection, Standing())
    yield _list("granted on it, in force", standing.relations)
    if standing.contributes:
        yield "a grant lets them contribute"
    if standing.walled:
        yield "a wall keeps them out"
    if standing.opened:
        yield "they broke the glass, and the time is not over"
    if resource.flags:
        yield _list("labelled", resource.flags)


def changes(
    old: PolicySet,
    new: PolicySet,
    people: Sequence[Principal],
    classes: Sequence[AccessClass],
    purposes: Sequence[str],
) -> Iterator[Change]:
    """Who gains and who loses what: every person, action, purpose and class asked of both sets."""
    actions = dict.fromkeys((*old.actions, *new.actions))
    for person in people:
        for action in actions:
            for purpose in purposes:
                before, after = (
                    _allowed(policy, person, action, classes, purpose) for policy in (old, new)
                )
                for was, is_, resource in zip(before, after, classes, strict=True):
                    if was is not is_:
                        yield Change(person.uid, is_, action, resource, purpose)


def _allowed(
    policy: PolicySet, person: Principal, action: str, classes: Sequence[AccessClass], purpose: str
) -> list[bool]:
    if action not in policy.actions:
        return [False] * len(classes)
    return [decision.allow for decision in policy.decide(person, action, classes, purpose)]


def _helpful(
    policy: PolicySet, person: Principal, action: str, resource: AccessClass, purpose: str
) -> Iterator[str]:
    """Single changes after which the same request is permitted."""
    standings = dict(person.standings)
    standing = standings.get(resource.collection, Standing())

    def with_(changed: Standing) -> Principal:
        return replace(
            person, standings=tuple((standings | {resource.collection: changed}).items())
        )

    def permitted(who: Principal, what_for: str = purpose) -> bool:
        return _one(policy, who, action, resource, what_for).allow

    for relation in RELATIONS:
        granted = replace(standing, relations=standing.relations | {relation})
        if permitted(with_(granted)):
            yield f"a grant as {relation}"
        elif permitted(with_(replace(granted, contributes=True))):
            yield f"a grant as {relation} that lets them contribute"
    for stated in PURPOSES:
        if stated != purpose and permitted(person, stated):
            yield f"--purpose {stated}"
    if standing.walled and permitted(with_(replace(standing, walled=False))):
        yield "the wall lifted"


def _one(
    policy: PolicySet, person: Principal, action: str, resource: AccessClass, purpose: str
) -> Decision:
    return policy.decide(person, action, [resource], purpose)[0]


def _list(what: str, words: frozenset[str]) -> str:
    return f"{what}: {', '.join(sorted(words)) or 'none'}"
