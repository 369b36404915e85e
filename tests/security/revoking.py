"""Rights taken away while people work: many runs, and what the audit log says of them afterwards.

In every run several threads read as one person, by every use case that shows text, while another
takes the document away: ends the grant, puts up a wall, takes the role, exchanges the policies, or
labels the matter privileged.  Right after it stands a record of its own (``GONE``), so that the log
alone says whether anything was released later.
"""

from __future__ import annotations

import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from appliance.access.policy import PolicySet
from appliance.app.premises import Premises
from appliance.app.view import Appliance
from appliance.audit.records import Kind, Record
from appliance.documents import Collection, Document
from appliance.errors import Denied, NotFound
from tests.security.shelves import ADMIN, READER, put, view
from tests.security.worlds import POLICIES

READERS = 3  # at the same time
LONGEST = 0.006  # seconds that the readers have before the document is taken away
GONE, THERE = "user_list", "grant_list"  # the administrator's records: taken away, given back

NO_READING = '@id("no") @description("No.") forbid (principal, action in Action::"read", resource);'


def stricter_than_shipped(where: Path) -> Path:
    """The shipped policies and one that forbids to read."""
    folder = Path(shutil.copytree(POLICIES, where / "stricter"))
    (folder / "more.cedar").write_text(NO_READING, "utf-8")
    return folder


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of many runs."""

    runs: int
    released: int  # results that named the document, before it was taken away
    late: int  # the same, after: there must be none
    stopped: int  # requests that were under way and got nothing
    broken: tuple[
        str, ...
    ] = ()  # other errors than that something is not there: there must be none


class Ground:
    """One store with one document, one reader, and the ways to take it away and give it back."""

    def __init__(self, premises: Premises, stricter: Path) -> None:
        self.premises = premises
        self.usual, self.strict = premises.decided.policy, PolicySet.load(stricter)
        self.admin = view(premises, ADMIN)
        self.matter: Collection = premises.store.create_collection("matter", "legal")
        self.document: Document = put(
            premises,
            self.matter.id,
            "lease.txt",
            "The rent is 1,200.00 a month.",
            "It ends in June.",
        )
        self._grant = self._give()

    def _give(self) -> str:
        made = self.premises.store.add_grant(
            f"user:{READER}", self.matter.id, "member", contributes=False, by=ADMIN
        )
        return made.id

    @contextmanager
    def taken(self, way: int) -> Iterator[None]:
        """The document is taken away in one of five ways; given back afterwards."""
        store = self.premises.store
        kind = way % 5
        if kind == 0:
            self.admin.governing.revoke_grant(self._grant)
        elif kind == 1:
            wall = self.admin.governing.add_wall("olga", "matter", "acted for the other side")
        elif kind == 2:
            self.admin.governing.revoke_role("olga", "operator")
        elif kind == 3:
            self.admin.acts.enforce(self.strict)
        else:
            self.admin.governing.label("matter", {"privileged": "yes"})
        try:
            yield
        finally:
            if kind == 0:
                self._grant = self._give()
            elif kind == 1:
                store.remove_wall(wall.id)
            elif kind == 2:
                store.set_roles(READER, frozenset({"operator"}), "olga")
            elif kind == 3:
                self.admin.acts.enforce(self.usual)
            else:
                store.label_collection(self.matter, ())


def reads(app: Appliance, document: Document) -> tuple[Callable[[], object], ...]:
    """Every use case that shows something of a document."""
    return (
        lambda: app.questions.search("rent", (), 3)[0],
        lambda: app.questions.ask("What is the rent?", ("matter",), None),
        lambda: app.show(document.id),
        lambda: app.coverage(document.id),
        lambda: app.questions.summarize(document.id),
        lambda: app.documents(None),
        lambda: app.questions.results(2),
    )


def ran(ground: Ground, runs: int, seed: int = 0, view_of: Callable[..., Appliance] = view) -> Seen:
    """Many runs, and what the log says of them."""
    chance, stopped = random.Random(seed), [0]  # noqa: S311 -- no secret
    broken: list[str] = []
    for run in range(runs):
        _one(ground, run, chance, stopped, broken, view_of)
    released, late = _by_log(ground)
    return Seen(runs, released, late, stopped[0], tuple(broken))


def _one(
    ground: Ground,
    run: int,
    chance: random.Random,
    stopped: list[int],
    broken: list[str],
    view_of: Callable[..., Appliance],
) -> None:
    begin = threading.Barrier(READERS + 1)

    def read(number: int) -> None:
        app = view_of(ground.premises, READER)
        works = reads(app, ground.document)
        work = works[(run + number) % len(works)]
        begin.wait(300)
        try:
            while work():  # an empty list is an answer as well
                pass
        except Denied:
            stopped[0] += 1
        except NotFound:
            pass
        except BaseException as error:
            broken.append(type(error).__name__)

    ground.admin.governing.grants()  # THERE
    threads = [threading.Thread(target=read, args=(number,)) for number in range(READERS)]
    for thread in threads:
        thread.start()
    begin.wait(300)
    time.sleep(chance.uniform(0.0, LONGEST))
    with ground.taken(run):
        ground.admin.governing.users()  # GONE
        for thread in threads:
            thread.join(300)


def _by_log(ground: Ground) -> tuple[int, int]:
    """Results released while the document was there, and while it was not."""
    released, late, gone = 0, 0, False
    for record in ground.premises.log.records():
        if record.uid == ADMIN and record.kind is Kind.INTENT:
            gone = record.action == GONE or (gone and record.action != THERE)
        elif record.uid == READER and _shows(record, ground.document):
            released, late = released + (not gone), late + gone
    return released, late


def _shows(record: Record, document: Document) -> bool:
    """Whether this is the outcome of a request that was answered with something of the document."""
    if record.kind is not Kind.OUTCOME or record.result is None or record.result.status != "done":
        return False
    return document.id in record.documents or bool(dict(record.result.counts).get("documents"))
