"""The engine's walls put to the test: a probe takes the engine's place behind the same launcher.

It runs before every start, in well under a second, and for `appliance attest egress`.  The canaries
fly only in network namespaces made here; where the host gives none they stay in, and the verdict
is UNKNOWN.
"""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from appliance import offline
from appliance.config import Settings
from appliance.egress import facts
from appliance.egress.probe import Errand, Observation
from appliance.egress.verdict import (
    CONTROLS,
    Expected,
    Item,
    Verdict,
    environment,
    judge,
    overall,
    structure,
    unproved,
)
from appliance.engine import command, launch, processes, told
from appliance.engine.isolation import Isolation, namespace_refusal
from appliance.errors import EngineUnavailable

PART, RUNNING = "engine", "running engine"
PATIENCE_S = 90.0  # for a probe, which takes a quarter of a second on an idle machine
_FAMILIES = {
    Isolation.NAMESPACE: frozenset({"UNIX", "INET", "INET6", "NETLINK"}),
    Isolation.FILTER: frozenset({"UNIX", "INET", "NETLINK"}),
}
_BOOT = (
    "import sys; sys.path.insert(0, sys.argv[1]);"
    "from appliance.egress.probe import main; main(sys.argv[2:])"
)
_CREDENTIALS = "=iII"  # struct ucred, unix(7)


@dataclass(frozen=True, slots=True)
class Attested:
    """What was seen behind the engine's wall and without any, and how each item stands."""

    wall: Isolation
    items: tuple[Item, ...]
    seen: Observation
    control: Observation
    refusal: str = ""  # why the host gives no network namespace


def attest(
    settings: Settings, wall: Isolation | None = None, launcher: tuple[str, ...] = ()
) -> Attested:
    """Set the probe behind the wall that the engine gets, and next to it one behind none.

    ``launcher`` is the program that puts up the wall, by default the engine's own.
    """
    refusal = namespace_refusal()
    wall = wall or (Isolation.FILTER if refusal else Isolation.NAMESPACE)
    host = facts.of().network
    apart = wall is Isolation.NAMESPACE
    order = launch.Order(probe(Errand(host)), _environment(settings), wall.value)
    walled = launcher or launch.command()
    if not apart and not refusal:  # what the filter lets through must have a way to go
        walled = probe(Errand(host, lab=True, then=walled))
    with _begun(walled) as behind, _begun(probe(Errand(host, lab=True))) as without:
        seen, control = _said(behind, order.encode()), _said(without, b"")
    expected = Expected(PART, _FAMILIES[wall], host, own_network=apart, held=not apart)
    return Attested(wall, judge(expected, seen, control), seen, control, refusal)


def require(attested: Attested, notify: Callable[[str], None]) -> None:
    """Return only if the engine may start.

    Where this host cannot prove that canaries fly, or has no place to let them, the walls
    themselves must all stand, and ``notify`` is told what remains unproved.

    Raises:
        EngineUnavailable: an item failed, or a wall could not be looked at.
    """
    walls = [item for item in attested.items if not unproved(item)]
    against = [item for item in attested.items if item.verdict is Verdict.FAIL]
    against += [item for item in walls if item.verdict is Verdict.UNKNOWN]
    if against or not walls:
        named = "; ".join(f"{item.name}: {item.reason}" for item in against) or attested.seen.fault
        raise EngineUnavailable(
            f"the engine is not started, for its isolation does not hold: {named}",
            remedy="see `appliance attest egress`",
        )
    if overall(attested.items) is not Verdict.PASS:
        why = attested.refusal or attested.control.fault or "some canaries proved nothing"
        notify(f"the engine's walls stand, but could not be put to the test: {why}")


def running(settings: Settings, pid: int | None, isolation: str) -> tuple[Item, ...]:
    """What the kernel says of the engine that answers now, all its processes.

    Args:
        settings: say where its socket lies.
        pid: its first process where the run folder knows it.
        isolation: the wall that it reported.
    """
    listener, owner = _listener(settings.engine_socket)
    if owner not in {None, os.getuid()}:
        return _of_another(settings.engine_socket, owner)
    first = pid or listener
    try:
        everyone = processes.members(os.getsid(first)) if first else ()
    except OSError:
        everyone = ()
    if not everyone:
        return (_unknown("it answers, and which process it is cannot be told"),)
    apart = isolation != Isolation.FILTER
    expected = Expected(RUNNING, frozenset(), facts.of().network, own_network=apart)
    found = [item for process in everyone for item in _facts(expected, process)]
    return tuple(_worst(found, name) for name in dict.fromkeys(item.name for item in found))


def _of_another(path: Path, owner: int) -> tuple[Item, ...]:
    """The kernel hides it from us; what the service that runs it says of it, if it does."""
    if items := told.read(path, owner, RUNNING):
        return items
    return (_unknown(f"it is user {owner}'s, whose service does not say how it stands"),)


def _unknown(words: str) -> Item:
    return Item(RUNNING, "process", Verdict.UNKNOWN, words, controls=CONTROLS["namespace"])


def probe(errand: Errand) -> tuple[str, ...]:
    """The command line of the probe."""
    root = Path(__file__).parent.parent.parent
    return (sys.executable, "-I", "-c", _BOOT, str(root), errand.encode())


def run(errand: Errand) -> Observation:
    """What a probe without any wall but its own errand's sees."""
    with _begun(probe(errand)) as process:
        return _said(process, b"")


def _facts(expected: Expected, process: int) -> tuple[Item, ...]:
    of = facts.of(process)
    items = (*structure(expected, of), environment(expected.part, of.forbidden))
    if not expected.own_network:
        return items
    if of.no_routes is None:
        verdict, words = Verdict.UNKNOWN, "the kernel's counters cannot be read"
    else:
        verdict = Verdict.FAIL if of.no_routes or of.sent else Verdict.PASS
        words = f"{of.no_routes} attempts to reach outside, {of.sent} packets left by a device"
    return (*items, Item(expected.part, "counters", verdict, words, controls=CONTROLS["counters"]))


def _worst(items: list[Item], name: str) -> Item:
    order = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS)
    return min((i for i in items if i.name == name), key=lambda item: order.index(item.verdict))


def _environment(settings: Settings) -> dict[str, str]:
    try:
        build = command.build_of(settings)
    except EngineUnavailable:  # nothing to start yet; its variables are the same
        build = command.Build.CPU
    return command.environment(settings, command.Places(settings.run), build)


def _begun(arguments: tuple[str, ...]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        arguments,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**launch.ENVIRONMENT, **offline.SWITCHES},
        cwd="/",
    )


def _said(process: subprocess.Popen[bytes], order: bytes) -> Observation:
    try:
        said, _ = process.communicate(order, timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=PATIENCE_S)
        return Observation(fault=f"the probe did not end within {PATIENCE_S:.0f} s")
    return Observation.decode(said.decode("utf-8", "replace"))


def _listener(path: Path) -> tuple[int | None, int | None]:
    """The process that made the engine's socket, and its user (SO_PEERCRED)."""
    try:
        with socket.socket(socket.AF_UNIX) as asked:
            asked.connect(str(path))
            peer = asked.getsockopt(
                socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize(_CREDENTIALS)
            )
    except OSError:
        return None, None
    pid, user, _ = struct.unpack(_CREDENTIALS, peer)
    return int(pid) or None, int(user)
