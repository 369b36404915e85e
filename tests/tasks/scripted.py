"""Test doubles and small documents for the tasks.

``ScriptedEngine`` is a test double of the language model: it answers each prompt by a function of
the test and remembers what it was asked.  It does not know of grammars, so it can also answer what
the real decoder could not: that is how the checks after decoding are tested.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from appliance.documents import (
    DocumentId,
    Element,
    ElementKind,
    ParsedDocument,
    Passage,
    Span,
)
from appliance.engine.client import Completion, Finish, Prompt

DOCUMENT = DocumentId("d" * 32)


class ScriptedEngine:
    """A test double of the language model that answers by a function."""

    def __init__(self, script: Callable[[Prompt], str]) -> None:
        self._script = script
        self.asked: list[Prompt] = []
        self.batches: list[int] = []

    @property
    def context_length(self) -> int:
        return 8192

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def complete(
        self, requests: Sequence[Prompt], done: Callable[[int], None] | None = None
    ) -> tuple[Completion, ...]:
        self.asked += requests
        self.batches.append(len(requests))
        return tuple(Completion(self._script(r), Finish.STOP, 1, 1) for r in requests)


def saying(text: str) -> ScriptedEngine:
    """A test double that always says the same."""
    return ScriptedEngine(lambda _: text)


def document(text: str) -> ParsedDocument:
    """Paragraphs parted by blank lines; one in capitals without a full stop is a title."""
    elements = []
    for match in re.finditer(r"\S(?:.|\n(?!\s*\n))*", text):
        is_title = match[0].isupper() and not match[0].rstrip().endswith(".")
        kind = ElementKind.TITLE if is_title else ElementKind.TEXT
        elements.append(
            Element(kind, Span(*match.span()), page=1 + text[: match.start()].count("\f"))
        )
    return ParsedDocument(text, tuple(elements), "text/plain")


def passages(parsed: ParsedDocument, name: DocumentId = DOCUMENT) -> tuple[Passage, ...]:
    """The whole document as one passage."""
    return (Passage(name, Span(0, len(parsed.text)), parsed.text, 1.0),)
