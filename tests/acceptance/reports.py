"""Reports for tests, with made-up findings."""

from __future__ import annotations

from appliance.acceptance.checks import Check, Figure, Verdict
from appliance.acceptance.record import Report, compose

CHECKS = tuple(
    Check(f"P{number}", f"check {number}", Verdict.PASS, "found " + "words " * number)
    for number in range(1, 30)
)


def report(*checks: Check) -> Report:
    """Of these checks, or of many that passed."""
    figures = (Figure("pages read", 97.5, "pages/s"),)
    return compose(
        checks or CHECKS, figures, release="release 1.0.0-7", model="m 00", deep=True, seconds=12.34
    )
