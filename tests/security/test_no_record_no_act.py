"""Promise P4 at the door: without a log to trust, no use case opens or releases anything.

The use cases are those that the service can be asked for, all of them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from appliance import config
from appliance.api import calls
from appliance.app.governance.policing import files_of
from appliance.app.view import Appliance
from appliance.app.work.exporting import Form
from appliance.app.work.once import Task, TaskKind
from appliance.audit.filtering import Filter
from appliance.audit.selection import Wanted
from appliance.crypto import hpke
from appliance.documents import DocumentId
from appliance.errors import AuditError
from appliance.ingest.folder import walk
from appliance.tasks import packs
from tests.conftest import PASSPHRASE, QUICK


def other_policies(home: Path) -> Path:
    """A set that loads and is not in force."""
    folder = home.parent / "other"
    shutil.copytree(home / "policies", folder)
    (folder / "more.cedar").write_text("// another set\n", "utf-8")
    return folder


SUMMARY = Task(TaskKind.SUMMARIZE, "")


def first(app: Appliance) -> DocumentId:
    return app.store.documents()[0].id


Use = Callable[[Appliance], Any]
USES: dict[str, Use] = {
    "create_collection": lambda app: app.create_collection("other", "legal"),
    "collections": lambda app: app.collections(),
    "documents": lambda app: app.documents(None),
    "ingest": lambda app: list(app.ingest(walk(app.settings.home.parent / "in"), "c", ())),
    "plan": lambda app: app.plan(walk(app.settings.home.parent / "in"), "c", ()),
    "show": lambda app: app.show("a.txt"),
    "coverage": lambda app: app.coverage("a.txt"),
    "delete": lambda app: app.delete("a.txt"),
    "questions.search": lambda app: app.questions.search("text", ("c",), 1),
    "questions.ask": lambda app: app.questions.ask("text?", ("c",), None),
    "questions.summarize": lambda app: app.questions.summarize("a.txt"),
    "questions.extract": lambda app: app.questions.extract("a.txt", "legal/contract"),
    "questions.try_pack": lambda app: app.questions.try_pack("a.txt", packs.load("legal/contract")),
    "questions.results": lambda app: app.questions.results(),
    "questions.result": lambda app: app.questions.result("0" * 32),
    "questions.replay": lambda app: app.questions.replay("0" * 32),
    "governing.users": lambda app: app.governing.users(),
    "governing.user": lambda app: app.governing.user(str(os.getuid())),
    "governing.add_user": lambda app: app.governing.add_user(
        str(os.getuid()), frozenset(), frozenset()
    ),
    "governing.grant_role": lambda app: app.governing.grant_role(str(os.getuid()), "reviewer"),
    "governing.revoke_role": lambda app: app.governing.revoke_role(str(os.getuid()), "officer"),
    "governing.grants": lambda app: app.governing.grants(),
    "governing.add_grant": lambda app: app.governing.add_grant(
        "team:x", "c", "member", contributes=True, until=""
    ),
    "governing.revoke_grant": lambda app: app.governing.revoke_grant(app.store.grants()[0].id),
    "governing.walls": lambda app: app.governing.walls(),
    "governing.add_wall": lambda app: app.governing.add_wall("team:x", "c", "a reason"),
    "governing.lift_wall": lambda app: app.governing.lift_wall("0" * 32),
    "governing.label": lambda app: app.governing.label("c", {"hold": "yes"}),
    "governing.openings": lambda app: app.governing.openings(),
    "governing.open_glass": lambda app: app.governing.open_glass(
        "c", "a reason that is long enough", 5
    ),
    "governing.review": lambda app: app.governing.review("0" * 32),
    "policing.explain": lambda app: app.policing.explain(str(os.getuid()), "show", "c"),
    "policing.diff": lambda app: app.policing.diff(files_of(app.settings.home / "policies")),
    "policing.apply": lambda app: app.policing.apply(files_of(other_policies(app.settings.home))),
    "audit_records": lambda app: app.audit_records(0),
    "audit_verify": lambda app: app.audit_verify(),
    "attest_egress": lambda app: app.attest_egress(),
    "accept": lambda app: app.accept(deep=False),
    "audit_verifying": lambda app: list(app.audit_verifying()),
    "examined": lambda app: app.examined(),
    "export": lambda app: list(app.export(("0" * 32,), (Form.HTML,))),
    "seal": lambda app: app.seal(),
    "status": lambda app: app.status(),
    "factors.check": lambda app: app.factors.check("123456"),
    "factors.confirm": lambda app: app.factors.confirm("123456"),
    "factors.enrol": lambda app: app.factors.enrol(),
    "factors.ready": lambda app: app.factors.ready(),
    "factors.remove": lambda app: app.factors.remove(),
    "work.do": lambda app: app.work.do(first(app), SUMMARY),
    "work.sheet": lambda app: app.work.sheet(first(app), (SUMMARY,), {}, page=False),
    "officers.destroy": lambda app: app.officers.destroy(1),
    "officers.known_keys": lambda app: app.officers.known_keys(),
    "officers.periods": lambda app: app.officers.periods(),
    "officers.publish": lambda app: app.officers.publish(
        hpke.officer_public(hpke.new_officer_key()), b"locked"
    ),
    "officers.retire": lambda app: app.officers.retire("somebody"),
    "officers.sealed_key": lambda app: app.officers.sealed_key(),
    "officers.share": lambda app: app.officers.share("somebody", ()),
    "retention.kept": lambda app: app.retention.kept(),
    "retention.remove": lambda app: app.retention.remove(),
    "timeline.event": lambda app: app.timeline.event(0),
    "timeline.find": lambda app: app.timeline.find(Filter(), 0, 10),
    "timeline.names": lambda app: app.timeline.names(),
    "timeline.prepare": lambda app: list(app.timeline.prepare()),
    "timeline.profile": lambda app: app.timeline.profile(Filter(), ""),
    "timeline.scan": lambda app: list(app.timeline.scan(Filter(), 0)),
    "timeline.sign_in": lambda app: app.timeline.sign_in(opened=True),
    "timeline.sign_out": lambda app: app.timeline.sign_out(),
    "witnessing.checkpoint": lambda app: app.witnessing.checkpoint(),
    "witnessing.compare_note": lambda app: app.witnessing.compare_note(b"note"),
    "witnessing.compare_paper": lambda app: app.witnessing.compare_paper("A" * 16, 1),
    "witnessing.cosign": lambda app: app.witnessing.cosign(b"note", "key", b"signature"),
    "witnessing.verify": lambda app: app.witnessing.verify(),
    "witnessing.witnesses": lambda app: app.witnessing.witnesses(),
    "evidence.gather": lambda app: list(app.evidence.gather(Wanted())),
    "evidence.names": lambda app: app.evidence.names(),
    "evidence.records": lambda app: list(app.evidence.records(Wanted(), "admin")),
    "evidence.shelves": lambda app: list(app.evidence.shelves()),
    "reviews.due": lambda app: app.reviews.due(),
    "reviews.look": lambda app: app.reviews.look(0),
    "reviews.next": lambda app: app.reviews.next(),
    "reviews.note": lambda app: app.reviews.note(0, "a note"),
    "reviews.reviews": lambda app: app.reviews.reviews(),
    "reviews.sample": lambda app: app.reviews.sample(),
    "reviews.sign": lambda app: app.reviews.sign(),
    "reviews.start": lambda app: app.reviews.start(),
}


BARE = {"work.begin", "work.key", "work.line"}  # names of work: keyed hashes; nothing is opened


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store of one document, and the folder that it came from."""
    folder = tmp_path_factory.mktemp("filled")
    (folder / "in").mkdir()
    (folder / "in" / "a.txt").write_text("some text to keep\n", "utf-8")
    Appliance.create(config.load(folder / "home"), PASSPHRASE, os.getuid(), cost=QUICK)
    with opened(folder) as app:
        app.create_collection("c", "general")
        assert [outcome.taken for outcome in USES["ingest"](app)] == ["added"]
    return folder


