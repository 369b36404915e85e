"""What the policies say, asked of Cedar, and only ever believed when it is without fault.

Cedar skips a policy whose condition raises an error, a ``forbid`` as well, and then reports the
others' verdict.  Here any error, any missing decision and any decision without a reason is a
denial.  Policies are validated against their schema when they are loaded; one that does not fit,
or has no ``@id`` and ``@description``, keeps the whole set from loading.

Decisions are made per access class, not per document: documents that the policy cannot tell apart
are decided together.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance.access.principals import Principal, Standing
from appliance.documents import Collection
from appliance.errors import PolicyError
from appliance.store.records import effective

if TYPE_CHECKING:
    import cedarpy

SCHEMA = "schema.cedarschema"
LARGEST_FILE = 1_000_000  # bytes
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")  # as the audit log takes it
_REMEDY = "correct the policies, then run `appliance policy check`"


@dataclass(frozen=True, slots=True)
class AccessClass:
    """What the policy can tell of a document, or of the appliance itself (all empty)."""

    collection: str
    sector: str
    classification: str = ""
    kind: str = ""
    flags: frozenset[str] = frozenset()

    @classmethod
    def of(cls, collection: str, sector: str, labels: Sequence[tuple[str, str]]) -> AccessClass:
        """The class of a document with these labels.

        The labels ``classification`` and ``kind`` are taken as they are; every label whose value
        is "yes" is a flag.
        """
        named = dict(labels)
        return cls(
            collection,
            sector,
            named.get("classification", ""),
            named.get("kind", ""),
            frozenset(key for key, value in named.items() if value == "yes"),
        )

    @classmethod
    def within(cls, where: Collection, labels: Sequence[tuple[str, str]]) -> AccessClass:
        """The class of a document with these labels in a collection, which adds its own.

        A label of the document goes before one of the collection, but a "yes" of either stays.
        """
        return _within(where, tuple(labels))


@dataclass(frozen=True, slots=True)
class Decision:
    """One verdict: the ids of the policies that made it, and why in a few words."""

    allow: bool
    policies: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Request:
    """One question to Cedar. Entities are (type, id)."""

    principal: tuple[str, str]
    action: tuple[str, str]
    resource: tuple[str, str]
    context: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class _Part:
    """Some of the policies, and what each one's id in the whole set is, by its id in here."""

    policies: cedarpy.PolicySet
    places: Mapping[str, str]  # empty: it is the whole set


class Cedar:
    """Cedar with one set of policies; the only place where it is called."""

    def __init__(self, policies: str, schema: str) -> None:
        """Parse and validate.

        Raises:
            PolicyError: the policies or the schema do not parse, or do not fit each other.
        """
        import cedarpy

        try:
            self._schema = cedarpy.Schema.from_str(schema)
            self._policies = cedarpy.PolicySet.from_str(policies)
            found = cedarpy.validate_policies(policies, schema)
            self._spelled = json.loads(cedarpy.policies_to_json_str(policies))
            self._annotations = _annotations(self._spelled)
        except ValueError as error:
            raise PolicyError(f"the policies do not parse: {error}", remedy=_REMEDY) from error
        self._parts: dict[tuple[str, str], _Part] = {}
        if not found.validation_passed:
            faults = "; ".join(str(fault) for fault in found.errors)
            raise PolicyError(f"the policies do not fit the schema: {faults}", remedy=_REMEDY)

    @property
    def annotations(self) -> Mapping[str, Mapping[str, str]]:
        """The annotations of every policy, by Cedar's own policy id, in the order of the text."""
        return self._annotations

    def authorise(
        self, requests: Sequence[Request], entities: Sequence[Mapping[str, object]]
    ) -> tuple[Decision, ...]:
        """One decision per request, in order. Deciding never raises: it denies.

        Args:
            requests: what to decide.
            entities: in Cedar's JSON form (uid, attrs, parents).
        """
        import cedarpy

        try:
            part = self._part(requests)
            known = cedarpy.Entities.from_json_str(json.dumps(entities), self._schema)
            results = cedarpy.is_authorized_batch(
                [_spelled(request) for request in requests], part.policies, known, self._schema
            )
        except ValueError:
            return tuple(_UNDECIDED for _ in requests)
        if len(results) != len(requests):
            return tuple(_UNDECIDED for _ in requests)
        return tuple(self._decision(result, part.places) for result in results)

    def _part(self, requests: Sequence[Request]) -> _Part:
        """The policies whose scope takes the one action that is asked for; else all of them.

        Cedar evaluates a policy only when its scope fits, so those left out change nothing.
        """
        actions = {request.action for request in requests}
        if len(actions) != 1:
            return _Part(self._policies, {})
        (action,) = actions
        if action not in self._parts:
            self._parts[action] = self._cut(action)
        return self._parts[action]

    def _cut(self, action: tuple[str, str]) -> _Part:
        """Cedar itself is asked which scopes take an action: every policy as a bare permit."""
        import cedarpy

        policies: dict[str, dict[str, object]] = self._spelled["staticPolicies"]
        everybody = {"principal": {"op": "All"}, "resource": {"op": "All"}, "conditions": []}
        bare = {
            place: {"effect": "permit", "action": policy["action"], **everybody}
            for place, policy in policies.items()
        }
        text, places = _numbered(bare)
        asked = {"principal": _NOBODY, "resource": _NOBODY, "context": {}}
        asked["action"] = {"type": action[0], "id": action[1]}
        # The schema is given with the actions as entities, and not with the request, whose person
        # and thing are nobody: only the scope of the action is in question.
        actions = cedarpy.Entities.from_json_str("[]", self._schema)
        found = cedarpy.is_authorized(asked, text, actions)
        if found.diagnostics.errors:
            return _Part(self._policies, {})
        fitting = {places[identity] for identity in found.diagnostics.reasons}
        if not fitting:
            return _Part(self._policies, {})
        text, places = _numbered({place: policies[place] for place in sorted(fitting)})
        return _Part(cedarpy.PolicySet.from_str(text), places)

    def _decision(self, result: cedarpy.AuthzResult, places: Mapping[str, str]) -> Decision:
        import cedarpy

        diagnostics = result.diagnostics
        if diagnostics.errors or result.decision is cedarpy.Decision.NoDecision:
            return _UNDECIDED
        reasons = (places.get(identity, identity) for identity in diagnostics.reasons)
        policies = tuple(sorted(map(self._name, reasons)))
        if result.decision is cedarpy.Decision.Allow and policies:
            return Decision(True, policies, "permitted by policy")
        if policies:
            return Decision(False, policies, "forbidden by policy")
        return Decision(False, (), "no policy permits it")

    def _name(self, identity: str) -> str:
        return self._annotations[identity].get("id", identity)


