"""The tries themselves: each one fails where its promise is broken on purpose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance import config
from appliance.acceptance import promises, quality, survival
from appliance.acceptance.checks import Verdict
from appliance.acceptance.ground import COLLECTION, SEALED, Ground, prepared
from appliance.acceptance.quality import Asked, Question, judged, questions
from appliance.app.view import Appliance
from appliance.config import EngineSettings
from appliance.documents import Citation, DocumentId, Span
from appliance.ingest.folder import walk
from appliance.results import Answer, Statement, Status


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A ground with the shipped documents and sealed ones, taken in without a kill."""
    settings = config.load(tmp_path_factory.mktemp("accept") / "home")
    with prepared(replace(settings, engine=EngineSettings(model="none"))) as ground:
        canaries = survival.plant(ground)
        with ground.opened() as appliance:
            tuple(appliance.ingest(walk(canaries.folder), COLLECTION, ((SEALED, "yes"),)))
            tuple(appliance.ingest(walk(quality.DOCUMENTS), COLLECTION, ()))
        yield ground


@pytest.fixture
def appliance(ground: Ground) -> Iterator[Appliance]:
    with ground.opened() as opened:
        yield opened


def canaries_of(ground: Ground) -> survival.Canaries:
    folder = ground.folder / "in"
    word = next(folder.iterdir()).name.rpartition("-")[0]
    return survival.Canaries((word,), folder)


@pytest.mark.parametrize("code", ["utf-8", "utf-16-le"])
def test_a_canary_in_clear_is_found(ground: Ground, code: str) -> None:
    canaries = canaries_of(ground)
    assert survival.sealed(ground, canaries, "now").verdict is Verdict.PASS
    spilt = ground.scratch / "spilt"
    spilt.write_bytes(b"before " + canaries.words[0].encode(code) + b" after")
    check = survival.sealed(ground, canaries, "now")
    spilt.unlink()
    assert (check.verdict, check.found) == (Verdict.FAIL, "scratch/spilt")


def test_a_search_that_finds_nothing_anywhere_proves_nothing(ground: Ground) -> None:
    canaries = replace(canaries_of(ground), words=("neverwritten",))
    assert survival.sealed(ground, canaries, "now").verdict is Verdict.UNKNOWN


def test_a_kill_that_came_too_late_proves_nothing(ground: Ground, appliance: Appliance) -> None:
    check = survival.resumed(appliance, canaries_of(ground), reached=True)
    assert check.verdict is Verdict.UNKNOWN


def test_documents_that_show_although_they_are_sealed_are_found(ground: Ground) -> None:
    seal = ground.settings.home / "policies" / "acceptance.cedar"
    rule = seal.read_text()
    seal.write_text(rule.replace("forbid", "permit"))
    try:
        with ground.opened() as appliance:
            check = promises.unmoved(ground, appliance, quality.DOCUMENTS)
    finally:
        seal.write_text(rule)
    assert check.verdict is Verdict.FAIL
    assert check.found.endswith("answers differ")


def test_a_value_that_is_not_its_span_is_found(appliance: Appliance) -> None:
    found, _ = appliance.questions.search("which law", (COLLECTION,), 3)
    assert promises.verbatim(appliance, found).verdict is Verdict.PASS
    changed = replace(found[1], text=found[1].text.replace("e", "3", 1))
    assert promises.verbatim(appliance, [found[0], changed]).verdict is Verdict.FAIL
    moved = replace(found[1], span=Span(found[1].span.begin + 1, found[1].span.end + 1))
    assert promises.verbatim(appliance, [moved]).verdict is Verdict.FAIL
    assert promises.verbatim(appliance, []).verdict is Verdict.UNKNOWN


def test_a_document_that_no_record_names_is_found(appliance: Appliance) -> None:
    assert promises.recorded(appliance).verdict is Verdict.PASS
    first = appliance.store.documents()[0]
    records = tuple(appliance.log.records())
    assert list(promises.unrecorded(records, [first])) == []
    stranger = replace(first, id=DocumentId("0" * 32))
    assert list(promises.unrecorded(records, [first, stranger])) != []
    intents = [r.id for r in records if r.kind == "intent"]
    without = [r for r in records if r.id != intents[3]]
    assert any("has no intent" in fault for fault in promises.without_intent(without))


# --- quality --------------------------------------------------------------------------------------


def answered(expect: str, *quotes: str) -> Asked:
    document = DocumentId("0" * 32)
    cited = tuple(Citation(document, Span(0, len(quote)), quote) for quote in quotes)
    status = Status.FOUND if quotes else Status.NOT_STATED
    statements = tuple(Statement(c.quote, (c,)) for c in cited)
    return Asked(Question("d", "q?", expect), Answer(status, statements))


@pytest.mark.parametrize(
    ("asked", "outcome"),
    [
        (answered("Ireland", "the laws\nof  ireland."), "right"),
        (answered("Ireland", "the laws of Spain"), "wrong"),
        (answered("Ireland"), "declined"),
        (answered(""), "right"),
        (answered("", "the laws of Ireland"), "wrong"),
    ],
)
def test_what_is_right_wrong_and_declined(asked: Asked, outcome: str) -> None:
    assert asked.outcome == outcome


@pytest.mark.parametrize(
    ("right", "wrong", "declined", "verdict"),
    [(12, 0, 0, "PASS"), (6, 4, 2, "PASS"), (5, 0, 7, "FAIL"), (7, 5, 0, "FAIL")],
)
def test_the_thresholds(right: int, wrong: int, declined: int, verdict: str) -> None:
    asked = [answered("a", "a")] * right + [answered("a", "b")] * wrong + [answered("a")] * declined
    assert judged(asked).verdict == verdict


def test_the_shipped_questions_fit_the_shipped_documents() -> None:
    known = questions()
    assert len(known) >= 12
    assert sum(not question.expect for question in known) >= 3
    for question in known:
        text = (Path(quality.DOCUMENTS) / question.document).read_text("utf-8")
        assert question.expect in text
