"""Text to vectors, with all-MiniLM-L6-v2 through sentence-transformers, on the CPU and offline.

In bfloat16 where the processor multiplies it, else in single precision.  Each of several threads
embeds batches of its own with torch on one thread: small matrices gain nothing from being shared,
and threads that wait for each other lose most on a busy machine.  Measured on 2 busy cores, texts
per second of processor time: sentence-transformers' default 19, bfloat16 alone 18, this 60; mean
cosine to single precision 0.9999.

The model is loaded by the first text, from a local folder and nowhere else.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from itertools import repeat
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from appliance.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

DIMENSIONS = 384
BATCH = 16  # texts; small batches of like length waste little on padding
ROUND = 8  # batches of a thread, then others who wait for the threads have a turn

# As torch.cpu.get_capabilities() names them: AVX-512 and AMX on x86-64, the Arm extension.
_BF16 = ("avx512_bf16", "amx_bf16", "bf16")


class Embedder:
    """The embedding model of one folder."""

    def __init__(self, folder: Path, *, threads: int | None = None) -> None:
        """Name the folder; nothing is loaded yet.

        Args:
            folder: a sentence-transformers model folder, already verified.
            threads: how many batches are embedded at a time; None: one per processor core that
                this process may use.
        """
        self._folder = folder
        self._threads = threads or len(os.sched_getaffinity(0))
        self._running: _Running | None = None
        self._loading = Lock()  # two threads may need it first

    def embed(self, texts: Sequence[str], stopped: Event | None = None) -> NDArray[np.float32]:
        """Unit vectors [n, 384], in the order of ``texts``.

        Args:
            texts: of any length.
            stopped: the caller's own; set by another thread it ends this call within a batch, and
                the work of nobody else.

        Raises:
            ModelError: the folder is missing or is not a model of this shape.
            CancelledError: it was stopped.
        """
        stopped = stopped or Event()
        vectors = np.empty((len(texts), DIMENSIONS), np.float32)
        if not texts:
            return vectors
        with self._loading:
            if self._running is None:
                self._running = _Running(_load(self._folder), self._threads)
        size = min(BATCH, -(-len(texts) // self._threads))
        by_length = sorted(range(len(texts)), key=lambda n: len(texts[n]), reverse=True)
        batches = [by_length[at : at + size] for at in range(0, len(texts), size)]
        for at in range(0, len(batches), ROUND * self._threads):
            some = batches[at : at + ROUND * self._threads]
            embedded = self._running.embed([[texts[n] for n in b] for b in some], stopped)
            for batch, rows in zip(some, embedded, strict=True):
                vectors[batch] = rows
        return vectors

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Unit vector [384] of one text, alone in its batch: it depends on nothing else."""
        vector: NDArray[np.float32] = self.embed([text])[0]
        return vector


class _Running:
    """A loaded model and the threads that use it."""

    def __init__(self, model: SentenceTransformer, threads: int) -> None:
        import torch

        self._model = model
        self._tokenizing = Lock()  # the tokenizer is one object, changed while it works
        # torch keeps this number per thread: elsewhere in the process it stays as it was.
        self._pool = ThreadPoolExecutor(threads, "embed", torch.set_num_threads, (1,))

    def embed(self, batches: Sequence[list[str]], stopped: Event) -> list[NDArray[np.float32]]:
        return list(self._pool.map(self._batch, batches, repeat(stopped)))

    def _batch(self, texts: list[str], stopped: Event) -> NDArray[np.float32]:
        import torch

        if stopped.is_set():
            raise CancelledError
        with self._tokenizing:
            features = self._model.preprocess([_encodable(text) for text in texts])
        with torch.inference_mode():
            vectors = self._model(features)["sentence_embedding"].float()
            # Normalised in single precision: a bfloat16 "unit" vector is off by up to 0.3 %.
            unit = torch.nn.functional.normalize(vectors, dim=1)
        return np.asarray(unit.numpy(), dtype=np.float32)


def _encodable(text: str) -> str:
    """Half a surrogate pair has no UTF-8 form, and the tokenizer takes no other."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _load(folder: Path) -> SentenceTransformer:
    if not (folder / "modules.json").is_file():
        raise ModelError(f"{folder} holds no embedding model", remedy="run scripts/setup")
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()
    capabilities = torch.cpu.get_capabilities()
    dtype = torch.bfloat16 if any(capabilities.get(name) for name in _BF16) else torch.float32
    try:
        model = SentenceTransformer(
            str(folder), device="cpu", local_files_only=True, model_kwargs={"dtype": dtype}
        )
        dimensions = model.get_embedding_dimension()
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelError(
            f"{folder} does not load as an embedding model ({type(error).__name__})",
            remedy="run scripts/setup again",
        ) from error
    if dimensions != DIMENSIONS:
        raise ModelError(
            f"{folder} gives vectors of {dimensions} dimensions, not {DIMENSIONS}",
            remedy="use all-MiniLM-L6-v2",
        )
    return model.eval()
