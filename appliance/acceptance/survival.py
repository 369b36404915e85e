"""P2 and P7 in short form: files are taken in, the process is killed, and it all goes on."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.acceptance.checks import Check, judge, unknown
from appliance.acceptance.ground import COLLECTION, REMEDY, SEALED, Ground
from appliance.app.view import Appliance
from appliance.ingest.folder import walk

SEALED_FILES = 6


@dataclass(frozen=True, slots=True)
class Canaries:
    """Words that occur nowhere else, and the files that hold them."""

    words: tuple[str, ...]
    folder: Path


def plant(ground: Ground) -> Canaries:
    """Files that nobody may read: canaries, and the words that the questions ask for."""
    words = tuple("canary" + secrets.token_hex(8) for _ in range(3))
    folder = ground.folder / "in"
    folder.mkdir()
    for number in range(SEALED_FILES):
        lines = [f"# Agreement {number} of {words[0]}", f"The law of {words[1]} governs it."]
        lines += [f"Revenue, law and furosemide, line {n}: {words[2]}." for n in range(number, 30)]
        (folder / f"{words[0]}-{number}.md").write_text("\n\n".join(lines), "utf-8")
    return Canaries(words, folder)


# --- P2: sealed -----------------------------------------------------------------------------------


def sealed(ground: Ground, canaries: Canaries, when: str) -> Check:
    """No byte below the homes spells a canary."""
    topic, name = "P2", f"nothing in clear {when}"
    if not tuple(clear(canaries, [canaries.folder])):
        return unknown(topic, name, "the search does not find what does lie in clear")
    folders = [p for p in ground.folder.iterdir() if p != canaries.folder]
    count = sum(path.is_file() for folder in folders for path in folder.rglob("*"))
    faults = clear(canaries, folders)
    words = f"{len(canaries.words)} canaries in none of {count} files"
    return judge(topic, name, faults, words, REMEDY)


def clear(canaries: Canaries, folders: Iterable[Path]) -> Iterator[str]:
    """Where a canary can be read, in UTF-8 or UTF-16, in names or in content."""
    forms = [word.encode(code) for word in canaries.words for code in ("utf-8", "utf-16-le")]
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            relative = path.relative_to(folder.parent)
            inside = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
            if any(form in os.fsencode(path.name) for form in forms):
                yield f"a file name below {relative.parts[0]}"
            elif any(form in inside for form in forms):
                yield str(relative)


# --- P7: killed and run again ---------------------------------------------------------------------


def resumed(appliance: Appliance, canaries: Canaries, *, reached: bool) -> Check:
    """After kill -9 the same folder is taken in whole, and nothing twice."""
    topic, name = "P7", "kill -9 and run again"
    labels = ((SEALED, "yes"),)
    before = _there(appliance)
    told = tuple(appliance.ingest(walk(canaries.folder), COLLECTION, labels))
    after = _there(appliance)
    again = tuple(appliance.ingest(walk(canaries.folder), COLLECTION, labels))
    last = _there(appliance)
    if not reached or not before or len(before) >= SEALED_FILES:
        words = f"the kill struck when {len(before)} of {SEALED_FILES} files were done"
        return unknown(topic, name, words, "run it again on a machine with less other work")
    faults = [] if before <= after == last else ["a file that was done was done again"]
    if len(after) != SEALED_FILES:
        faults.append(f"{len(after)} documents of {SEALED_FILES} files")
    if any(outcome.unread for outcome in (*told, *again)):
        faults.append("a file was not read")
    words = f"killed after {len(before)} of {SEALED_FILES} files; the rest followed, none twice"
    return judge(topic, name, faults, words, REMEDY)


def _there(appliance: Appliance) -> set[tuple[str, int]]:
    """A file that is taken in again gets another version."""
    return {(document.id, document.version) for document in appliance.store.documents()}
