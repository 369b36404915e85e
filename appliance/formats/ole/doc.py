"""Reads DOC (Word 97 to 2003; of Word 6 and 95 the text).  Runs in the confined reader child.

Every story is read: main text, foot- and endnotes, comments, headers and footers, text boxes.
Rows of tables keep their cells and columns, of fields the result stays, hidden and deleted text is
kept apart.  Source: [MS-DOC].
"""

from __future__ import annotations

import re

from appliance.documents import ElementKind, Flag
from appliance.formats import account, pictures
from appliance.formats.build import DocumentBuilder
from appliance.formats.ole import doc_lists
from appliance.formats.ole import parts as ole_parts
from appliance.formats.ole import pictures as ole_pictures
from appliance.formats.ole.container import Container
from appliance.formats.ole.doc_file import Place, WordFile
from appliance.formats.ole.doc_flow import Flow, Kinds
from appliance.formats.reading import Reading, Wishes

_FIELD = re.compile(r"\x13[^\x13\x14\x15]*(?:\x14([^\x13\x14\x15]*))?\x15")
_DEEPEST_FIELDS = 30
_OUTSIDE = re.compile(r"https?://|ftp://|\\\\\w", re.I)
_HEADER_STORIES = 6  # of each section: header, footer; even, odd, first pages
_HEADERS = frozenset({0, 1, 4})  # the others are footers


def warm() -> None:
    """Import what the children need."""
    import olefile  # noqa: F401 -- for the children

    pictures.warm()


def read(data: bytes, media_type: str, wishes: Wishes) -> Reading:
    """Read one document.

    Raises:
        ReadingFailed: damaged, encrypted, too large.
        Exception: whatever unpacking a damaged structure raises.
    """
    container = Container(data)
    builder = DocumentBuilder(media_type)
    word = WordFile(container)
    _add_stories(word, builder)
    builder.tally(account.characters([_shown(word)], builder.kept()))
    if _OUTSIDE.search(word.place(Place.ASSOCIATED).decode("utf-16-le", "replace")):
        builder.flag(Flag.EXTERNAL)  # its template
    if ole_parts.has_macros(container):
        builder.flag(Flag.ACTIVE)
        builder.add_gap(ole_parts.MACROS)
    pool = [("ObjectPool", name) for name in container.children("ObjectPool")]
    parts, following = ole_parts.objects(container, pool, wishes.first_part, builder)
    scans = pictures.add_pictures(ole_pictures.in_container(container, media_type), builder)
    return Reading(builder.finish(), parts, following, scans)


def _shown(word: WordFile) -> str:
    """The text as characters, by a way that the flow did not take: fields cut out as patterns."""
    text = word.text
    for _ in range(_DEEPEST_FIELDS):
        text, count = _FIELD.subn(lambda match: match.group(1) or "", text)
        if not count:
            break
    return re.sub(
        "[\x00-\x08\x1e\x1f]",
        "",
        text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
    )


def _add_stories(word: WordFile, builder: DocumentBuilder) -> None:
    kinds = Kinds(word.styles(), doc_lists.numbers(word))
    at = 0
    stories = word.stories
    for number, length in enumerate(
        (
            *(stories.main, stories.footnotes, stories.headers, stories.macros),
            *(stories.comments, stories.endnotes, stories.boxes, stories.header_boxes),
        )
    ):
        end = min(at + length, len(word.text))
        if number == 2:
            _add_headers(word, at, end, kinds, builder)
        else:
            Flow(word, kinds, builder).read(at, end)
        at = end
    if at < len(word.text):
        Flow(word, kinds, builder).read(at, len(word.text))


def _add_headers(
    word: WordFile, begin: int, end: int, kinds: Kinds, builder: DocumentBuilder
) -> None:
    """Separators of notes come first, then six stories for each section."""
    ends = [begin + position for position in word.positions(Place.HEADERS)]
    at = begin
    for number, position in enumerate(ends[1:]):
        stop = min(position, end)
        if stop > at:
            header = (number % _HEADER_STORIES) in _HEADERS
            kind = ElementKind.HEADER if header else ElementKind.FOOTER
            Flow(word, kinds, builder, kind).read(at, stop)
            at = stop
    Flow(word, kinds, builder, ElementKind.HEADER).read(at, end)
