"""Programs that leave the machine: each one file that needs nothing of this package.

They are data here, copied beside what they check, and run elsewhere: ``witness.py`` on an
officer's laptop, ``verify_audit.py`` wherever evidence is read.
"""

from __future__ import annotations

from pathlib import Path

PROGRAMS = ("witness.py", "verify_audit.py")


def program(name: str) -> bytes:
    """The file of one program, as it is to be copied.

    Raises:
        ValueError: there is no such program.
    """
    if name not in PROGRAMS:
        raise ValueError(f"no program of the name {name}")
    return (Path(__file__).parent / name).read_bytes()
