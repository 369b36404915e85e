"""The real engine with the default model, started once for all tests that ask for it.

Registered as a plugin in ``tests/conftest.py``.  Tests that use it are marked ``engine``.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance import config
from appliance.config import EngineSettings, Settings
from appliance.engine import server


@pytest.fixture(scope="session")
def engine_settings() -> Iterator[Settings]:
    """Settings of a home of its own whose engine runs."""
    home = Path(tempfile.mkdtemp(prefix="appliance-"))  # short: a socket's path is bounded
    settings = replace(config.load(home), engine=EngineSettings(cpu_kv_cache_gib=1))
    try:
        server.start(settings, lambda _: None)
        yield settings
    finally:
        server.stop(settings)
        shutil.rmtree(home)


@pytest.fixture(scope="session")
def engine_socket(engine_settings: Settings) -> Path:
    """The socket on which the engine answers."""
    return engine_settings.engine_socket
