"""Events: records joined, and said in plain words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.audit.events import OPEN, Event, Joining, join
from appliance.audit.records import NO_LINE, DecisionRecord, Kind, Record, Result
from appliance.audit.sentences import Names, sentence

PATIENT, DEAL = "c1" * 16, "c2" * 16
DOCUMENTS = tuple(f"{n:032x}" for n in range(1, 5))
NAMES = Names(
    people={1000: "anna"},
    collections={PATIENT: "P-118", DEAL: "Larch"},
    sectors={PATIENT: "health", DEAL: "finance"},
    shelves=dict.fromkeys(DOCUMENTS[:3], PATIENT) | {DOCUMENTS[3]: DEAL},
)
CARE = DecisionRecord(True, ("care-team",), "ab" * 32)


def record(seq: int, kind: Kind = Kind.INTENT, action: str = "show") -> Record:
    return Record(
        seq=seq,
        prev=NO_LINE,
        time=f"2026-03-04T14:02:{seq:02d}.000000Z",
        boot="b",
        mono_ns=seq,
        kind=kind,
        id=f"{seq:032x}",
        uid=1000,
        action=action,
    )


def of(intent: Record, seq: int, kind: Kind, status: str = "") -> Record:
    answer = replace(record(seq, kind, intent.action), of=intent.id)
    return replace(answer, result=Result(status)) if status else answer


def act(action: str = "show", status: str = "done", documents: tuple[str, ...] = ()) -> Event:
    intent = replace(record(1, action=action), purpose="TREATMENT", decision=CARE)
    (event,) = join([intent, replace(of(intent, 2, Kind.OUTCOME, status), documents=documents)])
    return event


def test_an_act_is_one_event() -> None:
    intent = replace(record(3, action="ask"), purpose="TREATMENT", decision=CARE)
    read = replace(of(intent, 4, Kind.RETRIEVAL), documents=DOCUMENTS[:2], model="m@1")
    end = replace(of(intent, 6, Kind.OUTCOME, "done"), documents=DOCUMENTS[1:3])
    (event,) = join([intent, read, end])
    assert (event.seq, event.seqs, event.ended) == (3, (3, 4, 6), end.time)
    assert (event.documents, event.read) == (DOCUMENTS[:3], DOCUMENTS[:2])
    assert (event.status, event.model, event.decision) == ("done", "m@1", CARE)
    assert (event.kind, event.id, event.action) == (Kind.INTENT, intent.id, "ask")


def test_what_decided_document_by_document_is_said_at_the_end() -> None:
    intent = replace(record(1), decision=DecisionRecord(True, (), "ab" * 32))
    end = replace(of(intent, 2, Kind.OUTCOME, "done"), decision=CARE, collection=PATIENT)
    (event,) = join([intent, replace(end, documents=DOCUMENTS[3:])])
    assert (event.decision, event.collection) == (CARE, PATIENT)
    denied = replace(intent, decision=DecisionRecord(False, ("wall",), ""))
    (event,) = join([denied, replace(of(denied, 2, Kind.OUTCOME, "denied"), decision=CARE)])
    assert event.decision == denied.decision


def test_overlapping_acts_come_as_they_end_and_open_ones_last() -> None:
    first, second, third = (record(n) for n in (1, 2, 3))
    alone = replace(record(4, Kind.SECURITY, "break_glass"), result=Result("opened"))
    ended = of(second, 5, Kind.OUTCOME, "denied")
    events = list(join([first, second, third, alone, ended]))
    assert [(e.seq, e.status) for e in events] == [
        (4, "opened"),
        (2, "denied"),
        (1, OPEN),
        (3, OPEN),
    ]


def test_only_open_acts_are_held() -> None:
    joining, most = Joining(), 0
    for n in range(1000):
        intent = record(0, action="list")
        intent = replace(intent, seq=2 * n, id=f"{n:032x}")
        joining.add(intent)
        most = max(most, len(joining.rest()))
        event = joining.add(replace(of(intent, 1, Kind.OUTCOME, "done"), seq=2 * n + 1))
        assert event is not None
    assert most == 1
    assert not joining.rest()


def test_an_outcome_without_its_intent_is_an_event_still() -> None:
    end = replace(of(record(1), 9, Kind.OUTCOME, "done"), documents=DOCUMENTS[:1])
    (event,) = join([end])
    assert (event.seq, event.id, event.documents) == (9, record(1).id, DOCUMENTS[:1])
    assert event.kind is Kind.INTENT


@pytest.mark.parametrize(
    ("event", "private", "words"),
    [
        (
            act(documents=DOCUMENTS[:3]),
            {},
            "anna read 3 documents of patient P-118 for TREATMENT at 14:02 UTC on 2026-03-04; "
            "permitted by care-team.",
        ),
        (
            act("ask", documents=(DOCUMENTS[0], DOCUMENTS[3])),
            {"actor": "Anna R.", "question": "Which\ndose?"},
            "Anna R. asked “Which dose?” and read 2 documents of patient P-118 and deal Larch "
            "for TREATMENT at 14:02 UTC on 2026-03-04; permitted by care-team.",
        ),
        (
            act("ask", "failed"),
            {},
            "anna tried to ask a question for TREATMENT at 14:02 UTC on 2026-03-04; it failed; "
            "permitted by care-team.",
        ),
        (
            replace(act(status="denied"), decision=DecisionRecord(False, ("wall",), "")),
            {"document": "x" * 500},
            f"anna tried to read “{'x' * 159}…” for TREATMENT at 14:02 UTC on 2026-03-04; "
            "it was denied by wall.",
        ),
        (
            replace(act("made_up", "interrupted"), decision=None),
            {},
            "anna tried to carry out “made up” for TREATMENT at 14:02 UTC on 2026-03-04; "
            "it was interrupted.",
        ),
    ],
)
def test_sentences(event: Event, private: dict[str, str], words: str) -> None:
    assert sentence(event, NAMES, private) == words


def test_what_nobody_did_is_said_without_a_subject() -> None:
    stands_alone = replace(record(1, Kind.SYSTEM, "create_log"), result=Result("done"))
    (event,) = join([stands_alone])
    words = "The log began (recorded for anna) at 14:02 UTC on 2026-03-04."
    assert sentence(event, NAMES) == words


def test_unknown_names_are_numbers() -> None:
    words = sentence(replace(act(), collection=PATIENT), Names())
    assert words.startswith("user 1000 read documents in collection c1c1c1c1 for TREATMENT")
