"""Events as lines of a CSV file that is safe to open (RFC 4180; OWASP, "CSV Injection")."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from appliance.dossier.telling import Told
from appliance.export.cells import Cell
from appliance.export.tables import harmless

HEAD = (
    "record", "time", "ended", "who", "user number", "action", "code", "status", "error",
    "purpose", "where", "documents", "document ids", "allowed", "policies", "policy set", "model",
    "via", "records", "in words",
)  # fmt: skip
MARK = "\ufeff"  # spreadsheet programs need it to read UTF-8


def lines(told: Iterable[Told]) -> Iterator[str]:
    """A head line, then one line per event; each ends in CR LF, the first begins with a mark."""
    yield MARK + line(HEAD)
    for one in told:
        yield line(row(one))


def line(cells: Iterable[Cell]) -> str:
    """One line of CSV."""
    target = io.StringIO()
    csv.writer(target, lineterminator="\r\n").writerow([harmless(cell) for cell in cells])
    return target.getvalue()


def row(told: Told) -> tuple[Cell, ...]:
    """The cells of one event, in the order of `HEAD`."""
    event, decision = told.event, told.event.decision
    return (
        event.seq,
        event.time,
        event.ended,
        told.who,
        event.uid,
        event.action,
        event.code,
        event.status,
        event.error,
        event.purpose,
        "; ".join(told.places),
        len(event.documents),
        " ".join(event.documents),
        "" if decision is None else "yes" if decision.allow else "no",
        " ".join(decision.policies) if decision else "",
        event.policy,
        event.model,
        event.via,
        " ".join(map(str, event.seqs)),
        told.sentence,
    )
