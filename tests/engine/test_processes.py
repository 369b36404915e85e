"""A process is known by number and start time, and ends with everything it started."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace

from appliance.engine import processes

CHILDREN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
children = [subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])]
children.append(subprocess.Popen(
    [sys.executable, "-c", "import os, time; os.setpgid(0, 0); time.sleep(60)"]))
print("ready", flush=True)
time.sleep(60)
"""


def test_this_process_is_alive_and_another_start_time_is_not() -> None:
    me = processes.identify(os.getpid())
    assert me is not None
    assert processes.is_alive(me)
    assert not processes.is_alive(replace(me, started=me.started - 1))


def test_a_number_nobody_has_is_nobody() -> None:
    assert processes.identify(2**22 + 1) is None


def test_a_zombie_is_not_alive() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        found = processes.identify(child.pid)
        assert found is not None
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert not processes.is_alive(found)


def test_a_whole_session_ends_also_what_ignores_the_polite_signal() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CHILDREN], stdout=subprocess.PIPE, start_new_session=True
    ) as leader:
        assert leader.stdout is not None
        leader.stdout.readline()
        time.sleep(0.2)
        found = processes.identify(leader.pid)
        assert found is not None
        assert len(processes.members(leader.pid)) == 3
        processes.end(found, 0.5)
        assert processes.members(leader.pid) == ()


def test_children_of_a_leader_that_died_end_too() -> None:
    program = CHILDREN.rpartition("time.sleep(60)")[0]
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, start_new_session=True
    ) as leader:
        found = processes.identify(leader.pid)
        assert found is not None
        assert leader.stdout is not None
        leader.stdout.readline()
    assert processes.members(leader.pid)
    processes.end(found, 5)
    assert processes.members(leader.pid) == ()


def test_ending_somebody_else_with_the_same_number_does_nothing() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True
    ) as innocent:
        found = processes.identify(innocent.pid)
        assert found is not None
        processes.end(replace(found, started=found.started - 1), 0)
        assert innocent.poll() is None
        innocent.kill()
