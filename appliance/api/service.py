"""The resident service: listens on a local socket and attends to every caller in a thread.

What comes first on a connection says what it is: ``APP1`` begins the appliance's own protocol
(answering.py), anything else has to be HTTP (openai.py).  Connections are bounded, per person and
in all, and so is every wait; who calls is what the kernel says (peer.py), and whom the catalogue
does not know is turned away, on record.  A caller that hangs, talks nonsense or disappears costs
one thread and nothing else.

The service ends when it is sealed, when it is told to by a signal, or by itself when a security
invariant is broken or the audit log takes no more.  It answers nothing after that: work under way
is ended as if its caller had gone, and gets its outcome.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from appliance.api import refusing
from appliance.api.answering import STOPS
from appliance.api.fair import Turns
from appliance.api.frames import MAGIC
from appliance.api.peer import ROOT, Peer, peer_of
from appliance.app.premises import Premises
from appliance.audit.records import Actor, Kind
from appliance.errors import (
    ApplianceError,
    Busy,
    Denied,
    ServiceUnavailable,
)

UNKNOWN_EVERY_S = 60.0  # a stranger who calls again and again makes one record a minute
_MOMENT_S = 0.05
_BEYOND = 2  # times the bounds: from there on a connection is closed without a word
_NO_ROOM = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

# What attends to one connection until it ends; raises what `STOPS` names.
Answer = Callable[[socket.socket, Premises, Peer, Turns], None]


class Service:
    """The listener and those it attends to."""

    def __init__(self, premises: Premises, own: Answer, http: Answer) -> None:
        """Nothing is answered before ``run``.

        Args:
            premises: open; they stay open when the service ends.
            own: speaks the appliance's protocol.
            http: speaks HTTP.
        """
        self.premises, self._own, self._http = premises, own, http
        self._bounds = premises.settings.service
        self.turns = Turns(self._bounds)
        self._lock = threading.Lock()
        self._callers: dict[socket.socket, tuple[Peer, threading.Thread]] = {}
        self._strangers: dict[int, float] = {}
        self._ears, self._mouth = os.pipe()
        self._sealed = False
        self.fault: ApplianceError | None = None  # why it ended by itself

    def run(self, listener: socket.socket, ready: Callable[[], None] = lambda: None) -> None:
        """Answer until the service is sealed; then end what is under way, within a time.

        Raises:
            InvariantBroken, AuditError: that is why it ended.
        """
        listener.setblocking(False)
        poll = select.poll()
        poll.register(listener, select.POLLIN)
        poll.register(self._ears, select.POLLIN)
        try:
            ready()
            while not self._sealed:
                poll.poll()
                try:
                    connection, _ = listener.accept()
                except OSError as error:
                    if error.errno in _NO_ROOM:
                        time.sleep(_MOMENT_S)
                    continue
                self._admit(connection)
        finally:
            self._end(listener)
        if self.fault is not None:
            raise self.fault

    def seal(self) -> None:
        """End the service, from any thread or a signal's handler; returns at once."""
        if not self._sealed:  # no lock: a handler may have interrupted whoever holds it
            self._sealed = True
            with suppress(OSError):
                os.write(self._mouth, b".")

    def callers(self) -> int:
        """How many connections are open."""
        with self._lock:
            return len(self._callers)

    # --- one connection ---------------------------------------------------------------------------

    def _admit(self, connection: socket.socket) -> None:
        try:
            peer = peer_of(connection)
        except ServiceUnavailable:
            connection.close()
            return
        if self._crowd(peer.uid) >= _BEYOND:
            connection.close()
            peer.close()
            return
        thread = threading.Thread(
            target=self._attend, args=(connection, peer), name="caller", daemon=True
        )
        with self._lock:
            self._callers[connection] = peer, thread
        try:
            thread.start()
        except RuntimeError:  # the machine has no room for one more
            self._let_go(connection, peer)

    def _attend(self, connection: socket.socket, peer: Peer) -> None:
        try:
            connection.settimeout(self._bounds.first_words_s)
            own = self._speaks_own(connection)
            refusal = self._refusal(peer)
            if refusal is not None:
                (refusing.by_message if own else refusing.by_http)(connection, refusal)
                return
            connection.settimeout(self._bounds.idle_s)
            (self._own if own else self._http)(connection, self.premises, peer, self.turns)
        except STOPS as error:
            self._stop(error, peer)
        except (OSError, ApplianceError):
            pass  # this caller's own misfortune
        finally:
            self._let_go(connection, peer)

    def _let_go(self, connection: socket.socket, peer: Peer) -> None:
        with self._lock:
            self._callers.pop(connection, None)
        connection.close()
        peer.close()

    def _speaks_own(self, connection: socket.socket) -> bool:
        """Look at the first bytes without taking them.

        Raises:
            OSError: nothing came in time, or the caller has gone.
        """
        deadline = time.monotonic() + self._bounds.first_words_s
        ended = select.poll()
        ended.register(connection, select.POLLRDHUP)
        while time.monotonic() < deadline:
            untrusted = connection.recv(len(MAGIC), socket.MSG_PEEK)
            if not untrusted:
                raise ConnectionResetError
            if not MAGIC.startswith(untrusted):
                return False
            if untrusted == MAGIC:
                return True
            if ended.poll(1000 * _MOMENT_S):  # what was said stays to be looked at, for ever
                raise ConnectionResetError
        raise TimeoutError

    def _refusal(self, peer: Peer) -> ApplianceError | None:
        """Why this caller is turned away; None where they are not."""
        if self._sealed:
            return ServiceUnavailable("the service is being sealed", remedy="unseal it again")
        if peer.uid != ROOT and not self.premises.store.person(peer.uid).row.name:
            self._record_stranger(peer.uid)
            return Denied(
                "the service does not know this account",
                remedy="an administrator adds it: `appliance user add NAME`",
            )
        if self._crowd(peer.uid) > 1:
            return Busy("the service has too many callers", remedy="try again in a moment")
        return None

    def _crowd(self, uid: int) -> float:
        """How far the bounds on connections are used, this person's and everybody's: 1 is full."""
        with self._lock:
            held = Counter(other.uid for other, _ in self._callers.values())
        mine = held[uid] / self._bounds.connections_per_person
        return max(held.total() / self._bounds.connections, mine)

    def _record_stranger(self, uid: int) -> None:
        now = time.monotonic()
        with self._lock:
            if now - self._strangers.get(uid, -UNKNOWN_EVERY_S) < UNKNOWN_EVERY_S:
                return
            self._strangers[uid] = now
        actor = Actor(uid, "", "service")
        self.premises.log.event(Kind.SECURITY, "unknown_caller", actor, status="refused")

    # --- the end ----------------------------------------------------------------------------------

    def _stop(self, error: ApplianceError, peer: Peer) -> None:
        """By itself: put it on record as far as the log still takes it, and answer no more."""
        if self.fault is None:
            self.fault = error
            with suppress(ApplianceError):
                actor = Actor(peer.uid, "", "service")
                status = f"failed,{type(error).__name__}"
                self.premises.log.event(Kind.SECURITY, "invariant_broken", actor, status=status)
        self.seal()

    def _end(self, listener: socket.socket) -> None:
        self.seal()
        listener.close()
        self.turns.close()
        with self._lock:
            left = dict(self._callers)
        for connection in left:  # as if the caller had gone; what is being said is said
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
        deadline = time.monotonic() + self._bounds.ending_s
        for _, thread in left.values():
            thread.join(max(0.0, deadline - time.monotonic()))
        os.close(self._mouth)
        os.close(self._ears)
