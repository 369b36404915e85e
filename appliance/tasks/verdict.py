"""Yes, no or maybe: what the findings of a study say to a question that can be answered so.

Counted on the wording of the findings nearest to the question: differences that are there, that
are not there, and words that hold back.  The weights are round numbers; on development abstracts
the reading agrees with experts in about half of the cases, where chance has a third, and so it is
shown with that risk.  Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from appliance.documents import ParsedDocument, Span
from appliance.tasks.relevance import coverage
from appliance.tasks.sentences import sentences

LONGEST_STUDY = 12_000  # characters of an abstract or a short report
LEAST_MARKS = 3  # words of a study that must stand in one
FINDINGS = 0.4  # where in a study they begin, as a share of its sentences
NEAREST = 3  # findings that count most
ABOUT = 0.35  # share of the question that a study must hold to be about it

_STUDY = re.compile(  # words of research on many, which contracts and notes on one do without
    r"\b(patients|stud(?:y|ies)|participants?|trials?|cohorts?|randomi[sz]ed|statistically|odds"
    r"|retrospective(?:ly)?|prospective(?:ly)?|questionnaires?|prevalence|incidence|controls|women"
    r"|children|subjects|significant(?:ly)?|compared|data|cases|p(?=\s*[<=>]\s*0?\.\d))\b",
    re.IGNORECASE,
)
_HEADED = re.compile(  # sections of an abstract
    r"^\s*(AIMS?|BACKGROUND|OBJECTIVES?|PURPOSE|METHODS?|METHODOLOGY|DESIGN|SETTING|RESULTS?"
    r"|FINDINGS|CONCLUSIONS?|MATERIALS? AND METHODS|PATIENTS AND METHODS|INTRODUCTION)\b\s*[:.\n]",
    re.MULTILINE,
)
_ABSENT = re.compile(
    r"\bno (?:statistically )?(?:significant|difference|association|correlation|change|effect"
    r"|evidence|relationship|impact|increase|improvement|benefit|advantage)"
    r"|\bnot? (?:statistically )?significant|\bnon-?significant"
    r"|\b(?:did|does|do|was|were|is|are|could|can|has|have) not\b|\bfail(?:ed|s)? to|\bsimilar\b"
    r"|\bcomparable\b|\bneither\b|\bunchanged\b|\bp\s*>\s*0?\.|\bp\s*=\s*0?\.(?:0[6-9]|[1-9])"
    r"|\bNS\b|\bunrelated|\bindependent of|\black of|\bpoor(?:ly)?\b|\blow\b",
    re.IGNORECASE,
)
_PRESENT = re.compile(
    r"(?<!not )(?<!no )(?<!non-)(?<!statistically )\bsignificant(?:ly)?|\bp\s*[<≤]\s*0?\."
    r"|\bp\s*=\s*0?\.0[0-4]|\b(?:was|were|is|are|been) (?:strongly |independently |positively "
    r"|also |significantly )?(?:associated|correlated|related|greater|better|effective|predict)"
    r"|\bpredict(?:ed|or|s|ive)|\bincreas|\bdecreas|\breduc|\bimprov|\bdetected\b|\bhigher\b"
    r"|\blower\b|\bmore likely\b|\bindependent (?:predictor|risk|prognostic)",
    re.IGNORECASE,
)
_HEDGED = re.compile(
    r"\bhowever\b|\balthough\b|\bbut\b|\bwhereas\b|\bonly\b|\bexcept\b|\bwhile\b|\blimited\b"
    r"|\bsome\b|\btrend\b|\btended\b|\bborderline\b|\bmay\b|\bmight\b|\bpossibl|\bslight"
    r"|\bmoderate|\bvar(?:y|ied|iable)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the findings say, and the findings that say it, nearest first.

    ``lead`` is how far the verdict is ahead of the next one, from 0.
    """

    word: str  # Yes | No | Maybe
    findings: tuple[Span, ...]
    lead: float


def is_study(parsed: ParsedDocument) -> bool:
    """Whether a document reports a study briefly, as an abstract does."""
    if len(parsed.text) > LONGEST_STUDY:
        return False
    words = {match.lower() for match in _STUDY.findall(parsed.text)}
    sections = set(_HEADED.findall(parsed.text))
    return len(words) >= (1 if len(sections) >= 2 else LEAST_MARKS) or len(sections) >= 3


def verdict(weighted: Mapping[str, float], parsed: ParsedDocument) -> Verdict | None:
    """What a study says to a question of the given term weights; None: it is about another thing.

    Args:
        weighted: of the question's terms (relevance.weights).
    """
    spans = sentences(parsed, Span(0, len(parsed.text)))
    if not spans or coverage(weighted, parsed.text) < ABOUT:
        return None
    late = spans[round(FINDINGS * (len(spans) - 1)) :]
    near = sorted(late, key=lambda s: (-coverage(weighted, s.of(parsed.text)), s))[:NEAREST]
    scores = _scores([s.of(parsed.text) for s in near], [s.of(parsed.text) for s in late])
    word = max(scores, key=lambda name: scores[name])
    rest = max(score for name, score in scores.items() if name != word)
    telling = [span for span in near if _tells(word, span.of(parsed.text))]
    return Verdict(word, tuple((telling or near)[:2]), round(scores[word] - rest, 4))


def _scores(near: Sequence[str], late: Sequence[str]) -> dict[str, float]:
    absent, present, hedged = (_share(rule, near) for rule in (_ABSENT, _PRESENT, _HEDGED))
    absent_late, present_late, hedged_late = (
        _share(rule, late) for rule in (_ABSENT, _PRESENT, _HEDGED)
    )
    present -= sum(_both(text) for text in near) / len(near)  # "did not increase" is no increase
    return {
        "Yes": present - absent + (present_late - absent_late) / 2,
        "No": absent + absent_late / 2 - hedged / 2,
        "Maybe": hedged + hedged_late / 2,
    }


def _share(rule: re.Pattern[str], texts: Sequence[str]) -> float:
    return sum(rule.search(text) is not None for text in texts) / len(texts)


def _both(text: str) -> bool:
    return _ABSENT.search(text) is not None and _PRESENT.search(text) is not None


def _tells(word: str, text: str) -> bool:
    rule = {"Yes": _PRESENT, "No": _ABSENT, "Maybe": _HEDGED}[word]
    return rule.search(text) is not None
