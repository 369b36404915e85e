"""Events with their words: opened as far as the officer's key opens them, names instead of ids."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from appliance.app.oversight.evidence import Named, Shelved
from appliance.audit.events import Event, join
from appliance.audit.records import Record
from appliance.audit.sentences import Names, sentence
from appliance.errors import AuditError

Opening = Callable[[Record], Mapping[str, str]]


def sealed(_: Record) -> Mapping[str, str]:
    """What opens without a key: nothing."""
    return {}


@dataclass(frozen=True, slots=True)
class Told:
    """One event as people read it."""

    event: Event
    who: str
    places: tuple[str, ...]  # "patient P-118"
    collections: tuple[str, ...]  # ids
    sentence: str
    private: Mapping[str, str]


def tell(records: Iterable[Record], names: Names, opening: Opening = sealed) -> Iterator[Told]:
    """The events of some records in plain words, in the order in which they ended."""
    for event in join(records):
        private = opening(event.record)
        collections = names.of(event)
        yield Told(
            event=event,
            who=private.get("actor") or names.person(event.uid),
            places=tuple(map(names.place, collections)),
            collections=collections,
            sentence=sentence(event, names, private),
            private=private,
        )


def names_of(named: Iterable[Named], shelved: Iterable[Shelved] = ()) -> Names:
    """Names for sentences from what the core says."""
    known = tuple(named)
    places = [one for one in known if one.sector]
    return Names(
        people={int(one.key): one.name for one in known if not one.sector},
        collections={one.key: one.name for one in places},
        sectors={one.key: one.sector for one in places},
        shelves={one.document: one.collection for one in shelved},
    )


def read_names(untrusted: bytes) -> Names:
    """Names from the file that evidence brings along.

    Raises:
        AuditError: it is none.
    """
    try:
        plain = json.loads(untrusted)
        named = [Named(str(n["key"]), str(n["name"]), str(n["sector"])) for n in plain["names"]]
        shelved = [Shelved(str(d), str(c)) for d, c in plain["shelves"].items()]
        return names_of(named, shelved)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise AuditError("names.json is not the one of this evidence") from None
