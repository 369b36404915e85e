"""The error tree: documented exit codes are the real ones."""

from __future__ import annotations

import re

from appliance import errors
from appliance.errors import ApplianceError


def tree(base: type[ApplianceError]) -> list[type[ApplianceError]]:
    return [base, *(leaf for child in base.__subclasses__() for leaf in tree(child))]


def test_the_docstring_draws_every_class_with_its_code() -> None:
    drawn = dict(re.findall(r"^[ |`-]*(\w+) +(\d+)(?:  |$)", errors.__doc__ or "", re.M))
    real = {cls.__name__: str(cls.exit_code) for cls in tree(ApplianceError)}
    assert {name: drawn.get(name) for name in real} == real


def test_every_error_carries_a_message_and_a_remedy() -> None:
    error = errors.DiskFull("no space", remedy="free some")
    assert (str(error), error.message, error.remedy) == ("no space", "no space", "free some")
