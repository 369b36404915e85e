"""A store with two months of work in it, for the tests of the console and for looking at it.

People, collections, walls and acts are real ones of the real appliance; only the clock of the log
is set back while the past is made, so that there is something to see over time.
"""

from __future__ import annotations

import hashlib
import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn

from appliance import config
from appliance.access.policy import Decision
from appliance.app.acts import Acts, Via
from appliance.app.oversight.officers import KEY_NAME
from appliance.app.premises import Premises
from appliance.app.view import Appliance
from appliance.audit.clock import Moment
from appliance.console import server as pages
from appliance.console.server import application
from appliance.console.serving import on_port
from appliance.console.visit import Open
from appliance.crypto import hpke, passlock
from appliance.crypto.unseal import Argon2Cost
from appliance.documents import Collection
from appliance.errors import Denied
from appliance.store.records import PrincipalRow, user

PASSPHRASE = "a passphrase for tests"
KEY_PASSPHRASE = "five words of an officer"
QUICK = Argon2Cost(memory_kib=1024, iterations=1, lanes=1)
OLGA, ANNA, BEN, CHRIS, DORA = 70000, 70001, 70002, 70003, 70004  # the officer first
_QUESTIONS = (
    "When does the lease of the annex end?",
    "Which allergies are on record?",
    "What is the notice period?",
    "Who signed the amendment?",
)


@dataclass(slots=True)
class World:
    """The open premises of a store, and what lies in it."""

    premises: Premises
    collections: dict[str, Collection]
    documents: dict[str, str]  # name -> id

    def view(self) -> Appliance:
        """The officer's view, as the console has it."""
        return self.premises.of(OLGA, "", lambda _: None, via=Via.CONSOLE)

    def acts(self, uid: int, purpose: str = "") -> Acts:
        """Somebody's acts."""
        return self.premises.of(uid, purpose, lambda _: None).acts


@contextmanager
def world(home: Path, *, past_days: int = 0) -> Iterator[World]:
    """A store with people, walls and documents' records; with so many days of a past."""
    settings = config.load(home)
    Premises.create(settings, PASSPHRASE, os.getuid(), cost=QUICK)
    with Premises.open(settings, PASSPHRASE) as premises:
        made = World(premises, {}, {})
        with made.acts(os.getuid()).act("user_change"):
            _people(made)
        _publish_key(made)
        if past_days:
            _past(made, past_days)
        _today(made)
        yield made


@contextmanager
def served(made: World) -> Iterator[str]:
    """The console of the officer on loopback; its address."""
    with console_at(made.view) as address:
        yield address


@contextmanager
def console_at(view: Open) -> Iterator[str]:
    """A console over these views on loopback; its address.

    However busy the machine is, nobody gets a page that only says that the log is being read.
    """
    before, pages.QUICK_S = pages.QUICK_S, 300.0
    listening = on_port(0)
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    options = uvicorn.Config(application(view), log_level="error", access_log=False, lifespan="on")
    server = uvicorn.Server(options)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield address
    finally:
        server.should_exit = True
        thread.join(300)
        listening.close()
        pages.QUICK_S = before


def _publish_key(made: World) -> None:
    """The officer's key, as `appliance audit key new` makes it, under a cheaper passphrase."""
    private = hpke.new_officer_key()
    locked = passlock.lock(private, KEY_PASSPHRASE, KEY_NAME, QUICK)
    made.view().officers.publish(hpke.officer_public(private), locked)


def _people(made: World) -> None:
    store = made.premises.store
    operator = frozenset({"operator"})
    purposes = frozenset({"TREATMENT", "OPERATIONS"})
    for uid, name in ((ANNA, "anna"), (BEN, "ben"), (DORA, "dora")):
        store.put_principal(PrincipalRow(uid, name, operator, purposes=purposes))
    store.put_principal(PrincipalRow(CHRIS, "chris", frozenset({"administrator"})))
    store.put_principal(PrincipalRow(OLGA, "olga", frozenset({"officer"})))
    for name, sector, owner, relation in (
        ("P-118", "health", ANNA, "care_team"),
        ("Larch v. Rowan", "legal", BEN, "counsel"),
        ("Project Elm", "finance", DORA, "deal_team"),
    ):
        made.collections[name] = store.create_collection(name, sector, owner, relation)
    reason = "Screened: worked for the other side until March"
    store.add_wall(user(BEN), made.collections["Project Elm"].id, reason, by=CHRIS)
    for number in range(12):
        id = hashlib.sha256(bytes([number])).hexdigest()[:32]
        made.documents[f"{number:02d}"] = id


