"""Every protection that is missing is found by its name, and what is not known is never PASS."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.egress.canaries import CANARIES, Outcome
from appliance.egress.facts import Device
from appliance.egress.probe import NOT_APART, Observation
from appliance.egress.verdict import (
    CONTROL as CONTROL_NAME,
)
from appliance.egress.verdict import Item, Verdict, judge, overall, positive_control, unproved
from tests.egress.views import CONTROL, ENGINE, HOST, SEEN, with_facts, with_outcome


def named(seen: Observation, verdict: Verdict, control: Observation = CONTROL) -> list[str]:
    """The items that stand like this."""
    return [item.name for item in judge(ENGINE, seen, control) if item.verdict is verdict]


def test_a_sound_part_passes_with_a_reason_and_a_control_for_each_item() -> None:
    items = judge(ENGINE, SEEN, CONTROL)
    assert overall(items) is Verdict.PASS
    assert len(items) == 11 + len(CANARIES)
    assert all(item.reason and item.controls for item in items)


@pytest.mark.parametrize(
    ("seen", "name"),
    [
        (with_facts(network=HOST), "namespace"),
        (with_facts(devices=(Device("lo", 0), Device("eth0", 0))), "interfaces"),
        (with_facts(devices=(Device("lo", 0), Device("sit0", 1))), "interfaces"),
        (with_facts(routes=("IPv6 eth0",)), "routes"),
        (with_facts(seccomp=0), "system-call filter"),
        (with_facts(no_new_privileges=False), "no new privileges"),
        (with_facts(capabilities="0000000000002000"), "capabilities"),
        (with_facts(forbidden=("https_proxy",)), "environment"),
        (replace(SEEN, resolvers=("/run/nscd/socket",)), "name services"),
        (replace(SEEN, families=(*SEEN.families, ("PHONET", "open"))), "address families"),
        (
            replace(SEEN, families=(*SEEN.families, ("PHONET", "not in this kernel"))),
            "address families",
        ),
        (with_outcome(SEEN, "vsock", Outcome.OPEN), "vsock by Python"),
        (with_outcome(SEEN, "MPTCP", Outcome.HELD), "MPTCP by Python"),
        (replace(SEEN, after=replace(SEEN.after, devices=(Device("x0", 3),))), "counters"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_one_missing_protection_fails_by_its_name_and_nothing_else_does(
    seen: Observation, name: str
) -> None:
    if seen.before.network == HOST:  # a namespace that is the host's fails the whole, as it must
        seen = replace(seen, fault=NOT_APART)
    assert named(seen, Verdict.FAIL) == [name]
    assert overall(judge(ENGINE, seen, CONTROL)) is Verdict.FAIL


@pytest.mark.parametrize(
    ("seen", "name"),
    [
        (with_facts(network=""), "namespace"),
        (with_facts(devices=None), "interfaces"),
        (with_facts(routes=None), "routes"),
        (with_facts(seccomp=None), "system-call filter"),
        (with_facts(no_new_privileges=None), "no new privileges"),
        (with_facts(capabilities=""), "capabilities"),
        (with_facts(forbidden=None), "environment"),
        (with_facts(no_routes=None), "counters"),
        (replace(SEEN, after=replace(SEEN.after, no_routes=2)), "counters"),
        (with_outcome(SEEN, "UDP over IPv6", Outcome.ODD), "UDP over IPv6 by Python"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_read_is_unknown_and_no_proof(seen: Observation, name: str) -> None:
    assert name in named(seen, Verdict.UNKNOWN)
    assert overall(judge(ENGINE, seen, CONTROL)) is Verdict.UNKNOWN


def test_the_namespace_of_process_1_is_the_hosts_too() -> None:
    assert named(with_facts(init_network=SEEN.before.network), Verdict.FAIL) == ["namespace"]


@pytest.mark.parametrize(
    "control",
    [
        Observation(fault="the host forbids network namespaces"),
        with_outcome(CONTROL, "DNS", Outcome.NO_ROUTE),
        with_outcome(CONTROL, "TCP", Outcome.ABSENT),
        replace(CONTROL, attempts=CONTROL.attempts[1:]),
        SEEN,
    ],
    ids=["no namespace", "one shut", "no TCP", "one missing", "the engine itself"],
)
def test_without_a_control_that_gets_out_the_canaries_prove_nothing(control: Observation) -> None:
    assert positive_control("engine", control).verdict is Verdict.UNKNOWN
    unknown = named(SEEN, Verdict.UNKNOWN, control)
    assert unknown == [CONTROL_NAME, *(f"{c.kind} by {c.by}" for c in CANARIES)]
    assert named(SEEN, Verdict.FAIL, control) == []


def test_an_open_canary_fails_even_when_the_control_is_void() -> None:
    seen = with_outcome(SEEN, "UDP over IPv6", Outcome.OPEN, 1)
    assert "UDP over IPv6 by Python" in named(seen, Verdict.FAIL, Observation(fault="void"))


def test_a_kernel_may_lack_ipv6_and_special_families() -> None:
    control = CONTROL
    for kind in ("TCP over IPv6", "UDP over IPv6", "vsock"):
        control = with_outcome(control, kind, Outcome.ABSENT)
    assert overall(judge(ENGINE, SEEN, control)) is Verdict.PASS


def test_nothing_observed_is_unknown_nothing_more() -> None:
    items = judge(ENGINE, Observation(fault="it crashed"), CONTROL)
    assert overall(items) is Verdict.UNKNOWN
    assert {i.name for i in items if i.verdict is Verdict.PASS} == {CONTROL_NAME}
    assert overall(()) is Verdict.UNKNOWN


def test_what_may_be_void_on_a_sound_host_rests_on_canaries() -> None:
    walls = [item.name for item in judge(ENGINE, SEEN, CONTROL) if not unproved(item)]
    assert len(walls) == 9
    assert not unproved(Item("engine", "capabilities", Verdict.PASS, "none"))
