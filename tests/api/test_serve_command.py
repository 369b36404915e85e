"""`appliance serve` from the command line, asked by the real command line of other accounts."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance import config
from appliance.app.premises import Premises
from appliance.errors import Denied
from tests.api.serving import IS_ROOT, introduce
from tests.conftest import PASSPHRASE, QUICK

OPERATOR, OFFICER, CUSTODIAN, STRANGER = 1, 2, 3, 4  # accounts that every machine has
ROOT = Path(__file__).parent.parent.parent
APPLIANCE = (sys.executable, "-m", "appliance.cli.main")


@dataclass(frozen=True, slots=True)
class Site:
    """A home, and the service's socket where everybody finds it."""

    home: Path
    socket: Path
    passphrase: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": "/usr/bin:/bin",
            "APPLIANCE_SOCKET": str(self.socket),
            "APPLIANCE_HOME": str(self.home),
            "LANG": "C.UTF-8",
        }

    def serve(self, *options: str) -> subprocess.Popen[str]:
        """The service, in a process of its own; returns when it answers."""
        file = ("--passphrase-file", str(self.passphrase))
        process = subprocess.Popen(
            [*APPLIANCE, "serve", "--cold", *(options or file)],
            cwd=ROOT,
            env=self.environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        deadline = time.monotonic() + 300
        while not self.socket.exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return process

    def ask(self, uid: int, *words: str) -> subprocess.CompletedProcess[str]:
        """One command of an account that can read nothing of the home, and has no passphrase."""
        command = [*APPLIANCE, *words]
        if uid:
            command = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", *command]
        return subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )


