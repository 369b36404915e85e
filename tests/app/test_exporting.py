"""Kept results as files, through the real store, policy and reader."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from appliance import config
from appliance.app.view import Appliance
from appliance.app.work.keeping import encoded, kept
from appliance.documents import Citation, Document, ParsedDocument, Span
from appliance.results import Basis, FieldValue, Found, Request, Status
from tests.conftest import PASSPHRASE, SAMPLES, Desk

FOLDER = SAMPLES / "demo" / "legal"
QUOTE = "COOPERATION AGREEMENT"


def opened(desk: Desk) -> Appliance:
    return Appliance.open(config.load(desk.home), PASSPHRASE, os.getuid(), "", lambda _: None)


def keep(app: Appliance, document: Document, parsed: ParsedDocument) -> str:
    """An extraction as a task would leave it; the quote is the document's own."""
    begin = parsed.text.upper().index(QUOTE)
    span = Span(begin, begin + len(QUOTE))
    cited = Citation(document.id, span, span.of(parsed.text), parsed.page_of(begin))
    fields = (
        FieldValue("title", Status.FOUND, (Found(cited, "=cmd"),)),
        FieldValue("cap", Status.NOT_STATED, reason="no sentence speaks of it"),
    )
    basis = Basis("1", "r", "m", "d" * 64, "", (), ((document.id, 1),))
    result = kept(Request("extract", "legal/contract"), basis, fields)
    return app.store.keep([document.id], encoded(result)).id


@pytest.fixture
def result(desk: Desk) -> str:
    desk.ok("collection", "create", "c")
    desk.ok("ingest", str(FOLDER), "-c", "c", "--include", "hpil*")
    with opened(desk) as app:
        document, parsed = app.show(app.documents("c")[0].id)
        return keep(app, document, parsed)


def test_a_result_leaves_in_every_form(desk: Desk, result: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    forms = [word for form in ("html", "csv", "xlsx", "jsonl") for word in ("-f", form)]
    written = json.loads(desk.ok("export", result[:8], *forms, "-o", str(out), "--json"))
    names = sorted(Path(path).name for path in written)
    page = next(name for name in names if name.endswith(".html"))
    assert [name for name in names if name != page] == [
        "legal-contract-evidence.csv",
        "legal-contract-values.csv",
        "legal-contract.xlsx",
        "results.jsonl",
    ]
    html = (out / page).read_text("utf-8")
    assert html.count("data:image/png;base64,") == 1, "the one page that is cited"
    assert re.search(r'id="m1"[^>]*left:[\d.]+%', html)
    assert "'=cmd" in (out / "legal-contract-values.csv").read_text("utf-8")
    (line,) = (out / "results.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line)["id"] == result
    assert out.stat().st_mode & 0o077 == 0
    assert all((out / name).stat().st_mode & 0o777 == 0o600 for name in names)


def test_an_export_is_on_record_with_its_documents(desk: Desk, result: str, tmp_path: Path) -> None:
    desk.ok("export", result, "-o", str(tmp_path / "out"))
    records = json.loads(desk.ok("audit", "show", "--last", "0", "--json"))
    (intent,) = [r for r in records if r["action"] == "export" and r["kind"] == "intent"]
    assert len(intent["documents"]) == 1


def test_what_may_not_be_exported_stays(desk: Desk, result: str, tmp_path: Path) -> None:
    policy = desk.home / "policies" / "general.cedar"
    rule = 'forbid (principal, action == Action::"export", resource);'
    policy.write_text(f'{policy.read_text("utf-8")}\n@id("no")\n@description("No.")\n{rule}\n')
    ran = desk.run("export", result, "-o", str(tmp_path / "out"))
    assert ran.code == 18
    assert not (tmp_path / "out").exists()


def test_no_such_result(desk: Desk, result: str, tmp_path: Path) -> None:
    missing = desk.run("export", "0" * 32, "-o", str(tmp_path / "out"))
    assert missing.code == 7
    assert result not in missing.err
