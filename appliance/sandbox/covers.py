"""Takes folders out of a process's sight: the sockets in them cross network namespaces.

A name service of the host that listens on a local socket would ask the network for whoever reaches
it.  Sources: mount_namespaces(7), mount(2).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from appliance.sandbox.kernel import LIBC

NAME_SERVICES = tuple(
    Path("/run", name) for name in ("nscd", "unscd", "systemd/resolve", "dbus", "avahi-daemon")
)
_NEW_MOUNTS = 0x20000
_READ_ONLY, _NO_SET_ID, _NO_DEVICES, _NO_PROGRAMS = 1, 2, 4, 8
_RECURSIVE, _PRIVATE = 16384, 1 << 18


def cover(folders: Iterable[Path]) -> tuple[Path, ...]:
    """Lay an empty folder over each of these that exists, for this process and its children.

    Needs a user namespace of its own, or root.

    Returns:
        The folders that the host did not let be covered.
    """
    there = tuple(folder for folder in folders if folder.is_dir())
    if not there:
        return ()
    if LIBC.unshare(_NEW_MOUNTS) != 0:
        return there
    if LIBC.mount(None, b"/", None, _RECURSIVE | _PRIVATE, None) != 0:
        return there
    flags = _READ_ONLY | _NO_SET_ID | _NO_DEVICES | _NO_PROGRAMS
    return tuple(
        folder
        for folder in there
        if LIBC.mount(b"tmpfs", os.fsencode(folder.resolve()), b"tmpfs", flags, b"size=4k") != 0
    )
