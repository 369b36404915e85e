"""Which records an export takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.audit.codes import code
from appliance.audit.merkle import leaf_hash
from appliance.audit.records import DecisionRecord, Kind, Record, Result, encode
from appliance.audit.segments import Line
from appliance.audit.selection import Meant, Selection, Wanted
from appliance.errors import AuditError, UsageError
from tests.audit.test_events import DOCUMENTS, PATIENT, of, record

PLACE = Path("log")


def act(seq: int, action: str = "show", day: int = 1, uid: int = 1000) -> tuple[Record, Record]:
    """Intent and outcome, on one day of a month."""
    intent = replace(
        record(seq, action=action), uid=uid, time=f"2026-03-{day:02d}T10:00:00.000000Z"
    )
    intent = replace(intent, decision=DecisionRecord(True, (), ""))
    return intent, replace(of(intent, seq + 1, Kind.OUTCOME, "done"), time=intent.time, uid=uid)


LOG = (
    *(replace(r, collection=PATIENT) for r in act(0, "ingest", 1)),
    *act(2, "show", 2),
    *act(4, "ask", 3, uid=1001),
    act(6, "show", 3)[0],  # begins on the third and ends on the fourth
    *act(7, "export", 4),
    replace(act(6, "show", 4)[1], seq=9),
    replace(record(10, Kind.SECURITY, "break_glass"), time="2026-03-05T10:00:00.000000Z"),
)


def spelled(one: Record) -> bytes:
    read = DOCUMENTS[:1] if one.seq in {1, 3} else ()
    result = Result("opened") if one.kind is Kind.SECURITY else one.result
    status = result.status if result else ""
    named = code(one.kind.value, one.action, status)
    return encode(replace(one, documents=read, result=result, code=named))


def lines() -> Iterator[Line]:
    for at, one in enumerate(LOG):
        yield Line(PLACE, at + 1, spelled(one))


def chosen(wanted: Wanted, meant: Meant | None = None, size: int = len(LOG)) -> list[int]:
    selection = Selection(wanted, meant or Meant(), size)
    selection.take(lines())
    selection.finish()
    expected = b"".join(leaf_hash(line.data) for line in lines())
    assert bytes(selection.leaves) == expected[: 32 * size]
    return selection.seqs


@pytest.mark.parametrize(
    ("wanted", "seqs"),
    [
        (Wanted(), list(range(11))),
        (Wanted(since="2026-03-03"), [4, 5, 6, 7, 8, 9, 10]),
        (Wanted(since="2026-03-04"), [7, 8, 10]),
        (Wanted(since="2026-03-04Z"), [7, 8, 10]),
        (Wanted(since="2026-03-03T10:00Z"), [4, 5, 6, 7, 8, 9, 10]),
        (Wanted(until="2026-03-02"), [0, 1, 2, 3]),
        (Wanted(since="2026-03-03", until="2026-03-03T10:00"), [4, 5, 6, 9]),
        (Wanted(actions=("ask", "export")), [4, 5, 7, 8]),
        (Wanted(who=("bert",)), [4, 5]),
        (Wanted(document=DOCUMENTS[0]), [0, 1, 2, 3]),
        (Wanted(denied=True), []),
    ],
)
def test_filters(wanted: Wanted, seqs: list[int]) -> None:
    assert chosen(wanted.checked(), Meant(uids=frozenset({1001}))) == seqs


def test_a_collection_is_what_the_log_says_lay_in_it() -> None:
    """The document is in no catalogue any more; its ingestion stands in the log."""
    meant = Meant(collection=PATIENT)
    assert chosen(Wanted(collection="P-118"), meant) == [0, 1, 2, 3]
    assert chosen(Wanted(collection="P-118", since="2026-03-02"), Meant(collection=PATIENT)) == [
        2,
        3,
    ]


def test_what_came_after_the_checkpoint_does_not_count() -> None:
    assert chosen(Wanted(), size=7) == list(range(7))
    with pytest.raises(AuditError):
        chosen(Wanted(), size=len(LOG) + 1)


def test_a_time_is_one() -> None:
    for wrong in ("today", "2026-3-4", "2026-03-04 10:00"):
        with pytest.raises(UsageError):
            Wanted(since=wrong).checked()
