"""Use cases of the policies themselves: explain a decision, compare two sets, change the set.

A change takes two persons.  What the first proposes and the second approves is the same set, named
by its hash; the proposal is a record of the audit log, which is verified before it is believed.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from appliance.access.comparing import Change, Why, changes, why
from appliance.access.kept import keep
from appliance.access.policy import SCHEMA, AccessClass, Decision, PolicySet, check
from appliance.access.principals import Principal, as_of
from appliance.app.acts import Acts
from appliance.app.governance.governing import Governing
from appliance.app.work.output import written
from appliance.audit.records import Kind, Record
from appliance.audit.verify import verify
from appliance.documents import Collection
from appliance.errors import Denied, NotFound, PolicyError, UsageError
from appliance.store.files import sync_folder
from appliance.store.people import now

_FORCE, _FRESH, _BEFORE = "policies", "policies.new", "policies.previous"
_KINDS = (SCHEMA, "*.cedar", "*.tests.json")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\.(cedar|tests\.json|cedarschema)")
LARGEST = 8 << 20  # characters of a set, examples included
_PROPOSE, _APPROVE = "policy_propose", "policy_approve"


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """One file of a folder of policies, as whoever proposes it has read it."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Explained:
    """Why one person may or may not do something in a collection."""

    who: str
    action: str
    collection: str
    purpose: str
    classes: tuple[tuple[str, Why], ...]  # the labels of its documents; first: of none


@dataclass(frozen=True, slots=True)
class Gain:
    """What one person gains or loses by a change of the policies."""

    who: str
    gains: bool
    action: str
    collection: str  # its name; empty: the appliance itself
    labels: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Applied:
    """How far a change of the policies has come."""

    policy: str  # hash of the set
    in_force: bool  # else it waits for a second person


class Policing:
    """The use cases of those who look after the policies."""

    def __init__(self, acts: Acts, home: Path) -> None:
        self._acts, self._store, self._home = acts, acts.store, home

    def explain(self, who: str, action: str, collection: str) -> Explained:
        """Why a person may or may not do something in a collection, in words.

        Raises:
            NotFound: nobody of this name, or no such collection.
            UsageError: there is no such action.
        """
        private = {"user": who, "action": action, "collection": collection}
        decision = self._decide("policy_explain")
        with self._acts.act("policy_explain", decision=decision, private=private):
            if action not in self._acts.policy.actions:
                known = ", ".join(self._acts.policy.actions)
                raise UsageError("there is no such action", remedy=f"one of {known}")
            person = self._person(who)
            where = self._store.collection_named(collection)
            purpose = self._acts.purpose
            told = tuple(
                (_labels(one), why(self._acts.policy, person, action, one, purpose))
                for one in self._classes(where)
            )
            return Explained(person.name, action, where.name, purpose, told)

    def diff(self, files: tuple[PolicyFile, ...]) -> tuple[Gain, ...]:
        """Who gains and who loses what if these policies were in force; see `files_of`.

        Raises:
            PolicyError: they do not load.
        """
        with (
            self._acts.act("policy_diff", decision=self._decide("policy_diff")) as act,
            _laid_out(files) as folder,
        ):
            found = self._compared(PolicySet.load(folder))
            act.counts["changes"] = len(found)
            return found

    def apply(self, files: tuple[PolicyFile, ...]) -> Applied:
        """Propose policies, or approve what another person proposed; see `files_of`.

        Raises:
            PolicyError: they do not load, or an example is not decided as written.
            Denied: the policy does not permit it, or the proposal waiting is one's own.
        """
        decision = self._decide(_PROPOSE)
        if not decision.allow:  # before anything of theirs is read
            self._acts.begin(_PROPOSE, decision=decision)
        with _laid_out(files) as folder, self._acts.exchanging:
            return self._applied(folder)

    def _applied(self, folder: Path) -> Applied:
        faults = check(folder)
        if faults:
            raise PolicyError(faults[0], remedy="`appliance policy test` names every problem")
        fresh = PolicySet.load(folder)
        if fresh.hash == self._acts.policy.hash:
            raise UsageError("these policies are in force already", remedy="nothing is to be done")
        proposers = self._proposers(fresh.hash)
        me = self._acts.actor.uid
        if not proposers:
            self._record(_PROPOSE, fresh.hash)
            return Applied(fresh.hash, in_force=False)
        if proposers == {me}:
            with self._acts.act(_APPROVE, decision=self._decide(_APPROVE)):
                raise Denied(
                    "you proposed these policies yourself",
                    remedy="another administrator or officer runs the same command",
                )
        self._record(_APPROVE, fresh.hash, folder)
        return Applied(fresh.hash, in_force=True)

    def _record(self, action: str, hash: str, folder: Path | None = None) -> None:
        """The act, and in it the record that stands for the proposal or the change."""
        with self._acts.act(action, decision=self._decide(action)) as act:
            if folder is not None:
                self._put_in_force(folder, hash)
                act.counts["policies"] = len(self._acts.policy.ids)
            self._acts.log.event(
                Kind.ADMIN, action, self._acts.actor, status=f"sha256:{hash}", counts=act.counts
            )

    def _put_in_force(self, folder: Path, hash: str) -> None:
        """Copy, check and keep the copy, and only then exchange the folders."""
        force, fresh, before = (self._home / name for name in (_FORCE, _FRESH, _BEFORE))
        for old in (fresh, before):
            shutil.rmtree(old, ignore_errors=True)
        files = [file for kind in _KINDS for file in sorted(folder.glob(kind))]
        written(fresh, {file.name: file.read_bytes() for file in files})
        copied = PolicySet.load(fresh)
        if copied.hash != hash:
            raise PolicyError(f"{folder} changed meanwhile", remedy="run the command again")
        keep(self._home / "audit", fresh, hash)
        force.rename(before)
        fresh.rename(force)  # not done in the end: see `finish_exchange`
        sync_folder(self._home)
        self._acts.enforce(copied)

    def _proposers(self, hash: str) -> set[int]:
        """Who proposed this set since the policies were last changed, by the verified log."""
        verify(self._home / "audit", self._acts.log.public_key)
        found: set[int] = set()
        for record in self._acts.log.records(Kind.ADMIN):
            if record.action == _APPROVE:
                found.clear()
            elif record.action == _PROPOSE and _status(record) == f"sha256:{hash}":
                found.add(record.uid)
        return found

    def _compared(self, new: PolicySet) -> tuple[Gain, ...]:
        names = {str(collection.id): collection.name for collection in self._store.collections()}
        people = {row.uid: row.name or str(row.uid) for row in self._store.principals()}
        persons = [self._seen(uid) for uid in people]
        classes = [AccessClass("", "")]
        for collection in self._store.collections():
            classes += self._classes(collection)
        purposes = sorted({"", *(p for person in persons for p in person.purposes)})
        found = changes(self._acts.policy, new, persons, classes, purposes)
        return tuple(_gain(one, people, names) for one in found)

    def _classes(self, where: Collection) -> Sequence[AccessClass]:
        """What the policies can tell apart in a collection; a document without labels first."""
        documents = self._store.documents(where.id)
        kinds = {AccessClass.within(where, document.labels) for document in documents}
        plain = AccessClass.within(where, ())
        return [plain, *sorted(kinds - {plain}, key=_labels)]

    def _person(self, who: str) -> Principal:
        for row in self._store.principals():
            if who in (row.name, str(row.uid)):
                return self._seen(row.uid)
        raise NotFound("nobody of this name is known here", remedy="see `appliance user list`")

    def _seen(self, uid: int) -> Principal:
        return as_of(self._store.person(uid), now())

    def _decide(self, action: str) -> Decision:
        return Governing(self._acts).decide(action)


