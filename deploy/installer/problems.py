"""Why an installation stopped: one line and what to do."""

from __future__ import annotations


class InstallProblem(Exception):
    """``message`` says what is wrong, ``remedy`` what to do; ``exit_code`` ends the installer."""

    def __init__(self, message: str, *, remedy: str = "", exit_code: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.exit_code = exit_code


REFUSED = 4  # exit code: the bundle is not what was signed, or not for this machine