class PolicySet:
    """The policies of one folder, validated."""

    def __init__(self, cedar: Cedar, digest: str, actions: tuple[str, ...]) -> None:
        """Join what ``load`` made."""
        self._cedar, self._hash, self._actions = cedar, digest, actions

    @classmethod
    def load(cls, folder: Path) -> PolicySet:
        """Read ``schema.cedarschema`` and every ``*.cedar`` file of a folder.

        Raises:
            PolicyError: a file is missing or unreadable, does not validate, or a policy has no
                ``@id`` of one word and ``@description``, or two have the same id.
        """
        schema = _read(folder / SCHEMA)
        try:
            files = sorted(folder.glob("*.cedar"))
        except OSError as error:
            reason = f"{folder} cannot be read ({error.strerror})"
            raise PolicyError(reason, remedy=_REMEDY) from error
        if not files:
            raise PolicyError(f"{folder} holds no policy (*.cedar)", remedy=_REMEDY)
        texts = [_read(file) for file in files]
        try:
            cedar = Cedar("\n".join(texts), schema)
            _check_annotations(cedar.annotations)
        except PolicyError as error:
            raise PolicyError(f"{folder}: {error.message}", remedy=error.remedy) from error
        return cls(cedar, _digest([schema, *texts]), _actions(schema))

    @property
    def hash(self) -> str:
        """SHA-256 over schema and policies, 64 hex digits: names the set in every record."""
        return self._hash

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions that somebody can take, in the order of the schema, without groups."""
        return self._actions

    @property
    def descriptions(self) -> Mapping[str, str]:
        """What each policy says in plain words, by its id."""
        return {named["id"]: named["description"] for named in self._cedar.annotations.values()}

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all policies."""
        return tuple(named["id"] for named in self._cedar.annotations.values())

    def decide(
        self, principal: Principal, action: str, resources: Sequence[AccessClass], purpose: str
    ) -> tuple[Decision, ...]:
        """One decision per access class, in order; anything unclear is a denial.

        Raises:
            PolicyError: there is nothing to decide on, which must not read as permission.
        """
        if not resources:
            raise PolicyError("a decision needs at least one access class")
        person = ("User", str(principal.uid))
        names = [("Class", str(number)) for number in range(len(resources))]
        requests = [
            Request(person, ("Action", action), name, {"purpose": purpose}) for name in names
        ]
        groups = [("Role", role) for role in sorted(principal.roles)]
        groups += [("Team", team) for team in sorted(principal.teams)]
        facts = {"purposes": sorted(principal.purposes)}
        entities = [_entity(person, facts, groups), *(_entity(group, {}, []) for group in groups)]
        standings, none = dict(principal.standings), Standing()
        for name, resource in zip(names, resources, strict=True):
            standing = standings.get(resource.collection, none)
            entities.append(_entity(name, _attributes(resource, standing), []))
        return self._cedar.authorise(requests, entities)


