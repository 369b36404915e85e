"""Acts: nothing is done before it is permitted and on record, nothing is released before its end.

``Acts.scope`` turns the policy's decisions into the documents one action may touch; ``Acts.admit``
asks again, of the catalogue and of Cedar, right before a text is read or put before a model;
``Acts.act`` brackets the work: the intent is durable before the block runs, the outcome before
the block's result leaves it (promise P4).  What was admitted is asked once more before the outcome
is written, and nobody's rights change between the two: no result is released after its reader lost
a document that it speaks of.  Missing and forbidden look the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock

from appliance.access.decided import Decided
from appliance.access.policy import AccessClass, Decision, PolicySet
from appliance.access.principals import ROOT, Principal, of_the_machine
from appliance.access.scope import Scope
from appliance.app.fresh import ASKING, Freshness
from appliance.app.rights import Rights
from appliance.audit.log import AuditLog
from appliance.audit.records import Actor, DecisionRecord, IntentId, Kind
from appliance.documents import CollectionId, DocumentId, Span
from appliance.errors import Denied, FactorNeeded, InvariantBroken, NotFound
from appliance.store.store import Store

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
    admitted: dict[str, set[DocumentId]] = field(default_factory=dict)  # by action; asked afresh
    policies: set[str] = field(default_factory=set)  # that permitted what was admitted
    places: set[CollectionId] = field(default_factory=set)  # in which it lies
    listed: Callable[[], bool] | None = None  # whether what is listed may still be, if rights moved
    rights: tuple[int, str] = (0, "")  # of everybody, when it began: epoch and policy set


class Acts(Rights):
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
        super().__init__(store, decided, uid, purpose, present)
        self.log, self.code, self.via = log, code, via
        self.actor = Actor(uid, self.principal.name, via)
        self.fresh = Freshness(store, log, self.actor, code)

    @property
    def principal(self) -> Principal:
        """The person who acts; root, where a service answers, is its administrator and no more."""
        person = super().principal
        served = self.via is not Via.CLI and person.uid == ROOT
        return of_the_machine(person) if served else person

    def enforce(self, policy: PolicySet) -> None:
        """From now on this policy set is in force, for everybody."""
        with self.store.turns.alone():
            self._decided.enforce(policy)
            self.log.policy = policy.hash

    @property
    def exchanging(self) -> Lock:
        """Held by whoever exchanges the policies in force."""
        return self._decided.exchanging

    def admit(self, act: Act, scope: Scope, documents: Iterable[DocumentId]) -> None:
        """Documents whose text is about to be read, or put before a model, are asked for afresh.

        What is admitted is asked for once more before the act's result is released.

        Raises:
            InvariantBroken: one lies outside the scope: nothing of it may be read.
            Denied: the policy does not permit it any more.
        """
        self._admit(act, scope, frozenset(documents))

    def admit_to_prompt(self, act: Act, scope: Scope, documents: Iterable[DocumentId]) -> None:
        """The same for one prompt: all of the documents lie in collections that were named.

        Raises:
            InvariantBroken: one lies outside the scope or in a collection that nobody named.
            Denied: the policy does not permit it any more.
        """
        if not self._admit(act, scope, frozenset(documents)) <= scope.collections:
            raise outside("a prompt holds text of a collection that was not named")

    def _admit(
        self, act: Act, scope: Scope, wanted: frozenset[DocumentId]
    ) -> frozenset[CollectionId]:
        self.present()
        if not wanted <= scope.documents:
            raise outside("what was found lies outside the scope of the request")
        found = self.permitted_now(scope.action, wanted)
        if not wanted <= found.keys():
            raise lost()
        act.admitted.setdefault(scope.action, set()).update(wanted)
        places = frozenset(one.collection for one in found.values())
        act.places |= places
        act.policies.update(policy for one in found.values() for policy in one.policies)
        return places

    def cited(self, act: Act, documents: Iterable[DocumentId]) -> None:
        """What a result speaks of is what was admitted.

        Raises:
            InvariantBroken: it speaks of something else; nothing may be released.
        """
        admitted: set[DocumentId] = set().union(*act.admitted.values())
        if not admitted.issuperset(documents):
            raise outside("a result speaks of a document that it was not made from")

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
            FactorNeeded: this action asks for a fresh second factor; the attempt is on record.
            AuditError: not recorded; do not act.
        """
        self.present()
        rights = self.moved()
        intent = self.log.intent(
            self.actor,
            action,
            purpose=self.purpose,
            collection=collection,
            documents=documents,
            decision=self._record(decision),
            private=private or {},
        )
        act = Act(intent, rights=rights)
        if decision is not None and not decision.allow:
            error = Denied(f"the policy does not permit you to {action} here", remedy=ASK)
            self.end(act, error)
            raise error
        try:
            if self.second_factor(action):
                act.counts["second_factor"] = 1
        except BaseException as error:
            self.end(act, error)
            raise
        return act

    def second_factor(self, action: str) -> bool:
        """Whether a fresh second factor was shown; False: it is not asked for.

        `begin` asks for it by itself.

        Raises:
            FactorNeeded: this action asks for it, and none was given or it is not right.
        """
        return action in ASKING and self.fresh.need()

    def end(self, act: Act, error: BaseException | None = None) -> None:
        """Record how an act ended; release its result only when this has returned.

        Raises:
            AuditError: not recorded; release nothing.
            Denied: what the result speaks of is not permitted any more; release nothing.
        """
        if error is not None:
            self._failed(act, error)
            return
        with self.store.turns.shared():  # between the last look and the record nothing changes
            missing: BaseException | None = None
            try:
                missing = None if self._holds(act) else lost()
            except BaseException as broken:  # the look itself: the act ends all the same
                missing = broken
            if missing is None:
                self._outcome(act, "done", counts=act.counts)
                return
        self._failed(act, missing)
        raise missing

    def _failed(self, act: Act, error: BaseException) -> None:
        if isinstance(error, InvariantBroken):
            self.log.event(Kind.SECURITY, "scope_broken", self.actor)
        self._outcome(act, _status(error), error=type(error).__name__)

    def _outcome(
        self, act: Act, status: str, *, counts: Mapping[str, int] | None = None, error: str = ""
    ) -> None:
        self.log.outcome(
            act.intent,
            status,
            collection=next(iter(act.places)) if len(act.places) == 1 else "",
            documents=act.documents,
            decision=self._decided_by(act),
            counts=counts or {},
            model=act.model,
            adapter=act.adapter,
            prompt=act.prompt,
            error=error,
        )

    def _holds(self, act: Act) -> bool:
        """Whether all that an act's result speaks of is still permitted."""
        for action, documents in act.admitted.items():
            if not documents <= self.permitted_now(action, documents).keys():
                return False
        return act.listed is None or act.rights == self.moved() or act.listed()

    def _decided_by(self, act: Act) -> DecisionRecord | None:
        """What permitted the documents of an act that was decided document by document."""
        if not act.policies:
            return None
        return DecisionRecord(True, tuple(sorted(act.policies)), self.policy.hash)

    def _record(self, decision: Decision | None) -> DecisionRecord:
        if decision is None:  # decided per document, inside the act's scope
            return DecisionRecord(allow=True, policies=(), policy_hash=self.policy.hash)
        return DecisionRecord(decision.allow, decision.policies, self.policy.hash)


ASK = "ask an administrator of this store; `appliance policy check` shows the policies in force"


def outside(what: str) -> InvariantBroken:
    """Something was about to leave its scope."""
    return InvariantBroken(
        what, remedy="stop using this installation and report it; nothing was released"
    )


def lost() -> Denied:
    """Rights were taken away while the work went on."""
    return Denied("what you may read changed meanwhile: nothing is shown", remedy="ask again")


def _status(error: BaseException) -> str:
    if isinstance(error, Denied | FactorNeeded | NotFound):
        return "denied"
    return "failed" if isinstance(error, Exception) else "interrupted"
