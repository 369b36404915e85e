"""Evidence, reports and witnesses, from the command line to the programs that leave the machine."""

from __future__ import annotations

import ast
import csv
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pypdfium2 as pdfium
import pytest

from appliance.audit.cosign import WitnessKey
from appliance.carried import PROGRAMS, program
from tests.conftest import Desk


def pythons() -> list[str]:
    """Every Python from 3.8 on that is found here; one of each version."""
    places = [Path("/usr/bin"), Path("/usr/local/bin"), *Path.home().glob(".pyenv/versions/*/bin")]
    found = {"this one": sys.executable}
    for place in places:
        for path in sorted(place.glob("python3.*")):
            number = path.name.removeprefix("python3.")
            if number.isdecimal() and int(number) >= 8:
                found.setdefault(number, str(path))
    return list(found.values())


@pytest.fixture
def used(desk: Desk) -> Desk:
    """A store in which something happened."""
    desk.ok("collection", "create", "Larch", "--sector", "legal")
    desk.ok("list")
    assert desk.run("show", "missing.txt").code == 7
    desk.ok("collection", "list")
    return desk


@pytest.fixture
def read(used: Desk, folder_of: Callable[..., Path]) -> Desk:
    """A store in which a document was read."""
    used.ok("ingest", str(folder_of("in", a="The rent is 900 euros.")), "-c", "Larch")
    used.ok("show", "a.txt")
    return used


def check(folder: Path, *arguments: str, python: str = sys.executable) -> tuple[int, str]:
    """Run the folder's own program, with no package in reach."""
    words = [python, "-I", "-S", str(folder / "verify_audit.py"), str(folder), *arguments]
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout + ran.stderr


def exported(desk: Desk, folder: Path, *arguments: str) -> Path:
    desk.ok("audit", "export", "--out", str(folder), *arguments)
    return folder


def changed(folder: Path, name: str, old: bytes, new: bytes) -> Path:
    """A copy of the folder in which one file was changed."""
    copy = folder.with_name(f"{folder.name}-changed")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    content = (copy / name).read_bytes()
    assert old in content
    (copy / name).write_bytes(content.replace(old, new, 1))
    return copy


def test_an_export_verifies_with_python_alone(used: Desk, tmp_path: Path) -> None:
    folder = exported(used, tmp_path / "evidence")
    key = (folder / "log-key").read_text()
    for python in pythons():
        code, said = check(folder, "--key", key, python=python)
        assert code == 0, said
        assert said.endswith("VERIFIED\n")
        assert "a whole stretch" in said
    code, said = check(folder)
    assert (code, "only against the key that came with the folder" in said) == (0, True)
    assert check(folder, "--key", key.replace("a", "b"))[0] == 1
    (policies,) = (folder / "policies").iterdir()
    assert policies.name in (folder / "selection.json").read_text()


def test_whatever_is_changed_in_an_export_is_found_and_named(used: Desk, tmp_path: Path) -> None:
    folder = exported(used, tmp_path / "evidence")
    lines = (folder / "events.jsonl").read_bytes().splitlines(keepends=True)
    at = 5
    wrong = lines[at].replace(b'"uid":', b'"uid":1')
    cases = [
        ("events.jsonl", lines[at], wrong, f"record {at} is not what stands"),
        ("events.jsonl", lines[at] + lines[at + 1], lines[at + 1] + lines[at], "stands behind"),
        ("events.jsonl", lines[at], b"", "some were taken out"),
        ("events.jsonl", lines[at], lines[at] * 2, "stands behind"),
        ("events.jsonl", lines[-1], lines[-1][:-1], "was cut"),
        ("checkpoint", f"\n{len(lines)}\n".encode(), b"\n9999\n", "not signed"),
        ("selection.json", b'"asked": "everything"', b'"asked": "all"', "not signed"),
        ("selection.json", f'"records": {len(lines)}'.encode(), b'"records": 1', "not signed"),
        ("names.json", b'"Larch"', b'"Birch"', "not the names"),
    ]
    for name, old, new, said in cases:
        code, found = check(changed(folder, name, old, new))
        assert code == 1, (name, said)
        assert said in found
    (policies,) = (folder / "policies").iterdir()
    name = f"policies/{policies.name}/general.cedar"
    code, found = check(changed(folder, name, b"permit", b"forbid"))
    assert code == 1
    assert "not the policies" in found
    more = changed(folder, "names.json", b"", b"")
    shutil.copytree(more / "policies" / policies.name, more / "policies" / ("0" * 64))
    assert "not the policy sets that were exported" in check(more)[1]


