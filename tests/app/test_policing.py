"""Policies explained, compared and changed by two persons."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from appliance.access.policy import PolicySet
from appliance.app.governance.policing import PolicyFile, files_of
from appliance.audit.records import Kind
from appliance.errors import Denied, NotFound, PolicyError, UsageError
from appliance.store.records import PrincipalRow
from tests.app.test_governing import ADMIN, FOUNDER, OFFICER, OPERATOR, acting, home
from tests.conftest import Desk

__all__ = ["home"]  # the fixture

STRICTER = """
@id("no-extract")
@description("No fields are taken out of legal matters.")
forbid (principal, action == Action::"extract", resource) when { resource.sector == "legal" };
"""
EXAMPLES = [
    {
        "policy": "no-extract",
        "roles": ["operator"],
        "action": "extract",
        "expect": verdict,
        "resource": {"sector": sector, "relations": ["counsel"]},
    }
    for verdict, sector in (("deny", "legal"), ("allow", "general"))
]


@pytest.fixture
def stricter(home: Path, tmp_path: Path) -> Path:
    """The policies in force and one more."""
    folder = Path(shutil.copytree(home / "policies", tmp_path / "stricter"))
    (folder / "more.cedar").write_text(STRICTER, "utf-8")
    (folder / "more.tests.json").write_text(json.dumps(EXAMPLES))
    return folder


def test_a_permission_is_explained_by_its_policy_and_facts(home: Path) -> None:
    with acting(home, OFFICER) as app:
        told = app.policing.explain(str(FOUNDER), "show", "legal")
        ((labels, why),) = told.classes
        assert (labels, why.allow) == ("", True)
        assert why.policies == (
            ("legal-team-reads", app.acts.policy.descriptions["legal-team-reads"]),
        )
        assert "granted on it, in force: counsel" in why.facts


def test_a_denial_says_what_would_help(home: Path) -> None:
    with acting(home, OFFICER) as app:
        ((_, why),) = app.policing.explain("olga", "show", "legal").classes
        assert (why.allow, why.policies) == (False, ())
        assert set(why.would_help) == {"a grant as member", "a grant as counsel"}
        ((_, why),) = app.policing.explain("olga", "delete", "finance").classes
        assert why.would_help == ("a grant as deal_team that lets them contribute",)
        ((_, why),) = app.policing.explain(str(FOUNDER), "show", "health").classes
        assert [id for id, _ in why.policies] == ["health-purpose"]
        assert "--purpose TREATMENT" in why.would_help
    with acting(home, ADMIN) as app:
        app.governing.add_grant("olga", "legal", "", contributes=False, until="")
        app.governing.add_wall("olga", "legal", "acted for the other side")
        ((_, why),) = app.policing.explain("olga", "show", "legal").classes
        assert [id for id, _ in why.policies] == ["wall"]
        assert why.would_help == ("the wall lifted",)


def test_only_those_who_survey_are_told(home: Path) -> None:
    with acting(home, OPERATOR) as app, pytest.raises(Denied):
        app.policing.explain("olga", "show", "general")
    with acting(home, OFFICER) as app:
        for who, action, where in (("x", "show", "legal"), ("olga", "show", "x")):
            with pytest.raises(NotFound):
                app.policing.explain(who, action, where)
        with pytest.raises(UsageError):
            app.policing.explain("olga", "shout", "legal")


def test_a_comparison_names_who_loses_what_and_nothing_else(home: Path, stricter: Path) -> None:
    with acting(home, OFFICER) as app:
        assert app.policing.diff(files_of(home / "policies")) == ()
        found = app.policing.diff(files_of(stricter))
        assert {(g.gains, g.action, g.collection) for g in found} == {(False, "extract", "legal")}
        assert {g.who for g in found} == {app.store.person(FOUNDER).row.name}
    (home / "policies" / "more.cedar").write_text(STRICTER, "utf-8")
    shutil.copy(stricter / "general.cedar", stricter / "more.cedar")
    (stricter / "general.cedar").unlink()  # the same without the forbid
    with acting(home, OFFICER) as app:
        assert {(g.gains, g.action) for g in app.policing.diff(files_of(stricter))} == {
            (True, "extract")
        }


def test_policies_change_by_two_persons_and_both_are_on_record(home: Path, stricter: Path) -> None:
    fresh = PolicySet.load(stricter).hash
    with acting(home, ADMIN) as app:
        before = app.acts.policy.hash
        assert not app.policing.apply(files_of(stricter)).in_force
        with pytest.raises(Denied, match="yourself"):
            app.policing.apply(files_of(stricter))
        assert app.acts.policy.hash == before
    with acting(home, OPERATOR) as app, pytest.raises(Denied):
        app.policing.apply(files_of(stricter))
    with acting(home, OFFICER) as app:
        assert app.acts.policy.hash == before
        assert app.policing.apply(files_of(stricter)).in_force
        assert app.acts.policy.hash == fresh
        with pytest.raises(UsageError, match="in force already"):
            app.policing.apply(files_of(stricter))
        app.governing.users()
        records = tuple(app.log.records())
    changes = [(r.uid, r.action) for r in records if r.result and fresh in r.result.status]
    assert changes == [(ADMIN, "policy_propose"), (OFFICER, "policy_approve")]
    hashes = [r.decision.policy_hash for r in records if r.decision]
    assert all(len(one) == 64 for one in hashes), "every decision names the set"
    assert (hashes[0], hashes[-1]) == (before, fresh)


def test_a_proposal_is_for_one_set_and_ends_with_the_next_change(
    home: Path, stricter: Path
) -> None:
    original = shutil.copytree(home / "policies", home.parent / "original")
    with acting(home, ADMIN) as app:
        app.policing.apply(files_of(stricter))
    (stricter / "more.cedar").write_text(STRICTER.replace("taken out", "taken"), "utf-8")
    with acting(home, OFFICER) as app:
        assert not app.policing.apply(files_of(stricter)).in_force, "changed since it was proposed"
    with acting(home, ADMIN) as app:
        assert app.policing.apply(files_of(stricter)).in_force
        assert not app.policing.apply(files_of(original)).in_force
    (stricter / "more.cedar").write_text(STRICTER, "utf-8")
    with acting(home, OFFICER) as app:
        assert not app.policing.apply(files_of(stricter)).in_force, (
            "proposed before the last change"
        )


def test_what_does_not_hold_together_is_not_proposed(home: Path, stricter: Path) -> None:
    (stricter / "more.tests.json").unlink()
    with acting(home, ADMIN) as app, pytest.raises(PolicyError, match="no-extract"):
        app.policing.apply(files_of(stricter))


def test_who_may_not_propose_is_told_nothing_of_the_policies(home: Path, stricter: Path) -> None:
    """Refused, and on record, before their files are read and the log is."""
    with acting(home, OPERATOR) as app:
        same = files_of(home / "policies")
        for files in (same, (PolicyFile("a.cedar", "no policy"),)):
            with pytest.raises(Denied):
                app.policing.apply(files)
        tried = [r for r in app.log.records(Kind.INTENT) if r.action == "policy_propose"]
        assert len(tried) == 2


def test_what_cannot_be_kept_is_not_put_in_force(home: Path, stricter: Path) -> None:
    """The set is kept for evidence first: a disk that refuses leaves the old policies in force."""
    with acting(home, ADMIN) as app:
        app.policing.apply(files_of(stricter))
    with acting(home, OFFICER) as app:
        before = app.acts.policy.hash
        shutil.rmtree(home / "audit" / "policies")
        (home / "audit" / "policies").write_text("no folder")
        with pytest.raises(PolicyError):
            app.policing.apply(files_of(stricter))
        assert app.acts.policy.hash == before
        assert PolicySet.load(home / "policies").hash == before
        (home / "audit" / "policies").unlink()
        assert app.policing.apply(files_of(stricter)).in_force


def test_a_kill_between_the_renames_is_made_good(home: Path) -> None:
    before = PolicySet.load(home / "policies").hash
    (home / "policies").rename(home / "policies.new")
    with acting(home, OFFICER) as app:
        assert app.acts.policy.hash == before


def test_the_commands(desk: Desk, tmp_path: Path) -> None:
    desk.ok("collection", "create", "c", "--sector", "legal")
    assert "may show" in desk.ok("policy", "explain", str(FOUNDER), "show", "c")
    assert "may NOT" in desk.ok("policy", "explain", str(FOUNDER), "engine", "c")
    desk.ok("policy", "test")
    folder = shutil.copytree(desk.home / "policies", tmp_path / "new")
    assert desk.ok("policy", "diff", str(folder), "--json").strip() == "[]"
    assert desk.run("policy", "apply", str(folder)).code == 2
    (folder / "more.cedar").write_text("// a remark\n")
    assert json.loads(desk.ok("policy", "apply", str(folder), "--json"))["in_force"] is False
    assert desk.run("policy", "apply", str(folder)).code == 18


def test_the_actions_are_those_of_the_schema() -> None:
    from tests.access.meaning import ACTIONS
    from tests.access.test_policy import DEFAULT

    assert set(DEFAULT.actions) == set(ACTIONS)
    assert len(DEFAULT.actions) == len(ACTIONS)


def test_the_person_who_is_asked_about_need_not_be_here(home: Path) -> None:
    with acting(home, ADMIN) as app:
        app.store.put_principal(PrincipalRow(70020, "", frozenset({"operator"})))
        ((_, why),) = app.policing.explain("70020", "show", "general").classes
        assert why.allow
