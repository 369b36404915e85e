"""Cheaper forks of a large process: its memory in pages of 2 MiB instead of 4 KiB.

A fork copies one entry per page, and its end takes each back; a warm text recognition has 90,000 of
them.  Source: madvise(2), MADV_COLLAPSE (Linux 6.1).  Where the kernel cannot, nothing changes.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator

from appliance.sandbox.kernel import LIBC

LEAST = 8 << 20  # bytes; smaller areas are written to, and a write divides a large page again
LARGE_PAGE = 2 << 20
_MADV_HUGEPAGE, _MADV_COLLAPSE = 14, 25


def gather(maps: int) -> int:
    """Put the large areas of this process's own data into large pages.

    Args:
        maps: /proc/self/maps, open.

    Returns:
        Bytes that the kernel has put into large pages.
    """
    return sum(end - begin for begin, end in _areas(maps) if _gathered(begin, end))


def _gathered(begin: int, end: int) -> bool:
    where, length = ctypes.c_void_p(begin), ctypes.c_size_t(end - begin)
    LIBC.madvise(where, length, _MADV_HUGEPAGE)
    return bool(LIBC.madvise(where, length, _MADV_COLLAPSE) == 0)


def _areas(maps: int) -> Iterator[tuple[int, int]]:
    """Begin and end of private writable areas without a file, as whole large pages."""
    for line in _read(maps).splitlines():
        where, rights, _, _, inode, *name = line.split(maxsplit=5)
        begin, end = (int(address, 16) for address in where.split(b"-"))
        if rights != b"rw-p" or inode != b"0" or name not in ([], [b"[heap]"]):
            continue
        begin, end = -(-begin // LARGE_PAGE) * LARGE_PAGE, end // LARGE_PAGE * LARGE_PAGE
        if end - begin >= LEAST:
            yield begin, end


def _read(maps: int) -> bytes:
    os.lseek(maps, 0, os.SEEK_SET)
    return b"".join(iter(lambda: os.read(maps, 1 << 16), b""))
