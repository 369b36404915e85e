"""What a question asks of a table: a cell, a list, a calculation, a choice.  Pure.

Written from how questions about figures are put in English: the kind by its signal words, the
periods by their names, and what is left is the measure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from appliance.tasks.figures.numbers import SCALES
from appliance.tasks.figures.periods import Period, mentions, without_periods


class Kind(StrEnum):
    """What is to be done with the figures that are found."""

    LOOKUP = "lookup"
    CHANGE = "change"
    PERCENT_CHANGE = "percentage change"
    AVERAGE = "average"
    SUM = "sum"
    RATIO = "ratio"
    COUNT = "count of periods"
    WHICH_PERIOD = "which period"
    WHICH_ROW = "which row"
    EXTREME = "extreme"
    PERIODS = "periods"
    MEMBERS = "members"


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit that figures are compared with."""

    above: bool
    value: Decimal
    scale: int  # 0: the question gives none, and the figure counts as it stands

    def holds(self, value: Decimal, scale: int) -> bool:
        """Whether a figure lies beyond the limit."""
        limit = self.value if self.scale == 0 else self.value * self.scale
        figure = value if self.scale == 0 else value * scale
        return figure > limit if self.above else figure < limit


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about figures, taken apart."""

    kind: Kind
    measure: str
    other: str = ""  # the whole of a ratio
    periods: tuple[Period, ...] = ()
    through: bool = False  # the two periods are the ends of a stretch
    bound: Bound | None = None
    largest: bool = True
    percent: bool = False  # a percentage is asked for
    moving: bool = False  # words of change stand in the question
    since: bool = False  # the one period is that from which something changed
    latest: bool = False  # the last period of the document
    quarter: bool = False  # ... a quarter
    each: bool = False  # one answer for each period, "respectively"


_MARK = "\u27e8"  # stands for a period in what is left of a question
_MARKS = re.compile(rf"{_MARK}\d+")
_LINK = (
    r"\s*(?:,\s*)?(?:to|and|or|through|till|until|with|versus|vs\.?|over"
    r"|compared\s+(?:to|with)|from|-|–|,|&|/)?\s*"
)
_DATED = re.compile(
    rf"(?:\b(?:from|between|in|for|during|of|on|at|as\s+(?:of|at)|by|to|both|the|through|over"
    rf"|compared\s+(?:to|with)|ended|ending|end)\s+)*"
    rf"(?:\b(?:the\s+)?(?:fiscal|financial|calendar)?\s*(?:years?|periods?|quarters?|months?)"
    rf"(?:[\s-]+(?:ended|ending|end))?(?:\s+(?:of|on))?\s*)?"
    rf"{_MARK}\d+(?:{_LINK}(?:the\s+)?(?:(?:fiscal|financial)\s+)?(?:years?\s+)?{_MARK}\d+)*",
    re.IGNORECASE,
)
_THROUGH = re.compile(
    rf"{_MARK}\d+\s*(?:to|-|–|through|until|till)\s*(?:fiscal\s+)?{_MARK}\d+", re.I
)
_FILING = re.compile(
    r"\b(?:in|from|on|of|for|according\s+to|as\s+(?:stated|reported|disclosed|revealed|shown)\s+(?:in|by))?"
    r"\s*(?:(?:the|its|their)\s+)?(?P<kept>(?:latest|most\s+recent|current)?\s*)"
    r"\b(?:10-?[QK]|annual\s+report|quarterly\s+(?:report|filing))s?(?:\s+(?:report|filing))?\b",
    re.IGNORECASE,
)
_LATEST = re.compile(
    r"\b(?:in|for|of|as\s+of|at)?\s*(?:the|its)?\s*\b(?:latest|most\s+recent|last|current)\s+(?:fiscal\s+"
    r"|financial\s+|reported\s+)?(?:year|quarter|period|report|filing|quarterly\s+\w+)?\b",
    re.IGNORECASE,
)
_SINCE = re.compile(
    rf"\b(?:from|since|compared\s+(?:to|with)|versus|vs\.?|over)\s+(?:\w+\s+){{0,2}}{_MARK}",
    re.IGNORECASE,
)

MOVE = re.compile(
    r"\b(?:change[ds]?|increas(?:e[ds]?|ing)|decreas(?:e[ds]?|ing)|differen(?:ce|t)|differ(?:s|ed)?"
    r"|grow(?:th|n|s)?|grew|declin(?:e[ds]?|ing)|fall(?:en)?|fell|rise[ns]?|rose|drop(?:ped|s)?"
    r"|reduc(?:tion|ed?)|variances?|movement|improve[ds]?|gained|lost)\b",
    re.IGNORECASE,
)
_PERCENT = re.compile(
    r"\b(?:percent(?:age)?s?|per\s?cent|percentile|growth\s+rates?|rate\s+of\s+(?:growth|change|increase"
    r"|decrease))\b|%",
    re.IGNORECASE,
)
_NO_FIGURE = re.compile(
    r"^\W*(?:why|who(?:m|se)?|where|when\s+(?:do|did|does|will|is|are)|explain|describe"
    r"|how\s+(?:is|are|was|were|does|do|can|could|should|will|has|have|did(?!.*\b(?:much|change|increase"
    r"|decrease|grow)\b)))\b"
    r"|^\W*what\s+(?:is|are|was|were)\s+(?:included|excluded|required|considered|used|based|involved"
    r"|expected|meant|done|needed|allowed|provided|described|eligible|entitled)\b"
    r"|\b(?:reasons?|causes?|caused|definition|meaning|defined|purpose|explanation|implications?"
    r"|methods?|accounting\s+(?:policy|standard)|basis\s+for|factors?|contributed)\b",
    re.IGNORECASE,
)
_YEARS = re.compile(
    r"\b(?:which|what)\b(?:\s+(?:are|were|is|was)\s+the)?(?:\s+(?:respective|different|fiscal"
    r"|financial|two|three|four|five))*\s+(?:years?|periods?|quarters?|dates)\b|^\W*when\b",
    re.IGNORECASE,
)
_PROVIDED = re.compile(
    r"\b(?:provid\w+|includ\w+|contain\w*|cover\w*|present\w*|disclos\w+|calculat\w+|available"
    r"|information|data|the\s+company)\b",
    re.IGNORECASE,
)
_HOW_MANY = re.compile(
    r"\bhow\s+many\s+(?:fiscal\s+|financial\s+)?(?:years|quarters|periods)\b", re.I
)
_BOUND = re.compile(
    r"\b(?:(?P<above>exceed(?:ed|s|ing)?|(?:more|greater|higher|larger|bigger)\s+than|above|over"
    r"|surpass(?:ed|es)?|at\s+least)|(?P<below>(?:less|lower|smaller|fewer)\s+than|below|under"
    r"|at\s+most))\s+(?:\w+\s){0,2}?(?:US|NT|AU)?\s?[$€£¥]?\s?(?P<digits>\d[\d,]*(?:\.\d+)?)\s*"
    r"(?P<percent>%|per\s?cent)?\s*(?P<scale>thousands?|millions?|billions?)?\b",
    re.IGNORECASE,
)
_MOST = re.compile(
    r"\b(?:the\s+)?(?:(?P<most>highest|largest|greatest|biggest|maximum|most|higher|larger|greater"
    r"|bigger|more)|(?P<least>lowest|smallest|least|fewest|minimum|lower|smaller|less|fewer))"
    r"(?:\s+than)?\b",
    re.IGNORECASE,
)
_SUPERLATIVE = re.compile(r"est\b|\b(?:most|least|maximum|minimum)\b", re.IGNORECASE)
_WHICH = re.compile(r"\bwhich\b|\bwhat\s+\w+\s+ha[ds]\b", re.IGNORECASE)
_AVERAGE = re.compile(r"(?<!weighted[\s-])\b(?:average|mean)\b", re.IGNORECASE)
_SUM = re.compile(r"\b(?:sum|combined|aggregate|altogether|in\s+total|added\s+together)\b", re.I)
_MEMBERS = re.compile(
    r"\b(?:what|which)\b(?:\s+(?:are|were)\s+(?:all\s+)?the)?(?:\s+\w+){0,2}?\s+(?:components?|items"
    r"|line\s+items|categories|types|elements|classes|segments|kinds|parts|constituents)\b"
    r"(?=.*\b(?:under|of|in|for|includ\w+|mak\w+\s+up|compris\w+|constitut\w+|within|table)\b)",
    re.IGNORECASE,
)
_RATIOS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<part>.+?)\bas\s+an?\s+(?:percentage|percent|proportion|share|fraction|%)\s+of\s+(?P<whole>.+)",
        r"\b(?:percentage|percent|proportion|share|portion|fraction|%)\s+of\s+(?P<whole>.+?)\s+"
        r"(?:is|are|was|were|does|did|do|comes?|came|consist\w*|constitut\w*|represent\w*|relat\w+\s+to"
        r"|made\s+up|make\s+up|generated|attribut\w+|accounted)\b(?P<part>.+)",
        r"\b(?:percentage|percent|proportion|share|%)\s*(?:constitution|contribution|composition|share"
        r"|weight|make-?up)?\s*(?:of|from|for)\s+(?P<part>.+?)\s+(?:in|to|among|amongst|against|within"
        r"|out\s+of|over|relative\s+to|from|of)\s+(?P<whole>.+)",
        r"\bratio\s+(?:of|between)\s+(?P<part>.+?)\s+(?:to|and|over)\s+(?P<whole>.+)",
    )
)
_FRAME = re.compile(
    r"\b(?:what|which|how|much|many|is|are|was|were|does|do|did|has|have|had|been|amounts?"
    r"|(?<!fair )(?<!book )"
    r"(?<!carrying )(?<!market )(?<!present )(?<!asset )values?"
    r"|figures?|numbers?|respective(?:ly)?|reported|recorded|recognized|recognised|company|companys"
    r"|company's|group's|there|please|give|list|state|tell|me|find|calculate|compute|total\s+of"
    r"|made|make|up|generated|from|attributable|attributed|comes?|came|represented|represents?"
    r"|accounted|by|both|all|nominal|balance\s+of|thousands?|millions?|billions?"
    r"|according|table|shown|show|stood|equal|between|in|at|for|during|each|every|years?|quarters?)\b"
    r"|['’]s\b",
    re.IGNORECASE,
)


def asked(question: str) -> Asked | None:
    """The question taken apart; None where it asks for no figure, label or period."""
    if _NO_FIGURE.search(question):
        return None
    text, named = _marked(re.sub(r"\s+", " ", _FILING.sub(r" \g<kept>", question.strip())))
    latest, quarter = bool(_LATEST.search(text)), bool(re.search(r"quarter", text, re.I))
    text = _LATEST.sub(" ", text)
    since = len(named) == 1 and bool(_SINCE.search(text))
    each = bool(re.search(r"\brespective|\beach\b", text, re.IGNORECASE))
    through = len(named) == 2 and bool(_THROUGH.search(text))
    text = _DATED.sub(" ", text)
    text = _MARKS.sub(" ", text)
    percent, moving = bool(_PERCENT.search(text)), bool(MOVE.search(text))
    for reading in (_choice, _ratio, _calculation, _members):
        found = reading(text, named)
        if found is not None:
            break
    else:
        found = Asked(Kind.LOOKUP, text)
    return Asked(
        found.kind,
        _measure(found.measure),
        _measure(found.other),
        named,
        through,
        found.bound,
        found.largest,
        percent,
        moving,
        since,
        latest,
        quarter,
        each,
    )


def _marked(question: str) -> tuple[str, tuple[Period, ...]]:
    """The question with marks in place of its periods, and the periods."""
    pieces: list[str] = []
    at = 0
    found: list[Period] = []
    for number, mention in enumerate(mentions(question)):
        pieces += (question[at : mention.begin], f"{_MARK}{number}")
        found.append(mention.period)
        at = mention.end
    pieces.append(question[at:])
    return "".join(pieces), tuple(dict.fromkeys(found))


def _choice(text: str, named: tuple[Period, ...]) -> Asked | None:
    """Questions for periods or rows that stand out."""
    bound, most = _BOUND.search(text), _MOST.search(text)
    years, how_many = _YEARS.search(text), _HOW_MANY.search(text)
    if bound and (years or how_many):
        rest = _cut(text, bound, years or how_many)
        return Asked(Kind.COUNT if how_many else Kind.WHICH_PERIOD, rest, bound=_bound(bound))
    if how_many:
        return None
    if most and years:
        rest = _cut(text, most, years)
        return Asked(Kind.WHICH_PERIOD, rest, largest=bool(most["most"]))
    if years:
        return Asked(Kind.PERIODS, _PROVIDED.sub(" ", _cut(text, years)))
    if most and re.search(
        r"\b(?:highest|largest|greatest|biggest|most|lowest|smallest|least)\b", text
    ):
        kind = (
            Kind.WHICH_ROW
            if re.search(r"\bwhich\b|\bwhat\s+\w+\s+ha[ds]\b", text)
            else Kind.EXTREME
        )
        return Asked(kind, _cut(text, most), largest=bool(most["most"]))
    return None


def _bound(match: re.Match[str]) -> Bound:
    word = (match["scale"] or "").lower().rstrip("s")
    scale = next((n for n, name in SCALES.items() if name and name == word), 0)
    return Bound(bool(match["above"]), Decimal(match["digits"].replace(",", "")), scale)


def _ratio(text: str, named: tuple[Period, ...]) -> Asked | None:
    """Shares of one figure in another; a percentage of change is none."""
    if MOVE.search(text):
        return None
    for pattern in _RATIOS:
        if match := pattern.search(text):
            return Asked(Kind.RATIO, match["part"], match["whole"])
    return None


def _calculation(text: str, named: tuple[Period, ...]) -> Asked | None:
    if average := _AVERAGE.search(text):
        return Asked(Kind.AVERAGE, _cut(text, average))
    if MOVE.search(text):
        kind = Kind.PERCENT_CHANGE if _PERCENT.search(text) else Kind.CHANGE
        return Asked(kind, text)
    if summed := _SUM.search(text):
        return Asked(Kind.SUM, _cut(text, summed))
    return None


def _members(text: str, named: tuple[Period, ...]) -> Asked | None:
    match = _MEMBERS.search(text)
    return Asked(Kind.MEMBERS, _cut(text, match)) if match else None


def _cut(text: str, *matches: re.Match[str] | None) -> str:
    kept = list(text)
    for match in matches:
        if match is not None:
            kept[match.start() : match.end()] = " " * (match.end() - match.start())
    return "".join(kept)


def _measure(text: str) -> str:
    """What is left when the words that only ask are taken away."""
    return re.sub(r"\s+", " ", _FRAME.sub(" ", without_periods(text))).strip(" ?.,;:")


def without_movement(measure: str) -> str:
    """A measure without words of change and percentage."""
    bare = re.sub(r"[/(]+\s*(?:\(?\s*decrease|increase)\s*\)?", " ", measure, flags=re.IGNORECASE)
    bare = re.sub(r"\bnet(?=\s+(?:percent|change|differ|increase|decrease))", " ", bare, flags=re.I)
    return re.sub(r"\s+", " ", _PERCENT.sub(" ", MOVE.sub(" ", bare))).strip(" ,/()")
