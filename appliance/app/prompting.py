"""The last door before the language model: every call asks once more who may, and is counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from appliance.access.scope import Scope
from appliance.app.acts import Act, Acts

if TYPE_CHECKING:
    from appliance.engine.client import Completion, Engine, Prompt


class Prompting:
    """An engine for one act: no prompt goes out that its documents are not admitted to just then.

    A long task calls many times, so that a right that is taken away ends it at the next call.
    """

    def __init__(
        self, engine: Engine, acts: Acts, act: Act, scope: Scope, spend: Callable[[int], None]
    ) -> None:
        """Join what belongs to one act; ``spend`` is told of the tokens of each call."""
        self._engine = engine
        self._acts, self._act, self._scope = acts, act, scope
        self._spend = spend

    @property
    def context_length(self) -> int:
        """Tokens that a prompt and its answer may have together."""
        return self._engine.context_length

    def count_tokens(self, text: str) -> int:
        """Tokens of a text, without those that a chat frame adds."""
        return self._engine.count_tokens(text)

    def complete(
        self, requests: Sequence[Prompt], done: Callable[[int], None] | None = None
    ) -> tuple[Completion, ...]:
        """Answer every prompt, in order; ``done`` as `Engine` says.

        Raises:
            Denied: a document that was read for them is not permitted any more.
            InvariantBroken: one of them lies outside the scope, or nobody named its collection.
            EngineError: the engine could not answer.
        """
        read = self._act.admitted.get(self._scope.action, set())
        self._acts.admit_to_prompt(self._act, self._scope, read)

        def told(answered: int) -> None:
            self._acts.present()  # whoever asked may have gone meanwhile
            if done is not None:
                done(answered)

        completions = self._engine.complete(requests, told)
        counts = self._act.counts
        for completion in completions:
            took, wrote = completion.prompt_tokens, completion.completion_tokens
            counts["tokens_read"] = counts.get("tokens_read", 0) + took
            counts["tokens_written"] = counts.get("tokens_written", 0) + wrote
            self._spend(took + wrote)
        return completions
