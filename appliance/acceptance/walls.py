"""P1 in short form: the attestation of egress, as one line of the report."""

from __future__ import annotations

from appliance.acceptance.checks import Check, failed, passed, unknown
from appliance.config import Settings
from appliance.egress.verdict import Item, Verdict, overall

_SEE = "see `appliance attest egress`"


def egress(settings: Settings) -> Check:
    """Every wall of engine, reader and core looked at, every way out tried."""
    from appliance.attest.parts import look

    return judged(look(settings).items)


def judged(items: tuple[Item, ...]) -> Check:
    """The items that failed, or that are not known, by name."""
    topic, name = "P1", "nothing can leave"
    verdict = overall(items)
    if verdict is Verdict.PASS:
        return passed(topic, name, f"{len(items)} items: each wall stood, each try was stopped")
    named = [
        f"{item.part}: {item.name}: {item.reason}" for item in items if item.verdict is verdict
    ]
    words = f"{len(named)} of {len(items)} items: {'; '.join(named[:3])}"
    if verdict is Verdict.FAIL:
        return failed(topic, name, words, f"{_SEE}; do not use the engine before it passes")
    return unknown(topic, name, words, f"{_SEE}; it needs network namespaces")
