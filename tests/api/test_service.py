"""The service among many callers: each gets what is theirs, in time, whatever the others do."""

from __future__ import annotations

import json
import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from statistics import quantiles

import pytest

from appliance import config
from appliance.api import http_door, starting
from appliance.api.fair import Turns
from appliance.api.frames import MAGIC
from appliance.api.peer import Peer
from appliance.api.service import UNKNOWN_EVERY_S
from appliance.api.starting import listening, refuse_a_second, report_faults
from appliance.app.premises import Premises
from appliance.app.view import Appliance
from appliance.attest.parts import Tried
from appliance.audit.records import Kind, Record
from appliance.egress.probe import Observation
from appliance.egress.verdict import Verdict
from appliance.engine.attested import Attested
from appliance.engine.isolation import Isolation
from appliance.errors import (
    ApplianceError,
    AuditError,
    Busy,
    Denied,
    InvariantBroken,
    ServiceUnavailable,
    StoreBusy,
    UsageError,
)
from appliance.store.records import PrincipalRow
from appliance.unbroken import ENDING
from tests.api.serving import (
    IS_ROOT,
    account,
    connected,
    introduce,
    over_http,
    remote,
    running,
    wait_until,
)
from tests.conftest import PASSPHRASE, QUICK

FIRST, CALLERS, STRANGER = 1001, 50, 4999
OFFICER, CUSTODIAN = 2001, 2002
PATIENCE_S = 60  # for a call among fifty; a second on a quiet machine of two cores

as_others = pytest.mark.skipif(not IS_ROOT, reason="only root can call as other accounts")


@pytest.fixture
def premises(tmp_path: Path) -> Iterator[Premises]:
    """An open store in which a few people are known."""
    settings = config.load(tmp_path / "home", {})
    Premises.create(settings, PASSPHRASE, os.getuid(), cost=QUICK)
    with Premises.open(settings, PASSPHRASE) as opened:
        for uid, role in ((OFFICER, "officer"), (CUSTODIAN, "custodian"), (FIRST, "operator")):
            introduce(opened, uid, role)
        yield opened


