"""Test doubles and made-up data for the index room.

``WordVectors`` stands in for the embedding model where a test is not about the model: equal texts
get equal vectors, texts that share words get near ones, and nothing has to be loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from appliance.access.scope import Scope
from appliance.documents import Chunk, DocumentId, Element, ElementKind, ParsedDocument, Span
from appliance.index.payload import IndexPayload, build_payload
from appliance.index.terms import term_hash, tokenise

DIMENSIONS = 24


class WordVectors:
    """A test double of the embedder: the normalised sum of one random vector per word."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors [n, DIMENSIONS]."""
        rows = [self.embed_query(text) for text in texts]
        return np.array(rows, dtype=np.float32).reshape(len(rows), DIMENSIONS)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Unit vector [DIMENSIONS]."""
        total = np.zeros(DIMENSIONS)
        for word in tokenise(text):
            total += _direction(word)
        length = float(np.linalg.norm(total))
        unit: NDArray[np.float32] = (total / length if length else total).astype(np.float32)
        return unit


@lru_cache
def _direction(word: str) -> NDArray[np.float64]:
    return np.random.default_rng(term_hash(word)).standard_normal(DIMENSIONS)


def document_id(number: int) -> DocumentId:
    """A document id with the shape of a real one."""
    return DocumentId(f"{number:032x}")


def scope_of(*documents: DocumentId) -> Scope:
    """A scope as the policy would give it."""
    return Scope("u1000", "search", "0" * 64, frozenset(documents))


def paragraphs(*texts: str, kinds: Sequence[ElementKind] = ()) -> ParsedDocument:
    """A document of one element per text, blank lines between them."""
    elements, begin = [], 0
    for number, text in enumerate(texts):
        kind = kinds[number] if kinds else ElementKind.TEXT
        elements.append(Element(kind, Span(begin, begin + len(text))))
        begin += len(text) + 2
    return ParsedDocument("\n\n".join(texts), tuple(elements), "text/plain")


def payload_of(*texts: str, title: str | None = None) -> IndexPayload:
    """The payload of a document with one chunk per text."""
    parsed = paragraphs(*texts)
    chunks = [Chunk(element.span) for element in parsed.elements]
    return build_payload(parsed.text, chunks, WordVectors(), title)
