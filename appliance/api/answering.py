"""One connection of the service, attended to until its caller has gone.

What is said, each a message (frames.py) with one key:

==========  =========================================================================
caller      ``hello`` (version, purpose, code, via), then calls: ``call`` with
            ``arguments``; while one is answered ``item``, ``end`` or ``fault`` to
            every ``next``, and ``more`` or ``stop`` to every ``yield``
core        ``welcome``; of a call any number of ``note`` (a line for the person who
            waits), ``next`` (the stream that was promised goes on), ``yield``; at
            last ``done`` or ``error`` (class of errors.py, message, remedy)
==========  =========================================================================

The core believes nothing but who calls, which the kernel says.  A caller who goes away ends the
call as Ctrl-C would: at its next step it is interrupted, and that is its outcome on record.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from typing import cast

from appliance.api import files
from appliance.api.calls import Method, method_at
from appliance.api.fair import Turn, Turns
from appliance.api.frames import LARGEST_CALL, MAGIC, Connection, Garbled, Gone, Message
from appliance.api.peer import Peer
from appliance.api.telling import VERSION, told
from appliance.app.acts import Via
from appliance.app.premises import Premises
from appliance.app.view import Appliance
from appliance.errors import (
    ApplianceError,
    AuditError,
    InputUnreadable,
    InvariantBroken,
    unexpected,
)
from appliance.ingest.folder import Found
from appliance.plain import Plain, from_plain, to_plain

STOPS = (InvariantBroken, AuditError)  # after these the service answers nobody any more
VIAS = frozenset({Via.SERVICE, Via.CONSOLE})  # doors that a caller may say to have come by
LONGEST_WORD = 200  # characters of a purpose or a code


class Interrupted(KeyboardInterrupt):
    """The caller has gone; their call ends as if they had pressed Ctrl-C."""


def answer(connection: socket.socket, premises: Premises, peer: Peer, turns: Turns) -> None:
    """Attend to one caller until they have gone; the first bytes are still to be read.

    Raises:
        InvariantBroken, AuditError: the caller was told; the service must not go on.
    """
    with Connection(connection, LARGEST_CALL) as line, suppress(Gone):
        try:
            line.expect(MAGIC)
            with _view(line, premises, peer) as view:
                line.send({"welcome": {"version": VERSION, "uid": peer.uid}})
                while True:
                    _Call(line, view, peer, turns).answer()
        except Garbled as error:
            line.send(told(error))


def _view(line: Connection, premises: Premises, peer: Peer) -> Appliance:
    """The appliance as this caller sees it."""
    untrusted = _only(line.receive(), "hello")
    if not isinstance(untrusted, dict) or untrusted.get("version") != VERSION:
        raise Garbled("another version of the software speaks here", remedy="use the same on both")
    purpose, code = str(untrusted.get("purpose", "")), str(untrusted.get("code", ""))
    via = str(untrusted.get("via", Via.SERVICE))
    if via not in VIAS or max(len(purpose), len(code)) > LONGEST_WORD:
        raise Garbled("this greeting is none")

    def present() -> None:
        if line.hung_up() or peer.has_gone():
            raise Interrupted

    def notify(said: str) -> None:
        present()
        with suppress(Gone):  # that is found out at the next step
            line.send({"note": said})

    return premises.of(peer.uid, purpose, notify, code=code, via=Via(via), present=present)


class _Call:
    """One call, from its name to its end."""

    def __init__(self, line: Connection, view: Appliance, peer: Peer, turns: Turns) -> None:
        self._line, self._view, self._peer, self._turns = line, view, peer, turns

    def answer(self) -> None:
        """Wait for the call, and do it in its turn.

        Raises:
            Gone: the caller has gone.
            Garbled: what came is no call.
            InvariantBroken, AuditError: the service must not go on.
        """
        method, arguments = self._asked(self._line.receive())
        try:
            with self._turns.turn(self._peer.uid) as turn:
                done = self._done(method, arguments, turn)
            self._line.send(done)
        except Interrupted:
            raise Gone("the caller has gone") from None
        except (Gone, Garbled):
            raise
        except ApplianceError as error:
            self._line.send(told(error))
            if isinstance(error, STOPS):
                raise
        except Exception as error:
            self._line.send(told(unexpected(error)))

    def _asked(self, message: Message) -> tuple[Method, dict[str, object]]:
        message.close()  # nothing is handed over with a call
        untrusted = message.plain
        if not isinstance(untrusted, dict) or set(untrusted) != {"call", "arguments"}:
            raise Garbled("this is no call")
        method = method_at(str(untrusted["call"])[:LONGEST_WORD])
        given = untrusted["arguments"]
        if method is None or not isinstance(given, dict):
            raise Garbled("the service knows no such call", remedy="use the same version on both")
        if not method.fits(given):
            raise Garbled("this call has other arguments")
        try:
            kinds = method.parameters
            return method, {name: from_plain(kinds[name], said) for name, said in given.items()}  # type: ignore[arg-type]
        except ValueError:
            raise Garbled("an argument of this call is of another kind") from None

    def _done(self, method: Method, arguments: Mapping[str, object], turn: Turn) -> Plain:
        """The result; of a stream all but its end was said already."""
        room = getattr(self._view, method.room) if method.room else self._view
        if method.stream:
            pulled = self._pulled(method.parameters[method.stream], turn)
            arguments = {**arguments, method.stream: pulled}
        result = getattr(room, method.name)(**arguments)
        if not method.yields:
            return {"done": to_plain(result)}
        with closing(result):
            for item in result:
                if self._asked_next({"yield": to_plain(item)}, turn).plain != {"more": True}:
                    break
        return {"done": None}

    def _asked_next(self, said: Plain, turn: Turn) -> Message:
        """Say something and wait for the answer; meanwhile others may work in this place.

        Raises:
            Interrupted: the caller has gone.
        """
        try:
            with turn.aside():
                self._line.send(said)
                return self._line.receive()
        except Gone:
            raise Interrupted from None

    def _pulled(self, kind: object, turn: Turn) -> Iterator[object]:
        """The stream that the caller promised, one item when one is needed."""
        handed = Found in getattr(kind, "__args__", (kind,))
        expected: type = files.Entry if handed else kind  # type: ignore[assignment]
        while True:
            message = self._asked_next({"next": True}, turn)
            untrusted = message.plain if isinstance(message.plain, dict) else {}
            if "item" not in untrusted:
                message.close()
                if "fault" in untrusted:  # theirs; they know it better
                    raise InputUnreadable("the caller could not go on", remedy="see their message")
                return
            try:
                item: object = from_plain(expected, untrusted["item"])
            except ValueError:
                message.close()
                raise Garbled("an item of a stream is of another kind") from None
            if handed:
                yield files.taken(cast(files.Entry, item), message.descriptors)
            else:
                message.close()
                yield item


def _only(message: Message, key: str) -> Plain:
    message.close()
    if not isinstance(message.plain, dict) or set(message.plain) != {key}:
        raise Garbled("something else was said than expected")
    return message.plain[key]
