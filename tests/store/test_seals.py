"""Sealed files open as what the catalogue says they are, and as nothing else."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from appliance.crypto.keyring import new_key
from appliance.documents import CollectionId
from appliance.errors import SealBroken, StoreDamaged
from appliance.store.seals import HEADER_BYTES, ObjectLabel, open_object, seal_object

HERE = ObjectLabel("text", "5" * 32, CollectionId("c" * 32), "0" * 32, 3, 1, 1)
ELSEWHERE = ObjectLabel("blob", "6" * 32, CollectionId("d" * 32), "1" * 32, 4, 2, 2)


@pytest.mark.parametrize("field", [field.name for field in fields(ObjectLabel)])
def test_a_file_taken_for_another_does_not_open(field: str) -> None:
    key = new_key()
    sealed = seal_object(key, HERE, b"words")
    assert open_object(key, HERE, sealed) == b"words"
    with pytest.raises(SealBroken):
        open_object(key, replace(HERE, **{field: getattr(ELSEWHERE, field)}), sealed)
    with pytest.raises(SealBroken):
        open_object(new_key(), HERE, sealed)


def test_a_header_made_to_match_does_not_help() -> None:
    """The header is bound by the seal, not only compared."""
    key = new_key()
    moved = replace(HERE, key_version=2)  # stands in the header only, not in the typed context
    sealed = seal_object(key, HERE, b"words")
    with pytest.raises(SealBroken):
        open_object(key, moved, moved.header() + sealed[HEADER_BYTES:])


def test_every_flip_and_every_cut_of_a_file_is_rejected() -> None:
    key = new_key()
    sealed = seal_object(key, HERE, b"some words")
    for at in range(len(sealed)):
        with pytest.raises(StoreDamaged):
            open_object(key, HERE, sealed[:at] + bytes([sealed[at] ^ 2]) + sealed[at + 1 :])
        with pytest.raises(SealBroken):
            open_object(key, HERE, sealed[:at])


def test_a_later_format_is_named_as_such() -> None:
    key = new_key()
    sealed = seal_object(key, HERE, b"")
    with pytest.raises(StoreDamaged, match="format 2 is not known"):
        open_object(key, HERE, sealed[:4] + b"\x02" + sealed[5:])
