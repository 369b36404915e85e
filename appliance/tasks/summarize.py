"""Summaries of documents of any length: the sentences that carry a document, with their places.

Map: the whole text is cut into windows that fit the model; in each, the sentences that carry most
of the document's own words are proposed, and the model chooses one of them.  Reduce: the chosen
sentences compete for a budget, repetition counts against them, and what is left is shown in the
order of the document.  A sentence is shown only as its evidence holds it (support.py).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from appliance.documents import DocumentId, ElementKind, ParsedDocument, Span
from appliance.engine.client import Engine
from appliance.results import Statement, Summary
from appliance.tasks import prompts
from appliance.tasks.cite import citation
from appliance.tasks.normalise import collapse
from appliance.tasks.options import chosen_index, openings
from appliance.tasks.sentences import sentences
from appliance.tasks.support import unsupported
from appliance.tasks.terms import content_terms

LARGEST_WINDOW = 4000  # characters; about 1,000 tokens
SMALLEST_WINDOW = 700
MOST_OPTIONS = 4  # sentences of a window that the model chooses among
SHORTEST, LONGEST = 40, 500  # characters of a sentence that may stand in a summary
LONGEST_LEADING = 1000  # of a leading one: it may name parties, date and purpose at once
FEWEST, MOST = 5, 12  # sentences of a summary; one for each two windows in between
CHOSEN = 1.3  # what the model's choice is worth, as a factor
LEADING = 3  # the first sentences of prose of a document
FIRST = 1.8  # what leading is worth, as a factor
SALIENT = 0.2  # what each different word of _SALIENT adds to the factor, three at most

# Words around which the three sectors' readers look first.
_SALIENT = re.compile(
    r"\b(?:between|term of|terminat\w+|governed by|liab\w+|pay(?:s|able|ment)?|fees?|exclusive"
    r"|purpose|presents"
    r"|diagnos\w+|prescribe\w*|initiate|follow[- ]up|plan|conclu\w+|results?|total|revenue"
    r"|net (?:income|sales|loss)|increased|decreased|due)\b",
    re.IGNORECASE,
)
_NOT_PROSE = {ElementKind.TITLE, ElementKind.TABLE_ROW}


@dataclass(frozen=True, slots=True)
class _Sentence:
    span: Span
    terms: frozenset[str]
    weight: float


def summarize(parsed: ParsedDocument, document: DocumentId, engine: Engine) -> Summary:
    """The summary of one document; every window of it has been read.

    Raises:
        EngineError: the engine could not answer.
    """
    windows = _windows(sentences(parsed, Span(0, len(parsed.text))), _size(len(parsed.text)))
    candidates = _weighed(parsed, windows)
    chosen = _mapped(parsed, windows, candidates, engine)
    budget = max(FEWEST, min(MOST, math.ceil(len(windows) / 2)))
    statements, dropped = [], 0
    for sentence in _reduced(chosen, budget):
        statement = _statement(parsed, document, sentence.span)
        if unsupported(statement.text, [c.quote for c in statement.citations]):
            dropped += 1
        else:
            statements.append(statement)
    return Summary(document, tuple(statements), dropped, len(windows))


def _size(characters: int) -> int:
    """Characters of a window: short documents are cut as well, so that all of them speaks."""
    return max(SMALLEST_WINDOW, min(LARGEST_WINDOW, characters // (2 * FEWEST)))


def _windows(split: Sequence[Span], size: int) -> list[list[Span]]:
    """Runs of sentences of about ``size`` characters; together they are the whole document."""
    windows: list[list[Span]] = []
    for span in split:
        if not windows or span.end - windows[-1][0].begin > size:
            windows.append([])
        windows[-1].append(span)
    return windows


def _weighed(parsed: ParsedDocument, windows: Sequence[Sequence[Span]]) -> list[list[_Sentence]]:
    """The best sentences of each window, by the words that the whole document repeats."""
    terms = {
        span: frozenset(content_terms(span.of(parsed.text)))
        for window in windows
        for span in window
    }
    frequent = Counter(term for found in terms.values() for term in found)
    leading = 0
    weighed = []
    for window in windows:
        eligible = []
        for span in window:
            leads = leading < LEADING
            if not _is_eligible(parsed, span, LONGEST_LEADING if leads else LONGEST):
                continue
            leading += 1
            weight = _weight(terms[span], frequent) * _salience(span.of(parsed.text))
            eligible.append(_Sentence(span, terms[span], weight * (FIRST if leads else 1)))
        eligible.sort(key=lambda s: (-s.weight, s.span))
        weighed.append(eligible[:MOST_OPTIONS])
    return weighed


def _is_eligible(parsed: ParsedDocument, span: Span, longest: int) -> bool:
    """Prose of a size a reader can take: no headings, rows, fragments or filled-in lines."""
    element = parsed.element_at(span.begin)
    if element is not None and element.kind in _NOT_PROSE and span.end <= element.span.end:
        return False
    quote = span.of(parsed.text)
    letters = sum(char.isalpha() for char in quote)
    return (
        SHORTEST <= len(quote) <= longest
        and letters > 0.6 * len(quote)
        and not quote.isupper()
        and (quote[0].isupper() or quote[0].isdigit() or quote[0] in "(\"'“")
        and quote.rstrip("\"'”’)").endswith((".", ";", "!"))
    )


def _weight(terms: frozenset[str], frequent: Mapping[str, int]) -> float:
    """Words that many sentences share, each once, against the sentence's own length."""
    shared = sum(math.log(frequent[term]) for term in terms if frequent[term] > 1)
    return shared / (8 + len(terms))


def _salience(sentence: str) -> float:
    words = {word.lower() for word in _SALIENT.findall(sentence)}
    return 1 + SALIENT * min(3, len(words))


def _mapped(
    parsed: ParsedDocument,
    windows: Sequence[Sequence[Span]],
    candidates: Sequence[Sequence[_Sentence]],
    engine: Engine,
) -> list[_Sentence]:
    """One or two sentences of each window: the heaviest, and the model's choice."""
    asked = [at for at, options in enumerate(candidates) if len(options) > 1]
    options = {at: openings([s.span.of(parsed.text) for s in candidates[at]]) for at in asked}
    requests = [prompts.choose_sentence(_text(parsed, windows[at]), options[at]) for at in asked]
    answers = dict(zip(asked, engine.complete(requests), strict=True))
    kept: list[_Sentence] = []
    for at, window in enumerate(candidates):
        choice = chosen_index(answers[at].untrusted_text, options[at]) if at in answers else None
        for place, sentence in enumerate(window):
            if place == choice:
                kept.append(_Sentence(sentence.span, sentence.terms, sentence.weight * CHOSEN))
            elif place == 0:
                kept.append(sentence)
    return kept


def _text(parsed: ParsedDocument, window: Sequence[Span]) -> str:
    return parsed.text[window[0].begin : min(window[-1].end, window[0].begin + 2 * LARGEST_WINDOW)]


def _reduced(chosen: Sequence[_Sentence], budget: int) -> list[_Sentence]:
    """The heaviest sentences that do not repeat each other, in the document's order."""
    kept: list[_Sentence] = []
    for sentence in sorted(chosen, key=lambda s: (-s.weight, s.span)):
        if len(kept) == budget:
            break
        if all(_overlap(sentence.terms, other.terms) < 0.5 for other in kept):
            kept.append(sentence)
    return sorted(kept, key=lambda s: s.span)


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(1, min(len(one), len(other)))


def _statement(parsed: ParsedDocument, document: DocumentId, span: Span) -> Statement:
    cited = citation(parsed, document, span)
    return Statement(collapse(cited.quote), (cited,))
