"""Type hints as objects, also of names that a module imports for its type checker only."""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
from collections.abc import Callable, Mapping
from functools import cache
from typing import get_type_hints


@cache
def type_hints(of: type | Callable[..., object]) -> Mapping[str, object]:
    """The hints of a class or function by name, ``return`` among them.

    Raises:
        NameError: a hint names what its module knows nothing of.
    """
    return get_type_hints(of, localns=_Late(of.__module__))


class _Late(dict[str, object]):
    """Names under ``if TYPE_CHECKING`` of a module, imported when they are looked up."""

    def __init__(self, module: str) -> None:
        super().__init__()
        self._imports = _imported_late(module)

    def __missing__(self, name: str) -> object:
        module, attribute = self._imports[name]
        return getattr(importlib.import_module(module), attribute)


@cache
def _imported_late(module: str) -> Mapping[str, tuple[str, str]]:
    found = {}
    for node in ast.parse(inspect.getsource(sys.modules[module])).body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for line in node.body:
                if isinstance(line, ast.ImportFrom) and line.module:
                    for alias in line.names:
                        found[alias.asname or alias.name] = line.module, alias.name
    return found
