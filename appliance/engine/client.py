"""Asks the language model: a batch of prompts over the engine's Unix socket, many in flight.

The engine batches what it has at hand and keeps the work on shared beginnings, so the document
stands before the question: many questions on one document read it once.  What it kept is only
found again under the same ``cache_salt``, which the caller derives from what a person may read.
Whatever comes back is untrusted and bounded; nothing of it ever stands in a message.
"""

from __future__ import annotations

import http.client
import json
import math
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import Protocol, TypeGuard

from appliance.config import Settings
from appliance.errors import EngineRefused, EngineUnavailable

LARGEST_ANSWER = 1 << 20  # bytes, plus what the tokens of one answer can take
LARGEST_TOKEN = 1024  # bytes of JSON; the longest token in use, each character as \uXXXX
ALTERNATIVES = 2  # tokens whose likelihood is told beside the one written
LARGEST_COUNT = 64 << 20  # bytes; a count comes with the list of tokens
QUEUED = 2  # requests in flight per place in the engine, so that no place waits for the next
STEP_S = 1.0  # at most, until whoever waits is asked whether they still do
BAD_REQUEST, NOT_FOUND = 400, 404
_PART = 1 << 16  # bytes that are read at a time


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question on one text.  ``grammar`` is a Lark grammar that the answer cannot leave."""

    system: str
    document: str
    question: str
    max_tokens: int
    grammar: str | None = None
    stop: tuple[str, ...] = ()
    logprobs: bool = False  # ask how likely the model found what it wrote: `Completion.margin`


class Finish(StrEnum):
    """Why an answer ended."""

    STOP = "stop"  # the model ended it, or a stop string, or the grammar was complete
    LENGTH = "length"  # max_tokens was reached: the answer may be cut


@dataclass(frozen=True, slots=True)
class Completion:
    """What the model answered, and the tokens it took."""

    untrusted_text: str
    finish: Finish
    prompt_tokens: int
    completion_tokens: int
    margin: float | None = None  # mean over tokens, in nats: chosen less the likeliest other one


class Engine(Protocol):
    """What a task needs of a language model."""

    @property
    def context_length(self) -> int:
        """Tokens that a prompt and its answer may have together."""

    def count_tokens(self, text: str) -> int:
        """Tokens of a text, without those that a chat frame adds."""

    def complete(
        self, requests: Sequence[Prompt], done: Callable[[int], None] | None = None
    ) -> tuple[Completion, ...]:
        """Answer every prompt, in order.

        ``done`` is told how many are answered so far, every second at least; what it raises ends
        the whole.
        """


class VllmEngine:
    """The engine behind the socket of ``settings``, asked for one model under one cache salt."""

    def __init__(self, settings: Settings, model: str, salt: str) -> None:
        if not salt:
            raise ValueError("a cache salt is needed; without one all scopes share one cache")
        self._socket = settings.engine_socket
        self._model = model
        self._salt = salt
        self._seed = settings.engine.seed
        self._seconds = settings.engine.request_timeout_s
        self._in_flight = settings.engine.max_num_seqs * QUEUED
        self._context_length = 0

    @property
    def context_length(self) -> int:
        """Tokens that a prompt and its answer may have together.

        Raises:
            EngineUnavailable, EngineRefused: as `complete`.
        """
        if not self._context_length:
            untrusted = self._asked(_Call(self._socket, self._seconds), "/v1/models", None)
            models = untrusted.get("data")
            for model in models if isinstance(models, list) else []:
                if isinstance(model, dict) and model.get("id") == self._model:
                    self._context_length = _positive(model.get("max_model_len"))
        if not self._context_length:
            raise _another_model(self._model)
        return self._context_length

    def count_tokens(self, text: str) -> int:
        """Tokens of a text, without those that a chat frame adds.

        Raises:
            EngineUnavailable, EngineRefused: as `complete`.
        """
        body = {"model": self._model, "prompt": _encodable(text), "add_special_tokens": False}
        call = _Call(self._socket, self._seconds)
        return _positive(self._asked(call, "/tokenize", body, LARGEST_COUNT).get("count"))

    def complete(
        self, requests: Sequence[Prompt], done: Callable[[int], None] | None = None
    ) -> tuple[Completion, ...]:
        """Answer every prompt, in order; ``done`` as `Engine` says.

        Raises:
            EngineUnavailable: the engine is not running, or went away in the middle.
            EngineRefused: it refused a prompt, or answered with something unusable.
        """
        if not requests:
            return ()
        batch = _Batch(self._socket, self._seconds, done)
        with ThreadPoolExecutor(min(self._in_flight, len(requests))) as threads:
            futures = []
            try:
                futures += [threads.submit(batch.run, self._completed, one) for one in requests]
                waiting = set(futures)
                while waiting:
                    ended, waiting = wait(waiting, STEP_S, FIRST_EXCEPTION)
                    if any(future.exception() for future in ended):
                        break
                    batch.tell(0)
                failed = [f for f in futures if f.done() and not f.cancelled() and f.exception()]
                return tuple(future.result() for future in failed or futures)
            finally:  # after a failure or Ctrl-C nothing may go on in the engine
                threads.shutdown(wait=False, cancel_futures=True)
                batch.close()

    def _completed(self, call: _Call, request: Prompt) -> Completion:
        told = 1 + 3 * (1 + ALTERNATIVES) * request.logprobs  # a token, its bytes and likelihood
        largest = LARGEST_ANSWER + LARGEST_TOKEN * request.max_tokens * told
        body = self._body(request)
        untrusted = self._asked(call, "/v1/chat/completions", body, largest)
        return _completion(untrusted, request.max_tokens)

    def _body(self, request: Prompt) -> dict[str, object]:
        user = _encodable(f"{request.document}\n\n{request.question}")
        messages = [{"role": "user", "content": user}]
        if request.system:
            messages.insert(0, {"role": "system", "content": _encodable(request.system)})
        body: dict[str, object] = {
            "model": self._model,
            "messages": messages,
            "max_tokens": request.max_tokens,
            "temperature": 0,
            "seed": self._seed,
            "cache_salt": self._salt,
        }
        if request.stop:
            body["stop"] = list(request.stop)
        if request.logprobs:
            body["logprobs"], body["top_logprobs"] = True, ALTERNATIVES
        if request.grammar is not None:
            body["structured_outputs"] = {"grammar": request.grammar}
        return body

    def _asked(
        self, call: _Call, path: str, body: Mapping[str, object] | None, largest: int = 0
    ) -> Mapping[str, object]:
        status, untrusted = call.exchange(path, body, largest or LARGEST_ANSWER)
        if status == NOT_FOUND:
            raise _another_model(self._model)
        if status == BAD_REQUEST:
            raise EngineRefused(
                "the engine refused a prompt, most likely because it is too long",
                remedy="raise max_model_len under [engine], or ask about less text at a time",
            )
        if status != http.client.OK:
            raise EngineRefused(f"the engine answered with HTTP status {status}", remedy=_SEE_LOG)
        with suppress(ValueError, RecursionError):
            loaded = json.loads(untrusted)
            if isinstance(loaded, dict):
                return loaded
        raise EngineRefused("the engine's answer is not a JSON object", remedy=_SEE_LOG)


def get(path_of_socket: Path, path: str, seconds: float) -> tuple[int, bytes]:
    """One GET, for health and metrics: HTTP status and untrusted bytes, at most 1 MiB.

    Raises:
        EngineUnavailable: nothing answers on the socket.
        EngineRefused: the answer is larger than that.
    """
    return _Call(path_of_socket, seconds).exchange(path, None, LARGEST_ANSWER)


_SEE_LOG = "see engine.log in the run folder, then `appliance engine stop` and start it again"


class _Connection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__("engine", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class _Call:
    """One connection for one request: the server drops idle ones, and a local one costs nothing."""

    def __init__(self, path: Path, seconds: float) -> None:
        self._connection = _Connection(path, seconds)
        self._seconds = seconds
        self._aborted = False

    def exchange(
        self, path: str, body: Mapping[str, object] | None, largest: int
    ) -> tuple[int, bytes]:
        try:
            self._connection.connect()
            if self._aborted:  # the other order, connected and then aborted, fails by itself
                raise ConnectionAbortedError
            if body is None:
                self._connection.request("GET", path)
            else:
                data = json.dumps(body).encode("ascii")
                self._connection.request("POST", path, data, {"Content-Type": "application/json"})
            with self._connection.getresponse() as response:
                untrusted = self._read(response, largest)
        except TimeoutError as error:
            raise EngineUnavailable(
                "the engine did not answer in time",
                remedy="raise request_timeout_s under [engine]; see `appliance engine status`",
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise EngineUnavailable(
                "the engine is not running or went away",
                remedy="see `appliance engine status` and engine.log in the run folder",
            ) from error
        finally:
            self._connection.close()
        if len(untrusted) > largest:
            raise EngineRefused("the engine's answer is too large", remedy=_SEE_LOG)
        return response.status, untrusted

    def _read(self, response: http.client.HTTPResponse, largest: int) -> bytes:
        """The answer, at most one byte more than the largest; what trickles in has to end too."""
        deadline = time.monotonic() + self._seconds
        untrusted = bytearray()
        while part := response.read1(min(_PART, largest + 1 - len(untrusted))):
            untrusted += part
            if len(untrusted) > largest:
                break
            if time.monotonic() > deadline:
                raise TimeoutError
        return bytes(untrusted)

    def abort(self) -> None:
        """End the exchange from another thread; the engine drops the request."""
        self._aborted = True
        held = self._connection.sock
        if held is not None:
            with suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)


class _Batch:
    """The calls in flight, so that they can be ended together."""

    def __init__(self, path: Path, seconds: float, done: Callable[[int], None] | None) -> None:
        self._path, self._seconds, self._done = path, seconds, done
        self._lock = Lock()
        self._calls: set[_Call] = set()
        self._closed = False
        self._answered = 0

    def run(self, ask: Callable[[_Call, Prompt], Completion], request: Prompt) -> Completion:
        call = _Call(self._path, self._seconds)
        with self._lock:
            if self._closed:
                raise EngineUnavailable("the batch was ended")
            self._calls.add(call)
        try:
            completion = ask(call, request)
        finally:
            with self._lock:
                self._calls.discard(call)
        self.tell(1)
        return completion

    def tell(self, more: int) -> None:
        """Whoever waits hears of so many more answers."""
        with self._lock:
            self._answered += more
            if self._done is not None:
                self._done(self._answered)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            for call in self._calls:
                call.abort()


def _completion(untrusted: Mapping[str, object], max_tokens: int) -> Completion:
    """Check an answer against what was asked."""
    choices, usage = untrusted.get("choices"), untrusted.get("usage")
    choice = choices[0] if isinstance(choices, list) and len(choices) == 1 else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict) or not isinstance(usage, dict):
        raise EngineRefused("the engine's answer lacks its parts", remedy=_SEE_LOG)
    untrusted_text, ended = message.get("content"), choice.get("finish_reason")
    if ended not in list(Finish) or not isinstance(untrusted_text, str):
        raise EngineRefused("the engine ended an answer in an unusable way", remedy=_SEE_LOG)
    completion_tokens = _positive(usage.get("completion_tokens"))
    if completion_tokens > max_tokens:
        raise EngineRefused("the engine's answer is longer than asked", remedy=_SEE_LOG)
    return Completion(
        untrusted_text=untrusted_text,
        finish=Finish(str(ended)),
        prompt_tokens=_positive(usage.get("prompt_tokens")),
        completion_tokens=completion_tokens,
        margin=_margin(choice.get("logprobs")),
    )


def _margin(untrusted: object) -> float | None:
    """Mean over the tokens of how much likelier each was than the likeliest other; None: not told.

    The likelihoods are the model's own, before the grammar: below zero, the grammar made it write
    what it would not have written.
    """
    tokens = untrusted.get("content") if isinstance(untrusted, dict) else None
    every = tokens if isinstance(tokens, list) else ()
    margins = [m for token in every if (m := _token_margin(token)) is not None]
    return sum(margins) / len(margins) if margins else None


def _token_margin(untrusted: object) -> float | None:
    if not isinstance(untrusted, dict) or not isinstance(untrusted.get("top_logprobs"), list):
        return None
    others = [
        top["logprob"]
        for top in untrusted["top_logprobs"]
        if isinstance(top, dict)
        and top.get("token") != untrusted.get("token")
        and _is_likelihood(top.get("logprob"))
    ]
    written = untrusted.get("logprob")
    return written - max(others) if others and _is_likelihood(written) else None


def _is_likelihood(untrusted: object) -> TypeGuard[float]:
    """JSON as Python reads it knows NaN, which no bound holds: it would count as fully sure."""
    return isinstance(untrusted, float) and math.isfinite(untrusted)


def _positive(untrusted: object) -> int:
    if type(untrusted) is not int or untrusted < 0:
        raise EngineRefused("the engine's answer holds a count that is none", remedy=_SEE_LOG)
    return untrusted


def _encodable(text: str) -> str:
    """Half a surrogate pair has no UTF-8 form; one character takes its place, so offsets hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _another_model(model: str) -> EngineRefused:
    return EngineRefused(
        f"the running engine does not serve {model}",
        remedy="run `appliance engine stop`; the next task starts it with the right model",
    )
