"""Stamps: the last file written into a finished folder, so that a folder with one is whole."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path


def matches(stamp: Path, expected: Mapping[str, str]) -> bool:
    """Whether the stamp is there and says exactly ``expected``."""
    try:
        return bool(json.loads(stamp.read_text("utf-8")) == dict(expected))
    except (OSError, ValueError):
        return False


def write(stamp: Path, content: Mapping[str, str]) -> None:
    """Write the stamp durably, whole or not at all."""
    draft = stamp.with_name(stamp.name + ".draft")
    with draft.open("w", encoding="utf-8") as file:
        json.dump(dict(content), file, indent=2, sort_keys=True)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(stamp)
    folder = os.open(stamp.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
