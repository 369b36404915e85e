"""Second factors end to end: set up, asked for where it matters, each code once, all on record."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance import config
from appliance.app import fresh
from appliance.app.acts import Via
from appliance.app.premises import Premises
from appliance.app.view import Appliance
from appliance.audit.records import Kind
from appliance.crypto import totp
from appliance.errors import Denied, FactorNeeded, NotFound
from appliance.store.factors import TRIES
from tests.app.test_governing import ADMIN, FOUNDER, OFFICER, OPERATOR, REASON, acting, home
from tests.conftest import PASSPHRASE

__all__ = ["home"]  # the fixture

Code = Callable[[], str]


@pytest.fixture
def secret() -> bytes:
    """Of the operator: in this half hour no two of its codes are the same."""
    every = (bytes([number]) * totp.SECRET_BYTES for number in range(256))
    return next(one for one in every if len(set(_codes(one))) == len(_codes(one)))


@pytest.fixture
def code(home: Path, secret: bytes) -> Code:
    """The operator has a second factor; gives code after code, each of a step of its own."""
    step = int(time.time()) // totp.STEP_SECONDS - 200
    with acting(home, FOUNDER) as app, app.acts.act("factor_enrol"):
        at = datetime.fromtimestamp(step * totp.STEP_SECONDS, UTC)
        app.store.begin_factor(OPERATOR, secret, at)
        app.store.confirm_factor(OPERATOR, totp.code(secret, step), at)
    given = iter((0, 1))  # right also where the next half minute begins before it is looked at

    def draw() -> str:
        return totp.code(secret, int(time.time()) // totp.STEP_SECONDS + next(given))

    return draw


def open_glass(app: Appliance) -> None:
    app.governing.open_glass("health", REASON, 5)


def as_operator(premises: Premises, code: str = "", via: Via = Via.CLI) -> Appliance:
    return premises.of(OPERATOR, "TREATMENT", lambda _: None, code=code, via=via)


def test_whoever_has_none_is_not_asked(home: Path) -> None:
    with acting(home, OPERATOR, "TREATMENT") as app:
        open_glass(app)
        outcome = [r for r in app.log.records(Kind.OUTCOME) if r.action == "break_glass_open"][-1]
        assert outcome.result is not None
        assert "second_factor" not in dict(outcome.result.counts)


def test_who_has_one_gives_a_fresh_code_and_that_is_on_record(home: Path, code: Code) -> None:
    with Premises.open(config.load(home), PASSPHRASE) as premises:
        with pytest.raises(FactorNeeded, match="fresh one-time code"):
            open_glass(as_operator(premises))
        assert premises.store.openings() == ()
        open_glass(as_operator(premises, code()))
        outcomes = [r for r in premises.log.records(Kind.OUTCOME) if r.action == "break_glass_open"]
        results = [r.result for r in outcomes]
        assert [(r.status, r.error) for r in results if r] == [
            ("denied", "FactorNeeded"),
            ("done", ""),
        ]
        assert results[1] is not None
        assert dict(results[1].counts)["second_factor"] == 1
        judged = [r for r in premises.log.records(Kind.SECURITY) if r.action == "factor_check"]
        assert [(r.uid, r.result and r.result.status) for r in judged] == [(OPERATOR, "done")]


def test_a_code_counts_on_its_own_connection_only(home: Path, code: Code) -> None:
    with Premises.open(config.load(home), PASSPHRASE) as premises:
        given = code()
        mine = as_operator(premises, given)
        open_glass(mine)
        open_glass(mine)
        with pytest.raises(FactorNeeded):
            open_glass(as_operator(premises))
        with pytest.raises(FactorNeeded, match="not right, or was used"):
            open_glass(as_operator(premises, given))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic clock, to be moved on."""
    now = [time.monotonic()]
    monkeypatch.setattr("appliance.app.fresh.time.monotonic", lambda: now[0])
    return now


def test_in_a_console_it_goes_stale_a_while_after_it_was_used_last(
    home: Path, code: Code, clock: list[float]
) -> None:
    with Premises.open(config.load(home), PASSPHRASE) as premises:
        mine = as_operator(premises, code(), Via.CONSOLE)
        open_glass(mine)
        for _ in range(3):  # each within five minutes of the one before
            clock[0] += 290
            open_glass(mine)
        clock[0] += 310
        with pytest.raises(FactorNeeded, match="fresh"):
            open_glass(mine)
        mine.factors.check(code())
        open_glass(mine)


def test_a_command_is_one_ceremony_but_for_no_more_than_a_working_day(
    home: Path, code: Code, clock: list[float]
) -> None:
    with Premises.open(config.load(home), PASSPHRASE) as premises:
        mine = as_operator(premises, code())
        open_glass(mine)
        clock[0] += 7.9 * 3600
        open_glass(mine)
        clock[0] += 0.2 * 3600
        with pytest.raises(FactorNeeded, match="fresh"):
            open_glass(mine)


