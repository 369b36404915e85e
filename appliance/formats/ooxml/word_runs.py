"""The text of one paragraph of a DOCX: what is shown, what is not, and what hangs on it.

Source: ECMA-376 part 1, 17.3 (paragraphs and runs), 17.13.5 (tracked changes), 17.16 (fields).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml.etree import _Element as Node

from appliance.documents import Concealment
from appliance.formats.ooxml import formulas
from appliance.formats.ooxml.word_numbers import Numbers
from appliance.formats.ooxml.word_styles import Look, Styles, attribute_of, fills
from appliance.formats.tree import alternative, attribute, child, local

_WRAPPERS = frozenset(
    {"hyperlink", "ins", "moveTo", "smartTag", "sdt", "sdtContent", "customXml", "bdo", "dir"}
    | {"fldSimple", "ruby", "rubyBase", "rt"}
)
_DELETED = frozenset({"del", "moveFrom"})
_SIGNS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_SYMBOLS = {  # of the fonts Symbol and Wingdings, by code; ECMA-376 part 1, 17.3.3.30
    **dict.fromkeys(("F0B7", "F0A7", "F06C", "F0D8", "F076"), "•"),
    **dict.fromkeys(("F0FE", "F052", "F053", "F054"), "☑"),
    **dict.fromkeys(("F0A8", "F06F", "F071", "F0A3"), "☐"),
    **dict.fromkeys(("F0FC",), "✓"),
    **dict.fromkeys(("F0FB",), "✗"),
    **dict.fromkeys(("F0E0",), "→"),
    **dict.fromkeys(("F0B0",), "°"),
    **dict.fromkeys(("F0B1",), "±"),
    **dict.fromkeys(("F0B3",), "≥"),
    **dict.fromkeys(("F0A3",), "≤"),
    **dict.fromkeys(("F06D",), "μ"),
}
_DEEPEST = 100


@dataclass(slots=True)
class Words:
    """What was found in a paragraph."""

    shown: list[str] = field(default_factory=list)
    hidden: list[tuple[Concealment, str]] = field(default_factory=list)
    boxes: list[Node] = field(default_factory=list)  # ``w:txbxContent``
    stand_ins: list[str] = field(default_factory=list)  # texts that stand for pictures
    graphics: list[str] = field(default_factory=list)  # ids of charts and diagrams
    fields: list[str] = field(default_factory=list)  # instructions, whole
    bold: bool = True  # everything that is shown
    _instruction: list[list[str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text that is shown."""
        return "".join(self.shown)


