"""One person's view of the appliance: one short method per use case.

``Appliance`` joins the open store, the audit log, the policy, the library and the engine, which
it shares with everybody else (premises.py).  Every
method tells one story: who may (scope), on record (act), the work, the outcome.  Nothing here
prints; ``notify`` takes one line for the person who waits.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from appliance.access.policy import AccessClass
from appliance.app.acts import APPLIANCE, Acts
from appliance.app.governance.factors import Factors
from appliance.app.governance.governing import Governing
from appliance.app.governance.policing import Policing
from appliance.app.oversight.evidence import Evidence
from appliance.app.oversight.officers import Officers
from appliance.app.oversight.retention import Retention
from appliance.app.oversight.reviewing import Reviews
from appliance.app.oversight.timeline import Timeline
from appliance.app.oversight.witnessing import Witnessing
from appliance.app.work.coverage import Coverage, account
from appliance.app.work.once import Work
from appliance.app.work.questions import Notify, Questions
from appliance.app.work.taking import Labels, Manner, OnRecord, Planned, plan, take
from appliance.audit.records import Kind, Record
from appliance.audit.verify import Progress, Verdict, verify, verifying
from appliance.closing import Closing
from appliance.config import Settings
from appliance.crypto.unseal import DEFAULT_COST, Argon2Cost, Secret
from appliance.documents import Collection, Document, ParsedDocument
from appliance.errors import Denied, UsageError

if TYPE_CHECKING:  # loads heavy libraries; imported where it is used
    from appliance.acceptance.record import Signed as Accepted
    from appliance.app.doctor import Finding, Status
    from appliance.app.premises import Premises
    from appliance.app.work.exporting import Export, Form
    from appliance.attest.parts import Tried
    from appliance.attest.record import Signed
    from appliance.ingest.folder import Found, Skipped
    from appliance.ingest.jobs import FileOutcome

OWNED_AS = {"legal": "counsel", "health": "care_team", "finance": "deal_team"}  # else member


class Appliance(Closing):
    """Every use case, for one principal; used by one thread at a time."""

    # The rooms: all that is public in them, and here, can be called over the service's socket.
    questions: Questions
    governing: Governing
    policing: Policing
    factors: Factors
    work: Work
    officers: Officers
    retention: Retention
    timeline: Timeline
    witnessing: Witnessing
    evidence: Evidence
    reviews: Reviews

    def __init__(self, premises: Premises, acts: Acts, notify: Notify) -> None:
        """One person's view of open premises; callers use ``Premises.of`` or ``open``."""
        self.premises = premises
        self.settings, self.store, self.log = premises.settings, premises.store, premises.log
        self.acts, self.warm = acts, premises.warm
        self._notify = notify
        self._owned: Premises | None = None
        self.questions = Questions(self.settings, acts, self.warm, notify)
        self.governing = Governing(acts)
        self.policing = Policing(acts, self.settings.home)
        self.factors = Factors(acts)
        self.work = Work(self.settings, acts, self.questions, self.warm)
        self.officers = Officers(acts, self.settings.home)
        self.retention = Retention(acts, self.settings)
        self.timeline = Timeline(acts, self.settings.home)
        self.witnessing = Witnessing(acts, self.settings.home)
        self.evidence = Evidence(acts, self.settings.home)
        self.reviews = Reviews(acts, self.settings.home, self.settings.audit.review_days)

    @classmethod
    def create(
        cls, settings: Settings, passphrase: str, uid: int, *, cost: Argon2Cost = DEFAULT_COST
    ) -> str:
        """Make a store at the home folder; returns its log's key: see `Premises.create`."""
        from appliance.app.premises import Premises

        return Premises.create(settings, passphrase, uid, cost=cost)

    @classmethod
    def open(
        cls,
        settings: Settings,
        secret: Secret,
        uid: int,
        purpose: str,
        notify: Notify,
        *,
        code: str = "",
    ) -> Appliance:
        """Open the store at the home folder for the user ``uid`` alone: see `Premises.open`."""
        from appliance.app.premises import Premises

        premises = Premises.open(settings, secret)
        try:
            appliance = premises.of(uid, purpose, notify, code=code)
        except BaseException:
            premises.close()
            raise
        appliance._owned = premises
        return appliance

    def close(self) -> None:
        """End this view, and close what ``open`` opened; shared premises stay open."""
        self.work.close()
        if self._owned is not None:
            self._owned.close()

    # -- collections and documents ------------------------------------------------------------

    def create_collection(self, name: str, sector: str) -> Collection:
        """Make a collection: a matter, a patient, a deal; whoever makes it has a grant on it.

        Raises:
            UsageError: one that this person may know of, for any purpose, has the name; one that
                they may not know of makes no difference.
        """
        decision = self.acts.decide("create_collection", AccessClass.of("", sector, ()))
        private = {"collection": name}
        with self.acts.act("create_collection", decision=decision, private=private):
            purposes = {self.acts.purpose, *self.acts.principal.purposes}
            known = {c.name for purpose in purposes for c in self.acts.collections(purpose=purpose)}
            if name in known:
                raise UsageError("there is a collection of this name", remedy="choose another name")
            relation = OWNED_AS.get(sector, "member")
            return self.store.create_collection(name, sector, self.acts.principal.uid, relation)

    def collections(self) -> tuple[Collection, ...]:
        """The collections this principal may know of."""
        with self.acts.act("list") as act:
            found = self.acts.collections()
            act.listed = lambda: set(found) <= set(self.acts.collections())
        return found

    def documents(self, collection: str | None) -> tuple[Document, ...]:
        """The documents this principal may list, in one collection or in all, by name."""
        with self.acts.act("list") as act:
            where = [self.acts.collection(collection, "list")] if collection else []
            found, scope = self.acts.permitted("list", *where)
            act.counts["documents"] = len(found)
            act.listed = lambda: scope.documents <= self.acts.scope("list", *where).documents
        return tuple(sorted(found, key=lambda document: (document.name, document.added)))

    def ingest(
        self,
        source: Iterable[Found | Skipped | None],
        collection: str,
        labels: Labels,
        manner: Manner | None = None,
    ) -> Generator[FileOutcome, None, None]:
        """Take files into a collection: each an act of its own, each with its outcome.

        A file that cannot be read harms no other: its outcome carries the reason.
        """
        manner = replace(manner or Manner(), labels=labels)
        with self.acts.act("ingest", private={"collection": collection}):
            where = self.acts.collection(collection, "ingest")
        record = OnRecord(self.acts, where, labels, self.warm.forget)
        with self.warm.filling(where.id):
            yield from take(record, source, manner, self.settings, self.warm.library())

    def plan(
        self, source: Iterable[Found | Skipped | None], collection: str, labels: Labels
    ) -> tuple[Planned, ...]:
        """What `ingest` would do with each file; one act, and nothing is changed."""
        with self.acts.act("ingest", private={"collection": collection}) as act:
            where = self.acts.collection(collection, "ingest")
            record = OnRecord(self.acts, where, labels, self.warm.forget)
            planned = tuple(plan(record, source, self.settings.reader.max_input_mib << 20))
            act.counts["files"] = len(planned)
        return planned

    def show(self, reference: str) -> tuple[Document, ParsedDocument]:
        """One document with its text."""
        with self.acts.act("show", private={"document": reference}) as act:
            document, scope = self.acts.document(reference, "show")
            act.documents.append(document.id)
            self.acts.admit(act, scope, [document.id])
            parsed = self.warm.parsed(document.id)
        return document, parsed

    def coverage(self, reference: str) -> Coverage:
        """What of one document's file is stored, what is not and why, and the files around it."""
        with self.acts.act("show", private={"document": reference}) as act:
            document, scope = self.acts.document(reference, "show")
            act.documents.append(document.id)
            self.acts.admit(act, scope, [document.id])
            known = {d.id: d for d in self.acts.permitted("list")[0]}
            parts = tuple(d for d in known.values() if d.parent == document.id)
            parent = known.get(document.parent) if document.parent else None
            covered = account(document, self.warm.parsed(document.id), parent, parts)
        return covered

    def export(
        self, references: tuple[str, ...], forms: tuple[Form, ...], passwords: tuple[str, ...] = ()
    ) -> Generator[Export, None, None]:
        """Kept results as files, one after the other; ``passwords`` open encrypted originals.

        Raises:
            NotFound: there is no such result, or none for this principal: the same words.
            Denied: one of the documents may not be exported; nothing is.
        """
        from appliance.app.work.exporting import Exports

        with Exports(self.settings, self.acts, self.questions, self.warm, passwords) as exports:
            yield from exports.files(references, forms)

    def delete(self, reference: str, *, with_parts: bool = False) -> tuple[Document, ...]:
        """Erase a document, and on request all that lay in it; all of them or none.

        The keys go first, so that no copy of the files can be read again.
        """
        with self.acts.act("delete", private={"document": reference}) as act:
            document, _ = self.acts.document(reference, "delete")
            with self.warm.erasing(document.collection):
                erased = self._with_parts(document) if with_parts else (document,)
                for one in erased:
                    act.documents.append(one.id)
                    self.store.delete_document(one.id)
                    self.warm.forget(one.id)
        return erased

    def _with_parts(self, document: Document) -> tuple[Document, ...]:
        """The innermost parts first.  Raises Denied when one of them may not be deleted."""
        scope = self.acts.scope("delete")
        found = [document]
        for one in found:  # grows while it is walked
            found += self.store.children(one.id)
        if not {one.id for one in found} <= scope.documents:
            raise Denied(
                "the policy does not permit you to delete a part of this document",
                remedy="delete the others one by one",
            )
        return tuple(reversed(found))

    # -- audit ---------------------------------------------------------------------------------

    def audit_records(self, last: int) -> tuple[Record, ...]:
        """The last records of the audit log; reading them is on record too."""
        decision = self.acts.decide("audit_show", APPLIANCE)
        with self.acts.act("audit_show", decision=decision):
            records = tuple(self.log.records())
        return records[-last:] if last else records

    def audit_verify(self) -> Verdict:
        """Check the whole audit log against its checkpoint and this store's log key."""
        decision = self.acts.decide("audit_verify", APPLIANCE)
        with self.acts.act("audit_verify", decision=decision) as act:
            verdict = verify(self.settings.home / "audit", self.log.public_key)
            act.counts["records"] = verdict.records  # says that it was the whole log
            return verdict

    def audit_verifying(self) -> Generator[Progress, None, None]:
        """As `audit_verify`, saying how far it came; the last word is the verdict."""
        decision = self.acts.decide("audit_verify", APPLIANCE)
        last = Progress(0, 0)
        with self.acts.act("audit_verify", decision=decision) as act:
            for last in verifying(self.settings.home / "audit", self.log.public_key):
                if last.verdict is None:
                    yield last
                else:
                    act.counts["records"] = last.verdict.records
        yield last

    # -- the appliance itself ------------------------------------------------------------------

    def status(self) -> Status:
        """Counts and identities of the open store, over what this principal may list."""
        from appliance.app.doctor import status

        return status(self)

    def examined(self) -> tuple[Finding, ...]:
        """Everything about the open store that can be wrong: objects, records, roles, reviews."""
        from appliance.app.doctor import examine_store

        decision = self.acts.decide("audit_verify", APPLIANCE)
        with self.acts.act("audit_verify", decision=decision):
            return examine_store(self)

    # -- the service ---------------------------------------------------------------------------

    def seal(self) -> None:
        """Close the resident service at once, for everybody: it forgets the keys and ends.

        Raises:
            UsageError: no service answers here.
        """
        decision = self.acts.decide("seal", APPLIANCE)
        with self.acts.act("seal", decision=decision):
            if self.premises.sealing is None:
                raise UsageError(
                    "no service is running here: there is nothing to seal",
                    remedy="`appliance serve` starts one",
                )
        self.premises.sealing()

    # -- attestation ---------------------------------------------------------------------------

    def attest_egress(self, tried: Tried | None = None) -> Signed:
        """Look at and try every wall; what was found, signed with the log's key and on record.

        ``tried`` is what another process of this one's account tried, where this one is behind
        walls that leave nothing to try.

        Raises:
            Denied: another account brings it.
        """
        from appliance.attest.parts import look
        from appliance.attest.record import compose, signed

        decision = self.acts.decide("attest", APPLIANCE)
        with self.acts.act("attest", decision=decision) as act:
            if tried is not None and self.acts.actor.uid != os.getuid():
                raise Denied("only the service's own account may bring what it tried")
            seen = look(self.settings, tried)
            found = signed(compose(self.settings, seen), self.store.log_seed())
            act.counts.update(found.attestation.counts())
            status = f"{found.attestation.verdict},sha256:{found.digest}"
            self.log.event(
                Kind.SECURITY, "attest_egress", self.acts.actor, status=status, counts=act.counts
            )
        return found

    def accept(self, *, deep: bool) -> Accepted:
        """Try every promise on a ground of its own; the report, signed with the log's key.

        The documents of this store are not opened; who waits is told how each check ended.
        """
        from appliance.acceptance.record import signed
        from appliance.acceptance.run import examine

        decision = self.acts.decide("accept", APPLIANCE)
        with self.acts.act("accept", decision=decision) as act:
            key = self.log.public_key
            found = signed(
                examine(self.settings, self._notify, deep=deep, public_key=key),
                self.store.log_seed(),
            )
            act.counts.update(found.report.counts())
            status = f"{found.report.verdict},sha256:{found.digest}"
            self.log.event(
                Kind.SECURITY, "accept", self.acts.actor, status=status, counts=act.counts
            )
        return found
