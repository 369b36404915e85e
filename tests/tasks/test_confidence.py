"""From facts to a confidence."""

from __future__ import annotations

import pytest

from appliance.tasks import packs
from appliance.tasks.calibration import Calibration
from appliance.tasks.confidence import DEFAULT, Scale, name_of, scale


def test_without_data_the_confidence_is_the_logistic_of_the_weights() -> None:
    plain = Scale(DEFAULT, None)
    assert plain.confidence({}) == pytest.approx(0.2689, abs=1e-4)
    assert plain.confidence({"pattern": 1.0}) > 0.6 > plain.confidence({"cues": 1.0})
    assert 0 < plain.confidence({"cues": 1e6}) <= 1


def test_with_data_it_is_the_share_that_was_right() -> None:
    data = Calibration("x", (0.0, 0.1, 1.0, 1.1), (False, False, True, True), "made up")
    scaled = Scale({"pattern": 1.0}, data)
    assert scaled.confidence({}) < 0.5 < scaled.confidence({"pattern": 1.0})


def test_clauses_and_values_have_scales_of_their_own() -> None:
    fields = {field.name: field for field in packs.load("legal/contract").fields}
    assert name_of("legal", fields["insurance"]) == "clauses-legal"
    assert name_of("legal", fields["parties"]) == "fields-legal"
    assert scale("clauses-legal").data is not None
    assert scale("clauses-nowhere") == Scale(DEFAULT, None)


@pytest.mark.parametrize("name", ["clauses-legal", "fields-legal"])
def test_the_shipped_weights_say_what_their_names_promise(name: str) -> None:
    weights = scale(name).weights
    for fact in ("pattern", "cues", "search", "meaning"):
        assert weights[fact] > 0
