"""One document's results as a page to read: each finding beside the page it stands on.

The page holds everything it shows, runs nothing and fetches nothing: no script, no address outside
itself, and a content security policy that says so (CSP Level 3).  Every text of a document is
escaped; pictures are pixels drawn in the confined reader and packed here.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from itertools import pairwise

from appliance.access.labels import written
from appliance.app.work.report import place as where
from appliance.app.work.report import visible
from appliance.documents import Citation, Document, ParsedDocument, Span
from appliance.export.findings import Finding, Group
from appliance.export.places import Place, places
from appliance.export.png import png
from appliance.formats.drawn import Picture

LONGEST_TEXT = 400_000  # characters shown whole; of a longer text, what stands around the findings
AROUND = 600  # characters
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'"
_STYLE = """
body{margin:0;font:15px/1.45 system-ui,sans-serif;color:#1a1a1a;background:#fff}
header{padding:1rem 1.5rem;border-bottom:1px solid #bbb}h1{font-size:1.2rem;margin:0}
main{display:grid;grid-template-columns:minmax(20rem,2fr) 3fr}
.list{padding:0 1.5rem;height:100vh;overflow:auto;position:sticky;top:0}
.shown{padding:1rem;background:#eee}h2{font-size:1.05rem;overflow-wrap:anywhere}
dt{font-weight:600;margin-top:.8rem;overflow-wrap:anywhere}dd{margin:0 0 0 1rem}
.note,.by{color:#555;font-size:.87rem}figure{position:relative;margin:0 0 1.2rem;background:#fff}
figure img{display:block;width:100%}figcaption{font-size:.87rem;padding:.2rem .5rem}
.m{position:absolute;background:rgba(255,214,0,.38);outline:1px solid #8a6d00}
.m:target,a:target+mark{background:rgba(255,120,0,.55)}
pre{white-space:pre-wrap;background:#fff;padding:1rem;overflow-wrap:anywhere}mark{background:#ffe066}
@media print{.list{height:auto;position:static}main{display:block}}
""".strip()


def page(
    document: Document,
    parsed: ParsedDocument,
    groups: Sequence[Group],
    pictures: Mapping[int, Picture],
) -> str:
    """The page of one document.

    Args:
        document: with the labels that the page carries.
        parsed: its text.
        groups: what was found in it.
        pictures: the pages that can be shown, by number; findings on other pages are shown in text.
    """
    marks = _Marks(parsed, groups, pictures)
    marked = written(document.labels)
    title = escape(visible(document.name))
    facts = f"{document.media_type}, version {document.version}, {document.characters} characters"
    gaps = f"; {document.gaps} gap(s): not everything was read" if document.gaps else ""
    gaps += f"; know before trusting it: {', '.join(document.flags)}" if document.flags else ""
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="referrer" content="no-referrer">',
            f"<title>{title}</title><style>{_STYLE}</style></head><body>",
            f'<header><h1>{title}</h1><p class="note">{escape(facts + gaps)}<br>',
            f"Document {document.id}. Quotes are verbatim; places count characters of the text.",
            *([f"<br>Labels: {escape(visible(marked))}."] if marked else []),
            "</p>",
            '</header><main><section class="list">',
            *(_group(one, marks) for one in groups),
            '</section><section class="shown">',
            *marks.figures(),
            *marks.text(),
            "</section></main></body></html>\n",
        ]
    )


def _group(group: Group, marks: _Marks) -> str:
    shown = "".join(_finding(finding, marks) for finding in group.findings)
    by = f'<p class="by">Result {escape(group.result[:12])}, {escape(group.model)}</p>'
    return f"<h2>{escape(visible(group.title))}</h2>{by}<dl>{shown}</dl>"


def _finding(finding: Finding, marks: _Marks) -> str:
    links = " ".join(
        f'<a href="#m{number}">[{number}]</a> <span class="note">{escape(where(cited))}</span>'
        for cited in finding.citations
        for number in [marks.number(cited)]
    )
    label = f"<dt>{escape(visible(finding.label))}</dt>" if finding.label else ""
    note = f'<br><span class="note">{escape(visible(finding.note))}</span>' if finding.note else ""
    return f"{label}<dd>{escape(visible(finding.text))}{note}<br>{links}</dd>"


class _Marks:
    """The numbered places of all findings."""

    def __init__(
        self, parsed: ParsedDocument, groups: Sequence[Group], pictures: Mapping[int, Picture]
    ) -> None:
        cited = [c for group in groups for finding in group.findings for c in finding.citations]
        self._numbers = {span: n for n, span in enumerate(sorted({c.span for c in cited}), 1)}
        self._parsed = parsed
        self._pictures = pictures
        self._places: dict[int, tuple[Place, ...]] = {
            number: places(parsed, span) for span, number in self._numbers.items()
        }

    def number(self, citation: Citation) -> int:
        """The number of a citation's place."""
        return self._numbers[citation.span]

    def figures(self) -> Iterator[str]:
        """Every page that can be shown and has a finding, with its marks."""
        for number, picture in sorted(self._pictures.items()):
            data = base64.b64encode(png(picture)).decode("ascii")
            image = f'<img alt="page {number}" src="data:image/png;base64,{data}">'
            marks = "".join(self._on(number, picture))
            yield f"<figure><figcaption>Page {number}</figcaption>"
            yield f'<div style="position:relative">{image}{marks}</div></figure>'

    def _on(self, page: int, picture: Picture) -> Iterator[str]:
        wide = picture.width * picture.points_per_pixel
        high = picture.height * picture.points_per_pixel
        for number, found in self._places.items():
            for at, place in enumerate(one for one in found if one.page == page):
                box = place.box
                name = f' id="m{number}"' if at == 0 and place == found[0] else ""
                yield (
                    f'<a class="m"{name} title="[{number}]" style="left:{100 * box.x0 / wide:.2f}%;'
                    f"top:{100 * box.y0 / high:.2f}%;width:{100 * (box.x1 - box.x0) / wide:.2f}%;"
                    f'height:{100 * (box.y1 - box.y0) / high:.2f}%"></a>'
                )

    def text(self) -> Iterator[str]:
        """The text with its marks, where findings have no picture to stand on."""
        loose = {
            span: number
            for span, number in self._numbers.items()
            if not any(place.page in self._pictures for place in self._places[number])
        }
        if loose:
            for stretch in self._stretches(loose):
                yield f"<pre>{''.join(_marked(self._parsed.text, stretch, loose))}</pre>"

    def _stretches(self, loose: Iterable[Span]) -> Sequence[Span]:
        length = len(self._parsed.text)
        if length <= LONGEST_TEXT:
            return [Span(0, length)]
        found: list[Span] = []
        for span in sorted(loose):
            begin, end = max(span.begin - AROUND, 0), min(span.end + AROUND, length)
            if found and begin <= found[-1].end:
                begin, end = found[-1].begin, max(found.pop().end, end)
            found.append(Span(begin, end))
        return found


def _marked(text: str, stretch: Span, marks: Mapping[Span, int]) -> Iterator[str]:
    """The stretch in pieces, those inside a mark marked; marks may overlap."""
    within = {span: number for span, number in marks.items() if span.overlaps(stretch)}
    edges = {stretch.begin, stretch.end}
    edges |= {edge for span in within for edge in (span.begin, span.end)}
    for left, right in pairwise(sorted(edges)):
        words = escape(text[left:right])
        begun = [number for span, number in within.items() if span.begin == left]
        anchors = "".join(f'<a id="m{number}"></a>' for number in begun)
        inside = any(span.begin <= left and right <= span.end for span in within)
        yield f"{anchors}<mark>{words}</mark>" if inside else words
