"""The units, quadlets and examples: every command is real, every path is an installed one."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import threading
from configparser import RawConfigParser
from pathlib import Path

import click
import pytest

from appliance.cli.main import COMMANDS, cli
from appliance.errors import StoreBusy
from appliance.store.lock import StoreLock
from deploy.installer import system

DEPLOY = Path(__file__).parents[2] / "deploy"
SERVICES = sorted((DEPLOY / "systemd").glob("*.service"))
TIMERS = sorted((DEPLOY / "systemd").glob("*.timer"))
QUADLETS = sorted((DEPLOY / "quadlet").glob("*.container"))
RELEASE = f"{system.PREFIX}/current"
LIMITS = {
    "appliance-engine.service": 1.5,
    "appliance-attest.service": 1.5,
}  # what is exposed, on systemd's scale from 0 to 10
LIMIT = 1.0

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not on this machine"
)


def values(path: Path, key: str) -> list[str]:
    """Every value of a key, in order."""
    return re.findall(rf"^{key}=(.*)$", path.read_text("utf-8"), re.M)


def command_of(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that these words name, and the words that are left."""
    assert words[0] in COMMANDS, words
    found = cli.get_command(click.Context(cli), words[0])
    rest = words[1:]
    if isinstance(found, click.Group):
        found, rest = found.commands[rest[0]], rest[1:]
    assert found is not None
    return found, rest


def check_command(line: str) -> None:
    program, *words = line.split()
    if program == "/bin/sh":
        assert words[0].startswith(f"{RELEASE}/deploy/")
        assert (DEPLOY / words[0].removeprefix(f"{RELEASE}/deploy/")).is_file()
        return
    assert program == f"{RELEASE}/envs/app/bin/appliance"
    command, rest = command_of(words)
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in rest if word.startswith("-")} <= options, line


@pytest.mark.parametrize("unit", SERVICES, ids=lambda path: path.name)
def test_a_service_calls_what_exists_under_the_switches(unit: Path) -> None:
    lines = [line for key in ("ExecStartPre", "ExecStart") for line in values(unit, key)]
    assert lines
    for line in lines:
        check_command(line)
    assert values(unit, "EnvironmentFile") == [f"{RELEASE}/deploy/offline.env"]
    if "@" in unit.name:  # runs as the account that it is named for, and opens no store
        assert values(unit, "User") == ["%i"]
        assert any(v.startswith("APPLIANCE_SOCKET=") for v in values(unit, "Environment"))
        return
    assert values(unit, "User")[0] in system.ACCOUNTS
    homes = [v for v in values(unit, "Environment") if v.startswith("APPLIANCE_HOME=")]
    assert homes == [f"APPLIANCE_HOME=/var/lib/{values(unit, 'User')[0]}"]


@pytest.mark.parametrize("unit", SERVICES, ids=lambda path: path.name)
def test_a_service_has_no_network_no_rights_and_leaves_no_core(unit: Path) -> None:
    wanted = {
        "PrivateNetwork": "yes",
        "NoNewPrivileges": "yes",
        "CapabilityBoundingSet": "",
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "LimitCORE": "0",
        "MemorySwapMax": "0",
        "SystemCallArchitectures": "native",
    }
    assert {key: values(unit, key)[0] for key in wanted} == wanted
    families = set(values(unit, "RestrictAddressFamilies")[0].split())
    more = {"AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET"}  # for the control of the attestation
    if unit.name == "appliance-attest.service":
        more.add("AF_VSOCK")
    assert families == {"AF_UNIX"} | (more if unit.name in LIMITS else set())
    assert values(unit, "IPAddressDeny") == ([] if unit.name in LIMITS else ["any"])


@pytest.mark.parametrize("name", ["core", "attest", "verify"])
def test_what_starts_a_reader_may_confine_it(name: str) -> None:
    """Without these calls a reader cannot give up the file system, and is refused."""
    unit = DEPLOY / "systemd" / f"appliance-{name}.service"
    allowed = " ".join(v for v in values(unit, "SystemCallFilter") if not v.startswith("~")).split()
    assert {f"landlock_{call}" for call in ("create_ruleset", "add_rule", "restrict_self")} <= {
        *allowed
    }
    assert values(unit, "RestrictNamespaces") == ["user net"]


def test_every_timer_has_its_service_and_every_unit_is_told_of() -> None:
    notes = (DEPLOY / "notes" / "README.md").read_text("utf-8")
    assert TIMERS
    for timer in TIMERS:
        assert timer.with_suffix(".service") in SERVICES
        assert f"`{timer.name}`" in notes
    timed = {timer.with_suffix(".service") for timer in TIMERS}
    assert all(f"`{unit.name}`" in notes for unit in SERVICES if unit not in timed)


