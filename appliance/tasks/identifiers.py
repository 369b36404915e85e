"""Identifiers that can be checked: each standard's form and its check digits.

A value that fails its check is not the identifier, however it is labelled: a misread digit shows.
Normalised is the compact form in upper case, as registers print it.  Every function takes a text
that holds one identifier and returns None where it holds none.  Pure.

Sources: IBAN ISO 13616 with lengths of the SWIFT registry, BIC ISO 9362, LEI ISO 17442, check
digits of both by ISO 7064 mod 97-10; ABA routing numbers by the key to routing numbers (weights 3,
7, 1); ISIN ISO 6166, CUSIP ANSI X9.6, SEDOL; NPI by the CMS check digit rule (Luhn with 80840);
DEA numbers by their check rule; cards by ISO/IEC 7812-1 (Luhn); VAT numbers by the forms of the
European Commission's VIES; EIN prefixes by the IRS; NDC by 21 CFR 207; phones by ITU-T E.164.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from appliance.documents import Span

_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22,
    "BI": 27, "BR": 29, "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27,
    "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27,
    "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HN": 28, "HR": 21, "HU": 28,
    "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28,
    "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22,
    "MK": 19, "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23,
    "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24,
    "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "SO": 23, "ST": 25, "SV": 28,
    "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20, "YE": 30,
}  # fmt: skip
_VAT_FORMS = {
    "AT": r"U\d{8}", "BE": r"[01]\d{9}", "BG": r"\d{9,10}", "CY": r"\d{8}[A-Z]", "CZ": r"\d{8,10}",
    "DE": r"\d{9}", "DK": r"\d{8}", "EE": r"\d{9}", "EL": r"\d{9}", "ES": r"[A-Z\d]\d{7}[A-Z\d]",
    "FI": r"\d{8}", "FR": r"[A-Z\d]{2}\d{9}", "HR": r"\d{11}", "HU": r"\d{8}",
    "IE": r"\d[A-Z\d+*]\d{5}[A-Z]{1,2}", "IT": r"\d{11}", "LT": r"\d{9}(?:\d{3})?", "LU": r"\d{8}",
    "LV": r"\d{11}", "MT": r"\d{8}", "NL": r"\d{9}B\d{2}", "PL": r"\d{10}", "PT": r"\d{9}",
    "RO": r"\d{2,10}", "SE": r"\d{12}", "SI": r"\d{8}", "SK": r"\d{10}",
    "XI": r"\d{9}(?:\d{3})?|GD\d{3}|HA\d{3}", "GB": r"\d{9}(?:\d{3})?|GD\d{3}|HA\d{3}",
    "CHE": r"\d{9}(?:MWST|TVA|IVA)?", "NO": r"\d{9}(?:MVA)?",
}  # fmt: skip
# The first two digits that the IRS gives out.
_EIN_PREFIXES = {
    *range(1, 7), *range(10, 17), *range(20, 28), *range(30, 49), *range(50, 69), *range(71, 78),
    *range(80, 89), *range(90, 96), 98, 99,
}  # fmt: skip
_CALLING = {
    "US": "1", "CA": "1", "GB": "44", "DE": "49", "FR": "33", "IT": "39", "ES": "34", "AT": "43",
    "CH": "41", "NL": "31", "BE": "32", "DK": "45", "SE": "46", "NO": "47", "PL": "48", "PT": "351",
    "IE": "353", "AU": "61", "NZ": "64", "IN": "91", "MY": "60", "SG": "65", "JP": "81", "CN": "86",
}  # fmt: skip
_NO_TRUNK = {"US", "CA", "IT", "ES", "DK", "NO", "PL", "PT", "SG"}  # no 0 before national numbers

Normalise = Callable[[str], str | None]


def compact(text: str) -> str:
    """Upper case without blanks, dots, dashes and slashes, and without a label before a colon.

    Empty where other than ASCII characters stand: no standard here has them.
    """
    bare = re.sub(r"[\s.\-/\u2010-\u2015\u00a0]", "", text.rpartition(":")[2])
    return bare.upper() if bare.isascii() else ""


def iban(text: str) -> str | None:
    """An international bank account number."""
    bare = re.sub(r"^IBAN", "", compact(text))
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z\d]{11,30}", bare):
        return None
    whole = _IBAN_LENGTHS.get(bare[:2]) == len(bare)
    return bare if whole and _mod97(bare[4:] + bare[:4]) else None


def bic(text: str) -> str | None:
    """A business identifier code of 8 or 11 characters; it has no check digit, only a form."""
    bare = re.sub(r"^(?:BIC|SWIFT)+(?=\w{8})", "", compact(text))
    return bare if re.fullmatch(r"[A-Z]{4}[A-Z]{2}[A-Z\d]{2}(?:[A-Z\d]{3})?", bare) else None


def lei(text: str) -> str | None:
    """A legal entity identifier."""
    bare = compact(text)
    return bare if re.fullmatch(r"[A-Z\d]{18}\d{2}", bare) and _mod97(bare) else None


def aba(text: str) -> str | None:
    """A routing transit number of a bank in the United States."""
    bare = compact(text)
    if not re.fullmatch(r"(?:0\d|1[0-2]|2[1-9]|3[0-2]|6[1-9]|7[0-2]|80)\d{7}", bare):
        return None
    return bare if _weighted(bare, (3, 7, 1)) % 10 == 0 else None


def isin(text: str) -> str | None:
    """An international securities identification number."""
    bare = compact(text)
    if not re.fullmatch(r"[A-Z]{2}[A-Z\d]{9}\d", bare):
        return None
    return bare if luhn("".join(str(int(char, 36)) for char in bare)) else None


def cusip(text: str) -> str | None:
    """A securities number of North America: eight characters and a check digit."""
    bare = compact(text)
    if not re.fullmatch(r"[\dA-Z*@#]{8}\d", bare):
        return None
    total = 0
    for place, char in enumerate(bare[:8]):
        value = {"*": 36, "@": 37, "#": 38}.get(char)
        value = int(char, 36) if value is None else value
        total += sum(divmod(value * (1 + place % 2), 10))
    return bare if (10 - total % 10) % 10 == int(bare[8]) else None


def sedol(text: str) -> str | None:
    """A securities number of the London exchange."""
    bare = compact(text)
    if not re.fullmatch(r"[\dB-DF-HJ-NP-TV-Z]{6}\d", bare):
        return None
    total = sum(int(c, 36) * w for c, w in zip(bare, (1, 3, 1, 7, 3, 9, 1), strict=True))
    return bare if total % 10 == 0 else None


def npi(text: str) -> str | None:
    """A national provider identifier of the United States."""
    bare = compact(text)
    return bare if re.fullmatch(r"[12]\d{9}", bare) and luhn("80840" + bare) else None


def dea(text: str) -> str | None:
    """A registration number of the Drug Enforcement Administration."""
    bare = compact(text)
    if not re.fullmatch(r"[ABCDEFGHJKLMPRSTUX][A-Z9]\d{7}", bare):
        return None
    digits = [int(char) for char in bare[2:]]
    total = sum(digits[0:6:2]) + 2 * sum(digits[1:6:2])
    return bare if total % 10 == digits[6] else None


def icd10(text: str) -> str | None:
    """An ICD-10-CM code by its form, with the point after three characters."""
    bare = compact(text)
    match = re.fullmatch(r"([A-Z]\d[\dAB])([\dA-KXYZ]{0,3}[\dA-Z]?)", bare)
    if not match:
        return None
    return f"{match[1]}.{match[2]}" if match[2] else match[1]


def ndc(text: str) -> str | None:
    """A national drug code in one of its three forms, as eleven digits 5-4-2."""
    match = re.search(r"(?<![\d-])(\d{4,5})-(\d{3,4})-(\d{1,2})(?![\d-])", text)
    if not match or sum(map(len, match.groups())) not in {10, 11}:
        return None
    return f"{match[1]:0>5}-{match[2]:0>4}-{match[3]:0>2}"


def ein(text: str) -> str | None:
    """An employer identification number of the United States."""
    match = re.search(r"(?<![\d-])(\d{2})-?(\d{7})(?![\d-])", text)
    return f"{match[1]}-{match[2]}" if match and int(match[1]) in _EIN_PREFIXES else None


def vat(text: str) -> str | None:
    """A VAT number with its country, by the form of that country; Germany's is checked too."""
    label = r"^(?:VAT|UST|TVA|IVA|BTW)(?:ID|IDNR|NR|NO|REG|NUMBER)*(?=[A-Z]{2,3}\w{2})"
    bare = re.sub(label, "", compact(text))
    for prefix in sorted(_VAT_FORMS, key=len, reverse=True):
        if bare.startswith(prefix) and re.fullmatch(_VAT_FORMS[prefix], bare[len(prefix) :]):
            return None if prefix == "DE" and not _mod11_10(bare[2:]) else bare
    return None


