"""Speech made readable by leaving words out, never by writing any.  Pure.

Fillers, stutters and words broken off are left out of what a speaker said; every word that stays
is the speaker's, in the speaker's order, so that it can be checked against the transcript.  No
word that denies and no number is ever left out.
"""

from __future__ import annotations

import re
from itertools import islice

from appliance.documents import Span
from appliance.tasks.support import closed_up
from appliance.tasks.terms import STOPWORDS

_TOKEN = re.compile(r"[^\W_]+(?:['’.\-/][^\W_]+)*-?|[^\w\s]|_")
_FILLERS = {"um", "uh", "uhm", "umm", "er", "erm", "hmm", "hmmm", "mm", "mm-hmm", "mhm", "huh"}
_FILLERS |= {"oh", "ah", "uh-huh"}
# What a word broken off is not: "non- smoker" is the opposite of "smoker", "x- ray" no "ray".
_PREFIXES = {"non", "un", "in", "dis", "mis", "anti", "pre", "post", "hypo", "hyper", "sub", "re"}
_PREFIXES |= {"inter", "intra", "peri", "semi", "bi", "multi", "self", "ex", "x", "t", "e"}
_PHRASES = (("you", "know"), ("i", "mean"), ("all", "right"))
_OPENERS = {"so", "and", "but", "now", "okay", "ok", "alright", "yeah", "great", "perfect"}
_OPENERS |= {"then", "because", "or", "sure", "like"}
_SIDES = {"well", "right"}  # "well controlled" and "right knee" begin with no opener
_WELL = {
    ",",
    "i",
    "you",
    "it",
    "the",
    "we",
    "he",
    "she",
    "they",
    "that",
    "let's",
    "my",
    "your",
    "this",
    "then",
    "i'm",
}
_TAGS = {"okay", "ok", "right", "alright", "though"}  # after a comma, at the end
_NUMBER_WORDS = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety
hundred thousand million point half
"""
NUMBERS = frozenset(_NUMBER_WORDS.split())
_MEANT_TWICE = {"no", "not", "never", "very", "had", "that"} | NUMBERS
LONGEST_STUTTER = 4  # words said twice in a row


def spared(text: str, span: Span, answer: bool = False) -> tuple[Span, ...]:
    """The words of ``span`` that stay; an ``answer`` keeps the word it begins with.

    Empty when nothing but fillers was said.
    """
    tokens = [Span(*match.span()) for match in _TOKEN.finditer(text, span.begin, span.end)]
    words = [token.of(text).casefold() for token in tokens]
    keep = [
        not _broken(text, tokens, at) and not (word in _FILLERS and _fills(text, tokens, words, at))
        for at, word in enumerate(words)
    ]
    _drop_phrases(words, keep)
    _drop_stutters(words, keep)
    if not answer:
        _drop_openers(words, keep)
    _drop_tags(words, keep)
    _drop_stray_marks(words, keep)
    return tuple(token for token, kept in zip(tokens, keep, strict=True) if kept)


def joined(text: str, words: tuple[Span, ...]) -> str:
    """The words that stay as one line, with marks closed up and "do n't" written together."""
    parts: list[str] = []
    for at, word in enumerate(words):
        apart = at > 0 and text[words[at - 1].end : word.begin] != ""
        parts.append((" " if apart else "") + word.of(text))
    line = "".join(parts)
    line = re.sub(r"\s+([.,?!;:%)])", r"\1", line)
    return closed_up(line)


def _fills(text: str, tokens: list[Span], words: list[str], at: int) -> bool:
    """Whether a filler is one: the unit in "5 mm" and the room in "to the ER" are none."""
    before = words[at - 1] if at else ""
    if words[at] == "mm":
        return not (before in NUMBERS or any(char.isdigit() for char in before))
    return words[at] != "er" or not (before in {"the", "an"} or tokens[at].of(text).isupper())


def _broken(text: str, tokens: list[Span], at: int) -> bool:
    """Whether a word was broken off: "diverticuli- diverticulosis", but not "long- and short"."""
    word = tokens[at].of(text)
    if len(word) < 2 or not word.endswith("-") or word[:-1].casefold() in _PREFIXES:
        return False
    following = tokens[at + 1].of(text).casefold() if at + 1 < len(tokens) else ""
    return following not in {"and", "or", "to"} and not any(char.isdigit() for char in word)


def _drop_phrases(words: list[str], keep: list[bool]) -> None:
    for at in range(len(words) - 1):
        pair = (words[at], words[at + 1])
        if pair not in _PHRASES or not (keep[at] and keep[at + 1]):
            continue
        begins = not any(keep[:at])
        marked = at + 2 >= len(words) or not words[at + 2][0].isalnum()
        led = at > 0 and not words[at - 1][0].isalnum()
        if begins or marked or led:  # "do you know" and "all right knees" are no fillers
            if pair == ("you", "know") and at > 0 and words[at - 1] in {"do", "did", "n't", "as"}:
                continue
            keep[at] = keep[at + 1] = False


def _drop_stutters(words: list[str], keep: list[bool]) -> None:
    """The first of two equal runs of words; a comma may stand between them."""
    at = 0
    while at < len(words):
        rest = (p for p in range(at, len(words)) if keep[p] and words[p] != ",")
        left = list(islice(rest, 2 * LONGEST_STUTTER))
        for size in range(LONGEST_STUTTER, 0, -1):
            one, two = left[:size], left[size : 2 * size]
            run = [words[place] for place in one]
            if len(two) == size and run == [words[place] for place in two] and _is_stutter(run):
                for place in range(at, two[0]):
                    keep[place] = False
                break
        at += 1


def _is_stutter(run: list[str]) -> bool:
    digits = any(char.isdigit() for word in run for char in word)
    plain = len(run) > 1 or run[0] in STOPWORDS or "'" in run[0]  # "weight loss , loss of appetite"
    return plain and not digits and run[0][0].isalnum() and not _MEANT_TWICE & set(run)


def _drop_openers(words: list[str], keep: list[bool]) -> None:
    for at, word in enumerate(words):
        if not keep[at]:
            continue
        following = words[at + 1] if at + 1 < len(words) else ","
        opens = word in _OPENERS or (word in _SIDES and following in _WELL | _OPENERS)
        if not opens and word[0].isalnum():
            return
        keep[at] = False


def _drop_tags(words: list[str], keep: list[bool]) -> None:
    """A tag such as ", okay ?" at the end; its question mark goes with it."""
    left = [at for at in range(len(words)) if keep[at]]
    marks = [at for at in left[-2:] if words[at] in {"?", ".", "!"}]
    tail = left[: -len(marks)] if marks else left
    if len(tail) > 2 and words[tail[-1]] in _TAGS and words[tail[-2]] == ",":
        for at in (tail[-2], tail[-1], *(m for m in marks if words[m] == "?")):
            keep[at] = False


def _drop_stray_marks(words: list[str], keep: list[bool]) -> None:
    """Commas left without the words they set apart."""
    before = ""
    for at, word in enumerate(words):
        if not keep[at]:
            continue
        if word in {",", ";"} and before in {"", ",", ";"}:
            keep[at] = False
            continue
        before = word
    last = next((at for at in reversed(range(len(words))) if keep[at]), None)
    if last is not None and words[last] in {",", ";"}:
        keep[last] = False
