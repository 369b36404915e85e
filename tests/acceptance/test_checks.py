"""Not run is not passed, and nothing at all is not passed either."""

from __future__ import annotations

import pytest

from appliance.acceptance.checks import Check, Verdict, judge, made, overall, passed
from appliance.errors import ModelError


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ("PASS", "PASS"),
        ("PASS,NOT RUN", "PASS"),
        ("PASS,UNKNOWN", "UNKNOWN"),
        ("PASS,UNKNOWN,FAIL", "FAIL"),
        ("NOT RUN", "UNKNOWN"),
        ("", "UNKNOWN"),
    ],
)
def test_the_whole_from_its_parts(verdicts: str, expected: str) -> None:
    checks = [Check("P1", "x", Verdict(v), "") for v in verdicts.split(",") if v]
    assert overall(checks) == expected


def test_faults_are_named_and_the_many_counted() -> None:
    check = judge("P9", "x", [f"fault {n}" for n in range(7)], "fine", "do this")
    assert (check.verdict, check.remedy) == (Verdict.FAIL, "do this")
    assert check.found == "fault 0; fault 1; fault 2; fault 3; and 3 more"
    assert judge("P9", "x", [], "fine", "do this").found == "fine"


def test_an_error_of_the_appliance_fails_and_one_of_the_machine_is_not_known() -> None:
    def refused() -> Check:
        raise ModelError("the file differs", remedy="again")

    def unreadable() -> Check:
        raise PermissionError(13, "Permission denied")

    failed = made("P9", "model", refused)
    assert (failed.verdict, failed.found, failed.remedy) == ("FAIL", "the file differs", "again")
    assert made("P9", "model", unreadable).verdict == "UNKNOWN"
    assert made("P9", "model", lambda: passed("P9", "model", "fine")).verdict == "PASS"
