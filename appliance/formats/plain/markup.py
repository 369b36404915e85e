"""Reads XML and JSON as data: values with the names that lead to them, records as tables.

Entities are never expanded.  Records that are alike (children of one name, objects of one list)
become the rows of a table, with the names of their fields as heads; mixed text becomes paragraphs.
Runs in the confined reader child.  Source: XML 1.0, RFC 8259, JSON Lines.
"""

from __future__ import annotations

import html
import re

from lxml import etree
from lxml.etree import _Element as Node

from appliance.documents import ElementKind, Unit
from appliance.formats import account, kinds, text, tree
from appliance.formats.build import DocumentBuilder, Entry
from appliance.formats.plain import data_values
from appliance.formats.reading import Reading, Wishes
from appliance.formats.table import add_table
from appliance.formats.tree import local
from appliance.sandbox.outcome import Outcome, ReadingFailed

ENTITY = "an entity that the file declares is not expanded"
DAMAGED = "the XML breaks off or is damaged: it is read as far as it goes"
_UNSEEN = re.compile(r"<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>|<!--.*?-->|<\?.*?\?>", re.S)
_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.S)
_TAG = re.compile(r"<[^<>]*>?|&(?!(?:amp|lt|gt|quot|apos);)\w+;")  # an entity says nothing itself
_FEWEST_RECORDS = 2
_MOST_FIELDS = 500
_DEEPEST = 300
_LONGEST_PATH = 4  # names before a value


def warm() -> None:
    """Import what guesses encodings; the confined children cannot."""
    text.warm()


def read(data: bytes, media_type: str, wishes: Wishes) -> Reading:
    """Read one file of data.

    Raises:
        ReadingFailed: damaged beyond reading, text without end.
    """
    builder = DocumentBuilder(media_type)
    if media_type == kinds.XML:
        _read_xml(data, builder)
    else:
        content = text.decoded(data)
        text.note_undecoded(content, builder)
        data_values.add_json(content, builder, lines=media_type == kinds.JSONL)
        builder.tally(account.characters(data_values.seen_values(content), builder.kept()))
    return Reading(builder.finish())


def _read_xml(data: bytes, builder: DocumentBuilder) -> None:
    root, whole = _parsed(data)
    if root is None:
        raise ReadingFailed(Outcome.DAMAGED)
    entities = sum(1 for _ in root.iter(etree.Entity))
    if entities:
        builder.add_gap(ENTITY, None, Unit.ENTRIES, entities)
    XmlReader(builder).add(root)
    tally = account.characters(_seen(data, root), builder.kept())
    if not whole:
        lost = tally.seen - tally.stored
        builder.add_gap(DAMAGED, None, Unit.CHARACTERS if lost else None, max(lost, 1))
    builder.tally(tally)


def _parsed(data: bytes) -> tuple[Node | None, bool]:
    """The root, and whether the file is well-formed."""
    if len(data) > tree.LARGEST_TREE:
        raise ReadingFailed(Outcome.TOO_LARGE)
    try:
        return etree.fromstring(data, tree.xml_parser(data)), True
    except etree.XMLSyntaxError:
        root: Node | None = etree.fromstring(data, tree.xml_parser(data, recover=True))
        return root, False


def _seen(data: bytes, root: Node) -> list[str]:
    """Every text between two tags of the source, and every value of an attribute."""
    source = _UNSEEN.sub("", text.decoded(data))
    texts = [html.unescape(piece) for piece in _TAG.split(_CDATA.sub(_escaped, source))]
    for node in root.iter(etree.Element):
        texts += [value for key, value in node.attrib.items() if _is_said(key)]
    return texts


def _escaped(match: re.Match[str]) -> str:
    return html.escape(match.group(1))


def _is_said(key: str) -> bool:
    """Whether an attribute says something of the content, and is no address of a schema."""
    return not key.startswith(("{http://www.w3.org/2001/XMLSchema-instance}", "xmlns"))


