"""What is made from documents is as closed as they are, and says so where it leaves the store."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance.access.policy import PolicySet
from appliance.app.premises import Premises
from appliance.app.work.exporting import Form
from appliance.documents import Citation, Collection, Document, Span
from appliance.errors import Denied, InvariantBroken, NotFound, UsageError
from appliance.results import Answer, Request, Statement, Status
from tests.security.shelves import READER, made, opened, put, view

OTHER = 70009  # counsel of the matter
SECRET = (("classification", "secret"), ("privileged", "yes"))
LOW = (("classification", "internal"), ("kind", "lease"))


@dataclass(frozen=True, slots=True)
class Place:
    """A matter with a privileged document and a plain one, and a general collection."""

    premises: Premises
    matter: Collection
    general: Collection
    privileged: Document
    plain: Document


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made(tmp_path)
    with opened(tmp_path) as premises:
        store = premises.store
        store.set_roles(OTHER, frozenset({"operator"}), "carla")
        matter = store.create_collection("matter", "legal")
        general = store.create_collection("general", "general")
        for who, relation in ((READER, "member"), (OTHER, "counsel")):
            store.add_grant(f"user:{who}", matter.id, relation, contributes=True, by=1)
        yield Place(
            premises,
            matter,
            general,
            put(premises, matter.id, "advice.txt", "The rent is 7 in truth.", labels=SECRET),
            put(premises, matter.id, "lease.txt", "The rent is 1,200.00.", labels=LOW),
        )


def asked(place: Place, who: int = OTHER, *collections: str) -> str:
    """Asks about the rent; the id of the result."""
    app = view(place.premises, who)
    _, _, result = app.questions.ask("What is the rent?", collections or ("matter",), None, 1.0)
    return result


def test_a_result_of_a_privileged_document_is_privileged(place: Place) -> None:
    result = asked(place)
    ours, theirs = view(place.premises, OTHER), view(place.premises, READER)
    assert ours.questions.result(result)[0] == result
    for call in (theirs.questions.result, theirs.questions.replay):
        with pytest.raises(NotFound) as hidden:
            call(result)
        with pytest.raises(NotFound) as missing:
            call("0" * 32)
        assert (hidden.value.message, hidden.value.remedy) == (
            missing.value.message,
            missing.value.remedy,
        )
    assert theirs.questions.results(0) == ()
    (line,) = ours.export((result,), (Form.JSONL,))
    labels = json.loads(line.content)["labels"]
    assert labels == {"classification": "secret", "kind": "lease", "privileged": "yes"}


def test_a_label_taken_from_the_source_stays_with_the_result(place: Place) -> None:
    """What was made while the matter was privileged stays counsel's."""
    store = place.premises.store
    store.delete_document(place.privileged.id)
    before = asked(place, READER)
    labelled = store.label_collection(place.matter, (("privileged", "yes"),))
    meanwhile = asked(place)
    store.label_collection(labelled, ())
    theirs = view(place.premises, READER)
    assert theirs.show("lease.txt")[0].id == place.plain.id, "the source is theirs again"
    assert theirs.questions.result(before)[0] == before
    with pytest.raises(NotFound):
        theirs.questions.result(meanwhile)
    assert view(place.premises, OTHER).questions.result(meanwhile)[0] == meanwhile


def test_a_label_put_on_later_counts_as_well(place: Place) -> None:
    result = asked(place, READER)
    place.premises.store.label_collection(place.matter, (("privileged", "yes"),))
    with pytest.raises(NotFound):
        view(place.premises, READER).questions.result(result)


def test_an_export_is_decided_on_every_source(place: Place) -> None:
    store = place.premises.store
    result = asked(place)
    crossing = store.create_collection("deal", "finance")
    store.add_grant(f"user:{OTHER}", crossing.id, "wall_crosser", contributes=False, by=1)
    put(place.premises, crossing.id, "deal.txt", "The rent is 9.")
    mixed = asked(place, OTHER, "matter", "deal")
    app = view(place.premises, OTHER)
    assert app.questions.result(mixed)[0] == mixed
    with pytest.raises(Denied):
        tuple(app.export((result, mixed), (Form.JSONL,)))
    assert len(tuple(app.export((result,), (Form.JSONL, Form.HTML)))) == 2


def test_pages_say_how_they_are_labelled(place: Place) -> None:
    result = asked(place)
    pages = view(place.premises, OTHER).export((result,), (Form.HTML,))
    said = "Labels: classification=secret, kind=lease, privileged=yes."
    for one in pages:
        assert said in one.content.decode()


def test_one_collection_per_prompt_unless_several_are_named(place: Place) -> None:
    put(place.premises, place.general.id, "note.txt", "The rent is 3.")
    app = view(place.premises, OTHER)
    with pytest.raises(UsageError, match="2 collections"):
        app.questions.ask("What is the rent?", (), None)
    for names, expected in (
        (("general",), {"note.txt"}),
        (("matter", "general"), {"advice.txt", "lease.txt", "note.txt"}),
    ):
        _, found, _ = app.questions.ask("What is the rent?", names, None)
        assert set(found.values()) == expected


def test_an_answer_that_cites_what_was_not_read_is_not_released(place: Place) -> None:
    app = view(place.premises, READER)
    cited = Citation(place.privileged.id, Span(0, 3), "The")
    answer = Answer(Status.FOUND, (Statement("The", (cited,)),))

    def released() -> None:
        with app.acts.act("ask") as act:
            document, scope = app.acts.document("lease.txt", "ask")
            app.acts.admit(act, scope, [document.id])
            app.questions._keep(act, Request("ask", "?"), scope, answer)

    with pytest.raises(InvariantBroken):
        released()
    assert app.questions.results(0) == ()


def test_taken_names_of_hidden_collections_are_free(place: Place) -> None:
    stranger = 70010
    place.premises.store.set_roles(stranger, frozenset({"operator"}), "sam")
    theirs = view(place.premises, stranger)
    made_by_them = theirs.create_collection("matter", "legal")
    assert made_by_them.id != place.matter.id
    assert [c.id for c in theirs.collections() if c.name == "matter"] == [made_by_them.id]
    with pytest.raises(UsageError, match="of this name"):
        theirs.create_collection("matter", "legal")
    with pytest.raises(UsageError, match="of this name"):
        view(place.premises, READER).create_collection("matter", "legal")
    place.premises.store.add_grant(
        f"user:{stranger}", place.matter.id, "member", contributes=False, by=1
    )
    with pytest.raises(UsageError, match="2 collections have this name"):
        theirs.documents("matter")
    assert [d.name for d in theirs.documents(place.matter.id)] == ["lease.txt"]


def test_what_may_be_seen_and_no_longer_made_is_not_repeated(place: Place) -> None:
    """A summary that one may still read, of a document that one may not have summarised now."""
    app = view(place.premises, READER)
    _, _, result = app.questions.summarize("lease.txt")
    forbidding = place.premises.settings.home / "stricter"
    shutil.copytree(place.premises.settings.home / "policies", forbidding)
    (forbidding / "own.cedar").write_text(
        '@id("no") @description("No.") forbid (principal, action == Action::"summarize", resource);'
    )
    app.acts.enforce(PolicySet.load(forbidding))
    assert app.questions.result(result)[0] == result
    with pytest.raises(Denied, match="summarize"):
        app.questions.replay(result)
