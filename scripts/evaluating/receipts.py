"""The part ``receipts`` of the set ``extraction``: four fields of receipts, recognised here.

SROIE (ICDAR 2019): company, date, address and total.  A value is right when it equals the truth
without case, blanks and punctuation; the entity F1 counts over all fields.  Some truths hold slips,
so company and address are shown by their likeness (edit distance) too, and totals as numbers.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from appliance.documents import ParsedDocument
from appliance.tasks import calibration, packs, places
from appliance.tasks.calibration import Calibration
from scripts.evaluating import confined
from scripts.evaluating.options import Options
from scripts.evaluating.result import Detail, Result
from scripts.evaluating.score import Count, Score
from scripts.evaluating.split import admits, held_back, shares
from scripts.evaluating.words import distance
from scripts.evaluating.workspace import rows

PART = "receipts"
PACK = "finance/receipt"
LEAST_F1 = 0.55
FIELDS = ("company", "date", "address", "total")


@dataclass(frozen=True, slots=True)
class Row:
    """One field of one receipt: what was found beside what is printed there."""

    document: str
    field: str
    found: str  # empty: not stated
    truth: str
    score: float = 0.0  # of the rule that read it

    @property
    def right(self) -> bool:
        """Equal without case, blanks and punctuation."""
        return bool(self.found) and plain(self.found) == plain(self.truth)

    @property
    def likeness(self) -> float:
        """1 less the edit distance over the longer text."""
        one, other = plain(self.found), plain(self.truth)
        return 1 - distance(one, other) / max(len(one), len(other), 1)

    @property
    def same_number(self) -> bool:
        """As amounts, without their currency."""
        one, other = number(self.found), number(self.truth)
        return one is not None and one == other


def plain(text: str) -> str:
    """Letters and digits only, case folded."""
    return re.sub(r"[\W_]+", "", text.casefold())


def number(text: str) -> float | None:
    """The amount in a text; None where it is none."""
    match = re.search(r"\d[\d,]*(?:\.\d+)?", text)
    return float(match[0].replace(",", "")) if match else None


def score(data: Path, options: Options) -> Result:
    """Recognise every receipt, read the four fields, compare."""
    folder = data / "scans"
    truths = {
        str(row["doc"]): cast("Mapping[str, str]", row["fields"])
        for row in rows(folder / "receipts_fields.jsonl")
    }
    names = [name for name in truths if admits(options.part, Path(name).name)]
    if not names:
        return Result()
    with confined.started(options.readers) as readers:
        reads = readers.read([folder / name for name in names])
    compared = [
        row
        for name, read in zip(names, reads, strict=True)
        for row in of_receipt(Path(name).name, read.document, truths[name])
    ]
    if options.calibrate:
        calibrate(compared, calibration.FOLDER)
    return result(compared)


def calibrate(compared: Sequence[Row], folder: Path) -> Calibration:
    """Write the data that ship: scores of the tuned half, and whether each value was right."""
    tuned = [row for row in compared if row.found and not held_back(row.document)]
    data = Calibration(
        places.RECEIPTS,
        tuple(min(row.score, 1.0) for row in tuned),
        tuple(row.right for row in tuned),
        "SROIE receipts, the half for tuning; right: equal without case, blanks and punctuation",
    )
    (folder / f"{data.name}.json").write_text(calibration.dump(data), "utf-8")
    return data


def of_receipt(name: str, parsed: ParsedDocument | None, truth: Mapping[str, str]) -> Iterator[Row]:
    """The fields of one receipt; an unread one states nothing."""
    for field in packs.load(PACK).fields:
        if field.name not in FIELDS:
            continue
        placed = places.PLACES[field.place](parsed) if parsed else None
        quote = placed.span.of(parsed.text) if parsed and placed else ""
        score = placed.score if placed else 0.0
        yield Row(name, field.name, quote, truth.get(field.name, ""), score)


def result(compared: Sequence[Row]) -> Result:
    """Scores over all rows, and of each document what was not right."""
    documents = sorted({row.document for row in compared})

    def counts(chosen: Sequence[Row], right: Mapping[Row, float]) -> list[Count]:
        return [
            Count(name, sum(right[r] for r in chosen if r.document == name), total)
            for name in documents
            if (total := sum(r.document == name for r in chosen))
        ]

    exact = {row: float(row.right) for row in compared}
    scores: list[Score] = shares(PART, "entity F1", _f1(compared, documents), LEAST_F1)
    for field in FIELDS:
        chosen = [row for row in compared if row.field == field]
        scores += shares(PART, f"{field}, exact", counts(chosen, exact))
        if field in {"company", "address"}:
            scores += shares(
                PART, f"{field}, likeness", counts(chosen, {r: r.likeness for r in chosen})
            )
    totals = [row for row in compared if row.field == "total"]
    scores += shares(
        PART, "total, as a number", counts(totals, {r: float(r.same_number) for r in totals})
    )
    scores += shares(PART, "found but wrong", _wrong(compared, documents))
    scores.append(reliability(compared))
    details = [
        Detail(
            PART,
            name,
            (("exact", sum(r.right for r in compared if r.document == name) / len(FIELDS)),),
            tuple(
                f"{r.field}: {r.found!r} for {r.truth!r}"
                for r in compared
                if r.document == name and not r.right
            ),
        )
        for name in documents
    ]
    return Result(scores, details)


def reliability(compared: Sequence[Row]) -> Score:
    """How far the confidence of the half held back is from its share right, weighed by tenths."""
    held = [row for row in compared if row.found and held_back(row.document)]
    bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for row in held:
        sure = places.sure(row.score, places.RECEIPTS)
        if sure is not None:
            bins[min(int(sure * 10), 9)].append((sure, row.right))
    off = sum(abs(sum(s - right for s, right in pairs)) for pairs in bins.values())
    total = sum(map(len, bins.values()))
    return Score(PART, "calibration error, held back", off / max(total, 1), on=f"{total} values")


def _f1(compared: Sequence[Row], documents: Sequence[str]) -> list[Count]:
    """Twice the right ones over those found and those there: their share is the F1 over all."""
    return [
        Count(
            name,
            2 * sum(row.right for row in compared if row.document == name),
            sum(bool(row.found) + bool(row.truth) for row in compared if row.document == name),
        )
        for name in documents
    ]


def _wrong(compared: Sequence[Row], documents: Sequence[str]) -> list[Count]:
    return [
        Count(
            name,
            sum(bool(r.found) and not r.right for r in compared if r.document == name),
            sum(r.document == name for r in compared),
        )
        for name in documents
    ]
