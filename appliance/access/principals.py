"""Who acts: a person known to the operating system, with the roles that the store gives them."""

from __future__ import annotations

import pwd
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Principal:
    """One person. No roles means no permissions."""

    uid: int
    name: str
    roles: frozenset[str]


def current(uid: int, roles: frozenset[str]) -> Principal:
    """The person with this user number, named by the operating system's list of users.

    Somebody whom that list does not know (a container without it) is named by the number.
    """
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = str(uid)
    return Principal(uid, name, roles)
