"""The officer's own side: makes the private key, opens with it, shares with another officer.

Runs with the officer, in the command line or in the console's session, and never in the core: what
goes to the core is public, locked, or sealed to somebody else.
"""

from __future__ import annotations

from appliance.app.oversight.officers import KEY_NAME, KeyShown, Officers, Shared
from appliance.audit.periods import Recipient, unwrapped, wrapped
from appliance.audit.private import Opener
from appliance.crypto import hpke, passlock
from appliance.crypto.unseal import DEFAULT_COST, Argon2Cost
from appliance.errors import NotFound


def new_key(officers: Officers, passphrase: str, cost: Argon2Cost = DEFAULT_COST) -> KeyShown:
    """Make a key, lock it under the officer's own passphrase and publish it.

    Raises:
        UsageError: the passphrase is empty.
        Denied: the caller is no officer.
    """
    private = hpke.new_officer_key()
    locked = passlock.lock(private, passphrase, KEY_NAME, cost)
    return officers.publish(hpke.officer_public(private), locked)


def opener(officers: Officers, passphrase: str) -> Opener:
    """What opens the private strings that are sealed to the caller.

    Raises:
        NotFound: the caller has no key.
        WrongPassphrase: it does not open with this passphrase.
    """
    return Opener(_private(officers, passphrase), officers.periods())


def share(officers: Officers, passphrase: str, to: str, fingerprint: str = "") -> KeyShown:
    """Give another officer's key every earlier period that the caller's opens.

    Args:
        to: name, account or the beginning of the name of the other's key.
        fingerprint: what the other officer said the key is called; it must be that one.

    Raises:
        NotFound: there is no such key in force, or it is called otherwise.
        WrongPassphrase: the caller's key does not open with this passphrase.
    """
    found = [
        key
        for key in officers.known_keys()
        if not key.retired and (to == key.who or key.name.startswith(to))
    ]
    if len(found) != 1 or not to or (fingerprint and found[0].name != fingerprint):
        raise NotFound("there is no such key in force", remedy="`appliance audit key list`")
    (key,) = found
    private, recipient = _private(officers, passphrase), Recipient(0, key.public)
    shares = []
    for period in officers.periods():
        opened = None if period.number in key.periods else unwrapped(period, private)
        if opened is not None:
            shares.append(Shared(period.number, wrapped(period, opened, recipient).sealed))
    return officers.share(key.name, tuple(shares))


def _private(officers: Officers, passphrase: str) -> bytes:
    return passlock.unlock(officers.sealed_key(), passphrase, KEY_NAME)


def name_shown(key: KeyShown) -> str:
    """By what two officers compare a key, read aloud: groups of four."""
    named = key.name
    return " ".join(named[at : at + 4] for at in range(0, len(named), 4))
