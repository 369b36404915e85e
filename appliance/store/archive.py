"""The results of an open store: kept with what repeats them, for as long as their sources are.

A result holds text of the documents it was made from.  It is sealed under a key derived from the
keys of all of them, so that erasing any one, or putting a new version in its place, makes it
unreadable with the document; its row stays to say so.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from appliance.documents import DocumentId
from appliance.errors import NotFound
from appliance.store import document_rows, kept_rows, people_rows
from appliance.store.records import KeptRow, SourceLabels, effective
from appliance.store.shelf import Shelf


class ResultArchive:
    """The part of a store that keeps results."""

    _shelf: Shelf

    def versions(self, documents: Collection[DocumentId]) -> dict[DocumentId, int]:
        """The versions of those of ``documents`` that are there."""
        with self._shelf.catalogue.transaction() as session:
            return document_rows.versions(session, documents)

    def keep(self, sources: Sequence[DocumentId], content: bytes) -> KeptRow:
        """Seal a result made from documents; durable when this returns.

        How they are labelled now, with the labels of their collections, stays with it.

        Raises:
            ValueError: it was made from no document.
            NotFound: one of them is not there any more.
            DiskFull: nothing of it is kept.
        """
        if not sources:
            raise ValueError("a result is made from documents")
        added = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        with self._shelf.changing:
            labels = self._labels_of(sources)
            return self._shelf.keep(secrets.token_hex(16), sources, content, added, labels)

    def _labels_of(self, documents: Sequence[DocumentId]) -> tuple[SourceLabels, ...]:
        with self._shelf.catalogue.transaction() as session:
            placed = document_rows.placed(session, frozenset(documents))
            collections = {c.id: c for c in people_rows.collections(session)}
        return tuple(
            SourceLabels(id, tuple(sorted(effective(collections[where].labels, own).items())))
            for id, (where, own) in sorted(placed.items())
        )

    def kept(self, id: str) -> KeptRow:
        """One result that is, or was, kept.

        Raises:
            NotFound: there never was one.
        """
        with self._shelf.catalogue.transaction() as session:
            row = kept_rows.one(session, id)
        if row is None:
            raise NotFound("there is no such result", remedy="see `appliance results`")
        return row

    def every_kept(self, prefix: str = "") -> tuple[KeptRow, ...]:
        """The results whose ids begin so, oldest first, those that are gone with them."""
        with self._shelf.catalogue.transaction() as session:
            return kept_rows.every(session, prefix)

    def read_kept(self, row: KeptRow) -> bytes:
        """What was kept.

        Raises:
            NotFound: a document it was made from was erased or replaced.
            SealBroken: its file is missing, changed, moved or cut.
        """
        return self._shelf.read_kept(row)
