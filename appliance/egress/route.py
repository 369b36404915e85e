"""A network that leads nowhere: one device of our own and default routes over it, made by hand.

The positive control needs a place where sending works.  In a fresh network namespace this makes a
device that swallows what it is given, so nothing is sent from the host's network.  The messages
are those of rtnetlink(7); programs such as ip(8) may be missing.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from contextlib import suppress

from appliance.egress.facts import FALLBACKS, LOOPBACK
from appliance.errors import SandboxError

DEVICE = "canary0"
KINDS = ("dummy", "veth")  # a veth pair where the kernel has no dummy; both ends stay here
FOUR = (socket.AF_INET, "198.51.100.2", 24)  # RFC 5737
SIX = (socket.AF_INET6, "2001:db8::2", 64)  # RFC 3849

_NEW_LINK, _NEW_ADDRESS, _NEW_ROUTE, _ERROR = 16, 20, 24, 2
_REQUEST, _ACKNOWLEDGE, _EXCLUSIVE, _CREATE = 1, 4, 0x200, 0x400
_NAME, _LINK_INFO, _INFO_KIND = 3, 18, 1  # linux/if_link.h
_ADDRESS, _LOCAL, _ADDRESS_FLAGS, _NO_DETECTION = 1, 2, 8, 2  # linux/if_addr.h
_OUT_DEVICE = 4  # linux/rtnetlink.h
_UP, _NO_ARP, _MULTICAST = 0x1, 0x80, 0x1000  # net/if.h
_MAIN_TABLE, _STATIC, _ON_LINK, _UNICAST = 254, 4, 253, 1


def open_way() -> None:
    """Give this process's network namespace, which must be fresh, a way out to nowhere.

    Raises:
        SandboxError: the kernel has no such device, or refuses.
    """
    if {name for _, name in socket.if_nameindex()} - {LOOPBACK} - FALLBACKS:
        raise SandboxError("this network namespace is in use: no canary is set free in it")
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as kernel:
            _make_device(kernel)
            for _, name in socket.if_nameindex():
                if name not in FALLBACKS:
                    _up(kernel, name)
            _route(kernel, *FOUR)
            with suppress(OSError):  # a kernel without IPv6
                _route(kernel, *SIX)
    except OSError as error:
        raise SandboxError(
            f"a device to nowhere could not be made: {error.strerror}",
            remedy="load the kernel's `dummy` module",
        ) from error


def _make_device(kernel: socket.socket) -> None:
    """The first kind that this kernel has."""
    for kind in KINDS:
        about = _attribute(_LINK_INFO, _attribute(_INFO_KIND, kind.encode()))
        body = struct.pack("=BxHiII", 0, 0, 0, 0, 0) + _attribute(_NAME, DEVICE.encode() + b"\0")
        try:
            _ask(kernel, _NEW_LINK, _CREATE | _EXCLUSIVE, body + about)
        except OSError as error:
            if error.errno != errno.EOPNOTSUPP or kind == KINDS[-1]:
                raise
        else:
            return


def _up(kernel: socket.socket, name: str) -> None:
    """Without neighbours and groups a device sends nothing by itself."""
    flags = _UP if name == LOOPBACK else _UP | _NO_ARP
    index = socket.if_nametoindex(name)
    change = _UP if name == LOOPBACK else _UP | _NO_ARP | _MULTICAST
    body = struct.pack("=BxHiII", 0, 0, index, flags, change)
    if name != LOOPBACK:
        with suppress(OSError):  # a kernel without IPv6
            _ask(kernel, _NEW_LINK, 0, struct.pack("=BxHiII", 0, 0, index, 0, 0) + _NO_ADDRESS)
    _ask(kernel, _NEW_LINK, 0, body)


def _route(kernel: socket.socket, family: int, address: str, prefix: int) -> None:
    """An address for the device, and the default route over it."""
    index = socket.if_nametoindex(DEVICE)
    packed = socket.inet_pton(family, address)
    body = struct.pack("=BBBBI", family, prefix, 0, 0, index)
    body += _attribute(_LOCAL, packed) + _attribute(_ADDRESS, packed)
    body += _attribute(_ADDRESS_FLAGS, struct.pack("=I", _NO_DETECTION))
    _ask(kernel, _NEW_ADDRESS, _CREATE | _EXCLUSIVE, body)
    scope = _ON_LINK if family == socket.AF_INET else 0
    body = struct.pack(
        "=BBBBBBBBI", family, 0, 0, 0, _MAIN_TABLE, _STATIC, scope, _UNICAST, 0
    ) + _attribute(_OUT_DEVICE, struct.pack("=I", index))
    _ask(kernel, _NEW_ROUTE, _CREATE, body)


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)


# IPv6 gives the device no address by itself, about which it would send (linux/if_link.h).
_NO_ADDRESS = _attribute(26, _attribute(socket.AF_INET6, _attribute(8, b"\x01")))


def _ask(kernel: socket.socket, kind: int, flags: int, body: bytes) -> None:
    """Send one request and wait for its acknowledgement; OSError with the kernel's error."""
    length = 16 + len(body)
    kernel.send(struct.pack("=IHHII", length, kind, _REQUEST | _ACKNOWLEDGE | flags, 1, 0) + body)
    answer = kernel.recv(65536)
    _, answered, _, _, _, code = struct.unpack_from("=IHHIIi", answer)
    if answered != _ERROR or code:
        raise OSError(-code, os.strerror(-code))
