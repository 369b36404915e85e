"""Who calls is what the kernel says, and the process that called is held."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from appliance.api.peer import Peer, peer_of
from appliance.errors import ServiceUnavailable

_CALLER = "import socket, sys; s = socket.socket(1); s.connect(sys.argv[1]); sys.stdin.read()"


def test_the_account_and_the_process_of_the_caller_and_when_it_has_gone(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        command = [sys.executable, "-c", _CALLER, str(tmp_path / "s")]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as caller:
            connection, _ = listener.accept()
            peer = peer_of(connection)
            assert (peer.uid, peer.gid, peer.pid) == (os.getuid(), os.getgid(), caller.pid)
            if peer.process < 0:
                pytest.skip("this kernel gives no descriptor of the calling process")
            assert not peer.has_gone()
            caller.kill()
        deadline = time.monotonic() + 300
        while not peer.has_gone():
            assert time.monotonic() < deadline
        connection.close()
        peer.close()


def test_only_local_connections_have_a_name() -> None:
    pair = socket.socketpair()
    for one in pair:
        assert peer_of(one).uid == os.getuid()
        one.close()
    with pytest.raises(ServiceUnavailable):
        peer_of(pair[0])  # closed: the kernel knows nothing of it
    with socket.socket(socket.AF_UNIX) as alone, pytest.raises(ServiceUnavailable):
        peer_of(alone)  # nobody is at its other end


def test_without_a_descriptor_nobody_is_taken_for_gone() -> None:
    assert not Peer(1000).has_gone()
