"""The policy folder: what loads, what the default policies decide, what ``check`` finds."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.access.policy import AccessClass, PolicySet, check
from appliance.access.principals import Principal, Standing, current
from appliance.documents import Collection, CollectionId
from appliance.errors import PolicyError
from tests.access.meaning import (
    ACTIONS,
    CONSOLE,
    CONTENT,
    ENDING,
    EVIDENCE,
    KEYS,
    MANAGE,
    OTHER,
    REVIEW,
    RUN,
    SURVEY,
    drawn,
    permits,
    standing,
)

# a busy machine is no fault of the code
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

POLICIES = Path(__file__).parent.parent.parent / "policies"
ADMIN = [*RUN, *MANAGE, *SURVEY, *OTHER]
DEFAULT = PolicySet.load(POLICIES)
ROLES = ("operator", "officer", "administrator", "custodian")
MATTER = AccessClass("ab" * 16, "legal")
COUNSEL = ((MATTER.collection, Standing(frozenset({"counsel"}), contributes=True)),)


def person(*roles: str) -> Principal:
    return Principal(1000, "ana", frozenset(roles), standings=COUNSEL)


def allowed(policies: PolicySet, who: Principal, action: str, what: AccessClass = MATTER) -> bool:
    (decision,) = policies.decide(who, action, [what], "care")
    return decision.allow


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the default policies, to be changed."""
    return Path(shutil.copytree(POLICIES, tmp_path / "policies"))


def add(folder: Path, text: str) -> PolicySet:
    (folder / "more.cedar").write_text(text, "utf-8")
    return PolicySet.load(folder)


@pytest.mark.parametrize("action", [*CONTENT, *ADMIN, "no_such_action", ""])
def test_without_a_role_everything_is_denied(action: str) -> None:
    assert not allowed(DEFAULT, person(), action)
    assert not allowed(DEFAULT, person("reader", "Operator"), action)


def test_who_may_do_what_by_default() -> None:
    may = {
        role: {action for action in ACTIONS if allowed(DEFAULT, person(role), action)}
        for role in ROLES
    }
    proofs, policies = {"attest", "accept"}, {"policy_propose", "policy_approve", *ENDING}
    assert may == {
        "operator": {*CONTENT, "create_collection", *proofs},
        "officer": {"audit_show", "audit_verify", "policy_check", "status"}
        | {*REVIEW, *KEYS, *EVIDENCE, *CONSOLE, *SURVEY, *proofs, *policies, "seal"},
        "administrator": {*RUN, *MANAGE, *SURVEY, *policies, "seal"},
        "custodian": {"seal"},
    }


@pytest.mark.parametrize("action", CONTENT)
def test_an_administrator_reads_nothing_whatever_else_they_are(action: str) -> None:
    assert not allowed(DEFAULT, person(*ROLES), action)


def test_the_shipped_policies_against_their_meaning_in_python() -> None:
    """Many more: `scripts/compare`."""
    chance = random.Random()  # noqa: S311 -- no secret
    for _ in range(3000):
        asked = drawn(chance)
        (found,) = DEFAULT.decide(asked.person, asked.action, [asked.resource], asked.purpose)
        assert found.allow is permits(asked), asked


def test_the_comparison_finds_a_policy_turned_round(folder: Path) -> None:
    """The control: another policy set does differ from the meaning."""
    file = folder / "finance.cedar"
    file.write_text(file.read_text("utf-8").replace('"public-side"', '"private-side"'), "utf-8")
    changed, chance = PolicySet.load(folder), random.Random(6)  # noqa: S311 -- no secret
    asked = [drawn(chance) for _ in range(3000)]
    answers = [changed.decide(a.person, a.action, [a.resource], a.purpose)[0] for a in asked]
    assert any(answer.allow is not permits(a) for a, answer in zip(asked, answers, strict=True))


def test_each_class_is_decided_by_itself() -> None:
    kept = AccessClass("a", "general", flags=frozenset({"hold"}))
    free = AccessClass("a", "general")
    decisions = DEFAULT.decide(person("operator"), "delete", [free, kept, free], "")
    assert [decision.allow for decision in decisions] == [True, False, True]
    assert decisions[1].policies == ("hold",)


