"""The reader process: this module runs in it, and in it alone.

`main` confines the process and serves documents.  Parsers are imported when the first document of
their kind comes, in the warm process, so that its children share them.
"""

from __future__ import annotations

from collections.abc import Sequence

from appliance.ingest import kinds, wire
from appliance.sandbox.child import Limits, serve
from appliance.sandbox.outcome import Outcome, ReadingFailed


def main(arguments: Sequence[str]) -> None:
    """Serve until the control socket closes; ``arguments``: MiB, CPU seconds, wall seconds."""
    memory_mib, cpu_seconds, wall_seconds = (int(argument) for argument in arguments)
    serve(Limits(memory_mib << 20, cpu_seconds, wall_seconds), warm, read)


def warm(media_type: str) -> None:
    """Import what reads this kind of file."""
    if media_type == kinds.PDF:
        from appliance.ingest import pdf  # noqa: F401 -- imported for the children
    elif media_type in kinds.OFFICE:
        from appliance.ingest import office

        office.warm(media_type)


def read(media_type: str, untrusted: bytes, password: str) -> bytes:
    """Read one document and encode it.

    Raises:
        ReadingFailed: with the reason as a number.
        Exception: whatever a parser raises at a damaged file.
    """
    if media_type == kinds.PDF:
        from appliance.ingest import pdf

        parsed = pdf.read_pdf(untrusted, password)
    elif media_type in kinds.OFFICE:
        from appliance.ingest import office

        parsed = office.read_office(untrusted, media_type)
    else:
        raise ReadingFailed(Outcome.UNSUPPORTED)
    if not parsed.text.strip():
        raise ReadingFailed(Outcome.NO_TEXT)
    return wire.encode(parsed)
