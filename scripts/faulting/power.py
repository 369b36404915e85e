"""Power loss, from the order of the system calls: what is not synchronised may be gone.

A kill leaves the kernel's cache whole, so it cannot show a missing fsync.  The order can: content
is durable before its name is, sealed files before the row that names them, the row and the record
before a result leaves, and in the end everything, names included.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from scripts.faulting.tracing import Call

_SYNCS = {"fsync", "fdatasync"}
_WRITES = {"write", "writev", "pwrite64", "pwritev", "pwritev2", "ftruncate", "truncate"}
_RENAMES = {"rename", "renameat", "renameat2"}
_MAKES = {"mkdir", "mkdirat"}
_UNLINKS = {"unlink", "unlinkat", "rmdir"}
_WAL, _OBJECTS = "home/store/catalogue.db-wal", "home/store/objects/"
_LOG, _OUT = "home/audit/log/", "out/"
# Nothing depends on them: who holds the lock, spare room, a journal that recovery makes anew, and
# what the run folder says of a running engine.
_CARELESS = re.compile(r"home/(store/(lock|reserve|catalogue\.db-wal)|run(/.*)?)$")


def problems(calls: list[Call], folder: Path, existing: set[str]) -> list[str]:
    """What a power cut could take although it was relied upon; paths relative to ``folder``.

    Args:
        calls: in order, of one undisturbed run.
        folder: the desk.
        existing: what was there before the run, relative to ``folder``.
    """
    disk = _Disk(existing)
    found: dict[str, None] = {}
    for call in calls:
        if call.failed or not call.path.is_relative_to(folder):
            continue
        path = str(call.path.relative_to(folder))
        target = str(call.target.relative_to(folder)) if call.target else ""
        found.update(dict.fromkeys(disk.do(call, path, target)))
    found.update(dict.fromkeys(disk.in_the_end()))
    return list(found)


class _Disk:
    """What would be lost now."""

    def __init__(self, existing: set[str]) -> None:
        self._existing = set(existing)
        self._content: set[str] = set()  # written and not synchronised
        self._names: set[str] = set()  # made or renamed, their folder not synchronised

    def do(self, call: Call, path: str, target: str) -> Iterator[str]:
        if call.name in _SYNCS:
            if path == _WAL:
                yield from self._undurable(
                    (_OBJECTS, _LOG), "when a row that needs it is committed"
                )
            self._content.discard(path)
            self._names -= {name for name in self._names if _folder(name) == path}
        elif call.name in _WRITES:
            if path.startswith(_OUT):
                yield from self._undurable((_WAL, _LOG), "when a result leaves")
            self._content.add(path)
        elif call.name in _RENAMES:
            if path in self._content:
                yield f"{_shape(path)} gets its name before its content is durable"
            self._names.discard(path)
            self._names.add(target)
            self._existing.add(target)
        elif call.name in _UNLINKS:
            self._content.discard(path)
            self._names.discard(path)
            self._existing.discard(path)
        elif (call.creates or call.name in _MAKES) and path not in self._existing:
            self._names.add(path)
            self._existing.add(path)

    def _undurable(self, prefixes: tuple[str, ...], when: str) -> Iterator[str]:
        for path in sorted(self._content | self._names):
            if path.startswith(prefixes):
                yield f"{_shape(path)} is not durable {when}"

    def in_the_end(self) -> Iterator[str]:
        for path in sorted(self._content | self._names):
            if not _CARELESS.match(path):
                what = "content" if path in self._content else "name"
                yield f"the {what} of {_shape(path)} is not durable in the end"


def _folder(path: str) -> str:
    return str(PurePosixPath(path).parent)


def _shape(path: str) -> str:
    return re.sub(r"[0-9a-f]{8,}|(?<=objects/)[0-9a-f]{2}", "*", path)
