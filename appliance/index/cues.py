"""How documents word what people ask of them: a small thesaurus of law, finance and medicine.

A question says "governing law", the contract "construed in accordance with the laws of".  The
phrases are data (``cues/*.toml``), written from knowledge of the fields and not from documents.
They widen a search; they never narrow it.  Pure but for reading the shipped files once.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from appliance.index.terms import tokenise

_FOLDER = Path(__file__).parent / "cues"


@dataclass(frozen=True, slots=True)
class Cue:
    """One subject of questions."""

    asks: tuple[frozenset[str], ...]  # terms, all of one set in a question: it asks for this
    says: tuple[str, ...]  # phrases of documents on this subject


@lru_cache
def shipped() -> tuple[Cue, ...]:
    """Every cue that ships with the appliance, in the order of the files."""
    return tuple(cue for file in sorted(_FOLDER.glob("*.toml")) for cue in _read(file))


def said(question: str, cues: Iterable[Cue] | None = None) -> tuple[str, ...]:
    """Phrases with which documents state what the question asks for; none: not a known subject.

    A subject whose words are all among those of another, larger one is left out: "third party
    beneficiary" is not about parties.
    """
    terms = frozenset(tokenise(question))
    met: list[tuple[frozenset[str], Cue]] = []
    for cue in shipped() if cues is None else cues:
        fitting = [ask for ask in cue.asks if ask <= terms]
        if fitting:
            met.append((max(fitting, key=lambda ask: (len(ask), sorted(ask))), cue))
    kept = [cue for ask, cue in met if not any(ask < other for other, _ in met)]
    return tuple(phrase for cue in kept for phrase in cue.says)


def _read(file: Path) -> list[Cue]:
    table = tomllib.loads(file.read_text("utf-8"))
    return [
        Cue(tuple(frozenset(tokenise(ask)) for ask in cue["asks"]), tuple(cue["says"]))
        for cue in table["cue"]
    ]
