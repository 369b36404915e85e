"""The values of mail headers as people read them, also where the header parser fails on them."""

from __future__ import annotations

from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import EmailMessage

_FAULTS = (ValueError, IndexError, AttributeError, TypeError, LookupError, HeaderParseError)


def values(message: EmailMessage, name: str) -> list[str]:
    """Every value of one header, decoded."""
    try:
        parsed = message.get_all(name, [])
        found = [str(value) for value in parsed]
        faulty = any(getattr(value, "defects", ()) for value in parsed)
    except _FAULTS:
        faulty = True
    if faulty:  # the parser leaves out what it does not understand
        raw = [value for key, value in message.raw_items() if key.lower() == name.lower()]
        found = [_decoded(str(value)) for value in raw]
    return [shown(value) for value in found]


def _decoded(value: str) -> str:
    try:
        return str(make_header(decode_header(value)))
    except _FAULTS:
        return value


def shown(value: str) -> str:
    """Bytes beyond ASCII come out of the parser as lone surrogates: here as UTF-8, or Latin."""
    if not any("\udc80" <= letter <= "\udcff" for letter in value):
        return value
    raw = value.encode("utf-8", "surrogateescape")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")
