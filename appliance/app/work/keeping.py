"""Every result is kept, sealed with what repeats it: the request, the model, the rules, the texts.

A result is opened again only for who may read every document it was made from.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from pathlib import Path

from appliance import __version__
from appliance.access.labels import Labels, classes, joined, then_and_now
from appliance.access.scope import Scope
from appliance.app.acts import Act, Acts
from appliance.config import Settings
from appliance.documents import DocumentId
from appliance.errors import NotFound, UsageError
from appliance.plain import from_plain, to_plain
from appliance.results import Answer, Basis, Kept, Outcome, Request, Summary
from appliance.store.store import KeptRow

LARGEST = 256 << 20  # bytes of one result, unpacked
_SHELF = 2  # characters by which results are fetched, whatever is asked for
SHORTEST_PREFIX = 6  # characters of a result's id that may stand for the whole
_RULES = ("tasks", "index")  # rooms whose code and data make results


class Keeper:
    """Keeps the results of one open store, and finds them again."""

    def __init__(self, settings: Settings, acts: Acts) -> None:
        self._settings = settings
        self._acts = acts

    def basis(
        self, scope: Scope, act: Act, model: str, embedding_digest: str, pack: object = None
    ) -> Basis:
        """What a result of an act under way rests on; ``pack`` may be the user's own."""
        versions = self._acts.store.versions(scope.documents)
        search, engine = self._settings.search, self._settings.engine
        settings: dict[str, object] = {
            "chunk_characters": search.chunk_characters,
            "characters": search.characters,
            "max_model_len": engine.max_model_len,
            "seed": engine.seed,
        }
        if pack is not None:
            plain = json.dumps(to_plain(pack), sort_keys=True).encode()
            settings["pack"] = hashlib.sha256(plain).hexdigest()[:16]
        return Basis(
            software=__version__,
            rules=rules(),
            model=model,
            model_digest=act.model,
            embedding_digest=embedding_digest,
            settings=tuple((key, str(value)) for key, value in sorted(settings.items())),
            scope=tuple(sorted(versions.items())),
            passages=tuple(act.passages),
        )

    def keep(self, act: Act, result: Kept) -> str:
        """Seal a result; returns its id, or nothing where no document was looked at."""
        if not act.documents:
            return ""
        return self._acts.store.keep(tuple(dict.fromkeys(act.documents)), encoded(result)).id

    def newest(self, act: Act, limit: int) -> Iterator[tuple[KeptRow, Kept]]:
        """The results made from documents that this principal may read, newest first; 0: all."""
        found, scope = self._rows("show")
        for row in islice(found, limit or None):
            yield row, self._read(act, row, scope)

    def permitted(self, rows: Iterable[KeptRow], action: str) -> tuple[tuple[KeptRow, ...], Scope]:
        """Those of some results on which ``action`` is permitted: on each document that they were
        made from, and on what they are, labelled as strictly as the strictest of these.

        How a document was labelled when the result was made counts like how it is labelled now.
        The scope is the one that they were found in: it holds all of their sources.
        """
        placed = {one.document: one for one in self._acts.store.placed()[1]}
        scope = self._acts.scope(action).narrow(placed)
        kept = [row for row in rows if row.object and _sources(row.sources) <= scope.documents]
        made = [classes(tuple(then_and_now(row.labels, placed))) for row in kept]
        asked = tuple(dict.fromkeys(one for each in made for one in each))
        allowed = {one for one in asked if self._acts.decide(action, one).allow}
        return tuple(
            row for row, each in zip(kept, made, strict=True) if allowed.issuperset(each)
        ), scope

    def labels(self, row: KeptRow) -> Labels:
        """What a result is labelled: as strictly as the strictest of its sources, then or now."""
        placed = self._acts.store.afresh(self._acts.actor.uid, [d for d, _ in row.sources])[1]
        return joined(labels for _, labels in then_and_now(row.labels, placed))

    def _rows(self, action: str, prefix: str = "") -> tuple[tuple[KeptRow, ...], Scope]:
        rows = self._acts.store.every_kept(prefix[:_SHELF])  # one that is hidden is one of many
        found, scope = self.permitted(reversed(rows), action)
        return tuple(row for row in found if row.id.startswith(prefix)), scope

    def _read(self, act: Act, row: KeptRow, scope: Scope) -> Kept:
        sources = [document for document, _ in row.sources]
        self._acts.admit(act, scope, sources)
        act.documents += sources
        return decoded(self._acts.store.read_kept(row))

    def opened(self, act: Act, reference: str) -> tuple[KeptRow, Kept]:
        """The one result with this id, or beginning of an id.

        Raises:
            NotFound: there is none, or none for this principal, or it is gone: the same words.
            UsageError: several fit.
        """
        found, scope = self._rows("show", reference)
        if not found or (len(reference) < SHORTEST_PREFIX and found[0].id != reference):
            raise NotFound(
                "there is no such result",
                remedy="see `appliance results`; a result goes when a document that it was made "
                "from is erased or replaced",
            )
        if len(found) > 1:
            raise UsageError(f"{len(found)} results fit this id", remedy="give more characters")
        return found[0], self._read(act, found[0], scope)


def kept(request: Request, basis: Basis, outcome: Outcome) -> Kept:
    """A result, put together."""
    return Kept(
        request,
        basis,
        answer=outcome if isinstance(outcome, Answer) else None,
        summary=outcome if isinstance(outcome, Summary) else None,
        fields=outcome if isinstance(outcome, tuple) else (),
    )


def encoded(kept: Kept) -> bytes:
    """The bytes that are sealed."""
    return zlib.compress(json.dumps(to_plain(kept), ensure_ascii=True).encode())


def decoded(content: bytes) -> Kept:
    """What `encoded` wrote.

    Raises:
        ValueError: it did not.
    """
    unpacking = zlib.decompressobj()
    plain = unpacking.decompress(content, LARGEST)
    if not unpacking.eof:
        raise ValueError("a kept result is cut or too large")
    return from_plain(Kept, json.loads(plain))


@cache
def rules() -> str:
    """SHA-256 over the files of the rooms that make results, in the order of their names."""
    digest = hashlib.sha256()
    here = Path(__file__).parents[2]
    for room in _RULES:
        for file in sorted((here / room).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(f"{file.relative_to(here)}\0".encode())
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _sources(sources: Iterable[tuple[DocumentId, int]]) -> frozenset[DocumentId]:
    return frozenset(document for document, _ in sources)
