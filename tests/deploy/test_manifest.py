"""The manifest: one spelling, every bound checked."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.installer.manifest import (
    Chunk,
    Entry,
    Manifest,
    ManifestProblem,
    Targets,
    Volume,
    decode,
    encode,
)

GOOD = Manifest(
    name="appliance",
    version="0.2.0",
    serial=7,
    variant="cpu",
    targets=Targets("x86_64", "2.31", "3.11"),
    volumes=(Volume("vol1", 2, 15), Volume("vol2", 1, 5)),
    files=(
        Entry(
            "a/big",
            "model",
            "MIT",
            "0" * 64,
            15,
            "",
            (Chunk("1" * 64, 10, "vol1"), Chunk("2" * 64, 5, "vol2")),
        ),
        Entry("b.whl", "wheel", "BSD-3-Clause", "3" * 64, 5, "vol1"),
    ),
)


def changed(**values: object) -> bytes:
    """The good manifest with keys replaced, spelled canonically but for their order of lines."""
    found = json.loads(encode(GOOD)) | values
    lines = ",\n".join(_canonical(entry) for entry in found.pop("files"))
    return f'{{"files":[\n{lines}\n],{_canonical(found)[1:]}\n'.encode()


def _canonical(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def entry(**values: object) -> bytes:
    first, second = json.loads(encode(GOOD))["files"]
    return changed(files=[first, second | values])


def test_it_comes_back_and_has_one_spelling() -> None:
    assert decode(encode(GOOD)) == GOOD
    assert encode(replace(GOOD, files=GOOD.files[::-1])) == encode(GOOD)
    assert changed() == encode(GOOD)


def test_each_file_has_a_line_of_its_own() -> None:
    lines = encode(GOOD).decode().splitlines()

    assert [line for line in lines if '"path":"b.whl"' in line] == [lines[2]]
    assert encode(GOOD).endswith(b"\n")


@pytest.mark.parametrize(
    "untrusted",
    [
        b"",
        b"null",
        b"\xff",
        b"[" * 100_000,
        encode(GOOD)[:-1],
        encode(GOOD) + b"\n",
        encode(GOOD).replace(b'"serial":7', b'"serial": 7'),
        encode(GOOD).replace(b'"serial":7', b'"serial":7.0'),
        changed(schema=2),
        changed(serial=-1),
        changed(extra=1),
        changed(variant="tpu"),
        changed(version="1"),
        changed(name="../x"),
        changed(volumes=[]),
        entry(path="../b"),
        entry(path="/b"),
        entry(path="./b"),
        entry(path="a//b"),
        entry(path="a\nb"),
        entry(path="a/big"),
        entry(path="a"),
        entry(path="e\u0301"),
        entry(kind="virus"),
        entry(sha256="3" * 63),
        entry(sha256="G" * 64),
        entry(size=-1),
        entry(size=True),
        entry(volume="vol9"),
        entry(volume=""),
        entry(chunks=[{"sha256": "1" * 64, "size": 4, "volume": "vol1"}], volume=""),
        entry(chunks=[{"sha256": "1" * 64, "size": 5, "volume": "vol9"}], volume=""),
        entry(licence=None),
        entry(more=1),
    ],
)
def test_everything_out_of_bounds_is_refused(untrusted: bytes) -> None:
    with pytest.raises(ManifestProblem):
        decode(untrusted)


@given(st.integers(0, len(encode(GOOD)) - 1), st.integers(1, 255))
def test_no_changed_byte_gives_the_same_manifest(at: int, flip: int) -> None:
    spelled = bytearray(encode(GOOD))
    spelled[at] ^= flip
    with contextlib.suppress(ManifestProblem):
        assert decode(bytes(spelled)) != GOOD
