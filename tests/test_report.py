"""Reports: every place is shown, and no text of a document becomes markup."""

from __future__ import annotations

from appliance.documents import Citation, CollectionId, Document, DocumentId, Span
from appliance.report import Result, inert, markdown
from appliance.results import Answer, FieldValue, Found, Statement, Status, Summary

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
        "2 sentence(s) without evidence",
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
