"""What the kernel says of one process and its network, read from /proc.

Sources: proc(5), namespaces(7), RFC 4293 (the names of the counters).  What cannot be read is None
or empty, never guessed.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from appliance import offline

LOOPBACK = "lo"
# Switched off, but put by kernel modules into every namespace (ip-sysctl: fb_tunnels).
FALLBACKS = frozenset(
    {"tunl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "sit0", "ip6tnl0", "ip6gre0"}
)
_PROC = Path("/proc")
_REFUSES = 0x200  # RTF_REJECT, linux/ipv6_route.h


@dataclass(frozen=True, slots=True)
class Device:
    """A network interface; ``sent`` counts packets since it was made."""

    name: str
    sent: int


@dataclass(frozen=True, slots=True)
class Facts:
    """One process as the kernel shows it.

    ``network`` and ``init_network`` name network namespaces (``net:[inode]``), of this process and
    of process 1; ``routes`` name address family and device; ``seccomp`` is 0 none, 1 strict,
    2 filter; ``capabilities`` is the effective set in hexadecimal; ``no_routes`` counts attempts
    to send where no route leads, ``requests`` all packets asked to be sent, both over IPv4 and
    IPv6; ``forbidden`` are names of variables that must not be set.
    """

    network: str = ""
    init_network: str = ""
    devices: tuple[Device, ...] | None = None
    routes: tuple[str, ...] | None = None
    seccomp: int | None = None
    no_new_privileges: bool | None = None
    capabilities: str = ""
    no_routes: int | None = None
    requests: int | None = None
    forbidden: tuple[str, ...] | None = None

    @property
    def sent(self) -> int:
        """Packets that devices other than loopback have sent."""
        return sum(device.sent for device in self.devices or () if device.name != LOOPBACK)


def of(process: int | None = None) -> Facts:
    """The facts of a process, by default of this one."""
    proc = _PROC / (str(process) if process is not None else "self")
    status = dict(line.split(":", 1) for line in _lines(proc / "status") or () if ":" in line)
    return Facts(
        network=_link(proc / "ns/net"),
        init_network=_link(_PROC / "1/ns/net"),
        devices=_devices(proc),
        routes=_routes(proc),
        seccomp=_number(status.get("Seccomp")),
        no_new_privileges=None
        if "NoNewPrivs" not in status
        else _number(status["NoNewPrivs"]) == 1,
        capabilities=status.get("CapEff", "").strip(),
        no_routes=_counter(proc, "OutNoRoutes"),
        requests=_counter(proc, "OutRequests"),
        forbidden=_forbidden(proc),
    )


def _devices(proc: Path) -> tuple[Device, ...] | None:
    lines = _lines(proc / "net/dev")
    if lines is None:
        return None
    named = (line.partition(":") for line in lines[2:])
    return tuple(Device(name.strip(), int(rest.split()[9])) for name, _, rest in named)


def _routes(proc: Path) -> tuple[str, ...] | None:
    """Of every route that does not end at loopback; rejecting routes lead nowhere."""
    four, six = _lines(proc / "net/route"), _lines(proc / "net/ipv6_route", missing=())
    if four is None or six is None:
        return None
    found = [f"IPv4 {line.split()[0]}" for line in four[1:] if line.split()[0] != LOOPBACK]
    for line in six:
        *_, flags, device = line.split()
        if device != LOOPBACK and not int(flags, 16) & _REFUSES:
            found.append(f"IPv6 {device}")
    return tuple(sorted(set(found)))


def _counter(proc: Path, name: str) -> int | None:
    """A counter of the Internet Protocol, version 4 and 6 together; 6 may be absent."""
    four, six = _lines(proc / "net/snmp"), _lines(proc / "net/snmp6", missing=())
    rows = [line.split()[1:] for line in four or () if line.startswith("Ip:")]
    if six is None or len(rows) != 2 or name not in rows[0]:
        return None
    total = int(rows[1][rows[0].index(name)])
    return total + sum(int(line.split()[1]) for line in six if line.split()[0] == f"Ip6{name}")


def _forbidden(proc: Path) -> tuple[str, ...] | None:
    try:
        content = (proc / "environ").read_bytes()
    except OSError:
        return None
    names = (os.fsdecode(entry.partition(b"=")[0]) for entry in content.split(b"\0") if entry)
    return tuple(sorted({name for name in names if offline.is_forbidden(name)}))


def _lines(path: Path, missing: tuple[str, ...] | None = None) -> tuple[str, ...] | None:
    try:
        return tuple(path.read_text("ascii", "replace").splitlines())
    except FileNotFoundError:
        return missing
    except OSError:
        return None


def _link(path: Path) -> str:
    with suppress(OSError):
        return os.readlink(path)
    return ""


def _number(text: str | None) -> int | None:
    return int(text) if text is not None else None