def test_a_pass_counts_for_the_same_person_only_and_not_for_ever(
    home: Path, code: Code, clock: list[float]
) -> None:
    with Premises.open(config.load(home), PASSPHRASE) as premises:
        shown = as_operator(premises).factors.check(code())
        open_glass(as_operator(premises, shown))
        open_glass(as_operator(premises, shown))
        with premises.of(FOUNDER, "", lambda _: None).acts.act("factor_enrol"):
            at = datetime.now(UTC)
            premises.store.begin_factor(FOUNDER, bytes(20), at)
            premises.store.confirm_factor(FOUNDER, totp.code(bytes(20), _step()), at)
        other = premises.of(FOUNDER, "TREATMENT", lambda _: None, code=shown)
        with pytest.raises(FactorNeeded, match="not right"):
            open_glass(other)
        clock[0] += 8.1 * 3600
        with pytest.raises(FactorNeeded):
            open_glass(as_operator(premises, shown))


def test_long_work_asks_before_it_begins(home: Path, code: Code) -> None:
    with Premises.open(config.load(home), PASSPHRASE) as premises:
        with pytest.raises(FactorNeeded, match="fresh"):
            as_operator(premises).factors.ready()
        as_operator(premises, code()).factors.ready()
        premises.of(OFFICER, "", lambda _: None).factors.ready()


@pytest.mark.parametrize(
    "act",
    [
        lambda app: app.factors.enrol(),
        lambda app: app.factors.remove(),
        open_glass,
        lambda app: app.acts.begin("export"),
    ],
    ids=["enrol", "remove", "break-glass", "export"],
)
def test_what_asks_for_it(home: Path, code: Code, act: Callable[[Appliance], object]) -> None:
    with acting(home, OPERATOR, "TREATMENT") as app:
        with pytest.raises(FactorNeeded):
            act(app)
        app.collections()


def test_policies_and_retention_ask_for_it_by_name() -> None:
    asked = {"policy_propose", "policy_approve", "retention_remove", "period_destroy"}
    assert asked | {"break_glass_open", "export"} <= fresh.ASKING


def test_wrong_codes_lock_and_that_is_a_security_record(
    home: Path, code: Code, secret: bytes
) -> None:
    with acting(home, OPERATOR, "TREATMENT") as app:
        for _ in range(TRIES):
            with pytest.raises(FactorNeeded, match="not right"):
                app.factors.check(_wrong(secret))
        with pytest.raises(FactorNeeded, match="too many wrong codes"):
            app.factors.check(code())
        found = [r for r in app.log.records(Kind.SECURITY) if r.uid == OPERATOR]
        assert [r.action for r in found] == ["factor_check"] * TRIES + [
            "too_many_failures",
            "factor_check",
        ]


def test_it_is_set_up_by_showing_a_code(home: Path) -> None:
    with acting(home, OFFICER) as app:
        made = app.factors.enrol()
        assert repr(made) == "Enrolment(hidden)"
        assert made.address.startswith("otpauth://totp/Appliance%20")
        assert ":otto?secret=" in made.address
        secret = _base32(made.secret)
        with pytest.raises(FactorNeeded):
            app.factors.confirm(_wrong(secret))
        with pytest.raises(NotFound, match="no second factor"):
            app.factors.check("000000")
        app.factors.confirm(totp.code(secret, int(time.time()) // totp.STEP_SECONDS))
        app.factors.remove()  # the code just shown is fresh
        with pytest.raises(NotFound):
            app.factors.remove()


def _step() -> int:
    return int(time.time()) // totp.STEP_SECONDS


def _wrong(secret: bytes) -> str:
    """A code that is none of this secret's in this half hour."""
    return next(code for code in map("{:06}".format, range(100)) if code not in _codes(secret))


def _codes(secret: bytes) -> list[str]:
    """Of the half hour that begins about now."""
    return [totp.code(secret, _step() + by) for by in range(-5, 60)]


def _base32(spelled: str) -> bytes:
    return base64.b32decode(spelled.replace(" ", ""))


def test_an_administrator_takes_the_factor_of_somebody_else_and_nobody_other_does(
    home: Path, code: Code
) -> None:
    with acting(home, OFFICER) as app, pytest.raises(Denied):
        app.factors.remove("olga")
    with acting(home, ADMIN) as app:
        with pytest.raises(NotFound):
            app.factors.remove("nobody")
        app.factors.remove("olga")
        (record,) = [r for r in app.log.records(Kind.ADMIN) if r.action == "factor_remove"]
        assert (record.uid, app.log.holds(record, "user", "olga")) == (ADMIN, True)
    with acting(home, OPERATOR, "TREATMENT") as app:
        open_glass(app)
