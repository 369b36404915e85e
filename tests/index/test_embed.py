"""The real embedding model: unit vectors, near for near texts, the same alone and in company."""

from __future__ import annotations

from concurrent.futures import CancelledError
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from appliance import config
from appliance.errors import ModelError
from appliance.index.embed import DIMENSIONS, Embedder

MODEL = config.load().models / "all-minilm-l6-v2"


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    if not MODEL.is_dir():
        pytest.skip(f"no model at {MODEL}; run scripts/setup")
    return Embedder(MODEL)


@pytest.mark.models
def test_vectors_have_unit_length_and_meaning(embedder: Embedder) -> None:
    lease, rent, cat = embedder.embed(
        ["The lease ends on 30 June.", "When does the tenancy terminate?", "The cat is asleep."]
    )
    assert lease.dtype == np.float32
    assert lease.shape == (DIMENSIONS,)
    assert [float(np.linalg.norm(v)) for v in (lease, rent, cat)] == pytest.approx([1] * 3)
    assert lease @ rent > lease @ cat + 0.2


@pytest.mark.models
def test_order_is_kept_whatever_the_lengths(embedder: Embedder) -> None:
    texts = ["rent " * n for n in (90, 1, 40, 3, 150, 2)] + ["allergies"] * 20
    together = embedder.embed(texts)
    alone = np.array([embedder.embed_query(text) for text in texts])
    assert (together * alone).sum(axis=1).min() > 0.999


@pytest.mark.models
def test_a_question_always_has_the_same_vector(embedder: Embedder) -> None:
    before = embedder.embed_query("When does the tenancy terminate?")
    embedder.embed(["something else " * 50, "and more"])
    after = embedder.embed_query("When does the tenancy terminate?")
    assert before.tobytes() == after.tobytes()


@pytest.mark.models
def test_odd_texts_have_finite_vectors(embedder: Embedder) -> None:
    vectors = embedder.embed(["", " ", "\0\ufffd", "\ud800 half a pair", "字" * 2000, "x" * 50_000])
    assert np.isfinite(vectors).all()


@pytest.mark.models
def test_whoever_stops_ends_their_own_texts_and_nobody_elses(embedder: Embedder) -> None:
    mine, other = Event(), Event()
    mine.set()
    with pytest.raises(CancelledError):
        embedder.embed(["rent"], mine)
    assert embedder.embed(["rent"], other).shape == (1, DIMENSIONS)
    assert mine.is_set(), "what comes after it takes it back from nobody"


def test_no_texts_need_no_model(tmp_path: Path) -> None:
    assert Embedder(tmp_path).embed([]).shape == (0, DIMENSIONS)


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds no embedding model") as raised:
        Embedder(tmp_path / "gone").embed_query("a")
    assert "scripts/setup" in raised.value.remedy


@pytest.mark.models
def test_a_folder_that_is_no_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text("[]")
    with pytest.raises(ModelError):
        Embedder(tmp_path).embed_query("a")
