"""What an OLE document carries besides its text: embedded objects, macros."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from appliance.documents import Flag
from appliance.formats import attached
from appliance.formats.attached import Attachment, Unreadable
from appliance.formats.build import DocumentBuilder
from appliance.formats.ole import package
from appliance.formats.ole.container import Container
from appliance.formats.reading import Part

NO_FILE = "an embedded object that holds no file (a formula, a control, a drawing) is not read"
MACROS = "macros are neither run nor read"
_MACROS = frozenset({"macros", "_vba_project", "_vba_project_cur", "vba"})


def has_macros(container: Container) -> bool:
    """Whether there is a storage of Visual Basic."""
    return any(name.lower() in _MACROS for path in container.paths for name in path)


def objects(
    container: Container, storages: Sequence[Sequence[str]], first: int, builder: DocumentBuilder
) -> tuple[tuple[Part, ...], int | None]:
    """The files in these storages; an object without a file is a gap."""
    found = [attachment(package.unwrap_storage(container, path)) for path in storages]
    return hand_out(found, first, builder)


def hand_out(
    found: Sequence[Attachment], first: int, builder: DocumentBuilder
) -> tuple[tuple[Part, ...], int | None]:
    """As `attached.hand_out`; an embedded object runs a program when it is opened: a flag."""
    if found:
        builder.flag(Flag.ACTIVE)
    return attached.hand_out(found, first, builder)


def attachment(unwrapped: tuple[str, bytes] | None) -> Attachment:
    """What `package` unwrapped as a file to hand out."""
    if unwrapped is None:
        return Attachment("", partial(_refuse, NO_FILE), "embedded object")
    return Attachment(unwrapped[0], partial(bytes, unwrapped[1]))


def _refuse(reason: str) -> bytes:
    raise Unreadable(reason)
