"""What both sides of the service's socket say alike: the version, and how an error is told."""

from __future__ import annotations

from appliance import errors
from appliance.errors import ApplianceError
from appliance.plain import Plain

VERSION = 1  # of what is said; both sides come with one release


def told(error: ApplianceError) -> Plain:
    """The message that tells an error to the other side."""
    kind = next(kind for kind in type(error).__mro__ if kind.__module__ == errors.__name__)
    said: dict[str, Plain] = {
        "class": kind.__name__,
        "message": error.message,
        "remedy": error.remedy,
    }
    return {"error": said}


def error_of(untrusted: Plain) -> ApplianceError:
    """The error that the other side told; of a class of errors.py, or of none of them."""
    said = untrusted if isinstance(untrusted, dict) else {}
    kind = errors.named(str(said.get("class", "")))
    return kind(str(said.get("message", "")), remedy=str(said.get("remedy", "")))
