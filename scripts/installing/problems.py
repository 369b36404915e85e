"""What set-up stops at on purpose."""

from __future__ import annotations


class SetupProblem(Exception):
    """Set-up cannot go on. ``remedy`` says what to do about it."""

    exit_code = 1

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class MachineLacks(SetupProblem):
    """The machine is missing something that set-up cannot bring along."""

    exit_code = 3
