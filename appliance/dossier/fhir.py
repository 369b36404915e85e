"""Events as FHIR R4 AuditEvent resources, with the codes of IHE BALP and DICOM (PS3.15, A.5).

One Bundle holds many events.  An act of this appliance is no RESTful call, so the events carry
DICOM's codes rather than BALP's RESTful ones; patients, purposes and outcomes stand where BALP has
them.  Questions and titles stand in ``outcomeDesc`` only where the officer opened them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from appliance.audit.codes import DENIED, DONE, FAILED
from appliance.audit.records import Kind
from appliance.dossier.telling import Told
from appliance.plain import Plain

_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_OBJECT = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
_SOURCE = "http://terminology.hl7.org/CodeSystem/security-source-type"

PURPOSES = {  # ours to v3-ActReason
    "TREATMENT": "TREAT",
    "PAYMENT": "HPAYMT",
    "OPERATIONS": "HOPERAT",
    "PATIENT_REQUEST": "PATRQT",
}
_TYPES = {  # action: DICOM code, its words, FHIR action
    "show": ("110110", "Patient Record", "R"),
    "ask": ("110112", "Query", "E"),
    "search": ("110112", "Query", "E"),
    "summarize": ("110110", "Patient Record", "R"),
    "extract": ("110110", "Patient Record", "R"),
    "export": ("110106", "Export", "R"),
    "audit_export": ("110106", "Export", "R"),
    "ingest": ("110107", "Import", "C"),
    "delete": ("110105", "DICOM Study Deleted", "D"),
    "audit_show": ("110101", "Audit Log Used", "R"),
    "audit_report": ("110101", "Audit Log Used", "R"),
    "audit_verify": ("110101", "Audit Log Used", "R"),
    "console_login": ("110114", "User Authentication", "E"),
    "break_glass_open": ("110127", "Emergency Override Started", "E"),
    "break_glass": ("110113", "Security Alert", "E"),
}
_BY_KIND = {
    Kind.SECURITY: ("110113", "Security Alert", "E"),
    Kind.SYSTEM: ("110100", "Application Activity", "E"),
}
_ELSE = ("110100", "Application Activity", "E")
_OUTCOMES = {DONE: "0", DENIED: "4", FAILED: "8"}  # of what is still open none is known


def bundle(told: Sequence[Told], origin: str) -> bytes:
    """A Bundle of type "collection", as JSON; ``origin`` names the log."""
    entries: list[Plain] = [
        {"fullUrl": f"urn:uuid:{_uuid(one.event.id)}", "resource": event(one, origin)}
        for one in told
    ]
    whole = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return json.dumps(whole, ensure_ascii=False, indent=1).encode() + b"\n"


def event(told: Told, origin: str) -> dict[str, Plain]:
    """One AuditEvent."""
    one = told.event
    code, words, action = _TYPES.get(one.action) or _BY_KIND.get(one.kind) or _ELSE
    found: dict[str, Plain] = {
        "resourceType": "AuditEvent",
        "id": _uuid(one.id),
        "type": _coding(_DCM, code, words),
        "subtype": [_coding(f"urn:{origin}:event-code", one.code, one.action)],
        "action": action,
        "period": {"start": one.time, "end": one.ended},
        "recorded": one.ended,
        "outcomeDesc": told.sentence,
        "agent": [_agent(told)],
        "source": {
            "site": origin,
            "observer": {"display": origin},
            "type": [_coding(_SOURCE, "4", "Application Server")],
        },
        "entity": [*_patients(told), *_documents(told), _record(told, origin)],
    }
    if one.went in _OUTCOMES:
        found["outcome"] = _OUTCOMES[one.went]
    purpose = PURPOSES.get(one.purpose)
    if purpose:
        found["purposeOfEvent"] = [{"coding": [_coding(_REASON, purpose)]}]
    elif one.purpose:
        found["purposeOfEvent"] = [{"text": one.purpose}]
    return found


def _agent(told: Told) -> Plain:
    decision = told.event.decision
    agent: dict[str, Plain] = {
        "type": {"coding": [_coding(_DCM, "110153", "Source Role ID")]},
        "who": {"identifier": {"value": str(told.event.uid)}, "display": told.who},
        "altId": str(told.event.uid),
        "requestor": True,
    }
    if decision and decision.policies:
        agent["policy"] = [f"urn:sha256:{told.event.policy}#{one}" for one in decision.policies]
    return agent


def _patients(told: Told) -> list[Plain]:
    """Collections; those of the health sector are patients."""
    found: list[Plain] = []
    for id, place in zip(told.collections, told.places, strict=True):
        noun, _, name = place.partition(" ")
        patient = noun == "patient"
        role = ("1", "Patient") if patient else ("4", "Domain Resource")
        found.append(
            {
                "what": {"identifier": {"value": id}, "display": name},
                "type": _coding(_OBJECT, *(("1", "Person") if patient else ("4", "Other"))),
                "role": _coding(_ROLE, *role),
            }
        )
    return found


def _documents(told: Told) -> list[Plain]:
    return [
        {
            "what": {"identifier": {"value": id}},
            "type": _coding(_OBJECT, "2", "System Object"),
            "role": _coding(_ROLE, "3", "Report"),
        }
        for id in told.event.documents
    ]


def _record(told: Told, origin: str) -> Plain:
    """Where it stands in the log, so that the event can be held against its proof."""
    details: list[Plain] = [{"type": "record", "valueString": str(seq)} for seq in told.event.seqs]
    return {
        "what": {"display": f"{origin} record {told.event.seq}"},
        "type": _coding(_OBJECT, "2", "System Object"),
        "role": _coding(_ROLE, "13", "Security Resource"),
        "detail": details,
    }


def _coding(system: str, code: str, words: str = "") -> Plain:
    found: dict[str, Plain] = {"system": system, "code": code}
    if words:
        found["display"] = words
    return found


def _uuid(id: str) -> str:
    return f"{id[:8]}-{id[8:12]}-{id[12:16]}-{id[16:20]}-{id[20:]}"
