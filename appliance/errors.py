"""Every error this appliance raises on purpose, and the exit code of each.

::

    ApplianceError                 1   anything else that went wrong on purpose
    |-- UsageError                 2   the command line or an argument is wrong
    |-- ConfigError                3   settings file or environment is wrong
    |-- StoreMissing               4   there is no store at this home; run `appliance init`
    |-- WrongPassphrase            5   the store did not open with this passphrase
    |-- StoreDamaged               6   a sealed file or the catalogue fails its check
    |   `-- SealBroken             6   one sealed object did not open: changed, moved or cut
    |-- NotFound                   7   no such collection or document (or not for you: same words)
    |-- InputUnreadable            8   a folder or file cannot be read
    |   |-- Unsupported            8   this kind of file is not read here
    |   |-- NoText                 8   the file was opened and holds no text
    |   `-- ReaderViolation        8   the file made its reader do what is forbidden: an attack
    |-- PackError                  9   a field pack is unknown or does not validate
    |-- EngineError               10   the language model cannot be used
    |   |-- EngineUnavailable     10   not running, did not start, or crashed
    |   `-- EngineRefused         10   answered with an error or an unusable completion
    |-- AuditError                11   the audit log cannot be written or does not verify
    |-- DiskFull                  12   no space left where the store or the output lies
    |-- ModelError                13   a model folder is missing or differs from its manifest
    |-- SandboxError              14   the reader process could not be confined, or broke its bounds
    |   `-- ReaderUnready         14   it cannot run or lacks a part: no file is at fault
    |-- PartialFailure            15   the batch ended; some files failed, the rest is done
    |-- InvariantBroken           16   a security invariant failed; everything stops
    |-- PolicyError               17   the policy set does not validate or could not decide
    |-- Denied                    18   the policy does not permit this action
    |-- StoreBusy                 19   another process works on this store
    |-- BatchFailed               20   the batch ended; not one file could be read
    |-- FactorNeeded              21   a fresh second factor is needed, or the one given is wrong
    |-- Busy                      22   the service has as much to do as it takes on; try again
    |-- ServiceUnavailable        23   the service went away or was sealed
    `-- ReviewOverdue             25   a review of the audit, or of broken glass, is overdue
    (Interrupted                 130   Ctrl-C)

A message names the file and the remedy.  It never holds content of a document, a question, a key
or a passphrase.
"""

from __future__ import annotations

import errno
from pathlib import PurePath


class ApplianceError(Exception):
    """Base of the tree. ``message`` says what happened; ``remedy`` says what to do about it."""

    exit_code = 1

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class UsageError(ApplianceError):
    """The command line or an argument is wrong."""

    exit_code = 2


class ConfigError(ApplianceError):
    """The settings file or the environment is wrong."""

    exit_code = 3


class StoreMissing(ApplianceError):
    """There is no store at this home."""

    exit_code = 4


class WrongPassphrase(ApplianceError):
    """The store did not open with this passphrase."""

    exit_code = 5


class StoreDamaged(ApplianceError):
    """A sealed file or the catalogue fails its check."""

    exit_code = 6


class SealBroken(StoreDamaged):
    """One sealed object did not open: changed, moved, cut, or another key."""


class NotFound(ApplianceError):
    """No such collection or document, or none that this principal may know of: the same words."""

    exit_code = 7


class InputUnreadable(ApplianceError):
    """A folder or file cannot be read."""

    exit_code = 8


class Unsupported(InputUnreadable):
    """This kind of file is not read here."""


class NoText(InputUnreadable):
    """The file was opened and holds no text."""


class ReaderViolation(InputUnreadable):
    """The file made its reader do what is forbidden, or break its bounds: a security event."""


class PackError(ApplianceError):
    """A field pack is unknown or does not validate."""

    exit_code = 9


class EngineError(ApplianceError):
    """The language model cannot be used."""

    exit_code = 10


class EngineUnavailable(EngineError):
    """The engine is not running, did not start, or crashed."""


class EngineRefused(EngineError):
    """The engine answered with an error or an unusable completion."""


class AuditError(ApplianceError):
    """The audit log cannot be written, is not the file it was, or does not verify."""

    exit_code = 11


class DiskFull(ApplianceError):
    """No space is left where the store or the output lies."""

    exit_code = 12


class ModelError(ApplianceError):
    """A model folder is missing or differs from its manifest."""

    exit_code = 13


class SandboxError(ApplianceError):
    """The reader process could not be confined, or broke its bounds."""

    exit_code = 14


class ReaderUnready(SandboxError):
    """The reader process does not run or lacks a part: the installation is at fault, no file is."""


class PartialFailure(ApplianceError):
    """The batch ended; some files failed, the rest is done."""

    exit_code = 15


class InvariantBroken(ApplianceError):
    """A security invariant failed; everything stops."""

    exit_code = 16


class PolicyError(ApplianceError):
    """The policy set does not validate or could not decide."""

    exit_code = 17


class Denied(ApplianceError):
    """The policy does not permit this action."""

    exit_code = 18


class StoreBusy(ApplianceError):
    """Another process works on this store."""

    exit_code = 19


class BatchFailed(ApplianceError):
    """The batch ended, and nothing could be done: not one file was read."""

    exit_code = 20


class FactorNeeded(ApplianceError):
    """This act needs a fresh second factor (a one-time code), or the one given is not right."""

    exit_code = 21


class Busy(ApplianceError):
    """The service has as much to do as it takes on, for this person or in all."""

    exit_code = 22


class ServiceUnavailable(ApplianceError):
    """The service went away, or was sealed in the middle."""

    exit_code = 23


class ReviewOverdue(ApplianceError):
    """A review of the audit log, or of broken glass, should have been done before now."""

    exit_code = 25


EXIT_INTERRUPTED = 130
# Of a disk, of a person's share of it, of a file: what an OSError says where nothing more fits.
NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def named(name: str) -> type[ApplianceError]:
    """The class of this name, for errors that another process told; else the base of all."""
    found = {ApplianceError.__name__: ApplianceError}
    waiting = [ApplianceError]
    while waiting:
        below = [kind for kind in waiting.pop().__subclasses__() if kind.__module__ == __name__]
        found |= {kind.__name__: kind for kind in below}
        waiting += below
    return found.get(name, ApplianceError)


def unexpected(error: BaseException) -> ApplianceError:
    """A fault of ours in words: where, never what with, for the values may be content."""
    if isinstance(error, OSError) and error.errno in NO_SPACE:
        return DiskFull("no space is left on the disk", remedy="free space and run again")
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = "unknown"
    if trace is not None:
        place = f"{PurePath(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
    return ApplianceError(
        f"internal fault: {type(error).__name__} at {place}",
        remedy="nothing that was finished is lost; report this line to the maintainers",
    )
