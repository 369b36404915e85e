"""Serving the console on loopback or on a Unix socket, and nowhere else."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from appliance.errors import UsageError

LOOPBACK = "127.0.0.1"
MOST_CONNECTIONS = 64


def on_port(port: int) -> socket.socket:
    """A socket that listens on loopback; port 0 lets the system choose.

    Raises:
        UsageError: the port is taken.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((LOOPBACK, port))
        listening.listen(MOST_CONNECTIONS)
    except OSError as error:
        listening.close()
        raise UsageError(
            f"nobody can listen on port {port} ({error.strerror})", remedy="choose another --port"
        ) from error
    return listening


def on_socket(path: Path) -> socket.socket:
    """A Unix socket for its owner alone, for the end of an SSH tunnel.

    Raises:
        UsageError: something lies there, or it cannot be made.
    """
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listening.bind(os.fspath(path))
        listening.listen(MOST_CONNECTIONS)
    except OSError as error:
        listening.close()
        raise UsageError(
            f"{path}: no socket can be made there ({error.strerror})",
            remedy="name a path that does not exist yet, in a folder of your own",
        ) from error
    finally:
        os.umask(before)
    return listening


def serve(application: Starlette, listening: socket.socket) -> None:
    """Answer until Ctrl-C or SIGTERM. No access log: addresses of pages are content."""
    config = uvicorn.Config(
        application,
        log_level="error",
        access_log=False,
        server_header=False,
        date_header=False,
        lifespan="on",
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=3,
        proxy_headers=False,
    )
    try:
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        listening.close()