def card(text: str) -> str | None:
    """A payment card number, masked but for its last four digits: it is never shown whole."""
    bare = compact(text)
    known = re.fullmatch(r"(?:4|5[1-5]|2[2-7]|3[47]|6)\d{11,18}", bare) and 13 <= len(bare) <= 19
    return "*" * (len(bare) - 4) + bare[-4:] if known and luhn(bare) else None


def phone(text: str, country: str = "") -> str | None:
    """A phone number as E.164; a national one only where its country is known."""
    bare = text.rpartition(":")[2].replace("(0)", "")
    digits = re.sub(r"[^0-9]", "", bare)
    if bare.strip().startswith(("+", "(+")) or digits.startswith("00"):
        digits = digits.removeprefix("00")
    elif country in _CALLING:
        digits = _national(digits, country)
    else:
        return None
    return f"+{digits}" if 8 <= len(digits) <= 15 and digits[0] != "0" else None


def _national(digits: str, country: str) -> str:
    code = _CALLING[country]
    if country in {"US", "CA"} and len(digits) == 11:
        digits = digits.removeprefix(code)
    return code + (digits if country in _NO_TRUNK else digits.removeprefix("0"))


# Where one may stand in a text; the check decides.
_SHAPES = {
    "iban": r"\b[A-Z]{2}\d{2}(?:[ \u00a0]?[A-Z\d]{4}){2,7}(?:[ \u00a0]?[A-Z\d]{1,4})?\b",
    "lei": r"\b[A-Z\d]{18}\d{2}\b",
    "isin": r"\b[A-Z]{2}[A-Z\d]{9}\d\b",
    "aba": r"(?<![\d-])\d{9}(?![\d-])",
    "npi": r"(?<![\d-])[12]\d{9}(?![\d-])",
    "card": r"(?<![\d-])(?:\d[ -]?){12,18}\d(?![\d-])",
    "vat": r"\b(?:[A-Z]{2}|CHE)[ -]?[A-Z\d]{2}[A-Z\d .]{4,12}[A-Z\d]\b",
    "ein": r"(?<![\d-])\d{2}-\d{7}(?![\d-])",
}


