"""Test double: a confined worker that does what each file says, in JSON, instead of parsing it.

Keys, all optional: ``text``; ``parts``: list of [name, JSON of the part, reason]; ``each``: parts
in one answer; ``container``: no document of its own; ``die``, ``sleep`` (seconds), ``lost``
(characters that are missing without a reason), ``secret`` (the password that opens it), ``hidden``.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence

from appliance.documents import Concealment, ElementKind, Tally, Unit
from appliance.formats import kinds, reading, wire
from appliance.formats.build import DocumentBuilder
from appliance.formats.reading import Part, Reading, Wishes
from appliance.sandbox.child import Limits, serve
from appliance.sandbox.outcome import Outcome, ReadingFailed

LOADED = wire  # before the process is confined


def main(arguments: Sequence[str]) -> None:
    """Serve as the real worker does."""
    memory, cpu, wall = (int(argument) for argument in arguments)
    serve(Limits(memory << 20, cpu, wall), _warm, _read)


def _warm(task: str) -> None:
    """Everything is here already, but for what reads PDF."""
    if task == kinds.Family.PDF:
        raise ModuleNotFoundError("no module of this name")


def _read(_: str, wishes: bytes, untrusted: bytes) -> bytes:
    wished, orders = Wishes.decode(wishes), json.loads(untrusted)
    time.sleep(orders.get("sleep", 0))
    if orders.get("die"):
        os.abort()
    if orders.get("secret") and orders["secret"] not in wished.passwords:
        raise ReadingFailed(Outcome.WRONG_PASSWORD if wished.passwords else Outcome.NEEDS_PASSWORD)
    text = orders.get("text", "")
    builder = DocumentBuilder("text/plain")
    builder.add(ElementKind.TEXT, text)
    builder.tally(Tally(Unit.CHARACTERS, len(text) + orders.get("lost", 0), len(text)))
    if orders.get("hidden"):
        builder.hide(Concealment.WHITE, orders["hidden"])
    first, every = wished.first_part, orders.get("parts", [])
    chosen = every[first : first + orders.get("each", len(every))]
    following = first + len(chosen)
    document = None if orders.get("container") else builder.finish()
    parts = tuple(Part(name, json.dumps(of).encode(), reason) for name, of, reason in chosen)
    left = following if following < len(every) else None
    return reading.encode(Reading(document, parts, left))
