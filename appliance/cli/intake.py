"""What `ingest` and `process` share: which files, in what manner, and how a run ends."""

from __future__ import annotations

import functools
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from appliance.cli.display import emit_json, table
from appliance.cli.session import FOLDER, labels_of, note
from appliance.errors import BatchFailed, InputUnreadable, PartialFailure, UsageError

if TYPE_CHECKING:
    from appliance.app.view import Appliance
    from appliance.app.work.run_report import RunReport
    from appliance.app.work.taking import Labels, Manner
    from appliance.ingest.folder import Listing
    from appliance.ingest.jobs import FileOutcome
    from appliance.ingest.watch import HotFolder

Command = TypeVar("Command", bound=Callable[..., Any])

MOST_PASSWORDS = 1000
LONGEST_PASSWORDS = 1 << 20  # bytes of the file that holds them


@dataclass(frozen=True, slots=True)
class Choices:
    """The options of `intake_options`, as given."""

    label: tuple[str, ...]
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    limit: int | None
    watch: bool
    dry_run: bool
    passwords: Path | None
    retry_quarantined: bool

    @property
    def labels(self) -> Labels:
        """Checked and sorted.  Raises UsageError."""
        return labels_of(self.label)

    def source(self, folder: Path, *written: Path) -> Listing | HotFolder:
        """The files to take, now or as they come, without those that the run itself writes.

        Raises:
            InputUnreadable: the folder is missing or may not be read.
        """
        from appliance.ingest.folder import Choice, walk
        from appliance.ingest.watch import HotFolder

        choice = Choice(self.include, self.exclude, self.limit, written)
        return HotFolder(folder, choice) if self.watch else walk(folder, choice)

    def manner(self) -> Manner:
        """How files are taken in.

        Raises:
            InputUnreadable, UsageError: the file of passwords cannot be used.
        """
        from appliance.app.work.taking import Manner

        passwords = passwords_of(self.passwords) if self.passwords else ()
        return Manner(self.labels, passwords, self.retry_quarantined)


_OPTIONS = (
    click.option("--collection", "-c", required=True, help="The collection that takes them in."),
    click.option(
        "--label", "-l", multiple=True, metavar="KEY=VALUE", help="Put on every document."
    ),
    click.option("--include", multiple=True, metavar="GLOB", help="Only these, such as '*.pdf'."),
    click.option("--exclude", multiple=True, metavar="GLOB", help="Not these files or folders."),
    click.option("--limit", type=click.IntRange(1), help="Only the first so many files."),
    click.option("--watch", is_flag=True, help="Go on: take files as they arrive, until Ctrl-C."),
    click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing."),
    click.option(
        "--passwords",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Try these passwords, one per line, on encrypted files.",
    ),
    click.option(
        "--retry-quarantined", is_flag=True, help="Read again what killed its reader three times."
    ),
)


def intake_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """FOLDER and the options of `Choices`: the command gets ``folder`` and ``choices``."""

    @functools.wraps(command)
    def wrapped(*arguments: Any, **options: Any) -> Any:
        chosen = {name: options.pop(name) for name in Choices.__dataclass_fields__}
        if chosen["watch"] and chosen["dry_run"]:
            raise UsageError("--watch and --dry-run exclude each other", remedy="give one of them")
        return command(*arguments, choices=Choices(**chosen), **options)

    shown: Callable[..., Any] = wrapped
    for option in reversed(_OPTIONS):
        shown = option(shown)
    return click.argument("folder", type=FOLDER)(shown)


def show_plan(
    appliance: Appliance,
    source: Listing | HotFolder,
    collection: str,
    choices: Choices,
    *,
    as_json: bool,
) -> None:
    """What a run would do with each file."""
    planned = appliance.plan(source, collection, choices.labels)
    if as_json:
        emit_json(planned)
    else:
        rows = [(p.plan, p.size, p.name, p.reason) for p in planned]
        table(("plan", "bytes", "name", "reason"), rows)
        note(f"{len(planned)} files; nothing was done.")


def unread_line(outcome: FileOutcome) -> str:
    """One line for a file that was not read."""
    remedy = f" ({outcome.remedy})" if outcome.remedy else ""
    return f"{'not read' if outcome.taken == 'failed' else outcome.taken}: {outcome.name}: " + (
        f"{outcome.reason}{remedy}"
    )


def end(report: RunReport, remedy: str) -> None:
    """Say by the exit code how the run ended.

    Raises:
        PartialFailure: something failed.
        BatchFailed: everything did.
    """
    if report.state == "failed":
        raise BatchFailed("not one file could be read", remedy=remedy)
    if report.bad:
        raise PartialFailure(f"{report.bad} file(s) or task(s) failed", remedy=remedy)


def passwords_of(file: Path) -> tuple[str, ...]:
    """The passwords of a file, one per line.

    Raises:
        InputUnreadable, UsageError: it cannot be read as such, or holds too many.
    """
    try:
        with file.open("rb") as source:
            mode = stat.S_IMODE(file.stat().st_mode)
            untrusted = source.read(LONGEST_PASSWORDS + 1)
        lines = untrusted.decode("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputUnreadable(
            f"{file}: the passwords cannot be read", remedy="one password per line, UTF-8"
        ) from error
    if mode & 0o077:
        note(f"Warning: {file} can be read by others (mode {mode:o}): chmod 600 {file}")
    passwords = tuple(dict.fromkeys(line for line in lines if line))
    if len(untrusted) > LONGEST_PASSWORDS or len(passwords) > MOST_PASSWORDS:
        raise UsageError(
            f"{file} holds more than {MOST_PASSWORDS} passwords", remedy="give fewer of them"
        )
    return passwords
