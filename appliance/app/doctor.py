"""What is missing or wrong on this machine and in this store, each with its remedy."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from appliance import __version__, config, offline
from appliance.app import release
from appliance.app.governance.governed import MOMENT
from appliance.app.governance.governing import ADMINISTRATOR, OFFICER, SEPARATE
from appliance.app.oversight.officers import roster, unrecorded
from appliance.app.oversight.reviewing import standing
from appliance.app.premises import FIRST_ROLES
from appliance.app.view import Appliance
from appliance.audit import witnesses
from appliance.config import Settings
from appliance.egress import facts
from appliance.engine import models, server
from appliance.errors import ApplianceError, InputUnreadable
from appliance.sandbox.server import ReaderServer

DISK_NEEDED_GIB = 2
MEMORY_NEEDED_GIB = 4
WITNESSED_WITHIN = timedelta(days=7)
UNITS_PASSPHRASE = Path("/etc/appliance/passphrase")  # the site writes it for deploy/systemd
REVIEWED_WITHIN = timedelta(hours=24)  # broken glass
_CORE = "none: this is a core installation, without an engine"


@dataclass(frozen=True, slots=True)
class Status:
    """What one store holds, counted over what its principal may list."""

    version: str
    home: str
    principal: str
    roles: tuple[str, ...]
    collections: int
    documents: int
    gaps: int
    engine: str
    language_model: str
    policy: str

    def rows(self) -> Iterator[tuple[str, object]]:
        """Name and value of each line."""
        for field in fields(self):
            value = getattr(self, field.name)
            yield field.name, ", ".join(value) if isinstance(value, tuple) else value


def status(appliance: Appliance) -> Status:
    """Counts and identities of the open store."""
    documents = appliance.documents(None)
    acts = appliance.acts
    return Status(
        version=__version__,
        home=str(appliance.settings.home),
        principal=acts.principal.name,
        roles=tuple(sorted(acts.principal.roles)),
        collections=len(acts.collections()),
        documents=len(documents),
        gaps=sum(document.gaps for document in documents),
        engine="running" if server.status(appliance.settings).running else "stopped",
        language_model=appliance.settings.engine.model,
        policy=acts.policy.hash,
    )


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, whether it is right, what was found, what to do."""

    check: str
    right: bool
    found: str
    remedy: str = ""


def examine(settings: Settings) -> tuple[Finding, ...]:
    """Every check that needs no passphrase."""
    checks = (
        ("python", _python),
        ("disk", _disk),
        ("memory", _memory),
        ("swap", _swap),
        ("home", _home),
        ("environment", _environment),
        ("language model", _language_model),
        ("embedding model", lambda s: _model(s, s.search.embedding_model)),
        ("engine environment", _engine_environment),
        ("engine", _engine),
        ("reader", _reader),
    )
    return tuple(_checked(name, check, settings) for name, check in checks)


def examine_store(appliance: Appliance) -> tuple[Finding, ...]:
    """The checks of an open store: every sealed object, the whole audit log, broken glass."""
    problems = appliance.store.verify()
    verdict = _checked("audit log", lambda _: _audit(appliance), appliance.settings)
    store = Finding("store", True, "every sealed object opens")
    if problems:
        store = Finding(
            "store",
            False,
            "; ".join(problems),
            "restore the named objects from a backup, or delete and ingest the documents again",
        )
    people = _glass(appliance), _separation(appliance), _officers(appliance), _reviews(appliance)
    seen = _checked("witness", lambda _: _witness(appliance), appliance.settings)
    return store, verdict, seen, *people


def _checked(name: str, check: Callable[[Settings], Finding], settings: Settings) -> Finding:
    try:
        finding = check(settings)
    except ApplianceError as error:
        finding = Finding(name, False, error.message, error.remedy)
    except PermissionError:  # somebody whose documents the service keeps
        finding = Finding(name, True, "not for this account to see")
    if release.CHECKOUT in finding.remedy:  # an installed release has no such script
        return replace(finding, remedy=release.remedy(settings))
    return finding


