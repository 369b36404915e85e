"""How the reading of one document ends: an integer that crosses the sandbox, a sentence here.

The confined child says what went wrong as one byte.  The words that people see are fixed here, so
no text of a parser, and no text of a document, ever reaches a message.
"""

from __future__ import annotations

from enum import IntEnum, unique

from appliance.errors import (
    ApplianceError,
    InputUnreadable,
    NoText,
    ReaderViolation,
    SandboxError,
    Unsupported,
)


@unique
class Outcome(IntEnum):
    """What the child reports; the numbers are part of the protocol."""

    READ = 0
    NO_TEXT = 1
    NEEDS_PASSWORD = 2
    WRONG_PASSWORD = 3
    DAMAGED = 4
    UNSUPPORTED = 5
    TOO_LARGE = 6
    OUT_OF_MEMORY = 7
    TOO_SLOW = 8
    CRASHED = 9
    ENCRYPTED = 10
    EMPTY = 11
    PROGRAM = 12
    ARCHIVE = 13
    RECORDING = 14
    DATABASE = 15
    NOT_CONFINED = 20
    BROKEN_PROTOCOL = 21
    FORBIDDEN = 22


# What a child may say of itself; the rest is for the process that watches it to find.
FROM_A_CHILD = frozenset(Outcome) - {
    Outcome.NOT_CONFINED,
    Outcome.BROKEN_PROTOCOL,
    Outcome.FORBIDDEN,
}


_RAISES: dict[Outcome, tuple[type[ApplianceError], str, str]] = {
    Outcome.NO_TEXT: (
        NoText,
        "the file was opened and holds no text",
        "see if it is blank; drawings and photographs hold none",
    ),
    Outcome.NEEDS_PASSWORD: (
        InputUnreadable,
        "the file is encrypted and needs a password",
        "give the password or remove the encryption",
    ),
    Outcome.WRONG_PASSWORD: (
        InputUnreadable,
        "the file is encrypted and the password is wrong",
        "give the right password or remove the encryption",
    ),
    Outcome.ENCRYPTED: (
        InputUnreadable,
        "the content is encrypted in a way that is not read here",
        "remove the encryption first",
    ),
    Outcome.DAMAGED: (
        InputUnreadable,
        "the file is damaged or is not what it claims to be",
        "open it in its own program and save it again",
    ),
    Outcome.UNSUPPORTED: (
        Unsupported,
        "this kind of file is not read here",
        "convert it to PDF, an office format, a picture or text",
    ),
    Outcome.EMPTY: (
        InputUnreadable,
        "the file is empty",
        "remove it or copy it again",
    ),
    Outcome.PROGRAM: (
        Unsupported,
        "the file is a program, not a document",
        "remove it from the folder, or leave it out with --exclude",
    ),
    Outcome.ARCHIVE: (
        Unsupported,
        "this kind of archive (7z, RAR, CAB, Zstandard) is not read here",
        "unpack it, or pack it as ZIP or TAR",
    ),
    Outcome.RECORDING: (
        Unsupported,
        "the file is a sound or video recording, which is not read here",
        "write down what is said in it",
    ),
    Outcome.DATABASE: (
        Unsupported,
        "the file is a database or a mail store (PST), which is not read here",
        "export it from its own program, as CSV or as single messages",
    ),
    Outcome.TOO_LARGE: (
        InputUnreadable,
        "the file or the text in it is larger than the reader's limit",
        "split the file or raise max_input_mib or max_output_mib under [reader]",
    ),
    Outcome.OUT_OF_MEMORY: (
        InputUnreadable,
        "reading the file takes more memory than the reader may use",
        "split the file or raise memory_mib under [reader]",
    ),
    Outcome.TOO_SLOW: (
        InputUnreadable,
        "reading the file takes more time than the reader may use",
        "split the file or raise cpu_seconds and wall_seconds under [reader]",
    ),
    Outcome.CRASHED: (
        InputUnreadable,
        "the reader crashed on this file",
        "open it in its own program and save it again",
    ),
    Outcome.NOT_CONFINED: (
        SandboxError,
        "the reader process could not be confined",
        "run `appliance doctor`; kernel and unit must allow seccomp filters and Landlock",
    ),
    Outcome.BROKEN_PROTOCOL: (
        ReaderViolation,
        "the file made its reader break its bounds; nothing of it was taken",
        "treat the file as an attack: keep it from other programs and report it",
    ),
    Outcome.FORBIDDEN: (
        ReaderViolation,
        "the file made its reader do what is forbidden; the reader was ended at once",
        "treat the file as an attack: keep it from other programs and report it",
    ),
}


class ReadingFailed(Exception):
    """Raised inside the child only: reading ends with this outcome."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.name)
        self.outcome = outcome


def error_for(outcome: Outcome) -> ApplianceError:
    """The error that says in fixed words how reading ended.

    Raises:
        ValueError: for ``Outcome.READ``, which is no error.
    """
    if outcome is Outcome.READ:
        raise ValueError("reading succeeded")
    error, message, remedy = _RAISES[outcome]
    return error(message, remedy=remedy)
