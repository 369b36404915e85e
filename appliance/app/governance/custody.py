"""What opens the store, changed on record: key shares, the passphrase, or one of them alone.

Works on a store that this process has opened, never through the service: the secrets stay with
the people at this machine, and the service forgets what opened it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from appliance.app.view import Appliance
from appliance.audit.records import Kind
from appliance.crypto.unseal import DEFAULT_COST, Argon2Cost, NewShares, Secret

_CHANGE = "key_change"


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one custodian takes home: a share, and how to tell it from others. Never shown."""

    number: int  # of this share, from 1
    of: int
    threshold: int
    set_number: int
    store: str  # beginning of the store's id
    words: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Sheet({self.number} of {self.of}, hidden)"

    def text(self) -> str:
        """The sheet as lines of text, which `appliance` reads back; # begins what is no share."""
        head = (
            f"# Key share {self.number} of {self.of}, set {self.set_number}, store {self.store}",
            f"# Any {self.threshold} of them open the store. Keep it secret, and apart from the",
            "# others. Who makes a new set makes this one useless.",
            "",
        )
        numbered = [f"{n:2} {word:<10}" for n, word in enumerate(self.words, start=1)]
        rows = ("".join(numbered[at : at + 3]).rstrip() for at in range(0, len(numbered), 3))
        return "\n".join((*head, *rows)) + "\n"


def sheets(made: NewShares, store_id: str) -> tuple[Sheet, ...]:
    """One sheet for each custodian."""
    words = made.shares.words
    return tuple(
        Sheet(
            number, len(words), made.threshold, made.identifier, store_id[:8], tuple(share.split())
        )
        for number, share in enumerate(words, start=1)
    )


def put_shares(appliance: Appliance, secret: Secret, made: NewShares) -> None:
    """Let the store open with these shares, and with none before.

    Raises:
        Denied: the policy does not permit it.
        WrongPassphrase, UsageError: ``secret`` does not open the store.
    """
    with _changed(appliance, "shares", threshold=made.threshold, of=len(made.shares.words)):
        appliance.store.put_shares(secret, made)


def change_passphrase(
    appliance: Appliance, secret: Secret, new: str, *, cost: Argon2Cost = DEFAULT_COST
) -> None:
    """Let the store open with the passphrase ``new``, and with no other.

    Raises:
        Denied: the policy does not permit it.
        WrongPassphrase, UsageError: ``secret`` does not open the store.
    """
    with _changed(appliance, "passphrase"):
        appliance.store.change_passphrase(secret, new, cost=cost)


def drop_others(appliance: Appliance, secret: Secret) -> None:
    """Let the store open with what ``secret`` is, and with nothing else.

    Raises:
        Denied: the policy does not permit it.
        WrongPassphrase, UsageError: ``secret`` does not open the store, or nothing else does.
    """
    with _changed(appliance, "drop"):
        appliance.store.drop_others(secret)


@contextmanager
def _changed(appliance: Appliance, how: str, **counts: int) -> Iterator[None]:
    """The act, and in it the record that stands for the change, once it is durable."""
    acts = appliance.acts
    decision = appliance.governing.decide(_CHANGE)
    with acts.act(_CHANGE, decision=decision) as act:
        yield
        generation = appliance.store.slots().generation
        act.counts.update({**counts, "generation": generation})
        acts.log.event(Kind.ADMIN, _CHANGE, acts.actor, status=how, counts=act.counts)
