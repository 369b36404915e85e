"""The engine's walls under attack: each one taken away is found by name, before anything starts.

The launchers below are test doubles: the real one with one line of it undone.  The canaries fly in
namespaces that the attestation makes.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from appliance import config
from appliance.config import Settings
from appliance.egress.verdict import Item, Verdict, overall
from appliance.engine import attested, launch, server, told
from appliance.engine.command import Places
from appliance.engine.isolation import Isolation, namespace_refusal
from appliance.errors import EngineUnavailable
from tests.engine.stand_in import environment

ROOT = str(Path(launch.__file__).parent.parent.parent)
BEGIN = f"import sys; sys.path.insert(0, {ROOT!r})\nfrom appliance.engine import launch\n"
NOT_APART = "launch.enter_namespace = lambda: None\n"
ROUTED = (
    "from appliance.egress import route\nenter = launch.enter_namespace\n"
    "def routed():\n enter(); route.open_way()\nlaunch.enter_namespace = routed\n"
)
NO_FAMILIES = "launch.confine.only_families = lambda families: None\n"
NO_FILTER = NO_FAMILIES + "launch.forbid_detours = launch.confine.drop_capabilities\n"
RIGHTS_TO_COME = (
    "from appliance.sandbox import seccomp\nseccomp.no_new_privileges = lambda: None\n"
    "launch.confine.no_new_privileges = lambda: None\n"
    "launch.forbid_detours = lambda: None\nlaunch.confine.deny = lambda names: None\n"
)
KEPT_RIGHTS = "launch.confine.drop_capabilities = lambda: None\n"
PROXY = (
    "become = launch._become\n"
    "def proxied(order):\n order.environment['https_proxy'] = 'x'; become(order)\n"
    "launch._become = proxied\n"
)
NAMESPACED = pytest.mark.skipif(
    bool(namespace_refusal()), reason="this host allows no network namespaces"
)
pytestmark = NAMESPACED


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return config.load(tmp_path / "home")


def without(change: str) -> tuple[str, ...]:
    """A launcher with something undone."""
    return (sys.executable, "-I", "-c", f"{BEGIN}{change}launch.main()")


def failed(found: attested.Attested) -> set[str]:
    return {item.name for item in found.items if item.verdict is Verdict.FAIL}


@pytest.mark.parametrize("wall", Isolation)
def test_both_walls_hold(settings: Settings, wall: Isolation) -> None:
    found = attested.attest(settings, wall)
    assert overall(found.items) is Verdict.PASS, [
        item for item in found.items if item.verdict is not Verdict.PASS
    ]
    told: list[str] = []
    attested.require(found, told.append)
    assert told == []
    assert found.seen.before.no_new_privileges


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (NOT_APART, {"namespace", "interfaces", "routes"}),
        (ROUTED, {"interfaces", "routes", "TCP by Python", "DNS by the C library", "counters"}),
        (NO_FAMILIES, {"address families", "io_uring by the C library", "vsock by Python"}),
        (NO_FILTER, {"system-call filter", "no new privileges", "address families"}),
        (RIGHTS_TO_COME, {"no new privileges"}),
        (KEPT_RIGHTS, {"capabilities"}),
        (PROXY, {"environment"}),
    ],
    ids=[
        *("no namespace", "a route", "no filter on families", "no filter"),
        *("new rights", "kept rights", "a proxy"),
    ],
)
def test_a_wall_taken_away_is_named_and_the_engine_is_refused(
    settings: Settings, change: str, names: set[str]
) -> None:
    found = attested.attest(settings, Isolation.NAMESPACE, without(change))
    missing = names - failed(found)
    if "vsock by Python" in missing:  # not every kernel knows it
        missing.remove("vsock by Python")
    if "io_uring by the C library" in missing:  # not every kernel gives it to everybody
        missing.remove("io_uring by the C library")
    if change == NOT_APART:  # and on a host without any network there is nothing else to see
        missing -= {"interfaces", "routes"}
    assert missing == set(), found.items
    with pytest.raises(EngineUnavailable, match="isolation does not hold") as refusal:
        attested.require(found, lambda _: None)
    assert sorted(names)[0] in refusal.value.message or names & failed(found)


def test_in_the_hosts_own_network_no_canary_flies(settings: Settings) -> None:
    found = attested.attest(settings, Isolation.NAMESPACE, without(NOT_APART))
    assert found.seen.attempts == ()


def test_a_filter_that_lets_sockets_go_unbound_is_found(settings: Settings) -> None:
    loose = "import socket\nsocket.socket.setsockopt = lambda *_: None\n"  # the keeper binds none
    found = attested.attest(settings, Isolation.FILTER, without(loose))
    assert {"TCP by Python", "TCP by the C library", "TCP by a child process"} <= failed(found)


def test_a_launcher_that_refuses_or_dies_is_no_proof(settings: Settings) -> None:
    for change in ("launch._wall = None\n", "sys.exit()\n"):
        found = attested.attest(settings, Isolation.NAMESPACE, without(change))
        assert overall(found.items) is Verdict.UNKNOWN
        with pytest.raises(EngineUnavailable):
            attested.require(found, lambda _: None)


def test_it_takes_well_under_a_second_of_work(settings: Settings) -> None:
    def used(work: Callable[[], object]) -> float:
        before = os.times()
        work()
        return sum(os.times()[:4]) - sum(before[:4])

    empty = [sys.executable, "-I", "-c", "import ctypes, json, pathlib, socket, subprocess"]
    one = max(used(lambda: subprocess.run(empty, check=True)) for _ in range(3))
    took = used(lambda: attested.attest(settings))
    assert took < max(1.0, 20 * one), (took, one)  # a program takes longer on a slow machine


def test_where_the_host_forbids_namespaces_it_is_not_known_and_said(tmp_path: Path) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\nfrom appliance import config\n"
        "from appliance.engine import attested\nfrom appliance.egress.verdict import overall\n"
        "found = attested.attest(config.load(Path(sys.argv[2])))\n"
        "print(found.wall.name, overall(found.items), len(found.seen.attempts))\n"
        "attested.require(found, print)\n"
    )
    forbid = (
        "echo 0 > /proc/sys/user/max_net_namespaces;"
        'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"'
    )
    if subprocess.run(["unshare", "-Ur", "true"], check=False, capture_output=True).returncode:
        pytest.skip("needs a user namespace whose limits it may lower")
    asked = [sys.executable, "-I", "-c", program, ROOT, str(tmp_path)]
    ran = subprocess.run(
        ["unshare", "-Ur", "sh", "-c", forbid, "sh", *asked],
        capture_output=True,
        text=True,
        check=False,
    )
    first, *rest = ran.stdout.splitlines()
    assert first == "FILTER UNKNOWN 0", ran.stderr
    assert rest == [
        "the engine's walls stand, but could not be put to the test: "
        "the host forbids network namespaces"
    ]


def test_nothing_is_started_behind_a_wall_that_does_not_hold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = Path(tempfile.mkdtemp(prefix="ap-"))  # short: a socket's path is bounded
    settings = environment(folder, "serve()")
    monkeypatch.setattr(launch, "command", lambda: without(KEPT_RIGHTS))
    try:
        with pytest.raises(EngineUnavailable, match="capabilities: it holds"):
            server.start(settings, lambda _: None)
        assert not server.status(settings).running
        assert not Places(settings.run).record.exists()
    finally:
        shutil.rmtree(folder)


# --- the running engine ---------------------------------------------------------------------------


def test_the_facts_of_a_running_engine_are_its_own(settings: Settings) -> None:
    quiet = "import time; print(flush=True); time.sleep(60)"
    assert {item.verdict for item in of_running(settings, quiet)} == {Verdict.PASS}


def test_an_engine_that_tried_to_reach_out_is_told(settings: Settings) -> None:
    curious = (
        "import socket, time\n"
        "try: socket.socket(2, 2).sendto(b'x', ('192.0.2.1', 9))\n"
        "except OSError: pass\n"
        "print(flush=True); time.sleep(60)"
    )
    items = of_running(settings, curious)
    assert [item.name for item in items if item.verdict is Verdict.FAIL] == ["counters"]
    assert "1 attempts" in next(item.reason for item in items if item.name == "counters")


def test_the_wrong_namespace_is_not_taken_for_the_engines(settings: Settings) -> None:
    with subprocess.Popen(["/bin/sleep", "60"], start_new_session=True) as stranger:
        try:
            items = attested.running(settings, stranger.pid, Isolation.NAMESPACE)
        finally:
            stranger.kill()
    named = {item.name for item in items if item.verdict is Verdict.FAIL}
    assert {"namespace", "system-call filter"} <= named


def test_an_engine_that_nobody_can_point_at_is_unknown(settings: Settings) -> None:
    (item,) = attested.running(settings, None, "")
    assert (item.name, item.verdict) == ("process", Verdict.UNKNOWN)


def test_an_engine_without_a_record_is_found_by_its_socket(settings: Settings) -> None:
    settings.run.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as served:
        served.bind(str(settings.engine_socket))
        served.listen()
        items = attested.running(settings, None, "")
    named = {item.name for item in items if item.verdict is Verdict.FAIL}
    assert "namespace" in named  # it is this process, which has no walls


def test_another_users_engine_is_not_taken_for_proved(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.run.mkdir(parents=True)
    owner = os.getuid()
    with socket.socket(socket.AF_UNIX) as served:
        served.bind(str(settings.engine_socket))
        served.listen()
        monkeypatch.setattr("os.getuid", lambda: owner + 1)
        (item,) = attested.running(settings, None, "")
    assert item.verdict is Verdict.UNKNOWN
    assert f"user {owner}'s" in item.reason


def test_another_users_engine_is_known_by_what_its_service_says(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.run.mkdir(parents=True)
    said = Item(attested.RUNNING, "routes", Verdict.PASS, "none leads out")
    owner = os.getuid()
    with socket.socket(socket.AF_UNIX) as served:
        served.bind(str(settings.engine_socket))
        served.listen()
        told.write(settings.engine_socket, [said])
        monkeypatch.setattr("os.getuid", lambda: owner + 1)
        (item,) = attested.running(settings, None, "")
    assert (item.name, item.verdict) == ("routes", Verdict.PASS)
    assert "its own service" in item.reason


def of_running(settings: Settings, program: str) -> tuple[Item, ...]:
    """What is seen of a program behind the real launcher."""
    order = launch.Order((sys.executable, "-I", "-c", program), {}, Isolation.NAMESPACE.value)
    with subprocess.Popen(
        launch.command(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=launch.ENVIRONMENT,
        start_new_session=True,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        with child.stdin as pipe:
            pipe.write(order.encode())
        child.stdout.readline()
        child.stdout.readline()
        try:
            return attested.running(settings, child.pid, Isolation.NAMESPACE)
        finally:
            child.kill()


def test_require_counts_a_wall_that_is_not_known_as_none(settings: Settings) -> None:
    found = attested.attest(settings)
    items = tuple(
        replace(item, verdict=Verdict.UNKNOWN) if item.name == "capabilities" else item
        for item in found.items
    )
    with pytest.raises(EngineUnavailable, match="capabilities"):
        attested.require(replace(found, items=items), lambda _: None)
