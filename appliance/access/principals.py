"""Who acts: a person known to the operating system, with what the store says of them just now."""

from __future__ import annotations

import pwd
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from appliance.store.records import PersonFacts

ROOT = 0  # the account of the operating system that may do everything on the machine
ALWAYS = "9999-12-31T23:59:59Z"  # later than every moment that a grant may end at


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands between one person and one collection at one moment."""

    relations: frozenset[str] = frozenset()
    contributes: bool = False
    walled: bool = False
    opened: bool = False


@dataclass(frozen=True, slots=True)
class Principal:
    """One person. No roles means no permissions."""

    uid: int
    name: str
    roles: frozenset[str]
    teams: frozenset[str] = frozenset()
    purposes: frozenset[str] = frozenset()
    standings: tuple[tuple[str, Standing], ...] = ()  # by collection id; none: nothing stands there


def current(uid: int, roles: frozenset[str]) -> Principal:
    """The person with this user number, named by the operating system's list of users.

    Somebody whom that list does not know (a container without it) is named by the number.
    """
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = str(uid)
    return Principal(uid, name, roles)


def as_of(facts: PersonFacts, moment: str) -> Principal:
    """The person as the policies see them at a moment (RFC 3339, UTC), without what has ended."""
    relations: dict[str, set[str]] = defaultdict(set)
    contributes, opened = set(), set()
    for grant in facts.grants:
        if not grant.expires or moment < grant.expires:
            relations[grant.collection].add(grant.relation)
            if grant.contributes:
                contributes.add(grant.collection)
    for opening in facts.openings:
        if moment < opening.expires:
            opened.add(opening.collection)
    walled = {wall.collection for wall in facts.walls}
    row = facts.row
    standings = tuple(
        (
            where,
            Standing(
                frozenset(relations.get(where, ())),
                where in contributes,
                where in walled,
                where in opened,
            ),
        )
        for where in sorted(relations.keys() | opened | walled)
    )
    name = row.name or current(row.uid, row.roles).name
    return Principal(row.uid, name, row.roles, row.teams, row.purposes, standings)


def of_the_machine(root: Principal) -> Principal:
    """The machine's root at the door of the service: an administrator, whatever else is recorded.

    Root can run the appliance, and could take what it wants where nothing is on record; here it is
    given no more than what administering takes, and reads nothing.
    """
    return Principal(root.uid, root.name, frozenset({"administrator"}))


def until(facts: PersonFacts, moment: str) -> str:
    """The first moment after ``moment`` at which something ends, so that `as_of` says otherwise."""
    return min((end for end in _ends(facts) if moment < end), default=ALWAYS)


def _ends(facts: PersonFacts) -> Iterator[str]:
    yield from (grant.expires for grant in facts.grants if grant.expires)
    yield from (opening.expires for opening in facts.openings)
