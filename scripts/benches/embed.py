"""Embedding against sentence-transformers' own default (single precision) on the same chunks.

The chunks are made of the sentences of this project's licence, drawn at random and of the lengths
that cutting a document gives: real words, nothing to download.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from appliance.index.chunk import DEFAULT_SIZE
from appliance.index.embed import Embedder
from scripts.benches.figure import Figure

CHUNKS, ROUNDS = 192, 3
ON = f"{CHUNKS} chunks of up to {DEFAULT_SIZE} characters"


def measure(root: Path) -> list[Figure]:
    """Chunks per second of both, their ratio, and how near the vectors are."""
    from sentence_transformers import SentenceTransformer

    folder = root / ".local" / "models" / "all-minilm-l6-v2"
    texts = _texts((root / "LICENSE").read_text("utf-8"))
    embedder = Embedder(folder)
    embedder.embed(texts[:1])
    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)

    def default(some: Sequence[str]) -> NDArray[np.float32]:
        vectors = model.encode(list(some), show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)

    theirs, ours = _fastest((default, embedder.embed), texts)
    cosine = float((default(texts) * embedder.embed(texts)).sum(axis=1).mean())
    ratio = ours / theirs
    return [
        Figure(
            "embed",
            "against sentence-transformers' default",
            ratio,
            "x",
            ">= 2x",
            ratio >= 2,
            ON,
        ),
        Figure("embed", "mean cosine to it", cosine, "", ">= 0.995", cosine >= 0.995, ON),
        Figure("embed", "appliance", ours, "chunks/s", on=ON),
        Figure("embed", "sentence-transformers, single precision", theirs, "chunks/s", on=ON),
    ]


def _texts(licence: str) -> list[str]:
    random = np.random.default_rng(0)
    sentences = [" ".join(s.split()) for s in re.split(r"(?<=[.;:])\s+", licence) if s.strip()]
    texts = []
    for _ in range(CHUNKS):
        size = int(random.integers(DEFAULT_SIZE // 3, DEFAULT_SIZE + 1))
        drawn = random.choice(len(sentences), 12)
        texts.append(" ".join(sentences[n] for n in drawn)[:size])
    return texts


def _fastest(
    ways: Sequence[Callable[[Sequence[str]], NDArray[np.float32]]], texts: Sequence[str]
) -> list[float]:
    """Texts per second of each way: the best of a few rounds in turns, the models warm."""
    best = [0.0] * len(ways)
    for way in ways:
        way(texts[:16])
    for _ in range(ROUNDS):
        for n, way in enumerate(ways):
            began = time.perf_counter()
            way(texts)
            best[n] = max(best[n], len(texts) / (time.perf_counter() - began))
    return best
