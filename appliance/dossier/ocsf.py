"""Events as OCSF (Open Cybersecurity Schema Framework) 1.3 for the import into a SIEM.

Classes: 6005 Datastore Activity for documents, 3005 User Access Management for roles, grants and
walls, 3001 Account Change, 3002 Authentication, 1008 Event Log Activity for the audit log itself,
6003 API Activity for the rest.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import NamedTuple

from appliance import __version__
from appliance.audit.codes import DONE
from appliance.audit.events import OPEN
from appliance.dossier.telling import Told
from appliance.plain import Plain

VERSION = "1.3.0"


class _Class(NamedTuple):
    uid: int
    name: str
    category: int
    category_name: str


_DATASTORE = _Class(6005, "Datastore Activity", 6, "Application Activity")
_API = _Class(6003, "API Activity", 6, "Application Activity")
_ACCESS = _Class(3005, "User Access Management", 3, "Identity & Access Management")
_ACCOUNT = _Class(3001, "Account Change", 3, "Identity & Access Management")
_LOGIN = _Class(3002, "Authentication", 3, "Identity & Access Management")
_LOG = _Class(1008, "Event Log Activity", 1, "System Activity")

_ACTIONS: dict[str, tuple[_Class, int]] = {  # class and activity: 99 is "other"
    "show": (_DATASTORE, 1),
    "summarize": (_DATASTORE, 1),
    "extract": (_DATASTORE, 1),
    "result": (_DATASTORE, 1),
    "export": (_DATASTORE, 1),
    "ask": (_DATASTORE, 4),
    "search": (_DATASTORE, 4),
    "list": (_DATASTORE, 8),
    "ingest": (_DATASTORE, 6),
    "create_collection": (_DATASTORE, 6),
    "label_change": (_DATASTORE, 2),
    "delete": (_DATASTORE, 7),
    "role_change": (_ACCESS, 99),
    "grant_change": (_ACCESS, 99),
    "wall_change": (_ACCESS, 99),
    "break_glass_open": (_ACCESS, 1),
    "user_change": (_ACCOUNT, 99),
    "console_login": (_LOGIN, 1),
    "console_logout": (_LOGIN, 2),
    "audit_show": (_LOG, 99),
    "audit_report": (_LOG, 99),
    "audit_verify": (_LOG, 99),
    "audit_export": (_LOG, 7),
    "audit_checkpoint": (_LOG, 99),
    "audit_cosign": (_LOG, 99),
    "retention_remove": (_LOG, 2),
}
_STATUSES = {DONE: (1, "Success"), OPEN: (0, "Unknown")}  # of all else failure
_SERIOUS = frozenset({"break_glass_open", "break_glass", "invariant_broken", "rollback_found"})


def line(told: Told, origin: str) -> str:
    """One event as a line of JSON."""
    return json.dumps(event(told, origin), ensure_ascii=False, separators=(",", ":")) + "\n"


def event(told: Told, origin: str) -> dict[str, Plain]:
    """One event."""
    one = told.event
    kind, activity = _ACTIONS.get(one.action, (_API, 99))
    status = _STATUSES.get(one.went, (2, "Failure"))
    severity = (3, "Medium") if one.action in _SERIOUS else (1, "Informational")
    if one.denied:
        severity = max(severity, (2, "Low"))
    user: dict[str, Plain] = {"uid": str(one.uid), "name": told.who}
    found: dict[str, Plain] = {
        "activity_id": activity,
        "activity_name": one.action if activity == 99 else None,
        "category_uid": kind.category,
        "category_name": kind.category_name,
        "class_uid": kind.uid,
        "class_name": kind.name,
        "type_uid": kind.uid * 100 + activity,
        "time": _milliseconds(one.time),
        "start_time": _milliseconds(one.time),
        "end_time": _milliseconds(one.ended),
        "severity_id": severity[0],
        "severity": severity[1],
        "status_id": status[0],
        "status": status[1],
        "status_code": one.code,
        "status_detail": one.error or one.status,
        "message": told.sentence,
        "actor": {"user": user},
        "src_endpoint": {"name": "this machine", "interface_name": one.via or "cli"},
        "metadata": _metadata(told, origin),
        "unmapped": _unmapped(told),
    }
    found |= _about(told, kind, user, origin)
    return {key: value for key, value in found.items() if value is not None}


def _about(told: Told, kind: _Class, user: dict[str, Plain], origin: str) -> dict[str, Plain]:
    """What its class asks for besides."""
    service: Plain = {"name": "appliance"}
    if kind is _DATASTORE:
        bucket: dict[str, Plain] = {"name": "; ".join(told.places) or "documents", "type_id": 99}
        if told.collections:
            bucket["uid"] = " ".join(told.collections)
        return {"databucket": bucket | {"type": "collection"}}
    if kind is _ACCESS:
        return {"user": user, "privileges": [told.event.action]}
    if kind is _LOG:
        return {"log_name": origin, "log_type": "audit"}
    if kind is _API:
        return {"api": {"operation": told.event.action, "service": service}}
    return {"user": user, "service": service} if kind is _LOGIN else {"user": user}


def _metadata(told: Told, origin: str) -> Plain:
    return {
        "version": VERSION,
        "uid": told.event.id,
        "sequence": told.event.seq,
        "event_code": told.event.code,
        "log_name": origin,
        "product": {"name": "appliance", "vendor_name": "appliance", "version": __version__},
        "logged_time": _milliseconds(told.event.ended),
    }


def _unmapped(told: Told) -> Plain:
    one, decision = told.event, told.event.decision
    found: dict[str, Plain] = {
        "records": list(one.seqs),
        "documents": list(one.documents),
        "purpose": one.purpose or None,
        "policy_set": one.policy or None,
        "policies": list(decision.policies) if decision else None,
        "model": one.model or None,
    }
    return {key: value for key, value in found.items() if value}


def _milliseconds(time: str) -> int:
    return int(datetime.fromisoformat(time).timestamp() * 1000)
