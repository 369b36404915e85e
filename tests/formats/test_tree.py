"""XML as data: no entities, no network, and a count that does not follow the reader."""

from __future__ import annotations

import time

import pytest
from lxml import etree

from appliance.formats import tree
from appliance.sandbox.outcome import Outcome, ReadingFailed

LAUGHS = b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><l>&b;</l>'


@pytest.mark.parametrize("encoding", ["ascii", "utf-16"])
def test_a_part_that_declares_entities_is_refused(encoding: str) -> None:
    part = LAUGHS.decode("ascii").encode(encoding)

    for parse in (tree.parsed, tree.salvaged):
        with pytest.raises(ReadingFailed) as failed:
            parse(part)
        assert failed.value.outcome is Outcome.DAMAGED
    with pytest.raises(ReadingFailed):
        list(tree.streamed(part, ("{*}l",), ("end",)))


def test_entities_in_attributes_stay_within_bounds() -> None:
    names = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE l [<!ENTITY e0 "ha">{names}]><l a="&e11;"/>'
    hidden = '<?xml version="1.0" encoding="IBM037"?>' + bomb

    for untrusted in (bomb.encode(), hidden.encode("cp037")):
        before = time.process_time()
        with pytest.raises(etree.XMLSyntaxError):
            etree.fromstring(untrusted, tree.xml_parser(untrusted))
        assert time.process_time() - before < 2


def test_deep_trees_are_read_whole() -> None:
    root = tree.parsed(b"<a>" * 1000 + b"deep" + b"</a>" * 1000)

    assert "".join(root.itertext()) == "deep"


def test_what_is_not_well_formed_is_read_as_far_as_it_goes() -> None:
    with pytest.raises(etree.XMLSyntaxError):
        tree.parsed(b"<a><b>one</b><b>tw")

    root = tree.salvaged(b"<a><b>one</b><b>tw")

    assert root is not None
    assert root.findtext("b") == "one"
    assert tree.salvaged(b" ") is None


def test_of_alternatives_the_first_with_text_counts() -> None:
    filled = "<m:C><m:Choice><t>new</t></m:Choice><m:Fallback><t>old</t></m:Fallback></m:C>"
    empty = "<m:C><m:Choice/><m:Fallback><t>spare</t></m:Fallback></m:C>"
    part = f"<r xmlns:m='mc'><t>a</t>{filled}{empty}<i>no</i></r>".encode()

    assert list(tree.texts(part, ("t",))) == ["a", "new", "spare"]
    root = tree.parsed(part)
    for node, name in zip(root.iterfind("{mc}C"), ("Choice", "Fallback"), strict=True):
        branch = tree.alternative(node)
        assert branch is not None
        assert tree.local(branch) == name


def test_a_count_stops_at_damage() -> None:
    assert list(tree.texts(b"<r><t>one</t><t>two</r>", ("t",))) == ["one"]


def test_a_part_larger_than_the_bound_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "LARGEST_TREE", 10)

    with pytest.raises(ReadingFailed) as failed:
        tree.parsed(b"<a>0123456789</a>")
    assert failed.value.outcome is Outcome.TOO_LARGE
