"""Acts: each has its outcome on record, whatever happens between its intent and its end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import config
from appliance.app.premises import Premises
from appliance.audit.records import Kind
from appliance.errors import AuditError, Denied, StoreDamaged
from appliance.store.records import PrincipalRow
from tests.conftest import PASSPHRASE, QUICK


@pytest.fixture
def premises(tmp_path: Path) -> Iterator[Premises]:
    settings = config.load(tmp_path / "home", {})
    Premises.create(settings, PASSPHRASE, os.getuid(), cost=QUICK)
    with Premises.open(settings, PASSPHRASE) as opened:
        yield opened


@pytest.mark.parametrize(
    ("met", "status"),
    [(KeyboardInterrupt(), "interrupted"), (StoreDamaged("a page"), "failed"), (None, "denied")],
)
def test_an_act_has_its_outcome_whatever_the_last_look_meets(
    premises: Premises, met: BaseException | None, status: str
) -> None:
    """Whoever asked may have gone, the disk may fail, or rights were taken away meanwhile."""
    acts = premises.of(os.getuid(), "", lambda _: None).acts

    def look() -> bool:
        if met is not None:
            raise met
        return False

    def listing() -> None:
        with acts.act("list") as act:
            act.listed = look
            premises.store.put_principal(PrincipalRow(4242, "somebody", frozenset()))

    with pytest.raises(type(met) if met else Denied):
        listing()
    *_, intent, outcome = premises.log.records()
    assert (outcome.kind, outcome.of) == (Kind.OUTCOME, intent.id)
    assert outcome.result is not None
    assert outcome.result.status == status
    with premises.store.turns.alone():  # nobody shares it any more
        pass


def test_what_cannot_be_recorded_is_not_released(premises: Premises) -> None:
    acts = premises.of(os.getuid(), "", lambda _: None).acts
    with pytest.raises(AuditError), acts.act("list"):
        premises.log.close()
