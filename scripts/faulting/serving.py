"""The service under load, ended again and again at random moments, and opened after each.

People take files in, run batches, ask, list, lose rights and get them back, and vanish; then a
signal, `seal` or a power cut strikes the service.  It has to end by itself and say how; nothing
that it told somebody is lost, nothing of it goes on, and what was under way has its outcome.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from appliance import config
from appliance.api import remote
from appliance.app.premises import Premises
from appliance.app.view import Appliance
from appliance.app.work.taking import Manner
from appliance.audit.verify import verify
from appliance.errors import ApplianceError, Busy, Denied, NotFound, ServiceUnavailable, StoreBusy
from appliance.ingest.folder import walk
from scripts.faulting import papers
from scripts.faulting.killing import has_ended, outliving
from scripts.faulting.scene import PASSPHRASE, QUESTION, Desk, Scene
from scripts.faulting.trials import Found
from scripts.faulting.warm import Fork, command, forked
from tests.api.serving import IS_ROOT, connected, introduce

OWNER, GUEST = (1001, 1002) if IS_ROOT else (os.getuid(), os.getuid())
WHERE, APART = "load", "apart"  # two that take files in need two collections


@dataclass(frozen=True, slots=True)
class Blow:
    """What ends the service, and the status that it ends with."""

    name: str
    number: int  # of a signal; 0: somebody seals it
    status: int


KILLED = Blow("SIGKILL", signal.SIGKILL, -signal.SIGKILL)
BLOWS = (
    KILLED,
    Blow("SIGINT", signal.SIGINT, 130),
    Blow("SIGTERM", signal.SIGTERM, 143),
    Blow("SIGHUP", signal.SIGHUP, 129),
    Blow("seal", 0, 0),
)
TWICE, IMPATIENCE_S = 0.3, 0.3  # share of the blows that come twice, and how soon after the first
LONGEST_S = 4.0  # from the first answer to the blow
_ENDS = (0, 7, 15, 18, 19, 20, 22, 23)  # of a command whose service goes away, or whose rights do
_FILES = 6


def measure(scene: Scene, times: int, seed: int) -> list[Found]:
    """Strike ``times`` times; one finding each."""
    draw = random.Random(seed)  # noqa: S311 -- no secret
    desk = scene.desk("service")
    with tempfile.TemporaryDirectory(prefix="appliance-") as door:
        Path(door).chmod(0o711)  # for other accounts
        address = Path(door) / "s"
        with (desk.home / "appliance.toml").open("a") as settings:
            settings.write(f'[service]\nsocket = "{address}"\n')
        with Premises.open(config.load(desk.home), PASSPHRASE) as premises:
            for uid in {OWNER, GUEST} if IS_ROOT else ():
                introduce(premises, uid, "operator")
            for name in (WHERE, APART):
                premises.of(OWNER, "", lambda _: None).create_collection(name, "legal")
        return [_struck(desk, address, number, draw) for number in range(times)]


def _struck(desk: Desk, address: Path, number: int, draw: random.Random) -> Found:
    blow, delay, again = draw.choice(BLOWS), draw.uniform(0, LONGEST_S), draw.random() < TWICE
    where = f"{number}: {blow.name}{', twice,' * again} after {delay:.3f} s"
    serve = ["--home", str(desk.home), "serve", *draw.choice(((), ("--cold",)))]
    service = forked(desk.log, lambda: command(serve, desk.scene.passphrase))
    service.go()
    while not _answers(address):
        if has_ended(service.pid):
            return Found("service", where, (f"it does not begin: {service.wait().output[-600:]}",))
        time.sleep(0.01)
    callers = [_calling(desk, address, call, draw.random()) for call in _CALLERS]
    time.sleep(delay)
    started = _descendants(service.pid)
    _strike(service.pid, address, blow)
    if again:
        time.sleep(draw.uniform(0, IMPATIENCE_S))
        _strike(service.pid, address, blow)
    ran = service.wait()
    wrong = [f"a process outlived it: {pid}" for pid in outliving(started)]
    if ran.status != blow.status:
        wrong.append(f"it ended with {ran.status}: {ran.output[-600:]}")
    if address.exists() and blow is not KILLED:
        wrong.append("its socket is left")
    for call, caller in zip(_CALLERS, callers, strict=True):
        ended = caller.wait()
        if ended.status not in _ENDS:
            wrong.append(f"{call.__name__} ended with {ended.status}: {ended.output[-900:]}")
    if blow is not KILLED:
        wrong += [f"without an outcome: {action}" for action in _unanswered(desk)]
    return Found("service", where, (*wrong, *_lost(desk)))


def _strike(pid: int, address: Path, blow: Blow) -> None:
    with suppress(ProcessLookupError, ServiceUnavailable):
        if blow.number:
            os.kill(pid, blow.number)
        else:
            with _reached(address, os.getuid()) as appliance:
                appliance.seal()


def _unanswered(desk: Desk) -> list[str]:
    """The acts that the log leaves open, looked at before an opening answers them."""
    begun: dict[str, str] = {}
    for file in sorted((desk.home / "audit" / "log").glob("*.jsonl")):
        for record in map(json.loads, file.read_bytes().splitlines()):
            if record["kind"] == "intent":
                begun[record["id"]] = record["action"]
            elif record["kind"] == "outcome":
                del begun[record["of"]]
    return sorted(begun.values())


def _lost(desk: Desk) -> Iterator[str]:
    """What is wrong with the store and the log, and what is not there that somebody was told of."""
    try:
        with Premises.open(config.load(desk.home), PASSPHRASE) as premises:
            yield from premises.store.verify()
            verify(desk.home / "audit", premises.log.public_key)
            there = {d.name: d.version for d in premises.store.documents()}
            for said in _told(desk):
                if "result" in said:
                    premises.store.kept(said["result"])
                elif there.get(said["name"], 0) < said["version"]:
                    yield f"a document is lost: {said}"
    except ApplianceError as error:
        yield f"{type(error).__name__}: {error.message}"


# --- callers --------------------------------------------------------------------------------------


def _calling(desk: Desk, address: Path, call: Callable[..., None], seed: float) -> Fork:
    def work() -> int:
        draw = random.Random(seed)  # noqa: S311 -- no secret
        while _answers(address):
            try:
                call(desk, address, draw)
            except ServiceUnavailable:
                return 0
            except (Busy, Denied, NotFound, StoreBusy):
                continue
            except Exception:
                traceback.print_exc()
                return 1
        return 0

    fork = forked(desk.folder / f"{call.__name__}.printed", work)
    fork.go()
    return fork


def _takes_in(desk: Desk, address: Path, draw: random.Random) -> None:
    folder = desk.folder / "mine"
    folder.mkdir(exist_ok=True)
    papers.write_many(folder, _FILES, draw.randrange(1 << 30))
    with _reached(address, OWNER) as appliance:
        for outcome in appliance.ingest(walk(folder), APART, (), Manner()):
            if outcome.taken in {"added", "new version"} and outcome.document and not outcome.part:
                _tell(desk, name=outcome.name, version=outcome.document.version)
        appliance.documents(APART)


def _batches(desk: Desk, address: Path, draw: random.Random) -> None:
    remote.connected = partial(_connected, GUEST)
    out = desk.folder / "out"
    words = ["--home", str(desk.home), "process", str(desk.scene.incoming), "-c", WHERE]
    words += ["--out", str(out), "--summarize", "--vote", "--ask", f"{QUESTION} {draw.random()}"]
    code = command(words, desk.scene.passphrase)
    if code not in _ENDS:
        os._exit(code)
    for line in (out / "results.jsonl").read_bytes().splitlines() if out.exists() else ():
        found = json.loads(line)
        if found.get("id"):
            _tell(desk, result=found["id"])
    time.sleep(0.05)


def _asks(desk: Desk, address: Path, draw: random.Random) -> None:
    with _reached(address, OWNER) as appliance:
        appliance.questions.search(f"samples {draw.randrange(9)}", (WHERE,), 5)
        _, _, result = appliance.questions.ask(QUESTION, (WHERE,), None)
        if result:
            _tell(desk, result=result)
        appliance.questions.results(5)
        for document in appliance.documents(WHERE)[:1]:
            appliance.show(document.id)


def _manages(desk: Desk, address: Path, draw: random.Random) -> None:
    if not IS_ROOT:
        time.sleep(0.1)
        return
    with _reached(address, 0) as appliance:
        with suppress(ApplianceError):
            shown = appliance.governing.add_grant(
                str(GUEST), WHERE, "counsel", contributes=True, until=""
            )
            time.sleep(draw.uniform(0, 0.5))
            appliance.governing.revoke_grant(shown.id)
        appliance.governing.users()
        time.sleep(0.02)


def _vanishes(desk: Desk, address: Path, draw: random.Random) -> None:
    if draw.random() < 0.5:
        with suppress(OSError), _connected(OWNER, address) as line:
            line.sendall(
                draw.choice((b"A", b"APP1", b"APP1\x00\x00", b"GET / HTTP/1.1\r\n", b"?" * 99))
            )
            time.sleep(draw.uniform(0, 0.1))
        return
    pid = os.fork()
    if pid == 0:
        with suppress(BaseException), _reached(address, OWNER) as appliance:
            appliance.questions.ask(QUESTION, (WHERE,), None)
            list(appliance.ingest(walk(desk.scene.incoming), APART, (), Manner()))
        os._exit(0)
    time.sleep(draw.uniform(0, 0.5))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


_CALLERS = (_takes_in, _batches, _asks, _manages, _vanishes)


def _connected(uid: int, path: Path) -> socket.socket:
    return connected(path, uid)


def _reached(address: Path, uid: int) -> Appliance:
    remote.connected = partial(_connected, uid)
    found = remote.reached(address, "", lambda _: None)
    if found is None:
        raise ServiceUnavailable("it has gone")
    return found


def _answers(address: Path) -> bool:
    with suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
        probe.connect(str(address))
        return True
    return False


def _tell(desk: Desk, **said: object) -> None:
    """Keep in mind what the service said that it has."""
    line = (json.dumps(said) + "\n").encode()
    with (desk.folder / "told").open("ab", buffering=0) as file:
        file.write(line)


def _told(desk: Desk) -> Iterator[dict[str, Any]]:
    with suppress(FileNotFoundError):
        for line in set((desk.folder / "told").read_bytes().splitlines()):
            yield json.loads(line)


def _descendants(pid: int) -> set[int]:
    found, left = set[int](), [pid]
    while left:
        for task in Path(f"/proc/{left.pop()}/task").glob("*/children"):
            with suppress(OSError):
                fresh = set(map(int, task.read_text("ascii").split()))
                left += fresh - found
                found |= fresh
    return found
