"""A choice among spans by the model, as cheaply as it can be made.

A decoder that writes a whole sentence to choose it spends forty tokens on one decision.  Each
option is therefore shown by its shortest opening that no other option shares: still a verbatim
span, and the decoder cannot write anything else.
"""

from __future__ import annotations

from collections.abc import Sequence

LEAST_WORDS = 5  # of an opening; fewer words give the model nothing to recognise


def openings(texts: Sequence[str], least: int = LEAST_WORDS) -> tuple[str, ...]:
    """For each text its shortest opening of at least ``least`` words that tells it from the others.

    Texts are compared as they stand; equal texts keep equal openings.
    """
    return tuple(_opening(text, [t for t in texts if t != text], least) for text in texts)


def _opening(text: str, others: Sequence[str], least: int) -> str:
    end = 0
    words = 0
    while end < len(text):
        while end < len(text) and text[end].isspace():
            end += 1
        while end < len(text) and not text[end].isspace():
            end += 1
        words += 1
        if words >= least and not any(other.startswith(text[:end]) for other in others):
            break
    return text[:end]


def chosen_index(untrusted_text: str, options: Sequence[str]) -> int | None:
    """Which option the model wrote; None when it wrote none of them, or declined."""
    return options.index(untrusted_text) if untrusted_text in options else None
