"""What is stored of a document for search, as one block of bytes (sealed as its ``index`` object).

Layout, version 3; all numbers little-endian, no padding::

    magic      4 bytes   "AIDX"
    version    u8        3
    dimensions u16       d
    chunks     u32       n
    terms      u32       t
    postings   u32       p
    small      u32       s
    capital    u32       c
    date       u16 u8 u8   year, month, day of the opening; zeros where it states none
    spans      n x 6 u32   begin, end, heading begin, heading end (2^32 - 1 twice: no heading),
                           table head begin, table head end (the same)
    lengths    n x u32     terms in each chunk, repetitions counted
    vectors    n x d f16   unit vectors, row by row
    terms      t x u64     hashes, strictly ascending
    starts     t + 1 u32   where the postings of each term begin; the first 0, the last p
    places     p x u32     chunk numbers, strictly ascending within a term
    counts     p x u16     how often, at least 1 (65,535: that or more)
    small      s x u64     hashes of the opening's words without a capital, strictly ascending
    capital    c x u64     of those with one, and of its numbers, strictly ascending

Nothing here is text: spans point into the document's text, terms are 64-bit hashes.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from appliance.documents import Chunk, Span
from appliance.errors import StoreDamaged
from appliance.index.chunk import searched_text
from appliance.index.opening import Opening
from appliance.index.terms import Postings, postings_of

_HEADER = struct.Struct("<4sBHIIIIIHBB")
_MAGIC, _VERSION = b"AIDX", 3
_NONE = 0xFFFFFFFF


class Embeds(Protocol):
    """Whatever turns texts into unit vectors [n, dimensions]."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]: ...


@dataclass(frozen=True, slots=True, eq=False)
class IndexPayload:
    """A document's chunks, their vectors and their terms. Rows of all three go together."""

    chunks: tuple[Chunk, ...]
    vectors: NDArray[np.float16]  # [n, dimensions]
    postings: Postings
    opening: Opening = field(default_factory=Opening)

    def encode(self) -> bytes:
        """The bytes described above.

        Raises:
            ValueError: the parts do not go together, or an offset does not fit.
        """
        n, p, opening = len(self.chunks), self.postings, self.opening
        if self.vectors.ndim != 2 or not n == len(self.vectors) == len(p.lengths):
            raise ValueError("chunks, vectors and terms differ in number")
        sizes = (n, len(p.terms), len(p.chunks), len(opening.small), len(opening.capital))
        header = _HEADER.pack(_MAGIC, _VERSION, self.vectors.shape[1], *sizes, *opening.date)
        rows = [(*_ends(c.span), *_ends(c.heading), *_ends(c.table)) for c in self.chunks]
        spans = np.array(rows, dtype=np.int64).reshape(n, 6)
        if n and spans.max() > _NONE:
            raise ValueError("the text is too long for this format")
        parts: tuple[tuple[NDArray[np.generic], str], ...] = (
            (spans, "<u4"),
            (p.lengths, "<u4"),
            (self.vectors, "<f2"),
            (p.terms, "<u8"),
            (p.starts, "<u4"),
            (p.chunks, "<u4"),
            (p.counts, "<u2"),
            (opening.small, "<u8"),
            (opening.capital, "<u8"),
        )
        return header + b"".join(part.astype(kind).tobytes() for part, kind in parts)


_NO = (_NONE, _NONE)


def _ends(span: Span | None) -> tuple[int, int]:
    return (span.begin, span.end) if span else _NO


def build_payload(
    text: str, chunks: Sequence[Chunk], embedder: Embeds, title: str | None = None
) -> IndexPayload:
    """Embed and count the chunks of one document; no other document has a say in the result."""
    searched = [searched_text(text, piece) for piece in chunks]
    vectors = embedder.embed(searched).astype(np.float16)
    return IndexPayload(tuple(chunks), vectors, postings_of(searched), Opening.of(title, text))


def decode(untrusted: bytes) -> IndexPayload:
    """Read what ``encode`` wrote, each bound checked before it is used.

    Raises:
        StoreDamaged: any bound does not hold. (The seal is checked before; this is the second net.)
    """
    _require(len(untrusted) >= _HEADER.size, "it is too short")
    magic, version, dimensions, n, t, p, s, c, *date = _HEADER.unpack_from(untrusted)
    _require(magic == _MAGIC and version == _VERSION, "its version is not known here")
    reader = _Reader(untrusted, _HEADER.size)
    spans = reader.take("<u4", 6 * n).astype(np.uint32).reshape(n, 6)
    lengths = reader.take("<u4", n).astype(np.uint32)
    vectors = reader.take("<f2", n * dimensions).astype(np.float16).reshape(n, dimensions)
    postings = Postings(
        terms=reader.take("<u8", t).astype(np.uint64),
        starts=reader.take("<u4", t + 1).astype(np.uint32),
        chunks=reader.take("<u4", p).astype(np.uint32),
        counts=reader.take("<u2", p).astype(np.uint16),
        lengths=lengths,
    )
    small, capital = (reader.take("<u8", count).astype(np.uint64) for count in (s, c))
    reader.finish()
    _require(bool(np.isfinite(vectors).all()), "a vector is not finite")
    _check_postings(postings, n, p)
    for words in (small, capital):
        _require(bool((words[1:] > words[:-1]).all()), "words of the opening out of order")
    year, month, day = (int(part) for part in date)
    return IndexPayload(
        _chunks(spans), vectors, postings, Opening(small, capital, (year, month, day))
    )


def _check_postings(postings: Postings, n: int, p: int) -> None:
    starts = postings.starts.astype(np.int64)
    _require(bool((postings.terms[1:] > postings.terms[:-1]).all()), "terms out of order")
    _require(bool(starts[0] == 0 and starts[-1] == p), "terms and postings differ")
    _require(bool((starts[1:] > starts[:-1]).all()), "a term without a posting")
    _require(bool((postings.chunks < n).all()), "a posting outside the chunks")
    _require(bool((postings.counts > 0).all()), "a posting that counts nothing")
    ascending = np.diff(postings.chunks.astype(np.int64)) > 0
    ascending[starts[1:-1] - 1] = True  # a new term begins again at any chunk
    _require(bool(ascending.all()), "postings out of order")


def _chunks(spans: NDArray[np.uint32]) -> tuple[Chunk, ...]:
    _require(bool((spans[:, 0] <= spans[:, 1]).all()), "a span that ends before it begins")
    _require(bool((spans[:, 2] <= spans[:, 3]).all()), "a heading that ends before it begins")
    _require(bool((spans[:, 4] <= spans[:, 5]).all()), "a table head that ends before it begins")
    return tuple(
        Chunk(Span(row[0], row[1]), _span(row[2], row[3]), _span(row[4], row[5]))
        for row in spans.tolist()
    )


def _span(begin: int, end: int) -> Span | None:
    return None if (begin, end) == _NO else Span(begin, end)


class _Reader:
    """Takes arrays off a block of bytes from the front, never beyond its end."""

    def __init__(self, untrusted: bytes, offset: int) -> None:
        self._data, self._offset = untrusted, offset

    def take(self, kind: str, count: int) -> NDArray[np.generic]:
        size = count * np.dtype(kind).itemsize
        _require(self._offset + size <= len(self._data), "it is too short")
        array = np.frombuffer(self._data, kind, count, self._offset)
        self._offset += size
        return array

    def finish(self) -> None:
        _require(self._offset == len(self._data), "it is too long")


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise StoreDamaged(
            f"a document's index object cannot be used: {what}",
            remedy="delete the document and ingest it again, or restore the store from a backup",
        )
