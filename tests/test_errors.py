"""The error tree: documented exit codes are the real ones."""

from __future__ import annotations

import re

from appliance import errors
from appliance.errors import ApplianceError


def tree(base: type[ApplianceError]) -> list[type[ApplianceError]]:
    return [base, *(leaf for child in base.__subclasses__() for leaf in tree(child))]


def test_the_docstring_draws_every_class_with_its_code() -> None:
    drawn = dict(re.findall(r"^[ |`-]*(\w+) +(\d+)(?:  |$)", errors.__doc__ or "", re.M))
    found = tree(ApplianceError)
    real = {one.__name__: str(one.exit_code) for one in found if one.__module__ == errors.__name__}
    assert drawn == real
    for one in found:  # elsewhere only finer kinds of these
        assert "exit_code" in one.__dict__ or one.__base__ in found
        assert one.__module__ == errors.__name__ or "exit_code" not in one.__dict__


def test_every_error_carries_a_message_and_a_remedy() -> None:
    error = errors.DiskFull("no space", remedy="free some")
    assert (str(error), error.message, error.remedy) == ("no space", "no space", "free some")
