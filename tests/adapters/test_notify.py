"""The port `Notifier` over Apprise, against a real HTTP receiver on loopback."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from console.adapters.notify import AppriseNotifier


class Receiver:
    """Takes messages, or refuses them."""

    def __init__(self, status: int) -> None:
        self.messages: list[dict[str, str]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.address = f"json://ada:s3cret@127.0.0.1:{self._server.server_port}/hook"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def taking() -> Iterator[Receiver]:
    made = Receiver(200)
    yield made
    made.close()


@pytest.fixture
def refusing() -> Iterator[Receiver]:
    made = Receiver(503)
    yield made
    made.close()


async def test_every_channel_is_told_and_one_that_fails_holds_none_up(taking: Receiver, refusing: Receiver):
    nothing = "json://ada:s3cret@127.0.0.1:1/"
    found = await AppriseNotifier(lambda: (refusing.address, taking.address, nothing, "nonsense://x")).tell("a run waits", "look", deadline=20)
    assert [bool(one.problem) for one in found] == [True, False, True, True]
    assert (taking.messages[0]["title"], taking.messages[0]["message"]) == ("a run waits", "look")
    assert "s3cret" not in "".join(one.channel + one.problem for one in found)
    assert "503" in found[0].problem


async def test_nobody_to_tell_is_nobody_told():
    assert await AppriseNotifier(tuple).tell("x", "y", deadline=5) == ()
