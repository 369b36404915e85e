"""One file's way into the store: sniff, read confined, cut, embed, seal, commit.

The reader's output is untrusted until ``wire.decode`` has checked it.  A file that holds no text is
refused, never stored as an empty success; what was not read is counted as gaps of the document.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from appliance.crypto.mac import keyed_hash
from appliance.documents import Collection, Document
from appliance.errors import InputUnreadable, NoText
from appliance.index.library import Library
from appliance.ingest import kinds, reading, wire
from appliance.ingest.reading import Wishes
from appliance.sandbox.server import ReaderServer
from appliance.store.store import NewDocument, Store


class Taken(StrEnum):
    """What became of one file."""

    ADDED = "added"
    REPLACED = "new version"
    UNCHANGED = "unchanged"
    DUPLICATE = "duplicate"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one file, for the person and the ledger."""

    name: str
    taken: Taken
    document: Document | None = None
    reason: str = ""
    remedy: str = ""


class Intake:
    """Takes files into one collection of an open store."""

    def __init__(
        self,
        store: Store,
        library: Library,
        reader: ReaderServer,
        collection: Collection,
        labels: tuple[tuple[str, str], ...],
    ) -> None:
        self._store = store
        self._library = library
        self._reader = reader
        self._collection = collection
        self._labels = labels
        self._content_key = store.derive("content-key")

    def take(self, file: Path, name: str, limit: int) -> FileOutcome:
        """Read one file into the store.

        Raises:
            InputUnreadable: the file cannot be opened, is larger than ``limit`` bytes, is of a kind
                that is not read here, or holds no text.
        """
        original = _bytes_of(file, limit)
        content_key = keyed_hash(self._content_key, original)
        known = self._store.find_content(self._collection.id, content_key)
        if known is not None:
            same = known.name == name
            return FileOutcome(name, Taken.UNCHANGED if same else Taken.DUPLICATE, known)
        document = self._store.add_document(self._read(original, name, content_key))
        taken = Taken.REPLACED if document.version > 1 else Taken.ADDED
        return FileOutcome(name, taken, document)

    def _read(self, original: bytes, name: str, content_key: str) -> NewDocument:
        wishes = Wishes(PurePosixPath(name).suffix.lower())
        family = kinds.family(original)
        parsed = reading.decode(self._reader.read(original, family, wishes.encode())).document
        if parsed is None or not parsed.text.strip():
            raise NoText("the file holds no text", remedy="scanned pages need text recognition")
        payload = self._library.payload(parsed)
        return NewDocument(
            collection=self._collection.id,
            name=name,
            media_type=parsed.media_type,
            original=original,
            text=wire.encode(parsed),
            index=payload.encode(),
            content_key=content_key,
            pages=parsed.pages,
            characters=len(parsed.text),
            chunks=len(payload.chunks),
            gaps=len(parsed.gaps),
            labels=self._labels,
        )


def _bytes_of(file: Path, limit: int) -> bytes:
    try:
        with file.open("rb") as source:
            untrusted = source.read(limit + 1)
    except OSError as error:
        raise InputUnreadable(
            f"{file}: {error.strerror}", remedy="check that the file exists and may be read"
        ) from error
    if len(untrusted) > limit:
        raise InputUnreadable(
            f"{file} is larger than {limit >> 20} MiB",
            remedy="raise [reader] max_input_mib in appliance.toml",
        )
    return untrusted
