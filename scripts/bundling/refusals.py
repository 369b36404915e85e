"""What never enters a bundle, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from appliance.engine.models import verify
from appliance.errors import ModelError
from scripts.bundling.problems import BundleProblem
from scripts.bundling.wheels import Wheel

# Licences under which software may not be handed on, sold with, or used as this is used.
BAD_LICENCES = (
    (r"\bAGPL|Affero", "asks for the source of everything it is served with"),
    (r"\bSSPL|Server Side Public", "is not a free licence"),
    (r"\bBUSL|Business Source", "forbids use in production"),
    (r"Commons Clause", "forbids selling"),
    (r"\bNC\b|Non-?Commercial", "forbids commercial use"),
    (r"Elastic License|Elastic-", "forbids offering it as a service"),
)


def refuse_licences(wheels: Iterable[Wheel]) -> None:
    """Raise at the first package whose own licence text is on the list of bad ones.

    Raises:
        BundleProblem: naming the package and the licence.
    """
    for wheel in wheels:
        for pattern, why in BAD_LICENCES:
            if re.search(pattern, wheel.licence, re.I):
                raise BundleProblem(
                    f"{wheel.name} {wheel.version}: its licence ({wheel.licence}) {why}",
                    remedy="replace the package, or leave out what needs it",
                )


def refuse_other_files(folder: Path, wheels: Iterable[Wheel]) -> None:
    """Raise if a file that is to be packed is not a wheel.

    Raises:
        BundleProblem: naming the file.
    """
    for wheel in wheels:
        if wheel.file.suffix != ".whl":
            raise BundleProblem(f"{wheel.file.name} in {folder} is not a wheel")


def refuse_model(folder: Path) -> None:
    """Raise unless a model folder holds data only and is what its ``model.json`` lists.

    Weights as pickle, code, and configurations that point to code (``auto_map``) are refused.

    Raises:
        BundleProblem: naming the file.
    """
    try:
        verify(folder)
    except ModelError as error:
        raise BundleProblem(error.message, remedy=error.remedy) from error
