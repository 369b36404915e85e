"""The report of a run: every file, how it ended, and what to do next."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from appliance.app.work.run_report import RunReport, TaskLine
from appliance.documents import CollectionId, Document, DocumentId, Flag, Gap, Unit
from appliance.ingest.jobs import FileOutcome, Taken

FIELDS = {"name", "state", "reason", "remedy", "part", "document", "pages", "characters", "bytes"}
FIELDS |= {"seconds", "flags", "gaps", "gap_reasons", "tasks"}


def document(name: str, *flags: Flag, gaps: int = 0) -> Document:
    return Document(
        DocumentId("a" * 32),
        CollectionId("c" * 32),
        name,
        1,
        "application/pdf",
        1000,
        3,
        500,
        2,
        gaps,
        flags=flags,
    )


def report(*outcomes: FileOutcome) -> RunReport:
    made = RunReport("process", "acme")
    for outcome in outcomes:
        made.add(outcome)
    return made


GOOD = FileOutcome("good.pdf", Taken.ADDED, document("good.pdf"), seconds=1.5)
BAD = FileOutcome("bad.pdf", Taken.FAILED, reason="it is damaged", remedy="save it again")


@pytest.mark.parametrize(
    ("outcomes", "task", "state"),
    [
        ((GOOD,), "done", "complete"),
        ((GOOD, BAD), "done", "partly"),
        ((GOOD,), "failed", "partly"),
        ((BAD,), "", "failed"),
        ((FileOutcome(".git", Taken.ASIDE, reason="hidden"),), "", "complete"),
        ((), "", "complete"),
    ],
)
def test_the_state_of_a_run(outcomes: tuple[FileOutcome, ...], task: str, state: str) -> None:
    made = report(*outcomes)
    assert made.state == "interrupted"
    if task:
        made.add_task(TaskLine("summarize", task))
    made.finish()
    assert made.state == state


def test_every_file_and_the_totals(tmp_path: Path) -> None:
    gap = Gap("no text layer", 2, Unit.PAGES)
    read = FileOutcome("a.pdf", Taken.ADDED, document("a.pdf", gaps=1), gaps=(gap,), seconds=2.0)
    same = FileOutcome("b.pdf", Taken.DUPLICATE, document("a.pdf"), "the same content as a.pdf")
    made = report(read, same, BAD)
    made.add_task(TaskLine("summarize", "done", seconds=0.5, tokens=100))
    made.finish()
    made.write(tmp_path / "run.json", tmp_path / "run.md")
    run = json.loads((tmp_path / "run.json").read_text("utf-8"))
    assert run["format"] == 1
    assert (run["command"], run["collection"], run["state"]) == ("process", "acme", "partly")
    assert all(set(file) == FIELDS for file in run["files"])
    assert run["files"][0]["gap_reasons"] == [
        {"reason": "no text layer", "page": 2, "unit": "pages", "amount": 1}
    ]
    totals = run["totals"]
    assert (totals["files"], totals["pages"], totals["characters"]) == (3, 3, 500)
    assert (totals["tokens"], totals["reading_seconds"], totals["task_seconds"]) == (100, 2.0, 0.5)
    assert totals["states"] == {"added": 1, "duplicate": 1, "failed": 1}
    assert totals["tasks"] == {"done": 1}
    assert run["rate"]["files_per_second"] > 0
    shown = (tmp_path / "run.md").read_text("utf-8")
    for word in ("a\\.pdf", "it is damaged", "the same content as a", "1 gap"):
        assert word.replace("\\", "") in shown.replace("\\", "")
    assert {p.stat().st_mode & 0o777 for p in tmp_path.iterdir()} == {0o600}


def test_what_to_do_next() -> None:
    flagged = FileOutcome(
        "f.pdf", Taken.UNCHANGED, document("f.pdf", Flag.UNEXPLAINED, Flag.HIDDEN_TEXT, gaps=2)
    )
    apart = FileOutcome("q.pdf", Taken.QUARANTINED, reason="died", remedy="--retry-quarantined")
    made = report(flagged, BAD, apart)
    steps = " ".join(made.next_steps())
    for words in (
        "run the same command again",
        "bad.pdf",
        "save it again",
        "--retry-quarantined",
        "f.pdf",
        "--coverage",
        "unexplained loss",
        "--hidden",
    ):
        assert words in steps
    fine = report(GOOD)
    fine.finish()
    assert list(fine.next_steps()) == ["Nothing: every file was read, and every task is done."]


def test_many_names_are_not_all_listed() -> None:
    made = report(*(FileOutcome(f"f{n}", Taken.FAILED, remedy="mend it") for n in range(40)))
    (step, *_) = [s for s in made.next_steps() if "not read" in s]
    assert "40 files were not read" in step
    assert "and 35 more" in step


def test_names_are_no_markup(tmp_path: Path) -> None:
    made = report(FileOutcome("![x](http://e.vil) | <b>\n# a", Taken.FAILED, reason="r"))
    made.write(tmp_path / "r.json", tmp_path / "r.md")
    row = (tmp_path / "r.md").read_text("utf-8").splitlines()[-1]
    assert "\\!\\[x\\]\\(" in row
    assert "\\<b\\>" in row
