"""Running pip and the converter: output to the log, the lock inherited, Ctrl-C passed on."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.installing.problems import SetupProblem
from scripts.installing.progress import Progress

# Settings of the caller's that would send packages elsewhere, or mix others in.
UNWANTED = (
    "PYTHONHOME",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_ROOT",
    "PIP_USER",
)
GRACE_S = 10.0
NETWORK_SIGNS = (
    "Temporary failure in name resolution",
    "Name or service not known",
    "Max retries exceeded",
    "Connection refused",
    "ConnectTimeout",
    "Read timed out",
    "ProxyError",
    "SSLError",
    "CERTIFICATE_VERIFY_FAILED",
    "Connection aborted",
    "Connection broken",
    "Connection reset by peer",
    "Network is unreachable",
    "error responses",
    "HTTP error 5",
)
CHANGED = "DO NOT MATCH THE HASHES"
PAUSES_S = (5.0, 30.0)  # before what could not be fetched is asked for once more
QUICK_S = 60.0


class ChildFailed(SetupProblem):
    """A child ended with an error. ``output`` is what it wrote."""

    def __init__(self, message: str, *, remedy: str, output: str) -> None:
        super().__init__(message, remedy=remedy)
        self.output = output


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs children to their end.

    ``lock`` is the descriptor of the set-up lock: a child keeps it open, so that a child left
    over by ``kill -9`` still holds off the next set-up until it has ended.
    """

    environment: Mapping[str, str]
    log: Path
    lock: int
    progress: Progress

    def run(self, command: Sequence[str | Path], detail: Callable[[], str] = str) -> None:
        """Run one to its end, as `run_all`."""
        self.run_all((command,), detail)

    def bring(self, command: Sequence[str | Path], detail: Callable[[], str] = str) -> None:
        """Run one that downloads, as `run_all`; again where the network failed for a moment.

        pip tries a connection several times, but a file that breaks off ends it.
        """
        for pause in PAUSES_S:
            begun = time.monotonic()
            try:
                self.run(command, detail)
            except ChildFailed as failure:
                if not passes(failure.output, time.monotonic() - begun):
                    raise
            else:
                return
            self.progress.note(f"      fetching failed; once more in {pause:.0f} s")
            time.sleep(pause)
        self.run(command, detail)

    def run_all(
        self, commands: Sequence[Sequence[str | Path]], detail: Callable[[], str] = str
    ) -> None:
        """Run some beside each other to the end, ticking once a second with ``detail()``.

        Raises:
            ChildFailed: one ended with an error; the others were ended.
        """
        children: list[subprocess.Popen[bytes]] = []
        with self.log.open("ab") as log:
            for command in commands:
                log.write(("\n$ " + " ".join(map(str, command)) + "\n").encode())
            log.flush()
            begin = log.tell()
            try:
                for command in commands:
                    children.append(self._start(command, log.fileno()))
                code = self._wait(children, detail)
            finally:
                for child in children:
                    if child.poll() is None:
                        stop(child)
        if code != 0:
            raise self._failure(code, begin)

    def _start(self, command: Sequence[str | Path], log: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=dict(self.environment),
            pass_fds=(self.lock,),
        )

    def _wait(self, children: Sequence[subprocess.Popen[bytes]], detail: Callable[[], str]) -> int:
        """0 when all have ended well, else the status of the first that has not."""
        running = list(children)
        while running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                running[0].wait(timeout=1.0)
            codes = [child.poll() for child in running]
            failed = [code for code in codes if code]
            if failed:
                return failed[0]
            running = [child for child in running if child.returncode is None]
            if running:
                self.progress.tick(detail())
        return 0

    def _failure(self, code: int, begin: int) -> ChildFailed:
        with self.log.open("rb") as log:
            log.seek(begin)
            output = log.read().decode("utf-8", "replace")
        what, remedy = explain(output, code)
        return ChildFailed(
            what, remedy=f"{remedy}; all of its output is in {self.log}", output=output
        )


def stop(child: subprocess.Popen[bytes]) -> None:
    """End a child: politely, then not."""
    child.send_signal(signal.SIGINT)
    try:
        child.wait(GRACE_S)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        child.kill()
        child.wait()


def environment(caller: Mapping[str, str], temporary: Path) -> dict[str, str]:
    """The caller's environment (proxies, certificates, pip's settings) without what misleads."""
    kept = {name: value for name, value in caller.items() if name not in UNWANTED}
    kept.update(
        PIP_DISABLE_PIP_VERSION_CHECK="1",
        PIP_NO_INPUT="1",
        PIP_PROGRESS_BAR="off",
        TMPDIR=str(temporary),
        HF_HOME=str(temporary / "hf"),
    )
    return kept


def offline(environment: Mapping[str, str]) -> dict[str, str]:
    """The same, with nothing of pip's settings left: packages come from one folder only."""
    kept = {name: value for name, value in environment.items() if not name.startswith("PIP_")}
    kept.update(
        PIP_CONFIG_FILE=os.devnull,
        PIP_DISABLE_PIP_VERSION_CHECK="1",
        PIP_NO_INPUT="1",
        PIP_PROGRESS_BAR="off",
    )
    return kept


def passes(output: str, seconds: float) -> bool:
    """Whether it may be otherwise in a moment, from what pip wrote and how long it tried.

    Old pips take a file that broke off for a changed one.  Where nothing can be reached they have
    waited long enough themselves; a traceback is of a file that broke off.
    """
    network = any(sign in output for sign in NETWORK_SIGNS)
    return CHANGED in output or (network and (seconds < QUICK_S or "Traceback" in output))


def explain(output: str, code: int) -> tuple[str, str]:
    """What went wrong, from what the child wrote, and the remedy."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    if CHANGED in output:
        named = next((line for line in lines if " from " in line and "http" in line), "")
        named = named or next((line for line in lines if "(from -r" in line), lines[-1])
        return (
            f"a package is not the one the lock names; nothing of it was installed: {named}",
            "find out who changed it on the index or mirror before you go on",
        )
    if "No space left on device" in output:
        return "the disk is full", "free some space and run set-up again: it goes on from here"
    missing = next((line for line in lines if "No matching distribution found" in line), "")
    if any(sign in output for sign in NETWORK_SIGNS):
        return (
            missing or "the package index cannot be reached",
            "check network, proxy (https_proxy) and certificates (PIP_CERT), or install from a "
            "folder of wheels with --wheels DIR, then run set-up again: it goes on from here",
        )
    if missing:
        return missing, "use an index or a find-links folder (PIP_FIND_LINKS) that holds it"
    last = next((line for line in reversed(lines) if "rror" in line), lines[-1] if lines else "")
    return f"a step ended with status {code}: {last}", "run set-up again"
