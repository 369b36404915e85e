"""Bytes of text formats to text: by byte order mark, as UTF-8, as the file declares, or by guess.

A guess is taken only where every byte has a meaning in it; else bytes without one become U+FFFD,
and are counted as a gap by `note_undecoded`.  No byte is dropped.
"""

from __future__ import annotations

import codecs
import encodings
import pkgutil
import re
from contextlib import suppress
from functools import cache

from appliance.documents import Unit
from appliance.formats.build import DocumentBuilder

UNDECODED = "bytes that stand for no character in the text's encoding"
FALLBACK = "cp1252"  # the usual encoding of older western texts; maps nearly every byte
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?([A-Za-z0-9_.:-]{2,40})")
_SAMPLE = 65_536  # bytes that a guess looks at
_BEYOND = re.compile(r"(?s)(?<=(.))([^\x00-\x7f])(?=(.))")
_SIGNS = frozenset("–—‘’“”„‚…•€£§°±©®™«»‹›·¼½¾²³µ×÷†‡\u00a0\u00ad")
_FEWEST = 8  # bytes beyond ASCII that make a guess worth it
# Encodings in which nearly every byte means something: told apart by what makes words.
_SINGLE = ("cp1252", "iso8859_15", "cp850", "mac_roman", "cp1250", "iso8859_2", "cp1254")
_CENTRAL = frozenset({"Polish", "Czech", "Slovak", "Hungarian", "Romanian", "Croatian", "Slovene"})
_TURKISH_FIRST = ("cp1254", *_SINGLE)
_CENTRAL_FIRST = ("cp1250", "iso8859_2", *_SINGLE)
_LATIN = re.compile(
    r"(?:cp(?:12(?:50|52|54|57|58)|4\d\d|5\d\d|77\d|85[0278]|86[0135]|0\d\d|114\d|273)|latin|"
    r"iso8859_(?:1|2|3|4|9|10|13|14|15|16)$|mac_(?:roman|latin|iceland|turkish|croat)|hp_)"
)
_NOT_TEXT = frozenset({"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape"})


@cache
def warm() -> None:
    """Load every encoding of text and the guesser; the confined children cannot."""
    for module in pkgutil.iter_modules(encodings.__path__):
        with suppress(LookupError, ImportError):
            codecs.lookup(module.name)
    _guess("Grüße aus Köln und Düsseldorf, Übermut".encode(FALLBACK))


def decoded(data: bytes, declared: str = "") -> str:
    """The text of ``data``; bytes that cannot be read become U+FFFD, none is dropped.

    Args:
        declared: the encoding that is given from outside, of a mail's part for example.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    if wide := _without_mark(data):
        return data.decode(wide, "replace")
    if b"\x1b$" in data and (text := _strictly(data, "iso2022_jp_2")) is not None:
        return text
    inside = _DECLARED.search(data[:2048])
    stated = [declared, inside.group(1).decode("ascii") if inside else ""]
    for encoding in ["utf-8", *stated]:
        if encoding and (text := _strictly(data, encoding)) is not None:
            return text
    text = _strictly(data, _guess(data))
    return data.decode(FALLBACK, "replace") if text is None else text


def note_undecoded(text: str, builder: DocumentBuilder) -> None:
    """Add the gap of bytes that became U+FFFD."""
    if lost := text.count("\ufffd"):
        builder.add_gap(UNDECODED, None, Unit.CHARACTERS, lost)


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        found = codecs.lookup(encoding)
        if not found._is_text_encoding or found.name in _NOT_TEXT:
            return None
        return data.decode(encoding)
    except (UnicodeError, LookupError, ValueError):
        return None


def _without_mark(data: bytes) -> str:
    """UTF-16 without a mark: every other byte of western text is zero."""
    head = data[:4096]
    if b"\x00" not in head or len(head) < 4:
        return ""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > len(head) // 4 and not even:
        return "utf-16-le"
    return "utf-16-be" if even > len(head) // 4 and not odd else ""


def _guess(data: bytes) -> str:
    """The encoding that the bytes look like; the usual western one where little tells."""
    from charset_normalizer import from_bytes

    sample = data[:_SAMPLE]
    beyond = sum(byte > 127 for byte in sample)
    if beyond < _FEWEST:
        return FALLBACK if not beyond else _likeliest(sample, _SINGLE)
    best = from_bytes(sample).best()
    if best is not None and not _LATIN.match(best.encoding):
        return str(best.encoding)
    language = best.language if best is not None else ""
    first = {"Turkish": _TURKISH_FIRST, **dict.fromkeys(_CENTRAL, _CENTRAL_FIRST)}
    return _likeliest(sample, first.get(language, _SINGLE))


def _likeliest(sample: bytes, candidates: tuple[str, ...]) -> str:
    """The encoding in which most of the characters beyond ASCII stand where such characters do."""
    scores = {name: _score(sample.decode(name, "replace")) for name in candidates}
    return max(candidates, key=lambda name: scores[name])  # the first among equals


def _score(text: str) -> int:
    score = 0
    for match in _BEYOND.finditer(text):
        before, sign, after = match.groups()
        within = before.isalpha() or after.isalpha()
        if sign.isalpha():
            shouting = sign.isupper() and before.islower()
            score += -3 if shouting else 2 if within else 0
        elif sign in "¿¡":
            score += 1 if after.isalpha() and not before.isalpha() else -3
        elif sign in _SIGNS:
            score += 1 if not (before.isalpha() and after.isalpha()) or sign in "’–—" else -2
        else:
            score -= 3
    return score
