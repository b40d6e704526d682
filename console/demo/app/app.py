"""The demo's application: a small shop over HTTP. It owns its answers, its counters and its log, and knows nothing of deployments.

Run as `python app.py ADDRESS PORT` in a release's folder, which holds `VERSION` and `behaviour.json`:
`health` (status of /healthz), `latency` (seconds added to each answer), `warm_up` (seconds until /healthz may pass),
`errors_after` (seconds after which it fails; 0: never), `error_every` (of so many pages one fails; 0: none),
`login` (status of a right login; 302: it works).
"""

import json
import secrets
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar, NamedTuple
from urllib.parse import parse_qs

SLOW = 0.15
"""Seconds from which on an answer is written down as slow."""
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds of the latency histogram, in seconds."""


CUSTOMER, PASSWORD = "smoke", "let-me-in"
"""The one customer who has an account."""
SESSIONS = 1000
"""Sessions that are remembered."""
LONGEST = 65536
"""Bytes of a form."""


class Reply(NamedTuple):
    """An answer: status, body, and headers beside the usual ones."""

    status: int
    body: str
    headers: tuple[tuple[str, str], ...] = ()


class Login:
    """Sessions, the token of each session's form, and who is signed in. `works`: the status that a right login gets."""

    def __init__(self, works: int) -> None:
        self._works = works
        self._lock = threading.Lock()
        self._tokens: dict[str, str] = {}
        self._signed_in: set[str] = set()

    def reply(self, method: str, path: str, cookie: str, form: str) -> Reply | None:
        """Answer what belongs to the account; None: nothing of it does."""
        session = _session(cookie)
        if (method, path) == ("GET", "/login"):
            return self._form()
        if (method, path) == ("POST", "/login"):
            return self._signs_in(session, {name: values[0] for name, values in parse_qs(form).items()})
        if (method, path) == ("GET", "/account"):
            with self._lock:
                known = session in self._signed_in
            return Reply(200, f"hello {CUSTOMER}\n") if known else Reply(302, "", (("Location", "/login"),))
        return None

    def _form(self) -> Reply:
        session, token = secrets.token_hex(16), secrets.token_urlsafe(16)
        with self._lock:
            self._tokens[session] = token
            for old in list(self._tokens)[:-SESSIONS]:
                del self._tokens[old]
                self._signed_in.discard(old)
        field = f'<input type="hidden" name="csrf" value="{token}">'
        body = f'<form method="post">{field}<input name="user"><input name="password" type="password"></form>\n'
        return Reply(200, body, (("Set-Cookie", f"session={session}; Path=/; HttpOnly; SameSite=Lax"),))

    def _signs_in(self, session: str, form: dict[str, str]) -> Reply:
        with self._lock:
            if not session or self._tokens.get(session) != form.get("csrf"):
                return Reply(403, "this form is not of this session\n")
            if (form.get("user"), form.get("password")) != (CUSTOMER, PASSWORD):
                return Reply(403, "no such customer, or another password\n")
            if self._works != 302:
                return Reply(self._works, "no answer from the session store\n")
            self._signed_in.add(session)
        return Reply(302, "", (("Location", "/account"),))


def _session(cookie: str) -> str:
    try:
        found = SimpleCookie(cookie).get("session")
    except CookieError:
        return ""
    return found.value if found else ""