class XmlReader:
    """Reads one tree into a builder."""

    def __init__(self, builder: DocumentBuilder) -> None:
        self._builder = builder

    def add(self, root: Node) -> None:
        """Add the whole tree."""
        self._add(root, (), 0)

    def _add(self, node: Node, path: tuple[str, ...], depth: int) -> None:
        path = (*path, local(node))
        if depth > _DEEPEST or _is_mixed(node) or not _children(node):
            self._add_text(node, path)
            return
        self._add_attributes(node, path)
        if _is_table(node):
            self._add_records(node)
            return
        run: list[Node] = []
        for child in _children(node):
            if run and local(child) == local(run[0]) and _is_record(child):
                run.append(child)
                continue
            self._add_run(run, path, depth)
            run = [child] if _is_record(child) else []
            if not run:
                self._add(child, path, depth + 1)
        self._add_run(run, path, depth)

    def _add_run(self, run: list[Node], path: tuple[str, ...], depth: int) -> None:
        """Records of one name that follow each other: a table, unless it is only one."""
        if len(run) >= _FEWEST_RECORDS:
            self._add_table(run)
            return
        for node in run:
            self._add(node, path, depth + 1)

    def _add_text(self, node: Node, path: tuple[str, ...]) -> None:
        self._add_attributes(node, path)
        for inner in node.iterdescendants(etree.Element):
            self._add_attributes(inner, (local(inner),))
        words = "".join(node.itertext(etree.Element))
        if _children(node):
            self._builder.add(ElementKind.TEXT, " ".join(words.split()))
        elif words.strip():
            self._builder.add(ElementKind.TEXT, f"{_named(path)}: {words.strip()}")

    def _add_attributes(self, node: Node, path: tuple[str, ...]) -> None:
        for key, value in node.attrib.items():
            if _is_said(key) and value.strip():
                name = key.rpartition("}")[2]
                self._builder.add(ElementKind.TEXT, f"{_named((*path, name))}: {value}")

    def _add_records(self, node: Node) -> None:
        self._add_table(_children(node))

    def _add_table(self, records: list[Node]) -> None:
        self._builder.add(ElementKind.TEXT, local(records[0]))
        fields: dict[str, int] = {}
        rows: list[list[Entry]] = []
        for record in records:
            row: dict[int, list[str]] = {}
            for name, value in _fields(record):
                if value.strip():
                    row.setdefault(fields.setdefault(name, len(fields)), []).append(value)
            rows.append([Entry("; ".join(values), at) for at, values in sorted(row.items())])
        heads = [Entry(name, at) for name, at in fields.items()]
        add_table(self._builder, [heads, *rows], marked=1)


def _named(path: tuple[str, ...]) -> str:
    return " > ".join(path[-_LONGEST_PATH:])


def _children(node: Node) -> list[Node]:
    return [child for child in node if isinstance(child.tag, str)]


def _is_mixed(node: Node) -> bool:
    """Whether text and elements stand beside each other."""
    if not len(node):
        return False
    return bool((node.text or "").strip()) or any((c.tail or "").strip() for c in node)


def _is_record(node: Node) -> bool:
    """Whether an element has only simple fields, at least one."""
    children = _children(node)
    if _is_mixed(node) or len(children) + len(node.attrib) > _MOST_FIELDS:
        return False
    if not children:
        return len(node.attrib) > 1
    return all(not _children(field) for field in children)


def _is_table(node: Node) -> bool:
    children = _children(node)
    alike = len({local(child) for child in children}) == 1
    return len(children) >= _FEWEST_RECORDS and alike and all(map(_is_record, children))


def _fields(record: Node) -> list[tuple[str, str]]:
    found = [(k.rpartition("}")[2], v) for k, v in record.attrib.items() if _is_said(k)]
    if (record.text or "").strip():
        found.append((local(record), record.text or ""))
    for field in _children(record):
        name = local(field)
        found += [
            (f"{name} {key.rpartition('}')[2]}", value)
            for key, value in field.attrib.items()
            if _is_said(key)
        ]
        found.append((name, "".join(field.itertext(etree.Element)).strip()))
    return found
