"""Removes the arguments from this process's command line, where every user could read them.

``/proc/PID/cmdline`` shows the memory between ``arg_start`` and ``arg_end`` (proc(5), fields 48 and
49 of ``stat``); it lies on our own stack and can be overwritten.  Questions and names given as
arguments are gone from there once this has run; to keep them out of the shell's history too, give
``-`` and standard input.
"""

from __future__ import annotations

import ctypes
from pathlib import Path

TITLE = b"appliance"


def conceal_arguments() -> None:
    """Overwrite this process's visible arguments; does nothing where /proc is not Linux's."""
    try:
        stat = Path("/proc/self/stat").read_text("ascii", "replace")
        fields = stat.rpartition(")")[2].split()  # the first of these is field 3
        start, end = int(fields[45]), int(fields[46])
    except (OSError, ValueError, IndexError):
        return
    if 0 < start < end:
        room = end - start
        ctypes.memset(start, 0, room)
        ctypes.memmove(start, TITLE[: room - 1], min(len(TITLE), room - 1))
