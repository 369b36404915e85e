"""Why an engine did not start, read from the end of its log, in words that say what to do."""

from __future__ import annotations

import re
from pathlib import Path

from appliance.engine.launch import REFUSED
from appliance.errors import EngineUnavailable

END_OF_LOG = 256 * 1024  # bytes
KILLED, ILLEGAL, CORE = 9, 4, 128  # signals; what a shell or the launcher adds to them

# Looked for in this order; the first that is in the log explains the failure.
_CAUSES: tuple[tuple[str, str, str], ...] = (
    (
        r"MemoryError|[Oo]ut of memory|Cannot allocate memory|less than (requested|desired)"
        r"|larger than the available KV cache|No available memory for the cache",
        "there is not enough memory for the model",
        "lower cpu_kv_cache_gib, gpu_memory_share or max_model_len under [engine], or free memory",
    ),
    (
        r"No space left on device",
        "no space is left where the engine keeps its files",
        "free space on the disk of the run folder",
    ),
    (
        r"greater than the derived max_model_len|max_model_len \(\d+\)",
        "the model cannot take max_model_len tokens",
        "lower max_model_len under [engine]",
    ),
    (
        r"No module named|ImportError|cannot open shared object file|PackageNotFoundError",
        "the engine's environment is incomplete",
        "run scripts/setup again",
    ),
    (
        r"NVIDIA driver|CUDA driver|no CUDA-capable device|No CUDA GPUs are available",
        "the GPU or its driver cannot be used",
        "update the driver, or install the engine for the CPU with scripts/setup --cpu",
    ),
    (
        r"Illegal instruction|instruction set|AVX2? (is|not)",
        "the processor lacks instructions that the engine needs",
        "use a machine with AVX2 (x86-64) or a 64-bit ARM processor",
    ),
    (
        r"Address already in use",
        "something else answers on the engine's socket",
        "name another socket under [engine], or end the other program",
    ),
    (
        r"FileNotFoundError|No such file or directory|Permission denied",
        "a file that the engine needs is missing or not readable",
        "run scripts/setup again, or correct its permissions",
    ),
    (
        r"not supported for now|Unsupported|does not recognize this architecture|ValidationError",
        "this model or a setting is not supported by the engine",
        "use another model, or remove settings under [engine]",
    ),
)


def explain(log: Path, code: int | None) -> EngineUnavailable:
    """The error for an engine that ended with ``code`` (None: unknown) and left this log."""
    refused, text = _ending(log)
    see = f"see {log}"
    if refused:
        return EngineUnavailable(
            f"the engine was not started, because it could not be kept from the network: {refused}",
            remedy="allow network namespaces to this user, or run on Linux 5.14 or later",
        )
    for pattern, cause, remedy in _CAUSES:
        if re.search(pattern, text):
            return EngineUnavailable(
                f"the engine did not start: {cause}", remedy=f"{remedy}; {see}"
            )
    if code in {-KILLED, CORE + KILLED}:
        return EngineUnavailable(
            "the engine was killed while starting, most likely for lack of memory",
            remedy=f"free memory, or lower cpu_kv_cache_gib under [engine]; {see}",
        )
    if code in {-ILLEGAL, CORE + ILLEGAL}:
        return EngineUnavailable(
            "the engine did not start: the processor lacks instructions that it needs",
            remedy=f"use a machine with AVX2 (x86-64) or a 64-bit ARM processor; {see}",
        )
    return EngineUnavailable(f"the engine ended while starting (code {code})", remedy=see)


def _ending(log: Path) -> tuple[str, str]:
    """Why the launcher refused, empty if it did not; and the last of what was printed."""
    try:
        with log.open("rb") as file:
            first = file.readline(1000).decode("utf-8", "replace").strip()
            size = file.seek(0, 2)
            file.seek(max(0, size - END_OF_LOG))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return "", ""
    refused = [line for line in (first, *text.splitlines()[:3]) if line.startswith(REFUSED)]
    return (refused[0].removeprefix(REFUSED) if refused else ""), text
