"""Small documents with one table, as the readers hand them over."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.documents import DocumentId, ElementKind, ParsedDocument
from appliance.formats.build import DocumentBuilder
from appliance.tasks.figures import Proposed, propose

ONE = DocumentId("1" * 32)


def document(
    rows: Sequence[Sequence[str]],
    heads: int = 1,
    before: Sequence[str] = (),
    after: Sequence[str] = (),
) -> ParsedDocument:
    """Lines, a table, lines; an empty string is a cell that is not there."""
    builder = DocumentBuilder("text/plain")
    for line in before:
        builder.add(ElementKind.TEXT, line)
    table = builder.new_table()
    for at, row in enumerate(rows):
        builder.add_row(row, table=table, heads=at < heads)
    for line in after:
        builder.add(ElementKind.TEXT, line)
    return builder.finish()


INCOME = document(
    [
        ["", "2019", "2018", "2017"],
        ["Revenue:"],
        ["Licences", "$1,204", "$980", "$700"],
        ["Services", "396", "410", "300"],
        ["Total revenue", "1,600", "1,390", "1,000"],
        ["Cost of revenue:"],
        ["Licences", "104", "90", "80"],
        ["Services", "(200)", "(210)", "(150)"],
        ["", "304", "300", "230"],
        ["Selling, general and administrative", "250", "200", "100"],
        ["Effective tax rate", "21.0%", "25.5%", "—"],
    ],
    before=["The following table shows the results (in thousands):"],
    after=[
        "Rent expense was $2.5 million, $2.2 million and $1.9 million in fiscal 2019, 2018 and "
        "2017, respectively.",
        "Unrecognized compensation of $7.1 million at December 31, 2019 is to be recognized over "
        "3.5 years.",
    ],
)


def said(question: str, parsed: ParsedDocument = INCOME) -> list[str] | None:
    """The statements of the proposed answer."""
    proposed = proposal(question, parsed)
    return [s.text for s in proposed.answer.statements] if proposed else None


def proposal(question: str, parsed: ParsedDocument = INCOME) -> Proposed | None:
    """What is proposed for one document."""
    return propose(question, {ONE: parsed})


def derived(question: str, parsed: ParsedDocument = INCOME) -> str:
    """The arithmetic of the only statement."""
    proposed = proposal(question, parsed)
    assert proposed is not None
    (statement,) = proposed.answer.statements
    return statement.derivation
