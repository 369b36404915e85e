"""Tokens of Rich Text Format, specification 1.9.1: groups, control words, bytes of text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})?\x20?|\\'([0-9a-fA-F]{2})|\\(.)|([{}])|([^\\{}\r\n\x00]+)|.",
    re.S,
)


class Sort(Enum):
    """What a token is."""

    OPEN = auto()
    CLOSE = auto()
    WORD = auto()  # a control word, with its number or None
    TEXT = auto()  # bytes in the code page of the moment
    BINARY = auto()


class Token(NamedTuple):
    """One token; ``word`` is a control word or symbol, ``data`` the bytes of text."""

    sort: Sort
    word: str = ""
    number: int | None = None
    data: bytes = b""


_OPEN, _CLOSE = Token(Sort.OPEN), Token(Sort.CLOSE)
_SYMBOLS = {b"~": "nbsp", b"-": "", b"_": "hyphen", b"*": "*", b"\r": "par", b"\n": "par"}
_LITERAL = frozenset({b"\\", b"{", b"}"})


def tokens(data: bytes) -> Iterator[Token]:
    """Every token; bytes that make no sense are left out."""
    at = 0
    while found := _TOKEN.match(data, at):
        at = found.end()
        word, number, code, symbol, brace, text = found.groups()
        if text is not None:
            yield Token(Sort.TEXT, data=text)
        elif word is not None:
            value = int(number) if number else None
            if word == b"bin":
                length = max(0, value or 0)
                yield Token(Sort.BINARY, data=data[at : at + length])
                at += length
            else:
                yield Token(Sort.WORD, word.decode("ascii"), value)
        elif brace is not None:
            yield _OPEN if brace == b"{" else _CLOSE
        elif code is not None:
            yield Token(Sort.TEXT, data=bytes([int(code, 16)]))
        elif symbol in _LITERAL:
            yield Token(Sort.TEXT, data=symbol)
        elif symbol is not None and _SYMBOLS.get(symbol):
            yield Token(Sort.WORD, _SYMBOLS[symbol])
