"""Each confined part shows for itself what holds: the engine, the reader, the core.

What the kernel enforces is told from what was only seen to be so; promises of a service manager
are not repeated here.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from appliance import config
from appliance.config import Settings
from appliance.egress import facts, hand
from appliance.egress.canaries import resolvers
from appliance.egress.probe import Errand, Observation
from appliance.egress.verdict import CONTROL, CONTROLS, Expected, Item, Verdict, environment, judge
from appliance.egress.verdict import structure as walls
from appliance.engine import attested, server
from appliance.engine.attested import Attested
from appliance.errors import SandboxError
from appliance.offline import is_forbidden
from appliance.plain import from_plain
from appliance.sandbox.probe import Layer
from appliance.sandbox.server import ReaderServer

TRY = "try every way out"  # asked of a hand where this process is locked
READER, CORE, LOCKED = "reader", "core", "core under lock"
_SOCKETS = ("SC-7(5)", "SC-7(10)", "SC-7(21)", "AC-4")


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that was looked at: the items, and what the probes reported."""

    items: tuple[Item, ...]
    engine: Attested
    locked: Observation


@dataclass(frozen=True, slots=True)
class Tried:
    """What only a process with a network can try: the engine's walls, the lock, the control."""

    engine: Attested
    running: tuple[Item, ...]
    locked: Observation


def look(settings: Settings, tried: Tried | None = None) -> Seen:
    """Look at every part.  Takes some seconds; starts no engine.

    Args:
        settings: of the home.
        tried: what was tried elsewhere on this machine; None: it is tried now.
    """
    if tried is None:
        other = hand.present()
        tried = from_plain(Tried, other.ask(TRY)) if other else attempts(settings)
    items = (
        *tried.engine.items,
        *tried.running,
        *reader(settings),
        *core(),
        *under_lock(tried.locked, tried.engine.control),
    )
    return Seen(items, tried.engine, tried.locked)


def attempts(settings: Settings) -> Tried:
    """Set the canaries free; in a process that is locked a hand does it."""
    engine = attested.attest(settings)
    locked = attested.run(Errand(facts.of().network, lab=True, only_local=True))
    answering = server.status(settings)
    running: tuple[Item, ...] = ()
    if answering.running:
        running = attested.running(settings, answering.pid, answering.isolation)
    return Tried(engine, running, locked)


# --- the reader -----------------------------------------------------------------------------------


def reader(settings: Settings) -> tuple[Item, ...]:
    """A reader process proves at its start that no child of it can make a socket."""
    try:
        with ReaderServer.start(
            settings.reader, Path(sys.executable), home=settings.home
        ) as started:
            layers, of = started.layers, facts.of(started.pid)
    except SandboxError as error:
        return (Item(READER, "sockets", Verdict.FAIL, error.message, controls=_SOCKETS),)
    return (*judge_reader(layers, able=_able()), *walls(_of_reader(), of))


def judge_reader(layers: Layer, *, able: bool) -> tuple[Item, ...]:
    """From the layers that hold, and whether the forbidden is possible without them."""
    sockets = Layer.NO_SOCKETS in layers
    proved = Verdict.PASS if able else Verdict.UNKNOWN
    words = "each family tried in a child and refused" if sockets else "a socket could be made"
    empty = Layer.EMPTY_NETWORK in layers
    network = "it is empty too" if empty else "none of its own here; without sockets out of reach"
    shut = Verdict.PASS if sockets or empty else Verdict.FAIL
    freely = "sockets can be made without the walls" if able else "void: refused without them too"
    return (
        Item(READER, "sockets", proved if sockets else Verdict.FAIL, words, controls=_SOCKETS),
        Item(READER, "network", shut, network, empty, CONTROLS["namespace"]),
        Item(READER, CONTROL, proved, freely, controls=CONTROLS[CONTROL]),
    )


def _of_reader() -> Expected:
    return Expected(READER, frozenset(), own_network=False)


def _able() -> bool:
    """Whether this process, without the reader's walls, can make a socket of any kind."""
    try:
        socket.socket(socket.AF_UNIX).close()
    except OSError:
        return False
    return True


# --- the core -------------------------------------------------------------------------------------


def core() -> tuple[Item, ...]:
    """This very process: what it holds, and whether anything forbids it more."""
    made, held = _makes_internet_sockets(), _foreign_sockets()
    if held is None:
        verdict, words = Verdict.UNKNOWN, "its open sockets cannot be read"
    elif held:
        verdict, words = Verdict.FAIL, f"it holds {held} that are not local"
    else:
        verdict, words = Verdict.PASS, "it holds none but local ones"
    lock = "a filter refuses others" if not made else "no filter here forbids others"
    return (
        Item(CORE, "sockets", verdict, f"{words}; {lock}", enforced=not made, controls=_SOCKETS),
        _name_services(),
        environment(CORE, tuple(name for name in config.variables() if is_forbidden(name))),
    )


def _name_services() -> Item:
    """Reported, not judged: the core stays where the host's own services can be reached."""
    there = resolvers()
    words = f"can be reached: {', '.join(there)}; the core asks none" if there else "none in reach"
    controls = CONTROLS["name services"]
    return Item(CORE, "name services", Verdict.PASS, words, enforced=False, controls=controls)


def under_lock(locked: Observation, control: Observation) -> tuple[Item, ...]:
    """A process of the core's kind, locked to local sockets, in a network with a way out."""
    expected = Expected(LOCKED, frozenset({"UNIX"}), own_network=False)
    return tuple(item for item in judge(expected, locked, control) if item.name != "name services")


def _makes_internet_sockets() -> bool:
    """Making one sends nothing."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()
    except OSError:
        return False
    return True


def _foreign_sockets() -> int | None:
    """How many sockets this process holds that are not local ones."""
    found = 0
    try:
        for entry in os.listdir("/proc/self/fd"):
            with suppress(FileNotFoundError):  # the descriptor that listed the folder
                if os.readlink(f"/proc/self/fd/{entry}").startswith("socket:"):
                    found += _is_foreign(int(entry))
    except OSError:
        return None
    return found


def _is_foreign(descriptor: int) -> bool:
    """Whether a socket is not a local one; what another thread closed meanwhile is held no more."""
    try:
        looked_at = socket.socket(fileno=descriptor)
    except OSError as error:
        if error.errno in {errno.EBADF, errno.ENOTSOCK}:
            return False
        raise
    looked_at.detach()  # it is somebody else's to close
    return looked_at.family != socket.AF_UNIX
