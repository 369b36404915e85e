"""How questions about figures are put in English: the signal words, as patterns.  Pure."""

from __future__ import annotations

import re

MARK = "\u27e8"  # stands for a period in what is left of a question
MARKS = re.compile(rf"{MARK}\d+")
LINK = (
    r"\s*(?:,\s*)?(?:to|and|or|through|till|until|with|versus|vs\.?|over"
    r"|compared\s+(?:to|with)|from|-|–|,|&|/)?\s*"
)
DATED = re.compile(
    rf"(?:\b(?:from|between|in|for|during|of|on|at|as\s+(?:of|at)|by|to|both|the|through|over"
    rf"|compared\s+(?:to|with)|ended|ending|end)\s+)*"
    rf"(?:\b(?:the\s+)?(?:fiscal|financial|calendar)?\s*(?:years?|periods?|quarters?|months?)"
    rf"(?:[\s-]+(?:ended|ending|end))?(?:\s+(?:of|on))?\s*)?"
    rf"{MARK}\d+(?:{LINK}(?:the\s+)?(?:(?:fiscal|financial)\s+)?(?:years?\s+)?{MARK}\d+)*",
    re.IGNORECASE,
)
THROUGH = re.compile(rf"{MARK}\d+\s*(?:to|-|–|through|until|till)\s*(?:fiscal\s+)?{MARK}\d+", re.I)
FILING = re.compile(
    r"\b(?:in|from|on|of|for|according\s+to|as\s+(?:stated|reported|disclosed|revealed|shown)\s+(?:in|by))?"
    r"\s*(?:(?:the|its|their)\s+)?(?P<kept>(?:latest|most\s+recent|current)?\s*)"
    r"\b(?:10-?[QK]|annual\s+report|quarterly\s+(?:report|filing))s?(?:\s+(?:report|filing))?\b",
    re.IGNORECASE,
)
LATEST = re.compile(
    r"\b(?:(?:in|for|of|as\s+of|at)\s+)?(?:(?:the|its)\s+)?(?:latest|most\s+recent|current)\b"
    r"(?:\s+(?:fiscal\s+|financial\s+|reported\s+)?(?:year|quarter|period|report|filing"
    r"|quarterly\s+\w+)\b)?",
    re.IGNORECASE,
)
# A question after the first: "..., and what was it spent on?"
FURTHER = re.compile(
    r"(?:,\s*|\s+|\?\s*)(?:and|if\s+so)[\s,]+(?:if\s+so[\s,]+)?(?=(?:what|how|why|which|where|who)\b).*",
    re.IGNORECASE,
)
PAIRED = re.compile(
    r"^(?P<before>.*?)\bhow\s+(?:did|do|does)\s+(?P<one>.+?)\s+compare[ds]?\s+(?:to|with)\s+(?P<other>.+)",
    re.IGNORECASE,
)
SINCE = re.compile(
    rf"\b(?:from|since|compared\s+(?:to|with)|versus|vs\.?|over)\s+(?:\w+\s+){{0,2}}{MARK}",
    re.IGNORECASE,
)

