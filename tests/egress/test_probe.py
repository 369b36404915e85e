"""The probe on this machine: the lab lets canaries out, a lock keeps them, the host is spared."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.egress import facts
from appliance.egress.canaries import CANARIES, Outcome
from appliance.egress.probe import MARK, NOT_APART, Errand, Observation
from appliance.egress.verdict import Verdict, positive_control
from appliance.engine import attested
from appliance.engine.isolation import namespace_refusal

HERE = os.readlink("/proc/self/ns/net")
needs_namespaces = pytest.mark.skipif(
    bool(namespace_refusal()), reason="this host allows no network namespaces"
)


def test_no_canary_flies_in_the_network_of_whoever_asks() -> None:
    seen = attested.run(Errand(HERE))
    assert seen.fault == NOT_APART
    assert seen.attempts == ()
    assert seen.before.network == HERE


def test_no_canary_flies_where_the_host_is_not_known() -> None:
    assert attested.run(Errand("")).attempts == ()


@needs_namespaces
def test_in_the_lab_every_way_is_open() -> None:
    control = attested.run(Errand(HERE, lab=True))
    assert control.fault == ""
    assert control.before.network not in {"", HERE}
    assert len(control.attempts) == len(CANARIES)
    assert positive_control("lab", control).verdict is Verdict.PASS, control.attempts
    assert control.after.sent - control.before.sent >= 9
    assert control.after.no_routes == 0


@needs_namespaces
def test_the_lab_sends_nothing_by_itself() -> None:
    program = (
        "import sys, time; sys.path.insert(0, sys.argv[1])\n"
        "from appliance.egress import facts, probe\n"
        "probe.enter_lab(); time.sleep(2); print(facts.of().sent)"
    )
    root = str(Path(facts.__file__).parent.parent.parent)
    ran = subprocess.run(
        [sys.executable, "-I", "-c", program, root], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "0\n"


@needs_namespaces
def test_a_process_locked_to_local_sockets_reaches_nothing_even_with_a_way_out() -> None:
    locked = attested.run(Errand(HERE, lab=True, only_local=True))
    assert {name for name, result in locked.families if result != Outcome.REFUSED} == {"UNIX"}
    assert {attempt.outcome for attempt in locked.attempts} == {Outcome.REFUSED}
    assert locked.after.sent == 0
    assert (locked.before.seccomp, locked.before.no_new_privileges) == (2, True)


def test_a_lab_is_only_made_in_a_fresh_namespace() -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from appliance.egress import probe, route\n"
        "probe.enter_lab(); route.open_way()"
    )
    if namespace_refusal():
        pytest.skip("this host allows no network namespaces")
    root = str(Path(facts.__file__).parent.parent.parent)
    ran = subprocess.run(
        [sys.executable, "-I", "-c", program, root], capture_output=True, text=True, check=False
    )
    assert "this network namespace is in use" in ran.stderr


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("", "without a word"),
        ("wall: x\nrefused: the host forbids it\n", "the host forbids it"),
        (MARK + "{}", ""),
        (MARK + '{"fault": 3}', "cannot be read"),
        (MARK + "[", "cannot be read"),
        (MARK + '{"attempts": [{"kind": "TCP"}]}', "cannot be read"),
    ],
)
def test_what_a_probe_prints_is_read_with_care(said: str, fault: str) -> None:
    seen = Observation.decode(said)
    assert fault in seen.fault
    assert replace(seen, fault="") == Observation()


def test_facts_of_a_process_that_is_gone_are_unknown() -> None:
    gone = facts.of(2**22 + 1)
    assert (gone.network, gone.capabilities) == ("", "")
    unknown = (gone.devices, gone.seccomp, gone.no_new_privileges, gone.no_routes, gone.forbidden)
    assert unknown == (None,) * 5


def test_a_forbidden_variable_is_named_without_its_value() -> None:
    with subprocess.Popen(
        ["/bin/cat"],
        env={"HTTPS_PROXY": "http://secret", "LANG": "C"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
    ) as child:
        try:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(b".")  # the kernel tells no environment before it has begun
            assert child.stdout.read(1) == b"."
            assert facts.of(child.pid).forbidden == ("HTTPS_PROXY",)
        finally:
            child.kill()
