"""The door: an officer's key opens with its passphrase, here and nowhere else, or it does not."""

from __future__ import annotations

import hmac
import secrets

from appliance.app.oversight.officers import KEY_NAME
from appliance.audit.private import Opener
from appliance.console.opening import Opened
from appliance.console.sessions import Session, Sessions
from appliance.console.visit import Open
from appliance.crypto import passlock
from appliance.errors import Denied, UsageError, WrongPassphrase

LONGEST_PASSPHRASE = 4096  # characters


class Door:
    """Where sessions begin."""

    def __init__(self, open_appliance: Open, sessions: Sessions) -> None:
        self._open, self._sessions = open_appliance, sessions
        self.csrf = secrets.token_urlsafe(32)  # of the form at the door, for as long as it stands

    def enter(self, csrf: str, passphrase: str) -> Session:
        """A session for the officer who runs this console, if their key opens.

        Raises:
            Busy: too many wrong passphrases just now.
            Denied: the form is not of this console, or the policy does not permit it.
            NotFound: the officer has no key yet.
            WrongPassphrase: the key does not open; on record.
        """
        if not hmac.compare_digest(csrf.encode(), self.csrf.encode()):
            raise Denied("the form is not of this console", remedy="load the page again")
        if not 0 < len(passphrase) <= LONGEST_PASSPHRASE:
            raise UsageError("the passphrase is empty or too long", remedy="type it again")
        self._sessions.admit()
        appliance = self._open()
        try:
            sealed = appliance.officers.sealed_key()
            try:
                private = passlock.unlock(sealed, passphrase, KEY_NAME)
            except WrongPassphrase:
                private = b""
            officer = appliance.timeline.sign_in(opened=bool(private))
            opener = Opener(private, appliance.officers.periods())
        except BaseException:
            appliance.close()
            raise
        return self._sessions.begin(appliance, Opened(opener), officer)
