"""What one person may touch with one action: a frozen set of documents, an argument everywhere.

Search, listing and every task take a ``Scope``.  There is no scope that means "everything" and no
default: an empty one means nothing.  Whether a document is in it depends on that document's
access class alone, never on what other documents there are (promise P3).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from appliance.access.decided import Decided
from appliance.access.policy import AccessClass, PolicySet
from appliance.access.principals import Principal, as_of
from appliance.documents import CollectionId, DocumentId
from appliance.store.people import now
from appliance.store.records import Placed
from appliance.store.store import Store


@dataclass(frozen=True, slots=True)
class Scope:
    """The documents that one person may touch with one action under one policy set."""

    principal: str  # the user number
    action: str
    policy: str  # hash of the policy set
    documents: frozenset[DocumentId]
    # Those that the person named: only their documents may stand in one prompt; none: no prompt.
    collections: frozenset[CollectionId] = frozenset()

    def narrow(self, documents: Iterable[DocumentId]) -> Scope:
        """The scope of those of ``documents`` that are in this one; it can only shrink."""
        return replace(self, documents=self.documents & frozenset(documents))

    def naming(self, collections: Iterable[CollectionId]) -> Scope:
        """The same scope for prompts over these collections."""
        return replace(self, collections=frozenset(collections))


@dataclass(frozen=True, slots=True)
class Permitted:
    """Where a permitted document lies, and the ids of the policies that permit it."""

    collection: CollectionId
    policies: tuple[str, ...]


def scope_of(
    decided: Decided,
    principal: Principal,
    action: str,
    purpose: str,
    documents: Sequence[Placed],
) -> Scope:
    """Ask the policy once per access class, and keep the documents of the permitted classes.

    Args:
        decided: the policy set in force.
        principal: the person.
        action: what they want to do.
        purpose: what for, one word; may be empty where no policy asks for it.
        documents: all documents in question.
    """
    members: dict[AccessClass, list[DocumentId]] = {}
    for placed in documents:
        resource = AccessClass.within(placed.where, placed.labels)
        members.setdefault(resource, []).append(placed.document)
    permitted: set[DocumentId] = set()
    if members:
        decisions = decided.decide(principal, action, tuple(members), purpose)
        for decision, found in zip(decisions, members.values(), strict=True):
            if decision.allow:
                permitted.update(found)
    return Scope(str(principal.uid), action, decided.policy.hash, frozenset(permitted))


def permitted_now(
    store: Store,
    policy: PolicySet,
    uid: int,
    action: str,
    purpose: str,
    documents: Iterable[DocumentId],
) -> dict[DocumentId, Permitted]:
    """Those of ``documents`` that are permitted at this very moment, where, and by what.

    The catalogue is read and Cedar asked anew: nothing that was kept earlier can say yes here.
    """
    facts, placed = store.afresh(uid, documents)
    if not placed:
        return {}
    resources = {id: AccessClass.within(one.where, one.labels) for id, one in placed.items()}
    distinct = tuple(dict.fromkeys(resources.values()))
    answers = policy.decide(as_of(facts, now()), action, distinct, purpose)
    pairs = zip(distinct, answers, strict=True)
    allowed = {one: said.policies for one, said in pairs if said.allow}
    return {
        id: Permitted(placed[id].where.id, allowed[one])
        for id, one in resources.items()
        if one in allowed
    }
