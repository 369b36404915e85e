"""One record of the audit log, and its one spelling as a line of JSON.

The spelling is the part of RFC 8785 that needs no floats: keys sorted, no white space, strings in
NFC, integers below 2^53 (``mono_ns`` can grow past that and is therefore written as a string of
digits).  Every record has every key, so a record has exactly one spelling, and
``encode(decode(line)) == line`` for every line that ``decode`` accepts.

What stands in clear is bounded by form: names of actions and states, policy ids and digests are
single words without spaces, documents and collections are 32 hex digits, the person is a number.
Questions, names and other content go into ``sealed``; ``mac`` holds a keyed hash of each of them,
so that equality can be tested with the key.
"""

from __future__ import annotations

import json
import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NewType

from appliance.audit.spelling import LINE, first_fault
from appliance.errors import AuditError, UsageError

VERSION = 2  # of the form of a record
LONGEST_LINE = 4 * 1024 * 1024  # bytes; a record with 100,000 documents has 3.5 MB
NO_LINE = "0" * 64  # what the first record names as the line before it

IntentId = NewType("IntentId", str)  # 32 hex digits, random: the id of an intent record


class Kind(StrEnum):
    """What a record says: intent before, retrieval during, outcome after an action; or an event."""

    INTENT = "intent"
    RETRIEVAL = "retrieval"
    OUTCOME = "outcome"
    ADMIN = "admin"
    SECURITY = "security"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: the operating system's user number, a name that is sealed, and the way in."""

    uid: int
    name: str = ""
    via: str = ""  # cli, service, console or openai; empty: the appliance itself


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """What the policy said: the verdict, the ids of the deciding policies, the set's SHA-256.

    It can differ from the record's ``policy`` where the policies changed between the two.
    """

    allow: bool
    policies: tuple[str, ...]
    policy_hash: str