def find(name: str, text: str) -> tuple[Span, ...]:
    """Where identifiers of one kind stand that hold their check; a key of CHECKED."""
    shape = _SHAPES.get(name)
    found = []
    for match in re.finditer(shape, text) if shape else ():
        span = _longest(name, text, match.start(), match.end())
        if span:
            found.append(span)
    return tuple(found)


def _longest(name: str, text: str, begin: int, end: int) -> Span | None:
    """Of what was matched, the longest beginning that holds: a word may follow an IBAN."""
    while end - begin >= 8:
        if not text[end - 1].isspace() and CHECKED[name](text[begin:end]):
            return Span(begin, end)
        end = text.rfind(" ", begin, end)
    return None


CHECKED: Mapping[str, Normalise] = {
    "aba": aba,
    "bic": bic,
    "card": card,
    "cusip": cusip,
    "dea": dea,
    "ein": ein,
    "iban": iban,
    "icd10": icd10,
    "isin": isin,
    "lei": lei,
    "ndc": ndc,
    "npi": npi,
    "phone": phone,
    "sedol": sedol,
    "vat": vat,
}


def luhn(digits: str) -> bool:
    """Whether the last digit checks the others (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, char in enumerate(reversed(digits)):
        total += sum(divmod(int(char) * (1 + place % 2), 10))
    return total % 10 == 0


def _mod97(text: str) -> bool:
    return int("".join(str(int(char, 36)) for char in text)) % 97 == 1


def _weighted(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(d) * weights[place % len(weights)] for place, d in enumerate(digits))


def _mod11_10(digits: str) -> bool:
    """ISO 7064 mod 11,10, with which German VAT numbers end."""
    product = 10
    for char in digits[:-1]:
        total = (int(char) + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10 == int(digits[-1])
