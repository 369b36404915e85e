"""`appliance accept` end to end: a sound machine passes, seeded faults are each found by name.

The runs are long (every promise is tried), so many faults are seeded at once.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from appliance import config
from appliance.engine import launch
from appliance.engine.isolation import namespace_refusal
from appliance.offline import is_forbidden
from tests.acceptance.installation import flip, install, plant
from tests.conftest import Desk
from tests.printing.test_pdf import texts

NAMESPACED = pytest.mark.skipif(
    bool(namespace_refusal()), reason="this host allows no network namespaces"
)
# The launcher of the engine with one line of it undone: a double that puts up no namespace.
UNCONFINED = (
    f"import sys; sys.path.insert(0, {str(Path(launch.__file__).parent.parent.parent)!r})\n"
    "from appliance.engine import launch\n"
    "launch.enter_namespace = lambda: None\n"
    "launch.main()"
)
TRIED = {
    "nothing in clear after kill -9",
    "kill -9 and run again",
    "non-interference",
    "a page not read is named",
    "verbatim passages",
    "nothing in clear at the end",
    "one byte of an object",
    "one byte of the log",
    "one byte of a model",
    "every act is on record",
    "no record, no act",
}


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line removes what is forbidden; here it comes back for the other tests."""
    for name in [name for name in config.variables() if is_forbidden(name)]:
        monkeypatch.delenv(name)


def by_name(report: dict[str, list[dict[str, str]]]) -> dict[str, dict[str, str]]:
    return {check["name"]: check for check in report["checks"]}


@NAMESPACED
def test_a_sound_core_installation_passes_and_is_on_record(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APPLIANCE_ROOT", str(install(tmp_path)))
    out = tmp_path / "out"
    before = sorted(desk.home.rglob("*"))
    ran = desk.run("accept", "--out", str(out), "--json", "--deep")
    shown = json.loads(ran.out)
    report = shown["report"]
    assert ran.code == 0, [c for c in report["checks"] if c["verdict"] != "PASS"]
    assert report["verdict"] == "PASS"
    found = by_name(report)
    assert {n for n, c in found.items() if c["verdict"] == "PASS"} >= TRIED
    idle = {n for n, c in found.items() if c["verdict"] == "NOT RUN"}
    assert idle == {
        "packages of the engine",
        "modules of the engine",
        "language model",
        "verbatim answers",
        "shipped questions",
        "the same question twice",
    }
    assert report["release"].startswith("release 1.0.0-7 (core)")
    assert {f["name"] for f in report["figures"]} == {
        "pages read by one reader",
        "chunks embedded",
    }
    assert sorted(desk.home.rglob("*")) == before  # nothing was left in the customer's home

    assert json.loads((out / "accept.json").read_text()) == shown
    (page,) = texts((out / "accept.pdf").read_bytes())
    assert "Acceptance of this appliance: PASS" in page
    assert shown["public_key"] in page
    assert shown["signature"] in (out / "accept.txt").read_text()

    records = json.loads(desk.ok("audit", "show", "--last", "0", "--json"))
    event, *around = [r for r in records if r["action"] == "accept" and r["kind"] == "security"]
    assert around == []
    assert event["result"]["status"] == f"PASS,sha256:{shown['digest']}"
    assert [r["kind"] for r in records if r["action"] == "accept"] == [
        "intent",
        "security",
        "outcome",
    ]

    record = str(out / "accept.json")
    desk.ok("accept", "--check", record, "--key", shown["public_key"])
    assert desk.run("accept", "--check", record, "--key", "00").code == 11
    (out / "accept.json").write_text((out / "accept.json").read_text().replace("P7", "P8"))
    assert desk.run("accept", "--check", record).code == 11
    assert desk.run("accept", "--check", str(out / "none")).code == 8


@NAMESPACED
def test_seeded_faults_are_each_found_by_name(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = install(tmp_path, "cpu")
    (desk.home / "appliance.toml").write_text('[engine]\nmodel = "tiny"\n')
    switches = root / "deploy" / "offline.env"
    switches.write_text(switches.read_text().replace("DO_NOT_TRACK=1\n", ""))
    weights = root / "models" / "tiny" / "model.safetensors"
    flip(weights)
    (plant(root, "app", "planted", "1.0").parent / "planted.pth").touch()
    keys = desk.home / "store" / "keyring.sealed"
    keys.chmod(0o644)
    log = next((desk.home / "audit").rglob("*.jsonl"))
    flip(log, 300)
    launcher = (sys.executable, "-I", "-c", UNCONFINED)
    monkeypatch.setattr(launch, "command", lambda: launcher)
    monkeypatch.setenv("APPLIANCE_ROOT", str(root))

    ran = desk.run("accept", "--json")
    assert ran.code == 1
    shown = json.loads(ran.out)
    assert shown["key"] == "made for this report"  # the store cannot be opened over a broken log
    found = by_name(shown["report"])
    expected = {
        "telemetry switches": f"DO_NOT_TRACK is not set in {switches}",
        "language model": f"{weights} differs",
        "packages of the app": "planted 1.0 is installed and in no lock",
        "modules of the app": "planted.pth is of no wheel",
        "modes of the home": f"{keys} has mode 644",
        "audit log of this store": "record 0",
        "nothing can leave": "engine: namespace",
    }
    for name, words in expected.items():
        assert found[name]["verdict"] == "FAIL", name
        assert words in found[name]["found"], name
        assert found[name]["remedy"], name
        assert name in ran.err
    assert {n for n, c in found.items() if c["verdict"] == "PASS"} >= TRIED
    assert shown["report"]["verdict"] == "FAIL"


@pytest.mark.engine
def test_with_an_engine_answers_are_counted_and_repeat(desk: Desk, engine_socket: Path) -> None:
    (desk.home / "appliance.toml").write_text(f'[engine]\nsocket = "{engine_socket}"\n')
    shown = json.loads(desk.run("accept", "--json", "--unrecorded").out)
    found = by_name(shown["report"])
    for name in ("verbatim answers", "shipped questions", "the same question twice"):
        assert found[name]["verdict"] == "PASS", found[name]
    assert "tokens generated, 4 answers at a time" in {
        figure["name"] for figure in shown["report"]["figures"]
    }
    assert shown["report"]["model"].startswith("smollm2-135m-instruct")


def test_a_folder_that_cannot_be_written_is_said_at_once(desk: Desk) -> None:
    ran = desk.run("accept", "--out", str(desk.passphrase_file / "x"))
    assert (ran.code, "PASS" in ran.err) == (8, False)


def test_who_holds_no_role_may_not(desk: Desk) -> None:
    policy = desk.home / "policies" / "general.cedar"
    text = policy.read_text()
    policy.write_text(text.replace('Action::"attest", Action::"accept"', 'Action::"attest"'))
    assert desk.run("accept").code == 18
    assert desk.run("audit", "verify").code == 0
