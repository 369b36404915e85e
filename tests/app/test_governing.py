"""Who may what, end to end: people, roles, grants, walls and broken glass change what one gets."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from appliance import config
from appliance.app import doctor
from appliance.app.governance import governed
from appliance.app.view import Appliance
from appliance.errors import Denied, NotFound, UsageError
from appliance.store.records import PrincipalRow
from tests.conftest import PASSPHRASE, Desk

FOUNDER = os.getuid()
ADMIN, OPERATOR, OFFICER, CUSTODIAN = 70001, 70002, 70003, 70004
PEOPLE = (
    PrincipalRow(ADMIN, "adam", frozenset({"administrator"})),
    PrincipalRow(OPERATOR, "olga", frozenset({"operator"}), purposes=frozenset({"TREATMENT"})),
    PrincipalRow(OFFICER, "otto", frozenset({"officer"})),
    PrincipalRow(CUSTODIAN, "cora", frozenset({"custodian"})),
)
REASON = "unconscious in the emergency room"

As = Callable[[int], "Appliance"]


@pytest.fixture
def home(desk: Desk) -> Path:
    """A store with one person per role beside the founder, and a collection of each sector."""
    with acting(desk.home, FOUNDER, "TREATMENT") as app:
        for sector in ("legal", "health", "finance", "general"):
            app.create_collection(sector, sector)
        for row in PEOPLE:
            app.store.put_principal(row)
    return desk.home


@contextmanager
def acting(home: Path, uid: int, purpose: str = "") -> Iterator[Appliance]:
    """The appliance, open as one person."""
    with Appliance.open(config.load(home), PASSPHRASE, uid, purpose, lambda _: None) as app:
        yield app


def seen(home: Path, uid: int, purpose: str = "TREATMENT") -> set[str]:
    with acting(home, uid, purpose) as app:
        return {collection.name for collection in app.collections()}


def test_in_a_sector_a_grant_is_needed_and_who_made_the_collection_has_it(home: Path) -> None:
    assert seen(home, FOUNDER) == {"legal", "health", "finance", "general"}
    assert seen(home, FOUNDER, "") == {"legal", "finance", "general"}
    assert seen(home, OPERATOR) == {"general"}
    for nobody in (ADMIN, OFFICER, CUSTODIAN, 70009):
        assert seen(home, nobody) == set()


def test_a_grant_gives_and_its_end_takes_at_the_next_request(home: Path) -> None:
    with acting(home, ADMIN) as app:
        made = app.governing.add_grant("olga", "legal", "", contributes=False, until="")
        assert (made.who, made.collection, made.relation) == ("olga", "legal", "member")
    assert seen(home, OPERATOR) == {"general", "legal"}
    with acting(home, OPERATOR) as app:
        assert len(app.collections()) == 2
        app.store.remove_grant(made.id)  # as the same open store, without a new opening
        assert {c.name for c in app.collections()} == {"general"}
        with pytest.raises(NotFound):
            app.documents("legal")


def test_a_grant_of_a_team_reaches_its_members(home: Path) -> None:
    with acting(home, ADMIN) as app:
        app.governing.add_grant("team:trial", "legal", "", contributes=True, until="2999-01-01")
        assert "legal" not in seen_by(app, OPERATOR)
        row = app.store.person(OPERATOR).row
        app.store.put_principal(
            PrincipalRow(row.uid, row.name, row.roles, frozenset({"trial"}), row.purposes)
        )
    assert seen(home, OPERATOR) == {"general", "legal"}


def seen_by(app: Appliance, uid: int) -> set[str]:
    return {grant.collection for grant in app.store.person(uid).grants}


def test_a_wall_wins_over_a_grant_and_lifting_it_gives_back(home: Path) -> None:
    with acting(home, ADMIN) as app:
        app.governing.add_grant("olga", "legal", "counsel", contributes=True, until="")
        wall = app.governing.add_wall("olga", "legal", "acted for the other side")
    assert seen(home, OPERATOR) == {"general"}
    with acting(home, OFFICER) as app:
        (shown,) = app.governing.walls()
        assert (shown.who, shown.reason, shown.made_by) == (
            "olga",
            "acted for the other side",
            "adam",
        )
    with acting(home, ADMIN) as app:
        app.governing.lift_wall(wall.id[:6])
    assert seen(home, OPERATOR) == {"general", "legal"}


def test_broken_glass_opens_a_record_for_treatment_and_is_reviewed_by_another(home: Path) -> None:
    with acting(home, OPERATOR, "TREATMENT") as app:
        opened = app.governing.open_glass("health", REASON, 30)
    assert seen(home, OPERATOR) == {"general", "health"}
    assert seen(home, OPERATOR, "") == {"general"}
    with acting(home, OFFICER) as app:
        (waiting,) = app.governing.openings()
        assert (waiting.who, waiting.reason, waiting.reviewed_by) == ("olga", REASON, "")
        assert app.governing.review(opened.id).reviewed_by == "otto"
        with pytest.raises(NotFound):
            app.governing.review(opened.id)
        actions = [(r.kind, r.action) for r in app.log.records()]
        assert ("security", "break_glass") in actions


def test_the_doctor_finds_broken_glass_that_nobody_reviewed_for_a_day(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found(app: Appliance) -> doctor.Finding:
        return next(f for f in doctor.examine_store(app) if f.check == "broken glass")

    with acting(home, FOUNDER, "TREATMENT") as app:
        opened = app.governing.open_glass("health", REASON, 30)
        assert found(app).right
        monkeypatch.setattr(doctor, "REVIEWED_WITHIN", timedelta(seconds=-5))  # a day has passed
        assert not found(app).right
        app.store.review_opening(opened.id, OFFICER)
        assert found(app).right


def test_the_doctor_finds_roles_that_are_kept_apart_in_one_hand(home: Path) -> None:
    def right(app: Appliance) -> bool:
        return next(f for f in doctor.examine_store(app) if f.check == "roles").right

    with acting(home, FOUNDER) as app:
        assert not right(app), "there is an administrator, and the founder still has two"
        app.store.put_principal(PrincipalRow(FOUNDER, "ann", frozenset({"operator"})))
        assert right(app)
        for roles in ({"officer", "administrator"}, {"operator", "custodian"}):
            app.store.put_principal(PrincipalRow(70010, "pia", frozenset(roles)))
            assert not right(app)
        app.store.put_principal(PrincipalRow(70010, "pia", frozenset()))
        app.store.put_principal(PrincipalRow(OFFICER, "otto", frozenset()))
        assert not right(app), "nobody is an officer"


def test_a_founder_alone_may_have_two_roles(desk: Desk) -> None:
    with acting(desk.home, FOUNDER) as app:
        (found,) = (f for f in doctor.examine_store(app) if f.check == "roles")
        assert found.right
        assert found.found == "the founder is operator and officer"


@pytest.mark.parametrize("name", ["legal", "general", "no such collection"])
def test_broken_glass_says_the_same_of_what_is_missing_and_of_what_is_not_for_it(
    home: Path, name: str
) -> None:
    with acting(home, OPERATOR, "TREATMENT") as app:
        with pytest.raises(Denied) as caught:
            app.governing.open_glass(name, REASON, 30)
        assert caught.value.message == "the policy does not permit you to break_glass_open here"
        assert app.store.openings() == ()


def test_a_wall_and_a_missing_purpose_keep_the_glass_whole(home: Path) -> None:
    with acting(home, OPERATOR) as app, pytest.raises(Denied):
        app.governing.open_glass("health", REASON, 30)
    with acting(home, ADMIN) as app:
        app.governing.add_wall("olga", "health", "her own family")
    with acting(home, OPERATOR, "TREATMENT") as app, pytest.raises(Denied):
        app.governing.open_glass("health", REASON, 30)


@pytest.mark.parametrize(("reason", "minutes"), [("because", 30), (REASON, 61), (REASON, 0)])
def test_glass_is_not_broken_without_a_reason_or_for_long(
    home: Path, reason: str, minutes: int
) -> None:
    with acting(home, OPERATOR, "TREATMENT") as app, pytest.raises(UsageError):
        app.governing.open_glass("health", reason, minutes)


def test_nobody_reviews_their_own(home: Path) -> None:
    with acting(home, FOUNDER, "TREATMENT") as app:
        opened = app.governing.open_glass("health", REASON, 5)
        with pytest.raises(Denied, match="their own"):
            app.governing.review(opened.id)


def test_a_name_that_another_collection_has_as_well_keeps_no_glass_whole(home: Path) -> None:
    """Names are not unique: whoever makes a collection of a patient's name hides no patient."""
    with acting(home, FOUNDER, "TREATMENT") as app:
        (patient,) = (c for c in app.store.collections() if c.name == "health")
        for _ in range(3):  # whatever order they are in
            app.store.create_collection("health", "general")
    with acting(home, OPERATOR, "TREATMENT") as app:
        assert app.governing.open_glass("health", REASON, 30).collection == "health"
        assert {opening.collection for opening in app.store.openings()} == {patient.id}
        twin = app.store.create_collection("health", "health")
        with pytest.raises(UsageError, match="several") as caught:
            app.governing.open_glass("health", REASON, 30)
        assert twin.id in caught.value.remedy
        app.governing.open_glass(twin.id, REASON, 30)
    with acting(home, OPERATOR) as app, pytest.raises(Denied):
        app.governing.open_glass("health", REASON, 30)


