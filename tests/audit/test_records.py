"""A record has one spelling, and nothing but short words, ids and numbers stands in clear."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.audit.records import DecisionRecord, Kind, Record, Result, decode, encode
from appliance.errors import AuditError, UsageError

# a busy machine is no fault of the code
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

HEX_IDS = st.text("0123456789abcdef", min_size=32, max_size=32)
HASHES = st.text("0123456789abcdef", min_size=64, max_size=64)
LETTERS = "abcXYZ019_.,:/@+=-"
WORDS = st.text(LETTERS, max_size=128)
SOME_WORDS = st.text(LETTERS, min_size=1, max_size=128)
NAMES = st.text("abc_", max_size=31).map(lambda rest: "n" + rest)
NUMBERS = st.integers(0, 10**15 - 1)
RECORDS = st.builds(
    Record,
    seq=NUMBERS,
    prev=HASHES,
    time=st.just("2026-11-21T10:00:00.000001Z"),
    boot=WORDS,
    mono_ns=st.integers(0, 2**63 - 1),
    kind=st.sampled_from(Kind),
    id=HEX_IDS,
    uid=NUMBERS,
    action=SOME_WORDS,
    code=st.from_regex(r"[0-9]{4}\.[a-z-]{1,24}", fullmatch=True),
    of=st.just("") | HEX_IDS,
    purpose=WORDS,
    collection=st.just("") | HEX_IDS,
    documents=st.lists(HEX_IDS, max_size=3).map(tuple),
    decision=st.none()
    | st.builds(DecisionRecord, st.booleans(), st.lists(SOME_WORDS, max_size=3).map(tuple), WORDS),
    result=st.none()
    | st.builds(
        Result,
        SOME_WORDS,
        WORDS,
        st.dictionaries(NAMES, NUMBERS, max_size=3).map(lambda d: tuple(sorted(d.items()))),
    ),
    model=WORDS,
    adapter=WORDS,
    prompt=WORDS,
    policy=st.just("") | HASHES,
    root=st.just("") | HASHES,
    via=st.sampled_from(["", "cli", "service", "console", "openai"]),
    sealed=st.just("") | st.just("AAAA") | st.just("QUJD+/=="),
    mac=st.dictionaries(NAMES, HASHES, max_size=3).map(lambda d: tuple(sorted(d.items()))),
)
PLAIN = Record(
    seq=7,
    prev="0" * 64,
    time="2026-11-21T10:00:00.000001Z",
    boot="b00f",
    mono_ns=9_100_000_000_000_000,  # 105 days: above 2^53
    kind=Kind.ADMIN,
    id="a" * 32,
    uid=1000,
    action="grant",
    code="3105.admin",
)


@CALM
@given(RECORDS)
def test_a_record_comes_back_from_its_line(record: Record) -> None:
    assert decode(encode(record)) == record


@CALM
@given(RECORDS)
def test_the_spelling_is_canonical_json(record: Record) -> None:
    line = encode(record)
    plain = json.loads(line)
    assert json.dumps(plain, sort_keys=True, separators=(",", ":")).encode() == line
    assert line.isascii()
    assert b"\n" not in line


def test_no_number_is_beyond_what_every_json_reader_keeps() -> None:
    assert json.loads(encode(PLAIN))["mono_ns"] == "9100000000000000"


@CALM
@given(RECORDS, st.data())
def test_a_changed_byte_never_reads_as_the_same_record(record: Record, data: st.DataObject) -> None:
    line = bytearray(encode(record))
    at = data.draw(st.integers(0, len(line) - 1))
    line[at] ^= 1 << data.draw(st.integers(0, 7))
    with suppress(AuditError):
        assert decode(bytes(line)) != record


@pytest.mark.parametrize(
    "change",
    [
        {"action": "read the will of Mrs. Smith"},
        {"action": ""},
        {"purpose": "because she asked"},
        {"purpose": "two\nlines"},
        {"collection": "matter-17"},
        {"documents": ("will.pdf",)},
        {"documents": ("é" * 32,)},
        {"model": "\ud800"},
        {"prompt": "x" * 129},
        {"adapter": "my adapter"},
        {"code": "will.pdf"},
        {"policy": "the new set"},
        {"root": "ab"},
        {"via": "the back door"},
        {"uid": -1},
        {"seq": True},
        {"of": "x"},
        {"sealed": "not base64!"},
        {"mac": (("Question", "0" * 64),)},
        {"mac": (("question", "what is the rent"),)},
        {"decision": DecisionRecord(True, ("a policy",), "")},
        {"result": Result("done", "No such file: will.pdf")},
        {"result": Result("")},
        {"result": Result("done", "", (("n", -1),))},
    ],
)
def test_content_cannot_stand_in_clear(change: dict[str, object]) -> None:
    with pytest.raises(UsageError) as caught:
        encode(replace(PLAIN, **change))  # type: ignore[arg-type]
    for word in ("Smith", "will", "rent", "asked"):
        assert word not in str(caught.value)


def test_the_refusal_names_the_field() -> None:
    with pytest.raises(UsageError, match="purpose"):
        encode(replace(PLAIN, purpose="two words"))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda line: line.replace(b'"v":2', b'"v":1'),
        lambda line: line.replace(b'"seq":7', b'"seq":07'),
        lambda line: line.replace(b'"seq":7', b'"seq":7.0'),
        lambda line: line.replace(b'"seq":7', b'"seq": 7'),
        lambda line: line.replace(b'"of":"",', b""),
        lambda line: line.replace(b'"v":2', b'"v":2,"w":1'),
        lambda line: line.replace(b'"uid":1000', b'"uid":1000,"x":1'),
        lambda line: line.replace(b"grant", b"gr\\u0061nt"),
        lambda line: line + b" ",
        lambda line: line[:-1],
        lambda line: b"",
        lambda line: b"[]",
        lambda line: b"[" * 100_000,
        lambda line: b"\xff" + line,
    ],
)
def test_no_other_spelling_is_read(spoil: object) -> None:
    assert callable(spoil)
    with pytest.raises(AuditError):
        decode(spoil(encode(PLAIN)))


def test_names_out_of_order_or_twice_are_no_spelling() -> None:
    record = replace(PLAIN, mac=(("a", "0" * 64), ("b", "1" * 64)))
    line = encode(record)
    first, second = b'"a":"' + b"0" * 64 + b'"', b'"b":"' + b"1" * 64 + b'"'
    with pytest.raises(AuditError):
        decode(line.replace(first + b"," + second, second + b"," + first))
    with pytest.raises(AuditError):
        decode(line.replace(second, first))