def check(folder: Path) -> tuple[str, ...]:
    """What is wrong with a policy folder: that it does not load, or examples that fail.

    Each policy needs an example of its own for "allow" and one for "deny"; see ``examples``.
    """
    from appliance.access import examples

    try:
        return examples.problems(PolicySet.load(folder), folder)
    except PolicyError as error:
        return (error.message,)


_NOBODY = {"type": "Nobody", "id": ""}
_UNDECIDED = Decision(False, (), "the policies could not be evaluated")


def _spelled(request: Request) -> dict[str, object]:
    kinds = (request.principal, request.action, request.resource)
    names = ({"type": kind, "id": identity} for kind, identity in kinds)
    asked: dict[str, object] = dict(zip(("principal", "action", "resource"), names, strict=True))
    return asked | {"context": dict(request.context)}


def _entity(
    name: tuple[str, str], attributes: Mapping[str, object], parents: Sequence[tuple[str, str]]
) -> dict[str, object]:
    return {
        "uid": {"type": name[0], "id": name[1]},
        "attrs": attributes,
        "parents": [{"type": kind, "id": identity} for kind, identity in parents],
    }


def _attributes(resource: AccessClass, standing: Standing) -> dict[str, object]:
    return {
        "collection": resource.collection,
        "sector": resource.sector,
        "classification": resource.classification,
        "kind": resource.kind,
        "flags": sorted(resource.flags),
        "relations": sorted(standing.relations),
        "contributes": standing.contributes,
        "walled": standing.walled,
        "opened": standing.opened,
    }


def _actions(schema: str) -> tuple[str, ...]:
    """What ``action ... appliesTo`` names.  The schema has been parsed by Cedar before."""
    bare = re.sub(r"//[^\n]*", "", schema)
    found = re.findall(r"\baction\s+([^;{]+?)\s+(?:in\s*\[[^\]]*\]\s*)?appliesTo\b", bare)
    return tuple(word.strip().strip('"') for names in found for word in names.split(","))


@lru_cache(maxsize=1 << 17)
def _within(where: Collection, labels: tuple[tuple[str, str], ...]) -> AccessClass:
    return AccessClass.of(where.id, where.sector, tuple(effective(where.labels, labels).items()))


def _numbered(policies: Mapping[str, Mapping[str, object]]) -> tuple[str, dict[str, str]]:
    """Policies as Cedar's text, and the place in the whole set of each that Cedar numbers anew."""
    import cedarpy

    marked = {place: {**one, "annotations": {"place": place}} for place, one in policies.items()}
    plain = {"staticPolicies": marked, "templates": {}, "templateLinks": []}
    text = cedarpy.policies_from_json_str(json.dumps(plain))
    again = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"]
    return text, {number: one["annotations"]["place"] for number, one in again.items()}


def _annotations(plain: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    if plain["templates"]:
        raise PolicyError("a policy is a template, which nothing here fills", remedy=_REMEDY)
    policies = plain["staticPolicies"]
    order = sorted(policies, key=lambda identity: int(identity.removeprefix("policy")))
    return {identity: policies[identity].get("annotations", {}) for identity in order}


def _check_annotations(policies: Mapping[str, Mapping[str, str]]) -> None:
    if not policies:
        raise PolicyError("the files hold no policy", remedy=_REMEDY)
    seen: set[str] = set()
    for number, named in enumerate(policies.values(), start=1):
        for wanted in ("id", "description"):
            if not named.get(wanted):
                raise PolicyError(f"policy {number} has no @{wanted}", remedy=_REMEDY)
        if not _ID.fullmatch(named["id"]):
            raise PolicyError(f"policy {number}: its @id is not one short word", remedy=_REMEDY)
        if named["id"] in seen:
            raise PolicyError(f"two policies have the id {named['id']}", remedy=_REMEDY)
        seen.add(named["id"])


def _read(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            data = opened.read(LARGEST_FILE + 1)
        if len(data) > LARGEST_FILE:
            raise PolicyError(f"{file} is larger than {LARGEST_FILE} bytes", remedy=_REMEDY)
        return data.decode("utf-8")
    except OSError as error:
        raise PolicyError(f"{file} cannot be read ({error.strerror})", remedy=_REMEDY) from error
    except UnicodeDecodeError as error:
        raise PolicyError(f"{file} is not UTF-8 text", remedy=_REMEDY) from error


def _digest(texts: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for text in texts:
        data = text.encode("utf-8")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()