def _python(_: Settings) -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding(
        "python", (3, 11) <= sys.version_info[:2] <= (3, 13), version, "use 3.11 to 3.13"
    )


def _disk(settings: Settings) -> Finding:
    where = settings.home
    while not where.exists():
        where = where.parent
    free = shutil.disk_usage(where).free / 2**30
    remedy = f"free at least {DISK_NEEDED_GIB} GiB where {where} lies"
    return Finding("disk", free >= DISK_NEEDED_GIB, f"{free:.1f} GiB free", remedy)


def _memory(_: Settings) -> Finding:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    remedy = f"the default models need {MEMORY_NEEDED_GIB} GiB"
    return Finding("memory", total >= MEMORY_NEEDED_GIB, f"{total:.1f} GiB", remedy)


def _swap(_: Settings) -> Finding:
    try:
        devices = Path("/proc/swaps").read_text("ascii", "replace").splitlines()[1:]
    except OSError:
        devices = []
    found = f"{len(devices)} swap device(s)" if devices else "none"
    return Finding("swap", not devices, found, "turn swap off: opened text could be written to it")


def _home(settings: Settings) -> Finding:
    if not (settings.home / "store").is_dir():
        if settings.service.socket:  # this account has no store, and is to make none
            there = settings.service_socket.exists()
            found = f"the service at {settings.service_socket}"
            return Finding("home", there, found, "whoever keeps the store: `appliance serve`")
        return Finding("home", False, f"no store at {settings.home}", "run `appliance init`")
    if _others_read(UNITS_PASSPHRASE):
        found = f"{UNITS_PASSPHRASE} can be read by others"
        remedy = f"chmod 0400 {UNITS_PASSPHRASE}, then `appliance key passphrase`"
        return Finding("home", False, found, remedy)
    mode = settings.home.stat().st_mode & 0o777
    return Finding("home", mode & 0o077 == 0, f"mode {mode:o}", f"chmod 700 {settings.home}")


def _others_read(file: Path) -> bool:
    with suppress(OSError):
        return file.stat().st_mode & 0o077 != 0
    return False


def _environment(_: Settings) -> Finding:
    """What was given to this process and removed at its start does no harm here, but is named."""
    kept = [name for name in config.variables() if offline.is_forbidden(name)]
    given = facts.of().forbidden or ()
    found = "no proxy, no credential for the outside"
    if given:
        found = f"removed at the start: {', '.join(given)}"
    if kept:
        found = f"in force: {', '.join(kept)}"
    return Finding("environment", not kept, found, "unset these variables")


def _language_model(settings: Settings) -> Finding:
    if release.is_core(settings):
        return Finding("language model", True, _CORE)
    return _model(settings, settings.engine.model)


def _model(settings: Settings, name: str) -> Finding:
    identity = models.verify(settings.models / name)
    return Finding(f"{identity.kind} model", True, f"{identity.name} {identity.digest[:12]}")


def _engine_environment(settings: Settings) -> Finding:
    if release.is_core(settings):
        return Finding("engine environment", True, _CORE)
    python = settings.engine_python
    found = str(python) if python.exists() else f"{python} is missing"
    return Finding("engine environment", python.exists(), found, release.CHECKOUT)


def _engine(settings: Settings) -> Finding:
    if release.is_core(settings):
        return Finding("engine", True, "none: search and reading work, questions need an engine")
    running = server.status(settings).running
    return Finding("engine", True, "running" if running else "stopped; tasks start it")


def _reader(settings: Settings) -> Finding:
    from appliance.formats.kinds import Family
    from appliance.formats.reading import Wishes
    from appliance.formats.worker import SCAN

    python, wishes = Path(sys.executable), Wishes().encode()
    with ReaderServer.start(settings.reader, python, home=settings.home) as reader:
        for task in (*Family, SCAN):
            with suppress(InputUnreadable):  # an empty file: enough to see that its reader loads
                reader.read(b"", task, wishes)
        layers = ", ".join(str(layer.name).lower().replace("_", " ") for layer in reader.layers)
    return Finding("reader", True, f"loads; confined: {layers}; a forbidden call ends it")


