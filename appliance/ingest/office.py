"""Which module reads which kind of office, web and text file.  Runs in the confined child."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from appliance.ingest import kinds, pictures
from appliance.ingest.reading import Reading, Wishes
from appliance.sandbox.outcome import Outcome, ReadingFailed

if TYPE_CHECKING:
    from appliance.ingest.worker import Reader

_ROOM = "appliance.ingest."
_MODULES = {
    kinds.DOCX: "word",
    kinds.PPTX: "slides",
    kinds.XLSX: "sheets",
    **dict.fromkeys((kinds.ODT, kinds.ODS, kinds.ODP), "odf"),
    kinds.EPUB: "epub",
    **dict.fromkeys((kinds.HTML, kinds.MHTML), "web"),
    **dict.fromkeys((kinds.TXT, kinds.MD, kinds.CSV), "prose"),
    **dict.fromkeys((kinds.XML, kinds.JSON, kinds.JSONL), "markup"),
}


def warm() -> None:
    """Import what reads these kinds, so that the children find it loaded."""
    pictures.warm()
    for name in sorted(set(_MODULES.values())):
        _module(name).warm()


def read(data: bytes, media_type: str, wishes: Wishes) -> Reading:
    """Read one document.

    Raises:
        ReadingFailed: a kind that is not read here, and what the reader of the kind raises.
        Exception: whatever a parser raises at a damaged file.
    """
    name = _MODULES.get(media_type)
    if name is None:
        raise ReadingFailed(Outcome.UNSUPPORTED)
    return _module(name).read(data, media_type, wishes)


def _module(name: str) -> Reader:
    return cast("Reader", import_module(_ROOM + name))
