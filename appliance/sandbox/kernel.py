"""The two ways into the kernel that everything here takes: the C library's calls, and prctl(2)."""

from __future__ import annotations

import ctypes
import os

from appliance.errors import SandboxError

LIBC = ctypes.CDLL(None, use_errno=True)

_NO_NEW_PRIVS = 38


def prctl(what: str, *arguments: object) -> None:
    """Call prctl(2); ``what`` names it in the error.

    Raises:
        SandboxError: the kernel refused.
    """
    # prctl is variadic and takes unsigned longs; without the width the upper half may be anything
    wide = [ctypes.c_ulong(a) if isinstance(a, int) else a for a in arguments]
    wide += [ctypes.c_ulong(0)] * (5 - len(wide))
    if LIBC.prctl(*wide) != 0:
        raise refused(what)


def no_new_privileges() -> None:
    """No program started from here on gains rights from its file (set-user-id, capabilities).

    Raises:
        SandboxError: the kernel refused.
    """
    prctl("no_new_privs", _NO_NEW_PRIVS, 1)


def refused(what: str) -> SandboxError:
    """The error for a call that just failed, from the C library's errno."""
    return SandboxError(
        f"{what} was refused by the kernel: {os.strerror(ctypes.get_errno())}",
        remedy="run on a kernel with seccomp filters (Linux 4.14 or later)",
    )