@pytest.fixture
def path() -> Iterator[Path]:
    """A socket in a folder that every account may enter, unlike those of pytest."""
    with tempfile.TemporaryDirectory(prefix="appliance-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder) / "s"


def people(premises: Premises, count: int) -> None:
    """So many operators, each with a matter that only they may know of."""
    acts = premises.of(os.getuid(), "", lambda _: None).acts
    with acts.act("user_change"):
        for uid in range(FIRST, FIRST + count):
            premises.store.put_principal(PrincipalRow(uid, f"p{uid}", frozenset({"operator"})))
            premises.store.create_collection(f"matter {uid}", "legal", uid, "counsel")


def recorded(premises: Premises, action: str) -> list[Record]:
    return [record for record in premises.log.records() if record.action == action]


def call(path: Path, uid: int) -> float:
    """One call on a connection of its own, checked; how long it took, in seconds."""
    begun = time.monotonic()
    appliance = remote(path, uid)
    with appliance:
        assert [c.name for c in appliance.collections()] == [f"matter {uid}"]
    return time.monotonic() - begun


def hanging(path: Path) -> socket.socket:
    return connected(path, FIRST)  # says nothing, ever


def garbage(path: Path) -> None:
    for said in (b"\x00\xff" * 4000, MAGIC + b"\xff" * 4000, b"GET /" + b"a" * 70_000):
        with connected(path, FIRST) as line:
            line.sendall(said)
            line.settimeout(300)
            with suppress(ConnectionResetError):
                while line.recv(4096):
                    pass


def vanishing(path: Path) -> None:
    line = connected(path, FIRST)
    line.sendall(MAGIC + b"\x01\x00\x00")  # in the middle of a message
    line.close()


def misbehave(path: Path) -> None:
    for _ in range(2):
        garbage(path)
        vanishing(path)


@as_others
def test_fifty_callers_get_what_is_theirs_in_time_whatever_three_others_do(
    premises: Premises, path: Path
) -> None:
    people(premises, CALLERS)
    with running(premises, path) as service, ThreadPoolExecutor(CALLERS) as pool:
        alone = sorted(call(path, FIRST + n % CALLERS) for n in range(20))
        held = [hanging(path) for _ in range(5)]
        bad = threading.Thread(target=misbehave, args=(path,))
        bad.start()
        begun = time.monotonic()
        took = list(pool.map(lambda n: call(path, FIRST + n), list(range(CALLERS)) * 2))
        whole = time.monotonic() - begun
        median, most = quantiles(took, n=20)[9], quantiles(took, n=20)[18]
        bad.join(300)
        print(  # noqa: T201 -- shown by pytest -s
            f"alone {1000 * alone[10]:.0f} ms; {CALLERS} at a time: median {1000 * median:.0f} ms, "
            f"95 % within {1000 * most:.0f} ms, {len(took) / whole:.0f} calls a second"
        )
        assert most < max(PATIENCE_S, 3 * CALLERS * alone[10])
        wait_until(lambda: service.service.callers() == 0)  # the silent ones were let go
        for line in held:
            assert line.recv(1) == b""
            line.close()
        wait_until(lambda: service.service.turns.counts() == (0, 0))


def test_who_goes_in_the_middle_of_the_first_word_is_let_go_at_once(
    premises: Premises, path: Path
) -> None:
    with running(premises, path, first_words_s=300) as service:
        for said in (b"", MAGIC[:1], MAGIC[:3], MAGIC, MAGIC + b"\0", b"G", b"GET / HTTP"):
            line = connected(path, os.getuid())
            line.sendall(said)
            wait_until(lambda: service.service.callers() == 1)
            line.close()
            wait_until(lambda: service.service.callers() == 0)


def test_signals_seal_once_and_strike_nothing_down() -> None:
    before = {number: signal.getsignal(number) for number in ENDING}
    sealed: list[str] = []
    try:
        struck = starting.sealed_by_signals(lambda: sealed.append("sealed"))
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
            signal.raise_signal(number)
        assert struck == [signal.SIGHUP, signal.SIGINT, signal.SIGTERM]
        assert sealed
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@as_others
def test_root_is_an_administrator_here_and_reads_nothing(premises: Premises, path: Path) -> None:
    people(premises, 1)
    with running(premises, path), remote(path, 0) as appliance:
        assert appliance.collections() == ()
        with pytest.raises(Denied):
            appliance.create_collection("mine", "general")
        with pytest.raises(Denied):
            appliance.audit_verify()
        assert appliance.governing.users()
        record = recorded(premises, "create_collection")[-1]
        assert (record.uid, record.via) == (0, "service")


@as_others
def test_a_stranger_is_turned_away_in_either_protocol_and_on_record_once(
    premises: Premises, path: Path
) -> None:
    with running(premises, path):
        for _ in range(3):
            with pytest.raises(Denied, match="does not know"):
                remote(path, STRANGER)
        assert over_http(path, STRANGER, "GET", "/v1/models").status == 403
        (record,) = recorded(premises, "unknown_caller")
        assert (record.uid, record.kind, record.via) == (STRANGER, Kind.SECURITY, "service")
        assert UNKNOWN_EVERY_S >= 60


@as_others
def test_too_many_connections_of_one_person_are_told_so_and_hinder_nobody(
    premises: Premises, path: Path
) -> None:
    people(premises, 2)
    with running(premises, path, connections_per_person=3, first_words_s=300) as service:
        held = [hanging(path) for _ in range(3)]
        wait_until(lambda: service.service.callers() == 3)
        with pytest.raises(Busy):
            remote(path, FIRST)
        reply = over_http(path, FIRST, "GET", "/health")
        assert (reply.status, bool(reply.headers["Retry-After"])) == (503, True)
        call(path, FIRST + 1)
        wait_until(lambda: service.service.callers() == 3)
        held += [hanging(path) for _ in range(5)]  # twice the bound: closed without a word
        assert held[-1].recv(1) == b""
        call(path, FIRST + 1)
        for line in held:
            line.close()


@as_others
def test_a_busy_service_says_so(premises: Premises, path: Path) -> None:
    people(premises, 2)
    with running(premises, path, workers=1, waiting_s=0) as service:
        turn, appliance = service.service.turns.turn(FIRST + 1), remote(path, FIRST)
        with turn, appliance, pytest.raises(Busy):
            appliance.collections()
        call(path, FIRST)


# --- the end --------------------------------------------------------------------------------------


@as_others
@pytest.mark.parametrize("uid", [OFFICER, CUSTODIAN, 0])
def test_sealing_ends_the_service_for_everybody(premises: Premises, path: Path, uid: int) -> None:
    with running(premises, path) as service:
        waiting = remote(path, FIRST)
        with remote(path, uid) as appliance:
            appliance.seal()
        service.thread.join(300)
        assert not service.thread.is_alive()
        assert service.error is None
        with pytest.raises(ApplianceError):
            waiting.collections()
        assert [record.kind for record in recorded(premises, "seal")] == ["intent", "outcome"]


@as_others
def test_an_operator_cannot_seal(premises: Premises, path: Path) -> None:
    with running(premises, path), remote(path, FIRST) as appliance:
        with pytest.raises(Denied):
            appliance.seal()
        assert appliance.collections() == ()


def test_without_a_service_there_is_nothing_to_seal(premises: Premises) -> None:
    with pytest.raises(UsageError, match="no service"):
        premises.of(os.getuid(), "", lambda _: None).seal()


@pytest.fixture
def slow() -> Iterator[threading.Event]:
    """Listing collections takes for ever, and asks between its steps whether anybody waits."""
    begun = threading.Event()

    def collections(self: Appliance) -> tuple[()]:
        with self.acts.act("list"):
            begun.set()
            while True:
                self.acts.present()
                time.sleep(0.01)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Appliance, "collections", collections)
        yield begun


def last_outcome(premises: Premises) -> str:
    result = recorded(premises, "list")[-1].result
    return result.status if result else ""


