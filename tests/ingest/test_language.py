"""The local language pipeline stands where unstructured would download one."""

from __future__ import annotations

from importlib import metadata

import pytest

from appliance.ingest.language import tag

PINNED = "0.27.32"  # `language.install` replaces a private name; look again when this changes


def test_unstructured_is_the_version_whose_private_name_is_replaced() -> None:
    assert metadata.version("unstructured") == PINNED


def test_the_place_is_there() -> None:
    source = metadata.distribution("unstructured").locate_file("unstructured/nlp/tokenize.py")

    text = source.read_text()

    assert "def _get_nlp()" in text
    assert "nlp = _get_nlp()" in text


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("shall", "VB"),
        ("agreed", "VB"),
        ("delivering", "VB"),
        ("Agreement", "NNP"),
        ("red", "NN"),
        ("17", "CD"),
        ("party", "NN"),
        (";", "."),
    ],
)
def test_tags_by_rule(word: str, expected: str) -> None:
    assert tag(word) == expected
