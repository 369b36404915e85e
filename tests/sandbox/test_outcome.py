"""Every number has fixed words and a remedy."""

from __future__ import annotations

import pytest

from appliance.errors import InputUnreadable, SandboxError
from appliance.sandbox.outcome import Outcome, error_for


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.READ])
def test_every_outcome_has_an_error_with_a_remedy(outcome: Outcome) -> None:
    error = error_for(outcome)

    assert isinstance(error, InputUnreadable | SandboxError)
    assert error.message
    assert error.remedy


def test_success_is_no_error() -> None:
    with pytest.raises(ValueError, match="succeeded"):
        error_for(Outcome.READ)
