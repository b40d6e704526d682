"""An engine's end of a socket that says what it was told to, in a thread of its own, and keeps what it heard."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from console.wire.frames import TO_ENGINE, Frames, framed

Heard = dict[str, Any]


class EngineScript:
    """Says `welcome` to one client after the other, and to each message what `answer` makes of it; None: nothing."""

    def __init__(self, path: str, welcome: object, answer: Callable[[Heard], object]) -> None:
        self._welcome = welcome
        self._answer = answer
        self.heard: list[Heard] = []
        os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(path)
        self._server.listen()
        self._thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            with client:
                self._talk(client)

    def _talk(self, client: socket.socket) -> None:
        frames = Frames(TO_ENGINE)
        client.sendall(_frame(self._welcome))
        while data := client.recv(65536):
            for body in frames.feed(data):
                self.heard.append(msgspec.json.decode(body))
                answer = self._answer(self.heard[-1])
                if answer is not None:
                    client.sendall(_frame(answer))

    def __enter__(self) -> "EngineScript":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()


def _frame(message: object) -> bytes:
    return framed(message if isinstance(message, bytes) else msgspec.json.encode(message))


@contextmanager
def scripted_engine(path: str, welcome: object, *answers: object) -> Iterator[EngineScript]:
    """Serve one that answers so, in this order. What is said is a message, or the bytes in its place."""
    rest = list(answers)
    with EngineScript(path, welcome, lambda message: rest.pop(0)) as engine:
        yield engine
