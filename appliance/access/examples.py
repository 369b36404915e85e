"""Examples of what a policy set decides, kept beside the policies as ``*.tests.json``.

A file holds a list of objects: ``policy`` (the id it is about), ``roles``, ``action``,
``expect`` (allow or deny), and optionally ``resource`` (fields of an access class, and of what
stands between the person and its collection), ``purpose``, ``teams``, and ``purposes`` that the
person may ask for (by default the one that is asked for).  An example on the side of its policy,
allow for a permit and deny for a forbid, has to be decided by that very policy, so taking the
policy away makes the example fail.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from appliance.access.policy import LARGEST_FILE, AccessClass, Decision, PolicySet
from appliance.access.principals import Principal, Standing
from appliance.errors import PolicyError

_KEYS = {"policy", "roles", "action", "expect", "resource", "purpose", "teams", "purposes"}
_CLASS_KEYS = ("collection", "sector", "classification", "kind")
_SIGNS = ("contributes", "walled", "opened")
_RESOURCE_KEYS = {*_CLASS_KEYS, "flags", "relations", *_SIGNS}
_NOBODY = 4_294_967_294  # a user number that no person has


@dataclass(frozen=True, slots=True)
class Example:
    """One question and the verdict that it must get."""

    policy: str
    person: Principal
    action: str
    allow: bool
    resource: AccessClass
    purpose: str = ""
    source: str = field(default="", compare=False)  # file and number, for messages


def problems(policies: PolicySet, folder: Path) -> tuple[str, ...]:
    """Examples that fail, and policies that lack one, in a sentence each."""
    try:
        found = load(folder)
    except PolicyError as error:
        return (error.message,)
    wrong = [fault for example in found for fault in _fault(policies, example)]
    for policy in policies.ids:
        for allow in (True, False):
            if not any(e.policy == policy and e.allow is allow for e in found):
                verdict = "allow" if allow else "deny"
                wrong.append(f"{folder}: policy {policy} has no example with expect = {verdict}")
        if not any(policy in _decided(policies, e).policies for e in found if e.policy == policy):
            wrong.append(f"{folder}: no example of policy {policy} is decided by it")
    return tuple(wrong)


def load(folder: Path) -> tuple[Example, ...]:
    """The examples of all ``*.tests.json`` files of a folder.

    Raises:
        PolicyError: a file cannot be read or does not have the form of one.
    """
    found: list[Example] = []
    for file in sorted(folder.glob("*.tests.json")):
        try:
            if file.stat().st_size > LARGEST_FILE:
                raise PolicyError(f"{file} is larger than {LARGEST_FILE} bytes")
            rows = json.loads(file.read_bytes())
        except (OSError, ValueError) as error:
            raise PolicyError(f"{file} cannot be read as JSON") from error
        if not isinstance(rows, list):
            raise PolicyError(f"{file} does not hold a list")
        found += [_example(row, f"{file} example {n}") for n, row in enumerate(rows, start=1)]
    return tuple(found)


def _fault(policies: PolicySet, example: Example) -> tuple[str, ...]:
    if example.policy not in policies.ids:
        return (f"{example.source}: there is no policy {example.policy}",)
    decision = _decided(policies, example)
    if decision.allow is not example.allow:
        verdict = "allowed" if decision.allow else "denied"
        return (f"{example.source} ({example.policy}): {verdict}, {decision.reason}",)
    return ()


def _decided(policies: PolicySet, example: Example) -> Decision:
    return policies.decide(example.person, example.action, [example.resource], example.purpose)[0]


def _example(row: object, source: str) -> Example:
    if not isinstance(row, Mapping) or not row.keys() <= _KEYS:
        raise PolicyError(f"{source} has other keys than {', '.join(sorted(_KEYS))}")
    resource = row.get("resource", {})
    if not isinstance(resource, Mapping) or not resource.keys() <= _RESOURCE_KEYS:
        raise PolicyError(f"{source}: resource has other keys than {sorted(_RESOURCE_KEYS)}")
    if row.get("expect") not in ("allow", "deny"):
        raise PolicyError(f"{source} lacks a policy, an action or a verdict, or one is no text")
    purpose = _text(row.get("purpose", ""), source)
    where = AccessClass(
        **{key: _text(resource.get(key, ""), source) for key in _CLASS_KEYS},
        flags=_names(resource.get("flags", []), source),
    )
    standing = Standing(
        _names(resource.get("relations", []), source),
        *(_sign(resource.get(key, False), source) for key in _SIGNS),
    )
    person = Principal(
        _NOBODY,
        "example",
        _names(row.get("roles"), source),
        _names(row.get("teams", []), source),
        _names(row.get("purposes", [purpose]), source),
        ((where.collection, standing),),
    )
    policy, action = _text(row.get("policy"), source), _text(row.get("action"), source)
    return Example(policy, person, action, row["expect"] == "allow", where, purpose, source)


def _text(value: object, source: str) -> str:
    if not isinstance(value, str):
        raise PolicyError(f"{source} lacks a policy, an action or a verdict, or one is no text")
    return value


def _names(value: object, source: str) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise PolicyError(f"{source}: roles, teams, purposes, flags, relations are lists of texts")
    return frozenset(value)


def _sign(value: object, source: str) -> bool:
    if not isinstance(value, bool):
        raise PolicyError(f"{source}: {', '.join(_SIGNS)} are true or false")
    return value
