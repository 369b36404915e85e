"""The main job with the real engine: a folder in, cited results out, repeated without repeating."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.tasks import packs
from tests.conftest import SAMPLES, Desk

pytestmark = pytest.mark.engine

CONTRACT = """CONSULTING AGREEMENT

This Consulting Agreement is made on March 3, 2021 between Alder Systems Inc. and Birch Labs LLC.

1. Term. The agreement begins on April 1, 2021 and ends on March 31, 2024.

2. Fees. The client pays the consultant 12,500 dollars per month.

3. Governing law. This agreement is governed by the laws of the State of Delaware.

4. Termination. Either party may terminate this agreement with sixty days' written notice.
"""
NOTE = """CHIEF COMPLAINT

Shortness of breath.

MEDICATIONS

Metformin 500 mg twice a day. Lisinopril 10 mg once a day.

ALLERGIES

Penicillin.
"""
QUESTION = "Which state's laws govern the agreement?"
TASKS = ("--summarize", "--extract", "legal/contract", "--ask", QUESTION)


@pytest.fixture
def working(desk: Desk, engine_socket: Path) -> Desk:
    (desk.home / "appliance.toml").write_text(f'[engine]\nsocket = "{engine_socket}"\n')
    desk.ok("collection", "create", "acme", "--sector", "legal")
    return desk


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "contract.txt").write_text(CONTRACT)
    (folder / "note.md").write_text(NOTE)
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 and nothing else")
    return folder


def lines(out: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (out / "results.jsonl").read_text("utf-8").splitlines()]


def citations(value: object) -> Iterator[dict[str, object]]:
    if isinstance(value, dict):
        if "quote" in value:
            yield value
        for item in value.values():
            yield from citations(item)
    elif isinstance(value, list):
        for item in value:
            yield from citations(item)


def stands(citation: dict[str, object], text: str) -> bool:
    span = citation["span"]
    assert isinstance(span, list)
    return text[span[0] : span[1]] == citation["quote"]


def test_process_cites_verbatim_and_repeats_nothing(
    working: Desk, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run = ("process", str(folder), "-c", "acme", *TASKS, "--out", str(out), "--json")
    first = working.run(*run)
    assert first.code == 15, first.err  # broken.pdf
    assert json.loads(first.out) == {"done": 6, "kept": 0, "failed": 0, "files not read": 1}
    written = lines(out)
    assert [w["name"] for w in written if w["task"] == "ingest"] == ["broken.pdf"]
    found = 0
    for line in written:
        if line["status"] != "done":
            continue
        shown = json.loads(working.ok("show", str(line["document"]), "--text", "--json"))
        for citation in citations(line["result"]):
            assert stands(citation, shown["text"])
            found += 1
    assert found >= 3
    reports = sorted((out / "reports").iterdir())
    assert len(reports) == 2
    assert {p.stat().st_mode & 0o777 for p in [*reports, out / "results.jsonl"]} == {0o600}

    second = working.run(*run)
    assert json.loads(second.out) == {"done": 0, "kept": 6, "failed": 0, "files not read": 1}
    assert lines(out) == written
    shutil.rmtree(out)
    third = working.run(*run)  # the output is lost: it comes from the store, not from the model
    assert json.loads(third.out) == {"done": 0, "kept": 6, "failed": 0, "files not read": 1}
    results = [line["result"] for line in written if line["status"] == "done"]
    assert [line["result"] for line in lines(out) if line["status"] == "done"] == results


def test_ask_answers_or_says_that_the_documents_do_not(working: Desk, folder: Path) -> None:
    working.run("ingest", str(folder), "-c", "acme")
    found = json.loads(working.ok("ask", QUESTION, "-c", "acme", "--json"))["answer"]
    assert found["status"] == "found"
    assert "Delaware" in found["statements"][0]["citations"][0]["quote"]
    absent = json.loads(
        working.ok("ask", "What is the capital of Mongolia?", "-c", "acme", "--json")
    )["answer"]
    assert (absent["status"], absent["statements"]) == ("not stated", [])


def test_extract_and_summarize_the_sample_contract(working: Desk) -> None:
    working.ok("ingest", str(SAMPLES / "demo" / "legal"), "-c", "acme")
    document = json.loads(working.ok("list", "--json"))[0]
    shown = json.loads(working.ok("show", document["id"], "--text", "--json"))
    found = json.loads(working.ok("extract", document["id"], "-p", "legal/contract", "--json"))
    fields = found["fields"]
    assert found["document"]["id"] == document["id"]
    assert {f["status"] for f in fields} <= {"found", "not stated", "conflicting"}
    assert any(f["status"] == "found" for f in fields)
    tried = working.ok("pack", "try", str(packs.FOLDER / "legal" / "nda.toml"), document["id"])
    assert "steps: pattern" in tried
    summary = json.loads(working.ok("summarize", document["id"], "--json"))["summary"]
    assert summary["statements"]
    assert all(s["citations"] for s in summary["statements"])
    for citation in citations([fields, summary]):
        assert stands(citation, shown["text"])


def test_the_record_names_the_model_and_what_entered_the_prompt(
    working: Desk, folder: Path
) -> None:
    working.run("ingest", str(folder), "-c", "acme")
    document = json.loads(working.ok("list", "--json"))[0]["id"]
    working.ok("extract", document, "-p", "legal/contract")
    records = json.loads(working.ok("audit", "show", "--last", "0", "--json"))
    intent = next(r for r in records if r["kind"] == "intent" and r["action"] == "extract")
    later = [r for r in records if r["of"] == intent["id"]]
    assert [r["kind"] for r in later] == ["retrieval", "outcome"]
    assert later[0]["documents"]
    assert later[0]["model"] == later[1]["model"] != ""


def test_questions_stay_out_of_the_record(working: Desk, folder: Path) -> None:
    working.run("ingest", str(folder), "-c", "acme")
    working.ok("ask", QUESTION, "-c", "acme")
    records = json.loads(working.ok("audit", "show", "--last", "0", "--json"))
    intent = next(r for r in records if r["kind"] == "intent" and r["action"] == "ask")
    later = [r for r in records if r["of"] == intent["id"]]
    assert [r["kind"] for r in later] == ["retrieval", "outcome"]
    assert later[0]["documents"]
    assert QUESTION not in json.dumps(records)


def test_a_result_is_kept_replayed_and_gone_with_its_document(working: Desk, folder: Path) -> None:
    working.run("ingest", str(folder), "-c", "acme")
    id = json.loads(working.ok("ask", QUESTION, "-c", "acme", "--json"))["result"]
    (listed,) = json.loads(working.ok("results", "--json"))
    assert (listed["result"]["id"], listed["request"]["argument"]) == (id, QUESTION)
    played = json.loads(working.ok("replay", id[:8], "--json"))
    assert played == {"result": id, "same": True, "changes": []}
    cited = listed["result"]["sources"][0][0]
    working.ok("delete", cited, "--yes")
    gone = working.run("replay", id)
    assert gone.code == 7
    assert json.loads(working.ok("results", "--json")) == []
