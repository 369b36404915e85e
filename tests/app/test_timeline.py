"""The timeline as use cases: for officers alone, on record, over everything that the log holds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from appliance import config
from appliance.app.acts import Acts
from appliance.app.oversight.timeline import LONGEST_PAGE, Timeline
from appliance.app.premises import Premises
from appliance.audit.checkpoint import read_note
from appliance.audit.filtering import DENY, Filter
from appliance.audit.merkle import leaf_hash, verify_inclusion
from appliance.audit.records import Kind
from appliance.errors import Denied, NotFound, UsageError, WrongPassphrase
from appliance.store.records import PrincipalRow
from tests.conftest import PASSPHRASE, QUICK

OLGA, ANNA = 70010, 70011
ACTS = 40


@pytest.fixture(scope="module")
def premises(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Premises]:
    """A store with an officer, an operator, and forty acts of hers in a collection."""
    settings = config.load(tmp_path_factory.mktemp("timeline") / "home")
    Premises.create(settings, PASSPHRASE, os.getuid(), cost=QUICK)
    with Premises.open(settings, PASSPHRASE) as opened:
        founder = acts_of(opened, os.getuid())
        with founder.act("user_change"):
            opened.store.put_principal(PrincipalRow(OLGA, "olga", frozenset({"officer"})))
            opened.store.put_principal(PrincipalRow(ANNA, "anna", frozenset({"operator"})))
            opened.store.create_collection("Larch", "legal", ANNA, "counsel")
        for number in range(ACTS):
            with acts_of(opened, ANNA).act("ask", private={"question": f"what is {number}?"}):
                pass
        yield opened


def acts_of(premises: Premises, uid: int) -> Acts:
    return premises.of(uid, "", lambda _: None).acts


def line(premises: Premises, uid: int = OLGA) -> Timeline:
    return premises.of(uid, "", lambda _: None).timeline


def test_only_officers_read_the_timeline(premises: Premises) -> None:
    anna = line(premises, ANNA)
    for call in (
        lambda: anna.find(Filter(), 0, 10),
        lambda: next(anna.scan(Filter(), 0)),
        lambda: next(anna.prepare()),
        lambda: anna.profile(Filter(), ""),
        lambda: anna.event(1),
        anna.names,
        lambda: anna.sign_in(opened=True),
        anna.sign_out,
    ):
        with pytest.raises(Denied):
            call()
    last = list(premises.log.records())[-1]
    assert last.result
    assert last.result.status == "denied"


def test_pages_lead_from_the_newest_to_the_first_and_miss_nothing(premises: Premises) -> None:
    wanted, olga = Filter(actions=("ask",)), line(premises)
    seen: list[int] = []
    before = 0
    while True:
        page = olga.find(wanted, before, 7)
        assert page.total == ACTS
        seen += [entry.records[0].seq for entry in page.entries]
        before = page.older
        if not before:
            break
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == len(set(seen)) == ACTS


def test_no_page_is_longer_than_is_good(premises: Premises) -> None:
    assert len(line(premises).find(Filter(), 0, 10**9).entries) <= LONGEST_PAGE
    assert len(line(premises).find(Filter(), 0, -5).entries) == 1


def test_a_string_is_found_by_its_keyed_hash_without_being_opened(premises: Premises) -> None:
    olga = line(premises)
    assert olga.find(Filter(exact="what is 7?"), 0, 5).total == 1
    assert olga.find(Filter(exact="what is"), 0, 5).total == 0


def test_a_collection_is_known_by_its_sealed_name_as_well(premises: Premises) -> None:
    larch = next(c for c in premises.store.collections() if c.name == "Larch")
    with acts_of(premises, ANNA).act("ingest", private={"collection": "Larch"}):
        pass
    with acts_of(premises, ANNA).act("ingest", private={"collection": "Rowan"}):
        pass
    page = line(premises).find(Filter(collections=(larch.id,)), 0, 50)
    assert [entry.records[0].action for entry in page.entries] == ["ingest"]


def test_reading_is_one_act_and_says_sealed_what_was_asked(premises: Premises) -> None:
    before = premises.log.size
    line(premises).find(Filter(uids=(ANNA,), exact="what is 3?"), 0, 5)
    made = list(premises.log.records())[before:]
    assert [record.kind for record in made] == [Kind.INTENT, Kind.OUTCOME]
    assert premises.log.holds(made[0], "filter", "uids 70011, exact what is 3?")


def test_a_search_that_is_left_half_way_is_on_record_as_that(premises: Premises) -> None:
    with closing(line(premises).scan(Filter(actions=("ask",)), 0)) as entries:
        next(entries)
    last = list(premises.log.records())[-1]
    assert last.action == "console_read"
    assert last.kind is Kind.OUTCOME


def test_an_event_comes_with_a_proof_that_holds(premises: Premises) -> None:
    premises.log.checkpoint()
    found = line(premises).event(5)
    point = read_note(found.note, found.key)
    leaf = leaf_hash(found.lines[0].encode())
    verify_inclusion(found.seq, point.size, leaf, found.path, point.root)
    assert any(record.seq == 5 for record in found.entry.records)
    with pytest.raises(NotFound):
        line(premises).event(10**9)


def test_the_policy_that_decided_is_told_in_its_own_words(premises: Premises) -> None:
    olga = line(premises)
    newest = olga.find(Filter(actions=("console_read",)), 0, 1).entries[0].records[0]
    told = olga.event(newest.seq).policies
    assert [one.id for one in told] == ["officer-console"]
    assert told[0].description.startswith("Compliance officers open the console")
    assert told[0].text.startswith('@id("officer-console")')
    assert told[0].text.rstrip().endswith(";")


def test_counts_say_what_was_denied(premises: Premises) -> None:
    olga = line(premises)
    with pytest.raises(WrongPassphrase):
        olga.sign_in(opened=False)
    profile = olga.profile(Filter(uids=(ANNA,)), "2026-01-01")
    assert {one.key for one in profile.people} == {str(ANNA)}
    assert dict((one.key, one.events) for one in profile.actions)["ask"] == ACTS
    assert profile.denied == olga.find(Filter(uids=(ANNA,), decision=DENY), 0, 1).total
    with pytest.raises(UsageError):
        olga.find(Filter(decision="perhaps"), 0, 1)


def test_reading_the_log_for_the_first_time_says_how_far_it_came(
    premises: Premises, tmp_path: Path
) -> None:
    steps = list(line(premises).prepare())
    assert steps[-1].done
    assert steps[-1].records >= 2 * ACTS
