"""Which events of the log are meant: by time, person, action, place, decision, purpose.

A `Filter` is what a reader asks for; `matching` finds its events in the columns.  What touches a
collection or is equal to a private string cannot be told from the log alone; the store's side adds
it as `Known`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from appliance.audit.columns import ALLOWED, DENIED, NONE, Columns, Numbers
from appliance.errors import UsageError

ALLOW, DENY = "allow", "deny"
_VERDICTS = {ALLOW: ALLOWED, DENY: DENIED}
_DAY = len("2026-12-31")

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Filter:
    """What an event has to be; an empty field asks for nothing.

    ``since`` and ``until`` are days (the whole of them) or moments, ISO 8601, UTC.
    """

    since: str = ""
    until: str = ""
    uids: tuple[int, ...] = ()
    actions: tuple[str, ...] = ()
    without: tuple[str, ...] = ()  # actions that are left out
    collections: tuple[str, ...] = ()  # ids
    document: str = ""  # id
    decision: str = ""  # ALLOW or DENY
    status: str = ""
    purpose: str = ""
    kind: str = ""  # of the first record: intent, admin, security, system
    exact: str = ""  # a private string that an event holds, in full


@dataclass(frozen=True, slots=True)
class Known:
    """What the store adds to a filter, so that the log can be asked.

    Attributes:
        documents: ids of the documents that lie in the filter's collections.
        place: keyed hashes of the collections' names.
        exact: keyed hashes of the filter's private string.
    """

    documents: tuple[str, ...] = ()
    place: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()


def matching(columns: Columns, wanted: Filter, known: Known) -> Numbers:
    """Numbers of the events that a filter asks for, ascending.

    Raises:
        UsageError: a field of the filter is no moment or no verdict.
    """
    with columns.lock:
        keep = _in_time(columns, wanted)
        for column, words in (
            (columns.action, wanted.actions),
            (columns.purpose, (wanted.purpose,)),
            (columns.status, (wanted.status,)),
            (columns.kind, (wanted.kind,)),
        ):
            if any(words):
                keep &= np.isin(columns.view(column), [columns.words.known(w) for w in words])
        if wanted.without:
            left_out = [columns.words.known(word) for word in wanted.without]
            keep &= ~np.isin(columns.view(columns.action), left_out)
        if wanted.uids:
            keep &= np.isin(columns.view(columns.uid), wanted.uids)
        if wanted.decision:
            keep &= _decided(columns, wanted.decision)
        if wanted.document:
            keep &= _with_documents(columns, (wanted.document,))
        if wanted.collections:
            keep &= _in_collections(columns, wanted.collections, known)
        if wanted.exact:
            keep &= _with_macs(columns, known.exact)
    return np.flatnonzero(keep).astype(np.int64)


def microseconds(moment: str, *, end: bool = False) -> int:
    """A day or a moment as microseconds since 1970; of a day its begin, or its end.

    Raises:
        UsageError: it is neither.
    """
    try:
        found = datetime.fromisoformat(moment)
        if end and len(moment) == _DAY:
            found += timedelta(days=1)
    except (ValueError, OverflowError):
        raise UsageError("this is no date", remedy="write it as 2026-12-31") from None
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found
    return round(found.timestamp() * 1_000_000)


def _in_time(columns: Columns, wanted: Filter) -> Mask:
    times = columns.view(columns.time)
    keep: Mask = np.ones(len(times), dtype=np.bool_)
    if wanted.since:
        keep &= times >= microseconds(wanted.since)
    if wanted.until:
        keep &= times < microseconds(wanted.until, end=True)
    return keep


def _decided(columns: Columns, decision: str) -> Mask:
    if decision not in _VERDICTS:
        raise UsageError("there is no such decision", remedy=f"{ALLOW} or {DENY}")
    return np.asarray(columns.view(columns.decision) == _VERDICTS[decision])


def _in_collections(columns: Columns, ids: tuple[str, ...], known: Known) -> Mask:
    """Said by the record, by the documents it names, or by a sealed name of a collection."""
    said = np.isin(columns.view(columns.collection), [columns.words.known(id) for id in ids])
    held = _with_documents(columns, known.documents)
    return np.asarray(said | held | _with_macs(columns, known.place))


def _with_documents(columns: Columns, documents: tuple[str, ...]) -> Mask:
    codes = {columns.words.known(document) for document in documents} - {NONE}
    return _touched(columns, columns.document_event, columns.document, codes)


def _with_macs(columns: Columns, macs: tuple[str, ...]) -> Mask:
    """By the first 64 bits of each hash, which no two strings of one log share by accident."""
    return _touched(columns, columns.mac_event, columns.mac, {int(mac[:16], 16) for mac in macs})


def _touched(columns: Columns, events: object, numbers: object, wanted: set[int]) -> Mask:
    """Events that stand beside one of the wanted numbers in a column of pairs."""
    keep: Mask = np.zeros(len(columns), dtype=np.bool_)
    if wanted:
        values = np.array(numbers)
        rows = np.isin(values, np.array(sorted(wanted), dtype=values.dtype))
        keep[np.array(events)[rows]] = True
    return keep
