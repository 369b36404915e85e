"""Settings: defaults, overrides, and every way in which the file can be wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance import config
from appliance.errors import ConfigError


def test_defaults_without_a_file(tmp_path: Path) -> None:
    settings = config.load(environ={"APPLIANCE_HOME": str(tmp_path), "APPLIANCE_ROOT": "/r"})
    assert settings.home == tmp_path
    assert settings.models == Path("/r/models")
    assert settings.engine_python == Path("/r/envs/engine/bin/python")
    assert settings.engine_socket == tmp_path / "run" / "engine.sock"


def test_values_override_defaults(tmp_path: Path) -> None:
    (tmp_path / "appliance.toml").write_text(
        "[engine]\nmax_model_len = 4096\n[search]\ncharacters=3"
    )
    settings = config.load(tmp_path, environ={})
    assert settings.engine.max_model_len == 4096
    assert settings.search.characters == 3


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[engine]\nmax_model_length = 1", "max_model_length"),
        ("[motor]\nx = 1", "motor"),
        ("[engine]\nmax_model_len = '8'", "int"),
        ("[engine]\nmax_model_len = true", "int"),
        ("[engine", "TOML"),
        ("engine = 1", "engine"),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path: Path, text: str, word: str) -> None:
    (tmp_path / "appliance.toml").write_text(text)
    with pytest.raises(ConfigError, match=word) as caught:
        config.load(tmp_path, environ={})
    assert "appliance.toml" in caught.value.message


def test_the_environment_names_the_service_to_whoever_may_not_read_the_home(
    tmp_path: Path,
) -> None:
    (tmp_path / "appliance.toml").write_text('[service]\nsocket = "/run/a.sock"\nworkers = 3')
    assert config.load(tmp_path, environ={}).service_socket == Path("/run/a.sock")
    named = config.load(tmp_path, environ={"APPLIANCE_SOCKET": "/run/b.sock"})
    assert (named.service_socket, named.service.workers) == (Path("/run/b.sock"), 3)
    assert config.load(tmp_path / "x", {}).service_socket == tmp_path / "x" / "run" / "service.sock"


def test_a_deep_home_still_gets_a_socket_that_binds(tmp_path: Path) -> None:
    settings = config.load(tmp_path / ("d" * 120), environ={})
    assert len(str(settings.engine_socket)) <= config.LONGEST_SOCKET_PATH
    assert settings.run != config.load(tmp_path / ("e" * 120), environ={}).run


def test_a_release_brings_its_policies_and_a_checkout_has_them_beside_it(tmp_path: Path) -> None:
    settings = config.load(tmp_path, {"APPLIANCE_ROOT": str(tmp_path / "release")})
    assert (settings.policies / "general.cedar").exists()

    (tmp_path / "release" / "policies").mkdir(parents=True)
    assert settings.policies == tmp_path / "release" / "policies"
