"""The report as one page: text for a terminal, PDF for the file."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from appliance.acceptance.checks import Check, Verdict
from appliance.acceptance.record import Signed
from appliance.printing.pdf import HEIGHT, Line, document

_MEANING = {
    Verdict.PASS: "Every check that applies to this installation was made and passed.",
    Verdict.FAIL: "At least one check failed. Do not work with confidential documents yet.",
    Verdict.UNKNOWN: "No check failed, but one could not be made, so this is no acceptance.",
}
_OPEN = (Verdict.FAIL, Verdict.UNKNOWN)
_LEFT, _TOP, _MARGIN = 40.0, 48.0, 24.0
_STEP, _TAIL_STEP = 10.5, 10.0
_WIDE = 118  # characters of a line of the page at size 7.5
_COLUMNS = (40.0, 84.0, 132.0, 270.0)  # verdict, topic, name, found
_FOUND = 70  # characters that fit into the last column


def text(signed: Signed) -> str:
    """The page for a terminal, with every remedy."""
    lines = [_title(signed), _MEANING.get(signed.report.verdict, ""), "", *_about(signed), ""]
    for check in signed.report.checks:
        lines.append(f"{check.verdict:8} {check.topic:12} {check.name}: {check.found}")
        if check.verdict in _OPEN and check.remedy:
            lines.append(f"{'':21} What to do: {check.remedy}")
    lines += ["", *_figures(signed), "", *_signature(signed)]
    return "\n".join(lines) + "\n"


def pdf(signed: Signed) -> bytes:
    """The same as a PDF of one page."""
    return document([tuple(_drawn(signed))], _title(signed))


def _drawn(signed: Signed) -> Iterator[Line]:
    top = _TOP
    yield Line(_title(signed), _LEFT, top, 16, bold=True)
    top += 18
    for line in (_MEANING.get(signed.report.verdict, ""), *_about(signed)):
        yield Line(line, _LEFT, top, 8.5)
        top += _STEP + 0.5
    top += 6
    tail = [part for line in (*_figures(signed), "", *_signature(signed)) for part in _cut(line)]
    bottom = HEIGHT - _MARGIN - _TAIL_STEP * len(tail)
    for at, check in enumerate(signed.report.checks):
        rows = _rows(check, top)
        if rows[-1].top + 2 * _STEP > bottom:
            rest = len(signed.report.checks) - at
            yield Line(f"and {rest} more checks: the text of the report has all", _LEFT, top, 7.5)
            break
        yield from rows
        top = rows[-1].top + _STEP
    for at, line in enumerate(tail):
        yield Line(line, _LEFT, bottom + _TAIL_STEP * at, 7.5)


def _cut(line: str) -> list[str]:
    return textwrap.wrap(line, _WIDE) or [""]


def _rows(check: Check, top: float) -> tuple[Line, ...]:
    """A check on one line, or on up to four where more was found and something is to be done."""
    found = textwrap.wrap(check.found, _FOUND)[:2] or [""]
    if check.verdict in _OPEN and check.remedy:
        found += textwrap.wrap(f"What to do: {check.remedy}", _FOUND)[:2]
    bold = check.verdict is not Verdict.PASS
    words = zip(_COLUMNS, (check.verdict, check.topic, check.name, found[0]), strict=True)
    rows = [
        Line(str(word), left, top, 7.5, bold=bold and at == 0)
        for at, (left, word) in enumerate(words)
    ]
    rows += [Line(line, _COLUMNS[-1], top + 8.5 * at, 7.5) for at, line in enumerate(found[1:], 1)]
    return tuple(rows)


def _title(signed: Signed) -> str:
    return f"Acceptance of this appliance: {signed.report.verdict}"


def _about(signed: Signed) -> Iterator[str]:
    report = signed.report
    yield f"{report.time}, host {report.host}, by user {report.uid}, in {report.seconds:.0f} s"
    yield (
        f"appliance {report.version}, {report.release or 'a checkout, not installed from a bundle'}"
    )
    machine = f"{report.processors} processors, {report.memory_gib} GiB, Linux {report.kernel}"
    yield f"{machine}; model {report.model or 'none'}{'; deep' if report.deep else ''}"
    counts = report.counts()
    yield ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())


def _figures(signed: Signed) -> Iterator[str]:
    for figure in signed.report.figures:
        yield f"{figure.name}: {figure.value:g} {figure.unit}"


def _signature(signed: Signed) -> Iterator[str]:
    yield f"SHA-256 of the report: {signed.digest}"
    yield f"Ed25519 public key ({signed.key}): {signed.public_key}"
    yield f"Signature: {signed.signature}"
    yield "Check it: appliance accept --check accept.json --key KEY"
