"""The real reader process, started once for the tests of this folder."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import pytest

from appliance.config import ReaderSettings
from appliance.documents import ParsedDocument
from appliance.formats import kinds, reading
from appliance.formats.reading import Reading, Wishes
from appliance.sandbox.server import ReaderServer

Read = Callable[..., ParsedDocument]
ReadAll = Callable[..., Reading]


@pytest.fixture(scope="session")
def reader() -> Iterator[ReaderServer]:
    """A running reader, with time for everything on the slowest machine."""
    patient = ReaderSettings(cpu_seconds=600, wall_seconds=600)
    with ReaderServer.start(patient, Path(sys.executable)) as server:
        yield server


@pytest.fixture(scope="session")
def read_all(reader: ReaderServer) -> ReadAll:
    """Everything that comes of a file: the document, the files in it, the pictures of text."""

    def read_all(data: bytes, name: str, password: str = "", first_part: int = 0) -> Reading:
        passwords = (password,) if password else ()
        wishes = Wishes(PurePosixPath(name).suffix.lower(), passwords, first_part)
        return reading.decode(reader.read(data, kinds.family(data), wishes.encode()))

    return read_all


@pytest.fixture(scope="session")
def read(read_all: ReadAll) -> Read:
    """The document that comes of a file, read as the appliance does: confined, then checked."""

    def read(data: bytes, name: str, password: str = "") -> ParsedDocument:
        document = read_all(data, name, password).document
        assert document is not None
        return document

    return read