class Shop:
    """What this release answers, and what it has counted since it was started."""

    def __init__(self, folder: Path) -> None:
        self.version = (folder / "VERSION").read_text(encoding="utf-8").strip()
        behaviour = json.loads((folder / "behaviour.json").read_text(encoding="utf-8"))
        self.latency = float(behaviour.get("latency", 0))
        self._health = int(behaviour.get("health", 200))
        self._warm_up = float(behaviour.get("warm_up", 0))
        self._errors_after = float(behaviour.get("errors_after", 0))
        self._error_every = int(behaviour.get("error_every", 0))
        self._login = Login(int(behaviour.get("login", 302)))
        self._pages = 0
        self._started = time.monotonic()
        self._lock = threading.Lock()
        self._statuses: Counter[int] = Counter()
        self._buckets = [0] * len(BUCKETS)
        self._seconds = 0.0

    def reply(self, method: str, path: str, cookie: str = "", form: str = "") -> Reply:
        """Answer one request of a customer: a page, the login's form, or 405 for a form where there is none."""
        status, body = self.answer(path)
        if status != 404:
            return Reply(status, body) if method == "GET" else Reply(405, "no such form\n")
        return self._login.reply(method, path, cookie, form) or Reply(status, body)

    def answer(self, path: str) -> tuple[int, str]:
        """Status and body for a path."""
        if path == "/metrics":
            return 200, "\n".join(self._metrics()) + "\n"
        if path not in ("/", "/healthz"):
            return 404, "no such page\n"
        if self._has_exhausted_its_pool():
            return 500, "connection pool exhausted\n"
        if path == "/healthz":
            return self._assess_health()
        if self._fails_this_one():
            return 500, "no answer from the recommendations\n"
        return 200, f"shop {self.version}\n"

    def count(self, status: int, seconds: float) -> None:
        """Count an answer for /metrics."""
        with self._lock:
            self._statuses[status] += 1
            self._seconds += seconds
            for index, bound in enumerate(BUCKETS):
                self._buckets[index] += seconds <= bound

    def _age(self) -> float:
        return time.monotonic() - self._started

    def _has_exhausted_its_pool(self) -> bool:
        return self._errors_after > 0 and self._age() >= self._errors_after

    def _fails_this_one(self) -> bool:
        with self._lock:
            self._pages += 1
            return self._error_every > 0 and self._pages % self._error_every == 0

    def _assess_health(self) -> tuple[int, str]:
        if self._health != 200:
            return self._health, "cache: no answer from its server\n"
        if self._age() < self._warm_up:
            return 503, "warming up\n"
        return 200, "ok\n"

    def _metrics(self) -> Iterator[str]:
        with self._lock:
            statuses, buckets, seconds = dict(self._statuses), list(self._buckets), self._seconds
        total = sum(statuses.values())
        yield "# TYPE shop_info gauge"
        yield f'shop_info{{version="{self.version}"}} 1'
        yield "# TYPE http_requests_total counter"
        yield from (f'http_requests_total{{status="{status}"}} {number}' for status, number in sorted(statuses.items()))
        yield "# TYPE http_request_duration_seconds histogram"
        for bound, number in zip(BUCKETS, buckets, strict=True):
            yield f'http_request_duration_seconds_bucket{{le="{bound}"}} {number}'
        yield f'http_request_duration_seconds_bucket{{le="+Inf"}} {total}'
        yield f"http_request_duration_seconds_sum {seconds:.6f}"
        yield f"http_request_duration_seconds_count {total}"


class ShopPage(BaseHTTPRequestHandler):
    """Answers one HTTP request of the demo's application."""

    shop: ClassVar[Shop]
    timeout = 10
    server_version = "shop"

    def do_GET(self) -> None:
        """Answer with the page of that path."""
        self._answer("")

    def do_POST(self) -> None:
        """Answer a form of at most LONGEST bytes; one without a length counts as empty."""
        length = self.headers.get("Content-Length", "")
        self._answer(self.rfile.read(min(int(length), LONGEST)).decode("utf-8", "replace") if length.isdecimal() else "")

    def _answer(self, form: str) -> None:
        """Answer, and count what a customer asked for."""
        began = time.monotonic()
        if self.path != "/metrics":
            time.sleep(self.shop.latency)
        status, body, headers = self.shop.reply(self.command, self.path, self.headers.get("Cookie", ""), form)
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
        if self.path == "/":
            self.shop.count(status, time.monotonic() - began)
        if self.path == "/" or status >= 500:
            write_down(self.path, status, body, time.monotonic() - began)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing in the library's words."""


def write_down(path: str, status: int, body: str, seconds: float) -> None:
    """Write an answer into the log: that it was given, or why it was not, or that it was slow."""
    at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + f".{time.time_ns() // 1_000_000 % 1000:03d}Z"
    if status >= 500:
        words = f"ERROR {path} {status}: {body.strip()}"
    elif seconds >= SLOW:
        words = f"WARN {path} {status}: slow, {seconds * 1000:.0f} ms"
    else:
        words = f"INFO {path} {status} in {seconds * 1000:.0f} ms"
    sys.stdout.write(f"{at} {words}\n")
    sys.stdout.flush()


class ShopServer(ThreadingHTTPServer):
    """Takes every customer that comes; those being served are waited for at the end."""

    daemon_threads = False
    request_queue_size = 64

    def server_bind(self) -> None:
        """Bind without asking the name service who we are."""
        self.socket.setsockopt(1, 2, 1)  # SOL_SOCKET, SO_REUSEADDR
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]


def main() -> int:
    """Serve until TERM, then finish the open requests."""
    address, port = sys.argv[1], int(sys.argv[2])
    shop = ShopPage.shop = Shop(Path(__file__).resolve().parent)
    server = ShopServer((address, port), ShopPage)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    sys.stdout.write(f"shop {shop.version} on {address}:{port}\n")
    sys.stdout.flush()
    with server:
        server.serve_forever(poll_interval=0.05)
    sys.stdout.write(f"shop {shop.version} ended\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