class RunReader:
    """Reads paragraphs of one document."""

    def __init__(self, styles: Styles, numbers: Numbers) -> None:
        self._styles = styles
        self._numbers = numbers

    def words(self, paragraph: Node, *, shaded: bool = False) -> Words:
        """Everything in one paragraph; ``shaded``: it stands on a coloured ground."""
        found = Words()
        properties = child(paragraph, "pPr")
        style = attribute_of(properties, "pStyle")
        shaded = shaded or fills(child(properties, "shd")) or self._styles.shades(style)
        look = self._styles.paragraph_look(style)
        self._inline(paragraph, look, found, shaded=shaded, depth=0)
        if (found.text.strip() or found.hidden) and (number := self._number(properties, style)):
            found.shown.insert(0, f"{number} ")
        return found

    def _number(self, properties: Node | None, style: str) -> str:
        """The number that Word puts before the paragraph; every one counts, in order."""
        own = child(properties, "numPr")
        inherited, level = self._styles.numbering(style)
        number = attribute_of(own, "numId") or inherited
        at = attribute_of(own, "ilvl")
        return self._numbers.next(number, int(at) if at.isdecimal() else level) if number else ""

    def _inline(self, node: Node, look: Look, found: Words, *, shaded: bool, depth: int) -> None:
        if depth > _DEEPEST:
            return
        for inner in node:
            name = local(inner)
            if name == "r":
                self._run(inner, look, found, shaded=shaded, depth=depth)
            elif name in {"oMath", "oMathPara"}:
                found.shown.append(formulas.line(inner))
            elif name in _DELETED:
                found.hidden.append((Concealment.HIDDEN, _all_text(inner)))
            elif name == "AlternateContent":
                branch = alternative(inner)
                if branch is not None:
                    self._inline(branch, look, found, shaded=shaded, depth=depth + 1)
            elif name in _WRAPPERS:
                if name == "fldSimple":
                    found.fields.append(attribute(inner, "instr"))
                self._inline(inner, look, found, shaded=shaded, depth=depth + 1)

    def _run(self, run: Node, look: Look, found: Words, *, shaded: bool, depth: int) -> None:
        properties = child(run, "rPr")
        style = attribute_of(properties, "rStyle")
        if style:
            look = self._styles.look(style, look)
        look = look.under(properties)
        why = look.concealment(shaded=shaded)
        pieces: list[str] = []
        for inner in run:
            self._piece(inner, look, found, pieces, depth)
        text = "".join(pieces)
        if not text:
            return
        if why is not None and text.strip():
            found.hidden.append((why, text))
            return
        found.shown.append(text)
        found.bold = found.bold and (bool(look.bold) or not text.strip())

    def _piece(self, node: Node, look: Look, found: Words, pieces: list[str], depth: int) -> None:
        name = local(node)
        if name == "t":
            pieces.append(node.text or "")
        elif name in _SIGNS:
            pieces.append(_SIGNS[name])
        elif name == "sym":
            pieces.append(_symbol(attribute(node, "char")))
        elif name == "delText":
            found.hidden.append((Concealment.HIDDEN, node.text or ""))
        elif name in {"fldChar", "instrText"}:
            _follow_field(node, name, found)
        elif name in {"drawing", "pict", "object"}:
            _look_into(node, found)
        elif name == "AlternateContent":
            branch = alternative(node)
            for chosen in branch if branch is not None else ():
                self._piece(chosen, look, found, pieces, depth + 1)
        elif name in _WRAPPERS:
            inner_words = Words()
            self._inline(node, look, inner_words, shaded=False, depth=depth + 1)
            pieces.append(inner_words.text)
            found.hidden += inner_words.hidden


def _symbol(code: str) -> str:
    code = code.upper()
    if code in _SYMBOLS:
        return _SYMBOLS[code]
    try:
        point = int(code, 16)
    except ValueError:
        return ""
    if 0xF020 <= point <= 0xF07E:
        return chr(point - 0xF000)
    return chr(point) if 0x20 <= point < 0xD800 or 0xF900 <= point <= 0xFFFD else ""


def _all_text(node: Node) -> str:
    return "".join(inner.text or "" for inner in node.iter("{*}t", "{*}delText"))


def _follow_field(node: Node, name: str, found: Words) -> None:
    """Keep the instruction of a field, which may be cut into many runs."""
    if name == "instrText":
        if found._instruction:
            found._instruction[-1].append(node.text or "")
        else:
            found.fields.append(node.text or "")
        return
    kind = attribute(node, "fldCharType")
    if kind == "begin":
        found._instruction.append([])
    elif kind in {"separate", "end"} and found._instruction:
        instruction = "".join(found._instruction[-1])
        if instruction:
            found.fields.append(instruction)
            found._instruction[-1] = []
        if kind == "end":
            found._instruction.pop()


def _look_into(graphic: Node, found: Words) -> None:
    """Text boxes, texts that stand for pictures, and what charts and diagrams are linked to."""
    for node in graphic.iter("{*}txbxContent", "{*}docPr", "{*}chart", "{*}relIds", "{*}shape"):
        name = local(node)
        if name == "txbxContent":
            if not any(_within(up, graphic) for up in node.iterancestors("{*}txbxContent")):
                _keep_box(node, graphic, found)
        elif name == "docPr":
            found.stand_ins.append(node.get("descr", ""))
        elif name == "shape":
            found.stand_ins.append(node.get("alt", ""))
        elif name == "chart":
            found.graphics.append(attribute(node, "id"))
        else:
            found.graphics.append(attribute(node, "dm"))
    for node in graphic.iter("{*}textpath"):  # of WordArt
        found.stand_ins.append(node.get("string", ""))


def _keep_box(node: Node, graphic: Node, found: Words) -> None:
    """Keep a text box unless it stands in the branch that is not read."""
    for branch in node.iterancestors("{*}Choice", "{*}Fallback"):
        parent = branch.getparent()
        if _within(branch, graphic) and parent is not None and alternative(parent) is not branch:
            return
    found.boxes.append(node)


def _within(node: Node, graphic: Node) -> bool:
    return node is graphic or any(up is graphic for up in node.iterancestors())
