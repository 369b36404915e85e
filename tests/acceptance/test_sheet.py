"""One page: everything that matters stands on it, also when much was found."""

from __future__ import annotations

import re

from appliance.acceptance.checks import Check, Verdict
from appliance.acceptance.record import signed
from appliance.acceptance.sheet import pdf, text
from tests.acceptance.reports import CHECKS, report
from tests.printing.test_pdf import texts

FAILED = Check("P9", "language model", Verdict.FAIL, "weights differ " * 20, "install it again")


def test_the_page_holds_verdict_checks_figures_and_key() -> None:
    found = signed(report())
    (page,) = texts(pdf(found))
    assert "Acceptance of this appliance: PASS" in page
    assert all(check.name in page for check in CHECKS)
    assert "pages read: 97.5 pages/s" in page
    assert found.digest in page
    assert found.public_key in page
    assert found.signature in page.replace("\r\n", "")


def test_a_failure_names_itself_and_its_remedy() -> None:
    found = signed(report(*CHECKS[:4], FAILED))
    shown = text(found)
    assert shown.startswith("Acceptance of this appliance: FAIL")
    assert "What to do: install it again" in shown
    (page,) = texts(pdf(found))
    assert "weights differ" in page
    assert "What to do: install it again" in page
    assert "Do not work with confidential documents yet." in page


def test_what_does_not_fit_is_counted_and_the_signature_still_stands_there() -> None:
    many = (Check("determinism", "n" * 20, Verdict.FAIL, "w" * 40 + " " + "v" * 60),) * 60
    found = signed(report(*many))
    (page,) = texts(pdf(found))
    shown = page.count("n" * 20)
    assert f"and {60 - shown} more checks" in page
    assert found.public_key in page
    lowest = min(float(top) for top in re.findall(rb"Tf [\d.]+ (-?[\d.]+) Td", pdf(found)))
    assert lowest > 20
