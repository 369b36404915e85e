"""Steps that a signal may not cut in two, and what becomes of the signals."""

from __future__ import annotations

import gc
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from appliance.unbroken import ENDING, unbroken
from tests.conftest import ROOT


class Ended(Exception):
    """What the handlers of these tests raise."""


def _ends(number: int, _: object) -> None:
    raise Ended(number)


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in ENDING}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", ENDING)
def test_what_comes_waits_for_the_end_of_the_block(number: int) -> None:
    signal.signal(number, _ends)
    reached = []
    with pytest.raises(Ended), unbroken():  # noqa: PT012
        signal.raise_signal(number)
        reached.append("the end")
    assert reached
    assert signal.getsignal(number) is _ends


def test_in_a_block_in_a_block_it_waits_for_the_end_of_the_outer() -> None:
    signal.signal(signal.SIGINT, _ends)
    reached = []
    with pytest.raises(Ended), unbroken():  # noqa: PT012
        with unbroken():
            signal.raise_signal(signal.SIGINT)
            reached.append("inner")
        reached.append("outer")
    assert reached == ["inner", "outer"]
    assert signal.getsignal(signal.SIGINT) is _ends


def test_of_several_every_one_is_told() -> None:
    told: list[int] = []

    def tells(number: int, _: object) -> None:
        told.append(number)
        raise Ended

    for number in ENDING:
        signal.signal(number, tells)
    with pytest.raises(Ended), unbroken():  # noqa: PT012
        for number in ENDING:
            signal.raise_signal(number)
    assert sorted(told) == sorted(ENDING)


def test_what_is_ignored_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with unbroken():
        signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_what_ends_the_process_at_once_still_does() -> None:
    program = (
        "import signal\n"
        "from appliance.unbroken import unbroken\n"
        "with unbroken():\n"
        "    signal.raise_signal(signal.SIGTERM)\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
    assert ran.returncode == -signal.SIGTERM


def test_another_thread_runs_as_it_would() -> None:
    signal.signal(signal.SIGINT, _ends)
    seen: list[object] = []

    def enters() -> None:
        with unbroken():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=enters)
    thread.start()
    thread.join()
    assert seen == [_ends]


def test_a_handler_that_a_second_signal_kept_from_its_place_still_ends_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """SIGINT strikes when its own handler is back and that of SIGTERM is not."""
    signal.signal(signal.SIGINT, _ends)
    signal.signal(signal.SIGTERM, _ends)
    puts = signal.signal
    struck: list[int] = []

    def put(number: int, handler: object) -> object:
        if handler is _ends and number == signal.SIGTERM and not struck:
            struck.append(number)
            raise Ended  # as Ctrl-C would, just before it
        return puts(number, handler)  # type: ignore[arg-type]

    monkeypatch.setattr(signal, "signal", put)
    with pytest.raises(Ended), unbroken():
        pass
    monkeypatch.undo()
    assert signal.getsignal(signal.SIGTERM) is not _ends
    with pytest.raises(Ended):
        signal.raise_signal(signal.SIGTERM)
    with unbroken():
        pass
    assert signal.getsignal(signal.SIGTERM) is _ends, "the next block puts it in its place"


@pytest.fixture
def _nothing_is_collected() -> Iterator[None]:
    """What a signal raises inside of the finalizer of somebody's garbage is not raised any more."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_nothing_is_collected")
def test_struck_at_any_moment_it_leaves_the_handlers_as_they_were() -> None:
    """A thread strikes as fast as it can while blocks begin and end: none keeps a stand-in."""
    quiet, in_reach = threading.Event(), False

    def ends(number: int, frame: object) -> None:
        if in_reach:  # not while a thread is started or a strike is counted: nothing takes it there
            _ends(number, frame)

    signal.signal(signal.SIGINT, ends)
    signal.signal(signal.SIGTERM, _ends)

    def strikes() -> None:
        main = threading.main_thread().ident or 0
        while not quiet.wait(0.0002):
            # To that thread itself: nothing is on its way any more once this one has ended.
            signal.pthread_kill(main, signal.SIGINT)

    striker, struck = threading.Thread(target=strikes), 0
    striker.start()
    while struck < 100:
        try:
            in_reach = True
            while True:
                with unbroken():
                    pass
        except Ended:
            in_reach = False
            struck += 1
    quiet.set()
    striker.join()
    with unbroken():
        pass
    with pytest.raises(Ended):
        signal.raise_signal(signal.SIGTERM)
