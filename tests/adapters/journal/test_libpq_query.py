"""The database's own library, asked: of a server that stands still in the middle of its answer."""

import socket
import struct
import threading
import time
from collections.abc import Iterator

import pytest

from console.adapters.journal import libpq_query

PATIENCE = 0.3
SSL_REQUEST, GSS_REQUEST = 80877103, 80877104


def _said(kind: bytes, body: bytes = b"") -> bytes:
    return kind + struct.pack(">i", len(body) + 4) + body


_COLUMN = b"number\0" + struct.pack(">ihihih", 0, 0, 23, 4, -1, 0)
_BEGINS = _said(b"1") + _said(b"2") + _said(b"T", struct.pack(">h", 1) + _COLUMN)
_ROWS = [_said(b"D", struct.pack(">hi", 1, 1) + digit) for digit in (b"1", b"2")]
_WHOLE, _READY = _said(b"C", b"SELECT 2\0"), _said(b"Z", b"I")
PARTS = [_BEGINS, *_ROWS, _WHOLE, _READY]


def _whole(conversation: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = conversation.recv(count - len(data))
        if not piece:
            raise ConnectionError
        data += piece
    return data


class StandingServer:
    """Speaks as PostgreSQL does, to one client, and of its answer says so many parts; then it says nothing more."""

    def __init__(self) -> None:
        self.says = len(PARTS)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = {"host": "127.0.0.1", "port": self._listening.getsockname()[1], "user": "shop", "dbname": "shop", "connect_timeout": 60}
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        try:
            conversation, _ = self._listening.accept()
        except OSError:
            return
        with conversation:
            try:
                self._speak(conversation)
            except ConnectionError:
                return

    def _speak(self, conversation: socket.socket) -> None:
        while struct.unpack(">i", (first := _whole(conversation, struct.unpack(">i", _whole(conversation, 4))[0] - 4))[:4])[0] in (SSL_REQUEST, GSS_REQUEST):
            conversation.sendall(b"N")
        assert first
        conversation.sendall(_said(b"R", struct.pack(">i", 0)) + _READY)
        while kind := _whole(conversation, 1):
            _whole(conversation, struct.unpack(">i", _whole(conversation, 4))[0] - 4)
            if kind == b"S":
                conversation.sendall(b"".join(PARTS[: self.says]))

    def end(self) -> None:
        self._listening.close()
        self._thread.join(60)
        assert not self._thread.is_alive()


@pytest.fixture
def server() -> Iterator[StandingServer]:
    made = StandingServer()
    yield made
    made.end()


def test_an_answer_that_is_whole_is_read(server: StandingServer):
    with libpq_query.asking(server.address, 60.0) as ask:
        assert ask("SELECT number", ()) == [(1,), (2,)]


@pytest.mark.parametrize("parts", range(len(PARTS)), ids=["before all", "before the rows", "between two rows", "behind the rows", "behind the answer"])
def test_one_that_stands_still_is_not_waited_for_longer_than_is_said(server: StandingServer, parts: int):
    server.says = parts
    began = time.monotonic()
    with pytest.raises(libpq_query.Silent, match=r"no whole answer within 0\.3 s"), libpq_query.asking(server.address, PATIENCE) as ask:
        ask("SELECT number", ())
    assert PATIENCE <= time.monotonic() - began < PATIENCE + 20
