"""The engine's walls: a network namespace with nothing but loopback, and the proof of it.

vLLM's processes talk to each other over 127.0.0.1, so a filter on socket families alone either
stops them or lets them out; a namespace of their own does neither.  Where the host forbids
namespaces, `appliance.engine.loopback` takes its place.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
from enum import StrEnum

from appliance.egress import facts
from appliance.errors import ApplianceError, EngineUnavailable
from appliance.sandbox import confine, covers


class Isolation(StrEnum):
    """How a running engine is kept from the network."""

    NAMESPACE = "network namespace with loopback only"
    FILTER = "system-call filter, sockets bound to loopback"


# In the namespace IPv6 may be asked for, so that the kernel counts attempts over it as well.
FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK)
FOREIGN_MEMORY = ("ptrace", "process_vm_readv", "process_vm_writev")
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 1  # linux/sockios.h, net/if.h
_INTERFACE = "16sH22x"  # struct ifreq


def namespace_refusal() -> str:
    """Why this host gives no network namespace with a working loopback; empty when it does.

    Tried in a child: a user namespace that turns out powerless cannot be left again.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            enter_namespace()
        except ApplianceError as error:
            os.write(writer, error.message.encode())
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, "rb") as pipe:
        reason = pipe.read(1000).decode("utf-8", "replace")
    os.waitpid(child, 0)
    return reason


def enter_namespace() -> None:
    """Move this process into a network namespace of its own with only loopback up.

    The host's name services, whose local sockets cross namespaces, go out of sight with it.

    Raises:
        EngineUnavailable: the host forbids it, or the namespace is not empty.
    """
    if not confine.isolate_network():
        raise EngineUnavailable("the host forbids network namespaces")
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            fcntl.ioctl(control, _SET_FLAGS, struct.pack(_INTERFACE, b"lo", _UP))
            up = {name for _, name in socket.if_nameindex() if _is_up(control, name)}
    except OSError as error:
        raise EngineUnavailable(
            f"the host gives namespaces without power over them: {error.strerror}"
        ) from error
    if up != {"lo"}:
        raise EngineUnavailable("the new network namespace is not empty")
    covers.cover(covers.NAME_SERVICES)  # best effort; the attestation before a start finds the rest


def forbid_detours() -> None:
    """Close the ways around a filter on sockets: other processes' memory, rights, new rights.

    Raises:
        SandboxError: the kernel refused.
    """
    confine.no_new_privileges()
    confine.drop_capabilities()
    confine.deny(FOREIGN_MEMORY)


def egress_attempts(pid: int) -> int:
    """How often a process in the engine's namespace tried to reach outside: Ip and Ip6 OutNoRoutes.

    The kernel counts, for everything in the namespace since it was made, each attempt to send
    where no route leads.

    Raises:
        EngineUnavailable: the process is gone, or shares the network of this one, where the
            counter says nothing.
    """
    found = facts.of(pid)
    if found.network and found.network == facts.of().network:
        raise EngineUnavailable(
            "the engine has no network namespace of its own, so attempts are not counted"
        )
    if not found.network or found.no_routes is None:
        raise EngineUnavailable(
            f"the counters of process {pid} cannot be read",
            remedy="see `appliance engine status`; run as the user who started the engine",
        )
    return found.no_routes


def _is_up(control: socket.socket, name: str) -> bool:
    asked = struct.pack(_INTERFACE, name.encode(), 0)
    _, flags = struct.unpack(_INTERFACE, fcntl.ioctl(control, _GET_FLAGS, asked))
    return bool(flags & _UP)
