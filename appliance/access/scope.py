"""What one person may touch with one action: a frozen set of documents, an argument everywhere.

Search, listing and every task take a ``Scope``.  There is no scope that means "everything" and no
default: an empty one means nothing.  Whether a document is in it depends on that document's
access class alone, never on what other documents there are (promise P3).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from appliance.access.decided import Decided
from appliance.access.policy import AccessClass
from appliance.access.principals import Principal
from appliance.documents import Collection, Document, DocumentId


@dataclass(frozen=True, slots=True)
class Scope:
    """The documents that one person may touch with one action under one policy set."""

    principal: str  # the user number
    action: str
    policy: str  # hash of the policy set
    documents: frozenset[DocumentId]

    def narrow(self, documents: Iterable[DocumentId]) -> Scope:
        """The scope of those of ``documents`` that are in this one; it can only shrink."""
        return replace(self, documents=self.documents & frozenset(documents))


def scope_of(
    decided: Decided,
    principal: Principal,
    action: str,
    purpose: str,
    documents: Sequence[Document],
    collections: Iterable[Collection],
) -> Scope:
    """Ask the policy once per access class, and keep the documents of the permitted classes.

    Args:
        decided: the policy set in force.
        principal: the person.
        action: what they want to do.
        purpose: what for, one word; may be empty where no policy asks for it.
        documents: all documents in question.
        collections: those that there are; documents of a collection that is not in it are left
            out.
    """
    members: dict[AccessClass, list[DocumentId]] = {}
    known = {collection.id: collection for collection in collections}
    for document in documents:
        where = known.get(document.collection)
        if where is not None:
            resource = AccessClass.within(where, document.labels)
            members.setdefault(resource, []).append(document.id)
    permitted: set[DocumentId] = set()
    if members:
        decisions = decided.decide(principal, action, tuple(members), purpose)
        for decision, found in zip(decisions, members.values(), strict=True):
            if decision.allow:
                permitted.update(found)
    return Scope(str(principal.uid), action, decided.policy.hash, frozenset(permitted))
