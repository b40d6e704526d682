"""A web server that says its name, as late as it is told to, and can go away and come back."""

import http.client
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.reserved import free_port


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 64


class Web:
    """`GET /slow` waits until `release`; `GET /bad` answers 500; any other answers its name at once."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.address = "127.0.0.1"
        self.port = free_port()
        self.waiting = 0
        self._released = threading.Event()
        self._server: Server | None = None
        self.start()

    def start(self) -> None:
        """Listen."""
        web = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if self.path == "/slow":
                    web.waiting += 1
                    web._released.wait(30)
                    web.waiting -= 1
                body = web.name.encode()
                self.send_response(500 if self.path == "/bad" else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:
                    self.close_connection = True

        self._server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Go away: nobody listens there."""
        self._released.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def release(self) -> None:
        """Let what waits go on."""
        self._released.set()

    def await_waiting(self, count: int = 1) -> None:
        """Wait until so many requests wait here."""
        end = time.monotonic() + 60
        while self.waiting != count:
            assert time.monotonic() < end, f"{self.waiting} requests wait at {self.name}; expected {count}"
            time.sleep(0.01)


def ask(port: int, path: str = "/", cookie: str = "") -> tuple[int, str]:
    """Ask whatever listens there, on a connection of its own; (0, why) where no whole answer comes."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    try:
        connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except (OSError, http.client.HTTPException) as fault:
        return 0, str(fault)
    finally:
        connection.close()