def _past(made: World, days: int) -> None:
    """Days of work: more on weekdays, one busy night, a denial here and there."""
    dice = random.Random(11)  # noqa: S311 - data to look at
    clock = _Clock(datetime.now(UTC) - timedelta(days=days))
    with clock.of(made):
        for back in range(days, 0, -1):
            day = datetime.now(UTC).replace(hour=0, minute=0) - timedelta(days=back)
            many = dice.randint(14, 26) if day.weekday() < 5 else dice.randint(0, 4)
            many = 130 if back == 3 else many
            for at in sorted(dice.gauss(13.5, 2.2) for _ in range(many)):
                clock.at(day + timedelta(hours=min(max(at, 0.2), 23.5)))
                _one_act(made, dice, DORA if back == 3 else dice.choice((ANNA, BEN, DORA)))


def _today(made: World) -> None:
    """What the walk looks at: a question, a denied try behind a wall, broken glass, an export."""
    larch, elm = made.collections["Larch v. Rowan"], made.collections["Project Elm"]
    acts = made.acts(ANNA, "TREATMENT")
    private = {"question": "Which allergies are on record for the patient?"}
    where = made.collections["P-118"].id
    decision = Decision(True, ("health-treatment",), "")
    with acts.act("ask", decision=decision, collection=where, private=private) as act:
        ids = [made.documents["01"], made.documents["02"]]
        acts.log.retrieval(act.intent, ids)
        act.documents.extend(ids)  # type: ignore[arg-type]
    walled = Decision(False, ("wall",), "")
    with suppress(Denied), made.acts(BEN).act("search", decision=walled, collection=elm.id):
        pass
    glass = "The patient is unconscious and her allergies are not known to us."
    ana = made.premises.of(ANNA, "TREATMENT", lambda _: None)
    with suppress(Denied):
        ana.governing.open_glass("P-118", glass, 30)
    decision = Decision(True, ("legal-team-reads",), "")
    with made.acts(BEN).act("export", decision=decision, collection=larch.id) as act:
        act.documents.append(made.documents["05"])  # type: ignore[arg-type]


def _one_act(made: World, dice: random.Random, uid: int) -> None:
    name = {ANNA: "P-118", BEN: "Larch v. Rowan", DORA: "Project Elm"}[uid]
    by = {ANNA: "health-treatment", BEN: "legal-team-reads", DORA: "finance-deal-team-reads"}[uid]
    purpose = "TREATMENT" if uid == ANNA else ""
    action = dice.choice(("ask", "ask", "search", "show", "list", "summarize"))
    denied = dice.random() < 0.05
    decision = Decision(not denied, ("health-purpose" if denied else by,), "")
    first = {ANNA: 0, BEN: 4, DORA: 8}[uid]  # four documents in each collection
    document = made.documents[f"{first + dice.randrange(4):02d}"]
    private = {"question": dice.choice(_QUESTIONS)} if action in {"ask", "search"} else {}
    where, acts = made.collections[name].id, made.acts(uid, purpose)
    act_ = acts.act(action, decision=decision, collection=where, private=private)
    with suppress(Denied), act_ as act:
        act.documents.append(document)  # type: ignore[arg-type]


class _Clock:
    """Stands in for the log's clock while the past is made."""

    def __init__(self, begin: datetime) -> None:
        self._now = begin

    def at(self, moment: datetime) -> None:
        self._now = max(moment, self._now)

    def __call__(self) -> Moment:
        self._now += timedelta(milliseconds=7)
        wall = self._now.replace(tzinfo=None).isoformat(timespec="microseconds")
        return Moment(f"{wall}Z", "5e" * 16, time.monotonic_ns())

    @contextmanager
    def of(self, made: World) -> Iterator[None]:
        pen = made.premises.log._pen
        before, pen._clock = pen._clock, self
        try:
            yield
        finally:
            pen._clock = before
