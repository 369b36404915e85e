"""The published reference of the log: what a record's keys and codes mean, how its seals open.

Made from the tables that the log itself works with, so that it cannot say something else;
``scripts/event_codes`` writes it to deploy/notes/events.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from appliance.audit.codes import ACTIONS, ENDINGS, GROUPS, Coded
from appliance.audit.spelling import FIELDS

KEYS = {  # what each key of a record says
    "action": "what was done or happened; see the tables of codes",
    "actor": "the account of the operating system, by number; its name is sealed",
    "adapter": "digest of an adapter on the model that was asked",
    "boot": "the kernel's id of the boot",
    "code": "number of the action, and the ending",
    "collection": "id of the collection, where there is one",
    "decision": "what the policies said: allowed or not, which policies decided, of which set",
    "documents": "ids of the documents it was about, or that enter a prompt",
    "id": "random id of this record",
    "kind": "intent, retrieval, outcome, admin, security or system",
    "mac": "keyed hash of each sealed string, by its name: equal for equal strings",
    "model": "digest of the model that was asked",
    "mono_ns": "nanoseconds since that boot, by a clock that nobody can set",
    "of": "of a retrieval or outcome: the id of its intent",
    "policy": "SHA-256 of the policies in force when this was recorded",
    "prev": "leaf hash of the record before",
    "prompt": "SHA-256 of the prompt templates that were used",
    "purpose": "purpose of use that the person gave",
    "result": "how it ended: status, name of an error class, counts",
    "root": "root of the catalogue behind an outcome or an event",
    "sealed": "strings that do not stand in clear, in base64; see below",
    "seq": "number of this record, from 0",
    "time": "by the wall clock, RFC 3339, UTC, microseconds",
    "v": "2: the form of a record",
    "via": "how the person came in: cli, service, console, openai; empty: the appliance itself",
}


def reference() -> str:
    """The reference, as Markdown."""
    return "\n".join(_reference())


def _reference() -> Iterator[str]:
    yield from _INTRODUCTION
    for group, title in GROUPS.items():
        yield f"\n## {group}xxx: {title}\n"
        yield "| number | action | what it says | endings |\n|---|---|---|---|"
        for action, coded in sorted(ACTIONS.items(), key=lambda item: item[1].number):
            if coded.number // 1000 == group:
                endings = " ".join(_endings(coded))
                yield f"| {coded.number} | {action} | {coded.words} | {endings} |"
    yield "\n## Keys of a record\n"
    yield "A record is one line of JSON (RFC 8785) and has every key, in this order.\n"
    yield "| key | what it says |\n|---|---|"
    yield from (f"| `{key}` | {KEYS[key]} |" for key in FIELDS)
    yield from _SEALS


def _endings(coded: Coded) -> Iterator[str]:
    if coded.acts:
        yield "intent"
        yield from ("retrieval",) if coded.prompts else ()
        yield from ENDINGS
    if coded.alone:
        yield from (f"{coded.alone}{how}" for how in ("", "-denied", "-failed"))


_INTRODUCTION = (
    "# Event codes and records of the audit log",
    "",
    "Written by `scripts/event_codes` from the code; a test says when it is out of date.  Every",
    "record has a `code`: the number of the action, a dot, and the ending, such as `1103.done`.  A",
    "number keeps its meaning for good.",
    "",
    "| ending | meaning |",
    "|---|---|",
    "| `intent` | about to happen; on disk before anything is decrypted or changed |",
    "| `retrieval` | these documents are about to enter a prompt; before the first token |",
    "| `done` | happened; on disk before its result is released |",
    "| `denied` | the policies did not permit it, or there was nothing that they permit to see |",
    "| `failed` | did not happen, or only in part; `result.error` names the kind of error |",
    "| `interrupted` | cut short by the person or by a crash |",
    "| `admin`, `security`, `system` | an event that stands alone; `-denied` and `-failed`"
    " where it went badly |",
)
_SEALS = (
    "",
    "## Sealed strings",
    "",
    "Questions, names and titles are sealed to the key pair of a period: a calendar month, or less",
    "where the officers changed. `audit/periods/NNNN.json` holds its X25519 public key and its",
    "private key sealed to each officer; `held` instead means that no officer had a key then, and",
    "that the store itself can open it. Destroying a period's seals redacts its records; they stay",
    "and verify.",
    "",
    "| bytes of `sealed` | what they are |",
    "|---|---|",
    "| 1 | form: 2 |",
    "| 4 | number of the period, big endian |",
    "| 80 | key of a run of at most 256 records: HPKE (RFC 9180) base mode, DHKEM(X25519, "
    "HKDF-SHA256), HKDF-SHA256, AES-256-GCM; info: context `period/run` |",
    "| rest | the strings as a JSON object, under that key: C2SP chunked-encryption with "
    "AES-256-GCM and SHA-512; context `audit`, the record's id and number |",
    "",
    "A seal to an officer is HPKE with MLKEM768-X25519, HKDF-SHA256 and AES-256-GCM; info: context",
    "`period/wrap`, name of the officer's key, number of the period. A key is called by the first",
    "32 hex digits of its SHA-256. Contexts are spelled as in `appliance/store/FORMAT.md`.",
    "",
)
