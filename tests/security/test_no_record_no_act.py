"""Promise P4 at the door: without a log to trust, no use case opens or releases anything."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance import config
from appliance.app import Appliance
from appliance.errors import AuditError
from appliance.ingest.folder import walk
from appliance.policing import files_of
from appliance.tasks import packs
from tests.conftest import PASSPHRASE, Desk


def other_policies(home: Path) -> Path:
    """A set that loads and is not in force."""
    folder = home.parent / "other"
    shutil.copytree(home / "policies", folder)
    (folder / "more.cedar").write_text("// another set\n", "utf-8")
    return folder


Use = Callable[[Appliance], object]
USES: dict[str, Use] = {
    "create_collection": lambda app: app.create_collection("other", "legal"),
    "collections": lambda app: app.collections(),
    "documents": lambda app: app.documents(None),
    "ingest": lambda app: list(app.ingest(walk(app.settings.home.parent / "in"), "c", ())),
    "plan": lambda app: app.plan(walk(app.settings.home.parent / "in"), "c", ()),
    "show": lambda app: app.show("a.txt"),
    "coverage": lambda app: app.coverage("a.txt"),
    "delete": lambda app: app.delete("a.txt"),
    "search": lambda app: app.questions.search("text", ("c",), 1),
    "ask": lambda app: app.questions.ask("text?", ("c",), None),
    "summarize": lambda app: app.questions.summarize("a.txt"),
    "extract": lambda app: app.questions.extract("a.txt", "legal/contract"),
    "try_pack": lambda app: app.questions.try_pack("a.txt", packs.load("legal/contract")),
    "results": lambda app: app.questions.results(),
    "result": lambda app: app.questions.result("0" * 32),
    "replay": lambda app: app.questions.replay("0" * 32),
    "users": lambda app: app.governing.users(),
    "user": lambda app: app.governing.user(str(os.getuid())),
    "add_user": lambda app: app.governing.add_user(str(os.getuid()), frozenset(), frozenset()),
    "grant_role": lambda app: app.governing.grant_role(str(os.getuid()), "reviewer"),
    "revoke_role": lambda app: app.governing.revoke_role(str(os.getuid()), "officer"),
    "grants": lambda app: app.governing.grants(),
    "add_grant": lambda app: app.governing.add_grant(
        "team:x", "c", "member", contributes=True, until=""
    ),
    "revoke_grant": lambda app: app.governing.revoke_grant(app.store.grants()[0].id),
    "walls": lambda app: app.governing.walls(),
    "add_wall": lambda app: app.governing.add_wall("team:x", "c", "a reason"),
    "lift_wall": lambda app: app.governing.lift_wall("0" * 32),
    "label": lambda app: app.governing.label("c", {"hold": "yes"}),
    "openings": lambda app: app.governing.openings(),
    "open_glass": lambda app: app.governing.open_glass("c", "a reason that is long enough", 5),
    "review": lambda app: app.governing.review("0" * 32),
    "explain": lambda app: app.policing.explain(str(os.getuid()), "show", "c"),
    "diff": lambda app: app.policing.diff(files_of(app.settings.home / "policies")),
    "apply": lambda app: app.policing.apply(files_of(other_policies(app.settings.home))),
    "audit_show": lambda app: app.audit_records(0),
    "audit_verify": lambda app: app.audit_verify(),
    "attest_egress": lambda app: app.attest_egress(),
    "accept": lambda app: app.accept(deep=False),
}


@pytest.fixture
def filled(desk: Desk, folder_of: Callable[..., Path]) -> Desk:
    desk.ok("collection", "create", "c")
    desk.ok("ingest", str(folder_of("in", a="some text to keep")), "-c", "c")
    return desk


def opened(desk: Desk) -> Appliance:
    return Appliance.open(config.load(desk.home), PASSPHRASE, os.getuid(), "", lambda _: None)


def replaced_log(desk: Desk) -> None:
    log = next((desk.home / "audit").rglob("*.jsonl"))
    content = log.read_bytes()
    log.unlink()
    log.write_bytes(content)


@pytest.mark.parametrize("name", USES)
def test_no_use_case_runs_without_its_intent(filled: Desk, name: str) -> None:
    app = opened(filled)
    before = app.store.root()
    replaced_log(filled)
    with pytest.raises(AuditError):
        USES[name](app)
    assert app.store.root() == before
    app.close()


def result_of_an_act(app: Appliance, desk: Desk) -> str:
    with app.acts.act("show"):
        replaced_log(desk)
        result = "a result"
    return result


def test_no_result_is_released_without_its_outcome(filled: Desk) -> None:
    app = opened(filled)
    released: list[str] = []
    with pytest.raises(AuditError):
        released.append(result_of_an_act(app, filled))
    assert released == []
    app.close()


def test_the_application_has_no_use_case_beside_these(filled: Desk) -> None:
    app = opened(filled)
    public = {n for n in dir(app) if not n.startswith("_") and callable(getattr(app, n))}
    public |= {n for n in dir(app.questions) if not n.startswith("_")}
    for part in (app.governing, app.policing):
        public |= {n for n in dir(part) if not n.startswith("_")}
    lifecycle = {"open", "close", "create"}
    parts = {"engine", "forget", "library", "model", "parsed"}  # called inside an act
    parts |= {"tokens"}  # a number
    parts |= {"decide"}  # a decision, which an act takes
    parts |= {"exports"}  # what makes files; each of its uses is an act (tests/test_exporting.py)
    covered = set(USES) - {"audit_show"} | {"audit_records"}
    assert public - lifecycle - parts == covered
    app.close()
