"""The bytes of a document's index: what is written is read, what is damaged is refused."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.documents import Chunk, Span
from appliance.errors import StoreDamaged
from appliance.index.opening import Opening
from appliance.index.payload import IndexPayload, decode
from appliance.index.terms import postings_of
from tests.index.doubles import DIMENSIONS, payload_of

BYTES = "dab12170e3f41181c7d60b96a60815b318b9cd6b58997c2acf5f6737ea0890f9"  # SHA-256
SPANS = st.tuples(st.integers(0, 2**32 - 2), st.integers(0, 2**32 - 2)).map(
    lambda pair: Span(min(pair), max(pair))
)
CHUNKS = st.builds(Chunk, SPANS, st.none() | SPANS, st.none() | SPANS)


@st.composite
def payloads(draw: st.DrawFn) -> IndexPayload:
    """Any payload with up to six chunks."""
    chunks = tuple(draw(st.lists(CHUNKS, max_size=6)))
    texts = [draw(st.text(alphabet="ab1 ", max_size=12)) for _ in chunks]
    vectors = np.random.default_rng(len(chunks)).standard_normal((len(chunks), 3))
    opening = Opening.of(draw(st.text(max_size=5)), draw(st.text("aA1 ", max_size=9)))
    return IndexPayload(chunks, vectors.astype(np.float16), postings_of(texts), opening)


def assert_same(one: IndexPayload, other: IndexPayload) -> None:
    assert one.chunks == other.chunks
    assert one.opening.date == other.opening.date
    np.testing.assert_array_equal(one.opening.small, other.opening.small)
    np.testing.assert_array_equal(one.opening.capital, other.opening.capital)
    np.testing.assert_array_equal(one.vectors, other.vectors)
    for name in ("terms", "starts", "chunks", "counts", "lengths"):
        ours, theirs = getattr(one.postings, name), getattr(other.postings, name)
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


@settings(deadline=None)
@given(payloads())
def test_what_is_written_is_read(payload: IndexPayload) -> None:
    assert_same(decode(payload.encode()), payload)


def test_the_bytes_are_fixed() -> None:
    # Stores hold these bytes: a change here needs a new version number.
    encoded = payload_of("one two", "two 3.50").encode()
    assert encoded[:5] == b"AIDX\x03"
    assert len(encoded) == 31 + 2 * (24 + 4) + 2 * 2 * DIMENSIONS + 3 * 8 + 4 * 4 + 4 * 6 + 4 * 8
    payload = IndexPayload(
        (Chunk(Span(2, 9), Span(0, 1), Span(1, 2)), Chunk(Span(9, 12))),
        np.array([[1, 0.5], [-1, 0]], dtype=np.float16),
        postings_of(["one two", "two 3.50"]),
        Opening.of("Lease", "the Lease of 1 May 2020"),
    )
    assert hashlib.sha256(payload.encode()).hexdigest() == BYTES


def test_an_empty_document_has_a_payload() -> None:
    empty = IndexPayload((), np.empty((0, 3), np.float16), postings_of([]))
    assert_same(decode(empty.encode()), empty)


def test_every_truncation_and_every_addition_is_refused() -> None:
    encoded = payload_of("one two", "two three").encode()
    for length in range(len(encoded)):
        with pytest.raises(StoreDamaged):
            decode(encoded[:length])
    with pytest.raises(StoreDamaged, match="too long"):
        decode(encoded + b"\0")


@settings(deadline=None)
@given(st.binary(max_size=64), st.data())
def test_damaged_bytes_are_refused_or_keep_every_bound(junk: bytes, data: st.DataObject) -> None:
    encoded = bytearray(payload_of("one two", "two three").encode())
    at = data.draw(st.integers(0, len(encoded) - 1))
    encoded[at : at + len(junk)] = junk
    try:
        payload = decode(bytes(encoded))
    except StoreDamaged:
        return
    n, postings = len(payload.chunks), payload.postings
    assert len(payload.vectors) == len(postings.lengths) == n
    assert np.isfinite(payload.vectors).all()
    assert (postings.chunks < n).all()
    assert postings.starts[-1] == len(postings.chunks) == len(postings.counts)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("terms", [2, 1], "terms out of order"),
        ("terms", [1, 1], "terms out of order"),
        ("starts", [1, 2, 3], "differ"),
        ("starts", [0, 2, 2], "differ"),
        ("starts", [0, 3, 3], "without a posting"),
        ("chunks", [0, 2, 0], "outside"),
        ("chunks", [1, 0, 0], "postings out of order"),
        ("chunks", [0, 0, 0], "postings out of order"),
        ("counts", [1, 0, 1], "counts nothing"),
    ],
)
def test_each_bound_of_the_postings_is_checked(name: str, value: list[int], message: str) -> None:
    payload = payload_of("one two", "two")  # sorted by hash: "two" has two postings, "one" has one
    sound = replace(
        payload.postings,
        terms=np.array([1, 2], np.uint64),
        starts=np.array([0, 2, 3], np.uint32),
        chunks=np.array([0, 1, 0], np.uint32),
        counts=np.array([1, 1, 1], np.uint16),
    )
    decode(replace(payload, postings=sound).encode())
    held = np.array(value, getattr(sound, name).dtype)
    broken = replace(sound, **{name: held})
    with pytest.raises(StoreDamaged, match=message):
        decode(replace(payload, postings=broken).encode())


@pytest.mark.parametrize("words", [[2, 1], [1, 1]])
def test_words_of_an_opening_are_in_order(words: list[int]) -> None:
    for name in ("small", "capital"):
        opening = Opening(**{name: np.array(words, np.uint64)})  # type: ignore[arg-type]
        with pytest.raises(StoreDamaged, match="opening out of order"):
            decode(replace(payload_of("one"), opening=opening).encode())


def test_a_vector_that_is_not_finite_is_refused() -> None:
    payload = payload_of("one")
    payload.vectors[0, 0] = np.inf
    with pytest.raises(StoreDamaged, match="finite"):
        decode(payload.encode())


def test_parts_that_do_not_go_together_are_not_written() -> None:
    payload = payload_of("one", "two")
    with pytest.raises(ValueError, match="differ"):
        replace(payload, chunks=payload.chunks[:1]).encode()
    with pytest.raises(ValueError, match="too long"):
        replace(payload, chunks=(Chunk(Span(0, 2**32)),) * 2).encode()


def test_no_word_stands_in_the_bytes() -> None:
    encoded = payload_of("Zanzibar indemnification").encode().lower()
    assert b"zanzibar" not in encoded
    assert b"indemnif" not in encoded
