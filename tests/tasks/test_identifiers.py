"""Published examples of each standard, and each of them with a digit misread."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.tasks import identifiers
from appliance.tasks.identifiers import CHECKED, find, luhn, phone

# Of the SWIFT registry, GLEIF, the CMS check digit rule, ISO 6166, CUSIP Global Services, the
# London Stock Exchange, test numbers of payment networks, and the European Commission.
PUBLISHED = [
    ("iban", "GB29 NWBK 6016 1331 9268 19", "GB29NWBK60161331926819"),
    ("iban", "IBAN: FR14 2004 1010 0505 0001 3M02 606", "FR1420041010050500013M02606"),
    ("iban", "DE89370400440532013000", "DE89370400440532013000"),
    ("lei", "529900T8BM49AURSDO55", "529900T8BM49AURSDO55"),
    ("lei", "HWUPKR0MPOU8FGXBT394", "HWUPKR0MPOU8FGXBT394"),
    ("aba", "021000021", "021000021"),
    ("aba", "1110-0003-8", "111000038"),
    ("isin", "US0378331005", "US0378331005"),
    ("isin", "AU0000XVGZA3", "AU0000XVGZA3"),
    ("cusip", "037833100", "037833100"),
    ("cusip", "38259P508", "38259P508"),
    ("sedol", "0263494", "0263494"),
    ("npi", "1234567893", "1234567893"),
    ("dea", "AB1234563", "AB1234563"),
    ("card", "4111 1111 1111 1111", "************1111"),
    ("card", "378282246310005", "***********0005"),
    ("vat", "DE 136 695 976", "DE136695976"),
]
FORMS = [
    ("bic", "DEUTDEFF500", "DEUTDEFF500"),
    ("bic", "BIC: NEDSZAJJ", "NEDSZAJJ"),
    ("bic", "DEUTDE", None),
    ("icd10", "E11.9", "E11.9"),
    ("icd10", "s72001a", "S72.001A"),
    ("icd10", "U07.1", "U07.1"),
    ("icd10", "11.9", None),
    ("ndc", "0777-3105-02", "00777-3105-02"),
    ("ndc", "50580-412-02", "50580-0412-02"),
    ("ndc", "5058-412-02", None),
    ("ein", "94-2404110", "94-2404110"),
    ("ein", "07-1234567", None),  # a prefix that was never given out
    ("vat", "ATU12345678", "ATU12345678"),
    ("vat", "VAT No: GB 123 4567 89", "GB123456789"),
    ("vat", "CHE-123.456.789 MWST", "CHE123456789MWST"),
    ("vat", "QQ123456789", None),
    ("iban", "GB29 NWBK 6016 1331 9268 1", None),  # too short for its country
    ("iban", "QQ29 NWBK 6016 1331 9268 19", None),
    ("phone", "+44 (0)20 7946 0958", "+442079460958"),
    ("phone", "0044 20 7946 0958", "+442079460958"),
    ("phone", "020 7946 0958", None),  # of which country?
]


@pytest.mark.parametrize(("name", "text", "normal"), [*PUBLISHED, *FORMS])
def test_published_examples_are_read(name: str, text: str, normal: str | None) -> None:
    assert CHECKED[name](text) == normal


@pytest.mark.parametrize(("name", "text", "normal"), PUBLISHED)
def test_any_misread_digit_shows(name: str, text: str, normal: str) -> None:
    last = max(at for at, char in enumerate(text) if char.isdigit())
    for digit in "0123456789":
        if digit != text[last]:
            assert CHECKED[name](text[:last] + digit + text[last + 1 :]) is None


def test_an_iban_has_the_length_of_its_country() -> None:
    account = "NWBK601613319268"  # two digits short
    check = next(
        d for d in range(2, 99) if int(f"{digits(account)}{digits('GB')}{d:02d}") % 97 == 1
    )
    assert CHECKED["iban"](f"GB{check:02d}{account}") is None


def digits(text: str) -> str:
    return "".join(str(int(char, 36)) for char in text)


def test_a_national_phone_number_needs_its_country() -> None:
    assert phone("020 7946 0958", "GB") == "+442079460958"
    assert phone("(408) 996-1010", "US") == phone("1-408-996-1010", "US") == "+14089961010"
    assert phone("06 1234 5678", "IT") == "+390612345678"


def test_identifiers_are_found_among_words() -> None:
    text = "To GB29 NWBK 6016 1331 9268 19 NOW, card 4111-1111-1111-1111, aba 021000021."
    assert [span.of(text) for span in find("iban", text)] == ["GB29 NWBK 6016 1331 9268 19"]
    assert [span.of(text) for span in find("card", text)] == ["4111-1111-1111-1111"]
    assert [span.of(text) for span in find("aba", text)] == ["021000021"]
    assert find("aba", "021000022") == ()


@given(st.text())
def test_any_text_is_read_without_failing(text: str) -> None:
    for name, check in CHECKED.items():
        assert check(text) is None or check(text)
        for span in find(name, text):
            assert check(span.of(text))


@given(st.text(alphabet="0123456789", min_size=1, max_size=18))
def test_luhn_finds_any_single_wrong_digit(digits: str) -> None:
    check = next(d for d in "0123456789" if luhn(digits + d))
    wrong = digits[:-1] + str((int(digits[-1]) + 1) % 10) + check
    assert not luhn(wrong)


def test_digits_of_other_scripts_are_no_identifier() -> None:
    assert identifiers.npi("١٢٣٤٥٦٧٨٩٣") is None
