"""The part ``legal`` of the set ``extraction``: clauses and values against CUAD's annotations.

CUAD (Hendrycks et al. 2021, CC BY 4.0) says of each contract and each of 41 categories whether it
is there, where, and for some of them the value as a lawyer writes it.  Found text and annotated
text are compared without white space and punctuation, for CUAD's text of a contract is not the
PDF's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from appliance.documents import ParsedDocument
from appliance.results import FieldValue, Status
from appliance.tasks.dates import normalise_date
from appliance.tasks.normalise import NORMALISERS

# Fields of legal/contract that answer a category; where there are several, any of them does.
CATEGORIES: Mapping[str, tuple[str, ...]] = {
    "Document Name": ("document_name",),
    "Parties": ("parties",),
    "Agreement Date": ("agreement_date",),
    "Effective Date": ("effective_date",),
    "Expiration Date": ("expiration_date", "term"),
    "Renewal Term": ("renewal",),
    "Notice Period To Terminate Renewal": ("renewal_notice",),
    "Governing Law": ("governing_law",),
    "Most Favored Nation": ("most_favored_nation",),
    "Competitive Restriction Exception": ("competitive_restriction_exception",),
    "Non-Compete": ("non_compete",),
    "Exclusivity": ("exclusivity",),
    "No-Solicit Of Customers": ("no_solicit_of_customers",),
    "No-Solicit Of Employees": ("no_solicit_of_employees",),
    "Non-Disparagement": ("non_disparagement",),
    "Termination For Convenience": ("termination_for_convenience",),
    "Rofr/Rofo/Rofn": ("right_of_first_refusal",),
    "Change Of Control": ("change_of_control",),
    "Anti-Assignment": ("anti_assignment",),
    "Revenue/Profit Sharing": ("revenue_sharing",),
    "Price Restrictions": ("price_restrictions",),
    "Minimum Commitment": ("minimum_commitment",),
    "Volume Restriction": ("volume_restriction",),
    "Ip Ownership Assignment": ("ip_ownership_assignment",),
    "Joint Ip Ownership": ("joint_ip_ownership",),
    "License Grant": ("license_grant",),
    "Non-Transferable License": ("non_transferable_license",),
    "Affiliate License-Licensor": ("affiliate_license_licensor",),
    "Affiliate License-Licensee": ("affiliate_license_licensee",),
    "Unlimited/All-You-Can-Eat-License": ("unlimited_license",),
    "Irrevocable Or Perpetual License": ("irrevocable_or_perpetual_license",),
    "Source Code Escrow": ("source_code_escrow",),
    "Post-Termination Services": ("post_termination_services",),
    "Audit Rights": ("audit_rights",),
    "Uncapped Liability": ("uncapped_liability",),
    "Cap On Liability": ("liability_cap",),
    "Liquidated Damages": ("liquidated_damages",),
    "Warranty Duration": ("warranty_duration",),
    "Insurance": ("insurance",),
    "Covenant Not To Sue": ("covenant_not_to_sue",),
    "Third Party Beneficiary": ("third_party_beneficiary",),
}
DATES = ("Agreement Date", "Effective Date", "Expiration Date")
DURATIONS = ("Renewal Term", "Notice Period To Terminate Renewal")
VALUES = ("Document Name", "Parties", *DATES, *DURATIONS, "Governing Law")
PIECE = 60  # characters of an annotation that are looked for, where the whole is not there

Stretch = tuple[int, int]  # of the compact text, half open


@dataclass(frozen=True, slots=True)
class Annotated:
    """What CUAD says of one category of one contract."""

    category: str
    value: str | None  # as a lawyer wrote it: a date, names; "Yes" or "No" for clauses
    texts: tuple[str, ...]  # annotated words; empty: the contract does not have it

    @property
    def present(self) -> bool:
        """Whether the contract has it."""
        return bool(self.texts)


@dataclass(frozen=True, slots=True)
class Row:
    """One category of one contract: what was found beside what is there."""

    document: str
    category: str
    present: bool
    found: bool
    located: bool  # one of the values stands where the annotation does
    exact: float | None  # F1 of the values as they stand; None: not a value, or not annotated
    normalised: float | None
    overlap: int  # characters of found text that are annotated
    shown: int  # characters of found text
    annotated: int  # characters annotated that the reading of the file holds
    confidence: float | None
    grounded: bool  # every value stands at its place, character by character
    reason: str = ""


class Compact:
    """A text without white space and punctuation, in lower case, with the way back."""

    def __init__(self, text: str) -> None:
        self._at = [n for n, char in enumerate(text) if char.isalnum()]
        self.text = compact(text)

    def stretch(self, begin: int, end: int) -> Stretch:
        """The compact characters of ``text[begin:end]``."""
        from bisect import bisect_left

        return bisect_left(self._at, begin), bisect_left(self._at, end)

    def places(self, wanted: str) -> list[Stretch]:
        """Where an annotation stands: once, or piece by piece where the reading differs."""
        found: list[Stretch] = []
        for part in wanted.split("<omitted>"):
            sought = compact(part)
            places = list(self._all(sought))
            if places:
                found += places if len(sought) < PIECE else places[:1]
            elif len(sought) > PIECE:
                found += self._pieces(sought)
        return found

    def _all(self, sought: str) -> Iterable[Stretch]:
        """A date or a name is annotated once, and stands in many places."""
        at = self.text.find(sought) if sought else -1
        while at >= 0:
            yield at, at + len(sought)
            at = self.text.find(sought, at + len(sought))

    def _pieces(self, sought: str) -> Iterable[Stretch]:
        for begin in range(0, len(sought) - PIECE // 2, PIECE):
            piece = sought[begin : begin + PIECE]
            at = self.text.find(piece)
            if at >= 0:
                yield at, at + len(piece)


def compact(text: str) -> str:
    """Letters and digits only, one lower-case character for each."""
    return "".join((char.lower() + " ")[0] for char in text if char.isalnum())


def annotated(row: Mapping[str, object]) -> list[Annotated]:
    """The categories of one line of ``fields.jsonl``."""
    values: Mapping[str, str | None] = dict(row["fields"])  # type: ignore[call-overload]
    evidence: Mapping[str, Sequence[Mapping[str, str]]] = dict(row["evidence"])  # type: ignore[call-overload]
    return [
        Annotated(name, values.get(name), tuple(e["text"] for e in evidence.get(name, ())))
        for name in CATEGORIES
    ]


def compared(
    document: str, wanted: Annotated, found: Mapping[str, FieldValue], parsed: ParsedDocument
) -> Row:
    """One category: decision, place, value."""
    fields = [found[name] for name in CATEGORIES[wanted.category] if name in found]
    stated = [field for field in fields if field.status is not Status.NOT_STATED]
    values = [value for field in stated for value in field.values]
    reading = Compact(parsed.text)
    shown = covered(reading.stretch(v.citation.span.begin, v.citation.span.end) for v in values)
    there = covered(place for text in wanted.texts for place in reading.places(text))
    quotes = [value.citation.quote for value in values]
    exact, normalised = _values(wanted, quotes, [v.normalised for v in values])
    return Row(
        document=document,
        category=wanted.category,
        present=wanted.present,
        found=bool(stated),
        located=bool(shown & there),
        exact=exact,
        normalised=normalised,
        overlap=len(shown & there),
        shown=len(shown),
        annotated=len(there),
        confidence=max((v.confidence for v in values if v.confidence is not None), default=None),
        grounded=all(v.citation.span.of(parsed.text) == v.citation.quote for v in values),
        reason="" if stated else "; ".join(field.reason for field in fields),
    )


def covered(stretches: Iterable[Stretch]) -> set[int]:
    """The compact characters that lie in any of the stretches."""
    return {at for begin, end in stretches for at in range(begin, end)}


def _values(
    wanted: Annotated, quotes: Sequence[str], normalised: Sequence[str | None]
) -> tuple[float | None, float | None]:
    """F1 of the values as they stand, and as they are normalised."""
    if wanted.category not in VALUES or not wanted.present:
        return None, None
    if wanted.category == "Parties":
        named = [_party(text) for text in re.split(r";", wanted.value or "")]
        known = {compact(text) for text in wanted.texts}
        exact = [float(compact(quote) in known) for quote in quotes]
        names = {name for name in named if name and "PARTIES" not in name}
        got = {name for name in (normalised or ()) if name}
        both = len({n for n in names if any(_same_name(n, g) for g in got)})
        return (
            f1(sum(exact), len(quotes), len(names)),
            f1(both, len(got), len(names)),
        )
    texts = [compact(text) for text in wanted.texts]
    exact = [float(any(compact(quote) in text for text in texts)) for quote in quotes]
    right = [
        float(_same(wanted, quote, norm)) for quote, norm in zip(quotes, normalised, strict=True)
    ]
    return max(exact, default=0.0), max(right, default=0.0)


def f1(right: float, given: int, wanted: int) -> float:
    """Harmonic mean of precision and recall; 0 where nothing is right."""
    return 2 * right / (given + wanted) if given + wanted else 0.0


def _party(text: str) -> str:
    return NORMALISERS["party"](re.sub(r"\(.*", "", text)) or ""


def _same_name(one: str, other: str) -> bool:
    return compact(one) == compact(other)


def _same(wanted: Annotated, quote: str, normalised: str | None) -> bool:
    value = wanted.value or ""
    if wanted.category in DATES:
        return (normalise_american(value) or value) == normalised
    if wanted.category in DURATIONS:
        return NORMALISERS["duration"](value) == normalised
    if wanted.category == "Governing Law":
        one, other = compact(value), compact(normalised or quote)
        return bool(other) and (one in other or other in one)
    names = {compact(text) for text in (*wanted.texts, *re.split(r"[\n(]", value))}
    return compact(normalised or quote) in names


def normalise_american(text: str) -> str | None:
    """CUAD's m/d/yy as an ISO date."""
    match = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d\d)", text.strip())
    if match is None:
        return normalise_date(text)
    month, day, year = (int(part) for part in match.groups())
    return f"{(1900 if year >= 70 else 2000) + year}-{month:02}-{day:02}"
