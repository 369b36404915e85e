"""The premises: what is opened once and shared by everybody who works in it.

The store, the audit log, the policies in force, the index in memory.  A command opens them for one
person and closes them again; the resident service opens them once and gives each caller a view of
their own (`of`).  Everything here is safe to use from threads.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Self

from appliance.access.decided import Decided
from appliance.access.kept import keep as keep_policies
from appliance.access.policy import PolicySet
from appliance.access.principals import current as current_principal
from appliance.app.acts import Acts, Via, nobody_waits
from appliance.app.governance.policing import finish_exchange
from appliance.app.happenings import counting_failures, take_over_engines, take_over_failures
from appliance.app.installs import take_over
from appliance.app.oversight.officers import roster
from appliance.app.view import Appliance
from appliance.app.warm import Warm
from appliance.audit.checkpoint import origin_of, verifier_key
from appliance.audit.log import AuditLog
from appliance.closing import Closing
from appliance.config import Settings
from appliance.crypto.keyring import Key
from appliance.crypto.unseal import DEFAULT_COST, Argon2Cost, Secret
from appliance.errors import UsageError
from appliance.store.records import PrincipalRow
from appliance.store.store import Store

Notify = Callable[[str], None]

FIRST_ROLES = frozenset({"operator", "officer"})  # one person, until an administrator divides them
FIRST_PURPOSES = frozenset({"TREATMENT", "PAYMENT", "OPERATIONS", "PATIENT_REQUEST"})


class Premises(Closing):
    """One open store with all that belongs to it; a context manager."""

    def __init__(self, settings: Settings, store: Store) -> None:
        """Takes over an open store; callers use ``open``."""
        self.settings = settings
        self.store = store
        finish_exchange(settings.home)
        policy = PolicySet.load(settings.home / "policies")
        self.decided = Decided(policy)
        self.log = AuditLog.open(*_log_keys(settings, store), policy=policy.hash, root=store.root)
        self.log.officers = partial(roster, store)
        try:
            take_over(self.log, settings.journal)
            keep_policies(settings.home / "audit", settings.home / "policies", policy.hash)
            take_over_failures(self.log, settings.home)
            take_over_engines(self.log, settings)
        except BaseException:
            self.log.close()
            raise
        self.warm = Warm(settings, store)
        self.sealing: Callable[[], None] | None = None  # set by the service that answers from here

    @classmethod
    def create(
        cls, settings: Settings, passphrase: str, uid: int, *, cost: Argon2Cost = DEFAULT_COST
    ) -> str:
        """Make a store at the home folder; the user ``uid`` gets the first roles.

        Returns the public key of its audit log, as a witness writes it down.

        Raises:
            UsageError: there is a store already, or one that an interrupted ``init`` left.
        """
        home = settings.home
        if (home / "store").exists() and not (home / "audit").exists():
            raise UsageError(
                f"an earlier `appliance init` did not finish in {home}",
                remedy=f"it holds no document yet: remove {home / 'store'} and run init again",
            )
        with Store.create(settings.home, passphrase, cost=cost) as store:
            person = current_principal(uid, FIRST_ROLES)
            store.put_principal(
                PrincipalRow(uid, person.name, FIRST_ROLES, purposes=FIRST_PURPOSES)
            )
            _copy_policies(settings.policies, home / "policies")
            AuditLog.create(
                *_log_keys(settings, store),
                policy=PolicySet.load(home / "policies").hash,
                root=store.root,
                before=lambda log: take_over(log, settings.journal),
            ).close()
        with cls.open(settings, passphrase) as premises:
            acts = premises.of(uid, "set-up", lambda _: None).acts
            with acts.act("init"):
                return verifier_key(origin_of(premises.store.store_id), acts.log.public_key)

    @classmethod
    def open(cls, settings: Settings, secret: Secret) -> Self:
        """Open the store at the home folder, with a passphrase or with key shares.

        Raises:
            StoreMissing, WrongPassphrase, StoreDamaged, StoreBusy: the store did not open.
            AuditError: the audit log cannot be continued.
            PolicyError: the policy set does not validate.
        """
        with counting_failures(settings.home):
            store = Store.open(settings.home, secret)
        try:
            return cls(settings, store)
        except BaseException:
            store.close()
            raise

    def of(
        self,
        uid: int,
        purpose: str,
        notify: Notify,
        *,
        code: str = "",
        via: Via = Via.CLI,
        present: Callable[[], None] = nobody_waits,
    ) -> Appliance:
        """The use cases as one person sees them; one view is used by one thread at a time.

        Args:
            uid: the account of the operating system that acts.
            purpose: of use, for the policy and the record.
            notify: takes one line for the person who waits.
            code: second factor given with this call; empty: none.
            via: the door by which the person came.
            present: called at every step; raises to end the work of somebody who has gone.
        """
        acts = Acts(
            self.store, self.log, self.decided, uid, purpose, code=code, via=via, present=present
        )
        return Appliance(self, acts, notify)

    def close(self) -> None:
        """Write a checkpoint and close everything."""
        try:
            self.log.close()
        finally:
            self.store.close()


def _copy_policies(source: Path, target: Path) -> None:
    """The shipped policies, as files of the home's owner: a release has them read-only."""
    shutil.copytree(source, target, dirs_exist_ok=True, copy_function=shutil.copyfile)


def _log_keys(settings: Settings, store: Store) -> tuple[Path, bytes, Key, Key, str]:
    """Where the audit log lies, and the keys it signs, seals and compares with."""
    keys = store.derive("audit-seal"), store.derive("audit-mac")
    return settings.home / "audit", store.log_seed(), *keys, store.store_id
