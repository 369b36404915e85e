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
def meet(argument, notify):
    here, wanted = Path(argument[0]), argument[1]
    (here / str(os.getpid())).touch()
    until = time.monotonic() + 250
    while len(list(here.iterdir())) < wanted:
        assert time.monotonic() < until
        time.sleep(0.01)
def slow(argument, notify):
    notify("begun")
    time.sleep(argument)
def crash(argument, notify):
    os._exit(9)
TABLE = dict(echo=echo, fail=fail, fault=fault, outside=outside, meet=meet, slow=slow, crash=crash)
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
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False
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
left, here = map(Path, sys.argv[1:])
here.mkdir()
made = hand.Hand.fork(TABLE, ending=lambda asked: left.write_text(repr(asked)))
threads = [threading.Thread(target=made.ask, args=("meet", [str(here), 4])) for _ in range(4)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]
begun = threading.Event()
def given_up():
    try:
        made.ask("slow", 250, lambda _: begun.set())
    except ServiceUnavailable:
        pass
late = threading.Thread(target=given_up)
late.start()
assert begun.wait(300)
closed = time.monotonic()
made.close()
late.join()
assert time.monotonic() - closed < 120
assert type(raised("echo")) is ServiceUnavailable
assert left.read_text().count("Asked") == 5
""",
        str(tmp_path / "asked"),
        str(tmp_path / "here"),
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
def alive():
    try:
        said = Path("/proc", sys.argv[1], "stat").read_text()
    except OSError:
        return False
    return said.rpartition(")")[2].split()[0] != "Z"  # ended, and its new parent has not looked yet
for _ in range(2400):
    if not alive():
        break
    time.sleep(0.05)
else:
    raise AssertionError("it lives on")
""",
        str(pid),
    )


def test_what_a_request_started_ends_with_the_hand() -> None:
    run("""
import subprocess
def leave(argument, notify):
    notify(str(subprocess.Popen(["sleep", "300"], start_new_session=True).pid))
    time.sleep(300)
made, told = hand.Hand.fork({"leave": leave}), []
def ask():
    try:
        made.ask("leave", None, told.append)
    except ServiceUnavailable:
        told.append("gone")
asking = threading.Thread(target=ask)
asking.start()
while not told:
    time.sleep(0.01)
assert Path(f"/proc/{told[0]}").exists()
made.close()
asking.join()
assert told[1:] == ["gone"]
assert not Path(f"/proc/{told[0]}").exists()
""")
