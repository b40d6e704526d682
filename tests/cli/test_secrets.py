"""A secret planted in each place where text enters, in each form: in nothing that the console writes, sends or prints, and on no host beside the command's own.

The places are listed in docs/security.md.
"""

import json
import os
import re
import shlex
import sqlite3
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from console.adapters.enginelog import GatedLog
from console.core.secrets.masking import Masking
from console.safe_text import hide
from tests.fleet import Fleet
from tests.fleet.fleet import missing

pytestmark = pytest.mark.real

TOKEN = "Tr0ub4dor&3/=x'y\"z w+%"
PASSWORD = "kJ8f0aQz77LmN2"
CHANNEL = "hook0Secret9Path"

FORMS = r"""
import base64, json, os, shlex, sys, time, urllib.parse as u
t = open(sys.argv[1]).read().rstrip("\n") if sys.argv[1:] else os.environ["TOKEN"]
b = t.encode()
forms = [t, base64.b64encode(b).decode(), base64.b64encode(b"u:" + b).decode(), base64.urlsafe_b64encode(b"a" + b).decode().rstrip("="), u.quote(t), u.quote(t, safe=""),
         u.quote_plus(t), shlex.quote(t), json.dumps(t), b.hex(), b.hex().upper()]
for form in forms:
    sys.stdout.write("form " + form[:len(form) // 2]); sys.stdout.flush(); time.sleep(0.02)
    sys.stdout.write(form[len(form) // 2:] + " end\n"); sys.stdout.flush()
sys.stderr.write("and " + t + "\n")
"""


def forms_of(text: str) -> dict[str, str]:
    """What is looked for: whole forms, and the middle of base64, which is there whatever stands before and behind."""
    data = text.encode()
    return {
        "plain": text, "base64": b64encode(data).decode().rstrip("=")[:-1], "base64 behind u:": b64encode(b"u:" + data).decode()[3:].rstrip("=")[:-1],
        "base64 behind a": b64encode(b"a" + data).decode()[2:].rstrip("=")[:-1], "quote": quote(text), "quote all": quote(text, safe=""), "plus": quote_plus(text),
        "shell": shlex.quote(text), "JSON": json.dumps(text)[1:-1], "JSON twice": json.dumps(json.dumps(text))[1:-1], "hex": data.hex(), "HEX": data.hex().upper(),
    }  # fmt: skip


def assert_clean(where: str, data: bytes) -> None:
    for secret in (TOKEN, PASSWORD, CHANNEL):
        for name, form in forms_of(secret).items():
            at = data.find(form.encode())
            assert at < 0, f"{where} holds {secret!r} in the form {name}: …{data[max(0, at - 200) : at + 120]!r}"


