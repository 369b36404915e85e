"""Whether an expression of a pack stays quick on text made to slow it down.

Python's matcher backtracks: ``(a+)+$`` takes time that doubles with every further letter.  A
document can be hostile, and a pack can be anyone's, so each expression is tried on text made of
its own words and characters and of those that such expressions stumble over, up to the longest it
is ever given (sheet.py).  Lengths grow by little: what doubles with every letter is then over the
limit before it takes minutes.  The clock counts this thread's processor time only, and what seems
too long is held against a search of known length: a slow or busy machine finds no more than others.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

from appliance.tasks.blocks import anycase, expression
from appliance.tasks.packs import FieldType, Pack, PackField
from appliance.tasks.sheet import LONGEST_LINE, REACH, WINDOW
from appliance.tasks.statements import LONGEST_LABEL

LONGEST = 0.05  # seconds of processor time for one sentence
LONGEST_IN_WINDOW = 0.5  # for the text in which a value is looked for
_SHORTEST, _DOUBLED = 8, 512  # characters: what doubles is beyond any limit by the second
_STEP, _STRIDE = 8, 2  # the part by which a length grows up to there, and beyond
_TRIES = 3  # the least of them counts: others use the processor too
_KNOWN, _KNOWN_TEXT = re.compile(r".*x.*y.*z"), "xy " * 80 + "☃"
_KNOWN_TAKES = 0.015  # seconds, on the machine for which the limits above are meant
_RUNS = ("a", "A", "1", " ", "\n", "Aa ", "a,", "1,", "(a) ", '"', "-", "A.")
_TAIL = "☃"  # what no expression waits for, so that it fails at the end
_WORD = re.compile(r"[A-Za-z]{2,}")
_CLASSES = re.compile(r"\\[a-zA-Z]|\(\?[a-zA-Z]+:|\?P<\w+>|<\w+>")
_REPEATED_GROUP = re.compile(r"\)[*+{]")  # without one, no time doubles with a letter


def slow_expressions(pack: Pack) -> Iterator[tuple[PackField, str, float]]:
    """The expressions of a pack that take too long, with their field and the seconds they took."""
    for field in pack.fields:
        words = (*field.cues, *field.unless, *field.headings, *(w for _, w in field.choices))
        columns = (*field.rows, *(head for part in field.parts for head in part.heads))
        lengths = {**dict.fromkeys(columns, LONGEST_LABEL), **dict.fromkeys(words, LONGEST_LINE)}
        for source, length in lengths.items():
            seconds = slowest(anycase(source), length, LONGEST)
            if seconds > LONGEST:
                yield field, source, seconds
        for source in dict.fromkeys(sign for label in field.labels for sign in label.cues):
            seconds = slowest(anycase(source), WINDOW, LONGEST)  # of LONGEST_SEARCHED, a part
            if seconds > LONGEST:
                yield field, source, seconds
        for source in dict.fromkeys(field.patterns):
            clause = field.type is FieldType.CLAUSE and "value" not in expression(source).groupindex
            length = LONGEST_LINE if clause else WINDOW + REACH
            limit = LONGEST if clause else LONGEST_IN_WINDOW
            pattern = anycase(source) if clause else expression(source)
            seconds = slowest(pattern, length, limit)
            if seconds > limit:
                yield field, source, seconds


def slowest(pattern: re.Pattern[str], length: int, limit: float) -> float:
    """Seconds of the slowest search in hostile texts up to ``length``; ends beyond ``limit``."""
    worst = 0.0
    for unit, tail in _hostile(pattern.pattern):
        for size in _sizes(length if unit in _RUNS else min(length, _DOUBLED)):
            text = (unit * (size // len(unit) + 1))[:size] + tail
            taken = min(_timed(pattern, text, limit))
            if taken > limit:
                taken /= _slowness()
            worst = max(worst, taken)
            if worst > limit:
                return worst
    return worst


def _sizes(length: int) -> Iterator[int]:
    size = _SHORTEST
    while size < length:
        yield size
        size += max(2, size // (_STEP if size < _DOUBLED else _STRIDE))
    yield length


def _slowness() -> float:
    """How many times longer than meant a search takes on this machine now, at least 1."""
    return max(1.0, min(_timed(_KNOWN, _KNOWN_TEXT, 0)) / _KNOWN_TAKES)


def _timed(pattern: re.Pattern[str], text: str, limit: float) -> Iterator[float]:
    for _ in range(_TRIES):
        begun = time.thread_time()
        for _match in pattern.finditer(text):
            pass
        taken = time.thread_time() - begun
        yield taken
        if taken <= limit or taken > 4 * limit > 0:
            return  # clear enough; no need to see whether something disturbed it


def _hostile(source: str) -> Iterator[tuple[str, str]]:
    """What to repeat, and what to end with so that the match fails late."""
    bare = _CLASSES.sub(" ", source)
    words = list(dict.fromkeys(_WORD.findall(bare)))
    own = dict.fromkeys(bare) if _REPEATED_GROUP.search(source) else ()
    for run in dict.fromkeys((*_RUNS, *own)):
        yield run, _TAIL
    if words:
        yield " ".join(words) + " ", _TAIL
        yield " ".join(reversed(words)) + " ", ""
        yield "".join(words), "\n"
        yield f"{words[0]} a ", _TAIL
        yield f"{words[-1]} 1 ", _TAIL
