"""The OpenAI API on the service's socket: a real store, real questions, everybody's own scope."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance import config
from appliance.app.premises import Premises
from appliance.ingest.folder import walk
from appliance.ingest.jobs import Taken
from tests.api.serving import (
    IS_ROOT,
    Reply,
    Running,
    connected,
    introduce,
    over_http,
    running,
)
from tests.conftest import PASSPHRASE, QUICK

ANNA, BEN = 1001, 1002
CHAT = "/v1/chat/completions"
QUESTION = "Which state's laws govern the agreement?"
CONTRACT = (
    "CONSULTING AGREEMENT\n\n1. Term. The agreement ends on March 31, 2024.\n\n"
    "2. Governing law. This agreement is governed by the laws of the State of Delaware.\n"
)
pytestmark = pytest.mark.skipif(not IS_ROOT, reason="only root can call as other accounts")


@pytest.fixture(scope="module")
def service() -> Iterator[Running]:
    """Anna has a matter with one contract; Ben has none."""
    with tempfile.TemporaryDirectory(prefix="appliance-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        (folder / "in").mkdir()
        (folder / "in" / "contract.txt").write_text(CONTRACT)
        settings = config.load(folder / "home", {})
        Premises.create(settings, PASSPHRASE, os.getuid(), cost=QUICK)
        with Premises.open(settings, PASSPHRASE) as premises:
            for uid in (ANNA, BEN):
                introduce(premises, uid, "operator")
            anna = premises.of(ANNA, "", lambda _: None)
            anna.create_collection("acme", "legal")
            assert [o.taken for o in anna.ingest(walk(folder / "in"), "acme", ())] == [Taken.ADDED]
            with running(premises, folder / "s") as found:
                yield found


def ask(service: Running, uid: int, **changed: object) -> Reply:
    request: dict[str, object] = {"model": "appliance/acme"}
    request["messages"] = [{"role": "user", "content": QUESTION}]
    body = json.dumps({**request, **changed}).encode()
    return over_http(service.path, uid, "POST", CHAT, body, Content_Type="application/json")


def test_an_answer_comes_with_its_quotes_and_is_on_record(service: Running) -> None:
    reply = ask(service, ANNA)
    found: Any = json.loads(reply.body)
    assert reply.status == 200, found
    message = found["choices"][0]["message"]
    assert "Delaware" in message["content"]
    (note, *_) = message["annotations"]
    assert note["url_citation"]["title"] == "contract.txt"
    quote = found["appliance"]["answer"]["statements"][0]["citations"][0]["quote"]
    assert quote in CONTRACT


def test_a_stream_ends_as_clients_expect(service: Running) -> None:
    reply = ask(service, ANNA, stream=True)
    assert reply.headers["Content-Type"] == "text/event-stream"
    events = [line.removeprefix("data: ") for line in reply.body.decode().split("\n\n") if line]
    assert events[-1] == "[DONE]"
    said = [json.loads(event)["choices"][0]["delta"].get("content", "") for event in events[:-1]]
    assert "Delaware" in "".join(said)


def test_what_is_not_for_somebody_is_not_there_for_them(service: Running) -> None:
    def models(uid: int) -> list[str]:
        reply = over_http(service.path, uid, "GET", "/v1/models")
        return [one["id"] for one in json.loads(reply.body)["data"]]

    assert models(ANNA) == ["appliance", "appliance/acme"]
    assert models(BEN) == ["appliance"]
    assert over_http(service.path, ANNA, "GET", "/v1/models/appliance%2Facme").status == 200
    forbidden, missing = ask(service, BEN), ask(service, BEN, model="appliance/none")
    assert forbidden.status == missing.status == 404
    assert forbidden.body == missing.body
    forbidden = over_http(service.path, BEN, "GET", "/v1/models/appliance%2Facme")
    missing = over_http(service.path, BEN, "GET", "/v1/models/appliance%2Fnone")
    assert (forbidden.status, forbidden.body) == (missing.status, missing.body)
    assert forbidden.status == 404


@pytest.mark.parametrize(
    ("method", "address", "body", "status"),
    [
        ("GET", "/", b"", 404),
        ("POST", "/v1/completions", b"{}", 404),
        ("POST", CHAT, b"{}", 400),
        ("POST", CHAT, b'{"model": "gpt-4o", "messages": [{"role":"user","content":"a"}]}', 404),
        ("PUT", CHAT, b"{}", 501),
    ],
)
def test_everything_else_is_an_error_in_their_form(
    service: Running, method: str, address: str, body: bytes, status: int
) -> None:
    reply = over_http(service.path, ANNA, method, address, body)
    error = json.loads(reply.body)["error"]
    assert reply.status == status
    assert set(error) == {"message", "type", "param", "code"}
    assert reply.headers["Server"].strip() == "appliance"


def test_a_body_without_length_or_without_end_is_refused(service: Running) -> None:
    for head, status in (
        (b"Transfer-Encoding: chunked", b"400"),
        (b"Content-Length: 1048577", b"400"),
        (b"Content-Length: -5", b"400"),
    ):
        with connected(service.path, ANNA) as line:
            line.sendall(b"POST %b HTTP/1.1\r\n%b\r\n\r\n" % (CHAT.encode(), head))
            assert line.recv(4096).startswith(b"HTTP/1.1 " + status)


def test_two_requests_go_over_one_connection(service: Running) -> None:
    with connected(service.path, ANNA) as line:
        for _ in range(2):
            line.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
            said = b""
            while not said.endswith(b"}"):
                said += line.recv(4096)
            assert b" 200 " in said


def test_the_door_is_on_record(service: Running) -> None:
    ask(service, ANNA)
    last = [r for r in service.service.premises.log.records() if r.action == "ask"]
    assert (last[-1].uid, last[-1].via) == (ANNA, "openai")
