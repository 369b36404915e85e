"""The server over time: many crashes, several threads, its own end from outside."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from appliance.config import ReaderSettings
from appliance.errors import InputUnreadable, SandboxError
from appliance.sandbox.server import ReaderServer

SMALL = ReaderSettings(
    memory_mib=256, cpu_seconds=2, wall_seconds=300, max_input_mib=8, max_output_mib=65
)
CRASHES = 200


def start() -> ReaderServer:
    return ReaderServer.start(SMALL, Path(sys.executable), worker="tests.sandbox.misbehaving")


@pytest.fixture
def server() -> Iterator[ReaderServer]:
    with start() as server:
        yield server


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def children(pid: int | None) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def state(pid: int | None) -> str:
    """One letter of proc(5); Z where it has ended, also where nobody took note of that."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "Z"


def kib(pid: int | None, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1])


def descriptors(pid: int | str | None) -> int:
    try:
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except PermissionError:  # what a process with hidden memory has open, only root may see
        return 0


def test_crashing_children_leave_nothing(server: ReaderServer) -> None:
    def crash(times: int) -> None:
        for _ in range(times):
            with pytest.raises(InputUnreadable, match="crashed"):
                server.read(b"x" * 10_000, "crash")

    crash(20)  # what is allocated once is allocated now
    pid = server.pid
    before = descriptors(pid), descriptors("self")
    memory = [(kib(pid, "VmRSS"), kib(os.getpid(), "VmRSS"))]
    for _ in range(2):
        crash(CRASHES // 2)
        memory.append((kib(pid, "VmRSS"), kib(os.getpid(), "VmRSS")))

    after = descriptors(pid), descriptors("self")
    assert server.pid == pid
    assert children(pid) == []
    assert after[0] <= before[0]
    assert after[1] <= before[1]  # fewer, where what an earlier test left is collected now
    # What each crash leaves grows in both halves; the kernel moves pages in and out at times.
    grown = [[late - early for early, late in pairwise(each)] for each in zip(*memory, strict=True)]
    assert min(grown[0]) < 512 // 2  # KiB
    assert min(grown[1]) < 2048 // 2


def test_a_child_that_ignores_its_time_is_too_slow() -> None:
    hasty = replace(SMALL, cpu_seconds=1)
    worker = "tests.sandbox.misbehaving"
    with (
        ReaderServer.start(hasty, Path(sys.executable), worker=worker) as server,
        pytest.raises(InputUnreadable, match="more time"),
    ):
        server.read(b"", "stubborn")


def in_the_background(
    pool: ThreadPoolExecutor, server: ReaderServer, act: str
) -> Callable[[], object]:
    """Start a reading and wait until its child runs, and the server has said so and waits."""
    future = pool.submit(server.read, b"", act)
    until(lambda: children(server.pid) and state(server.pid) == "S")
    return lambda: future.result(timeout=300)


def test_a_child_that_the_kernel_kills_for_memory_is_told_apart(server: ReaderServer) -> None:
    with ThreadPoolExecutor() as pool:
        result = in_the_background(pool, server, "sleep")
        os.kill(children(server.pid)[0], signal.SIGKILL)  # as the kernel would

        with pytest.raises(InputUnreadable, match="more memory"):
            result()


def test_several_threads_each_get_their_own_answer(server: ReaderServer) -> None:
    documents = [os.urandom(50_000) for _ in range(24)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda document: server.read(document, "echo"), documents))

    assert answers == documents


def test_a_server_killed_while_idle_is_replaced_unseen(server: ReaderServer) -> None:
    pid = server.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)

    assert server.read(b"next", "echo") == b"next"
    assert server.pid != pid


def test_a_server_killed_with_a_document_in_hand_crashed_on_it(server: ReaderServer) -> None:
    with ThreadPoolExecutor() as pool:
        result = in_the_background(pool, server, "sleep")
        pid = server.pid
        assert pid is not None
        child = children(pid)[0]
        os.kill(pid, signal.SIGKILL)

        with pytest.raises(InputUnreadable, match="crashed"):
            result()
    until(lambda: state(child) == "Z")
    assert server.read(b"next", "echo") == b"next"
    assert server.pid != pid


def test_closing_ends_the_document_that_another_thread_has_in_hand(server: ReaderServer) -> None:
    with ThreadPoolExecutor() as pool:
        result = in_the_background(pool, server, "sleep")
        began = time.monotonic()
        server.close()

        with pytest.raises(SandboxError, match="closed while"):
            result()
        assert time.monotonic() - began < 60  # and not when the time of the child is up
    assert server.pid is None


def test_closing_before_a_child_runs_says_the_same(server: ReaderServer) -> None:
    with ThreadPoolExecutor() as pool:
        future = pool.submit(server.read, b"", "never-loads")
        until(server._turn.locked)
        server.close()

        with pytest.raises(SandboxError, match="closed while"):
            future.result(timeout=300)
    assert server.pid is None


def test_a_server_that_stops_answering_is_given_up() -> None:
    with start() as server:
        pid = server.pid
        assert pid is not None
        server._settings = replace(SMALL, wall_seconds=1)  # its proof had more time
        with ThreadPoolExecutor() as pool:
            result = in_the_background(pool, server, "sleep")
            os.kill(pid, signal.SIGSTOP)
            with pytest.raises(InputUnreadable, match="more time"):
                result()
        assert not Path(f"/proc/{pid}").exists()


def test_an_answer_is_held_once(server: ReaderServer) -> None:
    server.read(b"", "echo")
    tracemalloc.start()
    try:
        answer = server.read(b"", "much")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert len(answer) == 64 << 20
    assert peak < 1.25 * len(answer)


def test_a_flood_is_not_held() -> None:
    with start() as server:
        server.read(b"", "echo")
        tracemalloc.start()
        try:
            with pytest.raises(InputUnreadable, match="larger"):
                server.read(b"", "flood")
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak < 1.25 * (SMALL.max_output_mib << 20)


def test_servers_side_by_side() -> None:
    with start() as one, start() as other:
        threads = [
            threading.Thread(target=server.read, args=(b"x", "echo")) for server in (one, other)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=300)

        assert one.pid != other.pid
        assert one.read(b"1", "echo") + other.read(b"2", "echo") == b"12"
