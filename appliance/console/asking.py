"""What a page is asked for: the filter in its address, a form's fields; all of it untrusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from urllib.parse import parse_qsl, urlencode

from appliance.app.oversight.timeline import LOGIN, LOGOUT, READ, Called
from appliance.audit.filtering import Filter, microseconds
from appliance.errors import UsageError

MOST_FIELDS, LONGEST_FIELD = 40, 2000  # of a form; characters
READINGS = (
    READ,
    LOGIN,
    LOGOUT,
    "audit_show",
    "audit_verify",
    "audit_report",
    "user_list",
    "wall_list",
    "grant_list",
    "break_glass_list",
    "review_list",
    "officer_list",
    "retention_list",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the timeline was asked for, as it stands in the address."""

    since: str = ""
    until: str = ""
    person: str = ""  # user number
    role: str = ""
    action: str = ""
    collection: str = ""
    document: str = ""
    decision: str = ""
    purpose: str = ""
    kind: str = ""
    text: str = ""  # free text over what the officer may open
    readings: str = ""  # "yes": readings of the log itself, too
    before: str = ""  # record number of the page

    def address(self, **changes: str) -> str:
        """The address of this list, with other fields."""
        changed = replace(self, **changes)
        named = {field.name: getattr(changed, field.name) for field in fields(changed)}
        query = urlencode({name: value for name, value in named.items() if value})
        return f"/timeline?{query}" if query else "/timeline"

    @property
    def narrow(self) -> bool:
        """Whether anything is asked for at all."""
        return self != Asked(readings=self.readings, before=self.before)

    def number(self) -> int:
        """The record before which the page begins; 0 for the newest.

        Raises:
            UsageError: it is no number.
        """
        return whole(self.before) if self.before else 0


def asked(untrusted_query: Mapping[str, str]) -> Asked:
    """The fields that are known, each within bounds.

    Raises:
        UsageError: one is too long, or no moment where one is wanted.
    """
    known = {field.name for field in fields(Asked)}
    found = {}
    for name in known & set(untrusted_query):
        value = untrusted_query[name].strip()
        if len(value) > LONGEST_FIELD:
            raise UsageError("a field of the filter is too long", remedy="shorten it")
        found[name] = value
    for name in ("since", "until"):
        if found.get(name):
            microseconds(found[name])
    return Asked(**found)


def filter_of(one: Asked, called: Called) -> Filter:
    """As the core takes it; a role stands for the people who have it now.

    Raises:
        UsageError: a field is none.
    """
    uids: tuple[int, ...] = (whole(one.person),) if one.person else ()
    if one.role:
        holders = tuple(p.uid for p in called.people if one.role in p.roles)
        uids = tuple(u for u in holders if not uids or u in uids) or (-1,)  # nobody: no event
    return Filter(
        since=one.since,
        until=one.until,
        uids=uids,
        actions=(one.action,) if one.action else (),
        without=() if one.readings or one.action else READINGS,
        collections=(one.collection,) if one.collection else (),
        document=one.document,
        decision=one.decision,
        purpose=one.purpose,
        kind=one.kind,
    )


def form(untrusted_body: bytes) -> dict[str, str]:
    """The fields of a form, the first of each name.

    Raises:
        UsageError: it is no form, or has too many or too long fields.
    """
    try:
        pairs = parse_qsl(
            untrusted_body.decode("ascii"),
            keep_blank_values=True,
            max_num_fields=MOST_FIELDS,
            errors="strict",
        )
    except ValueError:
        fault = UsageError("this is not a form of the console", remedy="open the page again")
        raise fault from None
    if any(len(value) > LONGEST_FIELD for _, value in pairs):
        raise UsageError("a field of the form is too long", remedy="shorten it")
    found: dict[str, str] = {}
    for name, value in pairs:
        found.setdefault(name, value.replace("\r\n", "\n"))
    return found


def whole(untrusted: str) -> int:
    """A whole number of an address.

    Raises:
        UsageError: it is none.
    """
    if not untrusted.isascii() or not untrusted.isdecimal() or len(untrusted) > 15:
        raise UsageError("this is no number", remedy="open the page from a list")
    return int(untrusted)
