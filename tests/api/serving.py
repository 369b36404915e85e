"""A running service for tests, in this process on a thread, and callers of several accounts.

Accounts are real: the thread that connects takes another effective user around connect(), which
root may, so the kernel names that user at the other end.  Only the one thread changes.
"""

from __future__ import annotations

import ctypes
import os
import platform
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email.message import Message
from http.client import HTTPConnection
from pathlib import Path

from appliance.api import answering, http_door
from appliance.api.remote import Remote
from appliance.api.service import Answer, Service
from appliance.api.starting import listening
from appliance.app.premises import Premises
from appliance.app.view import Appliance
from appliance.errors import ApplianceError
from appliance.store.records import PrincipalRow

_REAL = os.geteuid()
IS_ROOT = _REAL == 0
_SETRESUID = {"x86_64": 117, "aarch64": 147}[platform.machine()]
_LIBC = ctypes.CDLL(None, use_errno=True)


class Running:
    """A service that answers at ``path``."""

    def __init__(self, service: Service, path: Path, thread: threading.Thread) -> None:
        self.service, self.path, self.thread = service, path, thread
        self.error: ApplianceError | None = None

    def end(self) -> None:
        """Seal it and wait."""
        self.service.seal()
        self.thread.join(300)
        assert not self.thread.is_alive()


@contextmanager
def running(
    premises: Premises,
    path: Path,
    own: Answer = answering.answer,
    http: Answer = http_door.converse,
    **bounds: int,
) -> Iterator[Running]:
    """Answer at ``path`` with some bounds changed, until the end of the block."""
    before = premises.settings
    service = replace(before.service, **bounds)  # type: ignore[arg-type]
    premises.settings = replace(before, service=service)
    ready, listener = threading.Event(), listening(path)
    made = Service(premises, own, http)

    def run() -> None:
        try:
            made.run(listener, ready.set)
        except ApplianceError as error:
            found.error = error

    found = Running(made, path, threading.Thread(target=run))
    premises.sealing = made.seal
    found.thread.start()
    assert ready.wait(60)
    try:
        yield found
    finally:
        found.end()
        premises.sealing = None
        premises.settings = before
        path.unlink(missing_ok=True)


@contextmanager
def account(uid: int) -> Iterator[None]:
    """This thread acts as another account, as far as the kernel looks at effective users."""
    if uid != _REAL:
        assert _LIBC.syscall(_SETRESUID, -1, uid, -1) == 0
    try:
        yield
    finally:
        if uid != _REAL:
            assert _LIBC.syscall(_SETRESUID, -1, _REAL, -1) == 0


def connected(path: Path, uid: int, seconds: float = 300) -> socket.socket:
    """A connection by this account."""
    made = socket.socket(socket.AF_UNIX)
    made.settimeout(seconds)
    try:
        with account(uid):
            made.connect(str(path))
    except BaseException:
        made.close()
        raise
    return made


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back over HTTP."""

    status: int
    headers: Message
    body: bytes


def over_http(
    path: Path, uid: int, method: str, address: str, body: bytes = b"", **headers: str
) -> Reply:
    """One request on a connection of its own."""
    connection = HTTPConnection("service")
    connection.sock = connected(path, uid)
    try:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, address, body or None, names)
        answer = connection.getresponse()
        return Reply(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


def remote(path: Path, uid: int, *, purpose: str = "", code: str = "") -> Appliance:
    """The appliance as this account has it; one connection, so one call at a time."""
    made = Remote(path, connected(path, uid), purpose, lambda _: None, code=code)
    return made  # type: ignore[return-value]


def introduce(premises: Premises, uid: int, *roles: str) -> None:
    """Make an account known, on record, as somebody with these roles."""
    acts = premises.of(os.getuid(), "", lambda _: None).acts
    with acts.act("user_change"):
        premises.store.put_principal(PrincipalRow(uid, f"p{uid}", frozenset(roles)))


@contextmanager
def as_caller() -> Iterator[None]:
    """Whoever calls a service in this block is the account that os.getuid names at the moment.

    Its name is real to the kernel: it is the effective user of the thread that connects.
    """
    from appliance.api import remote

    def connected_as(path: Path) -> socket.socket:
        return connected(path, os.getuid())

    before = remote.connected
    remote.connected = connected_as
    try:
        yield
    finally:
        remote.connected = before


def wait_until(true: Callable[[], bool], seconds: float = 300) -> None:
    """Wait for another thread."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.002)
