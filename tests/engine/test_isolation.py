"""Behind either wall a hostile program reaches this machine's loopback and nothing else.

The program below runs in the engine's place, behind the real launcher.  Everything happens in a
network namespace of the test's own, which has a route out through a pair of devices: without a wall
the same program gets out (the positive control), and what gets out goes nowhere.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.engine import isolation
from appliance.engine.isolation import Isolation
from appliance.engine.launch import REFUSAL, Order
from appliance.errors import EngineUnavailable

PACKAGE = Path(isolation.__file__).parent.parent.parent
BOOT = f"import sys; sys.path.insert(0, {str(PACKAGE)!r}); "
LAUNCH = BOOT + "from appliance.engine.launch import main; main()"
OUTSIDE = "198.51.100.7"  # RFC 5737: documentation, nobody's address

HOSTILE = """
import ctypes, json, os, socket, sys
O = sys.argv[1]
libc = ctypes.CDLL(None, use_errno=True)
def sent():
    for line in open("/proc/net/dev"):
        name, _, rest = line.partition(":")
        if name.strip() == "out0":
            return int(rest.split()[9])
    return -1
def tcp(*kind):
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, *kind); s.settimeout(0.3)
    s.connect((O, 9))
def fast_open():
    s = socket.socket(); s.settimeout(0.3); s.sendto(b"x", 0x20000000, (O, 9))
def unbound(option, value):
    s = socket.socket(); s.settimeout(0.3)
    s.setsockopt(socket.SOL_SOCKET, option, value); s.connect((O, 9))
def datagram(family, address):
    socket.socket(family, socket.SOCK_DGRAM).sendto(b"x", address)
def loopback():
    with socket.socket() as a, socket.socket() as b:
        a.bind(("127.0.0.1", 0)); a.listen(); b.connect(a.getsockname()); a.accept()[0].close()
def ring():
    if libc.syscall(425, 8, ctypes.create_string_buffer(240)) < 0:
        raise OSError(ctypes.get_errno(), "io_uring")
def trace():
    if libc.ptrace(0, 0, 0, 0) < 0:  # PTRACE_TRACEME
        raise OSError(ctypes.get_errno(), "ptrace")
def parent_namespace():
    if libc.setns(os.open(f"/proc/{os.getppid()}/ns/net", 0), 0) < 0:
        raise OSError(ctypes.get_errno(), "setns")
WAYS = {
    "tcp": tcp, "mptcp": lambda: tcp(262), "fast open": fast_open,
    "other device": lambda: unbound(25, b"out0"), "no device": lambda: unbound(25, b""),
    "device index": lambda: unbound(62, 0),
    "udp": lambda: datagram(socket.AF_INET, (O, 9)),
    "tcp6": lambda: socket.create_connection(("2001:db8::7", 9), 0.3),
    "raw": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 253).sendto(b"x", (O, 0)),
    "packet": lambda: socket.socket(17, socket.SOCK_RAW, 3).sendto(b"x" * 60, ("out0", 3)),
    "vsock": lambda: socket.socket(40, socket.SOCK_STREAM),
    "name": lambda: socket.getaddrinfo("host.example", 80),
}
seen = {}
for name, way in WAYS.items():
    before = sent()
    try: way(); result = "done"
    except OSError as error: result = type(error).__name__
    seen[name] = [result, sent() - before]
OTHERS = {"loopback": loopback, "io_uring": ring, "setns": parent_namespace, "ptrace": trace}
for name, way in OTHERS.items():
    try: way(); seen[name] = ["done", 0]
    except OSError as error: seen[name] = [type(error).__name__, 0]
status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
seen["status"] = [status["CapEff"].strip(), int(status["NoNewPrivs"])]
print(json.dumps(seen))
"""

LAB = """
trap 'exit 77' EXIT
set -e
ip link set lo up
ip link add out0 type veth peer name far0
echo 1 > /proc/sys/net/ipv6/conf/out0/disable_ipv6  # it would send by itself
echo 1 > /proc/sys/net/ipv6/conf/far0/disable_ipv6
ip addr add 198.51.100.1/24 dev out0
ip link set far0 up
ip link set out0 arp off up
ip route add default dev out0
trap - EXIT
exec "$@"
"""
NOT_BUILT = 77


def in_lab(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run a program in a network namespace with a route out."""
    if not shutil.which("ip") or not shutil.which("unshare"):
        pytest.skip("needs ip and unshare to build a network to escape to")
    how = ["unshare", "-n"] if os.getuid() == 0 else ["unshare", "-Urn"]
    ran = subprocess.run(
        [*how, "sh", "-c", LAB, "sh", *arguments],
        input=stdin,
        capture_output=True,
        check=False,
        timeout=600,
    )
    if ran.returncode == NOT_BUILT or b"unshare failed" in ran.stderr:
        pytest.skip("this host gives tests no network namespace to build in")
    return ran


def behind(wall: str, *before: str) -> tuple[str, dict[str, list[object]]]:
    """What the hostile program managed behind a wall, in the lab."""
    order = Order((sys.executable, "-I", "-c", HOSTILE, OUTSIDE), {"LANG": "C"}, wall)
    ran = in_lab(*before, sys.executable, "-I", "-c", LAUNCH, stdin=order.encode())
    first, _, rest = ran.stdout.decode().partition("\n")
    assert ran.returncode == 0, (first, rest, ran.stderr)
    return first, json.loads(rest)


