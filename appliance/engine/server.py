"""Starts, stops and sees vLLM's server: one per run folder, whoever asks first starts it.

The engine outlives the command that started it.  Its run folder says which process it is, so that
a later command finds it, and a number that was used again is not taken for it.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from appliance.config import Settings
from appliance.egress import hand
from appliance.engine import attested, failures, happened, launch, models, processes
from appliance.engine.client import get
from appliance.engine.command import (
    Places,
    arguments,
    build_of,
    environment,
    logging_configuration,
)
from appliance.engine.isolation import Isolation
from appliance.engine.launch import PRIVATE, WALL, Order
from appliance.engine.models import ModelIdentity
from appliance.engine.processes import Process
from appliance.errors import NO_SPACE, ConfigError, DiskFull, EngineError, EngineUnavailable
from appliance.plain import Plain

Progress = Callable[[str], None]
START, STOP = "engine start", "engine stop"  # asked of a hand where this process is locked
LONGEST_SOCKET = 107  # bytes; sun_path without its terminator (unix(7))
PATIENCE_S = 15.0  # for a polite end, before the engine is killed
HEALTH_S = 5.0
BUSY_S = 60.0  # for an engine that runs and has much to do, before it counts as one that hangs
LETTING_GO_S = 3.0  # for the socket of a process that was ended
OK = 200
_POLL_S = 0.2
_REPORT_S = 5.0


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """What is known of the engine.  ``running`` means that it answers."""

    running: bool
    pid: int | None = None
    model: str = ""
    digest: str = ""  # of the model's manifest when the engine was started
    isolation: str = ""
    since: str = ""  # RFC 3339, UTC
    socket: str = ""


@dataclass(frozen=True, slots=True)
class _Record:
    """What the run folder remembers of an engine."""

    pid: int
    started: int
    boot: str
    model: str
    digest: str
    since: str

    @property
    def process(self) -> Process:
        return Process(self.pid, self.started)


def start(settings: Settings, progress: Progress, wall: Isolation | None = None) -> None:
    """Start the engine and return when it answers; at once when it does already.

    ``progress`` is told what happens, with the seconds gone by.  ``wall`` demands one kind of
    isolation; by default the best that the host gives is used.

    Raises:
        ModelError: the model is missing or differs from its manifest.
        EngineUnavailable: it did not start, or could not be kept from the network, or the
            attestation of its walls, made anew before each start, failed.
        ConfigError: the socket's path is too long.
        ServiceUnavailable: this process is locked, and its hand has gone.
    """
    if (other := hand.present()) is not None:
        other.ask(START, _named(settings), progress)
        return
    places = _prepared(settings)
    with _turn(settings, places, progress):
        if _serves(settings):
            return
        _end_remains(settings, places)
        identity = models.verify(settings.models / settings.engine.model, places.hashed)
        attested.require(attested.attest(settings, wall), progress)
        child: subprocess.Popen[bytes] | None = None
        try:
            child = _launch(settings, places, identity, wall)
            _await_answer(settings, places, child, progress)
        except BaseException:  # also Ctrl-C: no half-started engine stays behind
            _end_remains(settings, places)
            if child is not None:
                child.wait()
            raise
        happened.note(places.run, happened.STARTED, identity.digest)
        child.returncode = 0  # it lives on by design, of which Popen would warn


def stop(settings: Settings) -> None:
    """End the engine and everything it started; nothing happens when it is not running.

    Raises:
        EngineUnavailable: something of it could not be ended.
    """
    if (other := hand.present()) is not None:
        other.ask(STOP, _named(settings))
        return
    places = Places(settings.run)
    if places.record.exists():
        with _turn(settings, places, lambda _: None):
            _end_remains(settings, places)


def status(settings: Settings) -> EngineStatus:
    """Whether the engine answers, and what is known of it.

    An engine that answers without a record here was started by something else, such as a service
    manager; it is used, and nothing but its socket is known.
    """
    places = Places(settings.run)
    record = _record(places)
    running = _answers(settings.engine_socket, HEALTH_S)
    if record is None or not processes.is_alive(record.process):
        return EngineStatus(running, socket=str(settings.engine_socket))
    return EngineStatus(
        running=running,
        pid=record.pid,
        model=record.model,
        digest=record.digest,
        isolation=_wall(places.log),
        since=record.since,
        socket=str(settings.engine_socket),
    )


def _named(settings: Settings) -> Plain:
    """All that a hand is told of an engine; it has settings of its own."""
    return {"home": str(settings.home), "model": settings.engine.model}


def _prepared(settings: Settings) -> Places:
    """The private folders, made where they are missing."""
    if len(os.fsencode(settings.engine_socket)) > LONGEST_SOCKET:
        raise ConfigError(
            f"{settings.engine_socket} is too long for a socket",
            remedy=f"name one of at most {LONGEST_SOCKET} bytes under [engine]",
        )
    places = Places(settings.run)
    for folder in (places.run, places.cache):
        _private(folder)
    return places


def _private(folder: Path) -> None:
    """Make a folder that only this user can enter; refuse one that another user made."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise EngineUnavailable(
                f"{folder} belongs to another user", remedy="remove it, or use another home"
            )
        folder.chmod(0o700)
    except OSError as error:
        raise _unwritable(folder, error) from error