@pytest.fixture
def place(filled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(filled, tmp_path / "place"))


def opened(folder: Path) -> Appliance:
    settings = config.load(folder / "home")
    return Appliance.open(settings, PASSPHRASE, os.getuid(), "", lambda _: None)


def replaced_log(folder: Path) -> None:
    log = next((folder / "home" / "audit").rglob("*.jsonl"))
    content = log.read_bytes()
    log.unlink()
    log.write_bytes(content)


@pytest.mark.parametrize("name", USES)
def test_no_use_case_runs_without_its_intent(place: Path, name: str) -> None:
    app = opened(place)
    root, periods = app.store.root(), app.log.periods.every()
    replaced_log(place)
    with pytest.raises(AuditError):
        USES[name](app)
    assert (app.store.root(), app.log.periods.every()) == (root, periods)
    app.close()


def result_of_an_act(app: Appliance, folder: Path) -> str:
    with app.acts.act("show"):
        replaced_log(folder)
        result = "a result"
    return result


def test_no_result_is_released_without_its_outcome(place: Path) -> None:
    app = opened(place)
    released: list[str] = []
    with pytest.raises(AuditError):
        released.append(result_of_an_act(app, place))
    assert released == []
    app.close()


def test_there_is_no_use_case_beside_these() -> None:
    assert set(calls.methods()) == USES.keys() | BARE
