"""Decisions that are kept: asked of Cedar once per class, person and policy set, then looked up.

What is kept is found again by everything that the decision depends on: the hash of the policy set,
the person with all that the catalogue said of them, the action, the purpose and the class.  A
grant, a wall or an expiry makes another person in this sense, so nothing stale can be found.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

from appliance.access.policy import AccessClass, Decision, PolicySet
from appliance.access.principals import Principal

MOST_CLASSES = 200_000  # kept at a time, a few hundred bytes each

_Asked = tuple[str, Principal, str, str]  # policy set, person, action, purpose


class Decided:
    """A policy set that remembers what it said; safe to use from threads."""

    def __init__(self, policy: PolicySet) -> None:
        self.policy = policy  # in force; all who share this object are decided by it
        self.exchanging = Lock()  # held by whoever exchanges the policies in force
        self._keeping = Lock()
        self._kept: dict[_Asked, dict[AccessClass, Decision]] = {}
        self._count = 0

    def decide(
        self, principal: Principal, action: str, resources: Sequence[AccessClass], purpose: str
    ) -> tuple[Decision, ...]:
        """One decision per access class, in order; as `PolicySet.decide`.

        Raises:
            PolicyError: there is nothing to decide on.
        """
        policy = self.policy  # one set for all of this decision, whatever others enforce meanwhile
        asked = (policy.hash, principal, action, purpose)
        kept = self._kept.get(asked, {})
        fresh = tuple({one: None for one in resources if one not in kept})
        if fresh or not resources:
            answers = policy.decide(principal, action, fresh, purpose)
            kept = kept | dict(zip(fresh, answers, strict=True))
            self._keep(asked, kept, len(fresh))
        return tuple(kept[one] for one in resources)

    def enforce(self, policy: PolicySet) -> None:
        """From now on this policy set is in force, for all who share this object."""
        self.policy = policy

    def _keep(self, asked: _Asked, kept: dict[AccessClass, Decision], more: int) -> None:
        with self._keeping:
            if self._count + more > MOST_CLASSES:
                self._kept.clear()
                self._count = 0
            self._count += len(kept) if asked not in self._kept else more
            self._kept[asked] = kept
