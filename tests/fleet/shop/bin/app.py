"""The application that test releases hold: a small HTTP server that answers by what its release says of itself.

Usage: app.py ADDRESS PORT PIDFILE, in the release's folder. It starts hundreds of times in a test run, so it loads little before somebody asks for it:
`http.server` alone took three quarters of its start.
"""

import _thread
import os
import socket
import sys
import time

RELEASE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
PAGE = os.path.join(RELEASE, "..", "..", "shared", "maintenance")
HELD = os.path.join(RELEASE, "..", "..", "shared", "held-gate")
"""While it is there, no gate passes."""
PASSWORD = "smoke-s3cret"
TOKENS = {}
SIGNED_IN = set()
BEGAN = time.monotonic()
REASONS = {200: "OK", 302: "Found", 403: "Forbidden", 500: "Internal Server Error", 501: "Not Implemented", 503: "Service Unavailable"}


def read(*names):
    with open(os.path.join(*names), encoding="utf-8") as file:
        return file.read()


def bad_share(behaviour):
    """`bad-0.3`: so many of its answers are errors; `bad-0.3-after-5`: from the fifth second on."""
    kind, share, _, after = (*behaviour.split("-"), "0", "", "")[:4]
    return float(share) if kind == "bad" and time.monotonic() - BEGAN >= float(after or 0) else 0.0


def is_error(behaviour):
    share = bad_share(behaviour)
    if not share:
        return False
    import random

    return random.random() < share


def answer_to(method, path, body, cookie):
    """Status, text and headers of an answer."""
    if method == "GET":
        return get(path, cookie)
    return post(body, cookie) if method == "POST" else (501, f"no {method} here", "")


def get(path, cookie):
    version, behaviour = read(RELEASE, "VERSION").split()
    if path == "/healthz":
        return (503, f"no stock in {version}", "") if behaviour == "unhealthy" or os.path.exists(HELD) else (200, f"ok {version}", "")
    if path == "/login":
        session, token = os.urandom(8).hex(), os.urandom(9).hex()
        TOKENS[session] = token
        return 200, f'<input name="csrf" value="{token}">', f"Set-Cookie: session={session}; HttpOnly; Path=/\r\n"
    if path == "/account":
        return (200, "hello smoke", "") if session_in(cookie) in SIGNED_IN else (302, "", "Location: /login\r\n")
    if path == "/version":
        return 200, version, ""
    if os.path.exists(PAGE):
        return 503, f"maintenance: {read(PAGE)}", ""
    return (500, f"no stock in {version}", "") if is_error(behaviour) else (200, f"shop {version} at {path}", "")


def post(body, cookie):
    from urllib.parse import parse_qs

    form = {name: values[0] for name, values in parse_qs(body).items()}
    session = session_in(cookie)
    if TOKENS.get(session) != form.get("csrf") or form.get("password") != PASSWORD:
        return 403, "no", ""
    if read(RELEASE, "VERSION").split()[1] == "no-login":
        return 500, "no answer from the sessions", ""
    SIGNED_IN.add(session)
    return 302, "", "Location: /account\r\n"


def session_in(cookie):
    return dict(pair.strip().partition("=")[::2] for pair in cookie.split(";")).get("session", "")


def serve(connection):
    """Answer one request, and close."""
    with connection, connection.makefile("rb") as incoming:
        words = incoming.readline(65536).decode("latin-1").split()
        if len(words) != 3:
            return
        headers = {}
        while line := incoming.readline(65536).decode("latin-1").strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = incoming.read(int(headers.get("content-length", 0))).decode()
        status, text, more = answer_to(words[0], words[1], body, headers.get("cookie", ""))
        answer = text.encode() + b"\n"
        head = f"HTTP/1.0 {status} {REASONS[status]}\r\nContent-Type: text/plain\r\nContent-Length: {len(answer)}\r\n{more}\r\n"
        connection.sendall(head.encode() + answer)
        print(words[0], words[1], status, file=sys.stderr, flush=True)


def answered(connection):
    try:
        serve(connection)
    except OSError:
        pass  # who asked has gone


def main():
    address, port, pidfile = sys.argv[1:4]
    server = socket.create_server((address, int(port)), backlog=128)
    fresh = f"{pidfile}.{os.getpid()}"
    with open(fresh, "w", encoding="utf-8") as file:
        file.write(f"{os.getpid()}\n")
    os.replace(fresh, pidfile)
    while True:
        connection, _ = server.accept()
        _thread.start_new_thread(answered, (connection,))


if __name__ == "__main__":
    main()