MOVE = re.compile(
    r"\b(?:change[ds]?|increas(?:e[ds]?|ing)|decreas(?:e[ds]?|ing)|differen(?:ce|t)|differ(?:s|ed)?"
    r"|grow(?:th|n|s)?|grew|declin(?:e[ds]?|ing)|fall(?:en)?|fell|rise[ns]?|rose|drop(?:ped|s)?"
    r"|reduc(?:tion|ed?)|variances?|movement|improve[ds]?|gained|lost)\b",
    re.IGNORECASE,
)
# "How has revenue changed over time", "How did inventories develop across these quarters".
TREND = re.compile(
    r"^\W*(?:how\s+(?:has|have|did|do|does)\s+(?P<first>.+?)\s+(?:(?:chang|trend|fluctuat|evolv|var[iy]"
    r"|develop|progress|mov|increas|decreas|declin)\w*|gr[eo]w\w*)"
    r"|\w+(?:\s+\w+){0,3}\s+trends?(?:\s+be\s+\w+)?\s+(?:of|in|for)\s+(?P<second>.+?))"
    r"\s+(?:over|across|during|between|throughout|through|in)\b"
    r".*?\b(?:time|quarters?|periods?|years?|reports?|filings?|documents?|10-?[qk]s?)\b",
    re.IGNORECASE,
)
OWNED = re.compile(r"\b[A-Z][\w&.-]*(?:\s+[A-Z][\w&.-]*){0,3}[’']s?\s+")  # "Apple's "
EACH = re.compile(r"\brespective|\beach\b", re.IGNORECASE)
MORE = re.compile(
    r"\bhow\s+(?:much|many)\s+(?:more|less|higher|lower|greater|larger|smaller|fewer)\b",
    re.IGNORECASE,
)
LESS = re.compile(
    r"(?P<one>.+?)\b(?:excluding|minus|less(?!\s+than))\b(?P<other>.+)", re.IGNORECASE
)
DIFFERENCE = re.compile(r"(?<!\bnet )\bdifferences?\b|\bdiffer\b", re.IGNORECASE)
FALL = re.compile(r"\b(?:decreas\w+|declin\w+|f[ae]ll|fallen|drop\w*|reduc\w+)\b", re.IGNORECASE)
RISE = re.compile(
    r"\b(?:increas\w+|gr[oe]w\w*|rise\w*|rose|change\w*|differ\w*|improve\w*|gain\w*)\b", re.I
)
PERCENT = re.compile(
    r"\b(?:percent(?:age)?s?|per\s?cent|percentile|growth\s+rates?|rate\s+of\s+(?:growth|change|increase"
    r"|decrease))\b|%",
    re.IGNORECASE,
)
NO_FIGURE = re.compile(
    r"^\W*(?:why|who(?:m|se)?|where|when\s+(?:do|did|does|will|is|are)|explain|describe"
    r"|how\s+(?:is|are|was|were|does|do|can|could|should|will|has|have|did(?!.*\b(?:much|change|increase"
    r"|decrease|grow)\b)))\b"
    r"|^\W*what\s+(?:is|are|was|were)\s+(?:included|excluded|required|considered|used|based|involved"
    r"|expected|meant|done|needed|allowed|provided|described|eligible|entitled)\b"
    r"|^\W*(?:has|have|had|did|do|does|is|are|was|were|can|could|should|will)\b"
    r"|^\W*what\s+(?:\w+\s+){0,2}changes\b|\b(?:main|key|primary|major)\s+contribut\w+"
    r"|\b(?:expiration|expiry|effective|signing|closing|start|end)\s+dates?\b"
    r"|^\W*(?:what|which)\s+(?:is|was|are|were)\s+the\s+(?:dates?|names?|address\w*|titles?)\b"
    r"|\bif\b(?!\s+any)|\bassum\w+|\bwould\s+(?:be|have)\b|\bhypothetic\w+"
    r"|\b(?:top|two|three|four|five|2|3|4|5)\s+(?:\w+\s+)?(?:highest|largest|lowest|smallest|biggest|most)\b"
    r"|\b(?:led|lead|leads|drove|driven|drives|resulted)\s+(?:to|by|from|in)\b"
    r"|\b(?:primarily|mainly|largely|principally|drivers?)\b|\b(?:attributed|attributable|due)\s+to\W*$"
    r"|\b(?:effects?|impacts?)\s+(?:of|on)\b.*\bon\b"
    r"|\b(?:reasons?|causes?|caused|definition|meaning|defined|purpose|explanation|implications?"
    r"|methods?|accounting\s+(?:policy|standard)|basis\s+for|factors?|contributed)\b",
    re.IGNORECASE,
)
YEARS = re.compile(
    r"\b(?:which|what)\b(?:\s+(?:are|were|is|was)\s+the)?(?:\s+(?:respective|different|fiscal"
    r"|financial|two|three|four|five))*\s+(?:years?|periods?|quarters?|dates)\b|^\W*when\b",
    re.IGNORECASE,
)
PROVIDED = re.compile(
    r"\b(?:provid\w+|includ\w+|contain\w*|cover\w*|present\w*|disclos\w+|calculat\w+|available"
    r"|information|data|the\s+company)\b",
    re.IGNORECASE,
)
HOW_MANY = re.compile(r"\bhow\s+many\b", re.IGNORECASE)
HOW_MANY_YEARS = re.compile(
    r"\bhow\s+many\s+(?:fiscal\s+|financial\s+)?(?:years|quarters|periods)\b", re.I
)
BOUND = re.compile(
    r"\b(?:(?P<above>exceed(?:ed|s|ing)?|(?:more|greater|higher|larger|bigger)\s+than|above|over"
    r"|surpass(?:ed|es)?|at\s+least)|(?P<below>(?:less|lower|smaller|fewer)\s+than|below|under"
    r"|at\s+most))\s+(?:\w+\s){0,2}?(?:US|NT|AU)?\s?[$€£¥]?\s?(?P<digits>\d[\d,]*(?:\.\d+)?)\s*"
    r"(?P<percent>%|per\s?cent)?\s*(?P<scale>thousands?|millions?|billions?)?\b",
    re.IGNORECASE,
)
MOST = re.compile(
    r"\b(?:the\s+)?(?:(?P<most>highest|largest|greatest|biggest|maximum|most|higher|larger|greater"
    r"|bigger|more)|(?P<least>lowest|smallest|least|fewest|minimum|lower|smaller|less|fewer))"
    r"(?:\s+than)?\b",
    re.IGNORECASE,
)
SUPERLATIVE = re.compile(r"est\b|\b(?:most|least|maximum|minimum)\b", re.IGNORECASE)
WHICH = re.compile(r"\bwhich\b|\bwhat\s+\w+\s+ha[ds]\b", re.IGNORECASE)
AVERAGE = re.compile(r"(?<!weighted[\s-])\b(?:average|mean)\b", re.IGNORECASE)
SUM = re.compile(
    r"\b(?:sum|combined|aggregate|altogether|in\s+total|added\s+together)\b"
    r"|\btotal\s+(?:amounts?\s+|values?\s+)?of\b(?=.*\band\b)"
    r"|\btotal\b(?=.*\b(?:across|over|throughout|for\s+all)\b.*\b(?:years|periods|quarters)\b)",
    re.IGNORECASE,
)
MEMBERS = re.compile(
    r"\b(?:what|which)\b(?:\s+(?:are|were)\s+(?:all\s+)?the)?(?:\s+\w+){0,2}?\s+(?:components?|items"
    r"|line\s+items|categories|types|elements|classes|segments|kinds|parts|constituents)\b"
    r"(?=.*\b(?:under|of|in|for|includ\w+|mak\w+\s+up|compris\w+|constitut\w+|within|table)\b)",
    re.IGNORECASE,
)
RATIOS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<part>.+?)\bas\s+an?\s+(?:percentage|percent|proportion|share|fraction|%)\s+of\s+(?P<whole>.+)",
        r"\b(?:percentage|percent|proportion|share|portion|fraction|%)\s+of\s+(?P<whole>.+?)\s+"
        r"(?:is|are|was|were|does|did|do|comes?|came|consist\w*|constitut\w*|represent\w*|relat\w+\s+to"
        r"|made\s+up|make\s+up|generated|attribut\w+|accounts?|accounted|contribut\w+)\b(?P<part>.+)",
        r"\b(?:percentage|percent|proportion|share|portion|fraction)\s+(?:does|do|did|is|are|was|were)\s+"
        r"(?P<part>.+?)\s+(?:make\s+up|constitut\w*|represent\w*|account\s+for|contribut\w*\s+to|compris\w*)"
        r"(?:\s+of)?\s+(?P<whole>.+)",
        r"\b(?:percentage|percent|proportion|share|%)\s*(?:constitution|contribution|composition|share"
        r"|weight|make-?up)?\s*(?:of|from|for)\s+(?P<part>.+?)\s+(?:in|to|among|amongst|against|within"
        r"|out\s+of|over|relative\s+to|from|of)\s+(?P<whole>.+)",
        r"(?P<part>.+?)\b(?:divided\s+by|relative\s+to)\s+(?P<whole>.+)",
        r"(?P<part>[\w&-]+(?:\s[\w&-]+){0,2})\s+to\s+(?P<whole>\w+(?:\s\w+){0,2})\s+ratio\b",
        r"\bratio\s+(?:of|between)\s+(?P<part>.+?)\s+(?:to|and|over)\s+(?P<whole>.+)",
    )
)
FRAME = re.compile(
    r"\b(?:what|which|how|much|many|is|are|was|were|does|do|did|has|have|had|been|amounts?"
    r"|(?<!fair )(?<!book )"
    r"(?<!carrying )(?<!market )(?<!present )(?<!asset )values?"
    r"|figures?|numbers?|respective(?:ly)?|reported|recorded|recognized|recognised|company|companys"
    r"|company's|group's|there|please|give|list|state|tell|me|find|calculate|compute|total\s+of"
    r"|made|make|up|generated|from|attributable|attributed|comes?|came|represented|represents?"
    r"|accounted|by|both|all|nominal|levels?|balance\s+of|thousands?|millions?|billions?"
    r"|accounts?\s+for|contributes?|contributed|absolute|numerical|annual(?:ly)?|yearly|across|over|among"
    r"|(?:the\s+)?(?:past\s+|last\s+)?(?:two|three|four|five|[2-5])[\s-]+years?(?:\s+period)?"
    r"|year[\s-]+(?:on|over|to)[\s-]+year|y[/-]?o[/-]?y|per\s+year|periods?"
    r"|revealed|disclosed|stated|spend|spent|spending|allocated?|its|same|as"
    r"|according|table|shown|show|stood|equal|between|in|at|for|during|each|every|years?|quarters?)\b"
    r"|['’]s\b",
    re.IGNORECASE,
)
