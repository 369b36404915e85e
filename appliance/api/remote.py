"""The appliance at the other end of a socket: the same attributes and methods as ``Appliance``.

A command does not know which of the two it holds.  Every call takes a connection that is free, or
a new one; a stream keeps its own until it ends, so that calls may be made while it goes on.  What
is to be read of the caller's files is opened here, with the caller's rights (files.py).
"""

from __future__ import annotations

import inspect
import os
import socket
import struct
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import cast

from appliance.api import files
from appliance.api.calls import Method, method_at, rooms
from appliance.api.frames import LARGEST_RESULT, MAGIC, Connection, Garbled, Gone
from appliance.api.telling import VERSION, error_of
from appliance.app.acts import Via
from appliance.app.view import Appliance
from appliance.closing import Closing
from appliance.errors import ServiceUnavailable
from appliance.ingest.folder import Found
from appliance.plain import Plain, from_plain, to_plain

Notify = Callable[[str], None]
PATIENCE_S = 10  # for the first words of a service that answers
_CREDENTIALS = struct.Struct("=iII")  # struct ucred (unix(7)): process, user, group


def reached(
    path: Path,
    purpose: str,
    notify: Notify,
    *,
    code: str = "",
    home: Path | None = None,
    via: Via = Via.SERVICE,
) -> Appliance | None:
    """The appliance behind a service's socket; None where no service answers there.

    Args:
        path: of the socket.
        purpose: of use, for the policy and the record.
        notify: takes one line for the person who waits.
        code: second factor, where one is needed.
        home: whose owner, or root, has to be the one who answers; None: whoever does.
        via: the door by which the person came, for the record.

    Raises:
        ServiceUnavailable: the socket may not be used, or somebody else's process answers.
    """
    try:
        first = connected(path)
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        return None
    except PermissionError as error:
        raise ServiceUnavailable(
            f"{path} may not be used by this account", remedy="ask who runs the service"
        ) from error
    except OSError as error:
        raise ServiceUnavailable(f"{path} does not answer: {error.strerror}") from error
    if not _belongs(first, home):
        first.close()
        raise ServiceUnavailable(
            f"at {path} a process answers that is not of the owner of {home}",
            remedy="do not go on; tell whoever administers this machine",
        )
    return cast(Appliance, Remote(path, first, purpose, notify, code=code, via=via))


class _Room:
    """One room of the appliance, or the appliance itself: every use case as a method."""

    def __init__(self, name: str, link: _Link) -> None:
        self._name, self._link = name, link

    def __getattr__(self, name: str) -> object:
        if not self._name and name in rooms():
            return _Room(name, self._link)
        method = method_at(f"{self._name}.{name}" if self._name else name)
        if method is None:
            raise AttributeError(f"the service answers no {name}")
        return _Bound(method, self._link)


class Remote(Closing, _Room):
    """What `reached` gives; a context manager, as `Appliance` is."""

    def __init__(
        self,
        path: Path,
        first: socket.socket,
        purpose: str,
        notify: Notify,
        *,
        code: str = "",
        via: Via = Via.SERVICE,
    ) -> None:
        """Take over the first connection to the service's socket at ``path``."""
        hello: dict[str, Plain] = {
            "version": VERSION,
            "purpose": purpose,
            "code": code,
            "via": str(via),
        }
        super().__init__("", _Link(path, hello, notify))
        self._link.give(self._link.greeted(first))

    def close(self) -> None:
        """End every connection."""
        self._link.close()

    def carry(self, code: str) -> None:
        """Show this code, or the pass that `Factors.check` gave for one, on every connection."""
        self._link.carry(code)


class _Link:
    """The connections to one service, as one person for one purpose."""

    def __init__(self, path: Path, hello: Mapping[str, Plain], notify: Notify) -> None:
        self._path, self._hello, self.notify = path, dict(hello), notify
        self._free: list[Connection] = []

    def take(self) -> Connection:
        """A connection that nobody else uses.  Raises ServiceUnavailable."""
        while self._free:
            line = self._free.pop()
            if not line.hung_up():
                return line
            line.close()
        try:
            return self.greeted(connected(self._path))
        except OSError as error:
            raise ServiceUnavailable(
                "the service does not answer any more", remedy="it was sealed or it ended"
            ) from error

    def carry(self, code: str) -> None:
        """From now on greet with this code; connections that were greeted before are ended."""
        self._hello["code"] = code
        self.close()

    def give(self, line: Connection) -> None:
        """Keep a connection for the next call."""
        self._free.append(line)

    def greeted(self, fresh: socket.socket) -> Connection:
        """A new connection on which calls may be made.  Raises what the service says."""
        line = Connection(fresh, LARGEST_RESULT)
        try:
            with suppress(Gone):  # whoever is turned away at the door is told why all the same
                line.begin(MAGIC)
                line.send({"hello": self._hello})
            said = _welcome(line)
            if not isinstance(said, dict) or said.get("version") != VERSION:
                raise Garbled("another version of the software answers here")
            line.wait(None)
        except BaseException:
            line.close()
            raise
        return line

    def close(self) -> None:
        """End the connections that are free; one in use ends with its call."""
        while self._free:
            self._free.pop().close()


