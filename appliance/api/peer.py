"""Who is at the other end of a local connection: the kernel says it, nobody claims it.

SO_PEERCRED (unix(7)) gives the account under which the other end connected.  Where the kernel has
SO_PEERPIDFD (Linux 6.5) the process that connected is held as a descriptor as well: its number
cannot be taken for another's that comes later, and a connection that outlives the process that
made it, handed on to somebody else, is told from one that does not.
"""

from __future__ import annotations

import os
import select
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass

from appliance.errors import ServiceUnavailable

ROOT = 0
_CREDENTIALS = struct.Struct("=iII")  # struct ucred: process, user, group
_PROCESS = 77  # SO_PEERPIDFD, asm-generic/socket.h
_NOBODY = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Peer:
    """One caller.  ``process`` is a descriptor of the calling process, -1 where there is none."""

    uid: int
    gid: int = 0
    pid: int = 0
    process: int = -1

    def has_gone(self) -> bool:
        """Whether the process that connected has ended; false where the kernel cannot tell."""
        if self.process < 0:
            return False
        poll = select.poll()
        poll.register(self.process, select.POLLIN)
        return bool(poll.poll(0))

    def close(self) -> None:
        """Let the process go."""
        if self.process >= 0:
            os.close(self.process)


def peer_of(connection: socket.socket) -> Peer:
    """The caller at the other end.

    Raises:
        ServiceUnavailable: the kernel names nobody: this is no local connection, or the caller is
            in another user namespace that has no name here.
    """
    try:
        said = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    except OSError as error:
        raise _unnamed() from error
    pid, uid, gid = _CREDENTIALS.unpack(said)
    if connection.family != socket.AF_UNIX or uid == _NOBODY or uid == _overflow():
        raise _unnamed()
    return Peer(uid, gid, pid, _process(connection))


def _process(connection: socket.socket) -> int:
    with suppress(OSError):
        return connection.getsockopt(socket.SOL_SOCKET, _PROCESS)
    return -1


def _overflow() -> int:
    """What the kernel shows for accounts that a user namespace does not map (user_namespaces(7)).

    Only inside such a namespace: elsewhere it is an account like others.
    """
    with suppress(OSError, ValueError), open("/proc/self/uid_map", "rb") as file:
        first, outside, count = map(int, file.readline().split())
        if (first, outside, count) != (0, 0, 0xFFFFFFFF):
            with open("/proc/sys/kernel/overflowuid", "rb") as number:
                return int(number.read())
    return -1


def _unnamed() -> ServiceUnavailable:
    return ServiceUnavailable(
        "the kernel does not say who calls",
        remedy="call over the service's own socket, from an account of this machine",
    )
