"""The files inside an office document, to be handed out as documents of their own (`attached`).

An embedded OLE object is unwrapped: what a person sees as "a file in the document" lies in there,
with its name (`ole.package`).  A program runs when such an object is opened, so it is flagged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from appliance.documents import Flag
from appliance.formats import kinds
from appliance.formats.attached import DAMAGED, Attachment, Unreadable, hand_out
from appliance.formats.build import DocumentBuilder
from appliance.formats.ole import package as ole_package
from appliance.formats.reading import Part, Reading, Wishes
from appliance.formats.zip_package import Package

NO_FILE = "the embedded object holds no file that is read here"

Parts = tuple[tuple[Part, ...], int | None]


def parts_of(
    package: Package, members: Sequence[str], wishes: Wishes, builder: DocumentBuilder
) -> Parts:
    """The files in these members of a container, from the one that is asked for on."""
    found = [_attachment(package, name, builder) for name in members]
    return hand_out(found, wishes.first_part, builder)


def rest_of(
    package: Package, members: Sequence[str], wishes: Wishes, builder: DocumentBuilder
) -> Reading | None:
    """Only the parts, where the first of them were handed out before; None at the first call."""
    if not wishes.first_part:
        return None
    parts, following = parts_of(package, members, wishes, builder)
    return Reading(None, parts, following)


def _attachment(package: Package, member: str, builder: DocumentBuilder) -> Attachment:
    name = member.rpartition("/")[2]
    load: Callable[[], bytes] = partial(_whole, package, member)
    if package.begin(member, len(kinds.OLE_MARK)) == kinds.OLE_MARK:
        builder.flag(Flag.ACTIVE)
        unwrapped = ole_package.unwrap(package.read(member))
        name = unwrapped[0] if unwrapped else name
        load = partial(_unwrapped, package, member)
    return Attachment(name, load, "embedded file")


def _whole(package: Package, member: str) -> bytes:
    data = package.read(member)
    if member in package.damaged and not data:
        raise Unreadable(DAMAGED)
    return data


def _unwrapped(package: Package, member: str) -> bytes:
    unwrapped = ole_package.unwrap(package.read(member))
    if unwrapped is None:
        raise Unreadable(NO_FILE)
    return unwrapped[1]
