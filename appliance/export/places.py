"""Where on its page a span stands: the rectangles that a person sees marked.  Pure."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.documents import Box, Mark, ParsedDocument, Span


@dataclass(frozen=True, slots=True)
class Place:
    """A rectangle on a page, in points from its top left corner."""

    page: int
    box: Box


def places(parsed: ParsedDocument, span: Span) -> tuple[Place, ...]:
    """Every line of a span, cut to the part of the line that the span covers.

    Letters are taken to be equally wide: a line that is covered in part is marked about there.
    Empty where the reader knows no places.
    """
    found = []
    for element in parsed.elements:
        if element.span.begin >= span.end:
            break
        if element.page is None or not element.span.overlaps(span):
            continue
        boxes = [_cut(mark, span) for mark in element.marks if mark.span.overlaps(span)]
        if not boxes and element.box is not None:
            boxes = [element.box]
        found += [Place(element.page, box) for box in boxes if box.x1 > box.x0 and box.y1 > box.y0]
    return tuple(found)


def _cut(mark: Mark, span: Span) -> Box:
    length = mark.span.end - mark.span.begin
    begin = max(span.begin - mark.span.begin, 0) / length
    end = min(span.end - mark.span.begin, length) / length
    box, width = mark.box, mark.box.x1 - mark.box.x0
    return Box(box.x0 + begin * width, box.y0, box.x0 + end * width, box.y1)