@as_others
def test_a_caller_over_http_who_goes_ends_their_work(
    premises: Premises, path: Path, slow: threading.Event
) -> None:
    with running(premises, path) as service:
        with connected(path, FIRST) as line:
            line.sendall(b"GET /v1/models HTTP/1.1\r\n\r\n")
            assert slow.wait(60)
        wait_until(lambda: last_outcome(premises) == "interrupted")
        wait_until(lambda: service.service.turns.counts() == (0, 0))


@as_others
def test_work_under_way_is_interrupted_by_sealing_and_has_its_outcome(
    premises: Premises, path: Path, slow: threading.Event
) -> None:
    people(premises, 1)
    with running(premises, path) as service:
        caller = threading.Thread(target=_ignoring_the_end, args=(path,))
        caller.start()
        assert slow.wait(60)
        service.end()
        caller.join(300)
        assert not caller.is_alive()
    assert last_outcome(premises) == "interrupted"


def _ignoring_the_end(path: Path) -> None:
    with pytest.raises(ApplianceError), remote(path, FIRST) as appliance:
        appliance.collections()


@as_others
@pytest.mark.parametrize("error", [InvariantBroken("a wall fell"), AuditError("no room")])
@pytest.mark.parametrize("http", [False, True])
def test_a_broken_invariant_stops_the_service_on_record(
    premises: Premises, path: Path, error: ApplianceError, http: bool
) -> None:
    def broken(self: Appliance) -> tuple[()]:
        with self.acts.act("list"):
            raise error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Appliance, "collections", broken)
        with running(premises, path) as service:
            if http:
                assert over_http(path, FIRST, "GET", "/v1/models").status == 500
            else:
                with pytest.raises(type(error)), remote(path, FIRST) as appliance:
                    appliance.collections()
            service.thread.join(300)
            assert service.error is error
            with pytest.raises(ConnectionRefusedError):
                remote(path, FIRST)
        (record,) = recorded(premises, "invariant_broken")
        assert record.kind is Kind.SECURITY
        assert record.uid == FIRST


def test_a_fault_of_ours_harms_no_other_call(premises: Premises, path: Path) -> None:
    def faulty(line: socket.socket, _: Premises, __: Peer, ___: Turns) -> None:
        line.recv(100)
        raise ServiceUnavailable("gone")

    with running(premises, path, faulty):
        with connected(path, os.getuid()) as line:
            line.sendall(MAGIC)
            assert line.recv(1) == b""
        reply = over_http(path, os.getuid(), "GET", "/health")
        assert (reply.status, json.loads(reply.body)) == (200, {"status": "ok"})


# --- what another process of the same account tried -----------------------------------------------

NOTHING_TRIED = Tried(
    Attested(Isolation.NAMESPACE, (), Observation(), Observation()), (), Observation()
)


@as_others
def test_only_the_services_own_account_brings_what_it_tried(premises: Premises, path: Path) -> None:
    with running(premises, path):
        with remote(path, OFFICER) as appliance, pytest.raises(Denied, match="own account"):
            appliance.attest_egress(NOTHING_TRIED)
        with remote(path, os.getuid()) as appliance:
            found = appliance.attest_egress(NOTHING_TRIED)
    assert found.attestation.verdict != Verdict.PASS  # nothing was proved by it
    assert {item.part for item in found.attestation.items} >= {"reader", "core"}


def test_a_fault_in_a_thread_is_told_without_what_it_speaks_of(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    told: list[str] = []
    report_faults(told.append)

    def faulty() -> None:
        raise ValueError("the patient's name")

    thread = threading.Thread(target=faulty)
    thread.start()
    thread.join()
    assert [line.rpartition(":")[0] for line in told] == [
        "internal fault: ValueError at test_service.py"
    ]
    assert capsys.readouterr() == ("", "")


# --- the socket -----------------------------------------------------------------------------------


def test_a_second_service_is_refused_and_what_a_dead_one_left_is_replaced(path: Path) -> None:
    with listening(path), pytest.raises(StoreBusy):
        refuse_a_second(path)
    assert path.exists()  # nobody listens any more
    refuse_a_second(path)
    with listening(path), socket.socket(socket.AF_UNIX) as line:
        line.connect(str(path))


def test_a_file_in_its_place_is_not_touched(path: Path) -> None:
    path.write_text("something else")
    with pytest.raises(ApplianceError, match="no socket"):
        listening(path)
    assert path.read_text() == "something else"


@as_others
def test_the_account_that_connects_is_the_one_that_counts(premises: Premises, path: Path) -> None:
    """Control of these tests: other threads, and this one afterwards, stay who they are."""
    seen: list[int] = []

    def own(line: socket.socket, _: Premises, peer: Peer, __: Turns) -> None:
        seen.append(peer.uid)
        line.close()

    with running(premises, path, own, http_door.converse):
        for uid in (FIRST, 0, FIRST):
            with connected(path, uid) as line:
                line.sendall(MAGIC)
                with suppress(ConnectionResetError):
                    line.recv(1)
        with account(FIRST):
            assert os.geteuid() == FIRST
    assert seen == [FIRST, 0, FIRST]
    assert os.geteuid() == 0
