"""Examples of what a policy set decides, kept beside the policies as ``*.tests.json``.

A file holds a list of objects: ``policy`` (the id it is about), ``roles``, ``action``,
``expect`` (allow or deny), and optionally ``resource`` (fields of an access class) and
``purpose``.  An example on the side of its policy, allow for a permit and deny for a forbid, has
to be decided by that very policy, so taking the policy away makes the example fail.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from appliance.access.policy import LARGEST_FILE, AccessClass, Decision, PolicySet
from appliance.access.principals import Principal
from appliance.errors import PolicyError

_KEYS = {"policy", "roles", "action", "expect", "resource", "purpose"}
_RESOURCE_KEYS = {"collection", "sector", "classification", "kind", "flags"}
_NOBODY = 4_294_967_294  # a user number that no person has


@dataclass(frozen=True, slots=True)
class Example:
    """One question and the verdict that it must get."""

    policy: str
    roles: frozenset[str]
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
    person = Principal(_NOBODY, "example", example.roles)
    return policies.decide(person, example.action, [example.resource], example.purpose)[0]


def _example(row: object, source: str) -> Example:
    if not isinstance(row, Mapping) or not row.keys() <= _KEYS:
        raise PolicyError(f"{source} has other keys than {', '.join(sorted(_KEYS))}")
    resource = row.get("resource", {})
    if not isinstance(resource, Mapping) or not resource.keys() <= _RESOURCE_KEYS:
        raise PolicyError(f"{source}: resource has other keys than {sorted(_RESOURCE_KEYS)}")
    words = {key: resource.get(key, "") for key in _RESOURCE_KEYS - {"flags"}}
    texts = [row.get("policy"), row.get("action"), row.get("purpose", ""), *words.values()]
    lists = (row.get("roles"), resource.get("flags", []))
    if row.get("expect") not in ("allow", "deny") or not all(isinstance(t, str) for t in texts):
        raise PolicyError(f"{source} lacks a policy, an action or a verdict, or one is no text")
    if not all(
        isinstance(names, list) and all(isinstance(n, str) for n in names) for names in lists
    ):
        raise PolicyError(f"{source}: roles and flags are lists of texts")
    return Example(
        policy=row["policy"],
        roles=frozenset(row["roles"]),
        action=row["action"],
        allow=row["expect"] == "allow",
        resource=AccessClass(**words, flags=frozenset(resource.get("flags", []))),
        purpose=row.get("purpose", ""),
        source=source,
    )
