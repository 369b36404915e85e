"""Attempts to reach outside, every kind that this machine may know, to nobody's addresses.

RFC 5737 and RFC 3849 set the addresses aside for documentation; the names end in ``.invalid``
(RFC 6761).  Nothing waits: connections are begun and let go.  Where a way cannot be named without
a real other end (vsock reaches the hypervisor), making the socket is the whole attempt.  Set these
free only in a network namespace that was made for them.
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from appliance.egress import facts
from appliance.sandbox.kernel import LIBC

FOUR, SIX, RESOLVER = "192.0.2.1", "2001:db8:1::1", "192.0.2.53"
NAME = "canary.invalid"
PORT = 443
PATIENCE_S = 20.0  # for a name to be asked for; on an idle machine it takes some milliseconds

_MPTCP, _EXPERIMENT = 262, 253  # protocol numbers; 253: RFC 3692
_IO_URING_SETUP = 425
_VSOCK, _PACKET, _ALL_PROTOCOLS = 40, 17, 3
_CLOSED = {errno.EACCES, errno.EPERM, errno.EPROTONOSUPPORT}
_NO_WAY = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN}
_ABSENT = {errno.EAFNOSUPPORT, errno.ENOSYS, errno.ENODEV}
_CHILD = (
    "import socket\n"
    "try:\n"
    " s = socket.socket(); s.setblocking(False)\n"
    f" print(s.connect_ex(({FOUR!r}, {PORT})))\n"
    "except OSError as e:\n"
    " print(e.errno)\n"
)


class Outcome(StrEnum):
    """How an attempt ended."""

    OPEN = "open"
    HELD = "begun, nothing left"
    NO_ROUTE = "no route"
    REFUSED = "refused"
    ABSENT = "not in this kernel"
    ODD = "failed for another reason"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: its kind, by what it was made, how it ended, and what the kernel counted.

    ``sent`` are packets that left by devices other than loopback; ``no_routes`` attempts without
    a route; ``error`` the name of the error, empty for none.
    """

    kind: str
    by: str
    outcome: Outcome
    error: str
    sent: int
    no_routes: int

    @property
    def name(self) -> str:
        """Kind and maker, in words."""
        return f"{self.kind} by {self.by}"


@dataclass(frozen=True, slots=True)
class Canary:
    """One way out to try; ``needed`` in the positive control wherever the kernel knows it."""

    kind: str
    by: str
    fly: Callable[[], None]
    made_is_out: bool = False  # the socket itself is already the way out
    needed: bool = True


def release() -> tuple[Attempt, ...]:
    """Try every way, one after the other."""
    return tuple(_tried(canary) for canary in CANARIES)


def families() -> tuple[tuple[str, str], ...]:
    """For each address family the name and whether a socket of it is ``open`` or why not.

    Making a socket sends nothing.
    """
    return tuple((name, _makes(family)) for name, family in FAMILIES.items())


def resolvers() -> tuple[str, ...]:
    """Name services of the host that answer over a local socket; nothing is asked of them."""
    return tuple(path for path in RESOLVERS if _listens(path))


def _tried(canary: Canary) -> Attempt:
    before, error = facts.of(), 0
    try:
        canary.fly()
    except OSError as failed:
        error = failed.errno or errno.EIO
        if error == errno.EINPROGRESS:
            error = 0
    after = facts.of()
    sent = after.sent - before.sent
    no_routes = (after.no_routes or 0) - (before.no_routes or 0)
    outcome = _outcome(error, sent, no_routes, made_is_out=canary.made_is_out)
    return Attempt(canary.kind, canary.by, outcome, errno.errorcode.get(error, ""), sent, no_routes)


def _outcome(error: int, sent: int, no_routes: int, *, made_is_out: bool) -> Outcome:
    if sent > 0 or (made_is_out and not error):
        return Outcome.OPEN
    if no_routes > 0 or error in _NO_WAY:
        return Outcome.NO_ROUTE
    if not error:
        return Outcome.HELD
    if error in _CLOSED:
        return Outcome.REFUSED
    return Outcome.ABSENT if error in _ABSENT else Outcome.ODD


# --- by Python ------------------------------------------------------------------------------------


def _stream(family: socket.AddressFamily, address: str, protocol: int = 0) -> Callable[[], None]:
    def fly() -> None:
        with socket.socket(family, socket.SOCK_STREAM, protocol) as one:
            one.setblocking(False)
            one.connect((address, PORT))

    return fly


def _datagram(family: socket.AddressFamily, address: str, port: int) -> Callable[[], None]:
    def fly() -> None:
        with socket.socket(family, socket.SOCK_DGRAM) as one:
            one.sendto(b"canary", (address, port))

    return fly


def _raw() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, _EXPERIMENT) as one:
        one.sendto(b"canary", (FOUR, 0))


def _made(family: int, kind: int, protocol: int = 0) -> Callable[[], None]:
    return lambda: socket.socket(family, kind, protocol).close()


# --- by the C library, by a child, by a name ------------------------------------------------------


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def _by_library(kind: int) -> Callable[[], None]:
    """socket(2) with connect(2) or sendto(2), past Python's own module."""

    def fly() -> None:
        made = _checked(LIBC.socket(int(socket.AF_INET), kind | socket.SOCK_NONBLOCK, 0))
        address = struct.pack("=H", socket.AF_INET) + struct.pack("!H", PORT)
        address += socket.inet_aton(FOUR) + bytes(8)
        try:
            if kind == socket.SOCK_STREAM:
                _checked(LIBC.connect(made, address, len(address)))
            else:
                _checked(LIBC.sendto(made, b"canary", 6, 0, address, len(address)))
        finally:
            os.close(made)

    return fly


