"""The media of a bundle: which is put in, which is wanted next.

A medium is a folder whose file ``VOLUME`` holds its label.  Several may be there at once; where
only one can be, the next is asked for by its label, at the same place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from .manifest import Entry
from .pool import Piece
from .problems import InstallProblem

Vet = Callable[[Path], None]  # raises when a medium is not what was signed
Ask = Callable[[str], bool]  # shows a sentence, waits; False: nobody is there to answer


@dataclass
class Media:
    """The places where media may be; ``ask`` is called when a volume is in none of them.

    ``vet`` looks at each medium before the first file is taken from it.
    """

    places: tuple[Path, ...]
    ask: Ask
    vet: Vet = lambda _: None
    _known: dict[str, Path] = field(default_factory=dict)

    def folder(self, label: str) -> Path:
        """The folder of one volume.

        Raises:
            InstallProblem: it is nowhere and nobody can put it in.
        """
        while True:
            known = self._known.get(label)
            if known is not None and _label(known) == label:
                return known
            for place in self._candidates():
                if _label(place) == label:
                    self.vet(place)
                    self._known[label] = place
                    return place
            where = self.places[0]
            if not self.ask(f"Put in the volume {label}, so that it is at {where}."):
                raise InstallProblem(
                    f"the volume {label} is not there",
                    remedy=f"mount it and run again with --media FOLDER (looked at {where})",
                )

    def _candidates(self) -> Iterable[Path]:
        for place in self.places:
            yield place
            yield from sorted(path for path in place.parent.glob("vol*") if path.is_dir())

    def pieces(self, entry: Entry) -> Iterable[Piece]:
        """Where the bytes of one file are, in order."""
        if not entry.chunks:
            yield self._piece(entry.volume, entry.sha256, entry.size, entry.path)
        for number, chunk in enumerate(entry.chunks, start=1):
            name = f"{entry.path}, chunk {number} of {len(entry.chunks)} on {chunk.volume}"
            yield self._piece(chunk.volume, chunk.sha256, chunk.size, name)

    def _piece(self, label: str, sha256: str, size: int, name: str) -> Piece:
        source = self.folder(label) / "pool" / "sha256" / sha256[:2] / sha256
        return Piece(source, sha256, size, name)


def _label(folder: Path) -> str:
    try:
        return (folder / "VOLUME").read_text("ascii").strip()
    except (OSError, ValueError):
        return ""
