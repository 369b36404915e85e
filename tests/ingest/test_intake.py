"""The way of a folder into the store: parts, duplicates, new versions, deaths, bounds, order.

A real store, real reader processes, the real index; only the parser is a double that does what a
file says (`tests.ingest.small_worker`).
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from appliance import config
from appliance.app.view import Appliance
from appliance.app.work.taking import Manner, OnRecord, take
from appliance.documents import Flag
from appliance.errors import AuditError, NotFound, ReaderUnready
from appliance.formats import kinds
from appliance.ingest.filing import Filing
from appliance.ingest.folder import Found, walk
from appliance.ingest.jobs import Bounds, FileOutcome
from appliance.ingest.pipeline import Intake
from appliance.ingest.readers import ReaderPool
from appliance.ingest.stages import Stages
from appliance.sandbox.server import ReaderServer
from tests.conftest import PASSPHRASE, Desk

WORKER = "tests.ingest.small_worker"
Says = Mapping[str, object]


@pytest.fixture
def app(desk: Desk) -> Iterator[Appliance]:
    with Appliance.open(
        config.load(desk.home), PASSPHRASE, os.getuid(), "", lambda _: None
    ) as opened:
        opened.create_collection("c", "legal")
        yield opened


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., Path]:
    folder = tmp_path / "in"
    folder.mkdir()

    def write(**files: Says | str) -> Path:
        for name, says in files.items():
            content = {"text": says} if isinstance(says, str) else says
            (folder / f"{name}.json").write_text(json.dumps(content))
        return folder

    return write


def record_of(app: Appliance) -> OnRecord:
    return OnRecord(app.acts, app.acts.collection("c", "ingest"), (), app.warm.forget)


def taken(
    app: Appliance, source: Path | Iterable[Found], manner: Manner | None = None
) -> list[FileOutcome]:
    library = app.warm.library()
    files = walk(source) if isinstance(source, Path) else source
    return list(
        take(record_of(app), files, manner or Manner(), app.settings, library, worker=WORKER)
    )


def states(outcomes: list[FileOutcome]) -> dict[str, str]:
    return {outcome.name: str(outcome.taken) for outcome in outcomes}


def part(name: str, says: Says | str, reason: str = "") -> list[object]:
    return [name, {"text": says} if isinstance(says, str) else says, reason]


def test_parts_are_documents_linked_to_their_file(app: Appliance, put: Callable[..., Path]) -> None:
    mail = {"text": "see the files", "parts": [part("a.json", "first"), part("a.json", "second")]}
    pack = {"container": True, "parts": [part("in/m.json", mail), part("x.json", "", "damaged")]}
    outcomes = taken(app, put(pack=pack, plain="plain text"))
    assert [(o.name, str(o.taken), o.part) for o in outcomes] == [
        ("pack.json", "unpacked", False),
        ("pack.json/in/m.json", "added", True),
        ("pack.json/in/m.json/a.json", "added", True),
        ("pack.json/in/m.json/a (2).json", "added", True),
        ("pack.json/x.json", "failed", True),
        ("plain.json", "added", False),
    ]
    documents = {d.name: d for d in app.documents("c")}
    mailed = documents["pack.json/in/m.json"]
    assert mailed.parent is None
    children = {d.name for d in documents.values() if d.parent == mailed.id}
    assert children == {"pack.json/in/m.json/a.json", "pack.json/in/m.json/a (2).json"}
    assert outcomes[4].reason == "damaged"
    covered = app.coverage(mailed.id)
    assert {d.name for d in covered.parts} == children
    child = app.coverage("pack.json/in/m.json/a.json")
    assert child.parent is not None
    assert child.parent.id == mailed.id


def test_every_part_is_an_act_of_its_own(app: Appliance, put: Callable[..., Path]) -> None:
    mail = {"text": "mail", "parts": [part("a.json", "first"), part("b.json", "", "damaged")]}
    before = app.log.size
    taken(app, put(mail=mail))
    records = tuple(app.log.records())[before:]
    names = [app.log.unseal(r).get("file") for r in records if r.kind == "intent"]
    assert names[-3:] == ["mail.json", "mail.json/a.json", "mail.json/b.json"]
    endings = [r.result.status for r in records if r.kind == "outcome" and r.result]
    assert sorted(endings[-3:]) == ["done", "done", "failed"]


def test_a_second_run_reads_nothing_again(
    app: Appliance, put: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = {"text": "mail", "parts": [part("a.json", "first")]}
    pack = {"container": True, "parts": [part("b.json", "second")]}
    folder = put(mail=mail, pack=pack, plain="plain")
    taken(app, folder)
    monkeypatch.setattr(ReaderServer, "read", lambda *_: pytest.fail("read again"))
    again = taken(app, folder)
    names = ["mail.json", "mail.json/a.json", "pack.json", "pack.json/b.json", "plain.json"]
    assert [(o.name, str(o.taken)) for o in again] == [(name, "unchanged") for name in names]
    documents = {d.name: d for d in app.documents("c")}
    handed_out = {o.name: o.document for o in again if o.document}
    assert handed_out == documents, "a run that was cut short may still owe its parts work"


def test_a_failed_part_is_tried_again_and_the_rest_is_kept(
    app: Appliance, put: Callable[..., Path]
) -> None:
    locked = {"text": "locked", "secret": "open sesame"}
    folder = put(pack={"container": True, "parts": [part("a.json", "ok"), part("l.json", locked)]})
    first = taken(app, folder)
    assert states(first)["pack.json/l.json"] == "failed"
    assert "password" in first[2].reason
    second = taken(app, folder, Manner(passwords=("wrong", "open sesame")))
    assert states(second) == {
        "pack.json": "unpacked",
        "pack.json/a.json": "unchanged",
        "pack.json/l.json": "added",
    }
    assert states(taken(app, folder)) == dict.fromkeys(states(second), "unchanged")


def test_a_new_version_replaces_its_parts_and_removes_those_that_vanished(
    app: Appliance, put: Callable[..., Path]
) -> None:
    inner = {"container": True, "parts": [part("deep.json", "deep")]}
    both = [part("a.json", "first"), part("b.json", "second"), part("z.json", inner)]
    folder = put(mail={"text": "mail", "parts": both})
    taken(app, folder)
    kept = next(d for d in app.documents("c") if d.name == "mail.json/a.json")
    put(mail={"text": "mail, changed", "parts": [both[0], both[2]]})
    assert states(taken(app, folder)) == {
        "mail.json": "new version",
        "mail.json/a.json": "unchanged",
        "mail.json/z.json": "unchanged",
        "mail.json/z.json/deep.json": "unchanged",
        "mail.json/b.json": "removed",
    }
    documents = {d.name: d for d in app.documents("c")}
    assert set(documents) == {"mail.json", "mail.json/a.json", "mail.json/z.json/deep.json"}
    assert documents["mail.json/a.json"].id == kept.id
    assert documents["mail.json/a.json"].parent == documents["mail.json"].id


def test_a_file_that_comes_again_while_it_is_read_waits_for_itself(
    app: Appliance, put: Callable[..., Path]
) -> None:
    folder = put(a={"text": "first", "sleep": 1}, b="second", c="third")
    versions = [Found(found.path, "a.json") for found in walk(folder).files]

    assert [str(o.taken) for o in taken(app, versions)] == ["added", "new version", "new version"]
    assert [(d.name, d.version) for d in app.documents("c")] == [("a.json", 3)]
    assert app.show("a.json")[1].text == "third"


def test_the_same_content_under_another_name_is_a_duplicate(
    app: Appliance, put: Callable[..., Path]
) -> None:
    folder = put(
        a="the same", b="the same", c={"text": "mail", "parts": [part("d.json", "the same")]}
    )
    outcomes = taken(app, folder)
    assert states(outcomes) == {
        "a.json": "added",
        "b.json": "duplicate",
        "c.json": "added",
        "c.json/d.json": "duplicate",
    }
    assert outcomes[1].reason == "the same content as a.json"
    assert len(app.documents("c")) == 2
    app.delete("a.json")
    assert states(taken(app, folder))["a.json"] == "added"


def test_a_duplicate_of_what_one_may_not_see_is_stored_as_new(
    app: Appliance, put: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken(app, put(a="the same"))
    monkeypatch.setattr(OnRecord, "sees", lambda self, document: document.name != "a.json")
    (folder := put(b="the same")).joinpath("a.json").unlink()
    assert states(taken(app, folder)) == {"b.json": "added"}
    assert states(taken(app, folder)) == {"b.json": "unchanged"}


def test_a_file_that_kills_its_reader_three_times_is_set_apart(
    app: Appliance, put: Callable[..., Path]
) -> None:
    bad = {"text": "kills", "die": True}
    mail = {"text": "mail", "parts": [part("bad.json", {**bad, "in": 1}), part("good.json", "ok")]}
    folder = put(a_bad=bad, b_mail=mail, c_good="good")
    outcomes = taken(app, folder)
    assert [(o.name, str(o.taken)) for o in outcomes] == [
        ("b_mail.json", "added"),
        ("b_mail.json/good.json", "added"),
        ("b_mail.json/bad.json", "quarantined"),
        ("c_good.json", "added"),
        ("a_bad.json", "quarantined"),
    ]
    assert "three times" in outcomes[4].reason
    assert "--retry-quarantined" in outcomes[4].remedy
    records = [app.log.unseal(r).get("file") for r in app.log.records() if r.kind == "intent"]
    assert records.count("a_bad.json") == 3

    again = taken(app, folder)
    assert states(again)["a_bad.json"] == "quarantined"
    records = [app.log.unseal(r).get("file") for r in app.log.records() if r.kind == "intent"]
    assert records.count("a_bad.json") == 4  # looked at, not read
    put(a_bad={"text": "mended", "die": False})
    assert states(taken(app, folder))["a_bad.json"] == "added"


def test_a_reader_that_lacks_a_part_stops_the_run_and_blames_no_file(
    app: Appliance, put: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = put(a="first", b="%PDF-1.7")
    with pytest.raises(ReaderUnready, match="'pdf' could not be loaded"):
        taken(app, folder)

    monkeypatch.setattr("appliance.formats.kinds.family", lambda _: kinds.Family.TEXT)
    assert states(taken(app, folder))["b.json"] == "added"


def test_the_operator_can_have_it_tried_again(app: Appliance, put: Callable[..., Path]) -> None:
    folder = put(bad={"die": True})
    taken(app, folder)
    before = app.log.size
    assert states(taken(app, folder, Manner(release=True))) == {"bad.json": "quarantined"}
    tries = [r for r in tuple(app.log.records())[before:] if app.log.unseal(r).get("file")]
    assert len(tries) == 3


def test_parts_come_in_several_answers_and_beyond_the_bound_they_are_named(
    app: Appliance, put: Callable[..., Path]
) -> None:
    parts = [part(f"{n}.json", f"text {n}") for n in range(7)]
    outcomes = taken(app, put(a={"container": True, "parts": parts, "each": 3}))
    assert [o.name for o in outcomes] == ["a.json", *(f"a.json/{n}.json" for n in range(7))]

    other = [part(f"{n}.json", f"other {n}") for n in range(9)]
    folder = put(b={"container": True, "parts": other, "each": 3})
    named = list(intake(app, Bounds(parts=4)).take(walk(folder)))
    assert {o.name: str(o.taken) for o in named if o.name.startswith("b")} == {
        "b.json": "unpacked",
        **{f"b.json/{n}.json": "added" for n in range(4)},
        **{f"b.json/{n}.json": "failed" for n in (4, 5)},
        "b.json/...": "failed",
    }


def test_files_in_files_end_at_a_depth(app: Appliance, put: Callable[..., Path]) -> None:
    nested: Says = {"text": "the innermost"}
    for _ in range(7):
        nested = {"container": True, "parts": [part("n.json", nested)]}
    outcomes = taken(app, put(a=nested))
    assert [str(o.taken) for o in outcomes] == ["unpacked"] * 6 + ["failed"]
    assert "deep" in outcomes[-1].reason


def test_a_loss_without_a_reason_is_flagged(app: Appliance, put: Callable[..., Path]) -> None:
    (outcome,) = taken(app, put(a={"text": "some", "lost": 5, "hidden": "unseen"}))
    assert outcome.document is not None
    assert set(outcome.document.flags) == {Flag.UNEXPLAINED, Flag.HIDDEN_TEXT}
    covered = app.coverage("a.json")
    assert not covered.complete
    assert [(c.seen, c.stored, c.unexplained) for c in covered.counts] == [(9 + 0, 4, 5)]
    assert covered.hidden == 1


def intake(app: Appliance, bounds: Bounds, readers: int = 2) -> Intake:
    settings = app.settings.reader
    start = partial(ReaderServer.start, settings, Path(sys.executable), worker=WORKER)
    record = record_of(app)
    filing = Filing(
        app.store, record.where, (), sees=record.sees, erases=record.erases, release=False
    )
    key = app.store.derive("content-key")
    pool = ReaderPool(start, readers)
    library = app.warm.library()
    stages = Stages(pool, library.payload, key, (), 1 << 20)
    return Intake(filing, stages, record, bounds)


def test_stages_overlap_within_bounds(app: Appliance, put: Callable[..., Path]) -> None:
    """While the caller sits on an outcome, files are read on, and no more than is allowed."""
    large = {f"f{n:02}": {"text": f"text {n}", "pad": "x" * 10_000} for n in range(12)}
    folder = put(**large)
    work = intake(app, Bounds(held=35_000, let_in=5))
    names = [outcome.name for outcome in work.take(walk(folder))]
    assert names == sorted(names)
    assert len(names) == 12
    assert 1 < work.most_let_in <= 3
    assert 10_000 < work.most_held <= 35_000
    again = intake(app, Bounds(let_in=5))
    for outcome in again.take(walk(folder)):
        assert str(outcome.taken) == "unchanged"
    assert again.most_let_in == 5


def test_outcomes_keep_the_order_of_the_folder(app: Appliance, put: Callable[..., Path]) -> None:
    slow = {"text": "slow", "sleep": 1.0, "parts": [part("x.json", "of the slow one")]}
    outcomes = taken(app, put(a=slow, b="quick", c="quick too"))
    assert [o.name for o in outcomes] == ["a.json", "a.json/x.json", "b.json", "c.json"]


def reader_threads() -> list[str]:
    return [
        t.name for t in threading.enumerate() if t.name in {"reader", "_load_all", "_embed_all"}
    ]


def children() -> set[str]:
    found: set[str] = set()
    for file in Path("/proc/self/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that is just ending
            found |= set(file.read_text("ascii").split())
    return found


def test_stopping_in_the_middle_ends_threads_and_processes(
    app: Appliance, put: Callable[..., Path]
) -> None:
    app.warm.library().embed(["loaded, however slow the machine"])
    before = children()
    folder = put(a="first", b={"text": "b", "sleep": 60}, c={"text": "c", "sleep": 60})
    files = intake(app, Bounds()).take(walk(folder))
    assert next(files).name == "a.json"
    assert len(reader_threads()) == 4
    files.close()
    assert reader_threads() == []
    assert children() <= before
    opened = {r.id: app.log.unseal(r).get("file") for r in app.log.records() if r.kind == "intent"}
    ended = {r.of: r.result.status for r in app.log.records() if r.result and r.of}
    assert {opened[of]: status for of, status in ended.items() if opened.get(of)} == {
        "a.json": "done",
        "b.json": "interrupted",
        "c.json": "interrupted",
    }
    put(b="quick now", c="quick now too")
    assert states(taken(app, folder))["a.json"] == "unchanged"


def test_who_has_gone_waits_for_no_reader(app: Appliance, put: Callable[..., Path]) -> None:
    gone: list[str] = []

    def present() -> None:
        if gone:
            raise KeyboardInterrupt

    app.acts.present = present
    app.warm.library().embed(["loaded, however slow the machine"])
    files = intake(app, Bounds()).take(walk(put(a="first", b={"text": "b", "sleep": 60})))
    assert next(files).name == "a.json"
    threading.Timer(2, lambda: gone.append("somebody")).start()
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        next(files)
    assert time.monotonic() - begun < 45
    assert reader_threads() == []


def test_stopping_does_not_wait_for_a_long_document(
    app: Appliance, put: Callable[..., Path]
) -> None:
    words = " ".join(f"word{n} of a long text." for n in range(40_000))  # a minute of embedding
    app.warm.library().embed(["loaded, however slow the machine"])
    files = intake(app, Bounds()).take(walk(put(a="first", b=words)))
    assert next(files).name == "a.json"
    time.sleep(2)
    begun = time.monotonic()
    files.close()
    assert time.monotonic() - begun < 45
    assert reader_threads() == []
    outcomes = [r.result.status for r in app.log.records() if r.kind == "outcome" and r.result]
    assert outcomes[-2:] == ["done", "interrupted"], "it was in hand"


def test_nothing_is_opened_without_its_record(
    app: Appliance, put: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    real = os.open

    def watched(path: str, flags: int, mode: int = 0o777) -> int:
        opened.append(str(path))
        return real(path, flags, mode)

    monkeypatch.setattr("os.open", watched)

    def refuse(*_: object, **__: object) -> object:
        raise AuditError("no record")

    monkeypatch.setattr(OnRecord, "begin", refuse)
    folder = put(a="text")
    with pytest.raises(AuditError):
        taken(app, folder)
    assert not [path for path in opened if path.startswith(str(folder / "a"))]
    with pytest.raises(NotFound):
        app.show("a.json")
