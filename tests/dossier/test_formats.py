"""Events in the formats of other systems: what an import there takes for good, denied or open."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from appliance.audit.codes import code
from appliance.audit.records import NO_LINE, Kind, Record, Result
from appliance.audit.sentences import Names
from appliance.dossier import fhir, ocsf
from appliance.dossier.telling import Told, tell

ORIGIN = "appliance.local/" + "ab" * 16


def told(kind: Kind, action: str, status: str = "") -> Told:
    """The one event of a record."""
    record = Record(
        seq=3,
        prev=NO_LINE,
        time="2026-03-04T14:02:00.000000Z",
        boot="b",
        mono_ns=1,
        kind=kind,
        id="1f" * 16,
        uid=1000,
        action=action,
        code=code(kind, action, status),
        result=Result(status) if status else None,
    )
    of = "2e" * 16 if kind is Kind.OUTCOME else ""
    (found,) = tell([replace(record, of=of)], Names())
    return found


@pytest.mark.parametrize(
    ("kind", "action", "status", "fhir_says", "ocsf_says"),
    [
        (Kind.OUTCOME, "ask", "done", "0", "Success"),
        (Kind.OUTCOME, "ask", "denied", "4", "Failure"),
        (Kind.OUTCOME, "ask", "interrupted", "8", "Failure"),
        (Kind.INTENT, "ask", "", None, "Unknown"),
        (Kind.SECURITY, "rollback_found", "refused", "4", "Failure"),
        (Kind.SYSTEM, "engine_crash", "crashed", "8", "Failure"),
        (Kind.ADMIN, "policy_approve", "sha256:" + "ab" * 32, "0", "Success"),
    ],
)
def test_how_it_ended_is_said_there_too(
    kind: Kind, action: str, status: str, fhir_says: str | None, ocsf_says: str
) -> None:
    found = told(kind, action, status)
    assert fhir.event(found, ORIGIN).get("outcome") == fhir_says
    assert json.loads(ocsf.line(found, ORIGIN))["status"] == ocsf_says


@pytest.mark.parametrize(
    ("action", "type_uid", "needs"),
    [
        ("search", 600504, "databucket"),  # a query; 5 would be a write
        ("ask", 600504, "databucket"),
        ("delete", 600507, "databucket"),
        ("audit_export", 100807, "log_name"),
        ("wall_change", 300599, "privileges"),
        ("console_login", 300201, "service"),
        ("policy_explain", 600399, "api"),
    ],
)
def test_the_class_of_an_event_has_what_it_asks_for(action: str, type_uid: int, needs: str) -> None:
    line = json.loads(ocsf.line(told(Kind.OUTCOME, action, "done"), ORIGIN))
    assert (line["type_uid"], needs in line) == (type_uid, True)
