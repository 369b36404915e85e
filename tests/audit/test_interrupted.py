"""Ctrl-C at any moment of the main thread: the log stays whole, goes on, and nothing is lost of it.

The striker is a thread that sends the signal at random moments.
"""

from __future__ import annotations

import gc
import random
import signal
import threading
import time
from collections.abc import Callable

import pytest

from appliance.audit import chain
from appliance.audit.log import AuditLog
from appliance.audit.records import Kind
from appliance.audit.verify import verify
from tests.audit.logbox import ANA, MAC_KEY, SEAL_KEY, SEED, STORE, LogBox, act

pytestmark = pytest.mark.filterwarnings(  # of files that Ctrl-C let nobody close
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
OFTEN = 8  # struck, and ended by itself
LONGEST_S = 300.0  # on a busy machine with a slow disk


class Struck:
    """Ctrl-C at random moments of what ``often`` is given to do, each time once at most.

    It comes the later, the more was struck than ended by itself: where the work takes longer than
    ``longest_s``, for the disk is slow, nothing would ever end by itself.
    """

    def __init__(self, longest_s: float) -> None:
        self.times = self.done = 0
        self._longest_s = longest_s
        self._aimed = self._over = False

    def often(
        self, work: Callable[[int], object], before_it: Callable[[int], object] = bool
    ) -> None:
        """Do it until it was struck, and ended by itself, often enough; ``before_it`` in peace."""
        until, number = time.monotonic() + LONGEST_S, 0
        striker = threading.Thread(target=self._strike)
        before = signal.signal(signal.SIGINT, self._raise)
        striker.start()
        try:
            while time.monotonic() < until and (self.times < OFTEN or self.done < OFTEN):
                number += 1
                before_it(number)
                try:
                    self._aimed = True
                    work(number)
                    self._aimed = False
                    self.done += 1
                except KeyboardInterrupt:
                    self.times += 1
        finally:
            self._aimed, self._over = False, True
            striker.join()
            signal.signal(signal.SIGINT, before)
            gc.collect()  # files that were left open are told here, not in a test to come
        assert (self.times >= OFTEN, self.done >= OFTEN) == (True, True)

    def _raise(self, _number: int, _frame: object) -> None:
        if self._aimed:
            self._aimed = False
            raise KeyboardInterrupt

    def _strike(self) -> None:
        main = threading.main_thread().ident or 0
        draw = random.Random(5)  # noqa: S311 - no secret
        while not self._over:
            rarer = 1.5 ** min(max(self.times - self.done, 0), 12)
            time.sleep(draw.uniform(0.0001, self._longest_s * rarer))
            # To that thread itself: nothing is on its way any more once this one has ended.
            signal.pthread_kill(main, signal.SIGINT)


def test_acts_segments_and_checkpoints(box: LogBox, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ended by itself is on record, and whatever was cut has its end, too."""
    monkeypatch.setattr(chain, "CHECKPOINT_EVERY", 8)
    box.create().close()
    log = box.open(segment_records=16)

    def work(number: int) -> None:
        act(log, number)
        if number % 5 == 0:
            log.checkpoint()

    struck = Struck(0.02)
    struck.often(work)
    log.close()
    with box.open(segment_records=16) as opened:
        ends = [one for one in opened.records(Kind.OUTCOME) if one.result]
        assert {one.of for one in ends} == {one.id for one in opened.records(Kind.INTENT)}
        assert sum(one.result.status == "done" for one in ends if one.result) >= struck.done
        assert verify(box.folder, opened.public_key).records == opened.size


def test_periods(box: LogBox) -> None:
    """Whatever was sealed opens again: memory and disk never hold two keys of one number."""
    log = box.create()

    def work(number: int) -> None:
        log.periods.begin((), log.tell_period)
        act(log, number)

    Struck(0.06).often(work)
    log.close()
    with box.open() as opened:
        for record in opened.records(Kind.INTENT):
            assert opened.unseal(record)["question"].startswith("what is ")
        assert verify(box.folder, opened.public_key).records == opened.size


def test_removal(box: LogBox) -> None:
    """Each segment that is missing is one whose removal stands in the log."""
    box.create().close()
    log = box.open(segment_records=4)

    def fill(number: int) -> None:
        for _ in range(4):  # more than what goes
            act(log, number)

    fill(0)
    Struck(0.02).often(lambda _: log.remove_segment(ANA), fill)
    log.close()
    with box.open(segment_records=4) as opened:
        assert verify(box.folder, opened.public_key).removed >= OFTEN


def test_a_closing_that_is_cut_lets_the_log_go(box: LogBox) -> None:
    """It can be opened again at once."""
    box.create().close()
    aimed = list[int]()

    def root() -> str:
        if aimed:
            raise KeyboardInterrupt
        return ""

    log = AuditLog.open(box.folder, SEED, SEAL_KEY, MAC_KEY, STORE, root=root)
    aimed.append(1)
    with pytest.raises(KeyboardInterrupt):
        log.close()
    box.open().close()
