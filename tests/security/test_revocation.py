"""Promise P3: a right that is taken away holds from the next request on, and for those under way.

Many more runs: `scripts/compare revocation`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from appliance.app.acts import Act, Acts
from appliance.app.premises import Premises
from appliance.app.view import Appliance
from appliance.audit.records import Kind
from appliance.errors import Denied, InvariantBroken
from tests.security import revoking
from tests.security.shelves import READER, made, opened, view


@pytest.fixture
def stricter(tmp_path: Path) -> Path:
    return revoking.stricter_than_shipped(tmp_path)


class Careless(Acts):
    """The control, wrong on purpose: nobody looks a last time before the release."""

    def _holds(self, act: Act) -> bool:
        time.sleep(0.002)
        return True


def careless_view(premises: Premises, uid: int) -> Appliance:
    acts = Careless(premises.store, premises.log, premises.decided, uid, "")
    return Appliance(premises, acts, lambda _: None)


def test_nothing_is_released_after_it_was_taken_away(tmp_path: Path, stricter: Path) -> None:
    made(tmp_path / "home")
    with opened(tmp_path / "home") as premises:
        seen = revoking.ran(revoking.Ground(premises, stricter), 50)
    assert (seen.late, seen.broken) == (0, ())
    assert seen.released > 0


def test_without_the_last_look_it_is_found_out(tmp_path: Path, stricter: Path) -> None:
    made(tmp_path / "home")
    with opened(tmp_path / "home") as premises:
        ground = revoking.Ground(premises, stricter)
        found = (revoking.ran(ground, 5, view_of=careless_view).late for _ in range(20))
        assert any(found)


def shown(ground: revoking.Ground, meanwhile: Callable[[], object]) -> None:
    """The reader's request, with something that happens between reading and releasing."""
    acts = view(ground.premises, READER).acts
    with acts.act("show") as act:
        document, scope = acts.document("lease.txt", "show")
        acts.admit(act, scope, [document.id])
        meanwhile()


@pytest.mark.parametrize("way", range(5))
def test_what_is_under_way_gets_nothing(tmp_path: Path, stricter: Path, way: int) -> None:
    made(tmp_path / "home")
    with opened(tmp_path / "home") as premises, ExitStack() as held:
        ground = revoking.Ground(premises, stricter)
        shown(ground, lambda: None)
        with pytest.raises(Denied, match="changed meanwhile"):
            shown(ground, lambda: held.enter_context(ground.taken(way)))
        last = [r for r in premises.log.records() if r.uid == READER and r.kind is Kind.OUTCOME][-1]
        assert last.result is not None
        assert (last.result.status, last.result.error) == ("denied", "Denied")


def test_what_was_taken_away_before_the_prompt_does_not_enter_it(
    tmp_path: Path, stricter: Path
) -> None:
    made(tmp_path / "home")
    with opened(tmp_path / "home") as premises, ExitStack() as held:
        ground = revoking.Ground(premises, stricter)
        acts = view(premises, READER).acts
        prompts: list[str] = []

        def two_prompts(act: Act) -> None:
            scope = acts.scope("ask").naming([ground.matter.id])
            for number in range(2):
                acts.admit_to_prompt(act, scope, [ground.document.id])
                prompts.append(f"prompt {number}")
                held.enter_context(ground.taken(0))

        with pytest.raises(Denied, match="changed meanwhile"), acts.act("ask") as act:
            two_prompts(act)
        assert prompts == ["prompt 0"]


def test_erasing_a_document_ends_what_is_under_way(tmp_path: Path, stricter: Path) -> None:
    made(tmp_path / "home")
    with opened(tmp_path / "home") as premises:
        ground = revoking.Ground(premises, stricter)
        with pytest.raises(Denied, match="changed meanwhile"):
            shown(ground, lambda: premises.store.delete_document(ground.document.id))


def test_what_lies_outside_the_scope_stops_everything_and_is_on_record(
    tmp_path: Path, stricter: Path
) -> None:
    made(tmp_path / "home")
    with opened(tmp_path / "home") as premises:
        ground = revoking.Ground(premises, stricter)
        other = premises.store.create_collection("other", "general")
        acts = view(premises, READER).acts
        narrow = acts.scope("ask", other)
        wide = acts.scope("ask")
        faults: tuple[Callable[[Act], None], ...] = (
            lambda act: acts.admit(act, narrow, [ground.document.id]),
            lambda act: acts.admit_to_prompt(act, wide, [ground.document.id]),  # nobody named it
            lambda act: acts.admit_to_prompt(act, wide.naming([other.id]), [ground.document.id]),
            lambda act: acts.cited(act, [ground.document.id]),  # read without being admitted
        )
        for fault in faults:
            with pytest.raises(InvariantBroken), acts.act("ask") as act:
                fault(act)
            records = list(premises.log.records())
            assert (records[-2].kind, records[-2].action) == (Kind.SECURITY, "scope_broken")
            assert records[-1].result is not None
            assert records[-1].result.error == "InvariantBroken"
        with acts.act("ask") as act:
            acts.admit_to_prompt(act, wide.naming([ground.matter.id]), [ground.document.id])
