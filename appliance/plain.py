"""The nouns to plain JSON values and back, for sealed results and for ``--json``.

``to_plain`` keeps field names; a Span becomes ``[begin, end]``.  ``from_plain`` is its inverse for
a given type and raises ValueError on anything that does not fit, so that bytes from disk become
nouns at one place.
"""

from __future__ import annotations

import dataclasses
import types
from enum import StrEnum
from typing import TypeVar, Union, get_args, get_origin, get_type_hints

from appliance.documents import Span

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]
Noun = TypeVar("Noun")


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
    if value is None or isinstance(value, bool | int | float | str):
        return str(value) if isinstance(value, StrEnum) else value
    raise ValueError(f"no plain form for {type(value).__name__}")


def from_plain(kind: type[Noun], plain: object) -> Noun:
    """The noun of type ``kind`` that ``to_plain`` turned into ``plain``.

    Raises:
        ValueError: ``plain`` does not have the shape of ``kind``.
    """
    try:
        return _build(kind, plain)  # type: ignore[return-value]
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"not a {kind.__name__}") from error


def _build(kind: object, plain: object) -> object:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        inner = [item for item in arguments if item is not type(None)]
        return None if plain is None else _build(inner[0], plain)
    if origin is tuple:
        return _build_tuple(arguments, plain)
    if hasattr(kind, "__supertype__"):  # a NewType
        return _build(kind.__supertype__, plain)
    return _build_class(kind, plain) if isinstance(kind, type) else _scalar(kind, plain)


def _build_class(kind: type, plain: object) -> object:
    if kind is Span and isinstance(plain, list):
        begin, end = (int(_scalar(int, item)) for item in plain)  # type: ignore[call-overload]
        return Span(begin, end)
    if issubclass(kind, StrEnum):
        return kind(str(_scalar(str, plain)))
    if dataclasses.is_dataclass(kind) and isinstance(plain, dict):
        hints = get_type_hints(kind)
        return kind(**{name: _build(hints[name], item) for name, item in plain.items()})
    return _scalar(kind, plain)


def _build_tuple(arguments: tuple[object, ...], plain: object) -> object:
    if not isinstance(plain, list):
        raise ValueError("not a list")
    if arguments[-1] is Ellipsis:
        return tuple(_build(arguments[0], item) for item in plain)
    return tuple(_build(kind, item) for kind, item in zip(arguments, plain, strict=True))


def _scalar(kind: object, plain: object) -> object:
    if kind is float and type(plain) is int:
        return float(plain)
    if type(plain) is not kind:
        raise ValueError("a scalar of another type")
    return plain
