"""The offline switches: one list in two places, and nothing of the outside passed on."""

from __future__ import annotations

from pathlib import Path

from appliance.offline import SWITCHES, apply, is_forbidden

ENV_FILE = Path(__file__).parent.parent / "deploy" / "offline.env"


def test_the_service_file_holds_the_same_list() -> None:
    lines = [line for line in ENV_FILE.read_text("utf-8").splitlines() if line[:1] not in {"", "#"}]
    assert dict(line.split("=", 1) for line in lines) == SWITCHES


def test_apply_sets_switches_and_drops_routes_and_credentials() -> None:
    environ = {"HTTPS_PROXY": "x", "HF_TOKEN": "x", "PATH": "/bin", "DO_NOT_TRACK": "0"}
    apply(environ)
    assert environ == {"PATH": "/bin", **SWITCHES}


def test_vllm_switches_are_exactly_one() -> None:
    assert SWITCHES["VLLM_NO_USAGE_STATS"] == SWITCHES["DO_NOT_TRACK"] == "1"


def test_forbidden_names_are_recognised_in_any_case() -> None:
    assert is_forbidden("no_proxy") is False
    assert all(map(is_forbidden, ["http_proxy", "HTTP_PROXY", "HF_TOKEN_PATH", "AWS_PROFILE"]))
