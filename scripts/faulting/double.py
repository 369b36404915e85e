"""A test double of the language model's server: it says the same to the same prompt, at once.

It copies the first words of the text it is given, or takes the first choice of the grammar, so
that results have citations.  Only the server is a double; the appliance's own client asks it.
"""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from appliance import config
from scripts.faulting.warm import die_with_parent
from tests.engine.stand_in import Reply, answering, chat

MODEL = config.EngineSettings().model
_FIRST_CHOICE = re.compile(r"^OPTION_0: /(.*)/$", re.MULTILINE)
_CODE_POINT = re.compile(r"\\u\{([0-9a-f]+)\}")
_TEXT = re.compile(r"<text>\n(.*)\n</text>", re.DOTALL)
_WORDS = 6


def reply(path: str, body: dict[str, object], model: str = MODEL) -> Reply:
    """What the double says."""
    if path == "/v1/models":
        served = {"id": model, "max_model_len": 8192}
        return 200, json.dumps({"data": [served]}).encode()
    if path == "/tokenize":
        return 200, json.dumps({"count": len(str(body.get("prompt")).split())}).encode()
    if path == "/v1/chat/completions":
        return 200, chat(said(body))
    return 200, b"{}"


def said(body: dict[str, object]) -> str:
    """The answer to one chat request."""
    grammar = str(body.get("structured_outputs"))
    if isinstance(body.get("structured_outputs"), dict):
        grammar = str(dict(body["structured_outputs"])["grammar"])  # type: ignore[call-overload]
    first = _FIRST_CHOICE.search(grammar)
    if first and "SPAN_0" not in grammar:
        return _CODE_POINT.sub(lambda m: chr(int(m[1], 16)), first[1])
    messages = body["messages"]
    asked = str(messages[-1]["content"]) if isinstance(messages, list) else ""
    text = _TEXT.search(asked)
    return " ".join(text[1].split()[:_WORDS]) if text else "not stated"


def serve_until_crash(socket: Path, answers: int, model: str) -> None:
    """Serve in this process, which ends in the middle of a request after so many answers."""
    left = [answers]

    def decide(path: str, body: dict[str, object]) -> Reply:
        if path == "/v1/chat/completions":
            left[0] -= 1
            if left[0] < 0:
                os._exit(1)
        return reply(path, body, model)

    with answering(socket, decide):
        signal.pause()


@contextmanager
def serving(socket: Path) -> Iterator[None]:
    """Run the double in a process of its own for the length of the block."""
    pid = os.fork()
    if pid == 0:
        try:
            die_with_parent()
            signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
            with answering(socket, reply):
                signal.pause()
        finally:
            os._exit(0)
    try:
        while not socket.exists():
            if os.waitpid(pid, os.WNOHANG)[0]:
                raise RuntimeError("the engine's double did not start")
            signal.sigtimedwait([], 0.01)
        yield
    finally:
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)
