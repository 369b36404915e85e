"""One measured figure, as every bench returns it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, on what, and the bound it is held against."""

    stage: str  # pdf | seal | embed | search | generate | cli | ingest
    name: str
    value: float
    unit: str
    target: str = ""  # the bound in words, as the issue states it; empty where there is none
    met: bool | None = None
    on: str = ""  # the data it was measured on
