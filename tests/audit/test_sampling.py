"""The draw of a review: seeded, weighted, without repetition, and what has to be in it is."""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections import Counter
from dataclasses import replace

import pytest

from appliance.audit.events import Event, join
from appliance.audit.records import NO_LINE, DecisionRecord, Kind, Record, Result
from appliance.audit.sampling import MANY_DOCUMENTS, Manner, Reason, draw, reasons, weight

SEED = bytes(range(32))
WORKDAY, SUNDAY = "2026-03-04T14:02:00.000000Z", "2026-03-08T14:02:00.000000Z"


def event(
    seq: int,
    action: str = "show",
    *,
    kind: Kind = Kind.INTENT,
    status: str = "done",
    time: str = WORKDAY,
) -> Event:
    record = Record(
        seq=seq,
        prev=NO_LINE,
        time=time,
        boot="b",
        mono_ns=seq,
        kind=kind,
        id=f"{seq:032x}",
        uid=1000,
        action=action,
        result=None if kind is Kind.INTENT else Result(status),
    )
    outcome = replace(record, kind=Kind.OUTCOME, of=record.id, result=Result(status))
    (made,) = join([record, outcome] if kind is Kind.INTENT else [record])
    return made


def test_the_same_root_draws_the_same_and_another_does_not() -> None:
    events = [event(seq) for seq in range(0, 400, 2)]
    drawn = [one.event.seq for one in draw(events, SEED, 10, 10)]
    assert drawn == [one.event.seq for one in draw(reversed(events), SEED, 10, 10)]
    assert drawn == sorted(set(drawn))
    assert len(drawn) == 20
    assert drawn != [one.event.seq for one in draw(events, SEED[::-1], 10, 10)]


def number(what: str, seq: int) -> float:
    """A second writing: 53 bits of HMAC-SHA-256 under the root, in the middle of their step."""
    message = b"appliance/review/v1\0" + what.encode() + struct.pack(">Q", seq)
    digest = hmac.new(SEED, message, hashlib.sha256).hexdigest()
    return ((int(digest[:16], 16) >> 11) + 0.5) / (1 << 53)


def test_the_draw_is_the_one_that_is_described() -> None:
    """So that others can draw again; a change here would change what old reviews looked at."""
    weights = {seq: 9 if seq % 10 == 0 else 1 for seq in range(0, 200, 2)}
    events = [event(seq, "export" if w == 9 else "show") for seq, w in weights.items()]
    keys = {seq: number("risk", seq) ** (1 / w) for seq, w in weights.items()}
    risky = sorted(keys, key=lambda seq: -keys[seq])[:4]
    rest = sorted(set(weights) - set(risky), key=lambda seq: number("chance", seq))[:3]
    drawn = draw(events, SEED, 4, 3)
    assert {one.event.seq for one in drawn if one.manner is Manner.RISK} == set(risky)
    assert {one.event.seq for one in drawn if one.manner is Manner.CHANCE} == set(rest)


def test_risk_and_chance_never_draw_the_same_event() -> None:
    events = [event(seq) for seq in range(12)]
    drawn = draw(events, SEED, 5, 5)
    assert Counter(one.manner for one in drawn) == {Manner.RISK: 5, Manner.CHANCE: 5}
    assert len({one.event.seq for one in drawn}) == 10
    assert len(draw(events, SEED, 20, 20)) == 12
    assert [one.manner for one in draw(events, SEED, 0, 2)] == [Manner.CHANCE] * 2


def test_what_has_to_be_looked_at_is_always_in_it() -> None:
    events = [event(seq) for seq in range(50)]
    events += [
        event(50, "scope_broken", kind=Kind.SECURITY),
        event(51, "key_change", kind=Kind.ADMIN),
    ]
    drawn = {one.event.seq: one.manner for one in draw(events, SEED, 1, 1)}
    assert len(drawn) == 4
    assert drawn[50] is drawn[51] is Manner.ALWAYS


def test_a_riskier_event_is_drawn_in_proportion_to_its_weight() -> None:
    """Of one export (weight 9) among nine ordinary events, half of many first draws."""
    events = [event(seq) for seq in range(9)] + [event(9, "export")]
    seeds = [n.to_bytes(32, "big") for n in range(2000)]
    first = Counter(draw(events, seed, 1, 0)[0].event.seq for seed in seeds)
    assert 900 < first[9] < 1100, "binomial, 2,000 of 1/2: four standard deviations are 89"
    assert max(count for seq, count in first.items() if seq != 9) < 200


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (event(1), ()),
        (event(1, time=SUNDAY), (Reason.HOURS,)),
        (event(1, time="2026-03-04T05:59:59.000000Z"), (Reason.HOURS,)),
        (event(1, time="2026-03-04T06:00:00.000000Z"), ()),
        (event(1, time="2026-03-04T20:00:00.000000Z"), (Reason.HOURS,)),
        (event(1, status="denied"), (Reason.DENIED,)),
        (event(1, status="failed"), (Reason.ENDED_BADLY,)),
        (event(1, "break_glass_open"), (Reason.GLASS,)),
        (
            event(1, "break_glass", kind=Kind.SECURITY, status="opened"),
            (Reason.GLASS, Reason.SECURITY),
        ),
        (event(1, "export", status="denied"), (Reason.DENIED, Reason.LEAVES)),
        (event(1, "role_change"), (Reason.RIGHTS,)),
        (event(1, "delete"), (Reason.ERASED,)),
        (replace(event(1), documents=("d",) * MANY_DOCUMENTS), (Reason.MANY,)),
        (replace(event(1), documents=("d",) * (MANY_DOCUMENTS - 1)), ()),
        (
            replace(event(1), decision=DecisionRecord(True, ("health-opened",), "a" * 64)),
            (Reason.GLASS,),
        ),
    ],
)
def test_what_makes_an_event_worth_a_look(made: Event, expected: tuple[Reason, ...]) -> None:
    assert reasons(made) == expected
    assert (weight(made) > 1) is bool(expected)
