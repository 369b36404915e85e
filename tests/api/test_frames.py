"""Frames: what is sent arrives; what is no message ends the connection, and nothing else."""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.api.frames import LARGEST_FRAME, Connection, Garbled, Gone
from appliance.plain import Plain

LARGEST = 4 << 20
Pair = tuple[Connection, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    here, there = socket.socketpair(socket.AF_UNIX)
    here.settimeout(300)
    there.settimeout(300)
    with Connection(here, LARGEST) as line, there:
        yield line, there


@pytest.mark.parametrize(
    "plain", [None, {}, {"a": [1, 2.5, True, "ä\ud800"]}, "x" * (3 * LARGEST_FRAME), [""]]
)
def test_what_is_sent_arrives(pair: Pair, plain: Plain) -> None:
    line, there = pair
    sender = threading.Thread(target=Connection(there, LARGEST).send, args=(plain,))
    sender.start()
    assert line.receive().plain == plain
    sender.join()


def test_a_descriptor_comes_with_its_message(pair: Pair, tmp_path: Path) -> None:
    line, there = pair
    (tmp_path / "f").write_bytes(b"content")
    descriptor = os.open(tmp_path / "f", os.O_RDONLY)
    Connection(there, LARGEST).send({"item": 1}, [descriptor])
    os.close(descriptor)
    message = line.receive()
    assert os.pread(message.descriptors[0], 100, 0) == b"content"
    assert not os.get_inheritable(message.descriptors[0])
    message.close()


def test_a_message_beyond_the_bound_is_not_gathered(pair: Pair) -> None:
    line, there = pair
    piece = struct.pack(">BI", 0, LARGEST_FRAME) + b"x" * LARGEST_FRAME

    def send() -> None:
        try:
            for _ in range(LARGEST // LARGEST_FRAME + 2):
                there.sendall(piece)
        except OSError:
            pass

    sender = threading.Thread(target=send)
    sender.start()
    with pytest.raises(Garbled, match="larger"):
        line.receive()
    line.close()
    sender.join()


def test_a_length_beyond_a_frame_is_refused_before_it_is_read(pair: Pair) -> None:
    line, there = pair
    there.sendall(struct.pack(">BI", 1, LARGEST_FRAME + 1))
    with pytest.raises(Garbled):
        line.receive()


def test_who_goes_or_says_nothing_is_gone(pair: Pair) -> None:
    line, there = pair
    line.wait(0.05)
    with pytest.raises(Gone):
        line.receive()
    there.sendall(b"\x01\x00")
    there.close()
    assert line.hung_up()
    with pytest.raises(Gone):
        line.receive()
    with pytest.raises(Gone):
        line.send("x" * LARGEST)


def test_nobody_is_gone_who_is_there(pair: Pair) -> None:
    line, there = pair
    assert not line.hung_up()
    there.sendall(b"x")
    assert not line.hung_up()


@given(st.binary(max_size=200))
def test_garbage_raises_nothing_else(data: bytes) -> None:
    here, there = socket.socketpair(socket.AF_UNIX)
    with Connection(here, LARGEST) as line, there:
        there.sendall(data)
        there.shutdown(socket.SHUT_WR)
        try:
            while True:
                line.receive().close()
        except (Gone, Garbled):
            pass


def test_deep_nesting_is_no_message(pair: Pair) -> None:
    line, there = pair
    data = b"[" * 200_000
    there.sendall(struct.pack(">BI", 1, len(data)) + data)
    with pytest.raises(Garbled):
        line.receive()
