"""How fast this machine reads, embeds and generates: small samples, one after the other."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from appliance.acceptance.checks import Figure
from appliance.acceptance.ground import REMEDY
from appliance.app.view import Appliance
from appliance.config import Settings
from appliance.documents import ParsedDocument
from appliance.engine.client import Prompt, VllmEngine
from appliance.errors import InvariantBroken
from appliance.formats import kinds, reading
from appliance.formats.reading import Wishes
from appliance.printing import pdf
from appliance.sandbox.server import ReaderServer

PAGES, FEW_PAGES = 60, 6  # to be read; to be embedded
TOKENS = 48  # of each answer
PROMPTS = 4  # at a time
_WORDS = "The supplier delivers the goods named in this clause within thirty days after the order"


def reading_and_embedding(appliance: Appliance, settings: Settings) -> Iterator[Figure]:
    """Pages a second of one confined reader, and chunks a second of the embedding model."""
    with ReaderServer.start(settings.reader, Path(sys.executable)) as reader:
        few = _read(reader, FEW_PAGES)
        begun = time.monotonic()
        read = _read(reader, PAGES)
        seconds = time.monotonic() - begun
    yield Figure("pages read by one reader", round((read.pages or 0) / seconds, 1), "pages/s")
    begun = time.monotonic()
    chunks = len(appliance.warm.library().payload(few).chunks)
    rate = chunks / (time.monotonic() - begun)
    yield Figure("chunks embedded", round(rate, 1), "chunks/s")


def _read(reader: ReaderServer, pages: int) -> ParsedDocument:
    data = pdf.document([tuple(_lines(number)) for number in range(pages)])
    answer = reader.read(data, kinds.family(data[:1024]), Wishes(".pdf").encode())
    parsed = reading.decode(answer).document
    if parsed is None or parsed.pages != pages:
        raise InvariantBroken("a PDF file of the tries was not read whole", remedy=REMEDY)
    return parsed


def generating(appliance: Appliance, settings: Settings) -> Figure:
    """Tokens a second over some prompts at a time."""
    engine = VllmEngine(settings, appliance.warm.model().name, "acceptance")
    prompts = [
        Prompt("You write plain English.", f"{_WORDS}, says clause {n}.", "Say more.", TOKENS)
        for n in range(PROMPTS)
    ]
    begun = time.monotonic()
    tokens = sum(answer.completion_tokens for answer in engine.complete(prompts))
    rate = tokens / (time.monotonic() - begun)
    return Figure(f"tokens generated, {PROMPTS} answers at a time", round(rate, 1), "tokens/s")


def _lines(page: int) -> Iterator[pdf.Line]:
    for number in range(40):
        yield pdf.Line(f"{page}.{number} {_WORDS}.", 60, 60 + 18 * number, 10)
