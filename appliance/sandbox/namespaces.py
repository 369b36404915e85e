"""Namespaces: an empty network, a user without rights outside, a file system of a few folders.

Sources: namespaces(7), user_namespaces(7), pivot_root(2).  Hosts may forbid them to ordinary users,
so the first two only add to the system-call filter.  The last stands in for Landlock on kernels
that have none.
"""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from appliance.sandbox import calls
from appliance.sandbox.confine import map_ids
from appliance.sandbox.kernel import LIBC, refused

_NEWNS, _NEWIPC, _NEWUSER, _NEWNET = 0x20000, 0x8000000, 0x10000000, 0x40000000
_RDONLY, _NOSUID, _NODEV, _NOEXEC = 1, 2, 4, 8  # the same numbers in mount(2) and statvfs(3)
_REMOUNT, _BIND, _REC, _PRIVATE, _DETACH = 32, 4096, 16384, 1 << 18, 2
_KEPT = _RDONLY | _NOSUID | _NODEV | _NOEXEC  # what a user namespace may not take off a mount


def enter() -> tuple[bool, bool]:
    """Move into an empty network and, where the host allows it, a user namespace of its own.

    Returns:
        Whether the network is empty, and whether the user is one without rights outside.
    """
    uid, gid = os.getuid(), os.getgid()
    for kinds in (_NEWUSER | _NEWNET | _NEWIPC, _NEWUSER | _NEWNET):  # a unit may allow the second
        if LIBC.unshare(kinds) == 0:
            map_ids(uid, gid)
            return True, True
    return LIBC.unshare(_NEWNET) == 0, False


def only_see(folders: Iterable[Path]) -> None:
    """Of the whole file system leave these folders, read-only, under their own names.

    Raises:
        SandboxError: the host forbids it.
    """
    if LIBC.unshare(_NEWNS) != 0:
        raise refused("a mount namespace")
    _mount(None, Path("/"), _REC | _PRIVATE)
    root = Path(tempfile.gettempdir())
    kept = [_Kept.open(folder) for folder in folders if folder.exists()]
    _mount("tmpfs", root, _NOSUID | _NODEV, b"size=1m,mode=755")
    for each in kept:
        each.show(root)
    _mount(None, root, _REMOUNT | _BIND | _RDONLY | _NOSUID | _NODEV)
    os.chdir(root)
    number = calls.NUMBERS.get(platform.machine(), {}).get("pivot_root", -1)
    if LIBC.syscall(number, b".", b".") != 0 or LIBC.umount2(b".", _DETACH) != 0:
        raise refused("changing the root folder")
    os.chdir("/")


@dataclass(frozen=True, slots=True)
class _Kept:
    """A file or folder, opened before the new root covers it."""

    path: Path
    folder: bool
    opened: int

    @classmethod
    def open(cls, path: Path) -> Self:
        return cls(path, path.is_dir(), os.open(path, os.O_PATH | os.O_CLOEXEC))

    def show(self, root: Path) -> None:
        """Bind it below ``root``, read-only, under its own name."""
        where = root / str(self.path).lstrip("/")
        if self.folder:
            where.mkdir(parents=True, exist_ok=True)
        elif not where.exists():
            where.parent.mkdir(parents=True, exist_ok=True)
            where.touch()
        _mount(f"/proc/self/fd/{self.opened}", where, _BIND)
        os.close(self.opened)
        had = os.statvfs(where).f_flag & _KEPT
        _mount(None, where, _REMOUNT | _BIND | _RDONLY | _NOSUID | had)


def _mount(what: str | None, where: Path, flags: int, options: bytes | None = None) -> None:
    source = what.encode() if what else None
    kind = b"tmpfs" if what == "tmpfs" else None
    if LIBC.mount(source, os.fsencode(where), kind, flags, options) != 0:
        raise refused(f"mounting {where}")
