"""Packs read by their rules alone: no search, no language model, the same on every machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from appliance.documents import Span
from appliance.engine.client import Completion, Prompt
from appliance.tasks import packs
from appliance.tasks.packs import CascadeStep, Pack, StepName

LEAST = 0.5  # confidence at which a pattern settles a field


class NoEngine:
    """An engine that is never asked: the cascade of `by_rules` ends with its patterns."""

    context_length = 0

    def count_tokens(self, text: str) -> int:
        """Words; there is no model."""
        return len(text.split())

    def complete(
        self, requests: Sequence[Prompt], done: Callable[[int], None] | None = None
    ) -> tuple[Completion, ...]:
        """Nothing may be asked.

        Raises:
            ValueError: something was.
        """
        if requests:
            raise ValueError("rules alone were to be measured")
        return ()


def by_rules(name: str) -> Pack:
    """A shipped pack with a cascade of patterns alone."""
    pack = packs.load(name)
    fields = tuple(replace(field, cascade=()) for field in pack.fields)
    return replace(pack, cascade=(CascadeStep(StepName.PATTERN, LEAST),), fields=fields)


def nowhere(_: str) -> Sequence[Span]:
    """A search that finds nothing."""
    return ()
