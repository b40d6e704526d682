"""The application that test releases hold: a small HTTP server that answers by what its release says of itself.

Usage: app.py ADDRESS PORT PIDFILE, in the release's folder.
"""

import os
import random
import secrets
import sys
import time
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

RELEASE = Path(__file__).resolve().parent.parent
PASSWORD = "smoke-s3cret"
TOKENS = {}
SIGNED_IN = set()
BEGAN = time.monotonic()


def bad_share(behaviour):
    """`bad-0.3`: so many of its answers are errors; `bad-0.3-after-5`: from the fifth second on."""
    kind, share, _, after = (*behaviour.split("-"), "0", "", "")[:4]
    return float(share) if kind == "bad" and time.monotonic() - BEGAN >= float(after or 0) else 0.0


class Shop(BaseHTTPRequestHandler):
    def do_GET(self):
        version, behaviour = (RELEASE / "VERSION").read_text().split()
        if self.path == "/healthz":
            healthy = behaviour != "unhealthy"
            self.answer(200 if healthy else 503, f"ok {version}" if healthy else f"no stock in {version}")
        elif self.path == "/login":
            session, token = secrets.token_hex(8), secrets.token_urlsafe(9)
            TOKENS[session] = token
            self.answer(200, f'<input name="csrf" value="{token}">', Set_Cookie=f"session={session}; HttpOnly; Path=/")
        elif self.path == "/account":
            self.answer(200, "hello smoke") if self.session() in SIGNED_IN else self.answer(302, "", Location="/login")
        elif self.path == "/version":
            self.answer(200, version)
        elif (page := RELEASE.parent.parent / "shared" / "maintenance").exists():
            self.answer(503, f"maintenance: {page.read_text()}")
        elif random.random() < bad_share(behaviour):
            self.answer(500, f"no stock in {version}")
        else:
            self.answer(200, f"shop {version} at {self.path}")

    def do_POST(self):
        form = {name: values[0] for name, values in parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()).items()}
        if TOKENS.get(self.session()) != form.get("csrf") or form.get("password") != PASSWORD:
            self.answer(403, "no")
        elif (RELEASE / "VERSION").read_text().split()[1] == "no-login":
            self.answer(500, "no answer from the sessions")
        else:
            SIGNED_IN.add(self.session())
            self.answer(302, "", Location="/account")

    def session(self):
        found = SimpleCookie(self.headers.get("Cookie", "")).get("session")
        return found.value if found else ""

    def answer(self, status, text, **headers):
        body = text.encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


def main():
    address, port, pidfile = sys.argv[1:4]
    server = ThreadingHTTPServer((address, int(port)), Shop)
    server.daemon_threads = True
    fresh = f"{pidfile}.{os.getpid()}"
    Path(fresh).write_text(f"{os.getpid()}\n")
    os.replace(fresh, pidfile)
    server.serve_forever()


if __name__ == "__main__":
    main()
