"""A report as text, as CSV and as a PDF to print."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping

from appliance.dossier import rows
from appliance.dossier.reports import Report
from appliance.printing.pdf import HEIGHT, Line, document

_WIDE = 112  # characters of a line of a page
_LEFT, _TOP, _BOTTOM, _STEP = 40.0, 56.0, HEIGHT - 48, 11.5


def text(report: Report) -> str:
    """For a terminal: title, answer, then one sentence per event with its number."""
    lines = [report.title, "=" * len(report.title), *_about(report), "", *report.answer, ""]
    lines += [f"[{one.event.seq}] {one.sentence}" for one in report.told]
    return "\n".join(lines) + "\n"


def as_csv(report: Report) -> str:
    """For a spreadsheet: one line per event."""
    return "".join(rows.lines(report.told))


def pdf(report: Report) -> bytes:
    """For the file: A4, with a line for a signature at the end."""
    pages: list[list[Line]] = [[Line(report.title, _LEFT, _TOP, 15, bold=True)]]
    top = _TOP + 22
    for words, bold in _body(report):
        if top > _BOTTOM:
            pages.append([])
            top = _TOP
        pages[-1].append(Line(words, _LEFT, top, 8.5, bold=bold))
        top += _STEP
    for number, page in enumerate(pages, 1):
        foot = f"{report.title} - page {number} of {len(pages)}"
        page.append(Line(foot, _LEFT, HEIGHT - 28, 7))
    return document([tuple(page) for page in pages], report.title)


def _text(report: Report) -> bytes:
    return text(report).encode("utf-8", "backslashreplace")


def _csv(report: Report) -> bytes:
    return as_csv(report).encode("utf-8", "backslashreplace")


FORMS: Mapping[str, Callable[[Report], bytes]] = {".txt": _text, ".csv": _csv, ".pdf": pdf}


def _body(report: Report) -> Iterator[tuple[str, bool]]:
    for line in _about(report):
        yield from ((part, False) for part in _cut(line))
    yield "", False
    for line in report.answer:
        yield from ((part, True) for part in _cut(line))
    yield "", False
    for one in report.told:
        yield from ((part, False) for part in _cut(f"[{one.event.seq}] {one.sentence}"))
    yield from (("", False), ("Read by: ______________________  Date: ____________", False))


def _about(report: Report) -> Iterator[str]:
    yield f"Asked: {report.asked}. Made at {report.made[:19]}Z from the audit log."
    yield "Numbers in brackets are those of the records; `appliance audit verify` proves the log."


def _cut(line: str) -> list[str]:
    return textwrap.wrap(line, _WIDE, subsequent_indent="    ") or [""]
