"""The texts of a web page, by a way that has nothing in common with the parser that reads it.

One pass from tag to tag, without a tree: what is no tag is text.  Every step goes forward, and a
mark that never ends takes the rest of the page with it, as in a browser, so that no page takes more
time than its length.  Source: HTML Living Standard 13.2.5 (tokenization).
"""

from __future__ import annotations

import html
import re
from functools import cache

_NOT_TEXT = frozenset({"script", "style", "title"})  # what stands in them is no text of the page
_RAW = frozenset({"script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes"})
_NAME = re.compile(r"[a-zA-Z][^\s/>]*")
_TO_VALUE = re.compile(r"[^>=]*")
_BLANK = re.compile(r"\s*")


def texts(page: str) -> list[str]:
    """Every text that is no script, style, template or title, in order."""
    found: list[str] = []
    templates = 0
    at = 0
    while at < len(page):
        mark = page.find("<", at)
        text = page[at : mark if mark >= 0 else len(page)]
        if text.strip() and not templates:
            found.append(html.unescape(text))
        if mark < 0:
            break
        name, closing, at = _tag(page, mark)
        if name == "<" and not templates:
            found.append(name)
        if name == "template":
            templates = max(templates - 1, 0) if closing else templates + 1
        if name in _RAW and not closing:
            end = _end_of(name).search(page, at)
            inner = page[at : end.start() if end else len(page)]
            if name not in _NOT_TEXT and not templates and inner.strip():
                found.append(html.unescape(inner) if name == "textarea" else inner)
            at = end.start() if end else len(page)
    return found


def _tag(page: str, mark: int) -> tuple[str, bool, int]:
    """Name of the tag, whether it closes one, and where what follows begins.

    A comment or a declaration has no name; a mark that begins no tag is ``<``, a text.
    """
    if page.startswith("<!--", mark):
        return "", False, _after(page, "-->", mark + 2)
    if page.startswith(("<!", "<?"), mark):
        return "", False, _after(page, ">", mark)
    closing = page.startswith("</", mark)
    name = _NAME.match(page, mark + 1 + closing)
    if name is None:
        return ("", True, _after(page, ">", mark)) if closing else ("<", False, mark + 1)
    return name.group().lower(), closing, _end_of_tag(page, name.end())


def _end_of_tag(page: str, at: int) -> int:
    """Where the text behind a tag begins; a quoted value may hold what would end it."""
    while at < len(page):
        stop = _TO_VALUE.match(page, at)
        at = stop.end() if stop else at
        if at >= len(page) or page[at] == ">":
            return at + 1
        value = _BLANK.match(page, at + 1)
        at = value.end() if value else at + 1
        if page[at : at + 1] in {'"', "'"}:
            at = _after(page, page[at], at + 1)
    return at


def _after(page: str, ending: str, at: int) -> int:
    """Where an ending ends; the end of the page where it does not come."""
    found = page.find(ending, at)
    return found + len(ending) if found >= 0 else len(page)


@cache
def _end_of(name: str) -> re.Pattern[str]:
    return re.compile(rf"</{name}(?=[\s/>])", re.I)
