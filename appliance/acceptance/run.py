"""The acceptance from the first check to the report: what is installed, the tries, the engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from appliance.acceptance import (
    installed,
    outside,
    promises,
    quality,
    record,
    speed,
    survival,
    tampering,
    unpacked,
    walls,
)
from appliance.acceptance.checks import Check, Figure, Verdict, made, not_run
from appliance.acceptance.ground import COLLECTION, Ground, prepared
from appliance.acceptance.quality import Asked
from appliance.app import release
from appliance.app.view import Appliance
from appliance.config import Settings
from appliance.documents import Citation, Passage
from appliance.egress import hand
from appliance.engine import server
from appliance.errors import ApplianceError, AuditError
from appliance.ingest.folder import walk
from appliance.plain import Plain, from_plain

Notify = Callable[[str], None]
NO_ENGINE = "no engine"
EXAMINE = "examine this installation"  # asked of a hand where this process is locked
_ENGINE_CHECKS = (
    ("P5", "verbatim answers"),
    ("quality", "shipped questions"),
    ("determinism", "the same question twice"),
)
_AFTER_RESTART = "after a restart of the engine"


@dataclass(slots=True)
class Acceptance:
    """One acceptance under way."""

    settings: Settings
    notify: Notify
    deep: bool = False
    checks: list[Check] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    model: str = ""

    def make(self, topic: str, name: str, look: Callable[[], Check]) -> Check:
        """Make one check, keep it, and say how it ended."""
        return self.keep(made(topic, name, look))

    def keep(self, check: Check) -> Check:
        """Keep a check, and say how it ended."""
        self.checks.append(check)
        self.notify(f"{check.verdict:8} {check.topic:12} {check.name}")
        return check

    @property
    def has_engine(self) -> bool:
        """Whether an engine is installed, or answers."""
        there = self.settings.engine_python.exists() or server.status(self.settings).running
        return there and not release.is_core(self.settings)


def examine(
    settings: Settings,
    notify: Notify,
    *,
    deep: bool = False,
    public_key: bytes = b"",
    fault: ApplianceError | None = None,
) -> record.Report:
    """Make every check on this machine and report.

    Args:
        settings: of the customer's home, which is only looked at from outside.
        notify: told one line as each check ends.
        deep: also read every file of the release, and ask again after a restart of the engine.
        public_key: of the customer's audit log; empty where the store was not opened.
        fault: why the customer's store did not open, if it should have.
    """
    if (other := hand.present()) is not None:  # this process is locked
        asked: Plain = {"deep": deep, "key": public_key.hex()}
        return from_plain(record.Report, other.ask(EXAMINE, asked, notify))
    begun = time.monotonic()
    accepting = Acceptance(settings, notify, deep)
    _installed(accepting)
    _outside(accepting, public_key, fault)
    accepting.make("P1", "nothing can leave", lambda: walls.egress(settings))
    try:
        with prepared(settings) as ground:
            _tried(accepting, ground)
    except ApplianceError as error:
        accepting.keep(
            Check("P2", "a store for the tries", Verdict.FAIL, error.message, error.remedy)
        )
    return record.compose(
        tuple(sorted(accepting.checks, key=lambda check: check.topic)),
        tuple(accepting.figures),
        release=_named(settings),
        model=accepting.model,
        deep=deep,
        seconds=time.monotonic() - begun,
    )


def _named(settings: Settings) -> str:
    """The release, as far as it can be told: a damaged manifest has its own check."""
    try:
        found = release.of(settings)
    except ApplianceError:
        return "a release whose manifest is damaged"
    if found is None:
        return ""
    return f"release {found.version}-{found.serial} ({found.variant}), {found.digest[:16]}"


def _installed(accepting: Acceptance) -> None:
    settings, make = accepting.settings, accepting.make
    make("P1", "telemetry switches", lambda: installed.switches(settings))
    files = "files of the release"
    make(installed.TOPIC, files, lambda: installed.files(settings, deep=accepting.deep))
    for part in installed.PARTS:
        look = _of_part(settings, part)
        make(installed.TOPIC, f"packages of the {part}", look)
        make(installed.TOPIC, f"modules of the {part}", _of_modules(accepting, part))
    for name, what in (
        (settings.engine.model, "language model"),
        (settings.search.embedding_model, "embedding model"),
    ):
        make(installed.TOPIC, what, _of_model(settings, name, what))


def _of_part(settings: Settings, part: str) -> Callable[[], Check]:
    return lambda: installed.packages(settings, part)


def _of_modules(accepting: Acceptance, part: str) -> Callable[[], Check]:
    return lambda: unpacked.modules(accepting.settings, part, deep=accepting.deep)


def _of_model(settings: Settings, name: str, what: str) -> Callable[[], Check]:
    return lambda: installed.model(settings, name, what)


def _outside(accepting: Acceptance, public_key: bytes, fault: ApplianceError | None) -> None:
    settings = accepting.settings
    accepting.make("P2", "modes of the home", lambda: outside.modes(settings))
    name = "audit log of this store"
    if fault is not None:
        topic = "P4" if isinstance(fault, AuditError) else "P8"
        name = name if topic == "P4" else "store"
        accepting.keep(Check(topic, name, Verdict.FAIL, fault.message, fault.remedy))
        return
    accepting.make("P4", name, lambda: outside.log(settings, public_key))


def _tried(accepting: Acceptance, ground: Ground) -> None:
    make = accepting.make
    canaries = survival.plant(ground)
    reached = ground.start_and_kill(canaries.folder)
    make("P2", "clear", lambda: survival.sealed(ground, canaries, "after kill -9"))
    with ground.opened() as appliance:
        make("P7", "killed", lambda: survival.resumed(appliance, canaries, reached=reached))
        documents = quality.DOCUMENTS
        tuple(appliance.ingest(walk(documents), COLLECTION, ()))
        make("P3", "alike", lambda: promises.unmoved(ground, appliance, documents))
        make("P6", "gaps", lambda: promises.covered(ground, appliance))
        make("P5", "passages", lambda: promises.verbatim(appliance, _passages(appliance)))
        accepting.figures += speed.reading_and_embedding(appliance, accepting.settings)
        asked = _engine(accepting, ground, appliance)
    if asked and accepting.deep:
        _restarted(accepting, ground, asked[0])
    make("P2", "clear", lambda: survival.sealed(ground, canaries, "at the end"))
    with suppress(AuditError), ground.opened() as appliance:  # its log is spoilt on purpose
        make("P8", "object", lambda: tampering.object_of(ground, appliance))
        make("P8", "log", lambda: tampering.record_of(ground, appliance))
        make("P8", "model", lambda: tampering.model_of(ground, accepting.settings))
        make("P4", "recorded", lambda: promises.recorded(appliance))
        make("P4", "stopped", lambda: promises.stopped(appliance))


def _passages(appliance: Appliance) -> tuple[Passage, ...]:
    found: list[Passage] = []
    for question in promises.QUESTIONS:
        found += appliance.questions.search(question, (COLLECTION,), promises.PASSAGES)[0]
    return tuple(found)


def _engine(accepting: Acceptance, ground: Ground, appliance: Appliance) -> Sequence[Asked]:
    """Everything that the language model is needed for."""
    if not accepting.has_engine:
        for topic, name in _ENGINE_CHECKS:
            accepting.keep(not_run(topic, name, NO_ENGINE))
        return ()
    try:
        server.start(ground.settings, accepting.notify)
        identity = appliance.warm.model()
        accepting.model = f"{identity.name} {identity.digest[:16]}"
        asked = quality.ask_all(appliance, accepting.notify)
        accepting.figures.append(speed.generating(appliance, ground.settings))
    except ApplianceError as error:
        accepting.keep(
            Check("quality", "shipped questions", Verdict.FAIL, error.message, error.remedy)
        )
        return ()
    accepting.make("quality", "questions", lambda: quality.judged(asked))
    shown = _cited(asked)
    accepting.make("P5", "answers", lambda: promises.verbatim(appliance, shown))
    accepting.make("determinism", "twice", lambda: quality.repeated(appliance, asked[0], "twice"))
    return asked


def _cited(asked: Sequence[Asked]) -> tuple[Citation, ...]:
    return tuple(c for one in asked for s in one.answer.statements for c in s.citations)


def _restarted(accepting: Acceptance, ground: Ground, first: Asked) -> None:
    """Ask again of an engine that was started anew; one that others use is left as it is."""
    own = ground.own_engine
    fresh = replace(ground, settings=own)

    def look() -> Check:
        server.stop(own)
        server.start(own, accepting.notify)
        with fresh.opened() as appliance:
            return quality.repeated(appliance, first, _AFTER_RESTART)

    accepting.make("determinism", f"the same question {_AFTER_RESTART}", look)
