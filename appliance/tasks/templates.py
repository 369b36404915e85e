"""Templates of summaries: which sections a summary of one kind of document has, as data.

A template is a TOML file ``templates/<name>.toml``.  ``recognised`` names, as regular expressions
(blocks.py), what documents of its kind hold; each counts once, so that a word repeated a hundred
times proves no more than a word said once.  Every ``[[section]]`` says which sentences belong to
it: by ``cues`` in the sentence (``strong`` ones settle it), by ``headings`` above it, by where it
stands (``zone``), by who speaks (``speaker``), and what share of the summary it may take.  The
section with ``rest = true`` takes what no other section claims.  ``idle`` marks sentences that
every document of the kind holds and that say nothing of this one.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from appliance.documents import ParsedDocument, Span
from appliance.errors import PackError
from appliance.tasks import dialogue
from appliance.tasks.blocks import anycase

FOLDER = Path(__file__).parent / "templates"
GENERAL = "general"
OPENING = 6000  # characters in which a document says what it is
MOST_EVIDENCE = 3  # places shown for why a template was chosen

_TEMPLATE_KEYS = {"name", "title", "description", "version", "spoken", "least", "idle"}
_SECTION_KEYS = {"name", "title", "share", "cues", "strong", "headings", "zone", "speaker"}
_SECTION_KEYS |= {"rest"}


@dataclass(frozen=True, slots=True)
class TemplateSection:
    """One headed group of a summary, and which sentences belong to it."""

    name: str
    title: str
    share: float  # of the summary's words
    cues: tuple[str, ...] = ()  # expressions found in its sentences
    strong: tuple[str, ...] = ()  # cues that settle it; a title with one may stand as a statement
    headings: tuple[str, ...] = ()  # expressions found in the heading above
    zone: tuple[float, float] = (0.0, 1.0)  # where in the document, as shares of its length
    speaker: str = ""  # "clinician" or "other": who says it in a transcript; empty: anybody
    rest: bool = False

    @property
    def open(self) -> bool:
        """Whether it takes what no other section claims, and asks for nothing itself."""
        return self.rest and not (self.cues or self.strong or self.headings)


@dataclass(frozen=True, slots=True)
class Template:
    """The sections of a summary of one kind of document, in the order they are shown."""

    name: str
    title: str
    description: str
    version: int
    sections: tuple[TemplateSection, ...]
    recognised: tuple[str, ...] = ()  # expressions; each that is found speaks for this kind
    least: int = 3  # of them that must be found
    spoken: bool = False  # only transcripts are of this kind
    idle: tuple[str, ...] = ()  # expressions of sentences that every such document holds


@dataclass(frozen=True, slots=True)
class Choice:
    """The template chosen for a document, and where the document says that it fits."""

    template: Template
    evidence: tuple[Span, ...]


def available(folder: Path = FOLDER) -> tuple[str, ...]:
    """Names of the templates in a folder."""
    return tuple(sorted(file.stem for file in folder.glob("*.toml")))


@cache
def load(name: str, folder: Path = FOLDER) -> Template:
    """Read and check one template by name.

    Raises:
        PackError: no template has this name, or its file is not one; says where.
    """
    if name not in available(folder):
        raise PackError(
            f"there is no template {name!r}", remedy=f"use one of: {', '.join(available(folder))}"
        )
    file = folder / f"{name}.toml"
    try:
        table = tomllib.loads(file.read_text("utf-8"))
        return _template(name, table)
    except (OSError, ValueError, KeyError, TypeError, re.error) as error:
        raise PackError(f"{file}: {error}", remedy="correct the file") from error


def choose(parsed: ParsedDocument, folder: Path = FOLDER) -> Choice:
    """The template of the kind of document that this one shows itself to be; general if none.

    The kind of most expressions found wins, by their share of the kind's; a transcript competes
    among the spoken kinds alone.
    """
    spoken = bool(dialogue.turns(parsed.text))
    best: tuple[float, Choice] | None = None
    for name in available(folder):
        template = load(name, folder)
        if template.spoken is not spoken or not template.recognised:
            continue
        places = _places(template, parsed, spoken)
        weight = len(places) / len(template.recognised)
        if len(places) >= template.least and (best is None or weight > best[0]):
            best = (weight, Choice(template, tuple(sorted(places)[:MOST_EVIDENCE])))
    return best[1] if best else Choice(load(GENERAL, folder), ())


def _places(template: Template, parsed: ParsedDocument, spoken: bool) -> list[Span]:
    """The first place of each expression; written documents say early what they are."""
    end = len(parsed.text) if spoken else OPENING
    found = (anycase(source).search(parsed.text, 0, end) for source in template.recognised)
    return [Span(*match.span()) for match in found if match and match[0].strip()]


def _template(name: str, table: Mapping[str, Any]) -> Template:
    _known(set(table) - {"section", "recognised"}, _TEMPLATE_KEYS)
    sections = tuple(map(_section, table["section"]))
    if table["name"] != name:
        raise ValueError(f"name is {table['name']!r}; write {name!r}, as the file is")
    if sum(section.rest for section in sections) != 1:
        raise ValueError("exactly one section takes the rest")
    if len({section.title for section in sections}) < len(sections):
        raise ValueError("two sections have the same title")
    return Template(
        name=name,
        title=str(table["title"]),
        description=str(table["description"]),
        version=int(table["version"]),
        sections=sections,
        recognised=_expressions(table.get("recognised", ())),
        least=int(table.get("least", 3)),
        spoken=bool(table.get("spoken", False)),
        idle=_expressions(table.get("idle", ())),
    )


def _section(table: Mapping[str, Any]) -> TemplateSection:
    _known(set(table), _SECTION_KEYS)
    begin, end = table.get("zone", (0.0, 1.0))
    if not 0 <= begin < end <= 1 or not 0 < table["share"] <= 1:
        raise ValueError(f"{table['name']}: zone and share are parts of 1")
    if table.get("speaker", "") not in {"", "clinician", "other"}:
        raise ValueError(f"{table['name']}: speaker is clinician or other")
    return TemplateSection(
        name=str(table["name"]),
        title=str(table["title"]),
        share=float(table["share"]),
        cues=_expressions(table.get("cues", ())),
        strong=_expressions(table.get("strong", ())),
        headings=_expressions(table.get("headings", ())),
        zone=(float(begin), float(end)),
        speaker=str(table.get("speaker", "")),
        rest=bool(table.get("rest", False)),
    )


def _expressions(sources: Sequence[str]) -> tuple[str, ...]:
    for source in sources:
        anycase(source)
    return tuple(sources)


def _known(keys: set[str], allowed: set[str]) -> None:
    if keys - allowed:
        raise ValueError(f"unknown keys: {', '.join(sorted(keys - allowed))}")
