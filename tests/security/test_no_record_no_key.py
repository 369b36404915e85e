"""Nothing of officers' keys and of retention happens where it cannot be put on record."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from appliance import config
from appliance.app import Appliance
from appliance.crypto import hpke
from appliance.errors import AuditError
from tests.conftest import PASSPHRASE, Desk

Use = Callable[[Appliance], object]
USES: dict[str, Use] = {
    "officers.known_keys": lambda app: app.officers.known_keys(),
    "officers.periods": lambda app: app.officers.periods(),
    "officers.sealed_key": lambda app: app.officers.sealed_key(),
    "officers.publish": lambda app: app.officers.publish(
        hpke.officer_public(hpke.new_officer_key()), b"locked"
    ),
    "officers.share": lambda app: app.officers.share("somebody", ()),
    "officers.retire": lambda app: app.officers.retire("somebody"),
    "officers.destroy": lambda app: app.officers.destroy(1),
    "retention.kept": lambda app: app.retention.kept(),
    "retention.remove": lambda app: app.retention.remove(),
}


def opened(desk: Desk) -> Appliance:
    return Appliance.open(config.load(desk.home), PASSPHRASE, os.getuid(), "", print)


@pytest.mark.parametrize("name", USES)
def test_no_use_case_runs_without_its_intent(desk: Desk, name: str) -> None:
    app = opened(desk)
    root, periods = app.store.root(), app.log.periods.every()
    log = next((desk.home / "audit").rglob("*.jsonl"))
    content = log.read_bytes()
    log.unlink()
    log.write_bytes(content)
    with pytest.raises(AuditError):
        USES[name](app)
    assert (app.store.root(), app.log.periods.every()) == (root, periods)
    app.close()


def test_there_is_no_use_case_beside_these(desk: Desk) -> None:
    with opened(desk) as app:
        rooms = {"officers": app.officers, "retention": app.retention}
        public = {
            f"{name}.{one}" for name, room in rooms.items() for one in dir(room) if one[0] != "_"
        }
    assert public == set(USES)
