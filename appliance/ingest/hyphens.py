"""Words that a line's end cut in two: whether the hyphen is part of the word.  Pure.

PDFium marks a hyphen at the end of a line that letters follow with U+FFFE.  The document itself
mostly tells: if it writes "categories" elsewhere, "cate-" and "gories" are that word; if it writes
"forward-looking" elsewhere, the hyphen stays.  Else the hyphen goes where the text is typeset with
many such cuts, and stays where they are rare and so most likely the author's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

MARK = "\ufffe"
CUTS_PER_PAGE = 1.0  # from here on the text is taken to be typeset with hyphenation

_CUT = re.compile(rf"(\w*){MARK}(\w*)")


class Hyphens:
    """What the words of a sample of pages say about cut words."""

    def __init__(self, words: Iterable[str], pages: int) -> None:
        cuts = 0
        self._known: set[str] = set()
        for word in words:
            if word.endswith(MARK):
                cuts += 1
            else:
                self._known.add(word.lower().strip(".,;:()[]\"'“”’"))
        self._typeset = cuts >= CUTS_PER_PAGE * max(pages, 1)

    def resolve(self, text: str) -> str:
        """The text with every marked cut joined, with or without its hyphen."""
        return _CUT.sub(self._joined, text) if MARK in text else text

    def _joined(self, cut: re.Match[str]) -> str:
        before, after = cut.groups()
        whole, compound = before + after, f"{before}-{after}"
        if not before or not after or compound.lower() in self._known:
            return compound
        if whole.lower() in self._known:
            return whole
        return whole if self._typeset and after[0].islower() else compound
