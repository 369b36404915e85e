"""Sessions end by themselves, and nobody may guess."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import cast

import pytest

from appliance.app.view import Appliance
from appliance.audit.records import Record
from appliance.console.jobs import Step
from appliance.console.opening import Opened
from appliance.console.pages import evidence
from appliance.console.sessions import IDLE_S, LOCKED_S, LONGEST_S, MOST_SESSIONS, TRIES, Sessions
from appliance.errors import Busy


class Opener:
    """Stands in for an officer's key: a session only keeps it and lets it go."""

    def open(self, record: Record) -> Mapping[str, str]:
        return {"question": "?"}


class View:
    """Stands in for a view of the appliance: a session only closes it."""

    closed = False

    def close(self) -> None:
        self.closed = True


class Clock:
    """Tells the time that a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def begun(sessions: Sessions, view: View | None = None) -> str:
    appliance = cast(Appliance, view or View())
    return sessions.begin(appliance, Opened(Opener()), "olga").token


def test_a_session_ends_when_nobody_uses_it() -> None:
    clock, view = Clock(), View()
    sessions = Sessions(clock)
    token = begun(sessions, view)
    clock.now += IDLE_S - 1
    assert sessions.find(token)
    clock.now += IDLE_S - 1
    assert sessions.find(token)
    clock.now += IDLE_S + 1
    assert sessions.find(token) is None
    assert view.closed


def test_a_session_ends_however_busy_it_is() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    token = begun(sessions)
    for _ in range(LONGEST_S // 600):
        clock.now += 600
        assert sessions.find(token)
    clock.now += 1
    assert sessions.find(token) is None


def test_the_key_goes_with_the_session() -> None:
    sessions = Sessions()
    token = begun(sessions)
    session = sessions.find(token)
    assert session
    sessions.end(token)
    record = cast(Record, type("Sealed", (), {"sealed": "x", "id": "1"})())
    assert session.opened.strings(record) == {}


def test_the_oldest_session_makes_room() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    tokens = []
    for _ in range(MOST_SESSIONS + 1):
        tokens.append(begun(sessions))
        clock.now += 1
    assert [bool(sessions.find(token)) for token in tokens] == [False] + [True] * MOST_SESSIONS


def test_guessing_is_stopped_for_a_time() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    for _ in range(TRIES):
        sessions.admit()
    with pytest.raises(Busy):
        sessions.admit()
    clock.now += LOCKED_S + 1
    sessions.admit()
    begun(sessions)  # the right passphrase: the count begins again
    for _ in range(TRIES):
        sessions.admit()


def test_a_form_of_another_session_does_not_fit() -> None:
    sessions = Sessions()
    one, two = sessions.find(begun(sessions)), sessions.find(begun(sessions))
    assert one
    assert two
    assert one.knows(one.csrf)
    assert not one.knows(two.csrf)
    assert not one.knows("ünfit")


@pytest.mark.parametrize("ended", [False, True])
def test_evidence_goes_with_the_session_though_it_is_still_gathered(
    tmp_path: Path, ended: bool
) -> None:
    place, on = tmp_path / "place", threading.Event()
    place.mkdir()

    def work() -> Generator[Step, None, evidence.Gathered]:
        yield Step(0, 0)
        assert on.wait(60)
        place.mkdir(exist_ok=True)  # as though it were just then that it is made
        archive = place / "evidence.zip"
        archive.write_bytes(b"questions in clear")
        return evidence.Gathered(archive, archive.name, 1, 1, 1, "")

    job = evidence.Gathering(work(), place)
    if ended:
        on.set()
        assert job.wait(60)
    evidence.forget({evidence.EVIDENCE: job})
    assert not place.exists()
    on.set()
    assert job.wait(60)
    until = time.monotonic() + 60
    while place.exists() and time.monotonic() < until:
        time.sleep(0.01)
    assert not place.exists()
