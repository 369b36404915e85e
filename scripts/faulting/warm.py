"""One warm process that forks a fresh command line for every trial.

A cold start imports torch and loads a model, about six seconds; a fork has both already, so that
hundreds of trials fit into minutes.  What runs in the fork is the appliance's own command line.
"""

from __future__ import annotations

import functools
import gc
import hashlib
import importlib
import json
import os
import secrets
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from ctypes import CDLL, c_ulong
from dataclasses import dataclass
from pathlib import Path

from appliance import config, offline

_PR_SET_PDEATHSIG, _PR_SET_PTRACER, _ANYBODY = 1, 0x59616D61, c_ulong(-1)
_FAULT = 70  # exit status of a fork whose own Python broke
LONGEST_RUN_S = 900.0  # some seconds on a machine that does nothing else


@dataclass(frozen=True, slots=True)
class Ran:
    """How a forked command ended."""

    status: int  # exit code, or minus the signal that ended it
    output: str  # both streams


@dataclass(frozen=True, slots=True)
class Fork:
    """A command that waits in its fork until it is let go."""

    pid: int
    gate: int
    log: Path

    def go(self) -> None:
        """Let it begin."""
        os.write(self.gate, b"g")
        os.close(self.gate)

    def wait(self) -> Ran:
        """Wait for its end; one that takes longer than ``LONGEST_RUN_S`` is ended, as SIGALRM."""
        until = time.monotonic() + LONGEST_RUN_S
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(status)
                return Ran(code, self.log.read_text("utf-8", "replace"))
            if time.monotonic() > until:
                self.kill()
                os.waitpid(self.pid, 0)
                return Ran(-signal.SIGALRM, "did not end")
            time.sleep(0.005)

    def kill(self) -> None:
        """End it and all of its process group at once, as a power cut would."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)


def forked(log: Path, work: Callable[[], int], *, fixed_names: bool = False) -> Fork:
    """Fork a child of a process group of its own that does ``work`` once it is let go.

    Args:
        log: gets what it prints.
        work: returns the exit code.
        fixed_names: make its random names the same at every run, so that a file can be named
            before it exists.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = _FAULT
        try:
            os.close(writing)
            _become_a_command(log)
            if fixed_names:
                fix_names()
            if os.read(reading, 1):
                status = work()
        except SystemExit as ended:  # as SIGTERM ends a command
            status = int(ended.code or 0)
        finally:
            for stream in (sys.stdout, sys.stderr):
                with suppress(OSError, ValueError):
                    stream.flush()
            os._exit(status)
    os.close(reading)
    with suppress(OSError):  # the child does it too; whoever is first
        os.setpgid(pid, pid)
    return Fork(pid, writing, log)


def command(arguments: Sequence[str], passphrase: Path) -> int:
    """The real command line; the code it exits with."""
    from appliance.cli.main import main

    os.environ["APPLIANCE_PASSPHRASE_FILE"] = str(passphrase)
    return main(list(arguments))


def warm_up(first_run: Callable[[], int], scratch: Path) -> None:
    """Import what a first run, in a fork, turns out to need, and load the models for all forks.

    Raises:
        RuntimeError: the first run failed; its output is the message.
    """
    offline.apply(os.environ)
    _load_models()
    loaded = scratch / "modules.json"

    def remembered() -> int:
        code = first_run()
        loaded.write_text(json.dumps(sorted(sys.modules)))
        return code

    fork = forked(scratch / "warm-up.log", remembered)
    fork.go()
    ran = fork.wait()
    if ran.status != 0:
        raise RuntimeError(f"the first run ended with {ran.status}: {ran.output}")
    for name in json.loads(loaded.read_text("utf-8")):
        with suppress(Exception):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()


def fix_names() -> None:
    """Make ``secrets.token_hex`` count per place it is called from, in this process only."""
    counters: Counter[str] = Counter()
    lock = threading.Lock()

    def token_hex(nbytes: int | None = None) -> str:
        code = sys._getframe(1).f_code
        site = f"{code.co_filename}:{code.co_qualname}"
        with lock:
            counters[site] += 1
            number = counters[site]
        return hashlib.sha512(f"{site}:{number}".encode()).hexdigest()[: 2 * (nbytes or 32)]

    secrets.token_hex = token_hex


def die_with_parent() -> None:
    """Whoever stops the harness stops all that it forked (prctl(2))."""
    CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _become_a_command(log: Path) -> None:
    os.setpgid(0, 0)
    die_with_parent()
    target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for ours, theirs in ((nothing, 0), (target, 1), (target, 2)):
        os.dup2(ours, theirs)
    os.close(target)
    os.close(nothing)
    sys.stdout, sys.stderr = (os.fdopen(n, "w", closefd=False) for n in (1, 2))
    CDLL(None).prctl(_PR_SET_PTRACER, _ANYBODY, 0, 0, 0)  # where Yama asks for it


def _load_models() -> None:
    """Each folder is hashed and loaded once; the forks share the memory."""
    from appliance.engine import models
    from appliance.index import embed

    if hasattr(embed._load, "cache_info"):
        return
    settings = config.load()
    embed._load = functools.cache(embed._load)
    models.verify = functools.cache(models.verify)
    embedding = settings.models / settings.search.embedding_model
    embed._load(embedding)
    models.verify(embedding)
    models.verify(settings.models / settings.engine.model)
