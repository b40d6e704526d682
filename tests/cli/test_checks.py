"""Checks of the file by the command line, on a fleet of SSH servers: shown, waited for, ticked off, overridden; secrets nowhere."""

import json
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.checks.servers import PASSWORD, postgres, postgres_bin
from tests.cli.product import Product
from tests.cli.test_gates import append, blocking
from tests.reserved import free_port

TOKEN = "ghp_nobodysees"
RELEASE = ("--version", "v1.4.2", "--yes")


class Hub:
    """A GitHub that says of every commit what a test wants."""

    def __init__(self) -> None:
        self.ended: str | None = None
        self.asked = 0
        hub = self

        class Answer(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                pass

            def do_GET(self) -> None:
                hub.asked += 1
                allowed = self.headers["Authorization"] == f"Bearer {TOKEN}"
                run = {"name": "test", "status": "completed" if hub.ended else "queued", "conclusion": hub.ended, "started_at": "2026-11-24T08:00:00Z"}
                body = json.dumps({"statuses": []} if "/status" in self.path else {"check_runs": [run]}).encode()
                self.send_response(200 if allowed else 401)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def check(self) -> str:
        url = f"http://127.0.0.1:{self.server.server_port}"
        return f'[[environments.production.checks]]\nname = "CI"\nkind = "github"\nurl = "{url}"\nrepository = "acme/shop"\ntoken = {{ env = "HUB_TOKEN" }}\n'


MANUAL = '[[environments.production.checks]]\nname = "Support knows"\nkind = "manual"\nprompt = "Has support been told?"\n'


@pytest.fixture
def hub() -> Iterator[Hub]:
    one = Hub()
    yield one
    one.server.shutdown()
    one.server.server_close()


@pytest.fixture
def product() -> Iterator[Product]:
    started = Product(2)
    started.environ["HUB_TOKEN"] = TOKEN
    yield started
    for path in Path(started.environ["DEPLOY_STATE"]).rglob("*"):
        if path.is_file():
            assert TOKEN.encode() not in path.read_bytes(), f"the token lies in {path}"
    started.close()


def rows(result: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {check["id"]: (check["status"], check["detail"]) for check in result["checks"]}


def test_check_shows_each_verdict_and_changes_nothing(product: Product, hub: Hub):
    closed = f'[[environments.production.checks]]\nname = "Stock"\nkind = "tcp"\naddress = "{{address}}"\nport = {free_port()}\non = "host"\n'
    append(product, hub.check() + MANUAL + closed)
    asked = ("-c", product.config, "check", "production", "--version", "v1.4.2")
    found = product.result(*asked, code=3)
    said = rows(found)
    assert said["CI"] == ("waiting", "0 of 1 passed, waits for test (queued), since 2026-11-24 08:00:00 UTC")
    assert said["Support knows"] == ("waiting", "Has support been told?")
    assert said["Stock"][0] == "failed"
    assert all(host in said["Stock"][1] for host in ("web01: ", "web02: "))
    assert found["plan"]["steps"]
    hub.ended = "success"
    over = (*asked, "--ack", "Support knows", "--override", "Stock=it is closed")
    assert product.result(*over)["decision"] == "go"
    out, _ = product.deploy(*over)
    assert "passed     CI: 1 passed: test" in out
    assert "ticked off by" in out
    assert TOKEN not in out + json.dumps(found)
    product.environ["HUB_TOKEN"] = "another"
    assert "HTTP 401, the token is refused" in blocking(product.result(*asked, code=3))["CI"]
    del product.environ["HUB_TOKEN"]
    assert "HUB_TOKEN, which is not set" in product.deploy(*asked, code=2)[1]
    product.deploy("-c", product.config, "restart", "production", "--yes")  # holds up no restart and no rollback
    product.environ["HUB_TOKEN"] = TOKEN
    assert product.live() == {"v1.4.1"}


def test_without_a_person_what_waits_is_a_no_go(product: Product, hub: Hub):
    append(product, hub.check() + MANUAL)
    result = product.result("-c", product.config, "production", *RELEASE, code=3)
    assert "CI" in result["problems"][0]["message"] + str(result)
    assert product.live() == {"v1.4.1"}


def test_a_release_waits_for_the_ci_and_for_somebody_to_tick_a_check_off(product: Product, hub: Hub):
    append(product, hub.check() + MANUAL)
    release = product.start("-c", product.config, "production", *RELEASE, "--wait-for-person", "600s", "--json")
    until = time.monotonic() + 300
    while hub.asked < 4 and time.monotonic() < until:
        time.sleep(0.2)
    assert "no manual check" in product.deploy("ack", "CI", code=3)[1]
    _, err = product.deploy("ack", "Support knows")
    assert "same as: deploy ack 'Support knows'" in err
    assert "first" in product.deploy("ack", "Support knows", code=3)[1]
    assert product.live() == {"v1.4.1"}
    hub.ended = "success"
    told, _ = release.communicate(timeout=300)
    result = json.loads(told.splitlines()[-1])
    assert result["exit"] == 0, told
    events = [json.loads(line) for line in product.deploy("events", result["run"])[0].splitlines()]
    ticked = next(event for event in events if event["type"] == "check-acknowledged")
    assert (ticked["check"], bool(ticked["by"]["name"]), ticked["at"][:2]) == ("Support knows", True, "20")
    assert TOKEN not in told
    assert product.live() == {"v1.4.2"}


@pytest.mark.real
def test_postgres_is_asked_through_the_ssh_connection_of_each_host(product: Product):
    if not postgres_bin("initdb"):
        pytest.skip("needs PostgreSQL: apt-get install postgresql")
    with tempfile.TemporaryDirectory(prefix="deploy-postgres-") as folder, postgres(Path(folder), "0.0.0.0") as url:
        product.environ["SHOP_DB"] = url
        text = 'name = "Database"\nkind = "postgres"\nurl = { env = "SHOP_DB" }\nquery = "select 40 + 2"\nexpect = "42"\non = "host"\n'
        append(product, f"[[environments.production.checks]]\n{text}[[environments.production.health]]\n{text}passes = 1\n")
        asked = ("-c", product.config, "check", "production", "--version", "v1.4.2")
        assert rows(product.result(*asked))["Database"] == ("passed", "on 2 hosts: answers '42'")
        told, _ = product.deploy("-c", product.config, "production", *RELEASE)
        assert "Database passed: answers '42'" in told
        product.environ["SHOP_DB"] = url.replace(PASSWORD, "wr0ng-pw")
        out, err = product.deploy(*asked, code=3)
        assert "could not" in out or "error" in out
        assert "wr0ng-pw" not in out + err
