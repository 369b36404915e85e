"""Damaged and booby-trapped files, and bombs of our own, end in text or in a reason: soon, within
the reader's memory, without a word to the network, and the next document is read.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.config import ReaderSettings
from appliance.errors import InputUnreadable, NoText
from appliance.sandbox.server import ReaderServer
from scripts.evaluating import confined, hostile
from scripts.evaluating.bombing import OF_THE_MACHINE
from scripts.evaluating.memory import Watch
from tests.conftest import ROOT, SAMPLES
from tests.formats.bombs import BOMBS, SLOW, packed
from tests.formats.conftest import Read

HOSTILE = SAMPLES / "hostile"
ROWS = [json.loads(line) for line in (HOSTILE / "manifest.jsonl").read_text("utf-8").splitlines()]
SETTINGS = ReaderSettings()
MOST_PARTS = 12  # of one bomb that are read in turn


@pytest.fixture(scope="module")
def server() -> Iterator[ReaderServer]:
    with ReaderServer.start(SETTINGS, Path(sys.executable)) as server:
        yield server


def ends_well(server: ReaderServer, data: bytes, name: str) -> list[str]:
    """Read a file and what lies in it; the texts that came, after all bounds were checked."""
    pending, texts = [(data, name)], []
    for _ in range(MOST_PARTS):
        if not pending:
            break
        begun, process = time.monotonic(), server.pid
        content, called = pending.pop(0)
        assert process is not None
        with Watch(process) as watch:
            ended = confined.read(server, content, called)
        readings = 1 + ended.scans  # each of which is cut short soon before its time
        assert time.monotonic() - begun < hostile.MOST_SECONDS * (1 + readings)
        assert server.pid == process
        assert watch.peak < 2 * watch.idle + SETTINGS.memory_mib
        assert isinstance(ended.failure, InputUnreadable | None), ended.failure
        assert ended.failure is None or ended.failure.remedy
        assert not hostile.silent(ended) or ended.parts
        assert OF_THE_MACHINE not in ended.text
        texts.append(ended.text)
        pending += [(part.data, part.name) for part in ended.parts[:MOST_PARTS] if part.data]
    assert confined.read(server, b"The next document.", "next.txt").text == "The next document."
    return texts


@pytest.mark.parametrize("name", sorted(BOMBS.keys() - SLOW))
def test_a_bomb_ends_soon_and_within_bounds(server: ReaderServer, name: str) -> None:
    ends_well(server, BOMBS[name](), name)


DEEP = ("deep-div.html", "deep-table.html", "deep-list.html", "nested-tables.docx", "deep.odt")


@pytest.mark.parametrize("name", [*DEEP, "deep.xml", "deep.json"])
def test_what_lies_too_deep_is_not_said_to_be_nothing(server: ReaderServer, name: str) -> None:
    ended = confined.read(server, BOMBS[name](), name)
    assert not isinstance(ended.failure, NoText)
    gaps = ended.document.gaps if ended.document else ()
    assert ended.failure or gaps or "deep" in ended.text


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["file"]))
def test_a_sample_ends_as_its_class_allows(server: ReaderServer, row: dict[str, str]) -> None:
    process = server.pid
    _, faults = hostile.tried(server, HOSTILE / row["file"], row["expected"], row["what"])
    assert faults == ()
    assert server.pid == process


CUTS: dict[str, Callable[[bytes], bytes]] = {
    "a third": lambda data: data[: len(data) // 3],
    "all but the end": lambda data: data[:-20],
    "the head": lambda data: data[:100],
    "a hole": lambda data: data[: len(data) // 2] + bytes(300) + data[len(data) // 2 + 300 :],
}
WHOLE = {
    file.suffix: file
    for folder in ("demo", "legacy", "office", "scans")
    for file in sorted((SAMPLES / folder).rglob("*"))
    if file.is_file() and file.suffix not in {".md", ".jsonl"} and file.stat().st_size < 400_000
}


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("kind", sorted(WHOLE))
def test_every_kind_may_be_cut(server: ReaderServer, kind: str, cut: str) -> None:
    ends_well(server, CUTS[cut](WHOLE[kind].read_bytes()), f"cut{kind}")


def test_the_bottom_of_a_nested_archive_is_reached(server: ReaderServer) -> None:
    assert ends_well(server, BOMBS["nested.zip"](), "nested.zip")[-1].startswith("At the bottom")


def test_the_names_of_members_lead_nowhere(server: ReaderServer) -> None:
    names = ("../../outside.txt", "/etc/outside.txt", "C:\\outside.txt", "a/../../outside.txt")
    data = packed(dict.fromkeys(names, b"A member with an odd name."))
    read = confined.read(server, data, "names.zip")
    assert read.failure is None
    assert len(read.parts) == len(names)  # and no name is absolute or climbs: checked on arrival


def test_a_damaged_page_is_a_gap_and_the_others_are_read(read: Read) -> None:
    parsed = read((HOSTILE / "Pages-tree-refs.pdf").read_bytes(), "a.pdf")

    assert parsed.text
    assert "page is damaged" in {gap.reason for gap in parsed.gaps}


def test_a_repairable_file_is_read(read: Read) -> None:
    parsed = read((HOSTILE / "helloworld-bad.pdf").read_bytes(), "a.pdf")

    assert parsed.text == "Hello, world!"


# --- the network ----------------------------------------------------------------------------------

NO_NAMESPACE = 77
_READ_UNCONFINED = """
import contextlib, socket, sys, threading, time
from pathlib import Path
from appliance.sandbox import confine
if not confine.isolate_network():
    sys.exit(77)
from appliance.formats import kinds, worker
from appliance.formats.reading import Wishes
from tests.formats.bombs import BAIT
bait = [(name, make()) for name, make in BAIT.items()]
bait += [(file.name, file.read_bytes()) for file in map(Path, sys.argv[2:])]
for name, data in bait:
    with contextlib.suppress(Exception):
        task = kinds.family(data)
        worker.warm(task)
        worker.read(task, Wishes(Path(name).suffix).encode(), data)
if sys.argv[1] == "control":
    with contextlib.suppress(OSError):
        socket.create_connection(("192.0.2.1", 80), 1)
until = time.monotonic() + 3  # reports are sent by threads
while threading.active_count() > 1 and time.monotonic() < until:
    time.sleep(0.05)
lines = Path("/proc/net/snmp").read_text().splitlines()
names, values = [line.split() for line in lines if line.startswith("Ip:")]
sixes = dict(line.split() for line in Path("/proc/net/snmp6").read_text().splitlines())
print(int(values[names.index("OutNoRoutes")]) + int(sixes.get("Ip6OutNoRoutes", 0)))
"""


@pytest.mark.parametrize(("mode", "tried"), [("silent", False), ("control", True)])
def test_hostile_files_bring_no_reader_to_the_network(mode: str, tried: bool) -> None:
    """Without the system-call filter, so that an attempt would show; the kernel counts them."""
    from appliance import offline

    named = ("external", "xxe", "link", "dde", "embedded", "js-buttons", "js_")
    files = [HOSTILE / r["file"] for r in ROWS if any(n in r["file"].lower() for n in named)]
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _READ_UNCONFINED, mode, *map(str, files)],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **offline.SWITCHES},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    if ran.returncode == NO_NAMESPACE:
        pytest.skip("this host forbids network namespaces")
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert len(files) >= 6
    assert (int(ran.stdout.splitlines()[-1]) > 0) is tried
