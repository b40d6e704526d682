"""One question to an engine that lives, over a socket that is waited for: a command that asks once is not to load an event loop, nor the model's events.

Where anything is not as it mostly is, nothing is said here: the question is then put by `engine_connection`, which says what is wrong.
"""

import socket
import time
from collections.abc import Callable
from contextlib import closing

from console.errors import EngineLost
from console.wire.address import reachable
from console.wire.frames import TO_CLIENT, DecodeError, FrameError, Frames
from console.wire.questions import PROTOCOL, Answer, Failed, Hello, Query, Welcome, error_of, question_bytes, read_answer

GREETING = 5.0
"""Seconds that an engine has to say who it is, and to take note of who asks."""

LONG = 600.0
"""Seconds for a question that asks the hosts."""

_Said = Welcome | Answer | Failed


def ask_engine(path: str, hello: Hello, question: Query, is_ready: Callable[[Welcome], bool]) -> Answer | None:
    """Put a question that changes nothing to the engine at a socket; `is_ready` says whether it can be asked as it is.

    None: it cannot, none answers there, or its answer did not come whole. Raises the ConsoleError that the engine answers with, EngineLost where it is silent.
    """
    try:
        with closing(_Asking(path)) as asking:
            welcome = asking.heard(GREETING)
            if not isinstance(welcome, Welcome) or welcome.protocol != PROTOCOL or not is_ready(welcome) or asking.answer(hello, GREETING) is None:
                return None
            try:
                return asking.answer(question, LONG)
            except TimeoutError:
                raise EngineLost(f"the engine (process {welcome.pid}) did not answer within {LONG:.0f} s", "deploy engine list") from None
    except (OSError, FrameError, DecodeError):
        return None


class _Asking:
    """A connection on which each answer is waited for."""

    def __init__(self, path: str) -> None:
        self._frames = Frames(TO_CLIENT)
        self._ready: list[_Said] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.settimeout(GREETING)
            with reachable(path) as address:
                self._socket.connect(address)
        except BaseException:
            self._socket.close()
            raise

    def answer(self, message: Hello | Query, patience: float) -> Answer | None:
        """Send it, and wait so many seconds for its answer; None: it has none. Raises OSError, FrameError, DecodeError, and the error that is answered."""
        self._socket.sendall(question_bytes(message))
        said = self.heard(patience)
        if said.id != message.id or isinstance(said, Welcome):
            return None
        if isinstance(said, Failed):
            raise error_of(said)
        return said

    def heard(self, patience: float) -> _Said:
        """Wait so many seconds for what is said next. Raises OSError, FrameError, DecodeError."""
        until = time.monotonic() + patience
        while not self._ready:
            self._socket.settimeout(max(0.001, until - time.monotonic()))
            data = self._socket.recv(1 << 18)
            if not data:
                raise ConnectionResetError
            self._ready = [read_answer(body) for body in self._frames.feed(data)]
        return self._ready.pop(0)

    def close(self) -> None:
        """Close the socket: nothing more is asked or heard."""
        self._socket.close()
