"""Runs a command in an empty network namespace and says what it tried to reach.

Called by `scripts.proving.namespace` inside ``unshare``.  Switches loopback on, runs the command,
and looks again and again at the network namespaces that the command's processes make for
themselves (the engine's, a reader's): each has counters of its own.
"""

from __future__ import annotations

import fcntl
import json
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

from appliance.egress import facts

LOOK_S = 0.2
CANARIES = b"appliance.egress.probe"  # in the command line of what sets them free
_SET_FLAGS, _UP = 0x8914, 1  # linux/sockios.h, net/if.h


def main(words: list[str]) -> int:
    """Report file, then the command; returns the command's exit status."""
    report, command = Path(words[0]), words[1:]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SET_FLAGS, struct.pack("16sH22x", b"lo", _UP))
    nested: dict[str, int] = {}
    ended = threading.Event()
    looker = threading.Thread(target=_look, args=(nested, ended))
    before = facts.of()
    looker.start()
    code = subprocess.run(command, check=False).returncode
    ended.set()
    looker.join()
    after = facts.of()
    if before.no_routes is None or after.no_routes is None:
        raise SystemExit("the kernel's counters cannot be read")
    found = {
        "attempts": after.no_routes - before.no_routes,
        "nested": sum(nested.values()),
        "namespaces": len(nested),
        "sent": after.sent,
        "devices": [device.name for device in after.devices or ()],
    }
    report.write_text(json.dumps(found), "utf-8")
    return code


def _look(nested: dict[str, int], ended: threading.Event) -> None:
    """Network namespace -> the most attempts seen in it, of every process that is not in ours.

    Those of the attestation are left out: there canaries fly, to see that they do not get away.
    """
    own = facts.of()
    while not ended.is_set():
        for process in _processes():
            found = facts.of(process)
            if CANARIES in _command(process):
                continue
            if found.network and found.network not in {own.network, own.init_network}:
                most = max(nested.get(found.network, 0), found.no_routes or 0)
                nested[found.network] = most
        time.sleep(LOOK_S)


def _command(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def _processes() -> list[int]:
    """What was started below this process, its children's children too."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            rest = (path / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(path.name)] = int(rest[1])
    below, known = [], {_own()}
    while found := [p for p, parent in parents.items() if parent in known and p not in known]:
        known.update(found)  # by generation: a child's number is smaller where numbers ran out
        below += found
    return below


def _own() -> int:
    return int(Path("/proc/self").resolve().name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
