"""The context: injective, and every field of it is bound by the seal."""

from __future__ import annotations

from dataclasses import astuple, fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.crypto.context import Context
from appliance.crypto.keyring import new_key, open_record, seal_record
from appliance.errors import SealBroken

HERE = Context("text", "5" * 32, "c" * 32, "0" * 32, 3, 1)
ELSEWHERE = Context("blob", "6" * 32, "d" * 32, "1" * 32, 4, 2)
FIELDS = [field.name for field in fields(Context)]


@pytest.mark.parametrize("field", FIELDS)
def test_a_record_moved_along_any_one_field_does_not_open(field: str) -> None:
    key = new_key()
    sealed = seal_record(key, b"words", HERE)
    assert open_record(key, sealed, HERE) == b"words"
    moved = replace(HERE, **{field: getattr(ELSEWHERE, field)})
    with pytest.raises(SealBroken):
        open_record(key, sealed, moved)


@pytest.mark.parametrize(
    ("one", "other"),
    [(a, b) for a in FIELDS[:4] for b in FIELDS[:4] if a < b] + [("version", "term")],
)
def test_two_fields_exchanged_give_another_context(one: str, other: str) -> None:
    swapped = replace(HERE, **{one: getattr(HERE, other), other: getattr(HERE, one)})
    assert swapped != HERE
    assert swapped.encode() != HERE.encode()


texts = st.text(max_size=12)
numbers = st.integers(0, 2**64 - 1)
contexts = st.builds(Context, texts, texts, texts, texts, numbers, numbers)


@given(contexts, contexts)
def test_different_contexts_have_different_encodings(one: Context, other: Context) -> None:
    assert (one.encode() == other.encode()) == (astuple(one) == astuple(other))


def test_a_boundary_moved_between_texts_changes_the_encoding() -> None:
    assert (
        replace(HERE, kind="te", store="xt").encode()
        != replace(HERE, kind="tex", store="t").encode()
    )


@pytest.mark.parametrize("bad", [{"version": -1}, {"term": 2**64}, {"object": "x" * 70_000}])
def test_what_cannot_be_encoded_is_refused(bad: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="context"):
        replace(HERE, **bad).encode()  # type: ignore[arg-type]  # wrong on purpose
