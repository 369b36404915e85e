"""The grammars' own shape; that the real decoder obeys them is test_real_engine.py."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.tasks.grammar import choice, verbatim

ANY_TEXT = st.text(st.characters(), min_size=1)  # surrogates as well


@given(st.lists(ANY_TEXT.filter(str.strip), min_size=1, max_size=3))
def test_a_window_stays_inside_its_literal(windows: list[str]) -> None:
    grammar = verbatim(windows, longest=99)
    assert grammar.isascii()
    lines = grammar.splitlines()
    sources = [line for line in lines if line.startswith("TEXT_")]
    assert len(sources) == len(windows)
    for line, window in zip(sources, windows, strict=True):
        held = json.loads(line.split(": %regex ", 1)[1])
        assert list(held) == ["substring_words"]
        assert held["substring_words"] == window.encode("utf-8", "replace").decode()
    assert len(lines) == 1 + 2 * len(windows) + 1
    assert all("{1,99}" in line for line in lines if line.startswith("SPAN_"))


@given(st.lists(ANY_TEXT, min_size=1, max_size=5))
def test_an_option_stays_inside_its_literal(options: list[str]) -> None:
    first, *rules = choice(options).splitlines()
    assert first == "start: " + " | ".join(f"OPTION_{at}" for at in range(len(options)))
    for rule, option in zip(rules, options, strict=True):
        escaped = re.fullmatch(r"OPTION_\d+: /((?:[A-Za-z0-9]|\\u\{[0-9a-f]+\})+)/", rule)
        assert escaped
        plain = re.sub(r"\\u\{([0-9a-f]+)\}", lambda m: chr(int(m[1], 16)), escaped[1])
        assert plain == option.encode("utf-8", "replace").decode()


def test_nothing_to_copy_from_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="text to copy"):
        verbatim(["", " \n"])
    with pytest.raises(ValueError, match="not empty"):
        choice(["a", ""])
    with pytest.raises(ValueError, match="not empty"):
        choice([])
