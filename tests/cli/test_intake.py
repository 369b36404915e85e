"""ingest and its options, with the real reader and the real store."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.conftest import ROOT, Desk
from tests.test_bad_input import CLI, environment


@pytest.fixture
def ready(desk: Desk) -> Desk:
    desk.ok("collection", "create", "c")
    return desk


@pytest.fixture
def folder(folder_of: Callable[..., Path]) -> Path:
    made = folder_of("in", a="The lease ends in May.", b="The rent is 900 dollars.", c="A third.")
    (made / "d.bin").write_bytes(bytes(range(256)))
    return made


def taken(desk: Desk, *arguments: str) -> dict[str, str]:
    ran = desk.run("ingest", *arguments, "-c", "c", "--json")
    return {o["name"]: o["taken"] for o in json.loads(ran.out)}


def stored(desk: Desk) -> list[str]:
    return [d["name"] for d in json.loads(desk.ok("list", "--json"))]


def test_patterns_and_limit_choose_and_what_is_left_out_is_said(ready: Desk, folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "e.txt").write_text("in a folder below")
    chosen = taken(
        ready, str(folder), "--include", "*.txt", "--exclude", "b.*", "--exclude", "sub/"
    )
    assert chosen == {
        "a.txt": "added",
        "b.txt": "left out",
        "c.txt": "added",
        "d.bin": "left out",
        "sub": "left out",
    }
    assert stored(ready) == ["a.txt", "c.txt"]
    assert taken(ready, str(folder), "--limit", "1")["a.txt"] == "unchanged"
    assert ready.run("ingest", str(folder), "-c", "c", "--limit", "0").code == 2


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(ready: Desk, folder: Path) -> None:
    ready.run("ingest", str(folder), "-c", "c", "--include", "a.txt", "--include", "b.txt")
    (folder / "b.txt").write_text("The rent is 950 dollars.")
    (folder / "copy.txt").write_text("The lease ends in May.")
    store = ready.home / "store" / "objects"
    before = sorted((p, p.stat().st_mtime_ns) for p in store.rglob("*"))
    records = len(json.loads(ready.ok("audit", "show", "--last", "0", "--json")))
    planned = json.loads(ready.ok("ingest", str(folder), "-c", "c", "--dry-run", "--json"))
    assert {p["name"]: p["plan"] for p in planned} == {
        "a.txt": "unchanged",
        "b.txt": "changed",
        "c.txt": "new",
        "copy.txt": "duplicate",
        "d.bin": "new",
    }
    assert {p["size"] for p in planned if p["name"] == "d.bin"} == {256}
    assert sorted((p, p.stat().st_mtime_ns) for p in store.rglob("*")) == before
    after = json.loads(ready.ok("audit", "show", "--last", "0", "--json"))
    new = [(r["kind"], r["action"]) for r in after[records:] if r["action"] != "audit_show"]
    assert new == [("intent", "ingest"), ("outcome", "ingest")]
    assert "nothing was done" in ready.run("ingest", str(folder), "-c", "c", "--dry-run").err


def test_the_exit_code_tells_complete_partly_and_failed(
    ready: Desk, folder: Path, tmp_path: Path
) -> None:
    report = tmp_path / "run.json"
    partly = ready.run("ingest", str(folder), "-c", "c", "--report", str(report))
    assert partly.code == 15
    assert "d.bin" in partly.err
    run = json.loads(report.read_text("utf-8"))
    assert run["state"] == "partly"
    assert {f["name"]: f["state"] for f in run["files"]}["d.bin"] == "failed"
    assert "d.bin" in " ".join(run["next"])
    assert "# Ingest: partly" in (tmp_path / "run.md").read_text("utf-8")
    assert ready.run("ingest", str(folder), "-c", "c", "--include", "*.txt").code == 0
    failed = ready.run("ingest", str(folder), "-c", "c", "--include", "*.bin")
    assert failed.code == 20
    assert "What to do:" in failed.err


def attached() -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "ada@x.example", "ben@y.example", "The lease"
    mail["Date"] = "Mon, 04 Mar 2024 10:00:00 +0000"
    mail.set_content("The signed lease is attached.")
    mail.add_attachment("The lease ends on 1 May 2030.", filename="lease.txt")
    return bytes(mail)


def packed(**members: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_", "."), content)
    return target.getvalue()


def test_a_mail_in_an_archive_in_an_archive_is_read_to_its_attachment(
    ready: Desk, tmp_path: Path
) -> None:
    folder = tmp_path / "packed"
    folder.mkdir()
    inner = packed(mail_eml=attached(), note_txt=b"A note in the inner archive.")
    (folder / "outer.zip").write_bytes(packed(inner_zip=inner, top_txt=b"On top."))
    states = taken(ready, str(folder))
    assert states == {
        "outer.zip": "unpacked",
        "outer.zip/inner.zip": "unpacked",
        "outer.zip/inner.zip/mail.eml": "added",
        "outer.zip/inner.zip/mail.eml/lease.txt": "added",
        "outer.zip/inner.zip/note.txt": "added",
        "outer.zip/top.txt": "added",
    }
    mail = "outer.zip/inner.zip/mail.eml"
    covered = json.loads(ready.ok("show", mail, "--coverage", "--json"))
    assert [p["name"] for p in covered["parts"]] == [f"{mail}/lease.txt"]
    assert any(count["unit"] == "parts" for count in covered["counts"])
    assert f"{mail}/lease.txt" in ready.ok("show", mail, "--coverage").replace("\n", "")
    child = json.loads(ready.ok("show", f"{mail}/lease.txt", "--coverage", "--json"))
    assert child["parent"]["name"] == mail
    again = {name: "unchanged" for name in states if name != "outer.zip/inner.zip"}
    assert taken(ready, str(folder)) == again, "every document, and no container within"
    ready.ok("delete", mail, "--with-parts", "--yes")
    assert stored(ready) == ["outer.zip/inner.zip/note.txt", "outer.zip/top.txt"]


def test_passwords_come_from_a_file_for_the_owner_alone(ready: Desk, tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    passwords.write_text("one\ntwo\n")
    passwords.chmod(0o644)
    (tmp_path / "empty").mkdir()
    run = ("ingest", str(tmp_path / "empty"), "-c", "c", "--passwords")
    ran = ready.run(*run, str(passwords))
    assert ran.code == 0
    assert "chmod 600" in ran.err
    assert "two" not in ran.err
    passwords.chmod(0o600)
    assert "chmod" not in ready.run(*run, str(passwords)).err
    assert ready.run(*run, str(tmp_path / "none")).code == 8


def test_hidden_text_is_shown_apart_and_marked(ready: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "web"
    folder.mkdir()
    (folder / "page.html").write_text(
        "<html><body><p>The rent is 900 dollars.</p>"
        '<p style="display:none">Ignore the rent.</p></body></html>'
    )
    ready.ok("ingest", str(folder), "-c", "c")
    assert "Ignore the rent" not in ready.ok("show", "page.html", "--text")
    shown = ready.ok("show", "page.html", "--hidden")
    assert "  hidden | Ignore the rent." in shown
    listed = json.loads(ready.ok("list", "--json"))
    assert "hidden text" in listed[0]["flags"]
    assert "hidden" in ready.ok("list")


def started(desk: Desk, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*CLI, *words],
        env=environment(desk),
        stderr=subprocess.PIPE,
        cwd=ROOT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )


def test_a_hot_folder_takes_complete_files_until_it_is_stopped(
    ready: Desk, folder_of: Callable[..., Path], tmp_path: Path
) -> None:
    report = tmp_path / "run.json"
    folder = folder_of("hot", a="The lease ends in May.")  # of a second one a line might tell, too
    (folder / "z.txt.part").write_text("half of")
    words = ("ingest", str(folder), "-c", "c", "--watch", "--report", str(report))
    process = started(ready, *words)
    assert process.stderr is not None
    while not (line := process.stderr.readline()).startswith("Reading: 1,"):
        assert line, "it ended"
    time.sleep(3)  # a line tells of the late one if it comes five seconds after the last line
    with (folder / "late.txt").open("w") as late:  # another program writes it in many small steps
        for word in ("A", " late", " file,", " writ", "ten", " in", " steps,", " whole", " now."):
            late.write(word)
            late.flush()
            time.sleep(0.3)  # two seconds without a step would make it complete
    assert process.stderr.readline().startswith("Reading: 2")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=300)
    assert process.returncode == 143
    assert stored(ready) == ["a.txt", "late.txt"]
    assert "whole now" in ready.ok("show", "late.txt", "--text")
    assert json.loads(report.read_text("utf-8"))["state"] == "interrupted"


def test_killed_in_the_middle_the_next_run_goes_on(
    ready: Desk, folder_of: Callable[..., Path]
) -> None:
    folder = folder_of("many", **{f"f{n:02}": f"Clause {n}. " * 40 for n in range(40)})
    process = started(ready, "ingest", str(folder), "-c", "c")
    objects = ready.home / "store" / "objects"
    begun = time.monotonic()
    while sum(p.is_file() for p in objects.rglob("*")) < 15 and time.monotonic() - begun < 300:
        time.sleep(0.01)
    process.kill()
    process.communicate()
    kept = len(stored(ready))
    assert 0 < kept < 40
    again = ready.run("ingest", str(folder), "-c", "c", "--json")
    states = [o["taken"] for o in json.loads(again.out)]
    assert states.count("unchanged") == kept
    assert states.count("added") == 40 - kept
    assert len(stored(ready)) == 40


def test_no_reader_is_left_behind(ready: Desk, folder: Path) -> None:
    ready.run("ingest", str(folder), "-c", "c")
    left: set[str] = set()
    for file in Path("/proc/self/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread of the service that ends
            left |= set(file.read_text("ascii").split())
    names = {Path(f"/proc/{child}/cmdline").read_bytes() for child in left}
    assert not [name for name in names if b"appliance.formats.worker" in name]
