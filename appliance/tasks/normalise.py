"""Rules that read a verbatim value: the normalised form, and where such values stand.

A normaliser takes the characters of a span and returns the form that can be compared, or None
when no rule reads it.  A finder proposes spans.  A validator says whether a value can be what a
field asks for.  Packs name them; the names are the keys of the three tables below.  Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial

from appliance.documents import Span
from appliance.tasks.amounts import (
    find_amounts,
    find_durations,
    normalise_amount,
    normalise_duration,
)
from appliance.tasks.dates import find_dates, normalise_date
from appliance.tasks.drugs import normalise_medication
from appliance.tasks.identifiers import CHECKED, find
from appliance.tasks.periods import normalise_period
from appliance.tasks.quantities import (
    find_percentages,
    find_quantities,
    normalise_count,
    normalise_percentage,
    normalise_quantity,
)

_IDENTIFIER = re.compile(r"(?<![\w-])(?=[\w/.-]*\d)[A-Za-z0-9][A-Za-z0-9/._-]{2,39}(?<![._/-])")
_LEGAL_FORM = re.compile(
    r",?\s*\b(?:inc|incorporated|corp|corporation|llc|l\.l\.c|ltd|limited|plc|ag|gmbh|lp|llp|co"
    r"|company|n\.?v|s\.?a|b\.?v)\b\.?",
    re.IGNORECASE,
)


def collapse(text: str) -> str:
    """White space collapsed to single blanks, ends trimmed: for showing and comparing."""
    return " ".join(text.split())


def normalise_party(text: str) -> str | None:
    """A name in upper case without its legal form: equal for "Fox, Inc." and "FOX INC"."""
    bare = _LEGAL_FORM.sub(" ", collapse(text)).strip(" .,;").upper()
    return collapse(bare) or None


def normalise_identifier(text: str) -> str | None:
    """An identifier in upper case without blanks; None when it holds no digit."""
    compact = re.sub(r"\s+", "", text).upper().strip(".,;:#")
    return compact if any(char.isdigit() for char in compact) else None


def normalise_place(text: str) -> str | None:
    """A jurisdiction without "the State of" and the like."""
    bare = re.sub(
        r"^(?:the\s+)?(?:(?:state|commonwealth|province|republic|federal\s+republic)\s+of\s+)?",
        "",
        collapse(text).strip(" .,;"),
        flags=re.IGNORECASE,
    )
    return bare.title() if bare.isupper() else bare or None


def normalise_number(text: str) -> str | None:
    """The one whole or decimal number in ``text``, without separators."""
    numbers = {n.replace(",", "") for n in re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?", text)}
    return numbers.pop() if len(numbers) == 1 else None


def normalise_text(text: str) -> str | None:
    """White space collapsed."""
    return collapse(text) or None


NORMALISERS: Mapping[str, Callable[[str], str | None]] = {
    **CHECKED,  # identifiers with check digits, by the name of their standard
    "amount": normalise_amount,
    "count": normalise_count,
    "date": normalise_date,
    "duration": normalise_duration,
    "identifier": normalise_identifier,
    "medication": normalise_medication,
    "number": normalise_number,
    "party": normalise_party,
    "per_share": normalise_amount,
    "percentage": normalise_percentage,
    "period": normalise_period,
    "place": normalise_place,
    "quantity": normalise_quantity,
    "text": normalise_text,
}


def _identifiers(text: str) -> tuple[Span, ...]:
    return tuple(Span(*match.span()) for match in _IDENTIFIER.finditer(text))


FINDERS: Mapping[str, Callable[[str], tuple[Span, ...]]] = {
    "aba": partial(find, "aba"),
    "amount": find_amounts,
    "card": partial(find, "card"),
    "date": find_dates,
    "duration": find_durations,
    "iban": partial(find, "iban"),
    "identifier": _identifiers,
    "isin": partial(find, "isin"),
    "lei": partial(find, "lei"),
    "npi": partial(find, "npi"),
    "percentage": find_percentages,
    "quantity": find_quantities,
    "vat": partial(find, "vat"),
}


def _is_name(text: str) -> bool:
    words = re.findall(r"[^\W\d_]+", text)
    return 0 < len(words) <= 12 and any(word[0].isupper() for word in words)


def _is_read_by(normalise: Callable[[str], str | None]) -> Callable[[str], bool]:
    return lambda text: normalise(text) is not None


VALIDATORS: Mapping[str, Callable[[str], bool]] = {
    **{name: _is_read_by(check) for name, check in CHECKED.items()},
    "amount": lambda text: bool(find_amounts(text)),
    "any": lambda text: bool(text.strip()),
    "clause": lambda text: len(text.split()) >= 4,
    "count": _is_read_by(normalise_count),
    "date": lambda text: bool(find_dates(text)),
    "duration": lambda text: bool(find_durations(text)),
    "identifier": lambda text: normalise_identifier(text) is not None,
    "medication": _is_read_by(normalise_medication),
    "name": _is_name,
    "number": lambda text: normalise_number(text) is not None,
    "percentage": lambda text: bool(find_percentages(text)),
    "period": _is_read_by(normalise_period),
    "quantity": lambda text: bool(find_quantities(text)),
    "number_pair": lambda text: re.fullmatch(r"\d+\s?/\s?\d+", text) is not None,
}
