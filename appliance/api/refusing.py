"""How a caller is turned away before being attended to, in the words of either protocol."""

from __future__ import annotations

import http
import json
import socket
from contextlib import suppress

from appliance.api.frames import LARGEST_CALL, Connection, Gone
from appliance.api.telling import told
from appliance.errors import (
    ApplianceError,
    Busy,
    Denied,
    EngineUnavailable,
    NotFound,
    ServiceUnavailable,
    UsageError,
)

RETRY_AFTER_S = 2
LINGERING_S = 1.0
_MOST_PIECES = 32


def status_of(error: ApplianceError) -> http.HTTPStatus:
    """The HTTP status that says what an error says."""
    if isinstance(error, Busy | ServiceUnavailable | EngineUnavailable):
        return http.HTTPStatus.SERVICE_UNAVAILABLE
    if isinstance(error, Denied):
        return http.HTTPStatus.FORBIDDEN
    if isinstance(error, NotFound):
        return http.HTTPStatus.NOT_FOUND
    if isinstance(error, UsageError):
        return http.HTTPStatus.BAD_REQUEST
    return http.HTTPStatus.INTERNAL_SERVER_ERROR


def body_of(error: ApplianceError) -> bytes:
    """An error as clients of the OpenAI API expect it; ``code`` is the class of errors.py."""
    status = status_of(error)
    kind = (
        "invalid_request_error" if status < http.HTTPStatus.INTERNAL_SERVER_ERROR else "api_error"
    )
    said = f"{error.message}: {error.remedy}" if error.remedy else error.message
    plain = {"message": said, "type": kind, "param": None, "code": type(error).__name__}
    return json.dumps({"error": plain}).encode()


def by_message(connection: socket.socket, error: ApplianceError) -> None:
    """One message of the appliance's own protocol, and the end of the connection."""
    with suppress(Gone):
        Connection(connection, LARGEST_CALL).send(told(error))


def by_http(connection: socket.socket, error: ApplianceError) -> None:
    """One answer, and the end of the connection."""
    status, body = status_of(error), body_of(error)
    head = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    if isinstance(error, Busy):
        head.append(f"Retry-After: {RETRY_AFTER_S}")
    with suppress(OSError):
        connection.sendall("\r\n".join([*head, "", ""]).encode("ascii") + body)
    linger(connection)


def linger(connection: socket.socket) -> None:
    """Let the caller finish their sentence, within bounds, so that they read what was answered."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(LINGERING_S)
        for _ in range(_MOST_PIECES):
            if not connection.recv(1 << 16):
                return
