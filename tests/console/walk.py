"""An officer's walk through the console in a real browser.

Signs in, filters, opens, reviews, signs, carries evidence away, verifies.  Runs by itself, in a
network of its own that has nothing but loopback:

    python -m tests.console.walk OUT

OUT gets screenshots and ``walk.json``: what was done, what was asked of the network, what axe-core
found.  `test_browser` reads it.
"""

from __future__ import annotations

import fcntl
import json
import socket
import struct
import sys
import tempfile
import zipfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

from appliance.sandbox.confine import isolate_network

CHROMIUM = Path("/usr/bin/chromium")
_SET_FLAGS, _UP = 0x8914, 1  # linux/sockios.h, net/if.h
SIZE = (1280, 860)
LONGEST_STEP_MS = 180_000
AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}


@dataclass(slots=True)
class Walked:
    """What came of the walk."""

    steps: list[str] = field(default_factory=list)
    requested: list[str] = field(default_factory=list)  # every address the browser asked for
    complaints: list[str] = field(default_factory=list)  # of the browser's own console
    violations: list[str] = field(default_factory=list)  # of axe-core, by page
    evidence: list[str] = field(default_factory=list)  # files in the archive
    checked: str = ""  # what verify_audit.py said of it


def alone() -> bool:
    """Move into a network that has nothing but loopback; whether the host permits it."""
    if not isolate_network():
        return False
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh14x", b"lo", _UP))
    return True


def main(out: Path) -> int:
    """Walk; 3 where the host permits no network of one's own."""
    if not alone():
        return 3
    from playwright.sync_api import sync_playwright

    from tests.console.steps import Walker
    from tests.console.world import served, world

    out.mkdir(parents=True, exist_ok=True)
    walked = Walked()
    with (
        tempfile.TemporaryDirectory() as folder,
        world(Path(folder) / "home", past_days=60) as made,
        served(made) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, timeout=LONGEST_STEP_MS)
        walker = Walker(browser, address, out, walked)
        walker.walk()
        walked.evidence = zipfile.ZipFile(out / "evidence.zip").namelist()
        browser.close()
    (out / "walk.json").write_text(json.dumps(asdict(walked), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
