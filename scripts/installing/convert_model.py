"""Turn one GGUF file into a model folder of safetensors and JSON, without any network.

Runs in the engine's environment: ``python convert_model.py FILE.gguf FOLDER``.  The weights are
dequantised once and kept in bfloat16, two bytes a weight, which is what vLLM serves by default.
The folder then holds no pickle and no code, so that nothing in it can run when it is loaded.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

# Before the libraries are imported: a model must never be looked for outside this machine.
os.environ.update(
    HF_HUB_OFFLINE="1",
    TRANSFORMERS_OFFLINE="1",
    HF_HUB_DISABLE_TELEMETRY="1",
    DO_NOT_TRACK="1",
)

# What the libraries write about their own run, and what no reader of the folder needs.
RUN_TRACES = {
    "config.json": ("_name_or_path", "_model_name_or_path"),
    "generation_config.json": ("_from_model_config", "output_attentions", "output_hidden_states"),
    "tokenizer_config.json": ("is_local", "local_files_only"),
}


def convert(gguf: Path, folder: Path) -> None:
    """Write config, generation settings, tokenizer, chat template and weights into ``folder``."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    model = AutoModelForCausalLM.from_pretrained(
        gguf.parent,
        gguf_file=gguf.name,
        dtype=torch.bfloat16,
        quantization_config=GgufConfig(dequantize=True),
        local_files_only=True,
    )
    tokenizer = AutoTokenizer.from_pretrained(
        gguf.parent, gguf_file=gguf.name, local_files_only=True
    )
    if not tokenizer.chat_template:
        raise SystemExit(f"{gguf.name}: no chat template in the file; it is not a chat model")
    split_digits(tokenizer.backend_tokenizer, gguf)
    tokenizer.model_max_length = model.config.max_position_embeddings
    model.save_pretrained(folder, safe_serialization=True, max_shard_size="5GB")
    tokenizer.save_pretrained(folder)
    for name, keys in RUN_TRACES.items():
        strip(folder / name, keys)
    portable_class(folder / "tokenizer_config.json")


def split_digits(tokenizer: Any, gguf: Path) -> None:
    """Cut every digit apart where the file asks for it (``tokenizer.ggml.pre = smollm``).

    The loader leaves that key out; without it, blanks before a number are cut differently from
    what the model was trained on.
    """
    from gguf import GGUFReader
    from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence

    field = GGUFReader(gguf).get_field("tokenizer.ggml.pre")
    if field is not None and field.contents() == "smollm":
        whole = ByteLevel(add_prefix_space=False, trim_offsets=True, use_regex=True)
        tokenizer.pre_tokenizer = Sequence([Digits(individual_digits=True), whole])


def strip(file: Path, keys: tuple[str, ...]) -> None:
    """Remove ``keys`` from a JSON object on disk."""
    table = json.loads(file.read_text("utf-8"))
    for key in keys:
        table.pop(key, None)
    file.write_text(json.dumps(table, indent=2, sort_keys=True) + "\n", "utf-8")


def portable_class(file: Path) -> None:
    """Name the tokenizer class that every release of transformers knows."""
    table = json.loads(file.read_text("utf-8"))
    table["tokenizer_class"] = "PreTrainedTokenizerFast"
    table.pop("backend", None)
    file.write_text(json.dumps(table, indent=2, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit("usage: convert_model.py FILE.gguf FOLDER")
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
