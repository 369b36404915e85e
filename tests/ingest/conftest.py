"""The real reader process, started once for the tests of this folder."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.config import ReaderSettings
from appliance.documents import ParsedDocument
from appliance.ingest import kinds, wire
from appliance.sandbox.server import ReaderServer

Reading = Callable[..., ParsedDocument]


@pytest.fixture(scope="session")
def reader() -> Iterator[ReaderServer]:
    """A running reader."""
    with ReaderServer.start(ReaderSettings(), Path(sys.executable)) as server:
        yield server


@pytest.fixture(scope="session")
def read(reader: ReaderServer) -> Reading:
    """Read a file as the appliance does: sniff, read confined, check."""

    def read(data: bytes, name: str, password: str = "") -> ParsedDocument:
        return wire.decode(reader.read(data, kinds.sniff(data, name), password))

    return read
