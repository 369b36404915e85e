"""An attestation as one page of HTML that an auditor can read and keep; it loads nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from appliance.attest.record import Attestation, Signed
from appliance.egress.facts import Facts
from appliance.egress.probe import Observation
from appliance.egress.verdict import Verdict

CONTROLS = {  # NIST SP 800-53, revision 5; the words are our own
    "AC-4": "Information flows only where a rule allows it.",
    "SC-7(5)": "Nothing may pass the boundary unless it is allowed by name.",
    "SC-7(10)": "Data is kept from being carried out, and carrying it out is tried as a test.",
    "SC-7(12)": "The boundary stands on the machine itself, not only around it.",
    "SC-7(18)": "When the boundary cannot be trusted, nothing starts.",
    "SC-7(21)": "Parts that do different work are kept apart from each other.",
    "SI-7": "Programs cannot be turned into something else, and what they are is checked.",
}
_MEANING = {
    Verdict.PASS: "Every wall stood, every attempt was stopped, and the same attempts got out "
    "where no wall stood, so the test was able to fail.",
    Verdict.FAIL: "At least one wall did not stand or one attempt got through. The items marked "
    "FAIL say which. The engine does not start in this state.",
    Verdict.UNKNOWN: "Nothing was found open, but something could not be looked at or tried, "
    "so this is no proof. The items marked UNKNOWN say what.",
}
_LIMITS = (
    "The attempts were made by probes that were started exactly as the part they stand for; the "
    "running engine was only looked at, by its own service where it is another user's.",
    "An item marked 'observed' was seen to be so now and is not forbidden by the kernel.",
    "Nothing here speaks of people with the right to administer this machine, of removable media, "
    "of screens and printers, or of radiation.",
    "The address families UNIX and NETLINK reach other programs and the kernel of this machine.",
)
_STYLE = (
    "body{font:15px/1.45 sans-serif;max-width:62em;margin:2em auto;padding:0 1em;color:#111}"
    "table{border-collapse:collapse;width:100%;margin:1em 0}"
    "th,td{border:1px solid #bbb;padding:.25em .5em;text-align:left;vertical-align:top}"
    "th{background:#eee}.FAIL{background:#f6c6c0}.UNKNOWN{background:#f6e7b0}"
    "code{overflow-wrap:anywhere}@media print{body{margin:0}}"
)


def page(signed: Signed) -> str:
    """The whole page."""
    found = signed.attestation
    title = f"Nothing leaves: {found.verdict}"
    body = "".join(
        (
            f"<h1>{title}</h1><p>{escape(_MEANING[found.verdict])}</p>",
            _table(("what", "value"), _identity(signed)),
            "<h2>Each item</h2>",
            _items(found),
            "<h2>What was tried, and what the kernel counted</h2>",
            "<p>All addresses are set aside for documentation (RFC 5737, RFC 3849) and belong to "
            "nobody. The control made the same attempts in a network of its own whose only route "
            "leads to a device that swallows everything; there they must get out.</p>",
            _tried(found),
            "<h2>Counters before and after</h2>",
            _table(
                ("place", "packets sent by devices", "asked to be sent", "without a route"),
                _counted(found),
            ),
            "<h2>Controls of NIST SP 800-53, revision 5</h2>",
            _table(("control", "in our words", "items", "stand"), _mapped(found)),
            "<h2>What this does not show</h2><ul>",
            *(f"<li>{escape(limit)}</li>" for limit in _LIMITS),
            "</ul><h2>How to check this record</h2>",
            "<p>The JSON record is signed with the key of the audit log: <code>appliance attest "
            "verify FILE --key KEY</code>. Its digest stands in the audit log "
            "(<code>appliance audit show</code>).</p>",
        )
    )
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body>{body}</body></html>\n"
    )


def _identity(signed: Signed) -> Iterator[tuple[object, ...]]:
    found = signed.attestation
    yield "time (UTC)", found.time
    yield "start of the machine", found.boot
    yield "kernel", found.kernel
    yield "appliance", f"{found.version}, by user {found.uid}"
    yield "manifest of the release", found.release or "none: not installed from a bundle"
    yield "wall of the engine", found.wall
    yield "digest", signed.digest
    yield "signature", signed.signature or "not signed, and not in the audit log"
    yield "public key", signed.public_key or "none"


def _items(found: Attestation) -> str:
    head = "".join(
        f"<th>{name}</th>" for name in ("part", "item", "verdict", "why", "how", "controls")
    )
    rows = "".join(
        f'<tr class="{item.verdict}">'
        + _cells(
            (
                item.part,
                item.name,
                item.verdict,
                item.reason,
                "enforced" if item.enforced else "observed",
                ", ".join(item.controls),
            )
        )
        + "</tr>"
        for item in found.items
    )
    return f"<table><tr>{head}</tr>{rows}</table>"


def _tried(found: Attestation) -> str:
    places = (found.engine, found.locked, found.control)
    names = dict.fromkeys(attempt.name for place in places for attempt in place.attempts)
    rows = ((name, *(_ended(place, name) for place in places)) for name in names)
    return _table(("attempt", "as the engine", "as the core under lock", "control"), rows)


def _ended(place: Observation, name: str) -> str:
    for attempt in place.attempts:
        if attempt.name == name:
            error = f" ({attempt.error})" if attempt.error else ""
            return f"{attempt.outcome}{error}; {attempt.sent} sent, {attempt.no_routes} no route"
    return "not tried"


def _counted(found: Attestation) -> Iterator[tuple[object, ...]]:
    places = {"engine": found.engine, "core under lock": found.locked, "control": found.control}
    for name, place in places.items():
        for when, of in (("before", place.before), ("after", place.after)):
            yield f"{name}, {when}", *_numbers(of)


def _numbers(of: Facts) -> tuple[object, ...]:
    values = (of.sent if of.devices is not None else None, of.requests, of.no_routes)
    return tuple("not known" if value is None else value for value in values)


def _mapped(found: Attestation) -> Iterator[tuple[object, ...]]:
    for control, words in CONTROLS.items():
        mine = [item for item in found.items if control in item.controls]
        standing = [f"{sum(i.verdict is v for i in mine)} {v}" for v in Verdict]
        yield control, words, len(mine), ", ".join(standing)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    return f"<table><tr>{top}</tr>{''.join(f'<tr>{_cells(row)}</tr>' for row in rows)}</table>"


def _cells(row: Sequence[object]) -> str:
    return "".join(f"<td>{escape(str(value))}</td>" for value in row)
