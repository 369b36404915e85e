"""Reports: every place is shown, and no text of a document becomes markup."""

from __future__ import annotations

from dataclasses import replace

from appliance.app.work.report import Result, about, inert, markdown
from appliance.documents import Citation, CollectionId, Document, DocumentId, Flag, Span
from appliance.results import Answer, FieldValue, Found, Section, Statement, Status, Summary

ID = DocumentId("a" * 32)
DOCUMENT = Document(
    ID, CollectionId("c" * 32), "in/x|y.pdf", 2, "application/pdf", 10, 3, 99, 4, gaps=1
)
CITED = Citation(ID, Span(5, 20), "<img src=http://e.vil> [x](y)", page=2)


def test_every_result_is_shown_with_its_place() -> None:
    report = markdown(
        DOCUMENT,
        [
            Result("summary", Summary(ID, (Statement("It ends.", (CITED,)),), 2, 3)),
            Result("ask", Answer(Status.NOT_STATED, ())),
            Result("extract", (FieldValue("cap", Status.FOUND, (Found(CITED, "1"),)),)),
            Result("other", None, "engine stopped"),
        ],
        "tiny",
    )
    assert report.count("page 2, characters 5-20") == 2
    for phrase in (
        "does not say",
        "without evidence are not shown",
        "engine stopped",
        "Not everything was read",
        "version 2; model tiny",
    ):
        assert phrase in report


def test_no_text_becomes_markup() -> None:
    hostile = "<script>alert(1)</script> ![i](http://e.vil/p) | `x` \x1b[31m\u202e\n# head"
    shown = inert(hostile)
    assert "\n" not in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    for mark in "<>![](|`#:":
        assert all(shown[at - 1] == "\\" for at, c in enumerate(shown) if c == mark), mark


def test_a_summary_stands_under_its_headings_and_says_what_it_leaves_out() -> None:
    statements = (
        Statement("It ends.", (CITED,), section="Term"),
        Statement("It costs.", (CITED,), section="Payment"),
    )
    sections = (
        Section("ONE\x1b[31m", Span(0, 30), 1, 2, represented=True),
        Section("Exhibit B", Span(30, 99), 3, 3, represented=False),
    )
    summary = Summary(
        ID, statements, 1, 3, template="contract", sections=sections, brief="short, plain"
    )
    report = markdown(DOCUMENT, [Result("summary", summary)], "tiny")
    assert report.index("**Term**") < report.index("It ends") < report.index("**Payment**")
    assert list(about(summary)) == [
        "Template contract, short, plain.",
        "Shorter sentences of more common words were preferred; the words are the document's.",
        "All 3 pages read, 1 of 2 sections represented; not represented: page 3 (Exhibit B).",
        "1 sentence(s) without evidence are not shown.",
    ]
    assert "page 3 \\(Exhibit B\\)" in report


def test_what_to_know_of_a_document_stands_above_its_results() -> None:
    flagged = replace(DOCUMENT, flags=(Flag.HIDDEN_TEXT, Flag.ACTIVE))
    shown = markdown(flagged, [], "m")
    assert "**Know before trusting it: hidden text, active content.**" in shown
    assert "Know before" not in markdown(DOCUMENT, [], "m")
