"""The coverage account of one document: what was seen, what is stored, what explains the rest.

The counts come from the reader's independent way through the file (promise P6).
"""

from __future__ import annotations

from dataclasses import dataclass

from appliance.documents import Document, Flag, Gap, ParsedDocument, Unit


@dataclass(frozen=True, slots=True)
class Counted:
    """One unit of the account."""

    unit: Unit
    seen: int
    stored: int
    explained: int  # by gaps of this unit
    unexplained: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """What of one file stands in the store, and the files around it."""

    document: Document
    counts: tuple[Counted, ...]
    gaps: tuple[Gap, ...]
    flags: tuple[Flag, ...]
    hidden: int  # texts that the file does not show
    parent: Document | None
    parts: tuple[Document, ...]  # attached or packed files that are documents of their own

    @property
    def complete(self) -> bool:
        """Whether everything is stored or explained."""
        return not any(count.unexplained for count in self.counts)


def account(
    document: Document,
    parsed: ParsedDocument,
    parent: Document | None,
    parts: tuple[Document, ...],
) -> Coverage:
    """The account of one opened document."""
    counts = []
    for tally in parsed.tallies:
        explained = sum(gap.amount for gap in parsed.gaps if gap.unit is tally.unit)
        missing = tally.seen - tally.stored
        unexplained = max(missing - explained, 0)
        counts.append(Counted(tally.unit, tally.seen, tally.stored, explained, unexplained))
    return Coverage(
        document, tuple(counts), parsed.gaps, parsed.flags, len(parsed.hidden), parent, parts
    )
