from __future__ import annotations

import math
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import ConfigError
from appliance.tasks.calibration import (
    Calibration,
    confidence,
    dump,
    least_risk,
    load,
    logistic,
    threshold,
)

SCORES = st.floats(-50, 50, allow_nan=False)
DATA = st.lists(st.tuples(SCORES, st.booleans()), max_size=60)


def made(pairs: list[tuple[float, bool]]) -> Calibration:
    return Calibration("t", tuple(s for s, _ in pairs), tuple(r for _, r in pairs), "made up")


def drawn(chance: random.Random, cases: int) -> Calibration:
    """Scores between 0 and 1 that are right with a probability that grows with the score."""
    pairs = []
    for _ in range(cases):
        score = chance.random()
        pairs.append((score, chance.random() < 0.2 + 0.75 * score))
    return made(pairs)


@given(DATA, SCORES, SCORES)
def test_confidence_never_falls_and_is_never_certain(
    pairs: list[tuple[float, bool]], one: float, other: float
) -> None:
    low, high = sorted((one, other))
    shares = [confidence(score, made(pairs)) for score in (low, high)]
    assert 0 < shares[0] <= shares[1] < 1


def test_confidence_is_the_share_that_was_right() -> None:
    chance = random.Random(3)  # noqa: S311
    data = drawn(chance, 4000)
    for score in (0.1, 0.5, 0.9):
        assert confidence(score, data) == pytest.approx(0.2 + 0.75 * score, abs=0.06)


def test_a_pool_of_two_is_no_certainty() -> None:
    data = made([(0.0, False), (0.0, False), (1.0, True), (1.0, True)])
    assert 0.6 < confidence(1.0, data) < 0.9
    assert confidence(0.5, data) == pytest.approx(0.5)
    assert confidence(5.0, made([])) == 0.5


@given(DATA, st.floats(0, 1), st.floats(0, 1))
def test_less_risk_asks_for_no_lower_score(
    pairs: list[tuple[float, bool]], one: float, other: float
) -> None:
    low, high = sorted((one, other))
    assert threshold(made(pairs), low) >= threshold(made(pairs), high)


@given(DATA, st.floats(0, 1))
def test_the_threshold_is_the_lowest_that_keeps_the_bound(
    pairs: list[tuple[float, bool]], risk: float
) -> None:
    def bound(level: float) -> float:
        kept = [right for score, right in pairs if score >= level]
        return (kept.count(False) + 1) / (len(kept) + 1)

    found = threshold(made(pairs), risk)
    assert math.isinf(found) or bound(found) <= risk
    assert all(bound(score) > risk for score, _ in pairs if score < found)


@given(DATA, SCORES)
def test_least_risk_is_the_one_that_lets_a_score_pass(
    pairs: list[tuple[float, bool]], score: float
) -> None:
    least = least_risk(score, made(pairs))
    assert least == 1 or threshold(made(pairs), least) <= score
    assert threshold(made(pairs), least * 0.999) > score


@pytest.mark.parametrize("risk", [0.05, 0.1, 0.2, 0.3])
def test_what_is_kept_and_wrong_stays_within_the_risk(risk: float) -> None:
    """The exact promise over many draws; the share among the kept comes near it where it can."""
    chance = random.Random(11)  # noqa: S311
    wrong = kept = cases = 0
    for _ in range(400):
        level = threshold(drawn(chance, 80), risk)
        new = drawn(chance, 50)
        shown = [r for s, r in zip(new.scores, new.right, strict=True) if s >= level]
        wrong, kept, cases = wrong + shown.count(False), kept + len(shown), cases + 50
    assert wrong / cases <= risk
    assert wrong / max(kept, 1) <= risk + (0.02 if risk >= 0.2 else 0.12)  # the best are 5 % wrong


def test_without_enough_right_values_nothing_passes() -> None:
    assert threshold(made([(1.0, True)] * 8), 0.1) == math.inf
    assert threshold(made([(1.0, True)] * 9), 0.1) == 1.0
    assert threshold(made([]), 0.5) == math.inf
    with pytest.raises(ValueError, match="risk"):
        threshold(made([]), 1.5)


def test_data_go_to_a_file_and_back(tmp_path: Path) -> None:
    data = Calibration("x", (1.0, 0.5), (True, False), "made up", (("constant", -1.0), ("a", 2.0)))
    (tmp_path / "x.json").write_text(dump(data), "utf-8")
    again = load("x", tmp_path)
    assert again == Calibration("x", (0.5, 1.0), (False, True), "made up", data.weights)
    assert logistic({"a": 1.5, "unknown": 9.0}, again) == pytest.approx(2.0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"scores": [1], "right": [], "source": ""}',
        '{"scores": [NaN], "right": [1], "source": ""}',
        '{"scores": ["a"], "right": [1], "source": ""}',
        '{"scores": [1], "right": [1]}',
    ],
)
def test_damaged_data_are_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text, "utf-8")
    with pytest.raises(ConfigError, match="calibration data x"):
        load("x", tmp_path)


def test_missing_data_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="calibration data y"):
        load("y", tmp_path)
