"""A local language pipeline in the place where unstructured would download one.

unstructured asks spaCy for ``en_core_web_sm`` at first use, from GitHub, and fails without it.  It
uses the answer for three questions only: where sentences end, how many words there are, and whether
there is a verb.  A blank English pipeline with a rule for each answers them; the answers decide
between "heading" and "paragraph", never what text is kept.

The place it is put, ``unstructured.nlp.tokenize._get_nlp``, is private: unstructured is pinned, and
a test reads a document without a network.
"""

from __future__ import annotations

import sys
from typing import Any

TAGGER = "appliance_rule_tagger"

_VERBS = frozenset(
    """
    am are be been being can could did do does had has have is may might must shall should was
    were will would agree agrees apply applies become becomes begin begins expire expires give
    gives govern governs hold holds include includes keep keeps make makes mean means need needs
    pay pays provide provides receive receives represent represents require requires say says
    see state states take takes terminate terminates want wants
    """.split()  # noqa: SIM905 -- a list of words reads better as words
)
_VERB_ENDINGS = ("ed", "ing", "ify", "ise", "ize")
_SHORTEST_INFLECTED = 5


def install() -> None:
    """Put the local pipeline in place; call before the first partitioning.

    Raises:
        AttributeError: unstructured no longer has the place; the pin was changed.
    """
    # thinc imports torch where it finds it, which costs seconds and starts threads
    sys.modules.setdefault("torch", None)  # type: ignore[arg-type]  # None blocks an import
    from unstructured.nlp import tokenize

    pipeline = _pipeline()
    if not callable(tokenize._get_nlp):
        raise AttributeError("unstructured.nlp.tokenize._get_nlp")
    tokenize._get_nlp = lambda: pipeline


def _pipeline() -> Any:
    import spacy
    from spacy.language import Language

    if not Language.has_factory(TAGGER):
        Language.component(TAGGER, func=_tag)
    pipeline = spacy.blank("en")
    pipeline.add_pipe("sentencizer")
    pipeline.add_pipe(TAGGER)
    return pipeline


def _tag(document: Any) -> Any:
    for token in document:
        token.tag_ = tag(token.text)
    return document


def tag(word: str) -> str:
    """A Penn Treebank tag, as far as rules on one word go: verb, number, name, other."""
    lower = word.lower()
    if lower in _VERBS:
        return "VB"
    if word[:1].isdigit():
        return "CD"
    if word[:1].isupper():
        return "NNP"
    if len(lower) >= _SHORTEST_INFLECTED and lower.endswith(_VERB_ENDINGS):
        return "VB"
    return "NN" if lower.isalpha() else "."
