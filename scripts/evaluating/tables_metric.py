"""TAT-QA's measures, written from their description (Zhu et al., ACL 2021, section 5).

Exact match: the same set of answers.  A number is compared to two decimals once its scale is
multiplied out, so that "1.2 billion" is "1,200 million" and "16.36%" is 0.1636; any other answer
without case, articles and punctuation.  F1: over the words of each answer, the answers paired as
well as they can be; a pair whose numbers differ has nothing in common.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import permutations

_SCALES = {
    "": Decimal(1),
    "thousand": Decimal(10**3),
    "million": Decimal(10**6),
    "billion": Decimal(10**9),
    "percent": Decimal("0.01"),
}
_NUMBER = re.compile(
    r"(?P<minus>[-−–]\s?)?(?P<open>\()?\s*(?P<minus2>[-−–]\s?)?(?:[A-Z]{0,2}\s?[$€£¥])?\s*"
    r"(?P<digits>\d[\d,]*(?:\.\d+)?|\.\d+)\s*(?P<percent>%)?\s*(?P<close>\))?\s*(?P<percent2>%)?"
    r"\s*(?P<scale>thousand|million|billion|percent)?s?\s*(?:(?:US |NT |A |C )?(?:dollars?|euros?"
    r"|pounds?|yen)|RMB|CHF|RM|INR)?",
    re.IGNORECASE,
)
_DASH = re.compile(r"[$€£¥\s]*[-–—−]+(?:\s+(?:thousand|million|billion)|%)?")
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
MOST_PAIRED = 6  # answers beyond which pairs are taken in order


def normalised(answer: str, scale: str = "") -> str:
    """One answer in the form in which it is compared."""
    text = answer.strip()
    if _DASH.fullmatch(text):
        return "0.0000"
    number = _NUMBER.fullmatch(text.rstrip("."))
    if number is None:
        bare = text.lower().translate(str.maketrans("", "", string.punctuation + "“”‘’"))
        return " ".join(_ARTICLES.sub(" ", bare).split())
    value = Decimal(number["digits"].replace(",", "")).quantize(Decimal("0.01"), ROUND_HALF_UP)
    percent = number["percent"] or number["percent2"]
    own = "percent" if percent else (number["scale"] or "").lower()
    factor = _SCALES[own or scale]
    sign = -1 if number["minus"] or number["minus2"] or (number["open"] and number["close"]) else 1
    return f"{sign * value * factor + 0:.4f}"


def _answers(answers: Sequence[str], scale: str) -> list[str]:
    return sorted(normalised(answer, scale) for answer in answers)


def gold(answer: str | int | float | Sequence[str], scale: str) -> list[str]:
    """The annotated answers, normalised; a year or another label takes no scale."""
    if isinstance(answer, int | float):
        return [normalised(f"{answer}", scale)]
    given = [answer] if isinstance(answer, str) else list(answer)
    return _answers(given, scale)


def exact(given: Sequence[str], expected: Sequence[str]) -> bool:
    """Whether the answers are the annotated ones, in any order; both normalised."""
    return sorted(given) == sorted(expected)


def f1(given: Sequence[str], expected: Sequence[str]) -> float:
    """Mean over the larger number of answers of the F1 of the best pairs; both normalised."""
    if not given or not expected:
        return float(not given and not expected)
    few, many = sorted((list(given), list(expected)), key=len)
    orders = [tuple(many)] if len(many) > MOST_PAIRED else list(permutations(many))
    best = max(sum(_pair(a, b) for a, b in zip(few, order, strict=False)) for order in orders)
    return best / len(many)


def _pair(one: str, other: str) -> float:
    mine, theirs = _numbers(one), _numbers(other)
    if (mine or theirs) and not mine & theirs:
        return 0.0
    first, second = Counter(one.split()), Counter(other.split())
    same = (first & second).total()
    return 2 * same / (first.total() + second.total()) if same else 0.0


def _numbers(text: str) -> set[str]:
    return {word for word in text.split() if re.fullmatch(r"-?\d+(?:\.\d+)?", word)}
