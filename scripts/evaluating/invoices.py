"""The part ``invoices`` of the set ``extraction``: the amount of payment mails.

Of the mails of ``emails`` that a question says hold a payment, the total of finance/invoice must be
one of the amounts of the reference answer.  Mails whose questions are all unanswerable hold other
amounts or none, so nothing is counted on them.  Patterns and arithmetic alone are measured, without
search and language model.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from appliance.documents import DocumentId, ParsedDocument
from appliance.results import Status
from appliance.tasks.extract import extract
from scripts.evaluating import confined
from scripts.evaluating.by_rules import NoEngine, by_rules, nowhere
from scripts.evaluating.options import Options
from scripts.evaluating.result import Detail, Result
from scripts.evaluating.score import Count
from scripts.evaluating.split import admits, shares
from scripts.evaluating.workspace import rows

PART = "invoices"
PACK = "finance/invoice"
_DOCUMENT = DocumentId("0" * 32)


@dataclass(frozen=True, slots=True)
class Row:
    """The total of one mail beside the amounts of its reference answers."""

    document: str
    found: Decimal | None
    expected: frozenset[Decimal]
    quote: str = ""

    @property
    def right(self) -> bool:
        """One of the amounts that the answers name."""
        return self.found in self.expected


def score(data: Path, options: Options) -> Result:
    """Read every mail that holds a payment, and its total."""
    folder = data / "emails"
    expected = {
        name: amounts
        for name, amounts in answers(folder / "qa.jsonl").items()
        if admits(options.part, name)
    }
    if not expected:
        return Result()
    with confined.started(options.readers) as readers:
        reads = readers.read([folder / "docs" / name for name in expected])
    compared = [
        of_mail(name, read.document, amounts)
        for (name, amounts), read in zip(expected.items(), reads, strict=True)
    ]
    return result(compared)


def answers(file: Path) -> dict[str, frozenset[Decimal]]:
    """The amounts that the answers to questions on a mail name, of mails with an answer."""
    found: dict[str, set[Decimal]] = defaultdict(set)
    for row in rows(file):
        if not row["unanswerable"]:
            found[str(row["doc"])] |= amounts(str(row["answer"]))
    return {name: frozenset(values) for name, values in sorted(found.items()) if values}


def amounts(text: str) -> set[Decimal]:
    """The numbers of a text."""
    found = re.findall(r"\d{1,3}(?:[ ,]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?", text)
    return {Decimal(re.sub(r"[ ,]", "", number)) for number in found}


def of_mail(name: str, parsed: ParsedDocument | None, expected: frozenset[Decimal]) -> Row:
    """The total that the pack's rules find in one mail."""
    if parsed is None:
        return Row(name, None, expected)
    fields = {v.name: v for v in extract(parsed, _DOCUMENT, by_rules(PACK), nowhere, NoEngine())}
    total = fields["total"]
    if total.status is not Status.FOUND or not total.normalised:
        return Row(name, None, expected, "; ".join(c.quote for c in total.citations))
    value = Decimal(total.normalised.split()[-1])
    return Row(name, value, expected, total.citations[0].quote)


def result(compared: Sequence[Row]) -> Result:
    """Right, wrong, and not stated."""
    kinds: Mapping[str, Sequence[bool]] = {
        "total right": [row.right for row in compared],
        "total wrong": [row.found is not None and not row.right for row in compared],
        "total not stated": [row.found is None for row in compared],
    }
    scores = [
        score
        for name, verdicts in kinds.items()
        for score in shares(
            PART,
            name,
            [Count(r.document, float(v), 1) for r, v in zip(compared, verdicts, strict=True)],
        )
    ]
    details = [
        Detail(PART, row.document, (("right", float(row.right)),), (f"found {row.quote!r}",))
        for row in compared
        if not row.right
    ]
    return Result(scores, details)