class _Bound:
    """One use case, ready to be called."""

    def __init__(self, method: Method, link: _Link) -> None:
        self._method, self._link = method, link

    def __call__(self, *positional: object, **named: object) -> object:
        method = self._method
        given = inspect.signature(method.function).bind(None, *positional, **named).arguments
        given.pop("self")
        stream = cast(Iterable[object], given.pop(method.stream)) if method.stream else ()
        arguments = {name: to_plain(value) for name, value in given.items()}
        answers = self._answers(arguments, iter(stream))
        if method.yields:
            return answers
        with suppress(StopIteration):
            while True:
                next(answers)
        return self._result

    def _answers(
        self, arguments: dict[str, Plain], stream: Iterator[object]
    ) -> Generator[object, None, None]:
        """What the core yields, while it is given what it asks for."""
        line, whole = self._link.take(), False
        own: BaseException | None = None
        try:
            line.send({"call": self._method.path, "arguments": arguments})
            while True:
                kind, said = _heard(line, own)
                if kind == "note":
                    self._link.notify(str(said))
                elif kind == "next":
                    own = _give_next(line, stream)
                elif kind == "yield":
                    try:
                        yield self._built(said)
                    except GeneratorExit:
                        whole = _stopped(line)
                        raise
                    line.send({"more": True})
                else:
                    whole = True
                    self._result = None if self._method.yields else self._built(said)
                    return
        except _Told as told:
            whole = True
            raise told.error from None
        finally:
            if whole:
                self._link.give(line)
            else:
                line.close()

    def _built(self, said: Plain) -> object:
        try:
            return from_plain(self._method.result, said)  # type: ignore[arg-type]
        except ValueError:
            raise Garbled("the service answers in another version of the software") from None


class _Told(Exception):
    """The service ended a call with an error; the connection is of use still."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error


def _heard(line: Connection, own: BaseException | None = None) -> tuple[str, Plain]:
    """The next message, by its key.  ``own``: the error for which the core ends the call."""
    message = line.receive()
    message.close()
    if not isinstance(message.plain, dict) or len(message.plain) != 1:
        raise Garbled("the service says something that is no answer")
    ((kind, said),) = message.plain.items()
    if kind == "error":
        raise _Told(own or error_of(said))
    return kind, said


def _welcome(line: Connection) -> Plain:
    try:
        return _heard(line)[1]
    except _Told as told:
        raise told.error from None


def _give_next(line: Connection, stream: Iterator[object]) -> BaseException | None:
    """One more item of a stream of the caller's, or its end; the error in which it ended."""
    try:
        entry = next(stream)
    except StopIteration:
        line.send({"end": True})
        return None
    except Exception as error:
        line.send({"fault": True})
        return error
    descriptors: tuple[int, ...] = ()
    if isinstance(entry, Found):
        entry, descriptors = files.offer(entry)
    try:
        line.send({"item": to_plain(entry)}, descriptors)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    return None


def _stopped(line: Connection) -> bool:
    """Tell the core that no more is wanted; whether it said that it has ended."""
    try:
        line.send({"stop": True})
        while _heard(line)[0] != "done":
            pass
    except (_Told, ServiceUnavailable, Garbled):
        return False
    return True


def connected(path: Path) -> socket.socket:
    """A connection to the socket at ``path``.  Raises OSError."""
    connecting = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connecting.settimeout(PATIENCE_S)
        connecting.connect(os.fspath(path))
    except BaseException:
        connecting.close()
        raise
    return connecting


def _belongs(fresh: socket.socket, home: Path | None) -> bool:
    """Whether the one who listens is the owner of the home folder, or root."""
    if home is None:
        return True
    try:
        owner = home.stat().st_uid
    except OSError:  # not for us to see: whoever named the socket vouches for it
        return True
    said = fresh.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return _CREDENTIALS.unpack(said)[1] in {owner, 0}
