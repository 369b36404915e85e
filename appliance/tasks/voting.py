"""Evidence admitted by the gates, and put in order with the model's vote.

A gate excludes what cannot be an answer whatever else speaks for it: a sentence without the kind
of value asked for, about somebody else, or about the other side of a payment.  The model votes by
copying its answer out of the best sentences; its copy is placed again in the text, and only the
place counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from appliance.documents import DocumentId, ParsedDocument, Passage
from appliance.engine.client import Engine
from appliance.errors import EngineRefused
from appliance.index.payload import Embeds
from appliance.tasks import prompts
from appliance.tasks.calibration import Calibration
from appliance.tasks.cite import locate
from appliance.tasks.evidence import Evidence, gather, score
from appliance.tasks.grammar import NOT_STATED

MOST_SHOWN = 3  # sentences the model copies from
LONGEST_COPY = 60  # characters: enough to know the sentence
SUREST = 10.0  # log-likelihood per token that counts as fully sure

_Texts = Mapping[DocumentId, ParsedDocument]
Scored = tuple[float, Evidence]  # log-odds, and what they are of


def admitted(
    question: str, passages: Sequence[Passage], texts: _Texts, embeds: Embeds
) -> list[Evidence]:
    """The sentences of the passages that no gate excludes.

    Args:
        question: the clause that asks (relevance.asked).
    """
    return [
        item
        for item in gather(question, passages, texts, embeds)
        if min(item.signals.kind, item.signals.naming, item.signals.role) > -1
    ]


def ordered(evidence: Sequence[Evidence], data: Calibration) -> list[Scored]:
    """The evidence with its scores, best first; equal scores by place."""
    scored = [(score(item.signals, data), item) for item in evidence]
    return sorted(scored, key=lambda pair: (-pair[0], pair[1].document, pair[1].span))


def reach(data: Calibration) -> tuple[float, float]:
    """The most that the model can take from a score, as a number below 0, and add to it."""
    weights = dict(data.weights)
    vote, margin, declined = (weights.get(name, 0.0) for name in ("vote", "margin", "declined"))
    return min(0.0, declined, vote, vote + margin), max(0.0, declined, vote, vote + margin)


def voted(
    question: str, scored: Sequence[Scored], texts: _Texts, engine: Engine, data: Calibration
) -> list[Scored]:
    """The evidence after the model has copied from the best of it, best first.

    Args:
        scored: as `ordered` gives it, not empty.

    Raises:
        EngineError: the engine could not answer.
    """
    shown = [item for _, item in scored[:MOST_SHOWN]]
    words = [item.span.of(texts[item.document].text) for item in shown]
    prompt = replace(prompts.copy(words, question, LONGEST_COPY), logprobs=True)
    (completion,) = engine.complete([prompt])
    copied = [item for item in shown if _holds(item, completion.untrusted_text, texts)][:1]
    declined = float(not copied and completion.untrusted_text == NOT_STATED)
    sure = max(-1.0, min(1.0, (completion.margin or 0.0) / SUREST))
    after = []
    for _, item in scored:
        vote = float(item in copied)
        signals = replace(item.signals, vote=vote, margin=sure * vote, declined=declined)
        after.append(replace(item, signals=signals))
    return ordered(after, data)


def _holds(item: Evidence, untrusted_copy: str, texts: _Texts) -> bool:
    try:
        locate(untrusted_copy, texts[item.document].text, item.span)
    except EngineRefused:
        return False
    return True
