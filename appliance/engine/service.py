"""The engine in the foreground, for a service manager: starts it, says when it answers, waits.

The same launcher, walls and record as `appliance.engine.server`; no store and no passphrase.  Ends
when the engine ends, and ends the engine when it is ended itself.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress

from appliance.config import Settings
from appliance.engine import attested, failures, server, told
from appliance.engine.command import Places
from appliance.errors import EngineUnavailable

GROUP = 0o660  # the owner and the group, as connect(2) asks for
_POLL_S = 0.5


def run(
    settings: Settings,
    progress: server.Progress,
    ready: Callable[[], None],
    *,
    shared: bool = False,
) -> None:
    """Serve until the engine ends, which is always told as an error.

    Args:
        settings: which model, and the socket it answers on.
        progress: is told what happens.
        ready: called once, when the engine answers.
        shared: lets the group of the socket's folder use the socket, not its owner alone.

    Raises:
        ModelError, EngineUnavailable, ConfigError: as `server.start`.
        EngineError: the engine ended by itself; the message says how.
    """
    if server.status(settings).running:
        raise EngineUnavailable(
            f"an engine answers at {settings.engine_socket} already",
            remedy="see `appliance engine status`; end it with `appliance engine stop`",
        )
    server.start(settings, progress)
    try:
        if shared:
            settings.engine_socket.chmod(GROUP)
            _tell(settings)
        ready()
        code = _ended(settings, server.status(settings).pid, shared=shared)
    finally:
        server.stop(settings)
        told.beside(settings.engine_socket).unlink(missing_ok=True)
    raise failures.explain(Places(settings.run).log, code)


def _ended(settings: Settings, pid: int | None, *, shared: bool) -> int:
    """Wait for the engine, which is a child of this process, and look at it; its exit code."""
    looked = time.monotonic()
    with suppress(ChildProcessError):  # gone before anybody could wait for it
        while pid is not None:
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                return os.waitstatus_to_exitcode(status)
            if shared and time.monotonic() - looked > told.EVERY_S:
                looked = time.monotonic()
                _tell(settings)
            time.sleep(_POLL_S)
    return 1


def _tell(settings: Settings) -> None:
    """Leave what the kernel says of the engine for its users; without it they know nothing."""
    found = server.status(settings)
    with suppress(OSError):
        told.write(settings.engine_socket, attested.running(settings, found.pid, found.isolation))


def notify(address: str, message: str) -> None:
    """Tell the service manager how it stands (sd_notify(3)); nothing without an address."""
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.sendto(message.encode(), address)
