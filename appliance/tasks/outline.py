"""The outline of a document: stretches under one heading, of a size that one look takes in.  Pure.

A summary says of each stretch whether one of its statements stands in it, so that nothing is left
out in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from appliance.documents import Element, ElementKind, ParsedDocument, Span
from appliance.results import Section
from appliance.tasks.normalise import collapse

LONGEST = 1200  # characters of a stretch; a longer one is cut between elements
SHORTEST = 250  # a shorter one goes with the stretch below it
LONGEST_HEADING = 90
MOST_RUNS = 8  # stretches named one by one in a line of text

_SILENT = {ElementKind.HEADER, ElementKind.FOOTER}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of a document and the heading above it, which may stand before the piece."""

    heading: str
    span: Span
    first_page: int | None
    last_page: int | None


def outline(parsed: ParsedDocument) -> tuple[Stretch, ...]:
    """The stretches of a document in order; together they hold all of its text."""
    found: list[list[Element]] = []
    for element in parsed.elements:
        if element.kind in _SILENT:
            continue
        if not found or _begins(parsed, found[-1], element):
            found.append([])
        found[-1].append(element)
    begins = [run[0].span.begin for run in found[1:]]
    edges = [0, *begins, len(parsed.text)]
    heading = ""
    stretches = []
    for run, begin, end in zip(found, edges, edges[1:], strict=False):
        titles = [e for e in run if e.kind is ElementKind.TITLE]
        heading = _heading(parsed, titles) or heading
        pages = [e.page for e in run if e.page is not None]
        for span in _cut(Span(begin, end)):
            stretches.append(
                Stretch(heading, span, min(pages, default=None), max(pages, default=None))
            )
    return tuple(stretches)


def sections(stretches: Sequence[Stretch], shown: Iterable[Span]) -> tuple[Section, ...]:
    """Each stretch as a section of a summary whose statements stand at ``shown``."""
    places = list(shown)
    return tuple(
        Section(
            heading=stretch.heading,
            span=stretch.span,
            first_page=stretch.first_page,
            last_page=stretch.last_page,
            represented=any(stretch.span.overlaps(place) for place in places),
        )
        for stretch in stretches
    )


def left_out(found: Sequence[Section]) -> tuple[tuple[Section, ...], ...]:
    """Runs of neighbouring sections in which no statement stands."""
    runs: list[list[Section]] = []
    before = True
    for section in found:
        if section.represented:
            before = True
            continue
        if before:
            runs.append([])
        runs[-1].append(section)
        before = False
    return tuple(map(tuple, runs))


def coverage_line(found: Sequence[Section]) -> str:
    """What of a document a summary stands for, in one line; headings are the document's words.

    All sections are named when they are few; of many, the longest runs, and how many more there
    are: each stands in the result itself.
    """
    if not found:
        return "Nothing was read."
    last = max((s.last_page for s in found if s.last_page is not None), default=None)
    read = f"All {len(found)} sections" if last is None else f"All {last} pages"
    runs = left_out(found)
    if not runs:
        return f"{read} read; every section is represented."
    longest = sorted(runs, key=lambda run: (run[0].span.begin - run[-1].span.end, run[0].span))
    named = sorted(longest[:MOST_RUNS], key=lambda run: run[0].span)
    more = sum(len(run) for run in longest[MOST_RUNS:])
    rest = f"; and {more} shorter section(s)" if more else ""
    share = f"{sum(s.represented for s in found)} of {len(found)} sections represented"
    return f"{read} read, {share}; not represented: {', '.join(map(_run, named))}{rest}."


def _run(run: Sequence[Section]) -> str:
    """One run: "pages 12-14 (Exhibit B)", or characters where there are no pages."""
    pages = [page for s in run for page in (s.first_page, s.last_page) if page is not None]
    if not pages:
        where = f"characters {run[0].span.begin}-{run[-1].span.end}"
    elif min(pages) == max(pages):
        where = f"page {min(pages)}"
    else:
        where = f"pages {min(pages)}-{max(pages)}"
    headings = list(dict.fromkeys(section.heading for section in run if section.heading))
    if not headings:
        return where
    last = f" to {headings[-1]}" if len(headings) > 1 else ""
    return f"{where} ({headings[0]}{last})"


def _begins(parsed: ParsedDocument, run: Sequence[Element], element: Element) -> bool:
    size = element.span.end - run[0].span.begin
    if size > LONGEST:
        return True
    only_titles = all(e.kind is ElementKind.TITLE for e in run)
    behind = element.span.begin - run[0].span.begin
    return element.kind is ElementKind.TITLE and not only_titles and behind >= SHORTEST


def _heading(parsed: ParsedDocument, titles: Sequence[Element]) -> str:
    """The last of the titles that open a run: the one nearest to the text."""
    if not titles:
        return ""
    text = collapse(titles[0].span.of(parsed.text))
    return text if len(text) <= LONGEST_HEADING else text[: LONGEST_HEADING - 1].rstrip() + "…"


def _cut(span: Span) -> Iterator[Span]:
    """An element longer than a stretch, in equal parts."""
    parts = -(-(span.end - span.begin) // LONGEST) or 1
    size = -(-(span.end - span.begin) // parts)
    for begin in range(span.begin, span.end, max(size, 1)):
        yield Span(begin, min(begin + size, span.end))
