"""Switches that keep every dependency from calling home.

They make failures fast and logs quiet; the control itself is the empty network namespace and
the system-call filter.  ``apply`` runs before any heavy import; ``deploy/offline.env`` is the same
list for service managers, and a test holds the two equal.  Values matter: vLLM compares with
"1", unstructured takes any non-empty value.
"""

from __future__ import annotations

from collections.abc import MutableMapping

SWITCHES: dict[str, str] = {
    "ANONYMIZED_TELEMETRY": "False",
    "DO_NOT_TRACK": "1",
    "FLASHINFER_NO_DOWNLOAD": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    "HF_HUB_DISABLE_XET": "1",
    "HF_HUB_OFFLINE": "1",
    "ORT_DISABLE_TELEMETRY": "1",  # onnxruntime 1.29 and later starts an uploader when imported
    "OTEL_SDK_DISABLED": "true",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "SCARF_NO_ANALYTICS": "true",
    "TRANSFORMERS_OFFLINE": "1",
    "UNSTRUCTURED_DISABLE_NOTICE": "1",
    "VLLM_DO_NOT_TRACK": "1",
    "VLLM_HOST_IP": "127.0.0.1",
    "VLLM_LOOPBACK_IP": "127.0.0.1",
    "VLLM_MEDIA_URL_ALLOW_REDIRECTS": "0",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_PLUGINS": "",
    "VLLM_USE_FLASHINFER_SAMPLER": "0",
}

# Never passed on: credentials for, and routes to, the world outside.
FORBIDDEN_PREFIXES = ("HF_TOKEN", "HUGGING_FACE", "NGC_API_KEY", "OPENAI_", "ANTHROPIC_", "AWS_")
FORBIDDEN = {"http_proxy", "https_proxy", "all_proxy", "ftp_proxy"}


def apply(environ: MutableMapping[str, str]) -> None:
    """Set every switch and remove credentials and proxies from ``environ``."""
    for name in [name for name in environ if is_forbidden(name)]:
        del environ[name]
    environ.update(SWITCHES)


def is_forbidden(name: str) -> bool:
    """Whether a variable names a proxy or a credential for the outside."""
    return name.lower() in FORBIDDEN or name.startswith(FORBIDDEN_PREFIXES)
