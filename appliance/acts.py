"""Acts: nothing is done before it is permitted and on record, nothing is released before its end.

``Acts.scope`` turns the policy's decisions into the documents one action may touch;
``Acts.act`` brackets the work: the intent is durable before the block runs, the outcome before
the block's result leaves it (promise P4).  Missing and forbidden look the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock

from appliance.access.decided import Decided
from appliance.access.policy import AccessClass, Decision, PolicySet
from appliance.access.principals import Principal, as_of, until
from appliance.access.scope import Scope, scope_of
from appliance.audit.log import AuditLog
from appliance.audit.records import Actor, DecisionRecord, IntentId
from appliance.documents import Collection, Document, DocumentId, Span
from appliance.errors import Denied, NotFound, UsageError
from appliance.store.people import now
from appliance.store.store import Store

SHORTEST_PREFIX = 4  # characters of a document id that may stand for the whole
APPLIANCE = AccessClass.of("", "", ())  # for actions on the appliance itself


class Via(StrEnum):
    """The door by which a person came; it goes on record."""

    CLI = "cli"
    SERVICE = "service"
    CONSOLE = "console"
    OPENAI = "openai"


def nobody_waits() -> None:
    """Where the person runs the process itself: they cannot go without ending it."""


@dataclass(slots=True)
class Act:
    """One act under way; what is noted here goes into its outcome record."""

    intent: IntentId
    documents: list[DocumentId] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    model: str = ""  # digests of what was asked, where a model was
    adapter: str = ""
    prompt: str = ""
    passages: list[tuple[DocumentId, Span]] = field(default_factory=list)  # put before a task


class Acts:
    """Authorization and audit, always together."""

    def __init__(
        self,
        store: Store,
        log: AuditLog,
        decided: Decided,
        uid: int,
        purpose: str,
        *,
        code: str = "",
        via: Via = Via.CLI,
        present: Callable[[], None] = nobody_waits,
    ) -> None:
        """One person's authorization and record, over what everybody shares.

        Args:
            store: open.
            log: open.
            decided: the policies in force, shared: `enforce` changes them for everybody.
            uid: the account of the operating system that acts.
            purpose: of use.
            code: second factor given with this call; empty: none.
            via: the door by which the person came.
            present: called at every step; raises to end the work of somebody who has gone.
        """
        self.store = store
        self.log = log
        self.purpose = purpose
        self.code, self.via, self.present = code, via, present
        self._uid = uid
        self._decided = decided
        self._person: Principal | None = None
        self._epoch, self._until = -1, ""
        self.actor = Actor(uid, self.principal.name, via)

    @property
    def policy(self) -> PolicySet:
        """The policy set in force."""
        return self._decided.policy

    def enforce(self, policy: PolicySet) -> None:
        """From now on this policy set is in force, for everybody."""
        self._decided.enforce(policy)
        self.log.policy = policy.hash

    @property
    def exchanging(self) -> Lock:
        """Held by whoever exchanges the policies in force."""
        return self._decided.exchanging

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

    def scope(self, action: str, collection: Collection | None = None) -> Scope:
        """The documents this action may touch, in one collection or in all."""
        return self.permitted(action, collection)[1]

    def permitted(
        self, action: str, collection: Collection | None = None
    ) -> tuple[tuple[Document, ...], Scope]:
        """The documents this action may touch, and the scope that says so; one catalogue read."""
        self.present()
        known = self.store.documents(collection.id if collection else None)
        collections = self.store.collections()
        scope = scope_of(self._decided, self.principal, action, self.purpose, known, collections)
        return tuple(d for d in known if d.id in scope.documents), scope

    def collection(self, name: str, action: str) -> Collection:
        """The collection of this name, if ``action`` is permitted on it or on a document in it.

        Raises:
            NotFound: there is none, or none for this principal: the same words.
        """
        for found in self.store.collections():
            if found.name == name and self._visible(found, action):
                return found
        raise NotFound(
            "there is no collection of this name",
            remedy="see `appliance collection list`; records of patients need a --purpose",
        )

    def collections(self) -> tuple[Collection, ...]:
        """The collections this principal may know of."""
        return tuple(c for c in self.store.collections() if self._visible(c, "list"))

    def _visible(self, collection: Collection, action: str) -> bool:
        empty = AccessClass.within(collection, ())
        return (
            self.decide(action, empty).allow
            or self.decide("list", empty).allow
            or bool(self.scope(action, collection).documents)
        )

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
        return found[0], scope.narrow([found[0].id])

    @contextmanager
    def act(
        self,
        action: str,
        *,
        decision: Decision | None = None,
        collection: str = "",
        documents: Sequence[DocumentId] = (),
        private: Mapping[str, str] | None = None,
    ) -> Iterator[Act]:
        """Bracket one act: intent durable before, outcome durable after, also when it fails.

        Raises:
            Denied: ``decision`` is a denial; the attempt is on record.
            AuditError: the record could not be made durable; the act did not take place or its
                result is not released.
        """
        act = self.begin(
            action, decision=decision, collection=collection, documents=documents, private=private
        )
        try:
            yield act
        except BaseException as error:
            self.end(act, error)
            raise
        self.end(act)

    def begin(
        self,
        action: str,
        *,
        decision: Decision | None = None,
        collection: str = "",
        documents: Sequence[DocumentId] = (),
        private: Mapping[str, str] | None = None,
    ) -> Act:
        """Record the intent of an act that may overlap with others; `end` it whatever happens.

        Raises:
            Denied: ``decision`` is a denial; the attempt is on record.
            AuditError: not recorded; do not act.
        """
        self.present()
        intent = self.log.intent(
            self.actor,
            action,
            purpose=self.purpose,
            collection=collection,
            documents=documents,
            decision=self._record(decision),
            private=private or {},
        )
        act = Act(intent)
        if decision is not None and not decision.allow:
            error = Denied(f"the policy does not permit you to {action} here", remedy=_ASK)
            self.end(act, error)
            raise error
        return act

    def end(self, act: Act, error: BaseException | None = None) -> None:
        """Record how an act ended; release its result only when this has returned.

        Raises:
            AuditError: not recorded; release nothing.
        """
        if error is None:
            self.log.outcome(
                act.intent,
                "done",
                documents=act.documents,
                counts=act.counts,
                model=act.model,
                adapter=act.adapter,
                prompt=act.prompt,
            )
        else:
            name = type(error).__name__
            self.log.outcome(
                act.intent,
                _status(error),
                documents=act.documents,
                model=act.model,
                adapter=act.adapter,
                prompt=act.prompt,
                error=name,
            )

    def _record(self, decision: Decision | None) -> DecisionRecord:
        if decision is None:  # decided per document, inside the act's scope
            return DecisionRecord(allow=True, policies=(), policy_hash=self.policy.hash)
        return DecisionRecord(decision.allow, decision.policies, self.policy.hash)


_ASK = "ask an administrator of this store; `appliance policy check` shows the policies in force"


def _status(error: BaseException) -> str:
    if isinstance(error, Denied | NotFound):
        return "denied"
    return "failed" if isinstance(error, Exception) else "interrupted"
