"""What the audit log and the policy cost: durable records, verification, decisions."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from appliance.access.policy import AccessClass, PolicySet
from appliance.access.principals import Principal
from appliance.audit.log import AuditLog
from appliance.audit.records import Actor
from appliance.audit.verify import verify
from appliance.crypto.keyring import new_key
from appliance.crypto.sign import new_signing_key
from scripts.benches.figure import Figure

DURABLE = 400  # records, on the disk of the temporary folder
MANY = 20_000  # records, in memory
CLASSES = 500
WIDTH = 700  # bytes: about one record


def measure(root: Path) -> list[Figure]:
    """Records per second, durable and verified; milliseconds for the decisions of one request.

    ``root`` is the project's folder: its default policies are measured.
    """
    memory = Path("/dev/shm")  # noqa: S108 - the code's own cost, without a disk under it
    with tempfile.TemporaryDirectory() as disk:
        figures = _durable(Path(disk))
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as quick:
        figures += _verified(Path(quick))
    return [*figures, _decided(root / "policies")]


def _durable(folder: Path) -> list[Figure]:
    """Ours against bare write and fdatasync, by turns in one run."""
    with _log(folder / "audit") as log:
        file = os.open(folder / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        ours = bare = 0.0
        for _ in range(10):
            bare += _once(lambda: _write(file, DURABLE // 10))
            ours += _once(lambda: _act(log, DURABLE // 20))
        os.close(file)
    on = f"{DURABLE} records with a sealed question, on the disk of the temporary folder"
    return [
        Figure("audit", "durable records", DURABLE / ours, "records/s", on=on),
        Figure("audit", "bare write + fdatasync", DURABLE / bare, "lines/s", on=on),
        Figure("audit", "time against bare write + fdatasync", ours / bare, "x", on=on),
    ]


def _verified(folder: Path) -> list[Figure]:
    with _log(folder / "audit") as log:
        written = _once(lambda: _act(log, MANY // 2))
    key = log.public_key
    begun = time.process_time()
    records = verify(folder / "audit", key).records
    spent = time.process_time() - begun
    on = f"{records} records in memory"
    rate = records / spent
    return [
        Figure("audit", "append, without a disk", MANY / written, "records/s", on=on),
        Figure("audit", "verify", rate, "records/s of one core", ">= 100000", rate >= 1e5, on),
    ]


def _decided(policies: Path) -> Figure:
    loaded = PolicySet.load(policies)
    person = Principal(1000, "bench", frozenset({"operator"}))
    classes = [AccessClass(f"{n:032x}", "legal", kind=str(n)) for n in range(CLASSES)]
    seconds = min(_once(lambda: loaded.decide(person, "ask", classes, "")) for _ in range(5))
    return Figure("audit", "decide", seconds * 1e3, "ms", on=f"{CLASSES} access classes, best of 5")


def _log(folder: Path) -> AuditLog:
    return AuditLog.create(folder, new_signing_key(), new_key(), new_key(), "be" * 16)


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
