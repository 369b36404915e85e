"""Reading the locks in ``offline-wheels/``: pip requirement files where every line has hashes."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from scripts.installing.problems import SetupProblem

PINNED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)\s*(?:;\s*([^\\]+?))?\s*$")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Locked:
    """One package of a lock: any of the hashes will do."""

    name: str
    version: str
    marker: str
    hashes: frozenset[str]

    def line(self) -> str:
        """The requirement again, as pip reads it."""
        marker = f" ; {self.marker}" if self.marker else ""
        hashes = "".join(f" --hash=sha256:{value}" for value in sorted(self.hashes))
        return f"{self.name}=={self.version}{marker}{hashes}"


def parse(lock: Path) -> tuple[Locked, ...]:
    """Read one lock.

    Raises:
        SetupProblem: a line is neither pinned nor hashed, or names a place to download from.
    """
    found = []
    for line in _joined(lock.read_text("utf-8")):
        if line.startswith(("--only-binary", "--no-binary")):
            continue
        words = line.split(" --hash=", 1)
        pinned = PINNED.match(words[0])
        hashes = frozenset(part.rpartition(":")[2] for part in _hash_words(line, lock))
        if pinned is None or not hashes:
            raise SetupProblem(
                f"{lock}: not a pinned requirement with hashes: {line[:80]}",
                remedy="restore the file from git, or write it anew with scripts/lock",
            )
        found.append(Locked(pinned[1], pinned[2], pinned[3] or "", hashes))
    return tuple(found)


def options(lock: Path) -> tuple[str, ...]:
    """The lines of a lock that say which packages may come as source."""
    lines = lock.read_text("utf-8").splitlines()
    return tuple(line for line in lines if line.startswith(("--only-binary", "--no-binary")))


def missing(packages: tuple[Locked, ...], folder: Path) -> tuple[Locked, ...]:
    """The packages of which no file with a right hash lies in ``folder``."""
    have = set()
    for file in folder.iterdir():
        with file.open("rb") as stream:
            have.add(hashlib.file_digest(stream, "sha256").hexdigest())
    return tuple(package for package in packages if not package.hashes & have)


def digest(locks: tuple[Path, ...]) -> str:
    """One SHA-256 over several locks, in hexadecimal."""
    whole = hashlib.sha256()
    for lock in locks:
        whole.update(hashlib.sha256(lock.read_bytes()).digest())
    return whole.hexdigest()


def count(packages: tuple[Locked, ...]) -> int:
    """How many packages one Python installs: a name may stand there once per Python."""
    return len({package.name for package in packages})


def _joined(text: str) -> list[str]:
    whole = re.sub(r"\\\n", " ", text)
    lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in whole.splitlines())
    return [re.sub(r"\s+", " ", line) for line in lines if line]


def _hash_words(line: str, lock: Path) -> list[str]:
    words = [word for word in line.split() if word.startswith("--")]
    if any(HASH.fullmatch(word) is None for word in words):
        raise SetupProblem(
            f"{lock}: an option that a lock may not have: {line[:80]}",
            remedy="restore the file from git, or write it anew with scripts/lock",
        )
    return words
