"""Verifying the whole log, with how far it came."""

from __future__ import annotations

from collections.abc import Generator

from appliance.console.jobs import Job, Step
from appliance.console.visit import Answer, Elsewhere, Open, Page, Visit

VERIFY = "verify"


def verifying(visit: Visit) -> Page:
    """How far the verification has come, or what came of the last one in this session."""
    job = visit.jobs.get(VERIFY)
    busy = job is not None and not job.over
    values = {"job": job, "witnesses": visit.appliance.witnessing.witnesses()}
    return Page("verify.html", "Verify", values, refresh=1 if busy else 0)


def begin(visit: Visit) -> Answer:
    """Begin a verification, unless one is under way."""
    job = visit.jobs.get(VERIFY)
    if job is None or job.over:
        visit.jobs[VERIFY] = Job(_verified(visit.open))
    return Elsewhere("/verify")


def _verified(open_appliance: Open) -> Generator[Step, None, object]:
    with open_appliance() as appliance:
        verdict = None
        for progress in appliance.audit_verifying():
            yield Step(progress.done, progress.whole, "bytes")
            verdict = progress.verdict
        return verdict
