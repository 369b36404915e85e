"""What opens a store: a passphrase, key shares, or either; each is put and taken away here.

Whoever changes it proves first, with the secret itself, that they may open the store.  Nothing
below changes: every way opens the same root key.
"""

from __future__ import annotations

from pathlib import Path

from appliance.crypto.unseal import DEFAULT_COST, Argon2Cost, NewShares, Secret
from appliance.store import keyfile


class Custody:
    """The part of a store that says what opens it."""

    _folder: Path

    def slots(self) -> keyfile.Slots:
        """What opens this store; no secret is needed to know it."""
        return keyfile.slots(self._folder)

    def change_passphrase(
        self, current: Secret, new: str, *, cost: Argon2Cost = DEFAULT_COST
    ) -> None:
        """Let the store open with the passphrase ``new``, and with no other; key shares stay.

        Raises:
            WrongPassphrase, UsageError: ``current`` does not open the store, or ``new`` is empty.
        """
        keyfile.change_passphrase(self._folder, current, new, cost)

    def put_shares(self, current: Secret, made: NewShares) -> None:
        """Let the store open with this set of key shares, and with none before; a passphrase stays.

        Raises:
            WrongPassphrase, UsageError: ``current`` does not open the store.
        """
        keyfile.put_shares(self._folder, current, made)

    def drop_others(self, current: Secret) -> None:
        """Let the store open with what ``current`` is, and with nothing else any more.

        Raises:
            WrongPassphrase, UsageError: ``current`` does not open the store, or nothing else does.
        """
        keyfile.drop_others(self._folder, current)