def test_of_changes_at_the_same_time_none_is_lost(home: Path) -> None:
    """As a service does it: two administrators who take the role from each other, and teams."""
    with acting(home, ADMIN) as app:
        ada = PrincipalRow(70005, "ada", frozenset({"administrator"}))
        app.store.put_principal(ada)
        views = {
            name: app.premises.of(uid, "", lambda _: None)
            for name, uid in (("adam", ADMIN), ("ada", 70005))
        }
        for number in range(2):
            together(
                lambda: views["ada"].governing.revoke_role("adam", "administrator"),
                lambda: views["adam"].governing.revoke_role("ada", "administrator"),
            )
            left = [p for p in app.store.principals() if "administrator" in p.roles]
            assert len(left) == 1
            by = views[left[0].name].governing
            together(
                partial(by.grant_role, "olga", f"reader-{number}"),
                partial(by.grant_role, "olga", f"writer-{number}"),
                partial(by.label, "legal", {f"a-{number}": "yes"}),
                partial(by.label, "legal", {f"b-{number}": "yes"}),
            )
            app.store.put_principal(PEOPLE[0])
            app.store.put_principal(ada)
        assert len(app.store.roles(OPERATOR)) == 1 + 4
        (legal,) = (c for c in app.store.collections() if c.name == "legal")
        assert len(legal.labels) == 4


