"""Sessions of the console: who signed in, for how long, and how often somebody may try.

A session lives in this process alone and ends with it.  What it holds of the officer, the opened
key above all, goes when it ends.  Everything that asks for a change carries the session's CSRF
token, made from the session's own secret.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from appliance.audit.sentences import Names
from appliance.console.jobs import Job
from appliance.errors import Busy

if TYPE_CHECKING:
    from appliance.app.oversight.timeline import Called
    from appliance.app.view import Appliance
    from appliance.console.opening import Opened

IDLE_S = 15 * 60  # without a page, a session ends
LONGEST_S = 2 * 3600  # and in any case after this
TRIES, LOCKED_S = 5, 60  # wrong passphrases, and how long nobody may try after them
MOST_SESSIONS = 4
LONGEST_WAIT_S = 30  # for another page of the same session

Clock = Callable[[], float]


@dataclass(slots=True)
class Session:
    """One officer at one browser."""

    token: str
    appliance: Appliance
    opened: Opened
    officer: str
    began: float
    seen: float
    called: Called | None = None  # what things are called, as it was asked for last
    names: Names = field(default_factory=Names)
    named: float = 0.0  # when the names were asked for
    jobs: dict[str, Job] = field(default_factory=dict)
    _secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def csrf(self) -> str:
        """What every form of this session carries."""
        return hmac.new(self._secret, b"form", hashlib.sha256).hexdigest()

    def knows(self, csrf: str) -> bool:
        """Whether a form comes from a page of this session."""
        return hmac.compare_digest(csrf.encode(), self.csrf.encode())

    @contextmanager
    def use(self) -> Iterator[Appliance]:
        """The appliance, for one page at a time.

        Raises:
            Busy: another page of this session does not let go of it.
        """
        if not self._lock.acquire(timeout=LONGEST_WAIT_S):
            raise Busy("another page of this session is at work", remedy="wait, then load again")
        try:
            yield self.appliance
        finally:
            self._lock.release()


class Sessions:
    """All sessions of one console; safe to use from threads."""

    def __init__(
        self,
        clock: Clock = time.monotonic,
        *,
        on_end: Callable[[Session], None] = lambda _: None,
    ) -> None:
        """``on_end`` is told of every session that ends."""
        self._clock, self._on_end = clock, on_end
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}
        self._failures: list[float] = []

    def admit(self) -> None:
        """Count a try to sign in, before it is made.

        Raises:
            Busy: too many wrong passphrases just now.
        """
        with self._lock:
            now = self._clock()
            self._failures = [at for at in self._failures if now - at < LOCKED_S]
            if len(self._failures) >= TRIES:
                wait = round(LOCKED_S - (now - self._failures[-TRIES]))
                raise Busy("too many wrong passphrases", remedy=f"try again in {max(wait, 1)} s")
            self._failures.append(now)  # taken back where the passphrase is right

    def begin(self, appliance: Appliance, opened: Opened, officer: str) -> Session:
        """A session for an officer whose key opened; the oldest goes where there are too many."""
        now = self._clock()
        session = Session(secrets.token_urlsafe(32), appliance, opened, officer, now, now)
        with self._lock:
            self._failures.clear()
            self._sessions[_key(session.token)] = session
            crowd = sorted(self._sessions.values(), key=lambda one: one.seen)[:-MOST_SESSIONS]
        for one in crowd:
            self.end(one.token)
        return session

    def find(self, token: str) -> Session | None:
        """The session of this token, unless it is over."""
        with self._lock:
            session = self._sessions.get(_key(token))
        if session is None:
            return None
        now = self._clock()
        if now - session.seen > IDLE_S or now - session.began > LONGEST_S:
            self.end(token)
            return None
        session.seen = now
        return session

    def end(self, token: str) -> None:
        """End a session; what it holds goes."""
        with self._lock:
            session = self._sessions.pop(_key(token), None)
        if session is not None:
            session.opened.forget()
            self._on_end(session)
            session.appliance.close()

    def end_all(self) -> None:
        """End every session, as the console closes."""
        for session in list(self._sessions.values()):
            self.end(session.token)


def _key(token: str) -> str:
    """By its hash, so that looking a token up takes as long for any wrong one."""
    return hashlib.sha256(token.encode()).hexdigest()
