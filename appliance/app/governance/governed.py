"""How people, grants and walls are spoken of: what is shown, and what may be said."""

from __future__ import annotations

import pwd
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from appliance.errors import UsageError
from appliance.store.people import now

LONGEST_REASON = 1000  # characters
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
MOMENT = "%Y-%m-%dT%H:%M:%SZ"  # as the catalogue has it; moments compare as texts


@dataclass(frozen=True, slots=True)
class GrantShown:
    """A grant in words."""

    id: str
    who: str
    collection: str  # its name
    relation: str
    contributes: bool
    expires: str
    made_by: str
    made: str


@dataclass(frozen=True, slots=True)
class WallShown:
    """A wall in words, with its reason."""

    id: str
    who: str
    collection: str  # its name
    reason: str
    made_by: str
    made: str


@dataclass(frozen=True, slots=True)
class OpeningShown:
    """Broken glass in words, with its reason."""

    id: str
    who: str
    collection: str  # its name
    reason: str
    opened: str
    expires: str
    reviewed_by: str  # empty: nobody yet


@dataclass(frozen=True, slots=True)
class UserShown:
    """One person and what they were given."""

    uid: int
    name: str
    roles: tuple[str, ...]
    teams: tuple[str, ...]
    purposes: tuple[str, ...]
    grants: tuple[GrantShown, ...]
    walls: tuple[WallShown, ...]
    openings: tuple[OpeningShown, ...]


def account(who: str) -> tuple[int, str]:
    """User number and name of an account of the operating system, by either.

    Raises:
        UsageError: there is none.
    """
    try:
        found = pwd.getpwuid(int(who)) if who.isdecimal() else pwd.getpwnam(who)
    except (KeyError, OverflowError):
        raise UsageError(
            "the operating system knows no such account", remedy="make it there first (useradd)"
        ) from None
    return found.pw_uid, found.pw_name


def moment(until: str) -> str:
    """A date (its end) or a time, ISO 8601, as the catalogue has it; empty stays empty.

    Raises:
        UsageError: it is no date, or it is past.
    """
    if not until:
        return ""
    try:
        end = datetime.fromisoformat(until)
    except ValueError:
        raise UsageError("this is no date", remedy="write it as 2026-12-31") from None
    if len(until) == len("2026-12-31"):
        end = end.replace(hour=23, minute=59, second=59)
    end = end.replace(tzinfo=UTC) if end.tzinfo is None else end.astimezone(UTC)
    spelled = end.strftime(MOMENT)
    if spelled <= now():
        raise UsageError("this time is past", remedy="give one to come")
    return spelled


def check_words(words: Collection[str]) -> None:
    """Raises UsageError where one is not a single short word."""
    if not all(_WORD.fullmatch(word) for word in words):
        raise UsageError(
            "a role, team, purpose, relation or label is one short word",
            remedy="letters, digits, _ . -",
        )


def check_reason(reason: str, shortest: int) -> None:
    """Raises UsageError where a reason says too little, too much, or is no line of text."""
    if not shortest <= len(reason.strip()) <= LONGEST_REASON or not reason.isprintable():
        raise UsageError(
            f"a reason has {shortest} to {LONGEST_REASON} characters", remedy="say why"
        )