def test_an_old_answer_does_not_pass_for_one_of_today(used: Desk, tmp_path: Path) -> None:
    """What was once asked of a shorter log, put beside a later checkpoint."""
    nothing = ("--what", "export")
    before = exported(used, tmp_path / "before", *nothing)
    assert '"about export"' in check(before)[1]
    assert "no record of the log is such an event" in check(before)[1]
    after = exported(used, tmp_path / "after", *nothing)
    shutil.copy(before / "selection.json", after)
    code, said = check(after)
    assert (code, "of another export than the checkpoint" in said) == (1, True)


def test_the_first_bad_record_is_named_even_where_its_proof_was_changed(
    used: Desk, tmp_path: Path
) -> None:
    folder = exported(used, tmp_path / "evidence")
    proofs = (folder / "proofs.txt").read_bytes()
    node = next(line for line in proofs.splitlines() if line.startswith(b"0 3 "))  # beside 2
    code, said = check(changed(folder, "proofs.txt", node, node[:-64] + b"0" * 64))
    assert code == 1
    assert "record 2 is not what stands" in said


def test_a_selection_says_that_it_is_one_and_its_tables_are_safe(
    read: Desk, tmp_path: Path
) -> None:
    used = read
    used.ok("collection", "create", "=cmd|' /C calc'!A0", "--sector", "legal")
    wanted = ("-c", "Larch", "--what", "show", "--what", "create_collection")
    folder = exported(used, tmp_path / "evidence", *wanted)
    assert "a selection" in check(folder)[1]
    rows = list(csv.DictReader(io.StringIO((folder / "events.csv").read_text("utf-8-sig"))))
    assert [row["action"] for row in rows] == ["create_collection", "show"]
    assert rows[1]["where"] == "matter Larch"
    whole = exported(used, tmp_path / "whole", "--what", "create_collection")
    for row in csv.reader(io.StringIO((whole / "events.csv").read_text("utf-8-sig"))):
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)
    bundle = json.loads((folder / "fhir" / "000001.json").read_text())
    _, event = (entry["resource"] for entry in bundle["entry"])
    assert (event["resourceType"], event["outcome"]) == ("AuditEvent", "0")
    _, line = (folder / "ocsf.jsonl").read_text().splitlines()
    assert json.loads(line)["type_uid"] == 600501


def test_an_export_is_never_half_there(used: Desk, tmp_path: Path) -> None:
    folder = exported(used, tmp_path / "evidence")
    again = used.run("audit", "export", "--out", str(folder))
    assert (again.code, "is there already" in again.err) == (2, True)
    assert used.run("audit", "export", "--out", str(tmp_path / "x"), "--from", "soon").code == 2
    assert used.run("audit", "export", "--out", str(tmp_path / "x"), "--who", "nobody").code == 7
    assert not (tmp_path / "x").exists()


def test_reports_answer_in_plain_sentences(read: Desk, tmp_path: Path) -> None:
    used = read
    patient = used.ok("audit", "report", "patient", "-c", "Larch")
    assert "read 1 document of matter Larch at" in patient
    assert "; permitted by legal-team-reads" in patient
    assert "1 person(s) read something." in patient
    denials = used.ok("audit", "report", "denials")
    assert "refused: it is not there, or not for them" in denials
    wall = used.ok("audit", "report", "wall", "--who", "4711", "-c", "Larch")
    assert "The log has no record of any access." in wall
    pdf = tmp_path / "admin.pdf"
    used.ok("audit", "report", "admin", "--out", str(pdf))
    with pdfium.PdfDocument(pdf) as page:
        assert page.get_metadata_value("Title") == "What was administered"
    shown = json.loads(
        used.ok("audit", "report", "outside-hours", "--json", "--hours", "0:00-0:00")
    )
    assert {event["action"] for event in shown["events"]} >= {"show", "ingest", "audit_report"}
    assert used.run("audit", "report", "wall").code == 2
    assert used.run("audit", "report", "denials", "--out", "x.doc").code == 2


def test_exports_and_reports_are_on_record(used: Desk, tmp_path: Path) -> None:
    exported(used, tmp_path / "evidence")
    used.ok("audit", "report", "exports")
    records = json.loads(used.ok("audit", "show", "--last", "0", "--json"))
    actions = [r["action"] for r in records if r["kind"] == "outcome"]
    assert {"audit_export", "audit_report"} <= set(actions)


# -- witnesses -----------------------------------------------------------------------------------


def witness(state: Path, *arguments: str, said: str = "") -> tuple[int, str]:
    words = [sys.executable, str(state.parent / "witness.py"), "--state", str(state), *arguments]
    ran = subprocess.run(words, capture_output=True, text=True, input=said, check=False)
    return ran.returncode, ran.stdout + ran.stderr


@pytest.fixture
def laptop(desk: Desk, tmp_path: Path) -> Path:
    """The state of a witness that trusts the log of the desk."""
    stick = tmp_path / "stick"
    desk.ok("audit", "checkpoint", "--out", str(stick))
    shutil.copy(stick / "witness.py", tmp_path / "witness.py")
    state = tmp_path / "state"
    assert witness(state, "new", "laptop", said="a secret\na secret\n")[0] == 0
    assert witness(state, "trust", (stick / "log-key").read_text())[0] == 0
    return state


