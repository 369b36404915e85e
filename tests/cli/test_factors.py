"""factor: set up from the command line and at a terminal, then asked for where it matters."""

from __future__ import annotations

import base64
import os
import re
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from appliance.api.remote import Remote, reached
from appliance.cli.session import show_factor
from appliance.crypto import totp
from tests.cli.test_keys import Terminal
from tests.conftest import SERVED, Desk


class Stopped(datetime):
    """A clock that stands, so that three codes in a row are those of one half minute."""

    at = datetime.now(UTC)

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        return cls.at


def standing(secret: bytes, by: int) -> str:
    return totp.code(secret, int(Stopped.at.timestamp()) // totp.STEP_SECONDS + by)


def code(secret: bytes, by: int = 0) -> str:
    """Of this half minute or the next: also right if that begins before it is looked at."""
    return totp.code(secret, int(time.time()) // totp.STEP_SECONDS + by)


def _secret(shown: str) -> bytes:
    (letters,) = re.findall(r"(?m)^[A-Z2-7 ]{39}$", shown.replace("\r", ""))
    return base64.b32decode(letters.replace(" ", ""))


def at_terminal(desk: Desk, *words: str) -> Terminal:
    return Terminal(desk.home, *words, APPLIANCE_PASSPHRASE_FILE=str(desk.passphrase_file))


GLASS = ("break-glass", "open", "Patient 118", "--purpose", "TREATMENT", "--reason", "x" * 30)


def test_what_asks_for_a_code_takes_it_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.app.fresh.datetime", Stopped)
    desk.ok("collection", "create", "Patient 118", "--sector", "health")
    drawn = _secret(desk.ok("factor", "enrol"))
    while len({standing(drawn, by) for by in (-1, 0, 1)}) < 3:  # three times in a million
        monkeypatch.setattr(Stopped, "at", Stopped.at + timedelta(seconds=totp.STEP_SECONDS))
    desk.ok("factor", "confirm", standing(drawn, -1))
    ran = desk.run(*GLASS)
    assert (ran.code, "--code" in ran.err) == (21, True)
    given = standing(drawn, 0)
    desk.ok(*GLASS, "--code", given)
    ran = desk.run("factor", "remove", "--code", given)
    assert (ran.code, "was used before" in ran.err) == (21, True)
    desk.ok("factor", "remove", "--code", standing(drawn, 1))
    desk.ok(*GLASS)
    assert desk.run("factor", "check", "123456").code == 7


def test_a_batch_asks_before_it_begins(desk: Desk, folder_of: Callable[..., Path]) -> None:
    desk.ok("collection", "create", "notes", "--sector", "general")
    folder = folder_of("in", one="The first note.")
    drawn = _secret(desk.ok("factor", "enrol"))
    desk.ok("factor", "confirm", code(drawn))
    out = folder.with_name("out")
    words = ("process", str(folder), "-c", "notes", "--summarize", "--out", str(out))
    assert desk.run(*words).code == 21
    assert not out.exists()


def test_a_command_of_several_connections_shows_its_code_once(desk: Desk) -> None:
    if desk.way != SERVED:
        pytest.skip("a command that opens the store itself has none")
    desk.ok("collection", "create", "Patient 118", "--sector", "health")
    drawn = _secret(desk.ok("factor", "enrol"))
    desk.ok("factor", "confirm", code(drawn))
    with desk.open(desk.passphrase_file):
        app = reached(Path(os.environ["APPLIANCE_SOCKET"]), "TREATMENT", lambda _: None)
        assert isinstance(app, Remote)
        with app, ExitStack() as held:
            show_factor(app, code(drawn, 1))
            for _ in range(2):
                app.governing.open_glass("Patient 118", "x" * 30, 5)
                held.callback(app._link.take().close)  # in use, as by a stream still being read


def test_at_a_terminal_it_is_asked_for_and_the_command_goes_on(desk: Desk) -> None:
    if desk.way == SERVED:
        pytest.skip("a process of its own at the terminal; it calls nothing but its home's service")
    desk.ok("collection", "create", "Patient 118", "--sector", "health")
    at = at_terminal(desk, "factor", "enrol")
    drawn = _secret(at.until("Code that it shows"))
    near = {code(drawn, by) for by in range(-2, 5)}
    at.type(next(wrong for wrong in ("000000", "111111") if wrong not in near))
    at.until("not right")
    at.until("Code that it shows")
    at.type(code(drawn))
    assert at.end() == 0
    at = at_terminal(desk, *GLASS)
    at.until("Code: ")
    at.type(code(drawn, 1))
    assert at.end() == 0
    assert "Open until" in at.seen