def together(*works: Callable[[], object]) -> None:
    """All of them at once, each on a thread; a refusal is an answer."""
    begun = threading.Barrier(len(works))

    def does(work: Callable[[], object]) -> None:
        begun.wait()
        with suppress(Denied):
            work()

    threads = [threading.Thread(target=does, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("held", ["operator", "officer", "administrator", "custodian"])
@pytest.mark.parametrize("given", ["operator", "officer", "administrator", "custodian"])
def test_nobody_holds_two_of_the_roles_that_are_kept_apart(
    home: Path, held: str, given: str
) -> None:
    with acting(home, ADMIN) as app:
        app.store.put_principal(PrincipalRow(70010, "pia", frozenset({held})))
        if held == given:
            assert app.governing.grant_role("pia", given).roles == {held}
            return
        with pytest.raises(Denied, match="one person"):
            app.governing.grant_role("pia", given)
        assert app.store.roles(70010) == {held}
        assert app.governing.grant_role("pia", "librarian").roles == {held, "librarian"}


def test_the_last_who_may_manage_stays(desk: Desk) -> None:
    with acting(desk.home, FOUNDER) as app:
        with pytest.raises(Denied, match="nobody could say"):
            app.governing.revoke_role(str(FOUNDER), "officer")
        app.store.put_principal(PrincipalRow(OFFICER, "otto", frozenset({"officer"})))
        assert app.governing.revoke_role(str(FOUNDER), "officer").roles == {"operator"}


def test_the_founder_appoints_and_then_no_longer_manages(desk: Desk) -> None:
    with acting(desk.home, FOUNDER) as app:
        app.store.put_principal(PrincipalRow(ADMIN, "adam", frozenset()))
        app.governing.grant_role("adam", "administrator")
        assert app.acts.principal.roles == {"operator"}, "nobody holds two any more"
        with pytest.raises(Denied):
            app.governing.grant_role("adam", "librarian")
        with pytest.raises(Denied):
            app.governing.add_wall("adam", "nothing", "no reason")
    with acting(desk.home, ADMIN) as app:
        assert "officer" not in app.governing.grant_role(str(FOUNDER), "librarian").roles
        with pytest.raises(Denied, match="nobody would be"):
            app.governing.revoke_role("adam", "administrator")
        with pytest.raises(NotFound):
            app.governing.revoke_role("adam", "operator")


def test_who_may_manage_what(home: Path) -> None:
    def manages(uid: int) -> set[str]:
        uses: dict[str, Callable[[Appliance], object]] = {
            "users": lambda a: a.governing.users(),
            "user": lambda a: a.governing.user("olga"),
            "add": lambda a: a.governing.add_user("root", frozenset(), frozenset()),
            "role": lambda a: a.governing.grant_role("olga", "librarian"),
            "grants": lambda a: a.governing.grants(),
            "grant": lambda a: a.governing.add_grant(
                "olga", "legal", "", contributes=False, until=""
            ),
            "walls": lambda a: a.governing.walls(),
            "wall": lambda a: a.governing.add_wall("olga", "legal", "a reason"),
            "label": lambda a: a.governing.label("legal", {"hold": "yes"}),
            "openings": lambda a: a.governing.openings(),
        }
        done = set()
        with acting(home, uid, "TREATMENT") as app:
            for name, use in uses.items():
                try:
                    use(app)
                    done.add(name)
                except Denied:
                    continue
        return done

    looking = {"users", "user", "grants", "walls", "openings"}
    assert manages(OFFICER) == looking
    assert manages(OPERATOR) == set()
    assert manages(CUSTODIAN) == set()
    assert manages(ADMIN) == {*looking, "add", "role", "grant", "wall", "label"}


def test_a_hold_on_a_collection_keeps_its_documents(
    desk: Desk, folder_of: Callable[..., Path]
) -> None:
    desk.ok("collection", "create", "c", "--sector", "legal")
    desk.ok("ingest", str(folder_of("in", a="some text to keep")), "-c", "c")
    desk.ok("collection", "label", "c", "hold=yes")
    assert desk.run("delete", "a.txt", "--yes").code == 7
    changed = str(folder_of("changed", a="another text in its place", b="a file that is new"))
    ran = desk.run("ingest", changed, "-c", "c")
    assert ran.code == 15
    assert "the policy keeps the version that is stored" in ran.out + ran.err
    assert "some text to keep" in desk.ok("show", "a.txt", "--text")
    assert "a file that is new" in desk.ok("show", "b.txt", "--text")
    desk.ok("collection", "label", "c", "hold=")
    desk.ok("ingest", changed, "-c", "c")
    assert "another text in its place" in desk.ok("show", "a.txt", "--text")
    desk.ok("delete", "a.txt", "--yes")


def test_a_label_that_comes_too_late_is_not_passed_over(
    desk: Desk, folder_of: Callable[..., Path]
) -> None:
    """Whoever calls privileged what is stored without that must not be told that all is well."""
    ingest = ("ingest", str(folder_of("in", a="some text to keep")), "-c", "c")
    desk.ok("collection", "create", "c", "--sector", "legal")
    desk.ok(*ingest)
    late = desk.run(*ingest, "--label", "privileged=yes")
    assert late.code == 20
    assert "labelled otherwise" in late.out + late.err
    desk.ok("delete", "a.txt", "--yes")
    desk.ok(*ingest, "--label", "privileged=yes")
    desk.ok(*ingest, "--label", "privileged=yes")
    desk.ok(*ingest)  # no label takes none away


def test_the_commands(desk: Desk) -> None:
    desk.ok("collection", "create", "c", "--sector", "health")
    desk.ok("user", "add", "nobody", "--team", "ward", "--use", "TREATMENT")
    assert "ward" in desk.ok("user", "list")
    assert "care_team" in desk.ok("grant", "list", "--json")
    assert "care_team" in desk.ok("user", "show", str(FOUNDER))
    assert desk.run("user", "show", "somebody").code == 7
    assert desk.ok("wall", "list", "--json").strip() == "[]"
    opened = desk.run(
        "break-glass", "open", "c", "--reason", REASON, "--purpose", "TREATMENT", "--json"
    )
    assert opened.code == 0, opened.err
    assert "NOBODY" in desk.ok("break-glass", "list")
    assert "operator" not in desk.ok("role", "grant", "nobody", "administrator", "--json")
    assert desk.run("role", "grant", "nobody", "officer").code == 18
    assert desk.run("user", "add", "no-such-account").code == 18  # no longer the founder's to say


@pytest.mark.parametrize("until", ["yesterday", "2001-01-01", "2999-13-01"])
def test_an_end_is_a_date_to_come(until: str) -> None:
    with pytest.raises(UsageError):
        governed.moment(until)


def test_an_end_is_spelled_as_the_catalogue_has_it() -> None:
    assert governed.moment("") == ""
    assert governed.moment("2999-01-31") == "2999-01-31T23:59:59Z"
    assert governed.moment("2999-01-31T10:00:00+02:00") == "2999-01-31T08:00:00Z"


def test_a_wall_is_crossed_for_a_time_only(home: Path) -> None:
    with acting(home, ADMIN) as app:
        with pytest.raises(UsageError, match="for a time"):
            app.governing.add_grant("olga", "finance", "wall_crosser", contributes=False, until="")
        app.governing.add_grant(
            "olga", "finance", "wall_crosser", contributes=False, until="2999-01-01"
        )
    assert seen(home, OPERATOR) == {"general", "finance"}
