"""What sealing costs: the AEAD alone, one small object, and a document in and out of the store."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from appliance.crypto import aead
from appliance.crypto.unseal import Argon2Cost
from appliance.documents import CollectionId
from appliance.store.store import NewDocument, Part, Store
from scripts.benches.figure import Figure

MIB = 1024 * 1024
BULK = 16 * MIB
DOCUMENTS = 100


def measure(root: Path) -> list[Figure]:
    """Throughput in MB/s (10^6 bytes), cost per object in microseconds, per document in ms.

    ``root`` is the project's folder; everything here is generated, in a temporary store.
    """
    return [*_bulk(), *_small(), *_documents()]


def _bulk() -> list[Figure]:
    key, plaintext = secrets.token_bytes(32), secrets.token_bytes(BULK)
    sealed = aead.seal(key, plaintext, b"bench")
    seconds = _best(5, lambda: aead.seal(key, plaintext, b"bench"))
    opened = _best(5, lambda: aead.open_sealed(key, sealed, b"bench"))
    on = "16 MiB of random bytes, best of 5"
    return [
        Figure("seal", "seal", BULK / seconds / 1e6, "MB/s", on=on),
        Figure("seal", "open", BULK / opened / 1e6, "MB/s", on=on),
    ]


def _small() -> list[Figure]:
    key, plaintext = secrets.token_bytes(32), secrets.token_bytes(1024)
    sealed = aead.seal(key, plaintext, b"bench")
    seal = _best(5, lambda: [aead.seal(key, plaintext, b"bench") for _ in range(1000)]) / 1000
    opened = _best(5, lambda: [aead.open_sealed(key, sealed, b"bench") for _ in range(1000)]) / 1000
    on = "1 KiB objects, best of 5 x 1,000"
    return [
        Figure("seal", "seal one small object", seal * 1e6, "us", on=on),
        Figure("seal", "open one small object", opened * 1e6, "us", on=on),
    ]


def _documents() -> list[Figure]:
    spent: Counter[str] = Counter()

    def observe(stage: str, seconds: float) -> None:
        spent[stage] += int(seconds * 1e9)

    cost = Argon2Cost(memory_kib=64, iterations=1, lanes=1)
    with (
        tempfile.TemporaryDirectory() as home,
        Store.create(Path(home), "bench", cost=cost, observe=observe) as store,
    ):
        collection = store.create_collection("bench", "general").id
        parts = [secrets.token_bytes(size) for size in (200_000, 40_000, 60_000)]
        new = [_new(collection, number, parts) for number in range(DOCUMENTS)]
        added = _once(lambda: [store.add_document(document) for document in new])
        documents = store.documents()
        listed = _once(store.documents)
        read = _once(lambda: [store.read(document.id, Part.INDEX) for document in documents])
    on = f"{DOCUMENTS} documents of 300 kB in three objects"
    each = {name: seconds / DOCUMENTS * 1e3 for name, seconds in (("add", added), ("read", read))}
    per = {stage: total / DOCUMENTS / 1e6 for stage, total in spent.items()}
    return [
        Figure("seal", "add a document, all", each["add"], "ms", on=on),
        Figure("seal", "add a document, sealing alone", per["seal"], "ms", on=on),
        Figure("seal", "add a document, files durable", per["write"] - per["seal"], "ms", on=on),
        Figure("seal", "add a document, row durable", per["commit"], "ms", on=on),
        Figure("seal", "read one part", each["read"], "ms", on=on),
        Figure("seal", "list a document", listed / DOCUMENTS * 1e3, "ms", on=on),
    ]


def _new(collection: CollectionId, number: int, parts: list[bytes]) -> NewDocument:
    return NewDocument(
        collection=collection,
        name=f"{number}",
        media_type="application/pdf",
        original=parts[0],
        text=parts[1],
        index=parts[2],
        content_key=f"{number}",
        pages=10,
        characters=40_000,
        chunks=60,
        gaps=0,
        labels=(("kind", "bench"),),
    )


def _once(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _best(times: int, work: Callable[[], object]) -> float:
    return min(_once(work) for _ in range(times))
