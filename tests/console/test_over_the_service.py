"""The console as a client of the resident service: the kernel says whose account calls."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import pytest

from appliance.api import remote
from appliance.app.acts import Via
from appliance.app.view import Appliance
from tests.api.serving import IS_ROOT, connected, running
from tests.console.browsing import Visitor
from tests.console.test_pages import Office, walked
from tests.console.world import ANNA, KEY_PASSPHRASE, OLGA, console_at, world

pytestmark = pytest.mark.skipif(
    not IS_ROOT, reason="only root can connect as the accounts of this world"
)


@pytest.fixture
def door() -> Iterator[Path]:
    """A folder through which every account comes to a socket in it."""
    with TemporaryDirectory(prefix="console-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


def test_every_page_is_the_same_over_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, door: Path
) -> None:
    socket, caller = door / "s.sock", OLGA
    monkeypatch.setattr(remote, "connected", lambda path: connected(path, caller))

    def view() -> Appliance:
        first = connected(socket, caller)
        made = remote.Remote(socket, first, "", lambda _: None, via=Via.CONSOLE)
        return cast(Appliance, made)

    with world(tmp_path / "home") as made, console_at(view) as address:
        olga = Visitor(address)
        with running(made.premises, socket):
            assert olga.sign_in(KEY_PASSPHRASE).status == 303
            pages = walked(Office(made, address, olga))
            assert len(pages) > 30
            assert {path: got.status for path, got in pages.items() if got.status != 200} == {}
            assert "Which allergies are on record" in olga.get("/timeline?action=ask").text
            caller = ANNA  # an operator's account has no key, and may not open the console
            with console_at(view) as another:
                assert Visitor(another).sign_in(KEY_PASSPHRASE).status == 403
            caller = OLGA
        gone = olga.get("/")  # the service was sealed while the page was open
        assert gone.status == 503
        assert 'href="/login"' in gone.text
        assert olga.get("/").status == 303  # and nobody is left in a session of it
        told = [record for record in made.premises.log.records() if record.action == "console_read"]
        assert {(record.uid, record.via) for record in told} == {(OLGA, "console")}
