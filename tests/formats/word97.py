"""Writes binary Word files for tests: one piece of text, properties by paragraph and by run.

Only what [MS-DOC] asks for at the least, and only what the reader looks at.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from appliance.formats.ole.container import Tree, pack

TEXT_AT = 2048
PAGE = 512
_PLACES, _COUNTS = 154, 76
CHARACTERS, PARAGRAPHS, HEADERS, PIECES = 12, 13, 11, 33
Run = tuple[str, bytes]  # text and what is set for it


def word97(
    stories: Sequence[Sequence[Run]],
    paragraphs: Sequence[bytes] = (),
    *,
    headers: Sequence[int] = (),
    others: Tree | None = None,
) -> bytes:
    """A file.

    Args:
        stories: main text, footnotes, headers, macros, comments, endnotes, boxes, boxes of headers.
        paragraphs: what is set for each paragraph or cell mark, in the order of the text.
        headers: where the header stories begin and end.
        others: streams and storages beside.
    """
    runs = [run for story in stories for run in story]
    text = "".join(run for run, _ in runs)
    main = bytearray(TEXT_AT) + text.encode("utf-16-le")
    main += bytes(-len(main) % PAGE)
    character_page = len(main) // PAGE
    main += _page(*_runs(runs), wide=False)
    paragraph_page = len(main) // PAGE
    main += _page(*_marks(text, paragraphs), wide=True)
    struct.pack_into("<HH", main, 0, 0xA5EC, 193)
    struct.pack_into("<H", main, 10, 0x0200)
    for number, story in enumerate(stories):
        struct.pack_into("<I", main, _COUNTS + 4 * number, sum(len(run) for run, _ in story))
    table = bytearray(b"\0" * 8)
    piece = struct.pack("<IIHIH", 0, len(text), 0, TEXT_AT, 0)
    whole = (TEXT_AT, TEXT_AT + 2 * len(text))
    for place, data in (
        (PIECES, b"\x02" + struct.pack("<I", len(piece)) + piece),
        (CHARACTERS, struct.pack("<III", *whole, character_page)),
        (PARAGRAPHS, struct.pack("<III", *whole, paragraph_page)),
        (HEADERS, struct.pack(f"<{len(headers)}I", *headers)),
    ):
        struct.pack_into("<II", main, _PLACES + 8 * place, len(table), len(data))
        table += data
    return pack({"WordDocument": bytes(main), "1Table": bytes(table), **(others or {})})


def _runs(runs: Sequence[Run]) -> tuple[list[int], list[bytes]]:
    starts, at = [TEXT_AT], TEXT_AT
    for text, _ in runs:
        at += 2 * len(text)
        starts.append(at)
    return starts, [settings for _, settings in runs]


def _marks(text: str, paragraphs: Sequence[bytes]) -> tuple[list[int], list[bytes]]:
    ends = [at + 1 for at, letter in enumerate(text) if letter in "\r\x07\x0c"]
    starts = [TEXT_AT + 2 * end for end in [0, *ends]]
    found = [*paragraphs, *[b""] * len(ends)][: len(ends)]
    return starts, [struct.pack("<H", 0) + settings for settings in found]


def _page(starts: list[int], values: list[bytes], *, wide: bool) -> bytes:
    """One page of properties: positions, places of the properties, the properties from the end."""
    page = bytearray(PAGE)
    page[-1] = len(values)
    struct.pack_into(f"<{len(starts)}I", page, 0, *starts)
    end = PAGE - 2
    for number, value in enumerate(values):
        place = 4 * len(starts) + (13 * number if wide else number)
        if wide:
            padding = bytes(1 - len(value) % 2)  # with its length an even number of bytes
            packed = bytes([(len(value) + len(padding) + 1) // 2]) + value + padding
        else:
            packed = bytes([len(value)]) + value
        end = (end - len(packed)) & ~1
        if value:
            page[end : end + len(packed)] = packed
            page[place] = end // 2
    assert end > 4 * len(starts) + (13 if wide else 1) * len(values), "too much for one page"
    return bytes(page)
