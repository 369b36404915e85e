"""Each change to an installation since it was signed is found by name."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from appliance import config
from appliance.acceptance import installed, outside, unpacked
from appliance.acceptance.checks import Check, Verdict, made
from appliance.acceptance.walls import judged
from appliance.app.view import Appliance
from appliance.config import EngineSettings, Settings
from appliance.egress.verdict import Item
from appliance.egress.verdict import Verdict as Egress
from appliance.offline import SWITCHES, is_forbidden
from tests.acceptance.installation import flip, install, plant
from tests.conftest import PASSPHRASE, Desk


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Of an installed release with an engine, in an environment as the command line leaves it."""
    for name, value in SWITCHES.items():
        monkeypatch.setenv(name, value)
    for name in [name for name in config.variables() if is_forbidden(name)]:
        monkeypatch.delenv(name)
    root = install(tmp_path, "cpu")
    return replace(config.load(tmp_path / "home"), root=root, engine=EngineSettings(model="tiny"))


def every(settings: Settings, *, deep: bool = False) -> dict[str, Check]:
    checks = (
        installed.switches(settings),
        installed.files(settings, deep=deep),
        installed.packages(settings, "app"),
        installed.packages(settings, "engine"),
        made("P9", "language model", lambda: installed.model(settings, "tiny", "language model")),
    )
    return {check.name: check for check in checks}


def wrong(settings: Settings, *, deep: bool = False) -> dict[str, str]:
    """Only what is not as it should be, by its words."""
    found = every(settings, deep=deep)
    assert all(c.remedy for c in found.values() if c.verdict is Verdict.FAIL)
    return {n: c.found for n, c in found.items() if c.verdict is not Verdict.PASS}


def test_a_sound_installation_passes(settings: Settings) -> None:
    assert wrong(settings) == {}
    assert wrong(settings, deep=True) == {}


