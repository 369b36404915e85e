"""What an OLE document carries besides its text: embedded objects, macros."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from appliance.documents import Unit
from appliance.ingest import embedded, ole_package
from appliance.ingest.build import DocumentBuilder
from appliance.ingest.embedded import Candidate
from appliance.ingest.ole_container import Container
from appliance.ingest.reading import Part

NO_FILE = "an embedded object that holds no file (a formula, a control, a drawing) is not read"
_MACROS = frozenset({"macros", "_vba_project", "_vba_project_cur", "vba"})


def has_macros(container: Container) -> bool:
    """Whether there is a storage of Visual Basic."""
    return any(name.lower() in _MACROS for path in container.paths for name in path)


def objects(
    container: Container, storages: Sequence[Sequence[str]], first: int, builder: DocumentBuilder
) -> tuple[tuple[Part, ...], int | None]:
    """The files in these storages; an object without a file is a gap."""
    candidates = []
    for path in storages:
        found = ole_package.unwrap_storage(container, path)
        if found is None:
            builder.add_gap(NO_FILE, None, Unit.PARTS)
        else:
            candidates.append(Candidate(found[0], partial(bytes, found[1])))
    return embedded.hand_out(candidates, first, builder)