def test_without_a_wall_the_program_gets_out() -> None:
    ran = in_lab(sys.executable, "-I", "-c", HOSTILE, OUTSIDE)
    seen = json.loads(ran.stdout)
    for way in ("tcp", "fast open", "no device", "udp", "raw", "packet"):
        assert seen[way][1] > 0, way  # otherwise the tests below are blind
    assert seen["loopback"] == seen["ptrace"] == ["done", 0]


@pytest.mark.parametrize("wall", Isolation)
def test_behind_a_wall_nothing_gets_out_and_loopback_works(wall: Isolation) -> None:
    first, seen = behind(wall.value)
    assert first == f"wall: {wall}"
    assert seen.pop("loopback") == ["done", 0]
    assert seen.pop("status") == ["0" * 16, 1]
    assert [way for way, (result, _) in seen.items() if result == "done"] == []
    assert all(sent <= 0 for _, sent in seen.values() if isinstance(sent, int))


def test_an_ordinary_user_gets_the_namespace_too() -> None:
    if os.getuid() != 0:
        pytest.skip("the other tests are it")
    if Path("/proc/sys/user/max_user_namespaces").read_text().strip() == "0":
        pytest.skip("this host gives ordinary users no namespaces")
    program = (
        BOOT + "import os; from appliance.engine import isolation;"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534);"
        "isolation.enter_namespace(); isolation.forbid_detours(); print(os.getuid())"
    )
    ran = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, check=False)
    if b"forbids" in ran.stderr or b"without power" in ran.stderr:
        pytest.skip("this host gives ordinary users no namespaces")
    assert ran.stdout == b"65534\n", ran.stderr


def test_where_namespaces_are_forbidden_the_filter_is_chosen() -> None:
    forbid = (
        "echo 0 > /proc/sys/user/max_net_namespaces;"
        'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"'
    )
    if subprocess.run(["unshare", "-Ur", "true"], check=False, capture_output=True).returncode:
        pytest.skip("needs a user namespace whose limits it may lower")
    order = Order(("/bin/true",), {})
    ran = subprocess.run(
        ["unshare", "-Ur", "sh", "-c", forbid, "sh", sys.executable, "-I", "-c", LAUNCH],
        input=order.encode(),
        capture_output=True,
        check=True,
    )
    assert ran.stdout.decode().splitlines() == [f"wall: {Isolation.FILTER}"]


def test_where_neither_wall_stands_nothing_is_started(tmp_path: Path) -> None:
    order = Order(("/bin/touch", str(tmp_path / "ran")), {}, Isolation.FILTER.value)
    taken = (  # a process can have one keeper of sockets; this one is not ours
        BOOT + "from appliance.engine import loopback; loopback.install();"
        "from appliance.engine.launch import main; main()"
    )
    ran = subprocess.run(
        [sys.executable, "-I", "-c", taken], input=order.encode(), capture_output=True, check=False
    )
    assert ran.returncode == REFUSAL
    assert ran.stdout.startswith(b"refused: the kernel refused a filter")
    assert not (tmp_path / "ran").exists()


def test_a_namespace_that_cannot_be_had_is_refused_when_demanded(tmp_path: Path) -> None:
    order = Order(("/bin/touch", str(tmp_path / "ran")), {}, Isolation.NAMESPACE.value)
    limited = 'echo 0 > /proc/sys/user/max_net_namespaces; exec "$@"'
    if subprocess.run(["unshare", "-Ur", "true"], check=False, capture_output=True).returncode:
        pytest.skip("needs a user namespace whose limits it may lower")
    ran = subprocess.run(
        ["unshare", "-Ur", "sh", "-c", limited, "sh", sys.executable, "-I", "-c", LAUNCH],
        input=order.encode(),
        capture_output=True,
        check=False,
    )
    assert ran.returncode == REFUSAL
    assert b"forbids network namespaces" in ran.stdout
    assert not (tmp_path / "ran").exists()


def test_the_counter_counts_attempts_and_the_wall_does_not_hide_them() -> None:
    program = (
        "import socket, sys, time\n"
        "for address in sys.argv[1:]:\n"
        "    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "    try: s.connect((address, 9))\n"
        "    except OSError: pass\n"
        "print(flush=True); time.sleep(60)"
    )
    arguments = (sys.executable, "-I", "-c", program, OUTSIDE, OUTSIDE, "127.0.0.1")
    with subprocess.Popen(
        [sys.executable, "-I", "-c", LAUNCH], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        with child.stdin as pipe:
            pipe.write(Order(arguments, {}, Isolation.NAMESPACE.value).encode())
        if child.stdout.readline().startswith(b"refused"):
            pytest.skip("this host gives no network namespace")
        child.stdout.readline()
        try:
            assert isolation.egress_attempts(child.pid) == 2
        finally:
            child.kill()


def test_where_the_network_is_shared_the_counter_is_not_taken_for_proof() -> None:
    with pytest.raises(EngineUnavailable, match="no network namespace of its own"):
        isolation.egress_attempts(os.getpid())


def test_a_process_that_is_gone_has_no_counter() -> None:
    with pytest.raises(EngineUnavailable, match="cannot be read"):
        isolation.egress_attempts(2**22 + 1)