def test_deciding_on_nothing_is_not_permission() -> None:
    with pytest.raises(PolicyError):
        DEFAULT.decide(person("operator"), "ask", [], "")


@CALM
@given(st.text(), st.text(), st.text())
def test_odd_texts_never_permit_more(role: str, action: str, text: str) -> None:
    resource = AccessClass(text, text, text, text, frozenset({text}))
    if role not in ROLES:
        assert not allowed(DEFAULT, person(role), action, resource)


def test_a_wall_wins_over_every_permit(folder: Path) -> None:
    walled = add(
        folder,
        '@id("screen") @description("Screened from one matter.") forbid ('
        'principal in Role::"screened", action in Action::"content", resource)'
        f' when {{ resource.collection == "{MATTER.collection}" }};'
        '@id("all") @description("Everything.") permit (principal, action, resource);',
    )
    for action in CONTENT:
        assert not allowed(walled, person("operator", "screened"), action)
        other = AccessClass("b", "general")
        assert allowed(walled, person("operator", "screened"), action, other)
        assert allowed(walled, person("operator"), action)


def test_no_permit_added_opens_a_wall(folder: Path) -> None:
    """Random people and collections, and a policy that permits everything to everybody."""
    widest = add(
        folder, '@id("all") @description("Everything.") permit (principal, action, resource);'
    )
    chance, walled = random.Random(), 0  # noqa: S311 -- no secret
    for _ in range(4000):
        asked = drawn(chance)
        if asked.action in CONTENT and standing(asked).walled:
            walled += 1
            (found,) = widest.decide(asked.person, asked.action, [asked.resource], asked.purpose)
            assert not found.allow, asked
    assert walled > 50


def test_an_erring_wall_denies(folder: Path) -> None:
    erring = add(
        folder,
        '@id("screen") @description("Errs: there is no such class.") forbid ('
        'principal, action, resource) when { Class::"gone".sector == resource.sector };',
    )
    assert not allowed(erring, person("operator"), "ask")


def test_purpose_can_be_asked_for(folder: Path) -> None:
    strict = add(
        folder,
        '@id("purpose") @description("These records need a purpose.") forbid ('
        'principal, action in Action::"read", resource)'
        ' when { resource.sector == "general" && context.purpose == "" };',
    )
    record = AccessClass("p", "general")
    (without,) = strict.decide(person("operator"), "show", [record], "")
    (stated,) = strict.decide(person("operator"), "show", [record], "treatment")
    assert (without.allow, stated.allow) == (False, True)


def test_the_hash_names_the_set(folder: Path) -> None:
    assert PolicySet.load(folder).hash == DEFAULT.hash
    changed = add(folder, "// nothing but a remark\n")
    assert changed.hash != DEFAULT.hash
    assert len(changed.hash) == 64


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("permit (principal, action, resource);", "no @id"),
        ('@id("x") permit (principal, action, resource);', "no @description"),
        ('@id("") @description("d") permit (principal, action, resource);', "no @id"),
        ('@id("two words") @description("d") permit (principal, action, resource);', "one short"),
        ('@id("hold") @description("d") permit (principal, action, resource);', "two policies"),
        (
            '@id("x") @description("d") permit (principal, action, resource)'
            " when { resource.legalhold };",
            "do not fit the schema",
        ),
        ("permit (", "do not parse"),
    ],
)
def test_a_faulty_policy_keeps_the_set_from_loading(
    folder: Path, text: str, complaint: str
) -> None:
    with pytest.raises(PolicyError, match=complaint):
        add(folder, text)
    assert any(complaint in problem for problem in check(folder))


def no_schema(folder: Path) -> None:
    (folder / "schema.cedarschema").unlink()


def no_policy(folder: Path) -> None:
    for file in folder.glob("*.cedar"):
        file.unlink()


def empty_policy(folder: Path) -> None:
    for file in folder.glob("*.cedar"):
        file.write_text("// nothing")


def latin_1(folder: Path) -> None:
    (folder / "general.cedar").write_bytes(b"// caf\xe9")


def huge(folder: Path) -> None:
    (folder / "general.cedar").write_bytes(b"/" * 1_000_001)


def no_folder(folder: Path) -> None:
    shutil.rmtree(folder)


