"""`pack check`: schema, expressions, examples and speed, each problem with its place."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.errors import PackError
from appliance.tasks import packs
from appliance.tasks.backtracking import LONGEST, slow_expressions, slowest
from appliance.tasks.blocks import anycase
from appliance.tasks.checking import Problem, check

GUIDE = (packs.FOLDER / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```toml\n(.*?)```", GUIDE, re.S)
EXAMPLE = next(block for block in BLOCKS if "local/" in block)


def checked(folder: Path, source: str) -> tuple[Problem, ...]:
    file = folder / "charter.toml"
    file.write_text(source, "utf-8")
    return check(file).problems


def line_of(source: str, words: str) -> int:
    return next(n for n, line in enumerate(source.splitlines(), 1) if words in line)


def test_the_pack_of_the_guide_holds(tmp_path: Path) -> None:
    assert checked(tmp_path, EXAMPLE) == ()


def test_the_cascade_of_the_guide_is_one(tmp_path: Path) -> None:
    cascade = next(block for block in BLOCKS if "larger" in block)
    head, fields = EXAMPLE.split("[[field]]", 1)
    assert checked(tmp_path, f"{head}{cascade}\n[[field]]{fields}") == ()


@pytest.mark.parametrize(
    ("old", "new", "field", "words"),
    [
        ('type = "amount"', 'type = "money"', "hire", 'type = "money"'),
        ('type = "date"', 'type = "date"\ncolour = 1', "delivery_date", "[[field]]"),
        ("'(?i:\\bhire\\b)[^.;]{0,80}?<amount>'", "'(hire'", "hire", 'name = "hire"'),
        ('value = "4 May 2021"', 'value = "5 May 2021"', "delivery_date", 'name = "delivery_date"'),
        ("unless = ['\\bback\\b']\n", "", "delivery_date", 'name = "delivery_date"'),
        ("cues = ['\\bhire\\b']", "cues = ['(\\w+\\s?)+!$']", "hire", 'name = "hire"'),
        ('sector = "legal"', 'sector = "naval"', "", 'sector = "naval"'),
    ],
)
def test_what_is_wrong_is_told_with_line_and_field(
    tmp_path: Path, old: str, new: str, field: str, words: str
) -> None:
    assert old in EXAMPLE
    source = EXAMPLE.replace(old, new, 1)
    first, *_ = checked(tmp_path, source)
    assert (first.field, first.line) == (field, line_of(source, words))
    assert first.what


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    source = EXAMPLE.replace('"amount"', '"money"').replace('"clause"', '"sentence"')
    assert {problem.field for problem in checked(tmp_path, source)} == {"hire", "fuel"}


def test_a_file_that_is_no_toml_says_the_line(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="line 2"):
        checked(tmp_path, 'name = "local/charter"\ntitle = Charter\n')


@pytest.mark.parametrize(
    "source",
    [
        r"(a+)+$",
        r"(?:\w+\s?)+\.$",
        r"(?:[a-z]*,?)*;",
        r"(.*)(.*)(.*)z",
        r"(aaa+)+!",  # slow from thirty letters on, and past all hope at a hundred
        r"(_+)+!",  # slow on its own characters alone
    ],
)
def test_an_expression_that_hangs_is_found_before_it_hangs(source: str) -> None:
    assert slowest(anycase(source), 1500, LONGEST) > LONGEST


def test_a_slow_machine_finds_no_more_expressions_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    quick, slow = anycase(r"\w+a\w+a\w+!"), anycase(r"(?:\w+\s?)+\.$")
    usual = time.thread_time
    monkeypatch.setattr("appliance.tasks.backtracking.time.thread_time", lambda: 10 * usual())
    assert slowest(quick, 80, LONGEST) <= LONGEST  # by its clock, twice as much
    assert slowest(slow, 1500, LONGEST) > LONGEST


@pytest.mark.parametrize("name", packs.available())
def test_no_shipped_expression_can_be_made_slow(name: str) -> None:
    slow = [(field.name, source) for field, source, _ in slow_expressions(packs.load(name))]
    assert slow == []


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("x = " + "[" * 5000 + "]" * 5000, "nested too deeply"),
        ("x = " + "{a = " * 3000 + "1" + "}" * 3000, "nested too deeply"),
        (f"version = {'9' * 6000}", "limit"),
        ("#" * packs.LARGEST + "#", "larger than a pack"),
        ("a = 1\na = 2", "overwrite"),
        ("\x00", "line 1"),
    ],
)
def test_a_file_made_to_do_harm_is_refused(tmp_path: Path, source: str, words: str) -> None:
    for read in (check, packs.read):
        file = tmp_path / "bomb.toml"
        file.write_text(source, "utf-8")
        with pytest.raises(PackError, match=words):
            read(file)


@pytest.mark.parametrize("cue", ["a{99999999999999}", "(" * 3000 + ")" * 3000])
def test_an_expression_made_to_do_harm_is_a_problem(tmp_path: Path, cue: str) -> None:
    source = EXAMPLE.replace("cues = ['\\bhire\\b']", f"cues = ['{cue}']")
    assert source != EXAMPLE
    assert [problem.field for problem in checked(tmp_path, source)] == ["hire"]


def test_the_signs_of_a_label_are_tried_as_well() -> None:
    labels = packs.load("general/labels")
    field = labels.fields[0]
    sign = replace(field.labels[0], cues=(r"(?:\w+\s?)+\.$",))
    hostile = replace(labels, fields=(replace(field, labels=(sign,)),))
    assert [source for _, source, _ in slow_expressions(hostile)] == list(sign.cues)