@needs_systemd
@pytest.mark.parametrize("unit", SERVICES, ids=lambda path: path.name)
def test_a_service_is_exposed_as_little_as_is_said(unit: Path) -> None:
    limit = LIMITS.get(unit.name, LIMIT)
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
    assert found, done.stderr
    assert float(found[1]) <= limit


@needs_systemd
@pytest.mark.parametrize("unit", [*SERVICES, *TIMERS], ids=lambda path: path.name)
def test_systemd_reads_every_line(unit: Path) -> None:
    command = ["systemd-analyze", "verify", "--man=no", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    told = [line for line in done.stderr.splitlines() if "is not executable" not in line]
    assert [line for line in told if unit.stem in line] == []


@pytest.mark.parametrize("unit", QUADLETS, ids=lambda path: path.name)
def test_a_container_has_no_network_no_rights_and_a_pinned_image(unit: Path) -> None:
    parser = RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(unit)
    container = parser["Container"]
    wanted = {
        "Network": "none",
        "Pull": "never",
        "ReadOnly": "true",
        "DropCapability": "all",
        "NoNewPrivileges": "true",
        "EnvironmentFile": "offline.env",
    }
    assert {key: container[key] for key in wanted} == wanted
    assert re.fullmatch(r"localhost/appliance@sha256:[0-9a-f]{64}", container["Image"])
    assert container["User"] in system.ACCOUNTS
    check_command(container["Exec"])


def test_the_image_is_built_without_a_network_from_the_signed_bundle() -> None:
    text = (DEPLOY / "Containerfile").read_text("utf-8")
    runs = re.findall(r"^RUN (.*)$", text, re.M)
    assert runs
    assert all(run.startswith("--network=none") for run in runs)
    assert re.search(r"^FROM \$\{BASE\}$", text, re.M)
    assert "--fingerprint" in text
    assert not re.search(r"\b(curl|wget|pip|git|apt|dnf)\b", text)


def test_nothing_of_the_appliances_users_passes_the_example_of_nftables() -> None:
    text = (DEPLOY / "nftables.example").read_text("utf-8")
    for account in system.ACCOUNTS:
        assert re.search(rf'meta skuid "{account}" counter .* drop$', text, re.M)
    assert text.index('oifname "lo" accept') < text.index("meta skuid")


# --- hooks ----------------------------------------------------------------------------------------


def hooks(tmp_path: Path, **scripts: str) -> subprocess.CompletedProcess[str]:
    folder = tmp_path / "backup.d"
    folder.mkdir()
    (tmp_path / "store").mkdir()
    for name, body in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755 if not name.startswith("off") else 0o644)
    command = ["sh", str(DEPLOY / "run-hooks.sh"), str(folder)]
    environment = {"PATH": os.environ["PATH"], "APPLIANCE_HOME": str(tmp_path)}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment, timeout=300
    )


@pytest.mark.skipif(shutil.which("flock") is None, reason="flock is not on this machine")
def test_hooks_run_in_order_all_of_them_and_a_failure_is_told(tmp_path: Path) -> None:
    done = hooks(
        tmp_path,
        a_first=f"echo one >> {tmp_path}/log",
        b_second="exit 7",
        c_third=f"echo three >> {tmp_path}/log; flock -n {tmp_path}/store/lock true || echo held",
        off=f"echo never >> {tmp_path}/log",
    )
    assert done.returncode == 1
    assert (tmp_path / "log").read_text().split() == ["one", "three"]
    assert "b_second failed with status 7" in done.stderr
    assert "held" in done.stdout


@pytest.mark.skipif(shutil.which("flock") is None, reason="flock is not on this machine")
def test_hooks_wait_for_whoever_works_on_the_store_but_not_for_the_service(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "backup.d").mkdir()
    served = tmp_path / "s"
    environment = {
        "PATH": os.environ["PATH"],
        "APPLIANCE_HOME": str(tmp_path),
        "APPLIANCE_SOCKET": str(served),
    }

    def run(*patience: str) -> subprocess.CompletedProcess[str]:
        command = ["sh", str(DEPLOY / "run-hooks.sh"), str(tmp_path / "backup.d"), *patience]
        return subprocess.run(
            command, check=False, env=environment, capture_output=True, text=True, timeout=300
        )

    held = StoreLock(tmp_path / "store" / "lock")
    try:
        busy = run("1")
        with socket.socket(socket.AF_UNIX) as service:
            service.bind(str(served))
            sealed_first = run()  # ten minutes else
        served.unlink()
        threading.Timer(2, held.release).start()
        waited = run()
    finally:
        held.release()
    assert busy.returncode == sealed_first.returncode == StoreBusy.exit_code == 19
    assert "in use" in busy.stderr
    assert "seal it first" in sealed_first.stderr
    assert (waited.returncode, "waiting" in waited.stderr) == (0, True)
