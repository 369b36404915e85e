"""The body of an Outlook message: unpacked RTF, and the page of the web that it may stand for.

Sources: [MS-OXRTFCP] (the packing), [MS-OXRTFEX] (HTML within RTF).
"""

from __future__ import annotations

import re
import struct

from appliance.formats.rtf.text import page_of
from appliance.formats.rtf.tokens import Sort, Token, tokens
from appliance.sandbox.outcome import Outcome, ReadingFailed

LARGEST = 64 << 20  # bytes once unpacked
_PACKED, _PLAIN = b"LZFu", b"MELA"
_WINDOW = 4096
_FIRST = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    b"\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
    b"\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_FROM_HTML = re.compile(rb"\\fromhtml1?\b")
_FOR_HTML = {
    **{"par": "\r\n", "line": "\r\n", "tab": "\t", "lquote": "&lsquo;", "rquote": "&rsquo;"},
    **{"ldblquote": "&ldquo;", "rdblquote": "&rdquo;", "bullet": "&bull;", "endash": "&ndash;"},
    **{"emdash": "&mdash;", "nbsp": "&nbsp;", "hyphen": "&shy;"},
}
_SKIPPED = frozenset({"fonttbl", "colortbl", "stylesheet", "info", "pntext", "pict", "mhtmltag"})


def unpacked(stream: bytes) -> bytes:
    """The RTF of a message.

    Raises:
        ReadingFailed: it is too large.
    """
    if len(stream) < 16:
        return b""
    length, size, kind = struct.unpack_from("<II4s", stream)
    if kind == _PLAIN:
        return stream[16 : 16 + size]
    if kind != _PACKED:
        return b""
    if size > LARGEST:
        raise ReadingFailed(Outcome.TOO_LARGE)
    return _inflated(stream[16 : 4 + length], size)


def _inflated(packed: bytes, size: int) -> bytes:
    window = bytearray(_FIRST.ljust(_WINDOW, b"\0"))
    place = len(_FIRST)
    out = bytearray()
    at = 0
    while at < len(packed) and len(out) < size:
        control = packed[at]
        at += 1
        for bit in range(8):
            if not control >> bit & 1:
                run = packed[at : at + 1]
                at += 1
                for byte in run:
                    out.append(byte)
                    window[place % _WINDOW] = byte
                    place += 1
                continue
            if at + 2 > len(packed):
                return bytes(out[:size])
            reference = packed[at] << 8 | packed[at + 1]
            at += 2
            offset, count = reference >> 4, (reference & 15) + 2
            if offset == place % _WINDOW:
                return bytes(out[:size])
            for step in range(count):
                byte = window[(offset + step) % _WINDOW]
                out.append(byte)
                window[place % _WINDOW] = byte
                place += 1
    return bytes(out[:size])


def html_of(rtf: bytes) -> str:
    """The page of the web that RTF was made from; empty where it was made from none."""
    if not _FROM_HTML.search(rtf[:4096]):
        return ""
    page = "".join(_Page().pieces(rtf))
    return page.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class _Page:
    """Keeps what stands in tags of HTML, and text that is not marked as made for RTF alone."""

    def __init__(self) -> None:
        self._page = "cp1252"
        self._skip = 1
        self._skipping = 0
        self._stack: list[tuple[bool, bool, bool]] = []
        self._silent = self._tag = self._rtf_only = False
        self._fresh = False
        self._pending = bytearray()
        self._out: list[str] = []

    def pieces(self, rtf: bytes) -> list[str]:
        """The page, piece by piece."""
        for token in tokens(rtf):
            if token.sort is Sort.TEXT:
                self._fresh = False
                skipped = min(self._skipping, len(token.data))
                self._skipping -= skipped
                if self._shown():
                    self._pending += token.data[skipped:]
                continue
            self._flush()
            if token.sort is Sort.OPEN:
                self._stack.append((self._silent, self._tag, self._rtf_only))
                self._fresh, self._skipping = True, 0
            elif token.sort is Sort.CLOSE and self._stack:
                self._silent, self._tag, self._rtf_only = self._stack.pop()
                self._fresh, self._skipping = False, 0
            elif token.sort is Sort.WORD:
                self._word(token)
        self._flush()
        return self._out

    def _shown(self) -> bool:
        return not self._silent and (self._tag or not self._rtf_only)

    def _flush(self) -> None:
        if self._pending:
            self._out.append(bytes(self._pending).decode(self._page, "replace"))
            self._pending.clear()

    def _word(self, token: Token) -> None:
        word, number = token.word, token.number
        if word == "*":
            return
        if self._fresh and word == "htmltag":
            self._tag = True
        elif self._fresh and word in _SKIPPED:
            self._silent = True
        self._fresh = False
        if word == "htmlrtf":
            self._rtf_only = number != 0
        elif word == "ansicpg":
            self._page = page_of(number or 0) or self._page
        elif word == "uc":
            self._skip = max(0, number or 0)
        elif word == "u" and number is not None:
            self._skipping = self._skip
            if self._shown():
                self._out.append(chr(number & 0xFFFF))  # halves of one are joined at the end
        elif word in _FOR_HTML and self._shown():
            self._out.append(_FOR_HTML[word])
