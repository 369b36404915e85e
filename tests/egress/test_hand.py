"""The hand of a locked process: does what stands in its table, for several at a time, and ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
_HEAD = """
import os, socket, sys, threading, time
from pathlib import Path
from appliance.egress import hand
from appliance.errors import *
from appliance.sandbox import resident
def echo(argument, notify):
    notify("one"); notify("two")
    return {"said": argument}
def fail(argument, notify):
    raise ModelError("the model is gone", remedy="bring it back")
def fault(argument, notify):
    return 1 / 0
def outside(argument, notify):
    socket.socket().close()
    return True
def slow(argument, notify):
    time.sleep(argument)
    return argument
def crash(argument, notify):
    os._exit(9)
TABLE = dict(echo=echo, fail=fail, fault=fault, outside=outside, slow=slow, crash=crash)
def raised(name, argument=None):
    try:
        made.ask(name, argument)
    except ApplianceError as error:
        return error
    raise AssertionError("nothing raised")
"""


def run(body: str, *arguments: str) -> str:
    """Run Python in a process of its own."""
    command = [sys.executable, "-c", _HEAD + body, *arguments]
    environment = {"PATH": "/usr/bin:/bin"}
    ran = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_a_request_is_done_and_what_happens_meanwhile_is_told() -> None:
    run("""
made, told = hand.Hand.fork(TABLE), []
assert made.ask("echo", ["a", 1], told.append) == {"said": ["a", 1]}
assert told == ["one", "two"]
made.close()
""")


def test_errors_come_back_as_they_were_raised_and_faults_without_their_values() -> None:
    run("""
made = hand.Hand.fork(TABLE)
error = raised("fail")
assert type(error) is ModelError
assert (error.message, error.remedy) == ("the model is gone", "bring it back")
assert raised("fault").message == "internal fault: ZeroDivisionError"
assert type(raised("rm -rf /")) is InvariantBroken
assert type(raised("crash")) is ServiceUnavailable
assert made.ask("echo", 1) == {"said": 1}  # the crash ended nothing else
made.close()
""")


def test_it_stays_outside_a_lock_that_comes_after_it() -> None:
    run("""
made = hand.Hand.fork(TABLE)
resident.lock()
try:
    socket.socket()
except PermissionError:
    pass
else:
    raise AssertionError("not locked")
assert made.ask("outside") is True
made.close()
""")


def test_requests_overlap_and_what_nobody_waits_for_ends_with_it(tmp_path: Path) -> None:
    run(
        """
left = Path(sys.argv[1])
made = hand.Hand.fork(TABLE, ending=lambda asked: left.write_text(repr(asked)))
begun = time.monotonic()
threads = [threading.Thread(target=made.ask, args=("slow", 0.5)) for _ in range(4)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]
assert time.monotonic() - begun < 1.5
def given_up():
    try:
        made.ask("slow", 50)
    except ServiceUnavailable:
        pass
late = threading.Thread(target=given_up)
late.start()
time.sleep(0.2)
made.close()
late.join()
assert time.monotonic() - begun < 5
assert type(raised("echo")) is ServiceUnavailable
assert left.read_text().count("Asked") == 5
""",
        str(tmp_path / "asked"),
    )


def test_it_ends_when_the_process_that_made_it_is_killed() -> None:
    pid = int(
        run("""
made = hand.Hand.fork(TABLE)
child = os.fork()
if child == 0:
    other = hand.Hand.fork(TABLE)
    print(other.pid, flush=True)
    os.kill(os.getpid(), 9)
os.waitpid(child, 0)
made.close()
""")
    )
    run(
        """
for _ in range(100):
    if not Path("/proc", sys.argv[1]).exists():
        break
    time.sleep(0.05)
else:
    raise AssertionError("it lives on")
""",
        str(pid),
    )