@contextmanager
def _turn(settings: Settings, places: Places, progress: Progress) -> Iterator[None]:
    """Only one command starts or stops the engine at a time; the others wait."""
    descriptor = os.open(places.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + settings.engine.start_timeout_s
    told = False
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise EngineUnavailable(
                        "another command has been starting or stopping the engine for too long",
                        remedy="end that command, then try again",
                    ) from None
            if not told:
                progress("another command is starting or stopping the engine; waiting for it")
            told = True
            time.sleep(_POLL_S)
        yield
    finally:
        os.close(descriptor)


def _launch(
    settings: Settings, places: Places, identity: ModelIdentity, wall: Isolation | None
) -> subprocess.Popen[bytes]:
    """Start the program that puts up the walls and then becomes the engine."""
    build = build_of(settings)
    _private(places.scratch)
    order = Order(
        arguments(settings, identity, build),
        environment(settings, places, build),
        wall.value if wall else "",
    )
    with _fresh_log(places) as log:
        child = subprocess.Popen(
            launch.command(),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd=places.run,
            env=launch.ENVIRONMENT,
            start_new_session=True,
            umask=PRIVATE,
        )
    _remember(places, child, identity)
    if child.stdin is not None:
        with suppress(BrokenPipeError), child.stdin as pipe:  # if it ended, its log says why
            pipe.write(order.encode())
    return child


def _fresh_log(places: Places) -> BinaryIO:
    """The engine's log, emptied, and vLLM's logging configuration beside it."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_APPEND
    try:
        _write(places.logging, json.dumps(logging_configuration()))
        return os.fdopen(os.open(places.log, flags, 0o600), "wb")
    except OSError as error:
        raise _unwritable(places.run, error) from error


def _await_answer(
    settings: Settings, places: Places, child: subprocess.Popen[bytes], progress: Progress
) -> None:
    begun = time.monotonic()
    report = begun
    while not _answers(settings.engine_socket, HEALTH_S):
        now = time.monotonic()
        code = child.poll()
        if code is not None:
            raise failures.explain(places.log, code)
        if now - begun > settings.engine.start_timeout_s:
            raise EngineUnavailable(
                f"the engine did not answer within {settings.engine.start_timeout_s} s",
                remedy=f"raise start_timeout_s under [engine]; see {places.log}",
            )
        if now >= report:
            progress(f"starting {settings.engine.model}: {now - begun:.0f} s")
            report = now + _REPORT_S
        time.sleep(_POLL_S)
    progress(f"{settings.engine.model} answers after {time.monotonic() - begun:.0f} s")


def _serves(settings: Settings) -> bool:
    """Whether an engine answers; one that runs has time to, for others may wait for its answers."""
    found = status(settings)
    return found.running or (found.pid is not None and _answers(settings.engine_socket, BUSY_S))


def _answers(path: Path, seconds: float) -> bool:
    if not path.exists():
        return False
    try:
        return get(path, "/health", seconds)[0] == OK
    except EngineError:
        return False


def _end_remains(settings: Settings, places: Places) -> None:
    """End what an earlier engine left: processes, socket, temporary files, the record of it."""
    record = _record(places)
    if record is not None:
        alive = processes.is_alive(record.process)
        processes.end(record.process, PATIENCE_S)
        how = happened.STOPPED if alive else happened.DIED
        happened.note(places.run, how, record.digest)
    _remove_stale(settings.engine_socket)
    shutil.rmtree(places.scratch, ignore_errors=True)
    places.record.unlink(missing_ok=True)


def _remove_stale(path: Path) -> None:
    """vLLM leaves its socket behind, and cannot bind over one.

    A process that was just ended can hold its socket for a moment more: its first thread counts as
    gone before the last one has closed the files.
    """
    deadline = time.monotonic() + LETTING_GO_S
    while path.exists():
        if _nobody_listens(path):
            path.unlink(missing_ok=True)
        elif time.monotonic() > deadline:
            raise EngineUnavailable(
                f"something else is at {path}", remedy="end or remove it, or name another socket"
            )
        else:
            time.sleep(_POLL_S)


def _nobody_listens(path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(path))
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return False


def _remember(places: Places, child: subprocess.Popen[bytes], identity: ModelIdentity) -> None:
    process = processes.identify(child.pid)
    record = _Record(
        pid=child.pid,
        started=process.started if process else 0,
        boot=_boot(),
        model=identity.name,
        digest=identity.digest,
        since=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    )
    try:
        _write(places.record, json.dumps(asdict(record)))
    except OSError as error:
        processes.end(record.process, 0)
        raise _unwritable(places.record, error) from error


def _write(path: Path, text: str) -> None:
    """Whole or not at all, for this user only."""
    partial = path.with_suffix(".partial")
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    partial.replace(path)


def _record(places: Places) -> _Record | None:
    """The engine that the run folder remembers; None if there is none since the last boot."""
    try:
        record = _Record(**json.loads(places.record.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
    return record if record.boot == _boot() else None


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()


def _wall(log: Path) -> str:
    with suppress(OSError), log.open("r", encoding="utf-8", errors="replace") as file:
        first = file.readline(200).strip()
        if first.startswith(WALL):
            return first.removeprefix(WALL)
    return ""


def _unwritable(path: Path, error: OSError) -> EngineUnavailable | DiskFull:
    if error.errno in NO_SPACE:
        return DiskFull(f"no space is left for {path}", remedy="free space on its disk")
    return EngineUnavailable(
        f"{path} cannot be used: {error.strerror}", remedy="correct its permissions"
    )
