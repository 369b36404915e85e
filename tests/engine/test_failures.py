"""What stands at the end of a log becomes a sentence with a remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.engine.failures import explain

SAMPLES = {  # ends of logs that vLLM 0.32 wrote, shortened
    "ValueError: Available memory on node 0 (1.1/7.8 GiB) on kv cache allocation is less than "
    "requested memory for kv (64.0 GiB).": "memory",
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 GiB": "memory",
    "ValueError: To serve at least one request with the model's max seq len (8192), (4.5 GiB KV "
    "cache is needed, which is larger than the available KV cache memory (1 GiB)": "memory",
    "OSError: [Errno 28] No space left on device: '/run/tmp'": "no space",
    "ValueError: User-specified max_model_len (99999) is greater than the derived max_model_len "
    "(max_position_embeddings=8192": "max_model_len",
    "ModuleNotFoundError: No module named 'llguidance'": "incomplete",
    "RuntimeError: Found no NVIDIA driver on your system.": "driver",
    "Illegal instruction (core dumped)": "processor",
    "OSError: [Errno 98] Address already in use": "socket",
    "FileNotFoundError: [Errno 2] No such file or directory: 'tokenizer.json'": "missing",
    "ValueError: Model architectures ['Odd'] are not supported for now.": "not supported",
}


@pytest.mark.parametrize(("line", "words"), SAMPLES.items())
def test_every_known_failure_is_explained(tmp_path: Path, line: str, words: str) -> None:
    log = tmp_path / "engine.log"
    log.write_text(f"wall: of some kind\nTraceback ...\n{line}\nEngine core failed\n")
    error = explain(log, 1)
    assert words in error.message
    assert str(log) in error.remedy


@pytest.mark.parametrize(
    ("code", "words"), [(-9, "memory"), (137, "memory"), (-4, "processor"), (132, "processor")]
)
def test_a_signal_says_what_a_silent_log_does_not(tmp_path: Path, code: int, words: str) -> None:
    assert words in explain(tmp_path / "absent.log", code).message


def test_an_unknown_failure_names_the_log(tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    log.write_bytes(b"\xff" * 1_000_000)
    error = explain(log, 7)
    assert "code 7" in error.message
    assert str(log) in error.remedy


def test_a_missing_wall_is_said_before_anything_else(tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    log.write_text("refused: the kernel refused a filter\nout of memory\n")
    assert "could not be kept from the network" in explain(log, 71).message
