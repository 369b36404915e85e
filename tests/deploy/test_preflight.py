"""Preflight: each thing that a machine may lack is said with what was found and the remedy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from deploy.installer.manifest import Entry, Manifest, Targets, Volume
from deploy.installer.preflight import GIB, Facts, judge, look

FINE = Facts(
    machine="x86_64",
    glibc=(2, 36),
    python=(3, 11),
    free_disk=100 * GIB,
    free_inodes=10**6,
    memory=16 * GIB,
    driver=580,
    capability=90,
    compiler=True,
    headers=True,
    exec_mount=True,
    swap=0,
    clock=1_800_000_000,
    seccomp=True,
    environment=(),
)
GPU = Manifest(
    name="appliance",
    version="1.0.0",
    serial=1,
    variant="gpu",
    targets=Targets("x86_64", "2.31", "3.11", driver=580, capability=75),
    volumes=(Volume("vol1", 1, 1),),
    files=(Entry("wheels/app/a.whl", "wheel", "MIT", "0" * 64, GIB, "vol1"),),
)


def test_a_machine_that_has_everything_passes() -> None:
    assert [check for check in judge(FINE, GPU, 0) if check.ok is not True] == []


@pytest.mark.parametrize(
    ("change", "name", "fatal"),
    [
        ({"machine": "aarch64"}, "processor", True),
        ({"glibc": (2, 28)}, "glibc", True),
        ({"python": (3, 12)}, "Python", True),
        ({"free_disk": GIB}, "disk", True),
        ({"free_inodes": 10}, "inodes", True),
        ({"memory": GIB}, "memory", True),
        ({"driver": 0}, "NVIDIA driver", True),
        ({"driver": 570}, "NVIDIA driver", True),
        ({"capability": 70}, "compute capability", True),
        ({"compiler": False}, "C compiler", True),
        ({"headers": False}, "Python's headers", True),
        ({"exec_mount": False}, "programs run from the prefix", True),
        ({"seccomp": False}, "seccomp filters", True),
        ({"swap": GIB}, "swap", False),
        ({"clock": 0.0}, "clock", False),
        ({"environment": ("HF_TOKEN",)}, "environment", False),
    ],
)
def test_each_lack_is_named_with_its_remedy(
    change: dict[str, object], name: str, fatal: bool
) -> None:
    failed = [c for c in judge(replace(FINE, **change), GPU, 0) if c.ok is not True]  # type: ignore[arg-type]

    assert [check.name for check in failed] == [name]
    assert failed[0].ok is (False if fatal else None)
    assert failed[0].remedy
    assert failed[0].found


def test_the_room_counts_what_is_not_here_yet() -> None:
    tight = replace(FINE, free_disk=3 * GIB)

    assert all(check.ok for check in judge(tight, GPU, 0))
    assert [c.name for c in judge(tight, GPU, GIB) if not c.ok] == ["disk"]


def test_this_machine_can_be_looked_at(tmp_path: Path) -> None:
    facts = look(tmp_path / "not" / "there", {"https_proxy": "http://proxy", "HTTP_PROXY": "x"})

    assert facts.memory > 0
    assert facts.free_disk > 0
    assert facts.environment == ("http_proxy", "https_proxy")
