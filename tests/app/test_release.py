"""The installed release, and what the doctor makes of one without an engine."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from appliance import config
from appliance.app import release
from appliance.app.doctor import examine
from appliance.config import Settings
from appliance.errors import ConfigError


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of an installation at a root of its own, without environments and models."""
    root = tmp_path / "releases" / "1.0.0-7"
    root.mkdir(parents=True)
    return replace(config.load(tmp_path / "home"), root=root)


def manifest(settings: Settings, variant: str = "core", path: str = "README.md") -> None:
    listed = {"path": path, "kind": "doc", "size": 2, "sha256": hashlib.sha256(b"hi").hexdigest()}
    table = {"version": "1.0.0", "serial": 7, "variant": variant, "files": [listed]}
    (settings.root / "MANIFEST.json").write_text(json.dumps(table))


def test_a_checkout_is_no_release(tmp_path: Path) -> None:
    settings = replace(config.load(tmp_path / "home"), root=tmp_path)
    assert release.of(settings) is None
    assert release.remedy(settings) == "run scripts/setup"


def test_what_the_manifest_says(settings: Settings) -> None:
    manifest(settings)
    found = release.of(settings)
    assert found is not None
    assert (found.version, found.serial, found.has_engine) == ("1.0.0", 7, False)
    assert found.files[0].path == "README.md"


@pytest.mark.parametrize("fault", ["missing", "no JSON", "another", "outside"])
def test_a_damaged_manifest_is_named(settings: Settings, fault: str) -> None:
    manifest(settings, path="../x" if fault == "outside" else "x")
    path = settings.root / "MANIFEST.json"
    if fault == "missing":
        path.unlink()
    elif fault == "no JSON":
        path.write_text("{")
    elif fault == "another":
        (settings.root / ".complete").write_text("0" * 64 + "\n")
    with pytest.raises(ConfigError, match=r"MANIFEST\.json"):
        release.of(settings)


def test_the_doctor_finds_nothing_wrong_with_a_core_installation(settings: Settings) -> None:
    manifest(settings)
    found = {f.check: f for f in examine(settings)}
    for check in ("language model", "engine environment", "engine"):
        assert found[check].right, check
        assert found[check].found.startswith("none: ")


def test_the_doctors_remedies_fit_an_installed_release(settings: Settings) -> None:
    manifest(settings, "cpu")
    found = {f.check: f for f in examine(settings)}
    for check in ("language model", "embedding model", "engine environment"):
        assert not found[check].right
        assert "install.sh" in found[check].remedy
    assert not any("scripts/" in f.remedy for f in found.values())
