"""Runs between the appliance and the engine: puts up the walls, then becomes the engine.

A program of its own, started by `appliance.engine.server` with an `Order` on standard input.  Its
first line of output names the wall, or why there is none; everything after it is the engine's own.
It must run single-threaded until the engine's program replaces it.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NoReturn

from appliance.engine import loopback
from appliance.engine.isolation import (
    FAMILIES,
    Isolation,
    enter_namespace,
    forbid_detours,
    namespace_refusal,
)
from appliance.errors import ApplianceError
from appliance.sandbox import confine

WALL, REFUSED = "wall: ", "refused: "  # how the first line of the log begins
REFUSAL = 71  # exit code; EX_OSERR, sysexits.h
PRIVATE = 0o077  # umask: sockets, log and caches are for their owner only
ENVIRONMENT = {"LANG": "C.UTF-8"}  # of this program; the engine's own comes with the order
_BOOT = (
    "import sys; sys.path.insert(0, sys.argv[1]); from appliance.engine.launch import main; main()"
)


def command() -> tuple[str, ...]:
    """The command line of this program."""
    root = Path(__file__).parent.parent.parent
    return (sys.executable, "-I", "-c", _BOOT, str(root))


@dataclass(frozen=True, slots=True)
class Order:
    """What to start, and behind which wall; an empty wall means the best that the host gives."""

    arguments: tuple[str, ...]
    environment: dict[str, str]
    wall: str = ""

    def encode(self) -> bytes:
        """As JSON, for standard input."""
        return json.dumps(asdict(self)).encode("ascii")

    @classmethod
    def decode(cls, data: bytes) -> Order:
        """The order that `encode` wrote."""
        loaded = json.loads(data)
        return cls(tuple(loaded["arguments"]), loaded["environment"], loaded["wall"])


def main() -> NoReturn:
    """Read the order, put up the wall, become the engine."""
    order = Order.decode(sys.stdin.buffer.read())
    os.umask(PRIVATE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        with open(os.devnull, "rb") as nothing:
            os.dup2(nothing.fileno(), 0)
        if _wall(order) is Isolation.NAMESPACE:
            _become_in_namespace(order)
        _become_under_filter(order)
    except (ApplianceError, OSError) as error:
        _say(f"{REFUSED}{error}")
    os._exit(REFUSAL)


def _wall(order: Order) -> Isolation:
    if order.wall:
        return Isolation(order.wall)
    return Isolation.FILTER if namespace_refusal() else Isolation.NAMESPACE


def _become_in_namespace(order: Order) -> NoReturn:
    enter_namespace()
    forbid_detours()
    confine.only_families(FAMILIES)
    _say(f"{WALL}{Isolation.NAMESPACE}")
    _become(order)


def _become_under_filter(order: Order) -> NoReturn:
    """The engine becomes a child; this process stays to make its sockets."""
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        ours.close()
        try:
            forbid_detours()
            loopback.hand_over(theirs, loopback.install())
            _say(f"{WALL}{Isolation.FILTER}")
            _become(order)
        except (ApplianceError, OSError) as error:
            _say(f"{REFUSED}{error}")
        os._exit(REFUSAL)
    theirs.close()
    listener = loopback.take_over(ours)
    if listener is None:
        os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 0xFF)
    forbid_detours()
    code = loopback.keep(listener, child)
    os._exit(code if code >= 0 else 128 - code)


def _become(order: Order) -> NoReturn:
    os.execve(order.arguments[0], order.arguments, order.environment)  # noqa: S606 -- no shell wanted


def _say(line: str) -> None:
    os.write(1, f"{line}\n".encode())
