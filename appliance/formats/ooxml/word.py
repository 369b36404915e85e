"""Reads DOCX, DOCM and DOTX: everything in the order of the document, tables with their columns.

Headers stand first, then the body; footnotes, endnotes, comments and footers follow it.  Text boxes
follow the paragraph that they hang on.  Deleted text, hidden runs, white and tiny text are kept
apart.  Runs in the confined reader child.

Source: ECMA-376 part 1, 17 (WordprocessingML).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lxml.etree import _Element as Node

from appliance.documents import Concealment, ElementKind, Flag
from appliance.formats import account, kinds, pictures, tree
from appliance.formats.build import DocumentBuilder
from appliance.formats.embedded import parts_of, rest_of
from appliance.formats.ooxml import parts as ooxml
from appliance.formats.ooxml.parts import OfficePackage
from appliance.formats.ooxml.word_numbers import Numbers
from appliance.formats.ooxml.word_runs import RunReader, Words
from appliance.formats.ooxml.word_styles import Styles, attribute_of
from appliance.formats.ooxml.word_tables import TableReader
from appliance.formats.reading import Reading, Wishes
from appliance.formats.tree import alternative, attribute, child, local

_TEXTS = ("t", "delText")
_WRAPPERS = frozenset({"sdt", "sdtContent", "customXml", "ins", "moveTo", "smartTag", "body"})
_LONGEST_BOLD_TITLE = 100  # characters
_DEEPEST = 100
_ACTIVE_FIELDS = ("DDE", "MACROBUTTON")
_FETCHING_FIELDS = ("INCLUDETEXT", "INCLUDEPICTURE", "LINK", "IMPORT", "DATABASE", "DDE")
_STORIES = r"word/(?!glossary/).*\.xml"


def warm() -> None:
    """Nothing to do: what is imported here is warm."""


def read(data: bytes, media_type: str, wishes: Wishes) -> Reading:
    """Read one document.

    Raises:
        ReadingFailed: damaged beyond reading, encrypted, a bomb, text without end.
    """
    builder = DocumentBuilder(media_type)
    package = OfficePackage(data, builder)
    members = ooxml.embedded(package)
    if rest := rest_of(package, members, wishes, builder):
        return rest
    ooxml.note_flags(package, builder)
    document = Document(package, builder)
    document.add()
    parts, following = parts_of(package, members, wishes, builder)
    stored = pictures.members(package, kinds.DOCX)
    scans = pictures.add_pictures(stored, builder, shown=ooxml.shown_media(package))
    seen = list(_seen(package, document.repeated))
    builder.tally(account.characters(seen, builder.kept()))
    return Reading(builder.finish(), parts, following, scans)


def _seen(package: OfficePackage, repeated: frozenset[str]) -> Iterator[str]:
    """Every text in the package, counted without regard to what a paragraph or a table is."""
    for name in package.named(_STORIES):
        if name not in repeated and "/diagrams/drawing" not in name and "/theme/" not in name:
            yield from tree.texts(package.read(name), _TEXTS)


class Document:
    """One document on its way into the builder."""

    def __init__(self, package: OfficePackage, builder: DocumentBuilder) -> None:
        self._package = package
        self._builder = builder
        self._part = package.main(r"word/document\d*\.xml")
        self._styles = Styles.of(self._linked_tree("styles"))
        self._numbers = Numbers.of(self._linked_tree("numbering"))
        self._runs = RunReader(self._styles, self._numbers)
        self._tables = TableReader(self._styles, self._runs, builder, self.blocks)
        self.repeated: frozenset[str] = frozenset()  # parts that say what another one says

    def add(self) -> None:
        """Add every story of the document."""
        main = self._part
        root = self._package.tree(main)
        self._add_margins("header", ElementKind.HEADER)
        if root is not None:
            self.blocks(root, ElementKind.TEXT)
        for kind in ("footnotes", "endnotes", "comments"):
            self._add_notes(main, kind)
        self._add_margins("footer", ElementKind.FOOTER)
        self._part = main
        self._add_unlinked()

    def blocks(
        self, parent: Node, kind: ElementKind, *, shaded: bool = False, depth: int = 0
    ) -> None:
        """Add the paragraphs and tables below ``parent``."""
        if depth > _DEEPEST:
            self._add_lines(parent)
            return
        for node in parent:
            name = local(node)
            if name == "p":
                self._add_paragraph(node, kind, shaded=shaded, depth=depth)
            elif name == "tbl":
                self._tables.add(node, depth)
            elif name in {"del", "moveFrom"}:
                self._builder.hide(Concealment.HIDDEN, "\n".join(ooxml.paragraphs(node)))
            elif name in {"oMathPara", "oMath"}:
                self._builder.add(kind, "".join(ooxml.paragraphs(node)))
            elif name == "AlternateContent":
                branch = alternative(node)
                if branch is not None:
                    self.blocks(branch, kind, shaded=shaded, depth=depth + 1)
            elif name in _WRAPPERS:
                self.blocks(node, kind, shaded=shaded, depth=depth + 1)

    def _add_paragraph(self, node: Node, kind: ElementKind, *, shaded: bool, depth: int) -> None:
        words = self._runs.words(node, shaded=shaded)
        self._builder.add(self._kind(node, words, kind), words.text)
        self.add_rest(words, kind, depth)

    def add_rest(self, words: Words, kind: ElementKind, depth: int) -> None:
        """Add what hangs on a paragraph: hidden text, text boxes, pictures, charts, fields."""
        for why, text in words.hidden:
            self._builder.hide(why, text)
        for text in dict.fromkeys(words.stand_ins):
            self._builder.add(ElementKind.TEXT, text)
        for box in words.boxes:
            self.blocks(box, kind, shaded=True, depth=depth + 1)
        for instruction in words.fields:
            self._note_field(instruction)

    def _note_field(self, instruction: str) -> None:
        word = instruction.strip().partition(" ")[0].upper()
        if word.startswith(_ACTIVE_FIELDS):
            self._builder.flag(Flag.ACTIVE)
        if word.startswith(_FETCHING_FIELDS):
            self._builder.flag(Flag.EXTERNAL)

    def _kind(self, node: Node, words: Words, kind: ElementKind) -> ElementKind:
        if kind is not ElementKind.TEXT:
            return kind
        properties = child(node, "pPr")
        style = attribute_of(properties, "pStyle")
        outline = attribute_of(properties, "outlineLvl")
        if self._styles.heading(style) or (outline.isdecimal() and int(outline) < 9):
            return ElementKind.TITLE
        numbering = child(properties, "numPr")
        if numbering is not None and attribute_of(numbering, "numId") != "0":
            return ElementKind.LIST_ITEM
        if self._styles.listed(style):
            return ElementKind.LIST_ITEM
        text = words.text.strip()
        short = len(text) <= _LONGEST_BOLD_TITLE and not text.endswith((".", ";", ","))
        return ElementKind.TITLE if words.bold and short else ElementKind.TEXT

    def _add_margins(self, kind: str, element: ElementKind) -> None:
        """Headers or footers: every section has its own, most of them say the same."""
        said: set[str] = set()
        repeated = set(self.repeated)
        main = self._part
        for name in self._package.linked(main, kind):
            root = self._package.tree(name)
            if root is None:
                continue
            text = ooxml.same_text(list(ooxml.paragraphs(root)))
            if text in said:
                repeated.add(name)
                continue
            said.add(text)
            self._part = name
            self.blocks(root, element)
            self._add_graphics(name)
        self._part = main
        self.repeated = frozenset(repeated)

    def _add_notes(self, main: str, kind: str) -> None:
        for name in self._package.linked(main, kind):
            root = self._package.tree(name)
            for note in root if root is not None else ():
                if attribute(note, "type") not in {"separator", "continuationSeparator"}:
                    self.blocks(note, ElementKind.TEXT)

    def _add_graphics(self, part: str) -> None:
        for name in self._package.linked(part, "chart", "chartEx"):
            root = self._package.tree(name)
            if root is not None:
                ooxml.add_chart(root, self._builder)
        for name in self._package.linked(part, "diagramData"):
            self._add_lines(self._package.tree(name))

    def _add_unlinked(self) -> None:
        """Charts and diagrams of the body."""
        self._add_graphics(self._part)

    def _add_lines(self, root: Node | None) -> None:
        for text in ooxml.paragraphs(root) if root is not None else ():
            self._builder.add(ElementKind.TEXT, text)

    def _linked_tree(self, kind: str) -> Node | None:
        names: Iterable[str] = self._package.linked(self._part, kind)
        return next((self._package.tree(name) for name in names), None)
