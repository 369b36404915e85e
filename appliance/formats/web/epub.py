"""Reads EPUB books: the chapters in the order of the book, each as the web page that it is.

Runs in the confined reader child.  Source: EPUB 3.3 and Open Container Format (W3C).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from urllib.parse import unquote

from lxml import etree
from lxml.etree import _Element as Node

from appliance.documents import Flag
from appliance.formats import account, kinds, pictures, tree
from appliance.formats.build import DocumentBuilder
from appliance.formats.ooxml.parts import CUT, DAMAGED_PART
from appliance.formats.reading import Reading, Wishes
from appliance.formats.text import decoded
from appliance.formats.tree import child
from appliance.formats.web import count
from appliance.formats.web.page import add_html
from appliance.formats.zip_package import Package
from appliance.sandbox.outcome import Outcome, ReadingFailed

LOST = "a chapter is missing"
_PAGES = r".*\.(?:xhtml|html|htm)"
_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_PAGE_TYPES = frozenset({"application/xhtml+xml", "text/html", "text/x-oeb1-document"})
# Fonts are scrambled, not encrypted, by these; EPUB 3.3, 4.4
_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")


def warm() -> None:
    """Nothing to do: what is imported here is warm."""


def read(data: bytes, media_type: str, wishes: Wishes) -> Reading:
    """Read one book.

    Raises:
        ReadingFailed: no book in it, encrypted, text without end.
    """
    builder = DocumentBuilder(media_type)
    package = Package(data)
    if package.cut:
        builder.add_gap(CUT)
    _refuse_encrypted(package)
    chapters, contents = _chapters(package, builder)
    for name in chapters:
        if name not in package:
            builder.add_gap(LOST)
            continue
        add_html(decoded(package.read(name)), builder)
        if name in package.damaged:
            builder.add_gap(DAMAGED_PART)
    if any(name.endswith((".js", ".mjs")) for name in package.names):
        builder.flag(Flag.ACTIVE)
    scans = pictures.add_pictures(pictures.members(package, kinds.EPUB), builder)
    builder.tally(account.characters(_seen(package, contents), builder.kept()))
    return Reading(builder.finish(), scans=scans)


def _refuse_encrypted(package: Package) -> None:
    if _ENCRYPTION not in package:
        return
    root = tree.salvaged(package.read(_ENCRYPTION))
    for node in root.iter("{*}EncryptionMethod") if root is not None else ():
        if node.get("Algorithm") not in _FONTS:
            raise ReadingFailed(Outcome.ENCRYPTED)


def _chapters(package: Package, builder: DocumentBuilder) -> tuple[list[str], set[str]]:
    """The pages in the order of the book, and those that only list the contents.

    Pages that the order leaves out come last; a list of contents that is no part of the order is
    left out, because it says nothing that the chapters do not.
    """
    opf = _tree(package, _opf(package), builder)
    if opf is None:
        return package.named(_PAGES), set()
    folder = posixpath.dirname(_opf(package))
    builder.title = builder.title or _title(opf)
    items: dict[str, str] = {}
    lists: set[str] = set()
    for item in opf.iterfind("{*}manifest/{*}item"):
        target = unquote(item.get("href", "").partition("#")[0])
        name = posixpath.normpath(posixpath.join(folder, target))
        if item.get("media-type") in _PAGE_TYPES:
            items[item.get("id", "")] = name
        if "nav" in item.get("properties", "").split():
            lists.add(name)
    ordered = [items.get(ref.get("idref", ""), "") for ref in opf.iterfind("{*}spine/{*}itemref")]
    ordered = list(dict.fromkeys(name for name in ordered if name))
    rest = [name for name in items.values() if name not in ordered and name in package]
    others = [name for name in package.named(_PAGES) if name not in {*ordered, *rest}]
    lists -= set(ordered)
    return [n for n in [*ordered, *dict.fromkeys(rest), *others] if n not in lists], lists


def _opf(package: Package) -> str:
    """The member that describes the book."""
    if _CONTAINER in package:
        root = tree.salvaged(package.read(_CONTAINER))
        for node in root.iter("{*}rootfile") if root is not None else ():
            if node.get("full-path", "") in package:
                return str(node.get("full-path"))
    found = package.named(r".*\.opf")
    return found[0] if found else ""


def _tree(package: Package, name: str, builder: DocumentBuilder) -> Node | None:
    if name not in package:
        builder.add_gap(DAMAGED_PART)
        return None
    content = package.read(name)
    try:
        return tree.parsed(content)
    except etree.XMLSyntaxError:
        builder.add_gap(DAMAGED_PART)
        return tree.salvaged(content)


def _title(opf: Node) -> str:
    title = child(child(opf, "metadata"), "title")
    return (title.text or "") if title is not None else ""


def _seen(package: Package, contents: set[str]) -> Iterator[str]:
    """The texts of every page in the container, whatever the book says of its order."""
    for name in package.named(_PAGES):
        if name not in contents:
            yield from count.texts(decoded(package.read(name)))
