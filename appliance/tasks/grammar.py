"""Grammars that leave the decoder no word of its own: it copies from a given text, or declines.

They are written in the Lark dialect of llguidance, which vLLM's ``guidance`` backend runs
(https://github.com/guidance-ai/llguidance/blob/main/docs/syntax.md).  ``substring_words`` accepts
any run of whole words of a text, white space included; a regular expression beside it bounds the
length, so that the empty answer is impossible.  Document text enters only as a JSON string or as
escaped code points: no character of it can end the literal it stands in.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

NOT_STATED = "not stated"


def verbatim(
    windows: Sequence[str],
    alternatives: Sequence[str] = (NOT_STATED,),
    *,
    longest: int = 400,
) -> str:
    """Grammar for a span of whole words from one of ``windows``, or one of ``alternatives``.

    ``longest`` bounds the span, in characters.  A code point that has no UTF-8 form (a lone
    surrogate) is shown to the grammar as "?": a span with it cannot be located afterwards.

    Raises:
        ValueError: no window holds a word.
    """
    texts = [_encodable(window) for window in windows if window.strip()]
    if not texts:
        raise ValueError("a verbatim grammar needs text to copy from")
    names = [f"SPAN_{at}" for at in range(len(texts))]
    rules = [f"start: {' | '.join([*names, *_names(alternatives)])}"]
    for at, text in enumerate(texts):
        source = json.dumps({"substring_words": text})
        rules.append(f"SPAN_{at}: TEXT_{at} & /(?s:.{{1,{longest}}})/")
        rules.append(f"TEXT_{at}: %regex {source}")
    return "\n".join([*rules, *_literals(alternatives)]) + "\n"


def choice(options: Sequence[str]) -> str:
    """Grammar for exactly one of ``options``, each copied character by character.

    Raises:
        ValueError: there is no option, or an empty one.
    """
    if not options or not all(options):
        raise ValueError("a choice needs options that are not empty")
    return "\n".join([f"start: {' | '.join(_names(options))}", *_literals(options)]) + "\n"


def _names(options: Sequence[str]) -> list[str]:
    return [f"OPTION_{at}" for at in range(len(options))]


def _literals(options: Sequence[str]) -> list[str]:
    return [f"OPTION_{at}: /{_escaped(option)}/" for at, option in enumerate(options)]


def _escaped(text: str) -> str:
    return "".join(
        char if char.isascii() and char.isalnum() else f"\\u{{{ord(char):x}}}"
        for char in _encodable(text)
    )


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8") if _has_surrogate(text) else text


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in text)
