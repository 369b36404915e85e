"""The parts other than the engine: what is said of the reader and of the core is true."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from appliance import config
from appliance.attest import parts
from appliance.egress.canaries import CANARIES
from appliance.egress.probe import Observation
from appliance.egress.verdict import Item, Verdict, overall
from appliance.engine.isolation import namespace_refusal
from appliance.offline import is_forbidden
from appliance.sandbox.probe import REQUIRED, Layer
from tests.egress.views import CONTROL, SEEN, with_facts

ROOT = str(Path(parts.__file__).parent.parent.parent)


def by_name(items: tuple[Item, ...]) -> dict[str, Item]:
    return {item.name: item for item in items}


def test_a_real_reader_passes(tmp_path: Path) -> None:
    items = parts.reader(config.load(tmp_path / "home"))
    assert overall(items) is Verdict.PASS
    names = {"sockets", "positive control", "system-call filter", "capabilities"}
    assert names <= set(by_name(items))


def test_a_reader_that_does_not_prove_itself_fails(tmp_path: Path) -> None:
    settings = config.load(tmp_path / "home")
    nobody = type(settings.reader)(memory_mib=1)  # too little to do what is allowed
    (item,) = parts.reader(type(settings)(home=settings.home, root=settings.root, reader=nobody))
    assert (item.name, item.verdict) == ("sockets", Verdict.FAIL)


def test_a_reader_with_a_socket_fails_by_name() -> None:
    items = by_name(parts.judge_reader(REQUIRED & ~Layer.NO_SOCKETS, able=True))
    assert items["sockets"].verdict is Verdict.FAIL
    assert items["network"].verdict is Verdict.FAIL


def test_a_machine_that_refuses_sockets_to_all_proves_nothing_of_the_reader() -> None:
    items = by_name(parts.judge_reader(REQUIRED, able=False))
    assert items["sockets"].verdict is Verdict.UNKNOWN
    assert items["positive control"].verdict is Verdict.UNKNOWN
    assert not items["network"].enforced


def test_the_core_says_what_it_holds_and_that_nothing_forbids_more() -> None:
    with socket.socket(socket.AF_UNIX):
        before = by_name(parts.core())["sockets"]
    assert before.verdict is Verdict.PASS
    assert not before.enforced
    assert "no filter here forbids" in before.reason
    with socket.socket(socket.AF_INET):
        after = by_name(parts.core())["sockets"]
    assert after.verdict is Verdict.FAIL
    assert "it holds 1 " in after.reason


def test_a_socket_that_another_thread_closes_meanwhile_is_held_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its number is nobody's, or that of a file, by the time that it is looked at."""
    with Path(os.devnull).open("rb") as file, monkeypatch.context() as looking:
        looking.setattr("os.listdir", lambda _: [str(file.fileno()), "999999"])
        looking.setattr("os.readlink", lambda _: "socket:[1]")
        assert parts._foreign_sockets() == 0
        assert not file.closed
        assert file.read() == b""


def test_a_core_under_a_filter_says_that_it_is_enforced() -> None:
    program = (
        "import socket, sys; sys.path.insert(0, sys.argv[1])\n"
        "from appliance.attest import parts\nfrom appliance.sandbox import confine\n"
        "confine.only_families((socket.AF_UNIX,))\n"
        "item = parts.core()[0]; print(item.verdict, item.enforced)"
    )
    ran = subprocess.run(
        [sys.executable, "-I", "-c", program, ROOT], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "PASS True\n"


def test_a_proxy_in_the_environment_of_the_core_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if is_forbidden(name):
            monkeypatch.delenv(name)
    assert by_name(parts.core())["environment"].verdict is Verdict.PASS
    monkeypatch.setenv("HF_TOKEN", "a secret")
    item = by_name(parts.core())["environment"]
    assert item.verdict is Verdict.FAIL
    assert item.reason == "it holds HF_TOKEN"


def test_the_lock_is_judged_like_the_engine_but_in_a_network_with_a_way_out() -> None:
    seen = with_facts(network="")
    items = by_name(parts.under_lock(seen, CONTROL))
    assert not {"namespace", "routes", "interfaces", "name services"} & set(items)
    assert items["address families"].verdict is Verdict.FAIL  # the engine's are too many for it
    assert len(items) == 7 + len(CANARIES)
    void = by_name(parts.under_lock(SEEN, Observation(fault="no namespace")))
    assert void["TCP by Python"].verdict is Verdict.UNKNOWN


@pytest.mark.skipif(bool(namespace_refusal()), reason="this host allows no network namespaces")
def test_everything_together_passes_here(tmp_path: Path) -> None:
    seen = parts.look(config.load(tmp_path / "home"))
    assert [item for item in seen.items if item.verdict is not Verdict.PASS] in (
        [],
        [item for item in seen.items if item.part == parts.CORE and item.name == "environment"],
    )
    assert {item.part for item in seen.items} == {"engine", "reader", "core", "core under lock"}
