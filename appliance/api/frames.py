"""Messages on the service's socket: JSON values, cut into frames of bounded length.

A connection begins with the four bytes ``APP1``.  A message is one JSON value in UTF-8, in one
frame or in several: each has a byte that says whether more follow (0) or not (1), a length of four
bytes, most significant first, and at most `LARGEST_FRAME` bytes.  A file that a caller hands over
comes as a descriptor (SCM_RIGHTS, unix(7)) with the first frame of its message: the one who listens
never opens a path of the one who calls.

Nothing that arrives is believed: lengths are checked before anything is read, a message has a
bound, a descriptor that nobody asked for is closed.
"""

from __future__ import annotations

import array
import json
import os
import select
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from appliance.closing import Closing
from appliance.errors import ServiceUnavailable, UsageError
from appliance.plain import Plain

MAGIC = b"APP1"
LARGEST_FRAME = 256 << 10  # bytes
LARGEST_CALL = 16 << 20  # bytes of a message to the service; files come as descriptors
LARGEST_RESULT = 1 << 30  # bytes of a message from it
MOST_DESCRIPTORS = 4  # looked at with one piece of data; more are dropped by the kernel
_HEAD = struct.Struct(">BI")
_MORE, _LAST = 0, 1
_ROOM = socket.CMSG_SPACE(MOST_DESCRIPTORS * array.array("i").itemsize)


class Garbled(UsageError):
    """What came over the socket is no message; the connection is of no use any more."""


class Gone(ServiceUnavailable):
    """The other side closed the connection, or said nothing for too long."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message; whoever takes it closes its descriptors."""

    plain: Plain
    descriptors: tuple[int, ...] = ()

    def close(self) -> None:
        """Close what came with it."""
        for descriptor in self.descriptors:
            os.close(descriptor)


class Connection(Closing):
    """One connected Unix socket that carries messages; used by one thread at a time."""

    def __init__(self, connected: socket.socket, largest: int) -> None:
        """Take over a connected socket.

        Args:
            connected: its timeout bounds every single wait.
            largest: bytes of a message that is still received.
        """
        self._socket = connected
        self._largest = largest

    def send(self, plain: Plain, descriptors: Sequence[int] = ()) -> None:
        """Send one message.

        Raises:
            Gone: nobody takes it.
        """
        data = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
        whole = memoryview(data.encode("utf-8", "surrogatepass"))
        try:
            for at in range(0, max(len(whole), 1), LARGEST_FRAME):
                piece = whole[at : at + LARGEST_FRAME]
                last = at + LARGEST_FRAME >= len(whole)
                head = _HEAD.pack(_LAST if last else _MORE, len(piece))
                self._send(head + piece, () if at else descriptors)
        except OSError as error:
            raise _gone() from error

    def receive(self) -> Message:
        """The next message.

        Raises:
            Gone: nothing more comes, or nothing came in time.
            Garbled: it is no message.
        """
        pieces: list[bytes] = []
        descriptors: list[int] = []
        try:
            while True:
                last, length = self._head(descriptors)
                if length > LARGEST_FRAME or sum(map(len, pieces)) + length > self._largest:
                    raise Garbled("a message is larger than it may be")
                pieces.append(self._exactly(length, descriptors))
                if last:
                    return Message(_parsed(b"".join(pieces)), tuple(descriptors))
        except BaseException as error:
            for descriptor in descriptors:
                os.close(descriptor)
            if isinstance(error, OSError):
                raise _gone() from error
            raise

    def expect(self, first: bytes) -> None:
        """Read what a connection begins with.

        Raises:
            Gone: it ended, or nothing came in time.
            Garbled: it begins with something else.
        """
        try:
            if self._exactly(len(first), []) != first:
                raise Garbled("this is no connection of this protocol")
        except OSError as error:
            raise _gone() from error

    def begin(self, first: bytes) -> None:
        """Say what the connection is.  Raises Gone."""
        try:
            self._socket.sendall(first)
        except OSError as error:
            raise _gone() from error

    def hung_up(self) -> bool:
        """Whether the other side has closed the connection; waits for nothing."""
        poll = select.poll()  # one of its own: several threads of one call may ask at once
        poll.register(self._socket, select.POLLRDHUP)
        return bool(poll.poll(0))

    def wait(self, seconds: float | None) -> None:
        """Bound every wait from now on; None: none."""
        self._socket.settimeout(seconds)

    def close(self) -> None:
        """Let the other side know that nothing more comes."""
        self._socket.close()

    def _send(self, data: bytes, descriptors: Sequence[int]) -> None:
        sent = 0
        if descriptors:
            sent = socket.send_fds(self._socket, [data], list(descriptors))
        self._socket.sendall(memoryview(data)[sent:])

    def _head(self, descriptors: list[int]) -> tuple[bool, int]:
        flag, length = _HEAD.unpack(self._exactly(_HEAD.size, descriptors))
        if flag not in (_MORE, _LAST):
            raise Garbled("this is no message of this protocol")
        return flag == _LAST, length

    def _exactly(self, size: int, descriptors: list[int]) -> bytes:
        buffer = bytearray(size)
        view = memoryview(buffer)
        while view:
            count, ancillary, _, _ = self._socket.recvmsg_into(
                [view], _ROOM, socket.MSG_CMSG_CLOEXEC
            )
            descriptors += _descriptors(ancillary)
            if not count:
                raise _gone()
            view = view[count:]
        return bytes(buffer)


def _descriptors(ancillary: Sequence[tuple[int, int, bytes]]) -> list[int]:
    found = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            found.frombytes(data[: len(data) - len(data) % found.itemsize])
    return found.tolist()


def _parsed(untrusted: bytes) -> Plain:
    try:
        plain: Plain = json.loads(untrusted.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        raise Garbled("a message is no JSON value") from None
    return plain


def _gone() -> Gone:
    return Gone("the connection ended", remedy="run the command again")
