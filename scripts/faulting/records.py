"""The fault matrix of the audit log: every system call on its files killed or failed.

The work is a run of acts on a log of small segments, so that it appends, signs checkpoints, closes
and begins segments, removes the oldest one and copies records out.  Every act leaves an *effect*
once its intent is durable, and *releases* a result once its outcome is.  After each fault and a
second run in peace: the log verifies, no effect is without its intent, no release without its
outcome, and every intent has exactly one outcome.
"""

from __future__ import annotations

import random
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.audit import chain
from appliance.audit.log import AuditLog
from appliance.audit.records import Actor, Kind, Record
from appliance.audit.verify import verify
from appliance.crypto import sign
from appliance.crypto.keyring import Key
from appliance.errors import ApplianceError, AuditError
from scripts.faulting import tracing
from scripts.faulting.tracing import FAULTS, STRUCK, Point
from scripts.faulting.trials import Found, spread
from scripts.faulting.warm import Ran, forked

ACTS = 9  # of one run
SEGMENT = 5  # records
CHECKPOINT = 4  # records
SEED, STORE = b"\x01" * 32, "5e" * 16
KEYS = SEED, Key(b"\x02" * 32), Key(b"\x03" * 32), STORE
WORKER = Actor(1000, "Ana")

Trial = tuple[Point, str]


@dataclass(frozen=True, slots=True)
class Bench:
    """One copy of the prepared log and what the acts leave beside it."""

    folder: Path

    @property
    def audit(self) -> Path:
        """The log."""
        return self.folder / "audit"

    def left(self, kind: str) -> set[str]:
        """The acts of which there is an effect, or a release."""
        return {path.name for path in (self.folder / kind).iterdir()}


def measure(
    folder: Path, strace: str, workers: int, sample: int, draw: random.Random
) -> tuple[int, list[Found]]:
    """Try every point, or a sample of them; how many points there are, and what was found."""
    chain.CHECKPOINT_EVERY = CHECKPOINT
    _prepare(folder)
    points = _points(folder, strace)
    trials = [(point, fault) for point in points for fault in FAULTS]
    if 0 < sample < len(trials):
        trials = sorted(draw.sample(trials, sample))

    def trial(worker: int, item: Trial) -> Iterator[Found]:
        yield _tried(_bench(folder, f"worker-{worker}"), strace, item)

    return len(points), spread(trials, workers, trial, folder)


def _prepare(folder: Path) -> None:
    scene = Bench(folder / "scene")
    for kind in ("effects", "releases"):
        (scene.folder / kind).mkdir(parents=True)
    AuditLog.create(scene.audit, *KEYS).close()
    if _work(scene, 0) != 0:
        raise RuntimeError("the log cannot even be prepared")


def _bench(folder: Path, name: str) -> Bench:
    shutil.rmtree(folder / name, ignore_errors=True)
    shutil.copytree(folder / "scene", folder / name)
    return Bench(folder / name)


def _work(bench: Bench, run: int) -> int:
    """One run: acts, one of which copies records out, and the oldest segment removed."""
    try:
        with AuditLog.open(bench.audit, *KEYS, segment_records=SEGMENT) as log:
            for number in range(ACTS):
                _act(bench, log, f"{1000 * run + number:032x}", export=number == ACTS - 2)
            log.remove_segment(WORKER)
    except ApplianceError as error:
        print(f"{type(error).__name__}: {error.message}")
        return error.exit_code
    return 0


def _act(bench: Bench, log: AuditLog, id: str, *, export: bool) -> None:
    intent = log.intent(WORKER, "audit_export" if export else "ask", documents=[id])
    (bench.folder / "effects" / id).touch()
    copied = "".join(f"{record.seq}\n" for record in log.records()) if export else ""
    log.outcome(intent, "done", documents=[id])
    (bench.folder / "releases" / id).write_text(copied)


def _points(folder: Path, strace: str) -> list[Point]:
    """Every call on the log's files in a run in peace.

    Raises:
        RuntimeError: the run failed, or two runs did not have the same calls.
    """
    seen = []
    for _ in range(2):
        bench = _bench(folder, "watched")
        trace = folder / "watched.trace"
        fork = forked(bench.folder / "printed", lambda: _work(bench, 1))  # noqa: B023 - run at once
        tracer = tracing.attached(strace, fork, trace, tracing.watching())
        fork.go()
        ran = fork.wait()
        tracer.communicate()
        if ran.status != 0:
            raise RuntimeError(f"the watched run ended with {ran.status}: {ran.output}")
        seen.append(tracing.points(trace.read_text("utf-8"), bench.folder, [bench.audit])[0])
    if seen[0] != seen[1]:
        raise RuntimeError(f"two runs differ: {sorted(set(seen[0]) ^ set(seen[1]))[:5]}")
    return seen[0]


def _tried(bench: Bench, strace: str, trial: Trial) -> Found:
    point, fault = trial
    struck, ran = _struck(bench, strace, point, fault)
    violations = []
    if struck and fault != "KILL" and ran.status not in (0, AuditError.exit_code):
        violations.append(f"the struck run ended with {ran.status}: {ran.output[-300:]}")
    known = _known(bench)
    violations += _missing(bench, known)
    again = forked(bench.folder / "printed", lambda: _work(bench, 2))
    again.go()
    ran = again.wait()
    if ran.status != 0:
        violations.append(f"the next run ended with {ran.status}: {ran.output[-300:]}")
    else:
        violations += _problems(bench)
    where = f"{point.path} {point.call} {point.number} {fault}"
    return Found(f"log {point.call} {fault}", where, tuple(violations), struck)


def _struck(bench: Bench, strace: str, point: Point, fault: str) -> tuple[bool, Ran]:
    trace = bench.folder / "trace"
    fork = forked(bench.folder / "printed", lambda: _work(bench, 1))
    options = tracing.striking(point, fault, bench.folder)
    tracer = tracing.attached(strace, fork, trace, options)
    fork.go()
    ran = fork.wait()
    tracer.communicate()
    if fault == "KILL":
        return ran.status == -signal.SIGKILL, ran
    return STRUCK in trace.read_text("utf-8"), ran


def _known(bench: Bench) -> str:
    """All lines as the fault left them: what was durable stands among them."""
    files = sorted((bench.audit / "log").glob("*.jsonl"))
    return "".join(path.read_text("ascii", "replace") for path in files)


def _missing(bench: Bench, lines: str) -> Iterator[str]:
    """Effects and releases of the struck run that the files do not account for."""
    for kind, wanted in (("effects", "intent"), ("releases", "outcome")):
        recorded = {
            line.split('"documents":["')[1][:32]
            for line in lines.splitlines()
            if f'"kind":"{wanted}"' in line and '"documents":["' in line
        }
        early = {f"{number:032x}" for number in range(ACTS)}  # of the scene; may be removed
        for id in sorted(bench.left(kind) - recorded - early):
            yield f"{int(id, 16)}: {kind[:-1]} without {wanted}"


def _problems(bench: Bench) -> Iterator[str]:
    try:
        verify(bench.audit, sign.public_key(SEED))
    except ApplianceError as error:
        yield f"the log does not verify: {error.message}"
        return
    records = _records(bench)
    answers = Counter(record.of for record in records if record.kind is Kind.OUTCOME)
    for record in records:
        if record.kind is Kind.INTENT and answers[record.id] != 1:
            yield f"record {record.seq} has {answers[record.id]} outcomes"


def _records(bench: Bench) -> list[Record]:
    with AuditLog.open(bench.audit, *KEYS, segment_records=SEGMENT) as log:
        return list(log.records())
