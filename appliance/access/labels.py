"""What is made from several documents is labelled as strictly as the strictest of them.  Pure.

A flag ("yes") of any source stays.  Of classifications the highest in `ORDER` stays; a word that is
not in it is above those that are, for nothing says that it is below, and two such words stay both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from appliance.access.policy import AccessClass
from appliance.documents import Collection, DocumentId
from appliance.store.records import Placed, SourceLabels

ORDER = ("public", "internal", "confidential", "restricted", "secret", "top-secret")  # from below

Labels = tuple[tuple[str, str], ...]


def joined(each: Iterable[Labels]) -> Labels:
    """The labels of what was made from things with these labels, in the order of their keys.

    A label that is neither flag nor classification stays where all that have it say the same;
    else all its values stand in it, with a bar between: no policy written for one of them fits.
    """
    values: dict[str, set[str]] = defaultdict(set)
    for labels in each:
        for key, value in labels:
            values[key].add(value)
    return tuple(sorted((key, _joined(key, said)) for key, said in values.items()))


def classes(sources: Sequence[tuple[Collection, Labels]]) -> tuple[AccessClass, ...]:
    """What has to be permitted for what was made from these: one class in each collection.

    ``sources``: the collection of each, and its labels with those of the collection in them.
    Labels are joined within a collection: what one matter labels says nothing of another.
    """
    members: dict[Collection, list[Labels]] = defaultdict(list)
    for where, labels in sources:
        members[where].append(labels)
    return tuple(_class(where, joined(labels)) for where, labels in members.items())


def then_and_now(
    then: Iterable[SourceLabels], now: dict[DocumentId, Placed]
) -> Iterator[tuple[Collection, Labels]]:
    """Sources as they were labelled when something was made of them, and as they are now."""
    for source in then:
        placed = now[source.document]
        yield placed.where, source.labels
        yield placed.where, placed.effective


def written(labels: Labels) -> str:
    """Labels as they stand on what leaves the store: "classification=secret, privileged=yes"."""
    return ", ".join(f"{key}={value}" for key, value in labels)


def _class(where: Collection, labels: Labels) -> AccessClass:
    return AccessClass.of(where.id, where.sector, labels)


def _joined(key: str, said: set[str]) -> str:
    words = {word for one in said for word in one.split("|") if word}
    if key == "classification":
        unknown = words.difference(ORDER)
        return "|".join(sorted(unknown)) or max(words, key=ORDER.index, default="")
    return "yes" if "yes" in words else "|".join(sorted(words))
