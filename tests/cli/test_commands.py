"""Commands without a language model: what an operator does before asking anything."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.errors import Denied, PackError
from tests.conftest import SERVED, Desk

LEASE = (
    "LEASE AGREEMENT\n\nThis lease is made on 1 March 2024 between Ada Alder and Ben Birch.\n\n"
    "The lease ends on 28 February 2029. The law of Ohio governs it.\n"
)


@pytest.fixture
def filled(desk: Desk, folder_of: Callable[..., Path]) -> Desk:
    desk.ok("collection", "create", "acme", "--sector", "legal")
    folder = folder_of("in", lease=LEASE, note="The patient takes metformin twice a day.")
    desk.ok("ingest", str(folder), "-c", "acme", "--label", "classification=confidential")
    return desk


def test_collections(desk: Desk) -> None:
    made = json.loads(desk.ok("collection", "create", "acme", "--sector", "legal", "--json"))
    listed = json.loads(desk.ok("collection", "list", "--json"))
    assert listed == [made]
    assert desk.run("collection", "create", "acme").code == 2  # the name is taken


def test_documents_are_listed_and_shown(filled: Desk) -> None:
    documents = json.loads(filled.ok("list", "--json", "-c", "acme"))
    assert [d["name"] for d in documents] == ["lease.txt", "note.txt"]
    assert documents[0]["labels"] == [["classification", "confidential"]]
    assert "lease.txt" in filled.ok("list")
    shown = json.loads(filled.ok("show", documents[0]["id"][:8], "--text", "--json"))
    assert "law of Ohio" in shown["text"]
    assert "law of Ohio" in filled.ok("show", "lease.txt", "--text")


def test_a_second_ingest_takes_only_what_changed(filled: Desk, tmp_path: Path) -> None:
    (tmp_path / "in" / "lease.txt").write_text(LEASE + "It was amended.\n")
    (tmp_path / "in" / "copy.txt").write_text("The patient takes metformin twice a day.")
    ran = filled.run("ingest", str(tmp_path / "in"), "-c", "acme", "--json")
    assert ran.code == 0, ran.err
    taken = {o["name"]: o["taken"] for o in json.loads(ran.out)}
    assert taken == {"copy.txt": "duplicate", "lease.txt": "new version", "note.txt": "unchanged"}
    assert "It was amended" in filled.ok("show", "lease.txt", "--text")


def test_search_finds_by_words_and_by_meaning(filled: Desk) -> None:
    for question in ("Which state's law applies to the rental contract?", "Ohio"):
        found = json.loads(filled.ok("search", "-", "--json", "-n", "1", stdin=question))
        (passage,) = found["passages"]
        assert found["names"][passage["document"]] == "lease.txt"
        assert "law of Ohio" in passage["text"]


def test_an_erased_document_is_gone(filled: Desk) -> None:
    (lease,) = [d for d in json.loads(filled.ok("list", "--json")) if d["name"] == "lease.txt"]
    before = {p for p in filled.home.rglob("*") if p.is_file()}
    filled.ok("delete", lease["id"], "--yes")
    assert filled.run("show", lease["id"]).code == 7
    assert "lease" not in filled.ok("search", "Ohio law lease")
    assert len({p for p in filled.home.rglob("*") if p.is_file()}) < len(before)


def test_every_act_is_on_record_and_the_record_verifies(filled: Desk) -> None:
    filled.run("show", "lease.txt")
    filled.run("show", "none")
    records = json.loads(filled.ok("audit", "show", "--last", "0", "--json"))
    acts = [(r["kind"], r["action"]) for r in records]
    assert ("intent", "ingest") in acts
    assert ("outcome", "show") in acts
    endings = [r["result"]["status"] for r in records if r["action"] == "show" and r["result"]]
    assert endings == ["done", "denied"]
    verdict = json.loads(filled.ok("audit", "verify", "--json"))
    assert verdict["records"] >= len(records)


def test_a_long_verification_says_how_far_it_is(
    filled: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.cli.audit._MIB", 256)  # so that this log is a long one
    ran = filled.run("audit", "verify")
    assert ran.code == 0
    assert re.search(r"Verifying: \d+/\d+, ", ran.err)
    assert "records verify" in ran.out


def test_status_and_doctor(filled: Desk) -> None:
    status = json.loads(filled.ok("status", "--json"))
    assert (status["collections"], status["documents"]) == (1, 2)
    deep = filled.run("doctor", "--deep", "--json")
    checks = {f["check"]: f["right"] for f in json.loads(deep.out)}
    assert checks["store"]
    assert checks["audit log"]
    assert checks["reader"]


def test_policy_check(desk: Desk, tmp_path: Path) -> None:
    desk.ok("policy", "check")
    (tmp_path / "p").mkdir()
    assert desk.run("policy", "check", str(tmp_path / "p")).code == 17


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(bare_desk: Desk, shell: str) -> None:
    assert "_APPLIANCE_COMPLETE" in bare_desk.ok("completion", shell)


def test_a_person_without_a_role_may_nothing(filled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    somebody_else = os.getuid() + 1
    monkeypatch.setattr("os.getuid", lambda: somebody_else)
    if filled.way == SERVED:  # turned away at the door
        assert filled.run("list", "--json").code == Denied("").exit_code
        return
    assert json.loads(filled.ok("list", "--json")) == []
    assert json.loads(filled.ok("collection", "list", "--json")) == []
    assert json.loads(filled.ok("search", "Ohio", "--json"))["passages"] == []
    assert filled.run("show", "lease.txt").code == 7
    assert filled.run("audit", "show").code == 18
    assert filled.run("collection", "create", "mine").code == 18


def test_options_of_a_summary_are_checked_before_anything_is_read(filled: Desk) -> None:
    assert filled.run("summarize", "lease.txt", "--length", "endless").code == 2
    unknown = filled.run("summarize", "lease.txt", "--template", "novel")
    assert unknown.code == PackError("", remedy="").exit_code
    assert "use one of: clinical_note, contract" in unknown.err


def test_a_document_is_summarised_without_a_model(filled: Desk) -> None:
    shown = filled.run("summarize", "lease.txt", "--length", "long")
    assert shown.code == 0, shown.err
    assert shown.out.index("Parties and purpose") < shown.out.index("Law and disputes")
    assert "This lease is made on 1 March 2024" in shown.out
    assert "Template contract, long." in shown.err
    assert "sections read; every section is represented." in shown.err
    found = json.loads(filled.ok("summarize", "lease.txt", "--json", "--level", "plain"))
    assert found["document"]["name"] == "lease.txt"
    assert "The same" in filled.ok("replay", found["result"])
    summary = found["summary"]
    assert (summary["template"], summary["brief"], summary["windows"]) == ("contract", "plain", 0)
    assert summary["statements"][0]["citations"]
