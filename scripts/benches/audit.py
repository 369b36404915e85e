"""What the audit log and the policy cost: durable records, verification, decisions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from appliance.access.policy import AccessClass, PolicySet
from appliance.access.principals import Principal
from appliance.audit.log import AuditLog
from appliance.audit.records import Actor
from appliance.audit.verify import verify
from appliance.crypto.keyring import new_key
from appliance.crypto.sign import new_signing_key
from scripts.benches import console
from scripts.benches.figure import Figure
from scripts.faulting import tracing

KEYS = new_signing_key(), new_key(), new_key(), "be" * 16
ROUNDS = 12  # by turns: everything is measured under the same load
ACTS = 25  # of each writer and round, two records each
WRITERS = 16
MANY = 100_000  # records, in memory
CLASSES = 500
WIDTH = 900  # bytes: about one record
SLOW_MS = 2  # that each sync takes longer under strace, as on an ordinary disk
SLOW_ROUNDS = 3


def measure(root: Path) -> list[Figure]:
    """Records per second, durable and verified; milliseconds for the decisions of one request.

    And for the console's first page over a million events, whose log takes two minutes to make.

    ``root`` is the project's folder: its default policies are measured.
    """
    memory = Path("/dev/shm")  # noqa: S108 - the code's own cost, without a disk under it
    with tempfile.TemporaryDirectory() as disk:
        figures = _rated(_durable(Path(disk), ROUNDS), f"median of {ROUNDS} rounds by turns, {ON}")
    figures += _slowly(root)
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as quick:
        figures += _verified(Path(quick))
    return [*figures, _decided(root / "policies"), *console.measure(root)]


ON = "records with a sealed question, on the disk"


def _durable(folder: Path, rounds: int) -> tuple[float, ...]:
    """Records a second, by turns in one run: bare write and fdatasync, then ours.

    Ours: one thread of a service, the main thread of a command, many writers.
    """
    with _log(folder / "audit") as log:
        file = os.open(folder / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        bare, main, alone, many = [], [], [], []
        for _ in range(rounds):
            bare.append(_once(lambda: _write(file, 2 * ACTS)))
            alone.append(_threads(1, lambda: _act(log, ACTS)))
            main.append(_once(lambda: _act(log, ACTS)))
            many.append(_threads(WRITERS, lambda: _act(log, ACTS)))
        os.close(file)
    each = 2 * ACTS / np.median([bare, alone, main, many], axis=1) * [1, 1, 1, WRITERS]
    return tuple(float(rate) for rate in each)


def _rated(rates: Sequence[float], on: str, where: str = "") -> list[Figure]:
    bare, single, command, group = rates
    name = f"durable records{where}"
    return [
        Figure("audit", f"bare write + fdatasync{where}", bare, "lines/s", on=on),
        Figure("audit", f"{name}, one thread of a service", single, "records/s", on=on),
        Figure("audit", f"{name}, the main thread of a command", command, "records/s", on=on),
        Figure("audit", f"{name}, {WRITERS} writers", group, "records/s", on=on),
        _ratio(f"one writer against bare write + fdatasync{where}", single / bare, 0.9, on),
        _ratio(f"{WRITERS} writers against one{where}", group / single, 5, on),
    ]


def _slowly(root: Path) -> list[Figure]:
    """The same where a sync takes as long as on an ordinary disk: strace makes it wait."""
    strace, where = tracing.found(), f", a sync of {SLOW_MS} ms"
    if strace is None:
        print("  audit: no strace(1) here, nothing measured with a slow sync", file=sys.stderr)
        return []
    slow = f"inject=fdatasync:delay_exit={SLOW_MS * 1000}"
    traced = ["-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e", slow]
    command = [strace, *traced, sys.executable, "-m", "scripts.benches.audit", str(SLOW_ROUNDS)]
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if ran.returncode:
        print(f"  audit: nothing measured with a slow sync: {ran.stderr[-300:]}", file=sys.stderr)
        return []
    on = f"median of {SLOW_ROUNDS} rounds by turns, {ON}; strace lets each fdatasync wait"
    return _rated(json.loads(ran.stdout), f"{on} {SLOW_MS} ms more, bare and ours", where)


def _ratio(name: str, value: float, least: float, on: str) -> Figure:
    return Figure("audit", name, value, "x", f">= {least}", value >= least, on)


def _verified(folder: Path) -> list[Figure]:
    with _log(folder / "audit") as log:
        written = _once(lambda: _act(log, MANY // 2))
        key = log.public_key
    size = sum(path.stat().st_size for path in (folder / "audit" / "log").iterdir())
    spent = min(_spent(lambda: verify(folder / "audit", key)) for _ in range(3))
    opened = min(_spent(lambda: _reopened(folder / "audit")) for _ in range(3))
    on = f"{MANY} records in memory"
    rate = MANY / spent
    return [
        Figure("audit", "append, without a disk", MANY / written, "records/s", on=on),
        Figure("audit", "verify", rate, "records/s of one core", ">= 300000", rate >= 3e5, on),
        Figure("audit", "read again at open", MANY / opened, "records/s of one core", on=on),
        Figure("audit", "size", size / MANY, "bytes/record", on=f"half of them sealed; {on}"),
    ]


def _decided(policies: Path) -> Figure:
    loaded = PolicySet.load(policies)
    person = Principal(1000, "bench", frozenset({"operator"}))
    classes = [AccessClass(f"{n:032x}", "legal", kind=str(n)) for n in range(CLASSES)]
    seconds = min(_once(lambda: loaded.decide(person, "ask", classes, "")) for _ in range(5))
    return Figure("audit", "decide", seconds * 1e3, "ms", on=f"{CLASSES} access classes, best of 5")


def _log(folder: Path) -> AuditLog:
    return AuditLog.create(folder, *KEYS)


def _reopened(folder: Path) -> None:
    AuditLog.open(folder, *KEYS).close()


def _act(log: AuditLog, times: int) -> None:
    for number in range(times):
        question = {"question": f"What does clause {number} say about notice?"}
        intent = log.intent(Actor(1000, "bench"), "ask", purpose="bench", private=question)
        log.outcome(intent, "done", documents=(f"{number:032x}",), counts={"statements": 2})


def _write(file: int, times: int) -> None:
    for _ in range(times):
        os.write(file, b"x" * WIDTH)
        os.fdatasync(file)


def _once(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _spent(work: Callable[[], object]) -> float:
    """Seconds of one core."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _threads(count: int, work: Callable[[], object]) -> float:
    threads = [threading.Thread(target=work) for _ in range(count)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - begun


if __name__ == "__main__":  # under strace
    with tempfile.TemporaryDirectory() as here:
        print(json.dumps(_durable(Path(here), int(sys.argv[1]))))
