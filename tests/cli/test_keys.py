"""key: shares are made, given by files and at a terminal, and what is wrong is said."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import sys
import time
from pathlib import Path

import pytest

from appliance.app.governance import custody
from tests.conftest import QUICK, SERVED, Desk


@pytest.fixture(autouse=True)
def embedded(way: str) -> None:
    """These commands open the store themselves and have no other way."""
    if way == SERVED:
        pytest.skip("what opens the store is changed while no service has it open")


def shares(desk: Desk, out: Path, threshold: int = 2, of: int = 3) -> list[Path]:
    out.mkdir()
    desk.ok("key", "shares", "--threshold", str(threshold), "--of", str(of), "--out", str(out))
    found = sorted(out.iterdir())
    assert {path.stat().st_mode & 0o777 for path in found} == {0o600}
    return found


def given(*files: Path) -> list[str]:
    return [word for file in files for word in ("--share-file", str(file))]


def slots(desk: Desk) -> dict[str, object]:
    found = json.loads(desk.ok("key", "status", "--json"))
    assert isinstance(found, dict)
    return found


def test_status_needs_no_secret(desk: Desk) -> None:
    assert desk.ok("key", "status").splitlines() == [
        "passphrase: yes",
        "key shares: none",
        "changed 0 time(s)",
    ]
    assert desk.run("--home", "/nowhere", "key", "status").code != 0


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new passphrase costs as little as those of other tests."""
    defaults = custody.change_passphrase.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "cost", QUICK)


def test_shares_open_the_store_and_the_passphrase_can_go(
    desk: Desk, tmp_path: Path, quick: None
) -> None:
    one, two, three = shares(desk, tmp_path / "sticks")
    assert slots(desk)["threshold"] == 2
    desk.ok("key", "passphrase", *given(three, one), *new(tmp_path, "four quite other words"))
    desk.ok("key", "drop", "passphrase", *given(one, two))
    assert slots(desk)["passphrase"] is False
    ran = desk.run("list")
    assert (ran.code, "key shares only" in ran.err) == (5, True)
    ran = desk.run("key", "drop", "shares", *given(one, two))
    assert (ran.code, "to stay" in ran.err) == (2, True)
    desk.ok("key", "passphrase", *given(one, two), *new(tmp_path, "a passphrase for tests"))
    desk.ok("key", "drop", "shares")
    assert slots(desk)["threshold"] == 0
    assert desk.run("key", "drop", "shares").code == 2


def new(tmp_path: Path, words: str) -> list[str]:
    path = tmp_path / "new"
    path.write_text(words)
    return ["--new-passphrase-file", str(path)]


def test_what_is_wrong_with_shares_is_said_without_showing_them(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = iter((77, 78))  # of the sets; drawn, they are the same once in 32,768 times
    monkeypatch.setattr("shamir_mnemonic.shamir._random_identifier", lambda: next(numbers))
    one, two, three = shares(desk, tmp_path / "sticks")
    other = shares(desk, tmp_path / "more")
    ran = desk.run("key", "drop", "passphrase", *given(one, two))
    assert (ran.code, "not of the set that opens this store" in ran.err) == (5, True)
    ran = desk.run("key", "drop", "passphrase", *given(other[0], two))
    assert (ran.code, "share 2 is of another set than share 1" in ran.err) == (5, True)
    ran = desk.run("key", "drop", "passphrase", *given(other[0]))
    assert (ran.code, "1 key shares of 2" in ran.err) == (5, True)
    ran = desk.run("key", "drop", "passphrase", *given(other[0], other[0]))
    assert (ran.code, "are the same" in ran.err) == (2, True)
    text = three.read_text()
    word = re.findall(r"[a-z]+", text.split("\n\n")[1])[7]
    three.write_text(re.sub(rf" 8 {word}\b", " 8 secretly", text))
    ran = desk.run("key", "drop", "passphrase", *given(other[1], three))
    assert (ran.code, "key share 2: word 8 is none of the list" in ran.err) == (2, True)
    assert "secretly" not in ran.err
    ran = desk.run("key", "drop", "passphrase", *given(tmp_path / "none", three))
    assert (ran.code, "cannot be read" in ran.err) == (2, True)


def test_impossible_sets_and_folders_leave_the_store_as_it_was(desk: Desk, tmp_path: Path) -> None:
    out = str(tmp_path)
    assert desk.run("key", "shares", "-t", "4", "--of", "3", "--out", out).code == 2
    assert desk.run("key", "shares", "--out", str(tmp_path / "no-such-folder")).code == 2
    ran = desk.run("key", "shares")
    assert (ran.code, "--out" in ran.err) == (2, True), "nobody is at a terminal"
    assert slots(desk) == {
        "generation": 1,
        "passphrase": True,
        "threshold": 0,
        "of": 0,
        "set_number": 0,
    }


class Terminal:
    """A person at a terminal of its own, in front of one command."""

    def __init__(self, home: Path, *words: str, **environment: str) -> None:
        self.seen, self._told = "", 0
        self._pid, self._door = pty.fork()
        if self._pid == 0:  # the child
            os.environ.pop("APPLIANCE_PASSPHRASE_FILE", None)
            os.environ.update(environment)
            command = [sys.executable, "-m", "appliance.cli.main", "--home", str(home), *words]
            os.execv(sys.executable, command)  # noqa: S606 -- a fixed list

    def until(self, text: str) -> str:
        """What was shown since the last call, up to and with ``text``."""
        limit = time.monotonic() + 300
        while (at := self.seen.find(text, self._told)) < 0:
            assert time.monotonic() < limit, self.seen[self._told :]
            if select.select([self._door], [], [], 1)[0]:
                self.seen += self._read()
        start, self._told = self._told, at + len(text)
        return self.seen[start : self._told]

    def type(self, line: str) -> None:
        os.write(self._door, line.encode() + b"\n")

    def end(self) -> int:
        """Everything is read; the exit code."""
        while rest := self._read():
            self.seen += rest
        os.close(self._door)
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])

    def _read(self) -> str:
        try:
            return os.read(self._door, 65536).decode("utf-8", "replace")
        except OSError:  # how a terminal whose program has ended says so
            return ""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no terminals here")
def test_each_custodian_in_turn_at_the_terminal(desk: Desk) -> None:
    """Made, written down, typed back with a mistake that is named, then used to open the store."""
    at = Terminal(
        desk.home,
        *("key", "shares", "-t", "2", "--of", "2"),
        APPLIANCE_PASSPHRASE_FILE=str(desk.passphrase_file),
    )
    written = []
    for number in (1, 2):
        at.until("press Enter")
        at.type("")
        shown = at.until("Press Enter when it is written down")
        rows = shown[shown.index("share") :].split("\r\n\r\n")[1]
        written.append(" ".join(re.findall(r"[a-z]+", rows.split("Press")[0])))
        assert len(written[-1].split()) == 33
        at.type("")
        at.until(f"Share {number}: ")
        mistaken = written[-1].split()
        mistaken[4] = "wrongly"  # by place: a share may have a word twice, or inside another one
        at.type(" ".join(mistaken))
        at.until("word 5 is none of the list; try again")
        at.until(f"Share {number}: ")
        at.type(written[-1])
        at.until("is whole")
    assert at.end() == 0
    assert not any(words in at.seen for words in written), "what is typed is not shown"

    at = Terminal(desk.home, "key", "drop", "passphrase")
    for number, words in enumerate(reversed(written), start=1):
        at.until(f"Share {number}: ")
        at.type(words)
    assert at.end() == 0
    assert slots(desk)["passphrase"] is False
    assert not any(" ".join(words.split()[:3]) in at.seen for words in written)
