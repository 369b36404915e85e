"""Strikes the main job with faults and counts what it loses: nothing.

matrix  one document's whole path; every write, sync, rename and open on its files killed or failed
kills   the main job over many files, killed at random moments until it is through
interrupts  the same with Ctrl-C and SIGTERM, after which it has to end by itself
service  several callers at once, while the service is ended by signals, `seal` and power cuts
troubles  a full disk, a file too large for its reader, readers killed, an engine that crashes
audit  the audit log: every call on its files killed or failed while it appends, signs, begins and
    removes segments and copies records out; then a log of 200 records changed in every way
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path

from scripts.faulting import (
    double,
    engines,
    killing,
    matrix,
    papers,
    records,
    serving,
    tampering,
    tracing,
    troubles,
)
from scripts.faulting.scene import Scene, prepare
from scripts.faulting.trials import Found, job
from scripts.faulting.warm import warm_up

KINDS = ("matrix", "kills", "interrupts", "service", "troubles", "audit")
FEW = 10  # files under troubles
NO_STRACE = 3  # exit code; 1: something was lost
NEEDED = (
    "strace is needed for the fault matrix; install it (Debian, Ubuntu: apt-get install strace)"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Strike, print, write."""
    options = _options(arguments)
    strace = tracing.found()
    kinds = options.kinds or KINDS
    if {"matrix", "audit"} & set(kinds) and strace is None:
        print(NEEDED, file=sys.stderr)
        return NO_STRACE
    record: dict[str, object] = {"seed": options.seed}
    found: list[Found] = []
    with tempfile.TemporaryDirectory(prefix="appliance-faults-") as scratch:
        if "matrix" in kinds and strace is not None:
            found += _matrix(Path(scratch) / "matrix", strace, options, record)
        if "kills" in kinds:
            found += _kills(Path(scratch), "kills", killing.KILLED, options, record)
        if "interrupts" in kinds:
            found += _kills(Path(scratch), "interrupts", killing.ASKED, options, record)
        if "service" in kinds:
            found += _service(Path(scratch) / "service", options, record)
        if "troubles" in kinds:
            found += _troubles(Path(scratch) / "troubles", options, record)
        if "audit" in kinds and strace is not None:
            found += _audit(Path(scratch) / "audit", strace, options, record)
    violations = [(one.where, said) for one in found for said in one.violations]
    for where, said in violations[: options.show]:
        print(f"VIOLATION {where}: {said}")
    print(f"violations: {len(violations)}")
    record["violations"] = len(violations)
    record["findings"] = [asdict(one) for one in found if one.violations]
    if options.json:
        options.json.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    return 1 if violations else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/faults",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Exit codes: 0 nothing lost, 1 something was, 2 usage, 3 strace is missing.",
    )
    parser.add_argument("kinds", nargs="*", choices=(*KINDS, []), metavar="KIND", help="or both")
    parser.add_argument("--sample", type=int, default=0, help="of the matrix: only so many trials")
    parser.add_argument(
        "--bits", type=int, default=20_000, help="1-bit changes of a log; 0: all 1.2 million"
    )
    parser.add_argument("--kills", type=int, default=200, help="and so many interrupts")
    parser.add_argument("--files", type=int, default=40, help="of the kill loop")
    parser.add_argument("--seed", type=int, default=20, help="of documents, sample and moments")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--show", type=int, default=20, help="violations to print")
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args(arguments)


def _matrix(
    folder: Path, strace: str, options: argparse.Namespace, record: dict[str, object]
) -> list[Found]:
    draw = random.Random(options.seed)  # noqa: S311 -- no secret
    begun = time.monotonic()
    with _warm_scene(folder, papers.write_one) as scene:
        points, found = matrix.measure(scene, strace, options.workers, options.sample, draw)
    classes = matrix.classes(found)
    trials = len(found) - classes.pop("power")
    struck = sum(classes.values())
    for what in sorted(classes):
        print(f"  {what:<18} {classes[what]:>5}")
    broken = sum(bool(one.violations) for one in found)
    print(
        f"matrix: {points} points, {trials} trials, {struck} struck,"
        f" {broken} with violations, {time.monotonic() - begun:.0f} s"
    )
    record["matrix"] = {
        "points": points,
        "trials": trials,
        "struck": struck,
        "classes": classes,
        "missed": [one.where for one in found if not one.struck],
    }
    return found


