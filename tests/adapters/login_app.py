"""An application with a login: a form with a csrf token that belongs to a session, cookies, an account. For critical paths; it may be told to break."""

import re
import secrets
import threading
from contextlib import contextmanager
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

PASSWORD = "s3cret & sm0ke"


class LoginApp(ThreadingHTTPServer):
    """One application. `broken`: what does not work; `requests`: what came, as (method, path, cookie, body)."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.broken = ""
        self.requests = []
        self.tokens = {}
        self.signed_in = set()
        self.silence = threading.Event()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def login_app():
    app = LoginApp()
    thread = threading.Thread(target=app.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield app
    finally:
        app.silence.set()
        app.shutdown()
        app.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: LoginApp

    def log_message(self, *_):
        pass

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        cookies = {name: one.value for name, one in SimpleCookie(self.headers.get("cookie", "")).items()}
        self.server.requests.append((self.command, self.path, cookies, body))
        name = re.sub(r"\W.*", "", self.path.strip("/")) or "index"
        if self.server.broken == f"{name} hangs":
            self.server.silence.wait(30)
        if self.server.broken == f"{name} is cut":
            self.close_connection = True
            return
        getattr(self, f"{self.command.lower()}_{name}")(cookies, body)

    do_GET = do_POST = do_PUT = do_DELETE = handle_any

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            for one in value if isinstance(value, list) else [value]:
                self.send_header(name.replace("_", "-"), one)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def get_login(self, cookies, body):
        session, token = secrets.token_hex(8), secrets.token_urlsafe(12) + "+/="
        self.server.tokens[session] = token
        elsewhere = "stray=1; Domain=other.example"
        self.answer(200, f'<form><input name="csrf" value="{token}"></form>'.encode(), set_cookie=[f"session={session}; HttpOnly; Path=/", elsewhere])

    def post_login(self, cookies, body):
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        right = self.server.tokens.get(cookies.get("session", "")) == form.get("csrf")
        if not right or form.get("password") != PASSWORD or self.server.broken == "login":
            self.answer(403, b"no")
            return
        self.server.signed_in.add(cookies["session"])
        gone = "old=; Max-Age=0"
        self.answer(302, location="/account?welcome=1", set_cookie=["user=smoke; Path=/account", "only=there; Path=/admin", "tls=1; Secure", gone])

    def get_account(self, cookies, body):
        if cookies.get("session") not in self.server.signed_in or self.server.broken == "account":
            self.answer(302, location="/login")
        else:
            self.answer(200, f"hello {cookies.get('user')}".encode())

    def put_account(self, cookies, body):
        self.answer(200, b'{"id": "17"}', content_type="application/json")

    def delete_account(self, cookies, body):
        self.answer(204)
