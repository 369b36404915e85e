"""Who pays and who is paid, as far as a sentence says it: "charged $20 by Acme" pays Acme.

Questions and sentences are read by the same rules, so "paid to Acme" meets "charged by Acme" and
not "refund from Acme".  Pure.
"""

from __future__ import annotations

import re
from enum import StrEnum

from appliance.tasks.terms import content_terms


class Role(StrEnum):
    """What somebody is in a payment."""

    PAYER = "payer"
    PAYEE = "payee"


_NAME = r"(?:the\s+)?(?P<name>[A-Z0-9][\w&.*’'-]*(?:\s+[A-Z&][\w&.*’'-]*){0,3})"
_GAP = r"[^?!|;\n]{0,70}?"
_FROM = r"[Ff][Rr][Oo][Mm]"
_RULES = tuple(
    (re.compile(source), role)
    for source, role in (
        (rf"(?i:charge|debit|preauthori[sz]|bill|purchas|withdr[ae]w)\w*\b{_GAP}\b[Bb][Yy]\s+{_NAME}",
         Role.PAYEE),
        (rf"(?i:paid|pay|payment|sent|wire|transfer|remit|refund|credit)\w*\b{_GAP}\b[Tt][Oo]\s+{_NAME}",
         Role.PAYEE),
        (rf"(?i:invoice|bill)\s+(?:was\s+)?(?i:issued\s+)?(?i:from|by)\s+{_NAME}", Role.PAYEE),
        (rf"(?i:paid|payment|sent|deposit|remit|transfer|wire)\w*\b{_GAP}\b[Bb][Yy]\s+{_NAME}",
         Role.PAYER),
        (rf"(?i:receiv|credit|refund|deposit|payment|ACH In)\w*\b{_GAP}\b{_FROM}\s+{_NAME}",
         Role.PAYER),
        (rf"{_NAME}(?:['’]s\b{_GAP})?\s+(?:has\s+|have\s+)?(?i:charged|billed|invoiced|received)\b",
         Role.PAYEE),
        (rf"{_NAME}\s+(?:has\s+|have\s+)?(?i:paid|sent|transferred|wired|refunded)\b", Role.PAYER),
    )
)  # fmt: skip


def roles(text: str) -> dict[str, frozenset[Role]]:
    """The roles of everyone whom the text names in a payment, by the stems of the name."""
    found: dict[str, set[Role]] = {}
    for rule, role in _RULES:
        for match in rule.finditer(text):
            for stem in content_terms(match["name"]):
                found.setdefault(stem, set()).add(role)
    return {stem: frozenset(some) for stem, some in found.items()}


def agreement(question: str, sentence: str) -> float:
    """1 where the sentence gives somebody the role the question asks for, -1 where another.

    0 where the question is about no payment, or the sentence does not say.
    """
    wanted = roles(question)
    said = roles(sentence) if wanted else {}
    pairs = [(wanted[stem], said[stem]) for stem in wanted if stem in said]
    if not pairs:
        return 0.0
    return 1.0 if any(want & have for want, have in pairs) else -1.0
