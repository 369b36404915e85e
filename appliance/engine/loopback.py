"""Where the host forbids network namespaces: sockets that reach nothing but this machine.

A system-call filter sees the family of a new socket, never the address that it connects to.  So
each new internet socket of the engine is made by a keeper outside the filter, which binds it to
the loopback device and hands it over (``SECCOMP_RET_USER_NOTIF``, seccomp_unotify(2)).  The filter
itself refuses what could undo the binding and every kind of socket other than TCP over IPv4 (UDP
can name another device with each datagram, ip(7) IP_PKTINFO).  Needs Linux 5.14.
"""

from __future__ import annotations

import array
import ctypes
import errno
import fcntl
import os
import platform
import select
import socket
import struct
from contextlib import suppress

from appliance.errors import EngineUnavailable
from appliance.sandbox import confine

FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_NETLINK)
_REMEDY = "allow network namespaces, or run on Linux 5.14 or later with seccomp notifications"

# System call numbers: seccomp, socket, setsockopt (asm/unistd.h).
_CALLS = {"x86_64": (317, 41, 54), "aarch64": (277, 198, 208)}
_SET_MODE_FILTER, _NEW_LISTENER = 1, 1 << 3
_LOAD, _EQUAL, _AND, _RETURN = 0x20, 0x15, 0x54, 0x06  # linux/bpf_common.h
_ALLOW, _ERRNO, _NOTIFY = 0x7FFF0000, 0x00050000, 0x7FC00000  # linux/seccomp.h
_NUMBER, _ARGUMENTS = 0, 16  # offsets in struct seccomp_data; low half first on both machines
_TYPE_MASK = 0xF  # of a socket's type; the rest are flags
_BIND_TO_DEVICE, _BIND_TO_INDEX = 25, 62  # asm-generic/socket.h
_RECEIVE, _ADD_FD, _SEND = 0xC0502100, 0x40182103, 0xC0182101  # linux/seccomp.h, ioctls
_ADD_AND_SEND = 2
_NOTICE_BYTES = 80


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def install() -> int:
    """Put this process, single-threaded, and all that it starts under the filter.

    Returns:
        The descriptor at which `keep` is told of every new internet socket.

    Raises:
        EngineUnavailable: the kernel refused.
        SandboxError: likewise.
    """
    machine = platform.machine()
    if machine not in _CALLS:
        raise EngineUnavailable(f"no system-call filter is known for {machine}", remedy=_REMEDY)
    confine.only_families(FAMILIES)
    call, *numbers = _CALLS[machine]
    code = _rules(*numbers)
    program = _Program(len(code) // 8, code)
    libc = ctypes.CDLL(None, use_errno=True)
    listener = int(
        libc.syscall(
            ctypes.c_long(call),
            ctypes.c_ulong(_SET_MODE_FILTER),
            ctypes.c_ulong(_NEW_LISTENER),
            ctypes.byref(program),
        )
    )
    if listener < 0:
        why = os.strerror(ctypes.get_errno())
        raise EngineUnavailable(
            f"the kernel refused a filter with notifications: {why}", remedy=_REMEDY
        )
    return listener


def keep(listener: int, child: int) -> int:
    """Make the sockets that the filtered process ``child`` asks for, until it ends.

    Returns:
        The exit code of ``child``; negative, a signal's number.
    """
    ended = os.pidfd_open(child)
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    poll.register(ended, select.POLLIN)
    while True:
        ready = dict(poll.poll())
        if ready.get(listener, 0) & select.POLLIN:
            _serve(listener)
        elif ended in ready:
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        elif listener in ready:  # hung up: nothing is left under the filter
            poll.unregister(listener)


def hand_over(channel: socket.socket, descriptor: int) -> None:
    """Send a descriptor to the process at the other end."""
    rights = array.array("i", [descriptor])
    channel.sendmsg([b"."], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])


def take_over(channel: socket.socket) -> int | None:
    """Receive a descriptor; None when the other end closed without sending one."""
    _, descriptors, _, _ = socket.recv_fds(channel, 1, 1)
    return descriptors[0] if descriptors else None


def _serve(listener: int) -> None:
    notice = bytearray(_NOTICE_BYTES)
    try:
        fcntl.ioctl(listener, _RECEIVE, notice)
    except OSError:  # the asker was killed meanwhile
        return
    (asked,) = struct.unpack_from("=Q", notice)
    (kind,) = struct.unpack_from("=Q", notice, 16 + 16 + 8)  # data.args[1]
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as made:
            made.setsockopt(socket.SOL_SOCKET, _BIND_TO_DEVICE, b"lo\0")
            made.setblocking(not kind & socket.SOCK_NONBLOCK)
            flags = os.O_CLOEXEC if kind & socket.SOCK_CLOEXEC else 0
            given = struct.pack("=QIIII", asked, _ADD_AND_SEND, made.fileno(), 0, flags)
            fcntl.ioctl(listener, _ADD_FD, given)
    except OSError as error:
        refusal = struct.pack("=QqiI", asked, 0, -(error.errno or errno.EACCES), 0)
        with suppress(OSError):
            fcntl.ioctl(listener, _SEND, refusal)


def _rules(socket_call: int, option_call: int) -> bytes:
    """The filter; foreign architectures are killed by the one that `confine` installed before."""
    refuse = _ERRNO | errno.EPROTONOSUPPORT
    forbid = _ERRNO | errno.EPERM
    rules = [
        (_LOAD, 0, 0, _NUMBER),
        (_EQUAL, 0, 9, socket_call),
        (_LOAD, 0, 0, _ARGUMENTS),
        (_EQUAL, 0, 14, socket.AF_INET),  # the family
        (_LOAD, 0, 0, _ARGUMENTS + 8),
        (_AND, 0, 0, _TYPE_MASK),
        (_EQUAL, 0, 12, socket.SOCK_STREAM),
        (_LOAD, 0, 0, _ARGUMENTS + 16),
        (_EQUAL, 1, 0, 0),  # the protocol: the default or TCP, not MPTCP
        (_EQUAL, 0, 9, socket.IPPROTO_TCP),
        (_RETURN, 0, 0, _NOTIFY),
        (_EQUAL, 0, 6, option_call),
        (_LOAD, 0, 0, _ARGUMENTS + 8),
        (_EQUAL, 0, 4, socket.SOL_SOCKET),
        (_LOAD, 0, 0, _ARGUMENTS + 16),
        (_EQUAL, 1, 0, _BIND_TO_DEVICE),
        (_EQUAL, 0, 1, _BIND_TO_INDEX),
        (_RETURN, 0, 0, forbid),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, refuse),
    ]
    return b"".join(struct.pack("=HBBI", *rule) for rule in rules)