def _kills(
    scratch: Path,
    kind: str,
    blows: Sequence[killing.Blow],
    options: argparse.Namespace,
    record: dict[str, object],
) -> list[Found]:
    begun = time.monotonic()
    write = partial(papers.write_many, count=options.files, seed=options.seed)
    with _warm_scene(scratch / kind, write) as scene:
        peace, found = killing.measure(scene, options.workers, options.kills, options.seed, blows)
    kills = sum(one.what == "kill" for one in found)
    campaigns = sum(one.what == "campaign" for one in found)
    broken = sum(bool(one.violations) for one in found)
    print(
        f"{kind}: {kills} over {options.files} files in {campaigns} campaigns, {broken} with"
        f" violations, {time.monotonic() - begun:.0f} s; undisturbed {peace.whole_s:.1f} s"
    )
    record[kind] = {"kills": kills, "campaigns": campaigns, "files": options.files}
    return found


def _service(folder: Path, options: argparse.Namespace, record: dict[str, object]) -> list[Found]:
    begun = time.monotonic()
    write = partial(papers.write_many, count=FEW, seed=options.seed)
    with _warm_scene(folder, write) as scene:
        found = serving.measure(scene, options.kills, options.seed)
    broken = sum(bool(one.violations) for one in found)
    print(
        f"service: ended {len(found)} times, {broken} with violations,"
        f" {time.monotonic() - begun:.0f} s"
    )
    record["service"] = {"ends": len(found)}
    return found


def _troubles(folder: Path, options: argparse.Namespace, record: dict[str, object]) -> list[Found]:
    begun = time.monotonic()
    # A file whose reader was killed is read again last: of twins the other would then be the first.
    write = partial(papers.write_many, count=FEW, seed=options.seed, twins=False)
    with _warm_scene(folder, write) as scene:
        peace = killing.undisturbed(scene)
        found = troubles.full_disk(scene, options.workers, peace)
        if not found:
            print("  disk: this host lets nobody mount a small disk; not tried")
        found.append(troubles.little_memory(scene, peace))
        found += troubles.killed_readers(scene, options.workers, peace, options.seed)
        found.append(engines.crashing(scene))
    classes = matrix.classes(found)
    for what in sorted(classes):
        print(f"  {what:<18} {classes[what]:>5}")
    broken = sum(bool(one.violations) for one in found)
    print(f"troubles: {len(found)}, {broken} with violations, {time.monotonic() - begun:.0f} s")
    record["troubles"] = classes
    return found


def _audit(
    folder: Path, strace: str, options: argparse.Namespace, record: dict[str, object]
) -> list[Found]:
    draw = random.Random(options.seed)  # noqa: S311 -- no secret
    begun = time.monotonic()
    points, found = records.measure(folder, strace, options.workers, options.sample, draw)
    classes = matrix.classes(found)
    for what in sorted(classes):
        print(f"  {what:<24} {classes[what]:>5}")
    broken = sum(bool(one.violations) for one in found)
    print(
        f"audit: {points} points, {len(found)} trials, {sum(classes.values())} struck,"
        f" {broken} with violations, {time.monotonic() - begun:.0f} s"
    )
    tampered = list(tampering.measure(tampering.ground(folder / "tampering"), draw, options.bits))
    print(tampering.table(tampered))
    record["audit"] = {
        "points": points,
        "trials": len(found),
        "struck": sum(classes.values()),
        "classes": classes,
        "tampering": [asdict(one) for one in tampered],
    }
    unseen = [one for one in tampered if one.witnessed != one.tries]
    missed = Found("tampering", "with a witness", tuple(one.what for one in unseen))
    return [*found, missed]


@contextmanager
def _warm_scene(folder: Path, write: Callable[[Path], None]) -> Iterator[Scene]:
    scene = prepare(folder, write)
    with double.serving(scene.socket):
        desk = scene.desk("first")
        warm_up(lambda: 0 if job(desk) in (0, 15) else 1, scene.folder)
        yield scene


if __name__ == "__main__":
    sys.exit(main())
