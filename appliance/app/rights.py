"""Rights: what one person may know of and touch at this moment, by the policies in force.

Missing and forbidden look the same: both are found, or not found, on the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from appliance.access.decided import Decided
from appliance.access.labels import Labels
from appliance.access.policy import AccessClass, Decision, PolicySet
from appliance.access.principals import Principal, as_of, until
from appliance.access.scope import Permitted, Scope, permitted_now, scope_of
from appliance.documents import Collection, CollectionId, Document, DocumentId
from appliance.errors import NotFound, UsageError
from appliance.store.people import now
from appliance.store.store import Store

SHORTEST_PREFIX = 4  # characters of a document id that may stand for the whole


class Rights:
    """One person's rights over an open store."""

    def __init__(
        self,
        store: Store,
        decided: Decided,
        uid: int,
        purpose: str,
        present: Callable[[], None],
    ) -> None:
        """Arguments as of `Acts`, which adds the record."""
        self.store, self.purpose, self.present = store, purpose, present
        self._decided, self._uid = decided, uid
        self._person: Principal | None = None
        self._epoch, self._until = -1, ""

    @property
    def policy(self) -> PolicySet:
        """The policy set in force."""
        return self._decided.policy

    @property
    def principal(self) -> Principal:
        """The person who acts, with what the catalogue says of them at this moment."""
        epoch, moment = self.store.epoch(), now()
        if self._person is None or epoch != self._epoch or moment >= self._until:
            facts = self.store.person(self._uid)
            self._person, self._epoch = as_of(facts, moment), epoch
            self._until = until(facts, moment)
        return self._person

    def decide(self, action: str, resource: AccessClass) -> Decision:
        """The policy's decision on one access class."""
        return self._decided.decide(self.principal, action, [resource], self.purpose)[0]

    def scope(self, action: str, *collections: Collection) -> Scope:
        """The documents this action may touch, in the collections named, or in all."""
        self.present()
        named = frozenset(collection.id for collection in collections)
        known = self.store.placed()[1]
        asked = [one for one in known if not named or one.where.id in named]
        scope = scope_of(self._decided, self.principal, action, self.purpose, asked)
        return scope.naming(named)

    def permitted(
        self, action: str, *collections: Collection
    ) -> tuple[tuple[Document, ...], Scope]:
        """The documents this action may touch, and the scope that says so.

        Names of others are not even opened.
        """
        scope = self.scope(action, *collections)
        return self.store.documents(only=scope.documents), scope

    def collection(self, reference: str, action: str) -> Collection:
        """The one collection with this name or id that one may know of.

        Raises:
            NotFound: there is none, or none for this principal: the same words.
            UsageError: several that this principal may know of have this name.
        """
        found = [c for c in self.collections(action) if reference in (c.name, c.id)]
        if not found:
            raise NotFound(
                "there is no collection of this name",
                remedy="see `appliance collection list`; records of patients need a --purpose",
            )
        if len(found) > 1:
            raise UsageError(
                f"{len(found)} collections have this name",
                remedy="give the id that `appliance collection list --json` shows",
            )
        return found[0]

    def collections(
        self, action: str = "list", purpose: str | None = None
    ) -> tuple[Collection, ...]:
        """The collections this principal may know of, by name.

        They may be listed, or ``action`` is permitted on them, or on a document in them.  All are
        asked, whichever is wanted: the time tells no more than the answer.
        """
        self.present()
        purpose = self.purpose if purpose is None else purpose
        known, documents = self.store.placed()
        empty = {AccessClass.within(where, ()): where.id for where in known}
        held = {AccessClass.within(one.where, one.labels): one.where.id for one in documents}
        seen: set[str] = set()
        for wanted, classes in (("list", empty), (action, {**empty, **held})):
            if classes:
                asked = tuple(classes)
                decisions = self._decided.decide(self.principal, wanted, asked, purpose)
                answers = zip(asked, decisions, strict=True)
                seen |= {classes[one] for one, decision in answers if decision.allow}
        return tuple(collection for collection in known if collection.id in seen)

    def document(self, reference: str, action: str) -> tuple[Document, Scope]:
        """The one permitted document with this id, beginning of an id, or name.

        Raises:
            NotFound: there is none, or none for this principal: the same words.
            UsageError: several permitted documents fit.
        """
        permitted, scope = self.permitted(action)
        exact = [d for d in permitted if reference in {d.id, d.name}]
        prefix = [d for d in permitted if d.id.startswith(reference)]
        found = exact or (prefix if len(reference) >= SHORTEST_PREFIX else [])
        if not found:
            raise NotFound(
                "there is no such document",
                remedy="see `appliance list`; records of patients need a --purpose",
            )
        if len(found) > 1:
            raise UsageError(
                f"{len(found)} documents fit this reference",
                remedy="give more characters of the id that `appliance list` shows",
            )
        return found[0], scope.narrow([found[0].id]).naming([found[0].collection])

    def collections_of(self, documents: Iterable[DocumentId]) -> frozenset[CollectionId]:
        """Where those of ``documents`` that are there lie."""
        _, placed = self.store.afresh(self._uid, documents)
        return frozenset(one.where.id for one in placed.values())

    def labels_of(self, documents: Iterable[DocumentId]) -> dict[DocumentId, Labels]:
        """How those of ``documents`` that are there are labelled, their collections' labels too."""
        _, placed = self.store.afresh(self._uid, documents)
        return {id: one.effective for id, one in placed.items()}

    def permitted_now(
        self, action: str, documents: Iterable[DocumentId]
    ) -> dict[DocumentId, Permitted]:
        """Those of ``documents`` that are permitted, asked of the catalogue and of Cedar anew."""
        return permitted_now(self.store, self.policy, self._uid, action, self.purpose, documents)

    def moved(self) -> tuple[int, str]:
        """What moves with every change of who may what: the epoch and the policy set."""
        return self.store.epoch(), self.policy.hash