@pytest.fixture
def site() -> Iterator[Site]:
    with tempfile.TemporaryDirectory(prefix="appliance-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        (folder / "passphrase").write_text(PASSPHRASE)
        found = Site(folder / "home", folder / "s", folder / "passphrase")
        settings = config.load(found.home, {})
        Premises.create(settings, PASSPHRASE, os.getuid(), cost=QUICK)
        with Premises.open(settings, PASSPHRASE) as premises:
            known = {OPERATOR: "operator", OFFICER: "officer", CUSTODIAN: "custodian"}
            for uid, role in known.items():
                introduce(premises, uid, role)
        yield found


def state_of(pid: int) -> list[dict[str, str]]:
    """What the kernel says of every thread of a process."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # that of a caller who went has ended
            lines = (task / "status").read_text().splitlines()
            found.append(dict(line.split(":\t", 1) for line in lines if ":\t" in line))
    return found


@pytest.mark.skipif(not IS_ROOT, reason="only root can call as other accounts")
def test_people_use_it_without_a_passphrase_until_somebody_seals_it(site: Site) -> None:
    service = site.serve()
    try:
        made = site.ask(OPERATOR, "collection", "create", "acme", "--sector", "legal")
        if "ModuleNotFoundError" in made.stderr or made.returncode in {126, 127}:
            pytest.skip("other accounts cannot run this environment's interpreter")
        assert made.returncode == 0, made.stderr
        assert "acme" in site.ask(OPERATOR, "collection", "list").stdout
        assert "acme" not in site.ask(0, "collection", "list").stdout
        assert "acme" not in site.ask(OFFICER, "collection", "list").stdout
        denied = site.ask(OPERATOR, "seal")
        assert denied.returncode == Denied.exit_code
        assert site.ask(STRANGER, "list").returncode == Denied.exit_code
        threads = state_of(service.pid)
        assert len(threads) > 1
        for thread in threads:
            assert thread["Seccomp"] == "2"
            assert thread["NoNewPrivs"] == "1"
            assert int(thread["CapEff"], 16) == int(thread["CapPrm"], 16) == 0
        sealed = site.ask(CUSTODIAN, "seal")
        assert sealed.returncode == 0, sealed.stderr
        Premises.open(config.load(site.home, {}), PASSPHRASE).close()  # sealed, not about to be
        _, said = service.communicate(timeout=300)
        assert service.returncode == 0, said
        assert "63 address families refused in every thread" in said
        assert "the keys are forgotten" in said
    finally:
        service.kill()
        service.communicate()
    assert not site.socket.exists()
    with Premises.open(config.load(site.home, {}), PASSPHRASE) as premises:
        records = list(premises.log.records())
    assert "serve" in {record.action for record in records}
    assert {record.uid for record in records if record.via == "service"} >= {
        OPERATOR,
        OFFICER,
        CUSTODIAN,
        STRANGER,
    }


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)]
)
def test_a_signal_seals_it_and_leaves_the_store_whole(
    site: Site, number: signal.Signals, code: int
) -> None:
    service = site.serve()
    with socket.socket(socket.AF_UNIX) as hanging:
        hanging.connect(str(site.socket))
        service.send_signal(number)
        time.sleep(0.03)
        service.send_signal(signal.SIGTERM)  # impatient; it is ending already
        _, said = service.communicate(timeout=300)
    assert service.returncode == code, said
    assert not site.socket.exists()
    with Premises.open(config.load(site.home, {}), PASSPHRASE) as premises:
        codes = [record.code for record in premises.log.records()]
        assert codes.index("6109.system") < codes.index("6110.system")  # served, sealed


def test_the_service_manager_hands_over_the_secret_and_is_told_when_it_answers(
    site: Site, tmp_path: Path
) -> None:

    site.passphrase.rename(site.passphrase.with_name("elsewhere"))
    (tmp_path / "passphrase").write_text(PASSPHRASE)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(300)
        command = [*APPLIANCE, "serve", "--cold"]
        more = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "CREDENTIALS_DIRECTORY": str(tmp_path)}
        environment = {**site.environment, **more}
        with subprocess.Popen(
            command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
        ) as service:
            assert manager.recv(100) == b"READY=1"
            assert site.socket.exists()
            again = subprocess.run(
                command, cwd=ROOT, env=environment, capture_output=True, check=False, timeout=300
            )
            assert again.returncode == 19  # a service answers already
            service.send_signal(signal.SIGTERM)
            assert manager.recv(100) == b"STOPPING=1"
            service.communicate(timeout=300)


@pytest.mark.skipif(not IS_ROOT, reason="only root can call as other accounts")
def test_a_credential_that_may_not_be_read_is_named(site: Site) -> None:
    for path in (site.home, *site.home.rglob("*")):
        os.chown(path, OPERATOR, OPERATOR)
    with tempfile.TemporaryDirectory() as kept:  # root's alone, as where a unit has no User=
        (Path(kept) / "passphrase").write_text(PASSPHRASE)
        ran = subprocess.run(
            ["setpriv", f"--reuid={OPERATOR}", "--clear-groups", *APPLIANCE, "serve", "--cold"],
            cwd=ROOT,
            env={**site.environment, "CREDENTIALS_DIRECTORY": kept},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
    assert ran.returncode == 8, ran.stderr
    assert f"{kept}/passphrase cannot be read: Permission denied" in ran.stderr
    assert "LoadCredential=" in ran.stderr


def test_a_passphrase_file_that_is_not_there_is_named(site: Site) -> None:
    missing = site.passphrase.with_name("elsewhere")
    ran = subprocess.run(
        [*APPLIANCE, "serve", "--cold", "--passphrase-file", str(missing)],
        cwd=ROOT,
        env=site.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 2, ran.stderr
    assert f"{missing}: No such file" in ran.stderr


@pytest.mark.skipif(not IS_ROOT, reason="only root can call as other accounts")
def test_where_the_service_was_killed_nobody_is_told_to_make_a_store(site: Site) -> None:
    service = site.serve()
    service.kill()
    service.communicate(timeout=300)
    assert site.socket.exists()
    ran = subprocess.run(
        ["setpriv", f"--reuid={OPERATOR}", "--clear-groups", *APPLIANCE, "list"],
        cwd=ROOT,
        env={**site.environment, "APPLIANCE_HOME": str(site.home.with_name("none"))},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 23, ran.stderr
    assert f"no service answers at {site.socket}" in ran.stderr


def test_without_a_service_sealing_asks_for_no_passphrase(site: Site) -> None:
    ran = site.ask(0, "seal")
    assert ran.returncode == 2, ran.stderr
    assert "nothing to seal" in ran.stderr


def test_a_wrong_passphrase_is_said_and_counted(site: Site) -> None:
    site.passphrase.write_text("another passphrase")
    command = [*APPLIANCE, "serve", "--cold", "--passphrase-file", str(site.passphrase)]
    ran = subprocess.run(
        command, cwd=ROOT, env=site.environment, capture_output=True, check=False, timeout=300
    )
    assert ran.returncode == 5
    with Premises.open(config.load(site.home, {}), PASSPHRASE) as premises:
        assert "unseal_failed" in {record.action for record in premises.log.records()}