class Echo:
    """A web server of the application that says what it should not."""

    def __init__(self) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = f"denied for {TOKEN} {b64encode(TOKEN.encode()).decode()}".encode()
                self.send_response(302)
                self.send_header("Location", f"/login?token={quote(TOKEN, safe='')}")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                self.send_response(500)
                self.end_headers()
                self.wfile.write(f"no channel {CHANNEL}".encode())

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Shop:
    """A fleet, a file with secrets in every place, and all that the console printed."""

    def __init__(self, fleet: Fleet, repository: Path, folder: Path, echo: Echo) -> None:
        self.fleet, self.folder = fleet, folder
        self.state = folder / "state"
        self.printed = b""
        self.forms = folder / "forms.py"
        self.forms.write_text(FORMS)
        (folder / "token").write_text(f"{TOKEN}\n")
        (folder / "password").write_text(f"{PASSWORD}\n")
        self.repository = folder / "repository"
        self.commit(repository)
        fleet.hosts_toml(self.repository, interval="100ms", deadline="20s", restart_timeout="60s", extra=self.extra(echo), file=folder / "hosts.toml")
        self.environ = {
            **os.environ, "DEPLOY_STATE": str(self.state), "DEPLOY_ENGINE_IDLE": "60s", "SHOP_TOKEN": TOKEN, "DEPLOY_DB": f"postgres://shop:{PASSWORD}@127.0.0.1:1/shop",
            "CHANNEL": f"json://127.0.0.1:{echo.port}/{CHANNEL}", "DEAD": f"json://ada:{PASSWORD}@127.0.0.1:1/{CHANNEL}",
        }  # fmt: skip

    def commit(self, repository: Path) -> None:
        """A release whose author, subject, files and tag say what they should not."""
        git = ["git", "-C", str(self.repository), "-c", f"user.name=ada {PASSWORD}", "-c", "user.email=a@example.net"]
        subprocess.run(["git", "clone", "-q", str(repository), str(self.repository)], check=True)
        subprocess.run([*git, "remote", "remove", "origin"], check=True)
        (self.repository / f"{PASSWORD}.txt").write_text("x\n")
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-qm", f"Rotate {TOKEN} {b64encode(TOKEN.encode()).decode()}"], check=True)
        subprocess.run([*git, "tag", "-am", f"with {TOKEN}", "v1.5.0"], check=True)
        subprocess.run([*git, "branch", f"fix-{PASSWORD}"], check=True)

    def extra(self, echo: Echo) -> str:
        there = f"python3 -c {shlex.quote(FORMS)}"
        here = f"{sys.executable} {self.forms} {self.folder}/token"
        q = json.dumps
        return f"""
[environments.production.variables]
TOKEN = {{ env = "SHOP_TOKEN" }}
SAME = {{ file = {q(str(self.folder / "token"))} }}
DB = {{ env = "DEPLOY_DB" }}
PRINTED = {{ command = {q(f"{here} >/dev/null; cat {self.folder}/password; echo unlocked $(cat {self.folder}/password) >&2")} }}

[environments.production.commands]
logs = {q(there)}

[[environments.production.hooks]]
at = "before switch"
run = {q(there)}
[[environments.production.hooks]]
at = "after host"
run = {q(there + '; echo "$DB $SAME $PRINTED" >&2; exit 3')}
fatal = false

[app.build]
command = {q(f"{here}; cat {self.folder}/password")}

[[environments.production.checks]]
name = "says"
kind = "command"
command = {q(here + "; exit 1")}
blocking = false
[[environments.production.checks]]
name = "web"
kind = "http"
url = "http://127.0.0.1:{echo.port}/x"
blocking = false
[[environments.production.checks]]
name = "db"
kind = "postgres"
url = {{ env = "DEPLOY_DB" }}
blocking = false
[[environments.production.checks]]
name = "nowhere"
kind = "github"
url = "http://127.0.0.1:{echo.port}/api"
repository = "acme/shop"
token = {{ env = "SHOP_TOKEN" }}
blocking = false

[[environments.production.health]]
name = "shown"
kind = "command"
command = {q(there)}
interval = "100ms"
passes = 1

[environments.production.announce]
to = [{{ env = "CHANNEL" }}, {{ env = "DEAD" }}]
[environments.production.notify]
to = [{{ env = "DEAD" }}]
after = "1s"
"""

    def deploy(self, *words: str, code: int | None = 0) -> str:
        argv = [sys.executable, "-m", "console", *words]
        ran = subprocess.run(argv, check=False, cwd=self.folder, env=self.environ, stdin=subprocess.DEVNULL, capture_output=True, timeout=300)
        self.printed += ran.stdout + ran.stderr
        assert code is None or ran.returncode == code, f"{words}: {ran.returncode}\n{ran.stdout.decode()[-3000:]}\n{ran.stderr.decode()[-3000:]}"
        return ran.stdout.decode()

    def engine(self) -> int:
        return int(json.loads(self.deploy("engine", "list", "--json"))["engines"][0]["pid"])


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, shop_repository: Path) -> Iterator[Shop]:
    if reason := missing():
        pytest.skip(reason)
    folder, echo = tmp_path_factory.mktemp("shop"), Echo()
    with Fleet(2, folder / "fleet") as fleet:
        made = Shop(fleet, shop_repository, folder, echo)
        try:
            made.deploy("check", "production", "--version", "v1.0.0", code=None)
            made.deploy("check", "production", "--version", "v1.0.0", "--json", code=None)
            made.deploy("production", "--version", "v1.0.0", "--yes", "--plain")
            for name in fleet.names:
                fleet.exec_in(
                    name,
                    f"printf 'echo %s\\n' {shlex.quote(shlex.quote(TOKEN))} >> ~/.bashrc; echo {PASSWORD} > /srv/shop/current/{PASSWORD}",
                    user=fleet[name].user,
                )
            made.deploy("pending", "production", "--version", "v1.5.0")
            made.deploy("check", "production", "--version", "v1.5.0", "--json", code=None)
            made.deploy("check", "production", "--version", f"no-{PASSWORD}", code=None)
            made.deploy("engine", "stop")
            made.deploy("lock", "production", "--reason", f"{TOKEN} is out")
            for words in (
                ("status", "production"),
                ("status", "production", "--json"),
                ("status", "--motd"),
                ("production", "--version", "v1.5.0", "--yes", "--plain"),
            ):
                made.deploy(*words, code=None)
            made.deploy("unlock", "production", "--reason", f"{PASSWORD} too", "--yes")
            made.deploy("production", "--version", "v1.1.0", "--yes", "--json", "--hotfix", f"the token {TOKEN} leaked")
            made.deploy("exec", "production", "--hosts", "*", "--yes", "--", f'echo "$TOKEN"; echo {PASSWORD}; python3 -c {shlex.quote(FORMS)}')
            made.deploy("logs", "production")
            made.deploy("rollback", "production", "--yes", "--json")
            made.deploy("restart", "production", "--yes", "--plain")
            for words in (
                ("report", "last"),
                ("report", "last", "--format", "json"),
                ("events", "last"),
                ("history",),
                ("status", "production"),
                ("status", "--json"),
            ):
                made.deploy(*words)
            yield made
            made.deploy("engine", "stop")
        finally:
            echo.close()