def files_of(folder: Path) -> tuple[PolicyFile, ...]:
    """The files of a folder of policies, read by whoever proposes them.

    Raises:
        PolicyError: they cannot be read, or they are too large.
    """
    try:
        files = [file for kind in _KINDS for file in sorted(folder.glob(kind))]
        if sum(file.stat().st_size for file in files) > LARGEST:
            raise PolicyError(f"{folder} holds too much for policies", remedy="split nothing: trim")
        return tuple(PolicyFile(file.name, file.read_text("utf-8")) for file in files)
    except (OSError, ValueError) as error:
        raise PolicyError(f"{folder} cannot be read", remedy="name a folder of policies") from error


@contextmanager
def _laid_out(files: Sequence[PolicyFile]) -> Iterator[Path]:
    """A folder of their own for files that came from somebody; errors do not name it."""
    untrusted = {file.name: file.text for file in files}
    if not all(_NAME.fullmatch(name) for name in untrusted):
        raise PolicyError("a policy file has another name than the folder's", remedy="*.cedar")
    if sum(map(len, untrusted.values())) > LARGEST:
        raise PolicyError("these policies are too large", remedy="a set has a few files")
    with TemporaryDirectory(prefix="policies-") as place:
        folder = Path(place)
        for name, text in untrusted.items():
            (folder / name).write_text(text, "utf-8")
        try:
            yield folder
        except PolicyError as error:
            shown = error.message.replace(f"{place}/", "").replace(place, "the folder")
            raise PolicyError(shown, remedy=error.remedy) from None


def _status(record: Record) -> str:
    return record.result.status if record.result else ""


def finish_exchange(home: Path) -> None:
    """A kill between the two renames of an exchange left no policies in force: do the second."""
    force, fresh = home / _FORCE, home / _FRESH
    if not force.exists() and fresh.exists():
        fresh.rename(force)


def _gain(one: Change, people: dict[int, str], names: dict[str, str]) -> Gain:
    where = names.get(one.resource.collection, "")
    return Gain(people[one.uid], one.gains, one.action, where, _labels(one.resource), one.purpose)


def _labels(resource: AccessClass) -> str:
    """The labels of a class in words; empty for none."""
    named = [("classification", resource.classification), ("kind", resource.kind)]
    words = [f"{key}={value}" for key, value in named if value]
    return ", ".join([*words, *sorted(resource.flags)])
