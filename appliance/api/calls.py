"""What can be called over the service's socket: the use cases, found by their type hints.

Every public method of ``Appliance``, and of the rooms that its class names, whose parameters and
result are nouns: texts, numbers, bytes, words of an enumeration, frozen dataclasses, and rows and
tables of these.  A parameter ``Iterable[noun]`` is a stream that the core pulls, a result
``Iterator[noun]`` or ``Generator[noun, ...]`` one that the caller pulls.  A method with anything
else in its signature is not there: what may be called is decided here, for both sides.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import inspect
import types
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path
from typing import Union, get_args, get_origin

from appliance.app.view import Appliance
from appliance.hints import type_hints
from appliance.ingest.folder import Found

_SCALARS = {str, int, float, bool, bytes, types.NoneType, Path}
_ROWS = {tuple, list, frozenset, collections.abc.Sequence}
_TABLES = {dict, collections.abc.Mapping}
_PULLED: set[type] = {collections.abc.Iterator, collections.abc.Generator}
# Of a view, which ends with its connection; between rooms; for the measuring of packs.
_NOT_CALLED = {"close", "decide", "weigh"}


@dataclass(frozen=True, slots=True)
class Method:
    """One use case as both sides know it."""

    room: str  # attribute of the appliance; empty: the appliance itself
    name: str
    parameters: Mapping[str, object]  # type of each; of a stream: of its items
    stream: str  # name of the parameter that is one; empty: none
    result: object  # type; of a stream: of its items
    yields: bool  # the result is a stream
    function: Callable[..., object]

    def fits(self, names: Collection[str]) -> bool:
        """Whether these arguments, and the stream where there is one, make a call."""
        streams = [self.stream] if self.stream else []
        try:
            inspect.signature(self.function).bind(None, **dict.fromkeys([*names, *streams]))
        except TypeError:
            return False
        return self.stream not in names

    @property
    def path(self) -> str:
        """How it is called: ``room.name``, or ``name``."""
        return f"{self.room}.{self.name}" if self.room else self.name


@cache
def rooms() -> Mapping[str, type]:
    """The rooms of the appliance by attribute; the empty name is the appliance itself."""
    named = type_hints(Appliance)
    found = {name: room for name, room in named.items() if not name.startswith("_")}
    return {"": Appliance, **{name: room for name, room in found.items() if inspect.isclass(room)}}


@lru_cache(1024)  # of names that anybody may make up
def method_at(path: str) -> Method | None:
    """The use case of this path; None where there is none that can be called."""
    room, _, name = path.rpartition(".")
    function = dict(_public(room)).get(name) if room in rooms() else None
    return None if function is None else _method(room, name, function)


def methods() -> Mapping[str, Method]:
    """Every use case by its path."""
    found = map(method_at, _paths())
    return {method.path: method for method in found if method is not None}


def not_callable() -> tuple[str, ...]:
    """Public methods that stay in their process, because something else is in their signature."""
    return tuple(sorted(path for path in _paths() if method_at(path) is None))


def crosses(kind: object) -> bool:
    """Whether values of a type can be said over the socket."""
    kind = getattr(kind, "__supertype__", kind)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        return all(map(crosses, arguments))
    if origin in _ROWS:
        return all(crosses(item) for item in arguments if item is not Ellipsis)
    if origin in _TABLES:
        return all(map(crosses, arguments))
    return isinstance(kind, type) and (kind in _SCALARS or _is_word(kind) or _is_noun(kind))


def _is_word(kind: type) -> bool:
    return issubclass(kind, StrEnum)


@cache
def _is_noun(kind: type) -> bool:
    if kind is Found:  # its descriptor travels beside it, see files.py
        return True
    if not dataclasses.is_dataclass(kind):
        return False
    frozen: bool = kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    return frozen and all(map(crosses, type_hints(kind).values()))


def _paths() -> tuple[str, ...]:
    return tuple(f"{room}.{name}".lstrip(".") for room in rooms() for name, _ in _public(room))


def _public(room: str) -> Iterator[tuple[str, types.FunctionType]]:
    for name, function in inspect.getmembers(rooms()[room], inspect.isfunction):
        if not name.startswith("_") and name not in _NOT_CALLED:
            yield name, function


def _method(room: str, name: str, function: types.FunctionType) -> Method | None:
    hints = dict(type_hints(function))
    result = hints.pop("return", None)
    if set(hints) != set(inspect.signature(function).parameters) - {"self"}:
        return None
    streams = [one for one, kind in hints.items() if _item(kind, {collections.abc.Iterable})]
    stream = streams[0] if len(streams) == 1 else ""
    if stream:
        hints[stream] = _item(hints[stream], {collections.abc.Iterable})
    item = _item(result, _PULLED)
    if not all(map(crosses, hints.values())) or not crosses(item or result):
        return None
    return Method(room, name, hints, stream, item or result, item is not None, function)


def _item(kind: object, origins: set[type]) -> object | None:
    return get_args(kind)[0] if get_origin(kind) in origins else None
