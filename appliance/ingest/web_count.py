"""The texts of a web page, by a parser that has nothing in common with the one that reads it."""

from __future__ import annotations

from html.parser import HTMLParser

_NOT_TEXT = frozenset({"script", "style", "template", "title"})


def texts(page: str) -> list[str]:
    """Every text that is no script, style, template or title, in order."""
    counter = _Counter()
    counter.feed(page)
    counter.close()
    return counter.texts


class _Counter(HTMLParser):
    """Collects what stands between tags."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self._within: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the begin of what is no text."""
        if tag in _NOT_TEXT:
            self._within.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A slash closes only what HTML leaves empty anyway; the others are open."""
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """Note the end of what is no text."""
        if tag in self._within:
            del self._within[self._within.index(tag) :]

    def handle_data(self, data: str) -> None:
        """Keep a text."""
        if not self._within and data.strip():
            self.texts.append(data)