@dataclass(frozen=True, slots=True)
class Result:
    """How an action ended. ``error`` is the name of an error class, never its message."""

    status: str
    error: str = ""
    counts: tuple[tuple[str, int], ...] = ()  # sorted by name


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the log.

    ``prev`` is the leaf hash of the line before (64 hex digits, zeros for the first), so that a
    changed line can be named.  ``time`` comes from the wall clock, which anybody with root can
    set; ``seq``, ``boot`` and ``mono_ns`` do not follow it.
    """

    seq: int
    prev: str
    time: str  # RFC 3339, UTC, microseconds
    boot: str  # the kernel's boot id
    mono_ns: int  # nanoseconds of the monotonic clock since that boot
    kind: Kind
    id: str  # 32 hex digits, random
    uid: int
    action: str
    code: str = ""  # what the record says, as a stable code (codes.py)
    of: str = ""  # for retrieval and outcome: the id of the intent
    purpose: str = ""
    collection: str = ""
    documents: tuple[str, ...] = ()
    decision: DecisionRecord | None = None
    result: Result | None = None
    model: str = ""  # digest of the model that was asked
    adapter: str = ""  # digest of an adapter on that model
    prompt: str = ""  # digest of the prompt templates
    policy: str = ""  # SHA-256 of the policy set in force when this was recorded
    root: str = ""  # of the catalogue, behind an outcome or an event: 64 hex digits
    via: str = ""  # how the person came in: cli, service, console, openai
    sealed: str = ""  # base64 of the sealed strings
    mac: tuple[tuple[str, str], ...] = field(default=())  # name of a sealed string, keyed hash


@dataclass(slots=True)
class Draft:
    """A record that has no place in the log yet; its fields are those of `Record`."""

    kind: Kind
    id: str
    uid: int
    action: str
    via: str = ""
    code: str = ""
    of: str = ""
    purpose: str = ""
    collection: str = ""
    documents: tuple[str, ...] = ()
    decision: DecisionRecord | None = None
    result: Result | None = None
    model: str = ""
    adapter: str = ""
    prompt: str = ""
    policy: str = ""


@dataclass(slots=True)
class Placing:
    """What a record gets with its place in the log."""

    seq: int
    prev: str
    time: str
    boot: str
    mono_ns: int
    root: str
    sealed: str
    mac: tuple[tuple[str, str], ...]


def draft(
    kind: Kind,
    actor: Actor,
    action: str,
    *,
    purpose: str = "",
    collection: str = "",
    documents: tuple[str, ...] = (),
    decision: DecisionRecord | None = None,
    result: Result | None = None,
) -> Draft:
    """A record with a fresh id that has no place in the log yet."""
    return Draft(
        kind,
        secrets.token_hex(16),
        actor.uid,
        action,
        via=actor.via,
        purpose=purpose,
        collection=collection,
        documents=documents,
        decision=decision,
        result=result,
    )


def line_of(of: Draft, at: Placing) -> bytes:
    """The line of a drafted record at its place: what `encode` gives, in a third of the time.

    Raises:
        UsageError: a field holds something that may not stand in clear.
    """
    mac = ",".join([f'"{name}":"{keyed}"' for name, keyed in at.mac])
    documents = '"' + '","'.join(of.documents) + '"' if of.documents else ""
    text = (
        f'{{"action":"{of.action}","actor":{{"uid":{of.uid}}},"adapter":"{of.adapter}",'
        f'"boot":"{at.boot}","code":"{of.code}","collection":"{of.collection}",'
        f'"decision":{_spelled_decision(of.decision)},"documents":[{documents}],"id":"{of.id}",'
        f'"kind":"{of.kind.value}","mac":{{{mac}}},"model":"{of.model}","mono_ns":"{at.mono_ns}",'
        f'"of":"{of.of}","policy":"{of.policy}","prev":"{at.prev}","prompt":"{of.prompt}",'
        f'"purpose":"{of.purpose}","result":{_spelled_result(of.result)},"root":"{at.root}",'
        f'"sealed":"{at.sealed}","seq":{at.seq},"time":"{at.time}","v":{VERSION},"via":"{of.via}"}}'
    )
    line = text.encode("utf-8", "surrogatepass")
    if LINE.fullmatch(line) and len(line) <= LONGEST_LINE:
        return line
    return encode(_placed(of, at))  # raises, and says which field


def _placed(of: Draft, at: Placing) -> Record:
    fields = {name: getattr(of, name) for name in Draft.__slots__}
    return Record(**fields, **{name: getattr(at, name) for name in Placing.__slots__})


def _spelled_decision(decision: DecisionRecord | None) -> str:
    if decision is None:
        return "null"
    policies = '"' + '","'.join(decision.policies) + '"' if decision.policies else ""
    allow = "true" if decision.allow else "false"
    return f'{{"allow":{allow},"policies":[{policies}],"policy_hash":"{decision.policy_hash}"}}'


def _spelled_result(result: Result | None) -> str:
    if result is None:
        return "null"
    counts = ",".join([f'"{name}":{number}' for name, number in result.counts])
    return f'{{"counts":{{{counts}}},"error":"{result.error}","status":"{result.status}"}}'


def encode(record: Record) -> bytes:
    """The one spelling of a record, without a newline: ASCII, as all that stands in clear is.

    Raises:
        UsageError: a field holds something that may not stand in clear.
    """
    plain = _plain(record)
    line = _spell(plain).encode("utf-8", "surrogatepass")
    if not LINE.fullmatch(line) or len(line) > LONGEST_LINE:
        fault = first_fault({key: _spell(value) for key, value in plain.items()}) or "length"
        raise UsageError(
            f"the audit log takes no such {fault}",
            remedy=f"{fault} takes one short word; content belongs in sealed strings",
        )
    return line


def decode(line: bytes) -> Record:
    """Read one line, without its newline.

    Raises:
        AuditError: not a record in its one spelling.
    """
    if len(line) > LONGEST_LINE or not LINE.fullmatch(line):
        raise AuditError("the line is not an audit record")
    record = _record(json.loads(line))
    if encode(record) != line:
        raise AuditError("the line is an audit record, but not in its one spelling")
    return record


def nfc(text: str) -> str:
    """The composed form of a text (Unicode NFC), in which all strings of the log stand."""
    return unicodedata.normalize("NFC", text)


_spell: Callable[[object], str] = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
).encode


def _plain(record: Record) -> dict[str, object]:
    decision, result = record.decision, record.result
    return {
        "v": VERSION,
        "seq": record.seq,
        "prev": record.prev,
        "time": record.time,
        "boot": record.boot,
        "mono_ns": str(record.mono_ns),
        "kind": record.kind.value,
        "id": record.id,
        "of": record.of,
        "actor": {"uid": record.uid},
        "action": record.action,
        "code": record.code,
        "purpose": record.purpose,
        "collection": record.collection,
        "documents": list(record.documents),
        "decision": None
        if decision is None
        else {
            "allow": decision.allow,
            "policies": list(decision.policies),
            "policy_hash": decision.policy_hash,
        },
        "result": None
        if result is None
        else {"status": result.status, "error": result.error, "counts": dict(result.counts)},
        "model": record.model,
        "adapter": record.adapter,
        "prompt": record.prompt,
        "policy": record.policy,
        "root": record.root,
        "via": record.via,
        "sealed": record.sealed,
        "mac": dict(record.mac),
    }


def _record(plain: Any) -> Record:
    decision, result = plain["decision"], plain["result"]
    return Record(
        seq=plain["seq"],
        prev=plain["prev"],
        time=plain["time"],
        boot=plain["boot"],
        mono_ns=int(plain["mono_ns"]),
        kind=Kind(plain["kind"]),
        id=plain["id"],
        of=plain["of"],
        uid=plain["actor"]["uid"],
        action=plain["action"],
        code=plain["code"],
        purpose=plain["purpose"],
        collection=plain["collection"],
        documents=tuple(plain["documents"]),
        decision=None
        if decision is None
        else DecisionRecord(
            decision["allow"], tuple(decision["policies"]), decision["policy_hash"]
        ),
        result=None
        if result is None
        else Result(result["status"], result["error"], tuple(result["counts"].items())),
        model=plain["model"],
        adapter=plain["adapter"],
        prompt=plain["prompt"],
        policy=plain["policy"],
        root=plain["root"],
        via=plain["via"],
        sealed=plain["sealed"],
        mac=tuple(plain["mac"].items()),
    )
