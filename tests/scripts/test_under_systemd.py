"""The proof under systemd, as far as it needs no machine: what it asks for, and what it says."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from scripts.proving import machine, namespace, release, under_systemd
from scripts.proving.machine import Host, Machine
from scripts.proving.under_systemd import Failed, Proof

GB = 10**9
FIT = Host(
    root=True,
    systemd=True,
    missing=(),
    whole=True,
    installed=False,
    refused="",
    memory=8 * GB,
    disk=20 * GB,
)
HYBRID = """\
/dev/vda / ext4 rw 0 0
tmpfs /sys/fs/cgroup tmpfs rw,mode=755 0 0
cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,nosuid,relatime,cpu,cpuacct 0 0
cgroup /sys/fs/cgroup/cpuset cgroup rw,relatime,cpuset,clone_children 0 0
cgroup /sys/fs/cgroup/systemd cgroup rw,relatime,xattr,name=systemd 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime,nsdelegate 0 0
"""


def test_a_host_that_fits_lacks_nothing() -> None:
    assert machine.lacks(FIT, 6 * GB, 12 * GB) == []


@pytest.mark.parametrize(
    ("host", "named"),
    [
        (replace(FIT, root=False), "root"),
        (replace(FIT, systemd=False), "/lib/systemd/systemd"),
        (replace(FIT, missing=("nsenter",)), "nsenter"),
        (replace(FIT, whole=False), "file system of its own"),
        (replace(FIT, installed=True), "installed"),
        (replace(FIT, refused="mount: permission denied"), "permission denied"),
        (replace(FIT, memory=GB), "memory: 1.0 GB, needed 6.0 GB"),
        (replace(FIT, disk=GB), "--scratch: 1.0 GB, needed 12.0 GB"),
    ],
)
def test_what_a_host_lacks_is_named(host: Host, named: str) -> None:
    (line,) = machine.lacks(host, 6 * GB, 12 * GB)
    assert named in line


def test_hierarchies_of_control_groups() -> None:
    assert machine.groups(HYBRID) == [
        ("cgroup", "cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct"),
        ("cgroup", "none,name=systemd", "/sys/fs/cgroup/systemd"),
        ("cgroup2", "rw", "/sys/fs/cgroup/unified"),
    ]
    alone = "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nsdelegate,memory_recursiveprot 0 0\n"
    assert machine.groups(alone) == [("cgroup2", "rw", "/sys/fs/cgroup")]


def test_the_shell_reads_what_it_is_given() -> None:
    script = namespace.ROOT / "scripts" / "proving" / "machine.sh"
    subprocess.run(["sh", "-n", str(script)], check=True)


@pytest.mark.parametrize("words", [[], ["/nowhere"], ["/nowhere", "--other"]])
def test_wrong_arguments_end_with_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        under_systemd.main(words)
    assert ended.value.code == 2
    assert "error" in capsys.readouterr().err


def test_help_says_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        under_systemd.main(["--help"])
    assert ended.value.code == 0
    assert "nothing of the host changes" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(("variant", "count"), [("core", 1), ("cpu", 2), ("gpu", 3)])
def test_a_host_that_lacks_something_ends_with_3(
    variant: str,
    count: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(release, "manifest_of", lambda _: SimpleNamespace(variant=variant))
    poor = replace(FIT, root=False, memory=3 * GB)
    monkeypatch.setattr(machine.Host, "of", classmethod(lambda _cls, _scratch: poor))
    words = [str(tmp_path), "--scratch", str(tmp_path)]
    assert under_systemd.main(words) == under_systemd.LACKING == 3
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == count
    assert "root" in lines[0]


class Told:
    """Stands for a machine: what its programs say, by a word of the command."""

    def __init__(self, told: dict[str, str]) -> None:
        self._told = told

    def run(self, *words: str, **_: object) -> subprocess.CompletedProcess[str]:
        said = next((self._told[word] for word in words if word in self._told), "")
        return subprocess.CompletedProcess(words, int(said == "failed"), said, said)

    def journal(self, unit: str, *words: str) -> str:
        return self._told.get("done" if "JOB_RESULT=done" in words else "journal", "")


def proof(told: dict[str, str], *, with_engine: bool = True) -> Proof:
    return Proof(cast("Machine", Told(told)), Path("/nowhere"), with_engine=with_engine)


GOOD = {"show": "Result=success\nExecMainStatus=0\n", "done": "Finished.", "journal": "PASS all"}


def test_a_unit_that_ended_well() -> None:
    assert proof(GOOD)._once("x.service") == "1 lines"


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"start": "failed"}, "failed"),
        ({"show": "Result=exit-code\nExecMainStatus=1\n"}, "exit-code"),
        ({"done": ""}, "condition"),
        ({"journal": "PASS one\n UNKNOWN  engine\n"}, "UNKNOWN  engine"),
    ],
)
def test_a_unit_that_did_not(other: dict[str, str], named: str) -> None:
    with pytest.raises(Failed, match=named) as failed:
        proof(GOOD | other)._once("x.service")
    assert failed.value.unit == "x.service"


def test_a_unit_that_is_started_again_and_again_is_found() -> None:
    shown = "Id=a.service\nNRestarts=0\n\nId=b.service\nNRestarts=7\n"
    with pytest.raises(Failed, match=r"b\.service: started anew 7 times"):
        proof({"show": shown}).failures()
    assert proof({"show": shown.replace("7", "0")}).failures() == ""


def test_a_failed_step_is_named_with_the_journal_of_its_unit(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    there = proof({"start": "failed", "journal": "what the unit said"})
    monkeypatch.setattr(
        Proof, "steps", lambda self: [("first", lambda: "fine"), ("second", self.engine)]
    )
    assert under_systemd._walk(there) == 1
    told = capsys.readouterr()
    assert told.out.startswith("ok    first")
    assert told.err == "FAIL  second: failed\nwhat the unit said\n"


def test_without_an_engine_nothing_of_it_is_tried() -> None:
    some, every = ({n for n, _ in proof({}, with_engine=w).steps()} for w in (False, True))
    assert every - some == {"appliance-engine.service", "the operator asks"}
