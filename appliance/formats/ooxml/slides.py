"""Reads PPTX, PPTM and PPSX: slide by slide what they show, their tables, charts and notes.

A hidden slide is read like any other, and flagged.  Runs in the confined reader child.
Source: ECMA-376 part 1, 19 (PresentationML) and 21.1 (DrawingML).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml.etree import _Element as Node

from appliance.documents import ElementKind, Flag, Tally, Unit
from appliance.formats import account, kinds, pictures, tree
from appliance.formats.build import DocumentBuilder
from appliance.formats.embedded import parts_of, rest_of
from appliance.formats.ooxml import parts as ooxml
from appliance.formats.ooxml.parts import OfficePackage
from appliance.formats.ooxml.slide_shapes import Ground, ShapeReader
from appliance.formats.reading import Reading, Wishes
from appliance.formats.tree import attribute, child, local

LOST = "a slide is missing or damaged"
_SLIDE_ID = re.compile(rb"<(?:\w+:)?sldId\s")
_STORIES = r"ppt/(?:slides|notesSlides|comments|diagrams/data|charts)[^/]*(?:/[^/]+)?\.xml"
_TEXTS = ("t", "text")
_MOST_SLIDES = 20_000


def warm() -> None:
    """Nothing to do: what is imported here is warm."""


def read(data: bytes, media_type: str, wishes: Wishes) -> Reading:
    """Read one presentation.

    Raises:
        ReadingFailed: damaged beyond reading, encrypted, a bomb, text without end.
    """
    builder = DocumentBuilder(media_type)
    package = OfficePackage(data, builder)
    members = ooxml.embedded(package)
    if rest := rest_of(package, members, wishes, builder):
        return rest
    ooxml.note_flags(package, builder)
    main = package.main(r"ppt/presentation\.xml")
    slides = _slides(package, main)
    show = Show(package, builder, main)
    shown_on: dict[str, int] = {}
    for number, name in enumerate(slides, 1):
        show.add_slide(name, number)
        for target in package.linked(name, "image") if name else ():
            shown_on.setdefault(target, number)
    _count_slides(package, main, slides, builder)
    show.add_ground_texts()
    parts, following = parts_of(package, members, wishes, builder)
    stored = pictures.members(package, kinds.PPTX)
    scans = pictures.add_pictures(stored, builder, shown_on, shown=ooxml.shown_media(package))
    builder.tally(account.characters(_seen(package, slides), builder.kept()))
    return Reading(builder.finish(pages=max(len(slides), 1)), parts, following, scans)


def _slides(package: OfficePackage, main: str) -> list[str]:
    """The members of the slides in their order, empty where one is missing."""
    root = package.tree(main)
    if root is None or package.cut:
        return package.named(r"ppt/slides/slide\d+\.xml")[:_MOST_SLIDES]
    links = package.links(main)
    found = []
    for node in root.iterfind("{*}sldIdLst/{*}sldId"):
        keys = [value for key, value in node.attrib.items() if key.endswith("}id")]
        link = links.get(keys[0]) if keys else None
        found.append(link.target if link and link.target in package else "")
    return found[:_MOST_SLIDES]


def _count_slides(
    package: OfficePackage, main: str, slides: list[str], builder: DocumentBuilder
) -> None:
    """Slides by the marks in the bytes of the presentation, against those that were read."""
    stated = len(_SLIDE_ID.findall(package.read(main))) if main in package else 0
    seen = max(stated, len(slides))
    lost = [number for number, name in enumerate(slides, 1) if not name or name in package.damaged]
    for number in lost:
        builder.add_gap(LOST, number, Unit.PAGES)
    builder.tally(Tally(Unit.PAGES, seen, len(slides) - len(lost)))


def _seen(package: OfficePackage, slides: list[str]) -> Iterator[str]:
    """Every text in slides, notes, comments, charts and diagrams, without regard to shapes."""
    left_out = set(package.named(r"ppt/slides/.*")) - set(slides)  # deleted, still in the file
    left_out |= {
        note
        for name in left_out & set(package.named(r"ppt/slides/[^/]+\.xml"))
        for note in package.linked(name, "notesSlide", "comments", "chart", "diagramData")
    }
    for name in package.named(_STORIES):
        if name not in left_out:
            yield from tree.texts(package.read(name), _TEXTS)


class Show:
    """A presentation on its way into the builder."""

    def __init__(self, package: OfficePackage, builder: DocumentBuilder, main: str) -> None:
        self._package = package
        self._builder = builder
        self._grounds: dict[str, Ground] = {}  # by the name of a layout or master
        self._size = _slide_size(package.tree(main, wanted=False))

    def add_slide(self, name: str, number: int) -> None:
        """Add one slide, its notes and its comments."""
        root = self._package.tree(name) if name else None
        if root is None:
            return
        if root.get("show") in {"0", "false"}:
            self._builder.flag(Flag.HIDDEN_TEXT)
        grounds = self._grounds_of(name)
        reader = ShapeReader(self._package, self._builder, name, number)
        reader.coloured = any(ground.coloured for ground in grounds) or _coloured(root)
        reader.size = self._size
        reader.add_tree(root)
        for notes in self._package.linked(name, "notesSlide"):
            self._add_notes(notes, number)
        for comments in self._package.linked(name, "comments"):
            inner = self._package.tree(comments)
            for text in ooxml.paragraphs(inner) if inner is not None else ():
                self._builder.add(ElementKind.TEXT, text, number)

    def add_ground_texts(self) -> None:
        """Add what layouts and masters show on every slide, once each."""
        said = set()
        for ground in self._grounds.values():
            for text in ground.texts:
                if text not in said:
                    said.add(text)
                    self._builder.add(ElementKind.FOOTER, text)

    def _add_notes(self, name: str, number: int) -> None:
        root = self._package.tree(name)
        if root is None:
            return
        reader = ShapeReader(self._package, self._builder, name, number)
        reader.coloured = True  # notes are printed; nothing in them is told by its colour
        reader.add_tree(root)

    def _grounds_of(self, slide: str) -> list[Ground]:
        """The layout of a slide and its master, each read once."""
        found = []
        names = self._package.linked(slide, "slideLayout")
        names += [m for name in names for m in self._package.linked(name, "slideMaster")]
        for name in names:
            if name not in self._grounds:
                root = self._package.tree(name)
                self._grounds[name] = Ground(False, ()) if root is None else _ground(root)
            found.append(self._grounds[name])
        return found


def _ground(root: Node) -> Ground:
    """What a layout or a master lends to its slides: a colour, a picture, words of its own."""
    texts = []
    for shape in root.iter("{*}sp"):
        if shape.find(".//{*}nvPr/{*}ph") is None and child(shape, "txBody") is not None:
            texts += ["".join(t.text or "" for t in p.iter("{*}t")) for p in shape.iter("{*}p")]
    return Ground(_coloured(root), tuple(text for text in texts if text.strip()))


def _coloured(root: Node) -> bool:
    """Whether anything lies under the text that is not plain white paper."""
    for node in root.iter("{*}bg"):
        colours = {attribute(c, "val").lower() for c in node.iter("{*}srgbClr", "{*}schemeClr")}
        if colours - {"ffffff", "bg1", "lt1"} or next(node.iter("{*}blipFill"), None) is not None:
            return True
        reference = child(node, "bgRef")
        if reference is not None and reference.get("idx") not in {"0", "1000", "1001"}:
            return True
    if next(root.iter("{*}pic"), None) is not None:
        return True
    return any(_filled(shape) for shape in root.iter("{*}sp"))


def _filled(shape: Node) -> bool:
    properties = child(shape, "spPr")
    names = {local(node) for node in properties} if properties is not None else set()
    if names & {"solidFill", "gradFill", "pattFill", "blipFill"}:
        return True
    reference = shape.find("{*}style/{*}fillRef")
    return "noFill" not in names and reference is not None and reference.get("idx") != "0"


def _slide_size(root: Node | None) -> tuple[int, int]:
    """Width and height in EMU (914,400 to the inch); zeros where they are not said."""
    size = child(root, "sldSz")
    try:
        return (int(size.get("cx", 0)), int(size.get("cy", 0))) if size is not None else (0, 0)
    except ValueError:
        return (0, 0)
