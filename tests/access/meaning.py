"""A second writing of the shipped policies, in Python, from their descriptions and not from Cedar.

``permits`` says what the policies have to decide; the tests and `scripts/compare` put
random requests to both.  Nothing of the appliance decides here.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from appliance.access.policy import AccessClass
from appliance.access.principals import Principal, Standing

READ = ("list", "show", "search", "ask", "summarize", "extract", "export")
CONTENT = (*READ, "ingest", "delete")
RUN = ("status", "policy_check", "engine", "attest", "accept")
MANAGE = (
    "user_change",
    "role_change",
    "grant_change",
    "wall_change",
    "label_change",
    "key_change",
    "factor_remove",
)
SURVEY = (
    "user_list",
    "grant_list",
    "wall_list",
    "break_glass_list",
    "policy_explain",
    "policy_diff",
    "review_list",
)
REVIEW = ("break_glass_review", "review_start", "review_next", "review_note", "review_sign")
OWN = ("factor_enrol", "factor_check", "factor_remove")  # of one's own second factor
KEYS = ("officer_list", "officer_key_publish", "officer_key_share", "officer_key_retire")
EVIDENCE = ("audit_export", "audit_report", "audit_checkpoint", "audit_cosign")
ENDING = ("retention_list", "retention_remove", "period_destroy")  # what is kept of the log
CONSOLE = ("console_login", "console_read")
OTHER = (
    *CONSOLE,
    *KEYS,
    *ENDING,
    *EVIDENCE,
    "create_collection",
    "audit_show",
    "audit_verify",
    "break_glass_open",
    *REVIEW,
    "policy_propose",
    "policy_approve",
    "seal",
    "factor_enrol",
    "factor_check",
)
ACTIONS = (*CONTENT, *RUN, *MANAGE, *SURVEY, *OTHER)
PURPOSES = ("TREATMENT", "PAYMENT", "OPERATIONS", "PATIENT_REQUEST")

_ROLES = ("operator", "officer", "administrator", "custodian", "intern")
_RELATIONS = ("member", "counsel", "care_team", "office", "deal_team", "wall_crosser", "friend")
_SECTORS = ("legal", "health", "finance", "general", "")
_WORDS = (*PURPOSES, "", "CURIOSITY")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    person: Principal
    action: str
    resource: AccessClass
    purpose: str


def permits(asked: Asked) -> bool:
    """Whether the shipped policies, as they are described, permit this."""
    return _granted(asked) and not _forbidden(asked)


def drawn(chance: random.Random) -> Asked:
    """A random request; the odds favour operators who stand in some relation to the collection."""
    collection = chance.choice(("a", "b", ""))
    standings = tuple((one, _standing(chance)) for one in ("a", "b") if chance.random() < 0.85)
    roles = {role for role in _ROLES if chance.random() < 0.12}
    if chance.random() < 0.75:
        roles.add("operator")
    person = Principal(
        chance.randrange(3),
        "p",
        frozenset(roles),
        frozenset(t for t in ("public-side", "trial") if chance.random() < 0.15),
        frozenset(p for p in _WORDS if p and chance.random() < 0.7),
        standings,
    )
    flags = ("hold", "privileged", "founding", "own", "draft")
    resource = AccessClass(
        collection,
        chance.choice(_SECTORS),
        chance.choice(("", "secret")),
        chance.choice(("", "lease")),
        frozenset(flag for flag in flags if chance.random() < 0.2),
    )
    action = chance.choice(ACTIONS if chance.random() < 0.4 else CONTENT)
    return Asked(person, action, resource, chance.choice(_WORDS))


def _standing(chance: random.Random) -> Standing:
    relations = frozenset(r for r in _RELATIONS if chance.random() < 0.25)
    return Standing(relations, *(chance.random() < odds for odds in (0.5, 0.1, 0.2)))


def standing(asked: Asked) -> Standing:
    """What stands between the person and the collection."""
    return dict(asked.person.standings).get(asked.resource.collection, Standing())


def _granted(asked: Asked) -> bool:
    roles, action = asked.person.roles, asked.action
    operator = "operator" in roles and (action == "create_collection" or _of_sector(asked))
    founding = "founding" in asked.resource.flags and action in MANAGE
    officer = "officer" in roles and (
        action in (*SURVEY, "audit_show", "audit_verify", "status", "policy_check")
        or action in REVIEW
        or action in (*KEYS, *EVIDENCE, *CONSOLE)
        or founding
    )
    administrator = "administrator" in roles and action in (*RUN, *MANAGE, *SURVEY)
    proof = action in ("attest", "accept") and bool(roles & {"operator", "officer"})
    second = action in ("policy_propose", "policy_approve", *ENDING) and bool(
        roles & {"officer", "administrator"}
    )
    own = "own" in asked.resource.flags and action in OWN
    seal = action == "seal" and bool(roles & {"officer", "administrator", "custodian"})
    return operator or officer or administrator or proof or second or own or seal


def _of_sector(asked: Asked) -> bool:
    """What operators may with the documents of a sector."""
    action, is_ = asked.action, standing(asked)
    if asked.resource.sector == "general":
        return action in CONTENT
    if asked.resource.sector == "health":
        return _health(asked, is_)
    if asked.resource.sector == "legal":
        team = bool(is_.relations & {"member", "counsel"})
        return team and (action in READ or (action in ("ingest", "delete") and is_.contributes))
    if asked.resource.sector == "finance":
        if "deal_team" in is_.relations and (
            action in READ or (action in ("ingest", "delete") and is_.contributes)
        ):
            return True
        return "wall_crosser" in is_.relations and action in READ and action != "export"
    return False


def _health(asked: Asked, is_: Standing) -> bool:
    care = "care_team" in is_.relations
    office = care or "office" in is_.relations
    action, purpose = asked.action, asked.purpose
    may = {
        "TREATMENT": (set(READ) if care else set())
        | ({"list", "show", "search", "ask", "summarize"} if is_.opened else set())
        | {"break_glass_open"},
        "PAYMENT": {"list", "search", "extract"} if office else set(),
        "OPERATIONS": {"list", "search", "extract"} if office else set(),
        "PATIENT_REQUEST": {"list", "show", "export"} if care else set(),
    }.get(purpose, set())
    if office and is_.contributes and purpose in ("TREATMENT", "OPERATIONS"):
        may |= {"ingest", "delete"}
    return action in may


def _forbidden(asked: Asked) -> bool:
    roles, resource, is_ = asked.person.roles, asked.resource, standing(asked)
    touching = asked.action in CONTENT or asked.action == "break_glass_open"
    crossed = "wall_crosser" in is_.relations
    return (
        ("custodian" in roles and asked.action != "seal")
        or (touching and "administrator" in roles)
        or (touching and "officer" in roles and "operator" not in roles)
        or (touching and is_.walled)
        or (asked.action == "delete" and "hold" in resource.flags)
        or _forbidden_in_sector(asked, touching, crossed)
    )


def _forbidden_in_sector(asked: Asked, touching: bool, crossed: bool) -> bool:
    flags, relations = asked.resource.flags, standing(asked).relations
    if asked.resource.sector == "legal":
        return asked.action in READ and "privileged" in flags and "counsel" not in relations
    if asked.resource.sector == "health":
        stated = asked.purpose in PURPOSES and asked.purpose in asked.person.purposes
        return touching and not stated
    if asked.resource.sector == "finance":
        barrier = "public-side" in asked.person.teams and asked.action in CONTENT and not crossed
        return barrier or (asked.action == "export" and crossed)
    return False
