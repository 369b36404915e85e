"""process without a language model at work: what a batch writes, embedded and over the service."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from appliance.errors import PackError
from tests.conftest import Desk

LEASE = (
    "LEASE AGREEMENT\n\nThis lease is made on 1 March 2024 between Ada Alder and Ben Birch.\n\n"
    "The lease ends on 28 February 2029. The law of Ohio governs it.\n"
)


def test_a_batch_does_each_task_once_and_writes_it_where_its_reader_wants(
    desk: Desk, folder_of: Callable[..., Path], tmp_path: Path
) -> None:
    desk.ok("collection", "create", "c")
    folder, out = folder_of("in", lease=LEASE, other=LEASE.replace("Ohio", "Utah")), tmp_path / "o"
    words = ("process", str(folder), "-c", "c", "--summarize", "--format", "html", "-o", str(out))
    first = json.loads(desk.ok(*words, "--json"))
    assert (first["done"], first["failed"]) == (2, 0)
    lines = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    assert {line["name"] for line in lines} == {"lease.txt", "other.txt"}
    assert all(line["result"]["statements"] and line["id"] for line in lines)
    assert len(list((out / "reports").glob("*.html"))) == 2
    assert json.loads((out / "run.json").read_text())["state"] == "complete"
    again = json.loads(desk.ok(*words, "--json"))
    assert (again["done"], again["kept"]) == (0, 2)
    assert len((out / "results.jsonl").read_text().splitlines()) == 2


def test_lines_that_no_batch_wrote_keep_no_table_and_no_report_from_being_written(
    desk: Desk, folder_of: Callable[..., Path], tmp_path: Path
) -> None:
    desk.ok("collection", "create", "c")
    out = tmp_path / "o"
    out.mkdir()
    foreign = {"key": "k", "task": "extract", "argument": "legal/lease", "result": [{"value": 1}]}
    (out / "results.jsonl").write_text(f"{json.dumps(foreign)}\n[]\nnone\n")
    words = ("process", str(folder_of("in", lease=LEASE)), "-c", "c", "--summarize")
    desk.ok(*words, "--format", "csv", "-o", str(out))
    assert json.loads((out / "run.json").read_text())["state"] == "complete"
    assert list(out.rglob("*.csv")) == []


def test_an_unknown_pack_is_said_before_anything_is_taken_in(
    desk: Desk, folder_of: Callable[..., Path], tmp_path: Path
) -> None:
    desk.ok("collection", "create", "c")
    words = ("process", str(folder_of("in", a="x")), "-c", "c", "--extract", "no/pack")
    assert desk.run(*words, "-o", str(tmp_path / "o")).code == PackError("").exit_code
    assert json.loads(desk.ok("list", "--json")) == []
    assert not (tmp_path / "o").exists()
