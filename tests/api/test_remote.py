"""The appliance over a socket: the same answers, errors and records; callers who go or crowd."""

from __future__ import annotations

import inspect
import os
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from appliance import config
from appliance.api.frames import LARGEST_FRAME, LARGEST_RESULT, MAGIC, Connection, Garbled
from appliance.api.remote import reached
from appliance.api.telling import error_of, told
from appliance.app.premises import Premises
from appliance.app.view import Appliance
from appliance.audit.records import Kind
from appliance.documents import Element, ElementKind, ParsedDocument, Span
from appliance.errors import (
    Denied,
    InputUnreadable,
    NotFound,
    PartialFailure,
    ServiceUnavailable,
    StoreBusy,
    UsageError,
)
from appliance.formats import wire
from appliance.ingest.folder import Found, Skipped, walk
from appliance.plain import Plain
from appliance.store.store import NewDocument, PrincipalRow
from tests.api.serving import IS_ROOT, account, connected, remote, running, wait_until
from tests.conftest import FOUNDER, PASSPHRASE, QUICK

OTHER = FOUNDER + 1  # has no grant


@pytest.fixture(scope="module")
def premises() -> Iterator[Premises]:
    """One open store for all: two collections, two people."""
    with TemporaryDirectory(prefix="remote-") as folder:
        settings = config.load(Path(folder) / "home")
        Premises.create(settings, PASSPHRASE, FOUNDER, cost=QUICK)
        with Premises.open(settings, PASSPHRASE) as opened:
            opened.store.put_principal(PrincipalRow(OTHER, "olga", frozenset({"operator"})))
            papers = Path(folder) / "in"
            papers.mkdir()
            for number in range(6):
                (papers / f"f{number}.txt").write_text(f"Clause {number} binds both.\n" * 20)
            app = opened.of(FOUNDER, "", lambda _: None)
            app.create_collection("c", "legal")
            list(app.ingest(walk(papers), "c", ()))
            yield opened
        Premises.open(settings, PASSPHRASE).close()  # the log and the catalogue fit each other


@pytest.fixture
def path(premises: Premises) -> Iterator[Path]:
    """Where the store's service answers."""
    with TemporaryDirectory(prefix="service-") as folder:
        Path(folder).chmod(0o711)
        path = Path(folder) / "socket"
        with running(premises, path, waiting=64, first_words_s=300):
            path.chmod(0o666)
            yield path


@pytest.fixture
def far(path: Path) -> Iterator[Appliance]:
    """The founder's view over the socket."""
    with remote(path, FOUNDER) as made:
        yield made


@pytest.fixture
def near(premises: Premises) -> Appliance:
    """The same in this process."""
    return premises.of(FOUNDER, "", lambda _: None)


def unanswered(premises: Premises) -> set[str]:
    """Intents without an outcome."""
    records = tuple(premises.log.records())
    return {r.id for r in records if r.kind is Kind.INTENT} - {r.of for r in records}


def test_results_are_the_same(far: Appliance, near: Appliance) -> None:
    assert far.documents("c") == near.documents("c")
    assert far.collections() == near.collections()
    document = near.documents("c")[0]
    assert far.show(document.id) == near.show(document.id)
    assert far.questions.search("Clause 3", ("c",), 3) == near.questions.search(
        "Clause 3", ("c",), 3
    )
    assert far.governing.user(str(FOUNDER)) == near.governing.user(str(FOUNDER))
    assert far.coverage(document.id) == near.coverage(document.id)


def test_errors_are_of_the_same_class_with_the_same_words(far: Appliance, near: Appliance) -> None:
    mistakes: tuple[Callable[[Appliance], object], ...] = (
        lambda app: app.show("nothing of this name"),
        lambda app: app.governing.add_user("nobody-of-this-name", frozenset(), frozenset()),
        lambda app: app.questions.ask("what?", ("no such collection",), None),
    )
    for wrong in mistakes:
        with pytest.raises((UsageError, NotFound)) as there:
            wrong(far)
        with pytest.raises(type(there.value)) as here:
            wrong(near)
        assert (there.value.message, there.value.remedy) == (here.value.message, here.value.remedy)
    assert far.status() == near.status(), "the connection is of use after an error"


def test_every_error_survives_the_way() -> None:
    for error in (Denied("a", remedy="b"), PartialFailure("ä"), ServiceUnavailable("")):
        said = told(error)
        assert isinstance(said, dict)
        again = error_of(said["error"])
        assert (type(again), again.message, again.remedy) == (
            type(error),
            error.message,
            error.remedy,
        )
    assert type(error_of({"class": "SystemExit", "message": "x"})).__name__ == "ApplianceError"
    assert type(error_of(None)).__name__ == "ApplianceError"