def round_trip(desk: Desk, state: Path, name: str = "round") -> Path:
    stick = state.parent / name
    shutil.rmtree(stick, ignore_errors=True)
    desk.ok("audit", "checkpoint", "--witness", "laptop", "--out", str(stick))
    code, said = witness(state, "cosign", str(stick), said="a secret\n")
    assert code == 0, said
    desk.ok("audit", "cosign", "--in", str(stick))
    return stick


def test_a_witness_signs_growth_and_its_word_comes_with_evidence(
    desk: Desk, laptop: Path, tmp_path: Path
) -> None:
    round_trip(desk, laptop)
    desk.ok("list")
    round_trip(desk, laptop)
    desk.ok("list")
    verdict = json.loads(desk.ok("audit", "verify", "--json"))
    (seen,) = verdict["witnesses"]
    assert (seen["name"], seen["size"] > 5) == ("laptop", True)
    folder = exported(desk, tmp_path / "evidence")
    code, said = check(folder, "--witness", seen["key"])
    assert code == 0, said
    assert "witness laptop (trusted)" in said
    (grown,) = (folder / "growth").iterdir()
    spoiled = changed(folder, f"growth/{grown.name}", grown.read_bytes()[:64], b"0" * 64)
    assert "NOT the continuation" in check(spoiled)[1]
    other = WitnessKey("laptop", bytes(32)).spelled()
    assert check(folder, "--witness", other)[0] == 1
    assert check(folder, "--witness", other, "--witness", seen["key"])[0] == 1  # both are wanted
    assert check(folder, "--witness", WitnessKey("another", bytes(32)).spelled())[0] == 1


def test_a_witness_refuses_what_is_not_growth(desk: Desk, laptop: Path, tmp_path: Path) -> None:
    whole = tmp_path / "kept"
    shutil.copytree(desk.home, whole)
    desk.ok("list")
    first = round_trip(desk, laptop)
    size = int((first / "checkpoint").read_text().splitlines()[1])
    again = witness(laptop, "cosign", str(first), said="a secret\n")  # it proves from 0
    assert "the proof begins at 0" in again[1]
    shutil.rmtree(desk.home)
    shutil.copytree(whole, desk.home)  # an older copy of everything is put back
    stick = tmp_path / "older"
    desk.ok("audit", "checkpoint", "--out", str(stick))
    assert "SHRANK" in witness(laptop, "cosign", str(stick))[1]
    while int((stick / "checkpoint").read_text().splitlines()[1]) < size:
        desk.ok("audit", "checkpoint", "--out", str(stick), "--since", "0")
    code, said = witness(laptop, "cosign", str(stick))
    assert code == 1
    assert "SHRANK" in said or "TWO HISTORIES" in said or "the proof begins" in said


def test_a_witness_needs_the_right_key_and_passphrase(desk: Desk, laptop: Path) -> None:
    stick = laptop.parent / "stick"
    assert "did not open" in witness(laptop, "cosign", str(stick), said="wrong\n")[1]
    assert "SHRANK" not in witness(laptop, "show")[1]
    spoiled = (stick / "add-checkpoint").read_bytes().replace(b"\n\n", b"\n\nx", 1)
    (stick / "add-checkpoint").write_bytes(spoiled)
    assert witness(laptop, "cosign", str(stick), said="a secret\n")[0] == 1
    assert witness(laptop, "trust", "appliance.local/x+00000000+AAAA")[0] == 1


def test_a_printed_page_finds_a_log_that_was_exchanged(desk: Desk, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    shown = json.loads(desk.ok("audit", "checkpoint", "--out", str(stick), "--json"))
    code, size = shown["code"], str(shown["size"])
    assert f"Code:     {code}" in (stick / "checkpoint.txt").read_text()
    assert desk.run("audit", "verify", "--paper", code.lower(), "--size", size).code == 0
    assert desk.run("audit", "verify", "--checkpoint", str(stick / "checkpoint")).code == 0
    wrong = code[:-1] + ("A" if code[-1] != "A" else "B")
    assert desk.run("audit", "verify", "--paper", wrong, "--size", size).code == 11
    assert desk.run("audit", "verify", "--paper", code, "--size", "3").code == 11
    assert desk.run("audit", "verify", "--paper", code, "--size", "99999").code == 11
    assert desk.run("audit", "verify", "--paper", code).code == 2


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_leaves_the_machine_is_python_of_2019(name: str) -> None:
    tree = ast.parse(program(name), feature_version=(3, 8))
    imported = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    imported |= {
        (node.module or "").split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
    }
    assert not imported - sys.stdlib_module_names - {"cryptography"}
    if name == "verify_audit.py":
        assert "cryptography" not in imported
