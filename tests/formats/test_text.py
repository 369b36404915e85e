"""Encodings: as marked, as declared, or as the letters tell; nothing is lost on the way."""

from __future__ import annotations

import pytest

from appliance.formats.text import decoded

SAMPLES = {
    "de": "Die Parteien vereinbaren über die Lieferung gemäß § 3 größere Änderungen – „stets“.",
    "fr": "Le présent contrat est conclu entre les parties et prend effet où il est signé; façade.",
    "pl": "Umowa została zawarta pomiędzy stronami i wchodzi w życie z dniem podpisania, żółć.",
    "ru": "Настоящий договор заключён между сторонами и вступает в силу.",
    "ja": "本契約は、甲と乙の間で締結され、署名の日から効力を生じる。",
    "zh": "本合同由甲乙双方签订，自签字之日起生效。",
    "ko": "본 계약은 갑과 을 사이에 체결되며 서명한 날부터 효력이 발생한다.",
    "el": "Η παρούσα σύμβαση συνάπτεται μεταξύ των μερών.",
}


@pytest.mark.parametrize(
    ("language", "encoding"),
    [
        *(("de", name) for name in ("utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252")),
        *(("de", name) for name in ("utf-16-le", "utf-16-be")),
        *(("fr", name) for name in ("cp1252", "iso8859-15", "cp850", "mac_roman")),
        *(("pl", name) for name in ("cp1250", "iso8859-2")),
        *(("ru", name) for name in ("cp1251", "koi8-r", "cp866", "utf-16")),
        *(("ja", name) for name in ("shift_jis", "euc_jp", "iso2022_jp")),
        *(("zh", "gb18030"), ("ko", "euc_kr"), ("el", "cp1253")),
    ],
)
def test_letters_come_out_as_they_were(language: str, encoding: str) -> None:
    text = SAMPLES[language]

    assert decoded(text.encode(encoding)) == text


def test_what_is_declared_comes_before_a_guess() -> None:
    page = '<?xml version="1.0" encoding="iso-8859-5"?><p>Договор</p>'

    assert decoded(page.encode("iso-8859-5")) == page
    assert decoded("Договор".encode("cp1251"), "windows-1251") == "Договор"


@pytest.mark.parametrize("declared", ["no-such-encoding", "rot13", "idna", "hex"])
def test_what_is_declared_wrongly_is_passed_over(declared: str) -> None:
    assert decoded("Größe über".encode("cp1252"), declared) == "Größe über"


def test_no_byte_is_dropped() -> None:
    every = bytes(range(32, 256))

    assert len(decoded(b"plain text " * 20 + every)) == 220 + len(every)
    assert decoded("über \ud83d".encode("utf-16", "surrogatepass")).startswith("über ")