def _by_child() -> None:
    """A program of its own, started by this one."""
    command = [sys.executable, "-I", "-S", "-c", _CHILD]
    ran = subprocess.run(command, capture_output=True, check=False, timeout=60)
    number = int(ran.stdout or errno.EIO)
    if number:
        raise OSError(number, os.strerror(number))


def _ring() -> None:
    os.close(_checked(LIBC.syscall(ctypes.c_long(_IO_URING_SETUP), 4, bytes(240))))


def _by_name() -> None:
    """getaddrinfo(3), asking nobody's server; a child, for it would wait for the answer.

    Raises PermissionError where the name was not even asked for: the counters say the rest.
    """
    if resolvers():  # one of these would ask on the host's own network
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
    before, child = facts.of(), os.fork()
    if child == 0:
        with suppress(BaseException):
            _ask_nobody()
            with suppress(OSError):
                socket.getaddrinfo(NAME, PORT)
            _query()  # also where this host looks names up in files only
        os._exit(0)
    deadline = time.monotonic() + PATIENCE_S
    ended = 0
    while not ended and time.monotonic() < deadline:
        time.sleep(0.002)
        now = facts.of()
        if now.sent > before.sent:
            break
        ended, _ = os.waitpid(child, os.WNOHANG)
    if not ended:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return
    if facts.of().no_routes == before.no_routes:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))


def _query() -> None:
    """res_query(3): one question for an address, past the choice of name services."""
    name = next((n for n in ("res_query", "__res_query") if hasattr(LIBC, n)), "")
    if name:
        answer = ctypes.create_string_buffer(512)
        getattr(LIBC, name)(NAME.encode(), 1, 1, answer, len(answer))


def _ask_nobody() -> None:
    """Let the C library's resolver ask one documentation address (struct __res_state, resolv.h)."""
    initialise, state = getattr(LIBC, "__res_init"), getattr(LIBC, "__res_state")
    state.restype = ctypes.c_void_p
    initialise()
    server = struct.pack("=H", socket.AF_INET) + struct.pack("!H", 53)
    server += socket.inet_aton(RESOLVER) + bytes(8)
    where = state()
    for offset, value in ((0, struct.pack("=ii", 1, 1)), (16, struct.pack("=i", 1) + server)):
        ctypes.memmove(where + offset, value, len(value))


# --- what there is --------------------------------------------------------------------------------


def _makes(family: int) -> str:
    number = 0
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            socket.socket(family, kind).close()
        except OSError as error:
            if error.errno in {errno.EACCES, errno.EPERM}:
                return Outcome.REFUSED
            number = error.errno or errno.EIO
        else:
            return Outcome.OPEN
    return Outcome.ABSENT if number in _ABSENT else Outcome.ODD


def _listens(path: str) -> bool:
    if not os.path.exists(path):
        return False
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        try:
            with socket.socket(socket.AF_UNIX, kind) as one:
                one.connect(path)
        except OSError:
            continue
        return True
    return False


CANARIES = (
    Canary("TCP", "Python", _stream(socket.AF_INET, FOUR)),
    Canary("UDP", "Python", _datagram(socket.AF_INET, FOUR, PORT)),
    Canary("TCP over IPv6", "Python", _stream(socket.AF_INET6, SIX)),
    Canary("UDP over IPv6", "Python", _datagram(socket.AF_INET6, SIX, PORT)),
    Canary("MPTCP", "Python", _stream(socket.AF_INET, FOUR, _MPTCP), needed=False),
    Canary("raw packet", "Python", _raw),
    Canary("DNS message", "Python", _datagram(socket.AF_INET, RESOLVER, 53)),
    Canary("DNS", "the C library", _by_name),
    Canary("TCP", "the C library", _by_library(socket.SOCK_STREAM)),
    Canary("UDP", "the C library", _by_library(socket.SOCK_DGRAM)),
    Canary("TCP", "a child process", _by_child),
    Canary("packet socket", "Python", _made(_PACKET, socket.SOCK_RAW, _ALL_PROTOCOLS), True),
    Canary("vsock", "Python", _made(_VSOCK, socket.SOCK_STREAM), True, needed=False),
    Canary("io_uring", "the C library", _ring, True, needed=False),
)
# A packet socket without CAP_NET_RAW, and families whose modules are not loaded, are the filter's
# to refuse too; they are asked for by number, for Python may not know them (linux/socket.h).
FAMILIES = {
    "UNIX": 1,
    "INET": 2,
    "INET6": 10,
    "NETLINK": 16,
    "PACKET": 17,
    "RDS": 21,
    "CAN": 29,
    "TIPC": 30,
    "BLUETOOTH": 31,
    "ALG": 38,
    "VSOCK": 40,
    "SMC": 43,
    "XDP": 44,
}
RESOLVERS = (
    "/run/nscd/socket",
    "/var/run/nscd/socket",
    "/run/systemd/resolve/io.systemd.Resolve",
    "/run/dbus/system_bus_socket",
    "/run/avahi-daemon/socket",
    "/run/unscd/socket",
)
