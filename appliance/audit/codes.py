"""Stable event codes: what a record says, as a number that stays when words change.

A code is the action's number and, behind a dot, what the record says of it: ``1103.intent``,
``1103.retrieval``, ``1103.done``, ``1103.denied``, ...; records that stand alone end in their kind
(``8103.security``), with ``-failed`` or ``-denied`` behind it where it went badly.  Numbers are
never used again for something else.  An action without a number cannot be recorded, and what
cannot be recorded cannot be done: a new action gets its line here first.

The published reference, deploy/notes/events.md, is made from this table (reference.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from appliance.errors import InvariantBroken

DONE, DENIED, FAILED, INTERRUPTED = "done", "denied", "failed", "interrupted"
ENDINGS = (DONE, DENIED, FAILED, INTERRUPTED)
_REFUSED = frozenset({DENIED, "refused"})
_BAD = frozenset({FAILED, "crashed", INTERRUPTED})
_ALONE = frozenset({"admin", "security", "system"})


@dataclass(frozen=True, slots=True)
class Coded:
    """One action: its number, and what it does in plain words."""

    number: int
    words: str  # a verb phrase: "asked the documents of a collection a question"
    alone: str = ""  # kind of its records that stand alone: admin, security, system
    acts: bool = True  # it is an act, with intent and outcome
    prompts: bool = False  # documents may enter a prompt: a retrieval


GROUPS = {
    1: "Reading documents and results",
    2: "Taking in, changing and erasing documents",
    3: "People, grants, walls and broken glass",
    4: "Policies",
    5: "The audit log, its officers, witnesses and reviews",
    6: "The appliance",
    7: "Keys and second factors",
    8: "Security",
    9: "The life of the log and of the software",
}

_A, _S, _Y = "admin", "security", "system"

ACTIONS: dict[str, Coded] = {
    "list": Coded(1101, "listed collections or documents"),
    "show": Coded(1102, "read the text of a document"),
    "ask": Coded(1103, "asked documents a question", prompts=True),
    "search": Coded(1104, "searched documents", prompts=True),
    "summarize": Coded(1105, "had a document summarised", prompts=True),
    "extract": Coded(1106, "had the fields of a document extracted", prompts=True),
    "results": Coded(1107, "listed kept results"),
    "result": Coded(1108, "read a kept result"),
    "replay": Coded(1109, "repeated a kept result", prompts=True),
    "export": Coded(1110, "exported results or a document out of the store"),
    "status": Coded(1112, "looked at the state of the appliance"),
    "ingest": Coded(2101, "took a file into a collection"),
    "create_collection": Coded(2102, "made a collection"),
    "delete": Coded(2103, "erased a document"),
    "label_change": Coded(2104, "changed the labels of a collection"),
    "user_list": Coded(3101, "looked at the people known here"),
    "user_change": Coded(3102, "made a person known, or changed what is known of them"),
    "role_change": Coded(3103, "gave or took a role"),
    "grant_list": Coded(3104, "looked at the grants"),
    "grant_change": Coded(3105, "gave or ended a grant"),
    "wall_list": Coded(3106, "looked at the walls"),
    "wall_change": Coded(3107, "put up or lifted a wall"),
    "break_glass_open": Coded(3108, "opened a collection by breaking the glass"),
    "break_glass_list": Coded(3109, "looked at the openings by broken glass"),
    "break_glass_review": Coded(3110, "reviewed an opening by broken glass"),
    "break_glass": Coded(3111, "glass was broken", _S, acts=False),
    "policy_check": Coded(4101, "checked the policies"),
    "policy_explain": Coded(4102, "asked why somebody may or may not do something"),
    "policy_diff": Coded(4103, "compared the policies with proposed ones"),
    "policy_propose": Coded(4104, "proposed policies", _A),
    "policy_approve": Coded(4105, "approved policies, which are in force now", _A),
    "audit_show": Coded(5101, "read the audit log"),
    "audit_verify": Coded(5102, "verified the audit log"),
    "audit_export": Coded(5103, "exported records of the audit log as evidence"),
    "audit_report": Coded(5104, "made a report from the audit log"),
    "audit_checkpoint": Coded(5105, "wrote a checkpoint for a witness"),
    "audit_cosign": Coded(5106, "took in the cosignature of a witness", _A),
    "officer_list": Coded(5107, "looked at the officers' keys and the periods"),
    "officer_key_publish": Coded(5108, "published an officer's key", _A),
    "officer_key_share": Coded(5109, "shared earlier periods with another officer", _A),
    "officer_key_retire": Coded(5110, "retired an officer's key", _A),
    "period_begin": Coded(5111, "a period of sealing began", _A, acts=False),
    "period_destroy": Coded(5112, "asked for a period's key to be destroyed (two persons)", _A),
    "retention_list": Coded(5113, "looked at how long records are kept"),
    "retention_remove": Coded(5114, "asked for the oldest segment to be removed (two persons)", _A),
    "review_list": Coded(5115, "looked at the reviews"),
    "review_start": Coded(5116, "started a review of the log", _A),
    "review_next": Coded(5117, "looked at the next record under review", _A),
    "review_note": Coded(5118, "wrote a note in a review", _A),
    "review_sign": Coded(5119, "signed a review off", _A),
    "console_login": Coded(5120, "opened a session of the console", _S),
    "console_logout": Coded(5121, "ended a session of the console", _S),
    "console_read": Coded(5122, "read pages of the console"),
    "init": Coded(6101, "made the store"),
    "attest": Coded(6102, "had the walls against the network attested"),
    "attest_egress": Coded(6103, "the walls against the network were attested", _S, acts=False),
    "accept": Coded(6104, "had every promise of the appliance tried", _S),
    "engine": Coded(6105, "looked at, started or stopped the engine"),
    "engine_start": Coded(6106, "the engine was started", _Y, acts=False),
    "engine_stop": Coded(6107, "the engine was stopped", _Y, acts=False),
    "engine_crash": Coded(6108, "the engine was found dead", _Y, acts=False),
    "serve": Coded(6109, "started the service", _Y),
    "seal": Coded(6110, "sealed the store", _Y),
    "doctor": Coded(6111, "had the appliance examined"),
    "pack": Coded(6112, "tried or looked at a pack"),
    "key_status": Coded(7101, "looked at the ways to open the store"),
    "key_change": Coded(7102, "changed the ways to open the store", _A),
    "factor_enrol": Coded(7103, "set up a second factor", _A),
    "factor_check": Coded(7104, "gave a second factor", _S),
    "factor_remove": Coded(7105, "removed a second factor", _A),
    "unseal_failed": Coded(7107, "an attempt to open the store failed", _S, acts=False),
    "scope_broken": Coded(8101, "something outside its scope was held back", _S, acts=False),
    "unknown_caller": Coded(8102, "somebody unknown called the service", _S, acts=False),
    "invariant_broken": Coded(8103, "the service stopped itself", _S, acts=False),
    "too_many_failures": Coded(8104, "a person was locked out for a time", _S, acts=False),
    "create_log": Coded(9101, "the log began", _Y, acts=False),
    "repair_log": Coded(9102, "a torn line was cut from the log", _Y, acts=False),
    "rollback_found": Coded(9103, "an older catalogue was found", _S, acts=False),
    "catalogue_ahead": Coded(9108, "the catalogue had changed without an outcome", _Y, False),
    "log_stop": Coded(9104, "the log could not be written any more", _Y, acts=False),
    "install": Coded(9105, "the software was installed", _Y, acts=False),
    "upgrade": Coded(9106, "the software was upgraded", _Y, acts=False),
    "rollback": Coded(9107, "the software was set back", _Y, acts=False),
}


def code(kind: str, action: str, status: str = "") -> str:
    """The code of a record of this kind, about this action, that ended like this.

    Raises:
        InvariantBroken: the action has no number, or an outcome has an ending that is none.
    """
    coded = ACTIONS.get(action)
    if coded is None:
        raise InvariantBroken(f"the action {action} has no event code: give it one in codes.py")
    if kind in _ALONE:
        return f"{coded.number}.{kind}{_manner(status)}"
    if kind != "outcome":
        return f"{coded.number}.{kind}"
    if status not in ENDINGS:
        raise InvariantBroken(f"an outcome ends in one of {', '.join(ENDINGS)}")
    return f"{coded.number}.{status}"


def _manner(status: str) -> str:
    """How an event went, from the first word of its status: well, else denied or failed."""
    word = status.partition(",")[0].lower()
    return "-denied" if word in _REFUSED else "-failed" if word in _BAD else ""


def words(action: str) -> str:
    """What an action does, in plain words; the action itself where it is not known."""
    coded = ACTIONS.get(action)
    return coded.words if coded else action