def _glass(appliance: Appliance) -> Finding:
    """Who broke the glass is looked at by somebody else within a day."""
    yesterday = (datetime.now(UTC) - REVIEWED_WITHIN).strftime(MOMENT)
    waiting = [one for one in appliance.store.openings() if one.reviewed_by is None]
    late = sum(one.opened < yesterday for one in waiting)
    found = f"{len(waiting)} opening(s) wait for a review, {late} for more than a day"
    return Finding(
        "broken glass", not late, found, "an officer: `appliance break-glass list`, then review"
    )


def _separation(appliance: Appliance) -> Finding:
    """Nobody holds two of the roles that are kept apart, but the founder until they are divided."""
    people = appliance.store.principals()
    joined = sum(len(p.roles & SEPARATE) > 1 for p in people)
    if not _divided(appliance):
        founder = any(p.roles >= FIRST_ROLES for p in people)
        found = "the founder is operator and officer" if founder else f"{joined} joined"
        return Finding(
            "roles", joined == founder, found, "`appliance role grant ... administrator`"
        )
    officers = sum(OFFICER in p.roles for p in people)
    found = f"{joined} person(s) with roles that are kept apart, {officers} officer(s)"
    return Finding("roles", not joined and officers > 0, found, "`appliance role grant | revoke`")


def _officers(appliance: Appliance) -> Finding:
    """Once the roles are divided, what the log seals is for officers and not for the store."""
    keys, periods = roster(appliance.store), appliance.log.periods.every()
    found = f"{len(keys)} in force, {len(periods)} period(s)"
    if held := sum(bool(one.held) for one in periods):
        found += f"; the store itself can open {held} of them"
    if changed := unrecorded(appliance.log):
        found += f"; not as they were recorded: {', '.join(map(str, changed))}"
        return Finding("officers' keys", False, found, "restore `audit/periods` from a backup")
    right = bool(keys) or not _divided(appliance)
    return Finding("officers' keys", right, found, "an officer: `appliance audit key new`")


def _reviews(appliance: Appliance) -> Finding:
    """Somebody looks at the log in time; whoever is alone here has nobody to look at it."""
    due = standing(appliance.acts, timedelta(days=appliance.settings.audit.review_days))
    state = "overdue since" if due.overdue else "due by"
    found = f"the next review of the log is {state} {due.until[:10]}"
    found += f", {due.open} open, {due.concerns} concern(s) to follow up"
    right = not due.overdue or not _divided(appliance)
    return Finding("reviews", right, found, "an officer: `appliance audit review start`")


def _witness(appliance: Appliance) -> Finding:
    """What nobody outside has seen, whoever controls this machine can still rewrite."""
    folder, remedy = appliance.settings.home / "audit", "`appliance audit checkpoint --out`"
    seen = witnesses.all_of(folder, appliance.log.public_key)
    if not seen:
        found = "nobody outside this machine has seen the log yet"
        return Finding("witness", not _divided(appliance), found, remedy)
    last = seen[0]
    age = datetime.now(UTC) - datetime.fromtimestamp(last.seconds, UTC)
    found = f"{last.witness.name} saw {last.checkpoint.size} records {age.days} day(s) ago"
    return Finding("witness", age <= WITNESSED_WITHIN, found, remedy)


def _divided(appliance: Appliance) -> bool:
    """Whether an administrator and officers share the work."""
    return any(ADMINISTRATOR in person.roles for person in appliance.store.principals())


def _audit(appliance: Appliance) -> Finding:
    verdict = appliance.audit_verify()
    return Finding("audit log", True, f"{verdict.records} records verify")
