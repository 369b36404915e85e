"""Small stores and documents for tests; the passphrase cost is a throw-away one."""

from __future__ import annotations

from appliance.crypto.unseal import Argon2Cost
from appliance.documents import CollectionId
from appliance.store.records import NewDocument

SMALL = Argon2Cost(memory_kib=64, iterations=1, lanes=1)
PASSPHRASE = "four throw-away test words"


def new_document(
    collection: CollectionId, name: str = "a.txt", content: str = "one"
) -> NewDocument:
    """A document whose three parts and keys follow from its content."""
    return NewDocument(
        collection=collection,
        name=name,
        media_type="text/plain",
        original=f"original {content}".encode(),
        text=f"text {content}".encode(),
        index=f"index {content}".encode(),
        content_key=f"key of {content}",
        pages=None,
        characters=len(content),
        chunks=1,
        gaps=0,
        labels=(("classification", "internal"), ("kind", "contract")),
    )


CANARY = "Zeisigkanarienvogel7391"  # in every place of a document that could leak


def canary_document(collection: CollectionId, name: str, content: str) -> NewDocument:
    """A document with the canary in its original, text, index, name, labels and keys."""
    return NewDocument(
        collection=collection,
        name=f"{CANARY}/{name}",
        media_type="text/plain",
        original=f"original {CANARY} {content} ".encode() * 400,
        text=f"text {CANARY} {content}".encode("utf-16-le") * 100,
        index=f"index {CANARY} {content}".encode() * 100,
        content_key=f"key {CANARY} {content}",
        pages=1,
        characters=len(content),
        chunks=1,
        gaps=0,
        labels=(("kind", f"label {CANARY}"),),
    )
