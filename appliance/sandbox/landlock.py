"""Landlock: of the file system only reading below named folders, no TCP, no signal outwards.

Sources: linux/landlock.h, landlock(7).  A set of rules is made once and bound to many processes;
what a process is bound to, it can bind more tightly and never loosen.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from pathlib import Path

from appliance.sandbox.kernel import LIBC, no_new_privileges, refused

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_ASK_VERSION, _PATH_BENEATH = 1, 1
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
_FIRST_RIGHTS = (1 << 13) - 1
_LATER_RIGHTS = ((2, 1 << 13), (3, 1 << 14), (5, 1 << 15))  # version, right it brought
_NETWORK_SINCE, _BIND_AND_CONNECT = 4, 1 << 0 | 1 << 1
_SCOPES_SINCE, _SOCKETS_AND_SIGNALS = 6, 1 << 0 | 1 << 1


def version() -> int:
    """Version of the kernel's Landlock; 0 where it has none."""
    found: int = LIBC.syscall(_CREATE, None, 0, _ASK_VERSION)
    return max(found, 0)


def rules(readable: Iterable[Path]) -> int:
    """A descriptor of rules that leave reading ``readable``, files and folders with what is below.

    Everything else that this kernel's Landlock can take away is taken: every other act on files,
    TCP, abstract sockets and signals to processes that are not bound as well.

    Raises:
        SandboxError: the kernel refused, or has no Landlock.
    """
    since = version()
    rights = _FIRST_RIGHTS | sum(right for brought, right in _LATER_RIGHTS if since >= brought)
    attributes = struct.pack("=Q", rights)
    if since >= _NETWORK_SINCE:
        attributes += struct.pack("=Q", _BIND_AND_CONNECT)
    if since >= _SCOPES_SINCE:
        attributes += struct.pack("=Q", _SOCKETS_AND_SIGNALS)
    made: int = LIBC.syscall(_CREATE, attributes, len(attributes), 0)
    if made < 0:
        raise refused("creating a Landlock rule set")
    try:
        for path in readable:
            _allow_reading(made, path)
    except BaseException:
        os.close(made)
        raise
    return made


def bind(made: int) -> None:
    """Bind the calling thread, and all it starts, to the rules.

    Raises:
        SandboxError: the kernel refused.
    """
    no_new_privileges()
    if LIBC.syscall(_RESTRICT, made, 0) != 0:
        raise refused("Landlock")


def _allow_reading(made: int, path: Path) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # what is not there needs no permission
        return
    try:
        rights = _READ_FILE | _READ_FOLDER if path.is_dir() else _READ_FILE
        beneath = struct.pack("=Qi", rights, opened)
        if LIBC.syscall(_ADD, made, _PATH_BENEATH, beneath, 0) != 0:
            raise refused(f"allowing {path} in Landlock")
    finally:
        os.close(opened)
