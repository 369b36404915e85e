"""An event as one sentence in plain words, as an officer reads it aloud.  Pure.

"anna read 3 documents of patient P-118 for TREATMENT at 14:02 UTC on 2026-03-04; permitted by
care-team."  What is sealed is shown where it was opened, and left out where it was not; the
sentence is whole either way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from appliance.audit.codes import ACTIONS, DONE
from appliance.audit.events import OPEN, Event

LONGEST_QUOTE = 160  # characters of an opened string in a sentence
_NOBODY: Mapping[int, str] = MappingProxyType({})
_NOTHING: Mapping[str, str] = MappingProxyType({})
_PLACES = {"legal": "matter", "health": "patient", "finance": "deal"}  # by sector


@dataclass(frozen=True, slots=True)
class Names:
    """What people, collections and documents are called; what is not in it is shown by number."""

    people: Mapping[int, str] = field(default_factory=lambda: _NOBODY)
    collections: Mapping[str, str] = field(default_factory=lambda: _NOTHING)  # by id
    sectors: Mapping[str, str] = field(default_factory=lambda: _NOTHING)  # by collection
    shelves: Mapping[str, str] = field(default_factory=lambda: _NOTHING)  # collection by document

    def person(self, uid: int) -> str:
        """Name of a user number."""
        return self.people.get(uid) or f"user {uid}"

    def place(self, collection: str) -> str:
        """A collection in words: "patient P-118", "matter Larch", "collection Notes"."""
        noun = _PLACES.get(self.sectors.get(collection, ""), "collection")
        return f"{noun} {self.collections.get(collection) or collection[:8]}"

    def of(self, event: Event) -> tuple[str, ...]:
        """The collections an event touched, by what it says and by where its documents lie."""
        said = (event.collection,) if event.collection else ()
        shelves = (self.shelves.get(document, "") for document in event.documents)
        return tuple(dict.fromkeys((*said, *(shelf for shelf in shelves if shelf))))


def sentence(event: Event, names: Names, private: Mapping[str, str] = _NOTHING) -> str:
    """What happened: who, what, where, why, when, how it ended, and who or what permitted it.

    Args:
        event: what happened.
        names: what things are called.
        private: the event's opened strings by name; empty where they stay sealed.
    """
    who = _shown(private.get("actor", "")) or names.person(event.uid)
    words = _words(event.action)
    done = event.status in _SUCCESSES or _is_state(event)
    what = words.did if done else f"{_TRIED.get(event.status, 'tried to')} {words.to_do}"
    subject = [who, what]
    if _is_clause(event.action):
        subject = [words.did[:1].upper() + words.did[1:], f"(recorded for {who})"]
    parts = [*subject, *_object(event, private), *_where(event, names, private)]
    purpose = [f"for {event.purpose}"] if event.purpose else []
    when = f"at {event.time[11:16]} UTC on {event.time[:10]}"
    return " ".join([*parts, *purpose, when]) + _ending(event) + "."


def quoted(text: str) -> str:
    """An opened string on one line, within bounds, in quotes."""
    return f"“{_shown(text)}”"


@dataclass(frozen=True, slots=True)
class _Words:
    did: str
    to_do: str
    keys: tuple[str, ...] = ()  # private strings that say what it was about
    documents: str = ""  # what stands before "3 documents": "and read", "in"; "-": nothing
    sealed: str = ""  # what it was about, where that stays sealed


_ON = ("document",)
_ASKS = ("question",)
_SOMEBODY = "somebody"
_ACTIONS: Mapping[str, _Words] = {
    "show": _Words("read", "read", _ON, "-"),
    "search": _Words("searched", "search", _ASKS, "and was shown"),
    "ask": _Words("asked", "ask a question", _ASKS, "and read"),
    "summarize": _Words("had a summary made of", "have a summary made of", _ON, "-"),
    "extract": _Words("had fields extracted from", "have fields extracted from", _ON, "-"),
    "export": _Words("exported", "export", (), "-"),
    "delete": _Words("deleted", "delete", _ON, "-"),
    "ingest": _Words("took in", "take in", ("file",), "-"),
    "list": _Words("listed what they may see", "list what they may see"),
    "results": _Words("listed kept results", "list kept results", (), "from"),
    "result": _Words("opened a kept result", "open a kept result", (), "from"),
    "replay": _Words("replayed a kept result", "replay a kept result", (), "from"),
    "create_collection": _Words("made", "make", ("collection",), sealed="a collection"),
    "init": _Words("set up this store", "set up this store"),
    "user_list": _Words("listed the users", "list the users"),
    "user_change": _Words(
        "changed the account of", "change the account of", ("user",), sealed=_SOMEBODY
    ),
    "role_change": _Words(
        "changed the roles of", "change the roles of", ("user", "role"), sealed=_SOMEBODY
    ),
    "grant_list": _Words("listed the grants", "list the grants"),
    "grant_change": _Words("changed a grant", "change a grant", ("who", "relation", "grant")),
    "wall_list": _Words("listed the walls", "list the walls"),
    "wall_change": _Words("changed a wall", "change a wall", ("who", "reason", "wall")),
    "label_change": _Words("changed the labels", "change the labels"),
    "break_glass_list": _Words("listed the openings of broken glass", "list broken glass"),
    "break_glass_open": _Words("broke the glass", "break the glass", ("reason",)),
    "break_glass_review": _Words("reviewed an opening", "review an opening", ("opening",)),
    "policy_explain": _Words("had a decision explained", "have a decision explained", ("user",)),
    "policy_diff": _Words("compared policies", "compare policies"),
    "policy_propose": _Words("proposed policies", "propose policies"),
    "policy_approve": _Words("put policies in force", "put policies in force"),
    "audit_show": _Words("read the audit log", "read the audit log"),
    "audit_verify": _Words("verified the audit log", "verify the audit log"),
    "console_login": _Words("signed in to the console", "sign in to the console"),
    "console_logout": _Words("signed out of the console", "sign out of the console"),
    "console_read": _Words("read in the console", "read in the console", ("page", "filter")),
    "attest": _Words("had the walls tried", "have the walls tried"),
    "accept": _Words("had the promises tried", "have the promises tried"),
}
_SUCCESSES = frozenset({DONE})
_TRIED = {OPEN: "began to"}
_ENDINGS = {
    "denied": "; it was denied",
    "failed": "; it failed",
    "interrupted": "; it was interrupted",
    OPEN: "; no end of it is on record",
}


def _words(action: str) -> _Words:
    """How an action reads; those without words of their own have some in the table of codes."""
    if action in _ACTIONS:
        return _ACTIONS[action]
    plain = action.replace("_", " ")
    coded = ACTIONS.get(action)
    return _Words(coded.words if coded else f"carried out “{plain}”", f"carry out “{plain}”")


def _is_clause(action: str) -> bool:
    """Whether the words are a whole clause: "the store was opened"."""
    coded = ACTIONS.get(action)
    return coded is not None and not coded.acts and action not in _ACTIONS


def _is_state(event: Event) -> bool:
    """A record that stands alone may have a status that says more than how it ended."""
    return event.status not in _ENDINGS


def _object(event: Event, private: Mapping[str, str]) -> list[str]:
    """What it was about: opened strings, and how many documents."""
    words, count = _words(event.action), len(event.documents)
    about = ", ".join(quoted(private[key]) for key in words.keys if private.get(key))
    about = about or words.sealed
    if not about and event.action == "ask" and event.status == DONE:
        about = "a question"
    number = f"{count} document{'s' * (count != 1)}"
    if words.documents == "-":
        if about:
            return [about, f"({number})"] if count else [about]
        return [number if count else "files" if event.action == "ingest" else "documents"]
    read = [words.documents, number] if words.documents and count else []
    return [about, *read] if about else read


def _where(event: Event, names: Names, private: Mapping[str, str]) -> list[str]:
    places = [names.place(collection) for collection in names.of(event)]
    if not places and private.get("collection") and event.action != "create_collection":
        places = [f"collection {_shown(private['collection'])}"]
    if not places:
        return []
    joined = places[0] if len(places) == 1 else ", ".join(places[:-1]) + " and " + places[-1]
    return [f"{'of' if event.documents else 'in'} {joined}"]


def _ending(event: Event) -> str:
    """How it ended, and what decided."""
    said = _ENDINGS.get(event.status, "")
    if event.error and event.status not in {DONE, "denied"}:
        said += f" ({event.error})"
    if event.status not in (*_ENDINGS, DONE, ""):
        kind, mark, digest = event.status.rpartition("sha256:")
        said = f"; {kind.rstrip(',') or 'digest'} {digest[:16]}" if mark else f"; {event.status}"
    decision = event.decision
    if decision is None:
        return said
    by = ", ".join(decision.policies)
    if decision.allow and event.status != "denied":
        return said + _permitted(event, by)
    if event.error == "NotFound":
        return "; refused: it is not there, or not for them"
    return f"{said} by {by}" if by else f"{said}: nothing permits it"


def _permitted(event: Event, by: str) -> str:
    if by:
        return f"; permitted by {by}"
    return "; each document decided by the policies in force" if event.documents else ""


def _shown(text: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= LONGEST_QUOTE else line[: LONGEST_QUOTE - 1] + "…"