def test_nothing_that_is_printed_holds_a_secret(shop: Shop):
    assert_clean("what was printed", shop.printed)
    assert shop.printed.count(b"[redacted]") > 50


def test_nothing_that_is_kept_holds_a_secret(shop: Shop):
    files = [path for path in shop.state.rglob("*") if path.is_file()]
    assert {"journal.sqlite3", "web01.log", "shop@production.log"} <= {path.name for path in files}
    for path in files:
        assert_clean(str(path), path.read_bytes())
    with closing(sqlite3.connect(shop.state / "journal.sqlite3")) as connection:
        for run, payload in connection.execute("select run, payload from events"):
            assert_clean(f"an event of {run}", payload.encode())
            assert_clean(f"a text in an event of {run}", "\n".join(texts_of(json.loads(payload))).encode())


def texts_of(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for one in value.values():
            yield from texts_of(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts_of(one)
    elif isinstance(value, str):
        yield value


def test_every_place_was_really_written_to(shop: Shop):
    """A place that says nothing would be clean for the wrong reason."""
    with closing(sqlite3.connect(shop.state / "journal.sqlite3")) as connection:
        events = [json.loads(payload) for (payload,) in connection.execute("select payload from events")]
    checks = {event["check"]["id"]: event["check"] for event in events if event["type"] == "check-reported"}
    assert "[redacted]" in checks["says"]["detail"]
    assert {checks[name]["status"] for name in ("web", "db", "nowhere")} <= {"failed", "error", "warning"}, checks
    told = {"run-opened": "request", "step-finished": "tail", "announcement-sent": "problems", "gate-judged": "seen"}
    for kind, field in told.items():
        said = [json.dumps(event[field]) for event in events if event["type"] == kind and event.get(field)]
        assert any("[redacted]" in words for words in said), f"{kind}: {said}"
    for name in ("web01.log", "console.log"):
        assert any("form [redacted]" in path.read_text() for path in (shop.state / "logs").rglob(name)), name


def test_no_process_of_ours_has_a_secret_in_its_environment_or_argv(shop: Shop):
    shop.deploy("exec", "production", "--hosts", "web01", "--yes", "--", "true")
    engine = shop.engine()
    for name in ("environ", "cmdline"):
        assert_clean(f"/proc/{engine}/{name}", Path(f"/proc/{engine}/{name}").read_bytes())
    environ = Path(f"/proc/{engine}/environ").read_bytes()
    assert b"DEPLOY_DB=" not in environ
    assert b"SHOP_TOKEN=" not in environ


def test_a_secret_of_a_run_that_has_ended_is_on_no_host(shop: Shop):
    for name in shop.fleet.names:
        found = shop.fleet.exec_in(name, "cd /srv/shop/.deploy && find . -type f -exec cat {} + ; ls -R .")
        assert_clean(f".deploy of {name}", found.encode())


def test_an_engines_own_log_passes_the_gate(tmp_path: Path):
    hide(Masking([TOKEN, PASSWORD]))
    with open(tmp_path / "log", "w") as file:
        log = GatedLog(file)
        log.write(f"Traceback (most recent call last):\n  raise ValueError({TOKEN!r})\nValueError: {TOKEN[:7]}")
        log.write(f"{TOKEN[7:]}\n\x1b[31m{b64encode(TOKEN.encode()).decode()}")
        log.close()
    data = (tmp_path / "log").read_text()
    assert_clean("the log", data.encode())
    assert len(data.splitlines()) == 4
    assert re.search(r"^  raise ValueError", data, re.M)
