"""From a secret to a service that answers, and back to a sealed store.

In this order: the hand is forked, before there is a secret; the secret is asked for; the process
is locked, in all threads, and the lock proved; only then is the store opened, so that keys are
never in a process that could reach a network.  Whatever ends it, the keys go before the engine.
"""

from __future__ import annotations

import errno
import os
import signal
import socket
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from appliance.api import answering, errands, http_door
from appliance.api.service import Service
from appliance.app import release
from appliance.app.premises import Premises
from appliance.audit.records import Actor, Kind
from appliance.config import LONGEST_SOCKET_PATH, Settings
from appliance.crypto.unseal import Secret
from appliance.egress import hand
from appliance.engine import server
from appliance.errors import ApplianceError, ConfigError, StoreBusy, UsageError, unexpected
from appliance.sandbox import resident
from appliance.sandbox.resident import Locked
from appliance.unbroken import ENDING

Notify = Callable[[str], None]
BACKLOG = 128  # connections that wait to be accepted
EVERYBODY, PRIVATE = 0o666, 0o700  # the kernel says who calls; the folder says who may try


@dataclass(frozen=True, slots=True)
class Wish:
    """How to serve."""

    user: str = ""  # whom to become; only root can
    engine: bool = True  # start the engine and load the index's model before they are asked for


def serve(
    settings: Settings,
    secret: Callable[[], Secret],
    wish: Wish,
    notify: Notify,
    ready: Callable[[Locked], None],
) -> int:
    """Answer until the service is sealed; returns the signal that ended it, 0 where somebody did.

    The first signal seals it; those that come while it ends change nothing.

    Args:
        settings: of the store's home.
        secret: asks for what opens the store.
        wish: how.
        notify: told one line at a time what happens.
        ready: called once, when the service answers.

    Raises:
        StoreBusy: a service answers already, or another process works on the store.
        SandboxError: the lock could not be put on, or did not hold.
        WrongPassphrase, StoreMissing, StoreDamaged, AuditError, PolicyError: as `Premises.open`.
        InvariantBroken, AuditError: the service ended itself.
    """
    refuse_a_second(settings.service_socket)
    report_faults(notify)
    helping = errands.fork(settings, wish.user)
    with ExitStack() as ending:
        ending.callback(helping.close)
        opens = secret()
        locked = resident.lock(wish.user)
        hand.use(helping)
        ending.callback(hand.leave)
        premises = Premises.open(settings, opens)
        ending.enter_context(removed_at_the_end(settings.service_socket))  # the keys go before it
        ending.enter_context(premises)
        del opens
        ending.callback(_end_on_record, premises, locked)
        _on_record(premises, locked)
        service = Service(premises, answering.answer, http_door.converse)
        premises.sealing = service.seal
        struck = sealed_by_signals(service.seal)
        listener = ending.enter_context(listening(settings.service_socket))
        if wish.engine:
            threading.Thread(target=_warm, args=(premises, notify), daemon=True).start()
        service.run(listener, lambda: ready(locked))
    return struck[0] if struck else 0


def sealed_by_signals(seal: Callable[[], None]) -> list[int]:
    """From now on a signal that asks this process to end seals; returns those that came so far.

    An exception in the main thread would strike anywhere on the way to the end, and a second one
    what has to be done there.  For the life of the process; of the main thread only.
    """
    struck: list[int] = []

    def told(number: int, _: object) -> None:
        struck.append(number)
        seal()

    for number in ENDING:
        signal.signal(number, told)
    return struck


@contextmanager
def removed_at_the_end(path: Path) -> Iterator[None]:
    """No socket is left at this path after the block."""
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def report_faults(notify: Notify) -> None:
    """What goes wrong in a thread is told by its kind and place: a trace could show content."""

    def told(fault: threading.ExceptHookArgs) -> None:
        if fault.exc_value is not None:
            notify(unexpected(fault.exc_value).message)

    threading.excepthook = told


def refuse_a_second(path: Path) -> None:
    """Raises StoreBusy where something answers at this path already."""
    with suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
        probe.connect(str(path))
        raise StoreBusy(
            f"a service answers at {path} already", remedy="`appliance seal` ends that one"
        )


def listening(path: Path) -> socket.socket:
    """A listening socket at ``path``, in the place of one that nobody listens at.

    Raises:
        ConfigError: the path is too long, or is something else than a socket.
        UsageError: its folder cannot be used.
    """
    if len(os.fsencode(path)) > LONGEST_SOCKET_PATH:
        raise ConfigError(
            f"{path} is too long for a socket", remedy="name a shorter one under [service]"
        )
    fresh = path.with_name(f".{path.name}.new")
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.parent.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        if path.exists() and not stat.S_ISSOCK(path.lstat().st_mode):
            raise ConfigError(f"{path} is no socket", remedy="name another one under [service]")
        fresh.unlink(missing_ok=True)
        made.bind(str(fresh))
        made.listen(BACKLOG)
        fresh.chmod(EVERYBODY)
        fresh.replace(path)  # only now can anybody find it, and it answers
    except OSError as error:
        made.close()
        if error.errno == errno.EADDRINUSE:
            raise StoreBusy(f"{path} is in use", remedy="end the other service") from error
        raise UsageError(
            f"{path} cannot be listened at: {error.strerror}",
            remedy="name a socket in a folder of the service's user, under [service]",
        ) from error
    except BaseException:
        made.close()
        raise
    return made


def _on_record(premises: Premises, locked: Locked) -> None:
    counts = {
        "families_refused": locked.refused,
        "memory_locked": int(locked.memory),
        "network_empty": int(locked.network),
    }
    actor = Actor(os.getuid(), locked.user, "service")
    premises.log.event(Kind.SYSTEM, "serve", actor, counts=counts)


def _end_on_record(premises: Premises, locked: Locked) -> None:
    """However it came about: that the service answers nobody any more, while the log takes it."""
    with suppress(ApplianceError):
        premises.log.event(Kind.SYSTEM, "seal", Actor(os.getuid(), locked.user, "service"))


def _warm(premises: Premises, notify: Notify) -> None:
    """What the first callers would wait for; without it they wait, and are told why."""
    settings = premises.settings
    try:
        premises.warm.library().embed(["warm"])
        if settings.engine_python.exists() and not release.is_core(settings):
            with premises.warm.starting:
                if not server.status(settings).running:
                    premises.warm.model()
                    server.start(settings, notify)
    except ApplianceError as error:
        notify(f"not ready yet: {error.message}")
