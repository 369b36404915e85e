"""Parses XML of files as data: no entities, no network, bounded.  Runs in the confined child.

An office file never declares entities; one that does is a bomb or a trap and is refused.  In XML
of any other kind an entity stays unexpanded, and is a gap.  Names are compared without their
namespace, because the strict and the transitional form of a format differ in nothing else.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

from lxml import etree
from lxml.etree import _Element as Node

from appliance.sandbox.outcome import Outcome, ReadingFailed

LARGEST_TREE = 96 << 20  # bytes of XML that are parsed at once
_DECLARED = tuple("<!ENTITY".encode(encoding) for encoding in ("ascii", "utf-16-le", "utf-16-be"))
_PROLOGUE = 1024  # bytes
_ENCODING = re.compile(rb"<\?xml[^>]*\bencoding\s*=\s*[\"']([\w.:-]+)")
_SEEN_THROUGH = frozenset(
    {b"utf-8", b"us-ascii", b"ascii", b"iso-8859-1", b"windows-1252", b"utf-16"}
)
_FALLBACK, _CHOICE = "Fallback", "Choice"


def parsed(untrusted: bytes) -> Node:
    """The root of a part of an office file.

    Raises:
        etree.XMLSyntaxError: not well-formed.
        ReadingFailed: it declares entities, or is too large.
    """
    _refuse(untrusted)
    return etree.fromstring(untrusted, xml_parser(untrusted))


def salvaged(untrusted: bytes) -> Node | None:
    """The root of a part that is not well-formed, as far as it goes; None where nothing does.

    Raises:
        ReadingFailed: it declares entities, or is too large.
    """
    _refuse(untrusted)
    if not untrusted.strip():
        return None
    root: Node | None = etree.fromstring(untrusted, xml_parser(untrusted, recover=True))
    return root


def xml_parser(untrusted: bytes, *, recover: bool = False) -> etree.XMLParser:
    """A parser for these bytes that reaches for nothing and expands nothing.

    Attributes are the exception: libxml2 expands entities in them whatever it is told, within
    bounds that ``huge_tree`` lifts.  So trees may be deep, 2,048 levels in place of 256, only where
    the bytes are seen to declare no entity.
    """
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=_declares_nothing(untrusted),
        recover=recover,
        remove_comments=True,
        remove_pis=True,
    )


def streamed(
    untrusted: bytes, tags: tuple[str, ...], events: tuple[str, ...]
) -> Iterator[tuple[str, Node]]:
    """Events of the elements with these tags, without ever holding the whole tree.

    Raises:
        etree.XMLSyntaxError: not well-formed, after everything before it was given.
        ReadingFailed: it declares entities.
    """
    refuse_entities(untrusted)
    yield from etree.iterparse(
        io.BytesIO(untrusted),
        events=events,
        tag=tags,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def texts(untrusted: bytes, names: tuple[str, ...]) -> Iterator[str]:
    """The text of every element with one of these local names, as a stream: the way of a count.

    Of alternatives for one thing (``mc:AlternateContent``) the first that holds text counts.
    What follows damage is not seen.
    """
    tags = tuple(f"{{*}}{name}" for name in (*names, _CHOICE, _FALLBACK))
    found: list[int] = []  # texts of the choices that are open or just closed, by depth
    skipping = 0
    count = 0
    try:
        for event, node in streamed(untrusted, tags, ("start", "end")):
            name = local(node)
            if name == _CHOICE:
                if event == "start":
                    found.append(count)
                else:
                    began = found.pop()
                    node.getparent().set("appliance-filled", "1" if count > began else "0")
            elif name == _FALLBACK:
                filled = node.getparent().get("appliance-filled") == "1"
                if filled:
                    skipping += 1 if event == "start" else -1
            elif event == "end":
                if node.text and not skipping:
                    count += 1
                    yield node.text
                node.clear(keep_tail=True)
    except etree.XMLSyntaxError:
        return


def local(node: Node) -> str:
    """The element's name without its namespace; empty for what is no element."""
    tag = node.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(node: Node, name: str) -> str:
    """The attribute with this local name, in whatever namespace; empty without one."""
    for key, value in node.attrib.items():
        if key.rpartition("}")[2] == name:
            return str(value)
    return ""


def child(node: Node | None, name: str) -> Node | None:
    """The first child with this local name."""
    return None if node is None else node.find(f"{{*}}{name}")


def alternative(node: Node) -> Node | None:
    """Which branch of an ``mc:AlternateContent`` is read: the first that holds text, or a drawing.

    Source: ECMA-376 part 3, 10.2.
    """
    branches = [branch for branch in node if local(branch) in {_CHOICE, _FALLBACK}]
    for branch in branches:
        if any(local(inner) in {"t", "delText"} and inner.text for inner in branch.iter("{*}*")):
            return branch
    return branches[0] if branches else None


def _declares_nothing(untrusted: bytes) -> bool:
    """Whether the bytes hold no declaration of an entity, in an encoding in which one is seen."""
    head = untrusted[:_PROLOGUE].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    stated = _ENCODING.search(head)
    known = stated is None or stated.group(1).lower() in _SEEN_THROUGH
    return head.startswith(b"<") and known and not any(mark in untrusted for mark in _DECLARED)


def refuse_entities(untrusted: bytes) -> None:
    """Refuse XML that declares entities.

    Raises:
        ReadingFailed: it does.
    """
    if any(mark in untrusted for mark in _DECLARED):
        raise ReadingFailed(Outcome.DAMAGED)


def _refuse(untrusted: bytes) -> None:
    if len(untrusted) > LARGEST_TREE:
        raise ReadingFailed(Outcome.TOO_LARGE)
    refuse_entities(untrusted)
