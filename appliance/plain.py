"""The nouns to plain JSON values and back, for sealed results, for ``--json`` and for the service.

``to_plain`` keeps field names; a Span becomes ``[begin, end]``, bytes become base64 (RFC 4648).
``from_plain`` is its inverse for a given type and raises ValueError on anything that does not fit,
so that bytes from disk or from a socket become nouns at one place.  Of several nouns that may stand
in one place, the first that fits is taken: those of this project differ in their fields.
"""

from __future__ import annotations

import binascii
import collections.abc
import dataclasses
import types
from enum import StrEnum
from pathlib import Path
from typing import TypeVar, Union, get_args, get_origin

from appliance.documents import Span
from appliance.hints import type_hints

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]
Noun = TypeVar("Noun")
_ROWS = (tuple, list, frozenset, collections.abc.Sequence)
_TABLES = (dict, collections.abc.Mapping)


def to_plain(value: object) -> Plain:
    """A JSON value for a noun, or for a tuple or mapping of nouns."""
    if isinstance(value, Span):
        return [value.begin, value.end]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, frozenset):
        return [to_plain(item) for item in sorted(value)]
    return _plain_scalar(value)


def _plain_scalar(value: object) -> Plain:
    if isinstance(value, bytes):
        return binascii.b2a_base64(value, newline=False).decode("ascii")
    if isinstance(value, StrEnum | Path):
        return str(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise ValueError(f"no plain form for {type(value).__name__}")


def from_plain(kind: type[Noun], plain: object) -> Noun:
    """The noun of type ``kind`` that ``to_plain`` turned into ``plain``.

    Raises:
        ValueError: ``plain`` does not have the shape of ``kind``.
    """
    try:
        return _build(kind, plain)  # type: ignore[return-value]
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"not a {getattr(kind, '__name__', kind)}") from error


def _build(kind: object, plain: object) -> object:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        return _build_one_of(arguments, plain)
    if origin in _ROWS:
        return _build_row(origin, arguments, plain)
    if origin in _TABLES and isinstance(plain, dict):
        key, item = arguments
        return {_key(key, name): _build(item, value) for name, value in plain.items()}
    kind = getattr(kind, "__supertype__", kind)  # of a NewType
    return _build_class(kind, plain) if isinstance(kind, type) else _scalar(kind, plain)


def _build_one_of(kinds: tuple[object, ...], plain: object) -> object:
    inner = [item for item in kinds if item is not types.NoneType]
    if plain is None and len(inner) < len(kinds):
        return None
    for kind in inner[:-1]:
        try:
            return _build(kind, plain)
        except (ValueError, TypeError, KeyError, AttributeError):
            continue
    return _build(inner[-1], plain)


def _key(kind: object, name: object) -> object:
    """JSON has no other keys than texts."""
    return int(str(name)) if kind is int else _build(kind, name)


def _build_class(kind: type, plain: object) -> object:
    if kind is Span and isinstance(plain, list):
        begin, end = (int(_scalar(int, item)) for item in plain)  # type: ignore[call-overload]
        return Span(begin, end)
    if issubclass(kind, StrEnum):
        return kind(str(_scalar(str, plain)))
    if kind is bytes:
        return binascii.a2b_base64(str(_scalar(str, plain)), strict_mode=True)
    if kind is Path:
        return Path(str(_scalar(str, plain)))
    if dataclasses.is_dataclass(kind) and isinstance(plain, dict):
        hints = type_hints(kind)
        return kind(**{name: _build(hints[name], item) for name, item in plain.items()})
    return _scalar(kind, plain)


def _build_row(origin: object, arguments: tuple[object, ...], plain: object) -> object:
    if not isinstance(plain, list):
        raise ValueError("not a list")
    if origin is not tuple or arguments[-1] is Ellipsis:
        items = [_build(arguments[0], item) for item in plain]
        made = frozenset(items) if origin is frozenset else tuple(items)
        return items if origin is list else made
    if not arguments and not plain:
        return ()
    return tuple(_build(kind, item) for kind, item in zip(arguments, plain, strict=True))


def _scalar(kind: object, plain: object) -> object:
    if kind is float and type(plain) is int:
        return float(plain)
    if type(plain) is not kind:
        raise ValueError("a scalar of another type")
    return plain
