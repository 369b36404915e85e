"""What an installation for the whole machine adds and takes back.

The places are folders here, and the programs that make accounts and tell systemd are doubles that
write down what they were asked for.
"""

from __future__ import annotations

import os
import pwd
import tempfile
from pathlib import Path

import pytest

from deploy.installer import main, releases, system

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
PROGRAMS = ("id", "useradd", "usermod", "systemctl")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in PROGRAMS:
        code = 1 if name in {"id", "useradd"} else 0  # no account: nothing is given to one
        (programs / name).write_text(
            f'#!/bin/sh\necho {name} "$@" >>{tmp_path}/asked\nexit {code}\n'
        )
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    for name in ("DATA", "SITE", "UNITS", "COMMAND", "SOCKETS"):
        place = getattr(system, name)
        monkeypatch.setattr(system, name, tmp_path / "root" / place.relative_to("/"))
    monkeypatch.setattr(system, "RUNNING", tmp_path)
    system.UNITS.mkdir(parents=True)
    return tmp_path


def release(prefix: Path, name: str, *, engine: str = "", left_out: str = "") -> None:
    """A release in force with the real units."""
    folder = releases.folder(prefix, name)
    target = folder / "deploy" / "systemd"
    target.mkdir(parents=True)
    (target / "drop-ins").symlink_to(UNITS / "drop-ins")
    for unit in UNITS.glob("appliance-*"):
        if unit.name != left_out:
            (target / unit.name).write_bytes(unit.read_bytes())
    if engine:
        (folder / "wheels" / "engine").mkdir(parents=True)
        (folder / "wheels" / "engine" / engine).touch()
    releases.complete(prefix, name, "a" * 64)
    releases.switch(prefix, name)


def installed() -> set[str]:
    return {path.name for path in system.UNITS.iterdir() if path.is_file()}


def test_every_folder_that_a_unit_names_is_made(machine: Path) -> None:
    release(machine / "opt", "1.0.0-1")
    steps = system.install(machine / "opt")

    assert installed() == {unit.name for unit in UNITS.glob("appliance-*")}
    made = {path.relative_to(machine / "root") for path in (system.DATA, system.SITE)}
    assert made == {Path("var/lib/appliance"), Path("etc/appliance")}
    assert (system.SITE / "backup.d").is_dir()
    assert system.DATA.stat().st_mode & 0o777 == 0o700
    assert os.readlink(system.COMMAND) == str(machine / "opt/current/envs/app/bin/appliance")
    assert "account appliance" in {step.what for step in steps if not step.done}
    asked = (machine / "asked").read_text()
    for account in system.ACCOUNTS:
        assert f"--shell /usr/sbin/nologin {account}\n" in asked


def test_units_are_those_of_the_release_in_force_after_a_rollback_too(machine: Path) -> None:
    prefix = machine / "opt"
    release(prefix, "1.0.0-1", left_out="appliance-core.service")
    release(prefix, "1.0.0-2", engine="vllm-1.whl")
    own = system.UNITS / "appliance-of-the-site.service"
    own.touch()
    system.install(prefix)
    assert (system.UNITS / system.DROP_IN).exists()
    assert "appliance-core.service" in installed()

    releases.switch(prefix, "1.0.0-1")
    system.install(prefix)
    assert not (system.UNITS / system.DROP_IN).exists()
    assert "appliance-core.service" not in installed()
    assert own.exists()
    assert "disable --now appliance-core.service" in (machine / "asked").read_text()


def test_what_is_taken_back_is_what_was_brought(machine: Path) -> None:
    prefix = machine / "opt"
    release(prefix, "1.0.0-1", engine="vllm-1.whl")
    own = system.UNITS / "appliance-of-the-site.service"
    own.touch()
    system.install(prefix)
    (system.SITE / "passphrase").touch()
    system.SOCKETS.mkdir(parents=True)  # kept by the unit of the service

    system.remove(prefix)

    assert [path.name for path in system.UNITS.iterdir()] == [own.name]
    assert (system.SITE / "passphrase").exists()
    assert not (system.SITE / "backup.d").exists()
    assert not system.COMMAND.is_symlink()
    assert not system.SOCKETS.exists()
    assert "systemctl reset-failed appliance-*" in (machine / "asked").read_text()


def test_where_usr_may_not_be_written_it_is_said_and_goes_on(machine: Path) -> None:
    release(machine / "opt", "1.0.0-1")
    system.COMMAND.parent.parent.mkdir(parents=True)
    system.COMMAND.parent.touch()  # as a read-only /usr, which root here could write
    step = system.install(machine / "opt")[-1]

    assert not step.done
    assert str(machine / "opt/current/envs/app/bin/appliance") in step.what
    system.remove(machine / "opt")


def test_the_doctor_looks_at_the_store_of_the_machine_and_a_first_one_is_no_fault(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    account = pwd.getpwuid(65534 if os.getuid() == 0 else os.getuid())
    name = account.pw_name if os.getuid() == 0 else "an-account-that-could-not-be-made"
    monkeypatch.setattr(system, "ACCOUNTS", (name,))
    with tempfile.TemporaryDirectory() as folder:
        prefix = Path(folder)
        prefix.chmod(0o755)
        monkeypatch.setattr(system, "DATA", prefix / "data")
        program = prefix / "current" / "envs" / "app" / "bin" / "appliance"
        program.parent.mkdir(parents=True)
        program.write_text('#!/bin/sh\necho "$(id -u) $APPLIANCE_HOME $1"; exit 1\n')
        program.chmod(0o755)

        main._doctor(prefix, whole=True)
        first = capfd.readouterr()
        (system.DATA / "store").mkdir(parents=True)
        main._doctor(prefix, whole=True)
        later = capfd.readouterr()
    assert f"{account.pw_uid} {system.DATA} doctor" in first.out
    assert f"sudo -u {name} env APPLIANCE_HOME={system.DATA} {program} init" in first.out
    assert "found something" not in first.err
    assert f"sudo -u {name} env APPLIANCE_HOME={system.DATA} {program} doctor" in later.err
