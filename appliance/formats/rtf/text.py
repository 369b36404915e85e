"""Text of Rich Text Format with where it belongs: destinations, code pages, what is hidden.

Turns tokens into events in the order of the file: text with its place and look, and the control
words that shape paragraphs and tables.  Source: RTF specification 1.9.1.
"""

from __future__ import annotations

import binascii
import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from appliance.documents import Concealment
from appliance.formats.rtf.tokens import Sort, Token, tokens
from appliance.sandbox.outcome import Outcome, ReadingFailed

DEEPEST = 4000  # groups within groups
BODY, HEADER, FOOTER, NOTE, BOX, CODE, MARK, TITLE = (
    *("body", "header", "footer", "note", "box", "code", "mark", "title"),
)
_SKIP, _FONTS, _COLOURS, _STYLES, _PICTURE, _OBJECT = (
    *("skip", "fonts", "colours", "styles", "picture", "object"),
)
_PLACES = {
    **dict.fromkeys(("header", "headerl", "headerr", "headerf"), HEADER),
    **dict.fromkeys(("footer", "footerl", "footerr", "footerf"), FOOTER),
    **dict.fromkeys(("footnote", "annotation"), NOTE),
    **dict.fromkeys(("shptxt", "dptxbxtext"), BOX),
    **dict.fromkeys(("listtext", "pntext"), MARK),
    **{"fldinst": CODE, "title": TITLE, "fonttbl": _FONTS, "colortbl": _COLOURS},
    **{"stylesheet": _STYLES, "pict": _PICTURE, "objdata": _OBJECT},
}
# Entered although they are marked as such that an old reader may skip.
_ENTERED = frozenset({"shpinst", "ud", "moMath", "moMathPara", "fldinst", "do", "annotation"})
_ENTERED |= frozenset({"objdata", "shppict", "nesttableprops", "footnote", "dptxbxtext"})
_SKIPPED = frozenset(
    """
    info author operator keywords doccomm comment subject manager company hlinkbase nonshppict
    pntxta pntxtb nonesttables shprslt sp upr xe tc rxe txe private ftnsep ftnsepc ftncn aftnsep
    aftnsepc aftncn listtable listoverridetable revtbl rsidtbl filetbl template objclass objname
    atnid atnauthor atndate atnref atnparent bkmkstart bkmkend
    """.split()  # noqa: SIM905 -- a list of words reads better as words
)
_CHARACTERS = {
    **{"emdash": "—", "endash": "–", "bullet": "•", "lquote": "‘", "rquote": "’"},
    **{"ldblquote": "“", "rdblquote": "”", "tab": " ", "line": "\n", "nbsp": " ", "hyphen": "-"},
    **dict.fromkeys(("emspace", "enspace", "qmspace"), " "),
    "softline": "\n",
}
SHAPES = frozenset(
    """
    par sect page column row cell nestcell nestrow trowd cellx clmrg clmgf trhdr intbl pard itap
    outlinelevel s ls plain lastrow
    """.split()  # noqa: SIM905
)
_PAGES = {0: "cp1252", 1: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 130: "cp1361"} | {
    **{134: "cp936", 136: "cp950", 161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255"},
    **{178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250", 255: "cp437"},
}
_SYMBOL = 2  # the character set of fonts of pictures
_WHITE = (255, 255, 255)
_SMALLEST = 4  # half points
_PRIMARY = ("red", "green", "blue")
_PICTOGRAMS = {0x6F: "☐", 0xA8: "☐", 0xFD: "☒", 0x78: "☒", 0xFE: "☑", 0xFC: "✓", 0xFB: "✗"}
_PICTOGRAMS |= {0xB7: "•", 0xA7: "▪", 0x20: " "}
_NOT_HEX = re.compile(rb"[^0-9a-fA-F]")


class Event(NamedTuple):
    """Text, or a control word that shapes; ``group`` tells one footnote or box from the next."""

    place: str
    text: str = ""
    why: Concealment | None = None
    word: str = ""
    number: int | None = None
    group: int = 0


@dataclass(frozen=True, slots=True)
class _State:
    place: str = BODY
    group: int = 0
    page: str = ""
    font: int = 0
    skip: int = 1  # how many characters stand in for one \u
    hidden: bool = False
    white: bool = False
    shaded: bool = False
    tiny: bool = False


class RtfText:
    """Walks a file once; what it finds beside the text is here afterwards."""

    def __init__(self, data: bytes) -> None:
        self.pictures: list[bytes] = []
        self.objects: list[bytes] = []
        self.headings: set[int] = set()  # numbers of styles
        self.linked = False
        self._data = data
        self._pages: dict[int, str] = {}  # by number of the font; empty: pictures for letters
        self._colours: list[tuple[int, int, int]] = []
        self._colour = [0, 0, 0]
        self._style = self._font = 0
        self._state = _State(page="cp1252")
        self._stack: list[_State] = []
        self._groups = 0
        self._fresh = self._optional = False
        self._skipping = self._high = 0
        self._pending = bytearray()  # bytes of text: a character may take several
        self._collected = bytearray()  # of a picture or an object

    def events(self) -> Iterator[Event]:
        """Everything, in the order of the file."""
        for token in tokens(self._data):
            if token.sort is Sort.TEXT:
                self._bytes(token.data)
                continue
            if self._pending:
                yield from self._flushed()
            if token.sort is Sort.OPEN:
                self._stack.append(self._state)
                self._fresh, self._optional, self._skipping = True, False, 0
                if len(self._stack) > DEEPEST:
                    raise ReadingFailed(Outcome.DAMAGED)
            elif token.sort is Sort.CLOSE:
                self._close()
            elif token.sort is Sort.BINARY:
                if self._state.place in {_PICTURE, _OBJECT}:
                    self._collected += binascii.hexlify(token.data)
            else:
                yield from self._word(token)
        yield from self._flushed()

    def _close(self) -> None:
        place = self._state.place
        self._state = self._stack.pop() if self._stack else self._state
        self._fresh, self._optional, self._skipping = False, False, 0
        if place in {_PICTURE, _OBJECT} and self._state.place != place:
            digits = _NOT_HEX.sub(b"", bytes(self._collected))
            found = binascii.unhexlify(digits[: len(digits) & ~1])
            (self.pictures if place == _PICTURE else self.objects).append(found)
            self._collected.clear()

    def _bytes(self, data: bytes) -> None:
        self._fresh = False
        place = self._state.place
        if place in {_PICTURE, _OBJECT}:
            self._collected += data
        elif place == _COLOURS:
            for _ in range(data.count(b";")):
                self._colours.append((self._colour[0], self._colour[1], self._colour[2]))
                self._colour = [0, 0, 0]
        elif place not in {_SKIP, _FONTS, _STYLES}:
            skipped = min(self._skipping, len(data))
            self._skipping -= skipped
            self._pending += data[skipped:]

    def _flushed(self) -> Iterator[Event]:
        raw, state = bytes(self._pending), self._state
        self._pending.clear()
        page = self._pages.get(state.font, state.page)
        if raw:
            text = raw.decode(page, "replace") if page else symbols(raw)
            yield from self._shown(text)

    def _shown(self, text: str) -> Iterator[Event]:
        state = self._state
        if not text or state.place in {_SKIP, _FONTS, _STYLES, _COLOURS, _PICTURE, _OBJECT}:
            return
        if state.place == MARK:
            text = "" if not any(letter.isalnum() for letter in text) else text + " "
        why = Concealment.HIDDEN if state.hidden else None
        if why is None and state.tiny:
            why = Concealment.TINY
        if why is None and state.white and not state.shaded:
            why = Concealment.WHITE
        if text or state.place == MARK:
            yield Event(state.place, text, why, group=state.group)

    # --- control words ----------------------------------------------------------------------------

    def _word(self, token: Token) -> Iterator[Event]:
        word, number = token.word, token.number
        if word == "*":
            self._optional = True
            return
        if self._fresh or self._optional:
            self._enter(word)
        self._fresh = self._optional = False
        place = self._state.place
        if word == "u" and number is not None:
            yield from self._unicode(number & 0xFFFF)
        elif place in {_COLOURS, _STYLES, _FONTS}:
            self._define(word, number or 0)
        elif word in _CHARACTERS:
            if self._skipping:
                self._skipping -= 1
            else:
                yield from self._shown(_CHARACTERS[word])
        elif word in SHAPES and place != _SKIP:
            yield Event(place, word=word, number=number, group=self._state.group)
            if word == "plain":
                self._state = replace(
                    self._state, hidden=False, white=False, tiny=False, shaded=False, font=0
                )
        elif word in {"objlink", "objautlink"}:
            self.linked = True
        else:
            self._set(word, number)

    def _unicode(self, unit: int) -> Iterator[Event]:
        self._skipping = self._state.skip
        if 0xD800 <= unit < 0xDC00:
            self._high = unit
            return
        if 0xDC00 <= unit < 0xE000 and self._high:
            unit = 0x10000 + ((self._high - 0xD800) << 10) + unit - 0xDC00
        self._high = 0
        if 0xF000 <= unit <= 0xF0FF:
            yield from self._shown(symbols(bytes([unit & 0xFF])))
        else:
            yield from self._shown(chr(unit))

    def _enter(self, word: str) -> None:
        """The first word of a group says where its text belongs."""
        place = _PLACES.get(word)
        if self._state.place == _SKIP and word not in {"ud", "title"}:
            return
        if place is None and (
            word in _SKIPPED or (self._optional and word not in _ENTERED and word not in SHAPES)
        ):
            place = _SKIP
        if word == "ud":
            place = self._stack[-2].place if len(self._stack) > 1 else BODY
        if place is None:
            return
        self._groups += place in {NOTE, BOX, HEADER, FOOTER}
        group = self._groups if place in {NOTE, BOX, HEADER, FOOTER} else self._state.group
        self._state = replace(self._state, place=place, group=group)

    def _define(self, word: str, number: int) -> None:
        """In the tables of colours, styles and fonts."""
        place = self._state.place
        if place == _COLOURS and word in _PRIMARY:
            self._colour[_PRIMARY.index(word)] = number & 255
        elif place == _STYLES and word == "s":
            self._style = number
        elif place == _STYLES and word == "outlinelevel" and 0 <= number < 9:
            self.headings.add(self._style)
        elif place == _FONTS and word == "f":
            self._font = number
        elif place == _FONTS and word == "fcharset":
            if number == _SYMBOL:
                self._pages[self._font] = ""
            elif number > 1 and number in _PAGES:
                self._pages[self._font] = _PAGES[number]
        elif place == _FONTS and word == "cpg" and (page := page_of(number)):
            self._pages[self._font] = page

    def _set(self, word: str, number: int | None) -> None:
        """Settings that last to the end of the group."""
        state, on = self._state, number != 0
        match word:
            case "ansicpg":
                page = page_of(number or 0)
                self._state = replace(state, page=page or state.page)
            case "mac" | "pc" | "pca":
                page = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}[word]
                self._state = replace(state, page=page)
            case "f":
                self._state = replace(state, font=number or 0)
            case "uc":
                self._state = replace(state, skip=max(0, number or 0))
            case "v" | "deleted":
                self._state = replace(state, hidden=on)
            case "fs":
                self._state = replace(state, tiny=0 < (number or 24) < _SMALLEST)
            case "cf":
                at = number or 0
                white = 0 < at < len(self._colours) and self._colours[at] == _WHITE
                self._state = replace(state, white=white)
            case "highlight" | "cb" | "chcbpat" | "cbpat" | "chshdng" | "shading":
                self._state = replace(state, shaded=bool(number))


def page_of(number: int) -> str:
    """The name of a code page; empty for one that is not known."""
    if number == 65001:
        return "utf-8"
    name = {10000: "mac_roman", 42: "", 0: ""}.get(number, f"cp{number}")
    try:
        return codecs.lookup(name).name if name else ""
    except LookupError:
        return ""


def symbols(raw: bytes) -> str:
    """Letters of a font of pictures, as far as their picture means something."""
    return "".join(_PICTOGRAMS.get(byte, "") for byte in raw)
