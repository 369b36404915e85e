from __future__ import annotations

from itertools import pairwise

from appliance.documents import Element, ElementKind, ParsedDocument, Span
from appliance.tasks.outline import LONGEST, coverage_line, left_out, outline, sections


def paged(pages: int) -> ParsedDocument:
    """One title and one paragraph of 300 characters on each page."""
    text, elements = "", []
    for page in range(1, pages + 1):
        for kind, line in (
            (ElementKind.TITLE, f"PART {page}"),
            (ElementKind.TEXT, f"page {page} " + "x" * 300),
        ):
            elements.append(Element(kind, Span(len(text), len(text) + len(line)), page=page))
            text += line + "\n"
    return ParsedDocument(text, tuple(elements), "application/pdf", pages=pages)


def test_stretches_begin_at_headings_and_hold_everything() -> None:
    parsed = paged(4)
    found = outline(parsed)
    assert [stretch.heading for stretch in found] == ["PART 1", "PART 2", "PART 3", "PART 4"]
    assert [(s.first_page, s.last_page) for s in found] == [(1, 1), (2, 2), (3, 3), (4, 4)]
    assert found[0].span.begin == 0
    assert found[-1].span.end == len(parsed.text)


def test_a_long_paragraph_is_several_stretches() -> None:
    text = "y" * (3 * LONGEST + 1)
    parsed = ParsedDocument(text, (Element(ElementKind.TEXT, Span(0, len(text))),), "text/plain")
    spans = [stretch.span for stretch in outline(parsed)]
    assert len(spans) == 4
    assert spans[0].begin == 0
    assert spans[-1].end == len(text)
    assert all(one.end == two.begin for one, two in pairwise(spans))


def test_what_is_not_represented_is_said_in_runs_of_pages() -> None:
    parsed = paged(6)
    stretches = outline(parsed)
    shown = [stretches[0].span, stretches[4].span]
    found = sections(stretches, shown)
    assert [s.represented for s in found] == [True, False, False, False, True, False]
    assert [len(run) for run in left_out(found)] == [3, 1]
    assert coverage_line(found) == (
        "All 6 pages read, 2 of 6 sections represented; not represented: "
        "pages 2-4 (PART 2 to PART 4), page 6 (PART 6)."
    )
    assert coverage_line(sections(stretches, [s.span for s in stretches])) == (
        "All 6 pages read; every section is represented."
    )


def test_of_many_runs_the_longest_are_named_and_the_others_counted() -> None:
    stretches = outline(paged(40))
    found = sections(stretches, [s.span for s in stretches[::2]])
    line = coverage_line(found)
    assert line.count("page ") == 8
    assert "and 12 shorter section(s)" in line


def test_without_pages_places_are_characters() -> None:
    text = "z" * 100
    parsed = ParsedDocument(text, (Element(ElementKind.TEXT, Span(0, 100)),), "text/plain")
    assert coverage_line(sections(outline(parsed), ())) == (
        "All 1 sections read, 0 of 1 sections represented; not represented: characters 0-100."
    )
    assert coverage_line(()) == "Nothing was read."