@pytest.mark.skipif(not IS_ROOT, reason="only root may call as somebody else")
def test_another_person_sees_nothing_of_it(path: Path, near: Appliance) -> None:
    with remote(path, OTHER) as other:
        assert other.documents(None) == ()
        with pytest.raises(NotFound):
            other.show(near.documents("c")[0].id)


def test_files_are_handed_over_open_and_read_without_their_path(
    far: Appliance, near: Appliance, tmp_path: Path
) -> None:
    folder = tmp_path / "papers"
    folder.mkdir(mode=0o700)
    (folder / "a.txt").write_text("What the caller may read.")
    (folder / "b.txt").write_text("Taken away before it is opened.")
    near.create_collection("handed", "general")

    def entries() -> Iterator[Found | Skipped | None]:
        listing = walk(folder)
        (folder / "b.txt").unlink()
        yield Skipped("s.txt", "left out", aside=True)
        yield from listing

    outcomes = {o.name: o for o in far.ingest(entries(), "handed", ())}
    assert outcomes["a.txt"].taken == "added"
    assert outcomes["s.txt"].taken == "left out"
    assert outcomes["b.txt"].taken == "failed"
    assert str(folder / "b.txt") in outcomes["b.txt"].reason
    assert "caller may read" in far.show("a.txt")[1].text


def test_a_stream_that_fails_at_the_callers_side_raises_their_own_error(
    far: Appliance, near: Appliance
) -> None:
    near.create_collection("failing", "general")

    def entries() -> Iterator[Found | Skipped | None]:
        yield Skipped("s.txt", "left out", aside=True)
        raise InputUnreadable("the folder went away")

    with pytest.raises(InputUnreadable, match="went away"):
        list(far.ingest(entries(), "failing", ()))
    assert far.status().collections


def test_what_is_handed_over_has_to_be_a_file(far: Appliance, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    entry = Found(tmp_path / "pipe", "pipe.txt", 5)
    far.create_collection("pipes", "general")
    (outcome,) = far.ingest([entry], "pipes", ())
    assert outcome.taken == "failed"
    assert "no regular file" in outcome.reason


def test_calls_may_be_made_while_a_stream_goes_on(
    path: Path, near: Appliance, folder_of: Callable[..., Path]
) -> None:
    near.create_collection("meanwhile", "general")
    folder = folder_of("more", x="One.", y="Two.", z="Three.")
    if IS_ROOT:  # a second connection would be root's
        pytest.skip("one connection at a time here; process in tests/test_main_job.py does it")
    with remote(path, FOUNDER) as far:
        for outcome in far.ingest(walk(folder), "meanwhile", ()):
            assert outcome.document is not None
            assert far.show(outcome.document.id)[0] == outcome.document


def test_a_stream_that_is_left_ends_and_the_connection_stays(far: Appliance) -> None:
    far.create_collection("left", "general")
    outcomes = far.ingest([Skipped(f"{n}", "no", aside=True) for n in range(5)], "left", ())
    next(outcomes)
    outcomes.close()
    assert far.status().collections


def test_a_result_is_cut_into_frames(far: Appliance, near: Appliance, tmp_path: Path) -> None:
    far.create_collection("large", "legal")
    where = next(c.id for c in near.collections() if c.name == "large")
    text = "".join(f"Line {n} of a long document.\n" for n in range(60_000))
    assert len(text) > 5 * LARGEST_FRAME
    elements = (Element(ElementKind.TEXT, Span(0, len(text))),)
    sealed = wire.encode(ParsedDocument(text, elements, "text/plain"))
    with near.acts.act("ingest"):
        new = NewDocument(where, "long", "text/plain", b"", sealed, b"", "0" * 64, None, 1, 0, 0)
        document = near.store.add_document(new)
    assert far.show(document.id)[1].text == text


def test_a_caller_who_goes_ends_their_call_as_ctrl_c_would(
    premises: Premises, path: Path, near: Appliance
) -> None:
    near.create_collection("gone", "general")
    before = premises.log.size
    far = remote(path, FOUNDER)
    waiting = threading.Event()

    def entries() -> Iterator[Found | Skipped | None]:
        yield Skipped("s.txt", "left out", aside=True)
        while not waiting.is_set():
            yield None

    outcomes = far.ingest(entries(), "gone", ())
    next(outcomes)
    with pytest.raises(StoreBusy):
        list(near.ingest([], "gone", ()))
    frame = inspect.getgeneratorlocals(outcomes)
    frame["line"].close()  # as when the process is killed
    wait_until(lambda: not premises.warm._changed)
    assert list(near.ingest([], "gone", ())) == []
    assert premises.log.size > before
    wait_until(lambda: not unanswered(premises))
    last = [r for r in premises.log.records(Kind.OUTCOME) if r.action == "ingest"]
    assert last


def test_garbage_ends_one_connection_and_is_answered(path: Path, far: Appliance) -> None:
    garbage: list[Plain] = [{"call": "status"}, {"call": "store.root", "arguments": {}}, [], 1]
    for said in garbage:
        with Connection(_greeted(path), LARGEST_RESULT) as line:
            line.send(said)
            answer = line.receive().plain
            assert isinstance(answer, dict)
            assert "error" in answer
    assert far.status().collections


def test_arguments_of_another_kind_reach_no_use_case(path: Path) -> None:
    wrong: list[dict[str, Plain]] = [{"reference": 5}, {"reference": None}, {}, {"more": 1}]
    for arguments in wrong:
        with Connection(_greeted(path), LARGEST_RESULT) as line:
            line.send({"call": "show", "arguments": arguments})
            answer = line.receive().plain
            assert isinstance(answer, dict)
            error = answer["error"]
            assert isinstance(error, dict)
            assert error["class"] == "UsageError"


def test_fifty_callers_at_once_all_get_their_own_answers(
    premises: Premises, path: Path, near: Appliance
) -> None:
    """Search, list, show and administration from 50 threads on one store."""
    documents = near.documents("c")
    shown = {d.id: near.show(d.id) for d in documents}
    found = {d.id: near.questions.search(d.name, ("c",), 2) for d in documents}

    def one(number: int) -> None:
        document = documents[number % len(documents)]
        with remote(path, FOUNDER) as app:
            assert app.show(document.id) == shown[document.id]
            assert app.questions.search(document.name, ("c",), 2) == found[document.id]
            grant = app.governing.add_grant(
                f"team:t{number}", "c", "reader", contributes=False, until=""
            )
            assert app.governing.revoke_grant(grant.id).id == grant.id

    before = premises.log.size
    with ThreadPoolExecutor(50) as pool:
        list(pool.map(one, range(50)))
    assert premises.log.size == before + 50 * 4 * 2
    assert not unanswered(premises)
    assert premises.store.verify() == ()


def test_no_service_no_remote(tmp_path: Path) -> None:
    assert reached(tmp_path / "none", "", lambda _: None) is None
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(tmp_path / "dead"))
    dead.close()
    assert reached(tmp_path / "dead", "", lambda _: None) is None


