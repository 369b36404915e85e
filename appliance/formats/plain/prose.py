"""Reads plain text, Markdown and separated values.  Runs in the confined reader child."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence

from appliance.documents import ElementKind, Tally, Unit
from appliance.formats import account, kinds, pictures, text
from appliance.formats.build import DocumentBuilder, Entry
from appliance.formats.reading import Reading, Wishes
from appliance.formats.table import add_table
from appliance.formats.web.page import add_html

LONGEST_FIELD = 10_000_000  # characters in one field of separated values
_DELIMITERS = ",;\t|"
_SAMPLE_LINES = 50
_LONGEST_TITLE = 100  # characters
_LONGEST_PARAGRAPH = 20_000  # characters; a longer one is cut at line ends
_BLANK_LINES = re.compile(r"\n[^\S\n]*\n\s*")
_ITEM = re.compile(r"\s*(?:[-*•·‣◦▪–]\s+|\(?(?:\d{1,3}|[a-zA-Z]|[ivxlc]{1,5})[.)]\s+)\S")
_UNDERLINE = re.compile(r"\s*[=_~*-]{3,}\s*")
_FOOTNOTE = re.compile(r"^(\s{0,3})\[\^", re.M)
_TARGET = re.compile(
    r"\]\(\s*(?:<[^>\n]*>|(?:\\.|[^()\\\s]|\((?:\\.|[^()\\\s])*\))*)(?:\s+(?:\"[^\"]*\"|'[^']*'))?\s*\)"
    r"|\]:[^\n]*|<(?:https?|mailto):[^>]*>"
)
_TAG = re.compile(
    r"<!--.*?-->|<(?:script|style)\b.*?</(?:script|style)\s*>|</?[a-zA-Z][^<>]*>", re.S
)
_FENCE = re.compile(r"^\s{0,3}(?:```|~~~)[^\n]*$", re.M)
_ENTITY = re.compile(r"&#?\w+;")
_NOT_WORDS = re.compile(r"[\W_]+")


def warm() -> None:
    """Import what reads Markdown and guesses encodings; the confined children cannot."""
    text.warm()
    _markdown("# Terms\n\n| Fee | Due |\n|---|---|\n| 5 | *N/A* |\n\n- [a](b)\n")


def read(data: bytes, media_type: str, wishes: Wishes) -> Reading:
    """Read one file of text.

    Raises:
        ReadingFailed: text without end.
    """
    builder = DocumentBuilder(media_type)
    content = text.decoded(data)
    text.note_undecoded(content, builder)
    if media_type == kinds.CSV:
        add_separated(content, builder)
        builder.tally(account.characters([_without_marks(content)], builder.kept()))
        return Reading(builder.finish())
    if media_type != kinds.MD:
        add_text(content, builder)
        builder.tally(account.characters([content], builder.kept()))
        return Reading(builder.finish())
    add_markdown(content, builder)
    scans = pictures.add_pictures(pictures.inline(content), builder)
    words = _words_of_markdown(content)
    tally = account.characters([words], _squeezed(builder))
    if tally.seen > tally.stored:
        _add_lost_lines(content, builder)
        tally = account.characters([words], _squeezed(builder))
    builder.tally(tally)
    return Reading(builder.finish(), scans=scans)


# --- plain text -----------------------------------------------------------------------------------


def add_text(content: str, builder: DocumentBuilder) -> None:
    """Add plain text: blocks parted by blank lines; short lone lines are titles.

    Raises:
        ReadingFailed: the document grows beyond its bounds.
    """
    content = content.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n")
    for block in _BLANK_LINES.split(content):
        for kind, piece in _pieces(block):
            builder.add(kind, piece)


def _pieces(block: str) -> Iterator[tuple[ElementKind, str]]:
    """A block as one title, as items of a list, or as one paragraph."""
    lines = [line for line in block.split("\n") if line.strip()]
    if not lines:
        return
    if len(lines) == 1 and is_title(lines[0]):
        yield ElementKind.TITLE, lines[0]
        return
    if len(lines) == 2 and _UNDERLINE.fullmatch(lines[1]) and is_title(lines[0]):
        yield ElementKind.TITLE, "\n".join(lines)
        return
    kind, pending, size = ElementKind.TEXT, list[str](), 0
    for line in lines:
        item = bool(_ITEM.match(line))
        if pending and (item or size > _LONGEST_PARAGRAPH):
            yield kind, "\n".join(pending)
            pending, size = [], 0
        if item:
            kind = ElementKind.LIST_ITEM
        elif not pending:
            kind = ElementKind.TEXT
        pending.append(line)
        size += len(line)
    yield kind, "\n".join(pending)


def is_title(line: str) -> bool:
    """Whether a line that stands alone is a heading: short, no sentence, no item of a list."""
    line = line.strip()
    if not 2 <= len(line) <= _LONGEST_TITLE or line.endswith((".", ",", ";", "?", "!", ":")):
        return line.endswith(":") and 2 <= len(line) <= _LONGEST_TITLE // 2 and line[0].isupper()
    letters = sum(letter.isalpha() for letter in line)
    if letters * 2 < len(line.replace(" ", "")) or line[0].islower():
        return False
    return not line.startswith(("-", "*", "•")) and len(line.split()) <= 12


# --- Markdown -------------------------------------------------------------------------------------


def add_markdown(content: str, builder: DocumentBuilder) -> None:
    """Add Markdown as the page that it stands for (CommonMark with tables).

    Raises:
        ReadingFailed: the document grows beyond its bounds.
    """
    if not content.strip():
        return
    # a footnote would be taken for the target of a link, and vanish
    add_html(_markdown(_FOOTNOTE.sub(r"\1\\[^", content)), builder)


def _squeezed(builder: DocumentBuilder) -> list[str]:
    return [_NOT_WORDS.sub("", piece) for piece in builder.kept()]


def _add_lost_lines(content: str, builder: DocumentBuilder) -> None:
    """Add the lines whose words are not in what was read: of what was nested too deeply."""
    read = "\n".join(_squeezed(builder))
    for line in content.splitlines():
        squeezed = _words_of_markdown(line)
        if squeezed and squeezed not in read:
            builder.add(ElementKind.TEXT, line)


def _markdown(content: str) -> str:
    from markdown_it import MarkdownIt

    renderer = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return str(renderer.render(content))


def _words_of_markdown(content: str) -> str:
    """Letters and digits of the source without addresses, tags and marks."""
    plain = _FENCE.sub("", content)
    plain = _ENTITY.sub("", _TAG.sub("", _TARGET.sub("]", plain)))
    return _NOT_WORDS.sub("", plain)


# --- separated values -----------------------------------------------------------------------------


def add_separated(content: str, builder: DocumentBuilder) -> None:
    """Add the rows of a CSV or TSV text as one table; rows may differ in length.

    Raises:
        ReadingFailed: the document grows beyond its bounds.
    """
    csv.field_size_limit(LONGEST_FIELD)
    content = content.replace("\x00", "")
    delimiter = _delimiter(content)
    rows: list[Sequence[Entry]] = []
    cells = 0
    stated = re.match(r"sep=(.)\r?\n", content)
    if stated:
        delimiter = stated.group(1)
        builder.add(ElementKind.TEXT, stated.group().strip())
        content = content[stated.end() :]
    for fields in csv.reader(io.StringIO(content, newline=""), delimiter=delimiter):
        row = [Entry(field, at) for at, field in enumerate(fields) if field.strip()]
        cells += len(row)
        if row:
            rows.append(row)
    title = next((row for row in rows[:1] if len(row) == 1 and len(rows) > 1), None)
    if title is not None and len(rows[1]) > 1 and title[0].column == 0:
        builder.add(ElementKind.TITLE, title[0].text)
        rows = rows[1:]
    add_table(builder, rows)
    builder.tally(Tally(Unit.CELLS, cells, cells))


def _delimiter(content: str) -> str:
    """The separator that cuts the first lines most evenly into most cells."""
    sample = io.StringIO(content[: 1 << 16], newline="")

    def fit(delimiter: str) -> tuple[int, int]:
        sample.seek(0)
        counts = []
        for row in csv.reader(sample, delimiter=delimiter):
            if row:
                counts.append(len(row))
            if len(counts) >= _SAMPLE_LINES:
                break
        usual = max(set(counts), key=counts.count) if counts else 1
        return (counts.count(usual) if usual > 1 else 0, usual)

    return max(_DELIMITERS, key=fit)


def _without_marks(content: str) -> str:
    return re.sub(r"[\"|;,\t]", "", content)
