"""A process that works on a store until it is killed; started by the kill and disk tests.

``python -m tests.store.feeder serve`` imports once and then forks, for every line ``add HOME`` or
``fill HOME`` on its standard input, a child that opens that store and works.  It prints the
child's process id, and the child one line per document once that document is acknowledged.
"""

from __future__ import annotations

import ctypes
import os
import sys
from itertools import count
from pathlib import Path

from appliance.errors import ApplianceError
from appliance.store.store import Store
from tests.store.builders import CANARY, PASSPHRASE, SMALL, canary_document, new_document


def _say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def add(home: Path) -> None:
    """Add, replace, erase and file results until killed."""
    with Store.open(home, PASSPHRASE) as store:
        collection = store.collections()[0].id
        start = os.getpid()
        for number in count():
            name = f"{CANARY}-{start}-{number}.txt"
            document = store.add_document(canary_document(collection, name, f"{start}-{number}"))
            _say(f"added {document.id}")
            store.task_start(document.id, "task")
            store.task_done(document.id, "task", f"result {CANARY}".encode())
            _say(f"done {document.id}")
            if number % 3 == 2:
                _say(f"erasing {document.id}")
                store.delete_document(document.id)
            elif number % 3 == 1:
                again = canary_document(collection, name, f"{start}-{number}-again")
                _say(f"replacing {document.id}")
                store.add_document(again)


def fill(folder: Path) -> None:
    """Mount a small disk over ``folder``, fill it through the store, and report what is left."""
    libc = ctypes.CDLL(None, use_errno=True)
    source = str(folder).encode()
    if libc.mount(b"tmpfs", source, b"tmpfs", 0, b"size=4m") != 0:
        _say("skip: a small disk cannot be mounted here")
        return
    acknowledged = []
    with Store.create(folder, PASSPHRASE, cost=SMALL) as store:
        collection = store.create_collection("Case A", "legal").id
        error: ApplianceError | None = None
        for number in range(2000):
            try:
                new = new_document(collection, f"{number}", "x" * 2000)
                acknowledged.append(store.add_document(new).id)
            except ApplianceError as caught:
                error = caught
                break
        _say(f"stopped by {type(error).__name__} after {len(acknowledged) > 10}")
        temporary = [p for p in folder.rglob("*") if p.name.startswith(".new-")]
        _say(f"sound {store.verify() == ()} temporary {len(temporary)}")
        _say(f"kept {[d.id for d in store.documents()] == acknowledged}")
        store.delete_document(acknowledged[0])
        store.delete_document(acknowledged[1])
        store.add_document(new_document(collection, "after", "x"))
    with Store.open(folder, PASSPHRASE) as store:
        _say(f"again {store.verify() == ()} {len(store.documents()) == len(acknowledged) - 1}")


def serve() -> None:
    """Fork one child per line, so that imports are paid for once."""
    for line in sys.stdin:
        work, _, home = line.strip().partition(" ")
        child = os.fork()
        if child == 0:
            {"add": add, "fill": fill}[work](Path(home))
            os._exit(0)
        _say(f"child {child}")
        os.waitpid(child, 0)
        _say("ended")


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve()
    else:
        fill(Path(sys.argv[2]))