def test_a_switch_removed_from_this_process(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DO_NOT_TRACK")
    monkeypatch.setenv("VLLM_NO_USAGE_STATS", "0")
    monkeypatch.setenv("https_proxy", "http://192.0.2.1")
    words = wrong(settings)["telemetry switches"]
    assert "DO_NOT_TRACK is not set in this process" in words
    assert "VLLM_NO_USAGE_STATS is not set in this process" in words
    assert "https_proxy is set" in words


def test_a_switch_removed_from_the_file_of_the_services(settings: Settings) -> None:
    file = settings.root / "deploy" / "offline.env"
    file.write_text(file.read_text().replace("HF_HUB_OFFLINE=1\n", ""))
    assert wrong(settings) == {
        "telemetry switches": f"HF_HUB_OFFLINE is not set in {file}",
        "files of the release": f"{file} differs from the manifest",
    }


def test_one_byte_of_a_model(settings: Settings) -> None:
    weights = settings.models / "tiny" / "model.safetensors"
    flip(weights)
    assert wrong(settings) == {"language model": f"{weights} differs from model.json"}


def test_a_model_whose_own_manifest_was_written_anew(settings: Settings) -> None:
    manifest = settings.models / "tiny" / "model.json"
    manifest.write_text(manifest.read_text().replace("Apache-2.0", "Apache-2.1"))
    assert wrong(settings) == {"files of the release": f"{manifest} differs from the manifest"}


@pytest.mark.parametrize(
    ("part", "name", "version", "words"),
    [
        ("app", "evil", "6.6", "evil 6.6 is installed and in no lock"),
        ("app", "numpy", "9.9", "numpy 9.9 is installed, locked is 2.4.6"),
        ("engine", "evil_twin", "1", "evil-twin 1 is installed and in no lock"),
    ],
)
def test_a_planted_package(
    settings: Settings, part: str, name: str, version: str, words: str
) -> None:
    plant(settings.root, part, name, version)
    assert wrong(settings) == {f"packages of the {part}": words}


def test_a_package_that_was_removed(settings: Settings) -> None:
    shutil.rmtree(next(settings.root.glob("envs/app/**/numpy-*")))
    assert wrong(settings) == {"packages of the app": "numpy is locked, not installed"}


def test_a_planted_wheel_and_a_changed_one(settings: Settings) -> None:
    planted = settings.root / "wheels" / "app" / "numpy-9.9.whl"
    planted.write_text("x")
    assert wrong(settings) == {"files of the release": f"{planted} is not in the manifest"}
    planted.unlink()
    flip(settings.root / "wheels" / "app" / "numpy-2.4.6.whl")
    assert wrong(settings) == {}  # it was unpacked long ago; a deep check reads it
    assert "numpy-2.4.6.whl differs" in wrong(settings, deep=True)["files of the release"]


def test_a_module_that_is_of_no_wheel_is_missing_or_was_changed(settings: Settings) -> None:
    site = next(settings.root.glob("envs/app/lib/*/site-packages"))

    def found(*, deep: bool = False) -> str:
        check = unpacked.modules(settings, "app", deep=deep)
        assert check.remedy or check.verdict is Verdict.PASS
        return "" if check.verdict is Verdict.PASS else check.found

    assert found() == found(deep=True) == ""
    assert unpacked.modules(settings, "engine", deep=True).verdict is Verdict.PASS
    (site / "evil.pth").touch()  # Python runs these at every start
    assert found() == "evil.pth is of no wheel"
    (site / "evil.pth").unlink()
    module = site / "numpy" / "__init__.py"
    flip(module)
    assert found() == ""  # a deep check reads it
    assert found(deep=True) == "numpy/__init__.py differs from its wheel"
    module.unlink()
    assert found() == "numpy/__init__.py is missing"
    (settings.root / "wheels" / "app" / "numpy-2.4.6.whl").write_text("x")
    assert found() == "a wheel of the release cannot be read"


def test_a_core_installation_has_nothing_to_check_of_an_engine(tmp_path: Path) -> None:
    settings = replace(config.load(tmp_path / "home"), root=install(tmp_path))
    for check in (
        installed.packages(settings, "engine"),
        unpacked.modules(settings, "engine", deep=True),
        installed.model(settings, "none", "language model"),
    ):
        assert check.verdict is Verdict.NOT_RUN


# --- the store from outside -----------------------------------------------------------------------


@pytest.mark.parametrize("place", ["", "store", "store/keyring*", "store/catalogue.db", "audit"])
def test_what_others_can_read_is_named(desk: Desk, place: str) -> None:
    settings = config.load(desk.home)
    assert outside.modes(settings).verdict is Verdict.PASS
    path = next(desk.home.glob(place)) if place else desk.home
    path.chmod(path.stat().st_mode | 0o044)  # readable by everybody
    check = outside.modes(settings)
    assert check.verdict is Verdict.FAIL
    assert check.found == f"{path} has mode {path.stat().st_mode & 0o7777:o}"


def test_policies_may_be_read_by_others_and_not_written(desk: Desk) -> None:
    path = desk.home / "policies" / "general.cedar"
    path.chmod(0o666)
    assert outside.modes(config.load(desk.home)).found == f"{path} has mode 666"


def test_the_log_is_checked_with_its_key_and_only_with_it(desk: Desk) -> None:
    settings = config.load(desk.home)
    key = bytes.fromhex(_key(desk))
    assert outside.log(settings, key).verdict is Verdict.PASS
    assert outside.log(settings, b"").verdict is Verdict.UNKNOWN
    segment = next((desk.home / "audit").rglob("*.jsonl"))
    flip(segment)
    check = made("P4", "audit log", lambda: outside.log(settings, key))
    assert check.verdict is Verdict.FAIL
    assert "000000.jsonl" in check.found


def _key(desk: Desk) -> str:
    uid = os.getuid()
    settings = config.load(desk.home)
    with Appliance.open(settings, PASSPHRASE, uid, "", lambda _: None) as appliance:
        return appliance.log.public_key.hex()


# --- walls ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdicts", "expected", "words"),
    [
        ((Egress.PASS, Egress.PASS), "PASS", "2 items"),
        ((Egress.PASS, Egress.FAIL), "FAIL", "1 of 2 items: engine: wall 1: why"),
        ((Egress.UNKNOWN, Egress.PASS), "UNKNOWN", "1 of 2 items: engine: wall 0: why"),
    ],
)
def test_a_wall_that_does_not_stand_is_named(
    verdicts: tuple[Egress, ...], expected: str, words: str
) -> None:
    items = tuple(Item("engine", f"wall {at}", v, "why") for at, v in enumerate(verdicts))
    check = judged(items)
    assert check.verdict == expected
    assert check.found.startswith(words)