@pytest.mark.parametrize("harm", [no_schema, no_policy, empty_policy, latin_1, huge, no_folder])
def test_a_faulty_folder_does_not_load(folder: Path, harm: Callable[[Path], None]) -> None:
    harm(folder)
    with pytest.raises(PolicyError) as caught:
        PolicySet.load(folder)
    assert str(folder) in caught.value.message
    assert check(folder)


def test_the_packaged_policies_have_no_problem() -> None:
    assert check(POLICIES) == ()


@pytest.mark.parametrize("policy", DEFAULT.ids)
def test_taking_a_policy_away_or_turning_it_round_is_found(folder: Path, policy: str) -> None:
    (file,) = (f for f in folder.glob("*.cedar") if f'@id("{policy}")' in f.read_text("utf-8"))
    text = file.read_text("utf-8")
    begin = text.index(f'@id("{policy}")')
    end = text.index("\n@id(", begin) if "\n@id(" in text[begin:] else len(text)
    one = text[begin:end]
    effects = ("permit (", "forbid (")
    turned = one.replace(*effects if effects[0] in one else effects[::-1])
    for changed in (text[:begin] + text[end:], text[:begin] + turned + text[end:]):
        file.write_text(changed, "utf-8")
        assert check(folder)


def test_a_policy_without_examples_is_found(folder: Path) -> None:
    add(folder, '@id("new") @description("d") permit (principal in Role::"x", action, resource);')
    found = check(folder)
    assert any("new has no example with expect = allow" in problem for problem in found)
    assert any("new has no example with expect = deny" in problem for problem in found)
    assert any("no example of policy new is decided by it" in problem for problem in found)


@pytest.mark.parametrize(
    "example",
    [
        [{"policy": "gone", "roles": [], "action": "ask", "expect": "deny"}],
        [{"policy": "hold", "roles": ["operator"], "action": "delete", "expect": "allow"}],
        [{"policy": "hold", "roles": "operator", "action": "delete", "expect": "deny"}],
        [{"policy": "hold", "roles": [], "action": "delete", "expect": "maybe"}],
        [{"policy": "hold", "roles": [], "action": "delete", "expect": "deny", "colour": "x"}],
        [{"policy": "hold", "roles": [], "action": 7, "expect": "deny"}],
        [{"policy": "h", "roles": [], "action": "a", "expect": "deny", "resource": {"x": 1}}],
        [{"policy": "h", "roles": [], "action": "a", "expect": "deny", "resource": {"kind": 1}}],
        [{"policy": "h", "roles": [], "action": "a", "expect": "deny", "resource": {"flags": "x"}}],
        [{"policy": "h", "roles": [], "action": "a", "expect": "deny", "resource": {"walled": 1}}],
        [{"policy": "h", "roles": [], "action": "a", "expect": "deny", "teams": "x"}],
        ["text"],
        {"not": "a list"},
    ],
)
def test_a_faulty_example_is_found(folder: Path, example: object) -> None:
    (folder / "more.tests.json").write_text(json.dumps(example))
    assert check(folder)


def test_an_example_file_that_is_no_json_is_found(folder: Path) -> None:
    (folder / "more.tests.json").write_text("[")
    assert any("more.tests.json" in problem for problem in check(folder))


def test_labels_of_the_collection_are_those_of_its_documents() -> None:
    where = Collection(
        CollectionId("c"), "n", "legal", "", (("classification", "secret"), ("hold", "yes"))
    )
    assert AccessClass.within(where, (("hold", "no"), ("draft", "yes"))) == AccessClass(
        "c", "legal", "secret", "", frozenset({"hold", "draft"})
    )


def test_labels_make_the_class() -> None:
    labels = (("classification", "secret"), ("kind", "lease"), ("hold", "yes"), ("draft", "no"))
    assert AccessClass.of("c", "legal", labels) == AccessClass(
        "c", "legal", "secret", "lease", frozenset({"hold"})
    )


def test_the_person_is_named_by_the_operating_system() -> None:
    assert current(0, frozenset({"officer"})) == Principal(0, "root", frozenset({"officer"}))
    assert current(4_294_967_290, frozenset()).name == "4294967290"
