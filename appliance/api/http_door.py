"""HTTP/1.1 on the service's socket: the two addresses of the OpenAI API that are answered here.

``GET /v1/models``, ``POST /v1/chat/completions`` and ``GET /health``.  There is no key: the kernel
says who calls, and what they may read is all that an answer is made of.  Purpose of use comes in
the header ``X-Appliance-Purpose``.  Everything that arrives is bounded; nothing of it is ever
printed or put into an error.
"""

from __future__ import annotations

import json
import select
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote

from appliance.api import openai, refusing
from appliance.api.answering import STOPS, Interrupted
from appliance.api.fair import Turns
from appliance.api.peer import Peer
from appliance.app.acts import Via
from appliance.app.premises import Premises
from appliance.app.view import Appliance
from appliance.errors import (
    ApplianceError,
    Busy,
    NotFound,
    UsageError,
    unexpected,
)
from appliance.plain import Plain

LONGEST_BODY = 1 << 20  # bytes
_MODELS, _CHAT, _HEALTH = "/v1/models", "/v1/chat/completions", "/health"


def converse(connection: socket.socket, premises: Premises, peer: Peer, turns: Turns) -> None:
    """Answer requests until the caller has gone or says nothing more.

    Raises:
        InvariantBroken, AuditError: after the caller was told; the service has to end.
    """

    class Attending(_Attending):
        timeout = premises.settings.service.first_words_s

        def __init__(self) -> None:
            self.premises, self.peer, self.turns = premises, peer, turns
            super().__init__(connection, "", None)  # type: ignore[arg-type]

    Attending()
    refusing.linger(connection)


class _Attending(BaseHTTPRequestHandler):
    """One connection; its base class reads the requests and answers them one after the other."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "appliance", ""
    premises: Premises
    peer: Peer
    turns: Turns

    def do_GET(self) -> None:
        """Models, and whether the service answers."""
        self._answered(self._read)

    def do_POST(self) -> None:
        """A question."""
        self._answered(self._asked)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what is asked is on record, and nowhere else."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the base class finds wrong with a request, in the form of all other errors."""
        self.close_connection = True
        self._send(HTTPStatus(code), refusing.body_of(UsageError(_reason(code))))

    # --- requests ---------------------------------------------------------------------------------

    def _read(self) -> None:
        if self.path == _HEALTH:
            self._json({"status": "ok"})
            return
        if self.path != _MODELS and not self.path.startswith(f"{_MODELS}/"):
            raise _no_such_address()
        with self.turns.turn(self.peer.uid):
            known = self._appliance(self._header("X-Appliance-Purpose")).collections()
        found = openai.models(known)
        if self.path == _MODELS:
            self._json(found)
            return
        name = unquote(self.path.removeprefix(f"{_MODELS}/"))
        if name not in {openai.MODEL, *(f"{openai.MODEL}/{c.name}" for c in known)}:
            raise NotFound("there is no such model", remedy="see /v1/models")
        self._json(openai.model(name))

    def _asked(self) -> None:
        if self.path != _CHAT:
            raise _no_such_address()
        wanted = openai.wanted(self._body(), self._header("X-Appliance-Purpose"))
        with self.turns.turn(self.peer.uid):
            ask = self._appliance(wanted.purpose).questions.ask
            given = openai.Given(
                *ask(wanted.question, wanted.collections, wanted.document, wanted.max_risk)
            )
        created = int(time.time())
        if wanted.stream:
            self._stream(openai.chunks(wanted, given, created))
        else:
            self._json(openai.completion(wanted, given, created))

    def _appliance(self, purpose: str) -> Appliance:
        """The use cases as this caller sees them; they end when the caller has gone."""
        poll = select.poll()
        poll.register(self.connection, select.POLLRDHUP)

        def present() -> None:
            if poll.poll(0) or self.peer.has_gone():
                raise Interrupted

        def notify(_: str) -> None:
            present()  # nothing is told here, but work that says something can end

        return self.premises.of(self.peer.uid, purpose, notify, via=Via.OPENAI, present=present)

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if self.headers.get("Transfer-Encoding") or not (length.isascii() and length.isdigit()):
            self.close_connection = True
            raise UsageError("this request has no length", remedy="send Content-Length")
        if len(length) > len(str(LONGEST_BODY)) or int(length) > LONGEST_BODY:
            self.close_connection = True
            raise UsageError(f"a request has at most {LONGEST_BODY} bytes")
        return self.rfile.read(int(length))

    def _header(self, name: str) -> str:
        return str(self.headers.get(name, ""))[:100]

    # --- answers ----------------------------------------------------------------------------------

    def _answered(self, act: Callable[[], None]) -> None:
        """Answer, or say why not; what ends the service is passed on after that."""
        try:
            act()
        except Interrupted:
            self.close_connection = True
        except STOPS as error:
            self._refuse(error)
            raise
        except ApplianceError as error:
            self._refuse(error)
        except OSError:
            self.close_connection = True
        except Exception as error:
            self._refuse(unexpected(error))

    def _refuse(self, error: ApplianceError) -> None:
        retry = {"Retry-After": str(refusing.RETRY_AFTER_S)} if isinstance(error, Busy) else {}
        with suppress(OSError):
            self._send(refusing.status_of(error), refusing.body_of(error), **retry)

    def _json(self, plain: Plain) -> None:
        self._send(HTTPStatus.OK, json.dumps(plain, ensure_ascii=False).encode("utf-8", "replace"))

    def _send(self, status: HTTPStatus, body: bytes, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, pieces: Iterator[Plain]) -> None:
        """Server-sent events (HTML, section 9.2), in the chunks of HTTP/1.1."""
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in pieces:
            self._event(json.dumps(piece, ensure_ascii=False))
        self._event("[DONE]")
        self.wfile.write(b"0\r\n\r\n")

    def _event(self, data: str) -> None:
        event = f"data: {data}\n\n".encode("utf-8", "replace")
        self.wfile.write(f"{len(event):x}\r\n".encode("ascii") + event + b"\r\n")


def _reason(status: int) -> str:
    if status == HTTPStatus.NOT_IMPLEMENTED:
        return "this method is not offered here"
    return "this is no HTTP request, or one that is too long"


def _no_such_address() -> NotFound:
    return NotFound("there is no such address", remedy=f"use {_MODELS} or {_CHAT}")
