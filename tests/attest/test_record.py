"""The signed record: whole it verifies, and any change of it, or of the key, is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from appliance.attest.page import CONTROLS as EXPLAINED
from appliance.attest.page import page
from appliance.attest.record import LONGEST, Attestation, Signed, check, signed
from appliance.crypto import sign
from appliance.egress.canaries import CANARIES
from appliance.egress.verdict import Item, Verdict, judge, overall
from appliance.errors import AuditError
from appliance.plain import to_plain
from tests.egress.views import CONTROL, ENGINE, SEEN, with_facts

SEED, OTHER = b"s" * 32, b"t" * 32


def attestation(items: tuple[Item, ...] = judge(ENGINE, SEEN, CONTROL)) -> Attestation:
    return Attestation(
        schema=1,
        time="2026-01-02T03:04:05.000006Z",
        boot="b",
        version="0",
        release="",
        kernel="6",
        uid=1,
        wall="w",
        verdict=overall(items),
        items=items,
        engine=SEEN,
        locked=SEEN,
        control=CONTROL,
    )


def written(record: Signed) -> Any:
    return json.loads(json.dumps(to_plain(record)))


def test_a_record_verifies_and_names_its_key() -> None:
    record = signed(attestation(), SEED)
    read = check(json.dumps(to_plain(record)).encode(), sign.public_key(SEED).hex())
    assert read == record
    assert read.attestation.counts() == {"pass": len(read.attestation.items), "fail": 0} | {
        "unknown": 0
    }


def test_the_same_facts_have_one_digest() -> None:
    assert signed(attestation(), SEED) == signed(attestation(), SEED)
    assert attestation().digest != replace(attestation(), uid=2).digest


def test_any_change_is_refused() -> None:
    whole = written(signed(attestation(), SEED))
    changes = 0
    for name, value in whole["attestation"].items():
        changed = json.loads(json.dumps(whole))
        if isinstance(value, str):
            changed["attestation"][name] = "FAIL" if name == "verdict" else value + "x"
        elif isinstance(value, int):
            changed["attestation"][name] = value + 1
        elif name == "items":
            value[0]["reason"] += "."
            changed["attestation"][name] = value
        else:
            changed["attestation"][name]["attempts"][0]["sent"] += 1
        with pytest.raises(AuditError):
            check(json.dumps(changed).encode())
        changes += 1
    assert changes == 13


@pytest.mark.parametrize(
    "change",
    [
        {"signature": ""},
        {"signature": "zz"},
        {"public_key": sign.public_key(OTHER).hex()},
        {"public_key": ""},
        {"digest": "0" * 64},
        {"more": 1},
    ],
    ids=str,
)
def test_a_signature_that_is_not_this_ones_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(AuditError):
        check(json.dumps(written(signed(attestation(), SEED)) | change).encode())


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"\xff", b"[" * 100_000, b" " * (LONGEST + 1)], ids=len
)
def test_what_is_no_record_is_refused(content: bytes) -> None:
    with pytest.raises(AuditError):
        check(content)


def test_a_key_that_was_written_down_decides() -> None:
    forged = json.dumps(to_plain(signed(attestation(), OTHER))).encode()
    check(forged)  # by itself it is whole
    with pytest.raises(AuditError, match="another key"):
        check(forged, sign.public_key(SEED).hex())


def test_a_signature_over_other_words_does_not_pass_for_this() -> None:
    record = signed(attestation(), SEED)
    bare = sign.sign(SEED, bytes.fromhex(record.digest)).hex()
    with pytest.raises(AuditError):
        check(json.dumps(to_plain(replace(record, signature=bare))).encode())


def test_a_verdict_better_than_its_items_is_refused_even_when_signed() -> None:
    bad = judge(ENGINE, with_facts(seccomp=0), CONTROL)
    record = signed(replace(attestation(bad), verdict=Verdict.PASS), SEED)
    with pytest.raises(AuditError):
        check(json.dumps(to_plain(record)).encode())


# --- the page -------------------------------------------------------------------------------------


def test_the_page_names_every_item_attempt_and_control() -> None:
    shown = page(signed(attestation(), SEED))
    assert "Nothing leaves: PASS" in shown
    for item in attestation().items:
        assert item.name in shown
        assert item.reason in shown.replace("&#x27;", "'")
    for canary in CANARIES:
        assert f"{canary.kind} by {canary.by}" in shown
    assert {name for item in attestation().items for name in item.controls} == set(EXPLAINED)


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    shown = page(signed(attestation(), SEED)).lower()
    assert "default-src 'none'" in shown
    assert not any(mark in shown for mark in ("http://", "https://", "src=", "href=", "<script"))


def test_what_a_file_or_a_kernel_says_is_text_on_the_page() -> None:
    items = (Item("engine", "<b>", Verdict.FAIL, "<script>x</script> & more"),)
    shown = page(Signed(attestation(items), "d"))
    assert "<script" not in shown
    assert "&lt;script&gt;x&lt;/script&gt; &amp; more" in shown
    assert "not signed" in shown
