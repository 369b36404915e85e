"""`appliance attest egress` end to end: signed, on record, harmless to the network around."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.attest import parts
from appliance.egress import facts
from appliance.egress.probe import Errand
from appliance.egress.verdict import Item, Verdict
from appliance.engine import attested
from appliance.engine.isolation import namespace_refusal
from tests.conftest import ROOT, Desk

pytestmark = pytest.mark.skipif(
    bool(namespace_refusal()), reason="this host allows no network namespaces"
)


def test_the_proof_is_signed_on_record_and_can_be_checked(desk: Desk, tmp_path: Path) -> None:
    out, page = tmp_path / "egress.json", tmp_path / "egress.html"
    shown = json.loads(
        desk.ok("attest", "egress", "--json", "--out", str(out), "--page", str(page))
    )
    assert shown["attestation"]["verdict"] == "PASS"
    assert json.loads(out.read_text()) == shown
    assert shown["digest"] in page.read_text()

    records = json.loads(desk.ok("audit", "show", "--last", "0", "--json"))
    (event,) = [r for r in records if r["action"] == "attest_egress"]
    assert event["kind"] == "security"
    assert event["result"]["status"] == f"PASS,sha256:{shown['digest']}"
    assert dict(event["result"]["counts"])["fail"] == 0
    around = [r["kind"] for r in records if r["action"] == "attest"]
    assert around == ["intent", "outcome"]

    desk.ok("attest", "verify", str(out), "--key", shown["public_key"])
    assert desk.run("attest", "verify", str(out), "--key", "00").code == 11
    out.write_text(out.read_text().replace("loopback only", "loopback 0nly"))
    assert desk.run("attest", "verify", str(out)).code == 11
    assert desk.run("attest", "verify", str(tmp_path / "none")).code == 8


@pytest.mark.parametrize(("verdict", "code"), [(Verdict.FAIL, 16), (Verdict.UNKNOWN, 1)])
def test_only_a_pass_is_success_and_the_rest_is_on_record_too(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, verdict: Verdict, code: int
) -> None:
    item = Item("reader", "sockets", verdict, "a seeded fault")
    monkeypatch.setattr(parts, "reader", lambda settings: (item,))
    ran = desk.run("attest", "egress")
    assert ran.code == code
    assert "reader: sockets" in ran.err
    records = json.loads(desk.ok("audit", "show", "--last", "0", "--json"))
    (event,) = [r for r in records if r["action"] == "attest_egress"]
    assert event["result"]["status"].startswith(verdict)


def test_looking_needs_no_store_and_signs_nothing(bare_desk: Desk) -> None:
    shown = json.loads(bare_desk.ok("attest", "egress", "--unrecorded", "--json"))
    assert (shown["public_key"], shown["signature"]) == ("", "")
    assert not bare_desk.home.exists()


def test_no_packet_leaves_the_network_that_it_is_run_in(tmp_path: Path) -> None:
    program = (
        "import os, subprocess, sys\n"
        "from appliance.egress import facts, probe\n"
        "probe.enter_lab()\n"
        "ran = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE)\n"
        "try:\n"
        " import socket; socket.socket(2, 2).sendto(b'x', ('192.0.2.1', 9))\n"
        "finally: print(ran.returncode, facts.of().sent, facts.of().no_routes)\n"
    )
    command = [sys.executable, "-m", "appliance.cli.main", "attest", "egress", "--unrecorded"]
    ran = subprocess.run(
        [sys.executable, "-c", program, *command],
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), "APPLIANCE_HOME": str(tmp_path / "h")},
        capture_output=True,
        text=True,
        check=False,
    )
    # One: the test's own, afterwards, which shows that the way was open all the time.
    assert ran.stdout == "0 1 0\n", ran.stderr


def test_a_lab_is_never_the_network_of_this_process() -> None:
    control = attested.run(Errand(facts.of().network, lab=True))
    assert control.before.network != facts.of().network


def test_the_policy_decides_who_may_have_it_made(desk: Desk) -> None:
    policy = desk.home / "policies" / "general.cedar"
    text = policy.read_text()
    policy.write_text(text.replace('Action::"attest", Action::"accept"', 'Action::"accept"'))
    assert desk.run("attest", "egress").code == 18
    policy.write_text(text)
    records = json.loads(desk.ok("audit", "show", "--last", "0", "--json"))
    (outcome,) = [r for r in records if r["action"] == "attest" and r["kind"] == "outcome"]
    assert outcome["result"]["status"] == "denied"
