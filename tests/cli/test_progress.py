"""Progress that nobody watches: whole plain lines with count, rate and time left."""

from __future__ import annotations

import re

import pytest

from appliance.cli.progress import track


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Test double: time that the test sets."""
    now = [0.0]
    monkeypatch.setattr("appliance.cli.progress.time.monotonic", lambda: now[0])
    return now


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


def test_lines_in_a_file(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with track("Reading", 100, "files") as shown:
        for _ in range(100):
            clock[0] += 0.5
            shown.step(pages=4)
    found = lines(capsys)
    assert found[0] == "Reading: 1/100, 2.0 files/s, 8.0 pages/s, 50 s left"
    assert found[-1] == "Reading: 100/100, 2.0 files/s, 8.0 pages/s, 0 s left"
    assert len(found) == 2 + 9  # one every five seconds
    assert all(line.isprintable() for line in found)


def test_the_time_left_follows_the_present_rate(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with track("Reading", 1000, "files") as shown:
        for _ in range(100):
            clock[0] += 0.1
            shown.step()
        for _ in range(20):
            clock[0] += 60  # from here on it is slow
            shown.step()
    assert re.search(r", 1\d h \d\d min left$", lines(capsys)[-1])


def test_parts_do_not_count_against_the_total(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with track("Reading", 2, "files") as shown:
        clock[0] = 1
        shown.step()
        shown.step(part=True)
        shown.step(part=True)
        clock[0] = 2
        shown.step()
    assert lines(capsys)[-1].startswith("Reading: 2/2 and 2 in them, 2.0 files/s")


def test_without_an_end_there_is_no_time_left(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with track("Reading", None, "files") as shown:
        clock[0] = 30
        shown.step()
    assert lines(capsys) == ["Reading: 1, 2.0 files/min"]


def test_what_is_said_cannot_move_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    with track("Reading", 1, "files") as shown:
        shown.say("not read: \x1b[2Ja.pdf")
    assert "\x1b" not in capsys.readouterr().err
