"""The customer's own store, looked at from outside: who may enter, and whether its log verifies.

Nothing in it is opened and nothing is written.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from appliance.acceptance.checks import Check, judge, not_run, passed, unknown
from appliance.audit.verify import verify
from appliance.config import Settings

_OTHERS, _WRITING = 0o077, 0o022
_ROOMS = ("store", "audit", "policies", "run")  # of the home folder
_NONE = "there is no store here yet"


def modes(settings: Settings) -> Check:
    """P2: nobody but its owner can read the home, its keys, or anything sealed."""
    topic, name = "P2", "modes of the home"
    if not settings.home.exists():
        return not_run(topic, name, _NONE)
    paths = tuple(_of(settings.home))
    faults = [fault for path in paths for fault in _faults(path)]
    remedy = f"chmod -R go-rwx {settings.home}; ask who could read it since the last check"
    return judge(topic, name, faults, f"{len(paths)} files and folders, private", remedy)


def log(settings: Settings, public_key: bytes) -> Check:
    """P4: every record of the customer's log is linked, and signed where a key is known."""
    topic, name = "P4", "audit log of this store"
    folder = settings.home / "audit"
    if not (settings.home / "store").exists():
        return not_run(topic, name, _NONE)
    if not public_key:
        return unknown(topic, name, "the store was not opened, so its key is not known", _OPEN)
    verdict = verify(folder, public_key)
    return passed(topic, name, f"{verdict.records} records verify, root {verdict.root[:16]}")


_OPEN = "run without --unrecorded, and give the passphrase"


def _of(home: Path) -> Iterator[Path]:
    yield home
    for room in (home / name for name in _ROOMS):
        for where, folders, names in os.walk(room):
            yield Path(where)
            yield from (Path(where, name) for name in names)
            folders.sort()


def _faults(path: Path) -> Iterator[str]:
    try:
        found = path.lstat()
    except FileNotFoundError:  # removed by somebody at work
        return
    kind = stat.S_IMODE(found.st_mode)
    if stat.S_ISSOCK(found.st_mode) or stat.S_ISLNK(found.st_mode):
        return  # the folder around it decides
    if found.st_uid != os.getuid():
        yield f"{path} belongs to user {found.st_uid}"
    if kind & (_WRITING if _is_shipped(path) else _OTHERS):
        yield f"{path} has mode {kind:o}"


def _is_shipped(path: Path) -> bool:
    """Policies hold no secret, and lie in a folder that only the owner enters."""
    return "policies" in {path.name, path.parent.name}
