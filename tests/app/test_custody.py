"""What opens the store is changed on record, by those who may, and sheets read back."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance import config
from appliance.app.governance import custody
from appliance.app.view import Appliance
from appliance.audit.records import Kind
from appliance.cli.unsealing import words_of
from appliance.crypto.unseal import NewShares, Shares, draw_shares
from appliance.errors import Denied, WrongPassphrase
from tests.app.test_governing import ADMIN, CUSTODIAN, OFFICER, OPERATOR, acting, home
from tests.conftest import PASSPHRASE, QUICK

__all__ = ["home"]  # the fixture


@pytest.fixture(scope="module")
def made() -> NewShares:
    return draw_shares(2, 3)


def test_a_sheet_says_what_it_is_and_reads_back(tmp_path: Path, made: NewShares) -> None:
    for number, sheet in enumerate(custody.sheets(made, "5a" * 16)):
        path = tmp_path / f"{number}"
        path.write_text(sheet.text(), "ascii")
        assert words_of(path) == made.shares.words[number]
        assert f"Key share {number + 1} of 3, set {made.identifier}, store 5a5a5a5a" in sheet.text()
        assert repr(sheet) == f"Sheet({number + 1} of 3, hidden)"


def test_an_administrator_changes_it_and_every_change_is_on_record(
    home: Path, made: NewShares
) -> None:
    with acting(home, ADMIN) as app:
        custody.put_shares(app, PASSPHRASE, made)
        custody.drop_others(app, made.shares)
        custody.change_passphrase(app, made.shares, "another passphrase", cost=QUICK)
    with acting_by(home, Shares(made.shares.words[1:]), OFFICER) as app:
        found = [record for record in app.log.records(Kind.ADMIN) if record.action == "key_change"]
        results = [record.result for record in found]
        assert [one and one.status for one in results] == ["shares", "drop", "passphrase"]
        assert [one and dict(one.counts) for one in results] == [
            {"generation": 2, "threshold": 2, "of": 3},
            {"generation": 3},
            {"generation": 4},
        ]
        assert {record.uid for record in found} == {ADMIN}
    with pytest.raises(WrongPassphrase):
        Appliance.open(config.load(home), PASSPHRASE, OFFICER, "", lambda _: None)


def acting_by(home: Path, secret: Shares, uid: int) -> Appliance:
    return Appliance.open(config.load(home), secret, uid, "", lambda _: None)


@pytest.mark.parametrize("uid", [OPERATOR, OFFICER, CUSTODIAN])
def test_nobody_else_does(home: Path, made: NewShares, uid: int) -> None:
    """Also a custodian, who holds a part of the key and does nothing else."""
    with acting(home, uid) as app, pytest.raises(Denied):
        custody.put_shares(app, PASSPHRASE, made)
    with acting(home, ADMIN) as app, pytest.raises(WrongPassphrase):
        custody.put_shares(app, "not the passphrase", made)
    with pytest.raises(WrongPassphrase, match="no key shares"):
        acting_by(home, made.shares, ADMIN)
