"""The matter of a question, where a shipped field pack knows it: "Is there a cap on liability?".

A clause seldom uses the words it is asked for by.  The packs hold how documents put a matter; a
sentence that a field's expressions mark speaks of it, whatever its words.  Pure but for the packs,
which are read once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from appliance.index.payload import Embeds
from appliance.tasks import packs
from appliance.tasks.blocks import anycase, expression
from appliance.tasks.packs import PackField
from appliance.tasks.relevance import is_about_the_document
from appliance.tasks.terms import content_terms

ALIKE = 0.68  # cosine of question and field above which they mean the same; measured
_CUE, _PATTERN = 0.6, 1.0
_WORDINGS: WeakKeyDictionary[Embeds, NDArray[np.float32]] = WeakKeyDictionary()


@cache
def known() -> tuple[PackField, ...]:
    """The fields of all shipped packs that say how documents put them.

    Raises:
        PackError: a shipped pack does not validate.
    """
    fields = (field for name in packs.available() for field in packs.load(name).fields)
    return tuple(field for field in fields if field.cues and not field.opening)


def wordings(embeds: Embeds) -> NDArray[np.float32]:
    """Unit vectors [n, d] of how each field of `known` is asked for; made once per model."""
    if embeds not in _WORDINGS:
        _WORDINGS[embeds] = embeds.embed([f"{f.title}. {f.question}" for f in known()])
    return _WORDINGS[embeds]


def asked_for(
    question: str, vector: NDArray[np.float32], wording: NDArray[np.float32]
) -> PackField | None:
    """The field that a question asks for; None for most questions.

    A field is meant when all words of its title stand in the question, or when the two mean the
    same by their vectors; of several, the closest.

    Args:
        vector: [d], of the question.
        wording: [n, d], of `wordings`.
    """
    words = set(content_terms(question))
    close = wording @ vector
    order = sorted(range(len(close)), key=lambda at: (-float(close[at]), at))
    meant = [
        at for at in order if close[at] >= ALIKE or _names(content_terms(known()[at].title), words)
    ]
    return known()[meant[0]] if meant else None


def _names(title: Sequence[str], words: set[str]) -> bool:
    telling = {term for term in title if not is_about_the_document(term)}
    return bool(telling) and telling <= words


def speaks(field: PackField, sentence: str, heading: str) -> float:
    """How surely a sentence under a heading speaks of a field, 0 to 1."""
    if any(anycase(source).search(sentence) for source in field.unless):
        return 0.0
    if any(expression(source).search(sentence) for source in field.patterns):
        return _PATTERN
    if any(anycase(source).search(sentence) for source in field.cues):
        return _CUE
    return _CUE / 2 if any(anycase(s).search(heading) for s in field.headings) else 0.0