@pytest.mark.skipif(not IS_ROOT, reason="only root can give a folder to another")
def test_somebody_elses_process_at_the_socket_is_not_believed(tmp_path: Path) -> None:
    os.chown(tmp_path, OTHER, OTHER)
    with TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        Path(folder).chmod(0o777)
        with account(FOUNDER):
            listener.bind(f"{folder}/s")
            listener.listen()
        with pytest.raises(ServiceUnavailable, match="not of the owner"):
            reached(Path(folder) / "s", "", lambda _: None, home=tmp_path)


def _greeted(path: Path) -> socket.socket:
    made = connected(path, FOUNDER)
    line = Connection(made, LARGEST_RESULT)
    line.begin(MAGIC)
    line.send({"hello": {"version": 1, "purpose": "", "code": "", "via": "service"}})
    assert line.receive().plain == {"welcome": {"version": 1, "uid": FOUNDER}}
    return made


def test_a_greeting_that_is_none_is_refused(path: Path) -> None:
    long: Plain = {"version": 1, "code": "9" * 999}
    pretends: Plain = {"version": 1, "via": "cli"}
    wrong: list[Plain] = [{"version": 2}, pretends, "x", long]
    for hello in wrong:
        with Connection(connected(path, FOUNDER), LARGEST_RESULT) as line:
            line.begin(MAGIC)
            line.send({"hello": hello})
            answer = line.receive().plain
            assert isinstance(answer, dict)
            assert "error" in answer


def test_a_file_that_is_handed_on_is_refused() -> None:
    from appliance.api import files
    from appliance.ingest.handed import Handed

    with pytest.raises(TypeError):
        files.offer(Found(Handed("x", None, "no"), "x"))
    for name in ("", "..", "a/../b", "/a", "a\0b"):
        with pytest.raises(Garbled):
            files.taken(files.Offered("x", name, 0, 0, "no"), ())
    with pytest.raises(Garbled):
        files.taken(files.Offered("x", "a", 0, 0), ())
    assert replace(files.Offered("x", "a", 0, 0), size=1).size == 1
