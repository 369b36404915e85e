"""The engine in the foreground, for a service manager: starts it, says when it answers, waits.

The same launcher, walls and record as `appliance.engine.server`; no store and no passphrase.  Ends
when the engine ends, and ends the engine when it is ended itself.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import suppress

from appliance.config import Settings
from appliance.engine import failures, server
from appliance.engine.command import Places
from appliance.errors import EngineUnavailable

GROUP = 0o660  # the owner and the group, as connect(2) asks for


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
        ready()
        code = _ended(server.status(settings).pid)
    finally:
        server.stop(settings)
    raise failures.explain(Places(settings.run).log, code)


def _ended(pid: int | None) -> int:
    """Wait for the engine, which is a child of this process; its exit code."""
    with suppress(ChildProcessError):  # gone before anybody could wait for it
        if pid is not None:
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return 1


def notify(address: str, message: str) -> None:
    """Tell the service manager how it stands (sd_notify(3)); nothing without an address."""
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.sendto(message.encode(), address)
