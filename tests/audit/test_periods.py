"""Periods: begun with the month, found whole at open, gone when destroyed; and runs of records."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.audit import periods as room
from appliance.audit.clock import Moment
from appliance.audit.periods import PeriodKey, Periods, Recipient, unwrapped
from appliance.audit.private import RUN, Opener, period_of
from appliance.audit.records import Kind
from appliance.crypto import hpke
from appliance.errors import AuditError, SealBroken
from tests.audit.logbox import ANA, MAC_KEY, SEAL_KEY, STORE, LogBox, act

OFFICER = hpke.new_officer_key()
OTTO = Recipient(1001, base64.b64encode(hpke.officer_public(OFFICER)).decode())


def quiet(number: int, digest: str) -> None:
    assert number > 0
    assert digest.startswith("sha256:")


@pytest.fixture
def opened(tmp_path: Path) -> Periods:
    return Periods(tmp_path, SEAL_KEY, MAC_KEY, STORE)


def again(tmp_path: Path) -> Periods:
    return Periods(tmp_path, SEAL_KEY, MAC_KEY, STORE)


def test_a_period_comes_back_and_the_core_cannot_open_it(opened: Periods, tmp_path: Path) -> None:
    made = opened.begin([OTTO], quiet)
    (found,) = again(tmp_path).every()
    assert found == made
    with pytest.raises(SealBroken):
        opened.private_of(found)
    private = unwrapped(found, OFFICER)
    assert private is not None
    assert hpke.period_public(private) == base64.b64decode(found.public)
    assert unwrapped(found, hpke.new_officer_key()) is None


def test_without_officers_the_store_holds_the_key_and_says_so(opened: Periods) -> None:
    made = opened.begin([], quiet)
    assert (made.wraps, bool(made.held), made.destroyed) == ((), True, False)
    assert hpke.period_public(opened.private_of(made)) == base64.b64decode(made.public)


@pytest.mark.parametrize("field", ["public", "begun", "number", "held"])
def test_a_changed_period_does_not_open(opened: Periods, tmp_path: Path, field: str) -> None:
    opened.begin([], quiet)
    path = tmp_path / "periods" / "0001.json"
    plain = json.loads(path.read_bytes())
    value = plain["period"][field]
    plain["period"][field] = value + 1 if isinstance(value, int) else value[::-1]
    path.write_text(json.dumps(plain, sort_keys=True, separators=(",", ":")) + "\n")
    with pytest.raises(AuditError, match=r"0001\.json was changed"):
        again(tmp_path)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"{}", b'{"period":[]}', b"\xff"])
def test_what_is_no_period_is_named(opened: Periods, tmp_path: Path, content: bytes) -> None:
    opened.begin([], quiet)
    (tmp_path / "periods" / "0001.json").write_bytes(content)
    with pytest.raises(AuditError, match=r"0001\.json"):
        again(tmp_path)


def test_a_missing_period_is_noticed(opened: Periods, tmp_path: Path) -> None:
    opened.begin([], quiet)
    opened.begin([], quiet)
    (tmp_path / "periods" / "0001.json").unlink()
    with pytest.raises(AuditError, match="missing"):
        again(tmp_path)


def test_a_period_that_is_not_on_record_is_not_in_force(opened: Periods, tmp_path: Path) -> None:
    opened.begin([], quiet)

    def refuse(number: int, digest: str) -> None:
        raise AuditError("the disk is full")

    with pytest.raises(AuditError, match="full"):
        opened.begin([OTTO], refuse)
    assert opened.current is not None
    assert opened.current.number == 1
    assert len(again(tmp_path).every()) == 1
    assert [path.name for path in (tmp_path / "periods").iterdir()] == ["0001.json"]


def test_a_new_month_begins_a_new_period(box: LogBox, monkeypatch: pytest.MonkeyPatch) -> None:
    with box.create() as log:
        act(log, 1)
        assert len(log.periods.every()) == 1
        month = iter([Moment("2099-12-01T00:00:00.000001Z", "b", 1)])
        monkeypatch.setattr("time.time", lambda: 4_100_000_000.0)  # in December 2099
        monkeypatch.setattr(room, "now", lambda: next(month))
        act(log, 2)
        act(log, 3)
        assert [one.begun[:7] for one in log.periods.every()][1:] == ["2099-12"]
        sealed = [period_of(record) for record in log.records(Kind.INTENT)]
        assert sealed == [1, 2, 2]
        begun = [r.code for r in log.records(Kind.ADMIN)]
        assert begun == ["5111.admin"]


def test_a_clock_that_was_wrong_does_not_keep_a_period_in_force(
    opened: Periods, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = Moment("2099-12-01T00:00:00.000001Z", "b", 1)
    with monkeypatch.context() as wrong:
        wrong.setattr(room, "now", lambda: far)
        opened.begin([], quiet)
    assert opened.is_over
    opened.begin([], quiet)
    assert not opened.is_over


def test_each_record_opens_by_itself_and_runs_change_their_key(box: LogBox) -> None:
    with box.create() as log:
        log.officers = lambda: [OTTO]
        log.periods.begin(log.officers(), log.tell_period)
        for number in range(RUN + 2):
            act(log, number)
        records = list(log.records(Kind.INTENT))
        periods = log.periods.every()
    heads = {base64.b64decode(record.sealed)[:85] for record in records}
    assert len(heads) == 2
    opener = Opener(OFFICER, periods)
    assert opener.open(records[-1])["question"] == f"what is {RUN + 1}?"
    assert [opener.open(r)["actor"] for r in records] == [ANA.name] * len(records)


def test_strings_cannot_be_moved_to_another_record(box: LogBox) -> None:
    from dataclasses import replace

    with box.create() as log:
        log.periods.begin([OTTO], log.tell_period)
        act(log, 1)
        act(log, 2)
        one, other = log.records(Kind.INTENT)
        opener = Opener(OFFICER, log.periods.every())
    for moved in (
        replace(one, sealed=other.sealed),
        replace(one, seq=other.seq),
        replace(one, sealed=one.sealed[:-8]),
        replace(one, sealed="AAAA"),
    ):
        with pytest.raises(SealBroken, match=f"record {moved.seq}"):
            opener.open(moved)


def test_a_wrap_of_another_period_is_refused(opened: Periods) -> None:
    from dataclasses import replace

    first, second = opened.begin([OTTO], quiet), opened.begin([OTTO], quiet)
    with pytest.raises(SealBroken):
        unwrapped(replace(second, wraps=first.wraps), OFFICER)


def test_destroyed_is_gone(opened: Periods, tmp_path: Path) -> None:
    made = opened.begin([OTTO], quiet)
    opened.begin([OTTO], quiet)
    opened.destroy(1, quiet)
    assert again(tmp_path).every()[0].destroyed
    assert made.wraps[0].sealed.encode() not in b"".join(_files(tmp_path))


def _files(folder: Path) -> Iterator[bytes]:
    yield from (path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_the_end_of_a_month_is_the_beginning_of_the_next() -> None:
    assert room._month_of("2026-12-31T23:59:59.999999Z") == (1796083200.0, 1798761600.0)
    assert room._month_of("2026-01-01T00:00:00.000000Z") == (1767225600.0, 1769904000.0)


def test_a_number_that_is_none_is_refused(opened: Periods) -> None:
    for number in (0, 1, -1):
        with pytest.raises(AuditError, match="no period"):
            opened.numbered(number)
    assert isinstance(opened.begin([], quiet), PeriodKey)
