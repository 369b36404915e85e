"""How soon the console's first page is there when the log has a million events.

The log is made here: lines as the appliance writes them, of a year in which fifty people work,
linked like a real log, but neither signed nor sealed.  ``ask`` leaves three records, the rest two.
"""

from __future__ import annotations

import hashlib
import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from appliance.audit.chain import SEGMENT_RECORDS
from appliance.audit.codes import code
from appliance.audit.columns import Columns
from appliance.audit.events import join
from appliance.audit.filtering import Filter, Known, matching
from appliance.audit.merkle import leaf_hash
from appliance.audit.records import NO_LINE, DecisionRecord, Kind, Record, Result, encode
from appliance.audit.segments import folder_of, segment
from appliance.audit.sentences import Names, sentence
from scripts.benches.figure import Figure

EVENTS = 1_000_000
YEAR_S = 365 * 24 * 3600
ON_A_PAGE = 50
PEOPLE, COLLECTIONS, DOCUMENTS = 50, 40, 20_000
ACTIONS = ("ask", "search", "show", "list", "export", "summarize", "ingest", "audit_show")
_POLICY = "ab" * 32
_ALLOWED = DecisionRecord(True, ("care-team",), _POLICY)
_DENIED = DecisionRecord(False, ("wall",), _POLICY)


def measure(root: Path) -> list[Figure]:
    """Milliseconds for the first page of three filters, and what the reading before costs."""
    del root
    with tempfile.TemporaryDirectory() as folder:
        audit = Path(folder)
        write_log(audit, EVENTS)
        columns = Columns(audit)
        begun = time.perf_counter()
        columns.keep_up()
        rate = columns.records / (time.perf_counter() - begun)
        on = f"{len(columns)} events, {columns.records} records"
        slowest = max(_first_page(columns, wanted) for wanted in _FILTERS)
    target = "<= 300"
    return [
        Figure("audit", "console, first page", slowest, "ms", target, slowest <= 300, on),
        Figure("audit", "console, reading the log once", rate, "records/s", on=on),
    ]


_FILTERS = (
    Filter(),
    Filter(uids=(1001,), actions=("ask",), decision="deny"),
    Filter(since="2026-03-01", until="2026-03-31", document=f"{1500:032x}"),
    Filter(collections=(f"{5:032x}",)),
)


def _first_page(columns: Columns, wanted: Filter) -> float:
    """Milliseconds from the filter to fifty sentences; the best of three."""
    best = float("inf")
    for _ in range(3):
        begun = time.perf_counter()
        columns.keep_up()
        found = matching(columns, wanted, Known())
        for event in found[::-1][:ON_A_PAGE]:
            for one in join(columns.records_of(int(event))):
                sentence(one, Names())
        best = min(best, time.perf_counter() - begun)
    return best * 1e3


def write_log(folder: Path, events: int, seed: int = 7) -> None:
    """Write the lines of a made-up year into an audit folder that does not exist yet."""
    folder_of(folder).mkdir(parents=True, mode=0o700)
    lines = _lines(events, random.Random(seed))  # noqa: S311 - data to measure with
    number = 0
    line = next(lines, None)
    while line is not None:
        with segment(folder, number).open("wb") as file:
            for _ in range(SEGMENT_RECORDS):
                if line is None:
                    break
                file.write(line + b"\n")
                line = next(lines, None)
        number += 1


def _lines(events: int, dice: random.Random) -> Iterator[bytes]:
    seq, prev = 0, NO_LINE
    begun = datetime(2025, 11, 21, 8)
    for number in range(events):
        moment = begun + timedelta(seconds=number * YEAR_S / events)
        for record in _event(dice, f"{moment.isoformat(timespec='microseconds')}Z"):
            line = encode(replace(record, seq=seq, prev=prev))
            yield line
            seq, prev = seq + 1, leaf_hash(line).hex()


def _event(dice: random.Random, moment: str) -> Iterator[Record]:
    action, denied = dice.choice(ACTIONS), dice.random() < 0.02
    intent = Record(
        seq=0,
        prev=NO_LINE,
        time=moment,
        boot="5e" * 16,
        mono_ns=1,
        kind=Kind.INTENT,
        id=_id(dice),
        uid=1000 + int(dice.paretovariate(1)) % PEOPLE,
        action=action,
        code=code("intent", action),
        purpose=dice.choice(("", "TREATMENT", "OPERATIONS")),
        collection=f"{dice.randrange(COLLECTIONS):032x}",
        decision=_DENIED if denied else _ALLOWED,
        policy=_POLICY,
        sealed="A" * 240,
        mac=(("actor", _digest(dice)), ("question", _digest(dice))),
    )
    yield intent
    answer = replace(intent, of=intent.id, decision=None, sealed="", mac=())
    documents = tuple(f"{dice.randrange(DOCUMENTS):032x}" for _ in range(dice.randint(0, 3)))
    if action == "ask" and not denied:
        yield replace(
            answer,
            kind=Kind.RETRIEVAL,
            id=_id(dice),
            code=code("retrieval", action),
            documents=documents,
        )
    status = "denied" if denied else "done"
    yield replace(
        answer,
        kind=Kind.OUTCOME,
        id=_id(dice),
        code=code("outcome", action, status),
        documents=() if denied else documents,
        result=Result(status, "Denied" if denied else ""),
    )


def _id(dice: random.Random) -> str:
    return f"{dice.getrandbits(128):032x}"


def _digest(dice: random.Random) -> str:
    return hashlib.sha256(dice.randbytes(8)).hexdigest()
