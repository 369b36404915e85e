"""How one check ended; pure.  Not run is not passed, and not known is not passed either."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from appliance.errors import ApplianceError


class Verdict(StrEnum):
    """How one check or all of them stand."""

    PASS = "PASS"  # noqa: S105 -- no password
    FAIL = "FAIL"
    UNKNOWN = "UNKNOWN"  # it could not be looked at
    NOT_RUN = "NOT RUN"  # it does not apply to what is installed here


@dataclass(frozen=True, slots=True)
class Check:
    """One check: the promise or the subject it is about, how it stands, what was found.

    ``found`` names files, counts and fixed words, never content.
    """

    topic: str  # P1 to P9, "quality", "determinism"
    name: str
    verdict: Verdict
    found: str
    remedy: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement."""

    name: str
    value: float
    unit: str


def overall(checks: Iterable[Check]) -> Verdict:
    """FAIL where one fails; PASS only where every check that was run passed, and one was."""
    verdicts = {check.verdict for check in checks} - {Verdict.NOT_RUN}
    if Verdict.FAIL in verdicts:
        return Verdict.FAIL
    return Verdict.PASS if verdicts == {Verdict.PASS} else Verdict.UNKNOWN


def passed(topic: str, name: str, found: str) -> Check:
    """A check that passed."""
    return Check(topic, name, Verdict.PASS, found)


def failed(topic: str, name: str, found: str, remedy: str) -> Check:
    """A check that failed."""
    return Check(topic, name, Verdict.FAIL, found, remedy)


def unknown(topic: str, name: str, found: str, remedy: str = "") -> Check:
    """A check that could not be made."""
    return Check(topic, name, Verdict.UNKNOWN, found, remedy)


def not_run(topic: str, name: str, found: str) -> Check:
    """A check of something that is not installed here on purpose."""
    return Check(topic, name, Verdict.NOT_RUN, found)


def judge(
    topic: str, name: str, faults: Iterable[str], otherwise: str, remedy: str, most: int = 4
) -> Check:
    """FAIL naming the first ``most`` faults, or PASS with the words ``otherwise``."""
    found = tuple(faults)
    if not found:
        return passed(topic, name, otherwise)
    more = f"; and {len(found) - most} more" if len(found) > most else ""
    return failed(topic, name, "; ".join(found[:most]) + more, remedy)


def made(topic: str, name: str, look: Callable[[], Check]) -> Check:
    """Make a check: an error of the appliance is a failure, one of the machine is not known."""
    begun = time.monotonic()
    try:
        check = look()
    except ApplianceError as error:
        check = failed(topic, name, error.message, error.remedy)
    except OSError as error:
        check = unknown(topic, name, f"it could not be looked at: {error.strerror}")
    return replace(check, seconds=round(time.monotonic() - begun, 2))
