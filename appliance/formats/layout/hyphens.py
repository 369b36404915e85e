"""Words that a line's end cut in two: whether the hyphen is part of the word.  Pure.

PDFium marks a hyphen at the end of a line that letters follow with U+FFFE.  The document itself
mostly tells: if it writes "categories" elsewhere, "cate-" and "gories" are that word; if it writes
"forward-looking" elsewhere, the hyphen stays.  Else the hyphen goes where the text is typeset with
many such cuts, and stays where they are rare and so most likely the author's own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

MARK = "\ufffe"
CUTS_PER_PAGE = 1.0  # from here on the text is taken to be typeset with hyphenation

_CUT = re.compile(rf"(\w*){MARK}(\w*)")
_END = re.compile(rf"(\w*){MARK}$")
_BEGIN = re.compile(r"\w*")


class Hyphens:
    """What a sample of pages says about cut words; it is looked at when the first cut comes."""

    def __init__(self, texts: Sequence[str], pages: int) -> None:
        self._texts = texts
        self._typeset = sum(text.count(MARK) for text in texts) >= CUTS_PER_PAGE * max(pages, 1)
        self._words: set[str] | None = None

    def resolve(self, text: str) -> str:
        """The text with every marked cut joined, with or without its hyphen."""
        if MARK not in text:
            return text
        return _CUT.sub(lambda cut: cut[1] + self._hyphen(cut[1], cut[2]) + cut[2], text)

    def lines(self, lines: Sequence[str]) -> tuple[list[str], list[str]]:
        """The lines with every cut joined, and what stands between each and the next."""
        texts: list[str] = []
        between: list[str] = []
        for at, line in enumerate(lines):
            cut = _END.search(line) if MARK in line and at + 1 < len(lines) else None
            if cut is None:
                texts.append(self.resolve(line))
                between.append(" ")
                continue
            begin = _BEGIN.match(lines[at + 1])
            hyphen = self._hyphen(cut[1], begin[0] if begin else "")
            texts.append(self.resolve(line[:-1]) + hyphen)
            between.append("")
        return texts, between[:-1]

    def _hyphen(self, before: str, after: str) -> str:
        whole, compound = before + after, f"{before}-{after}"
        if not before or not after or compound.lower() in self._known:
            return "-"
        if whole.lower() in self._known:
            return ""
        return "" if self._typeset and after[0].islower() else "-"

    @property
    def _known(self) -> set[str]:
        if self._words is None:
            words = {word for text in self._texts for word in set(text.lower().split())}
            self._words = {word.strip(".,;:()[]\"'“”’") for word in words if MARK not in word}
        return self._words
