"""Critical paths against a real small application, from this machine and as a host: cookies, captures, secrets, and which step is named where it ends."""

import json
import time
from collections.abc import AsyncIterator

import httpcore
import httpx
import pytest

from console.adapters.ask_health_gates import check_command
from console.adapters.checks.http_check import beginning
from console.adapters.scripted_hosts import ScriptedTransport
from console.adapters.this_machine import LocalTransport
from console.adapters.try_critical_paths import CriticalWalks
from console.model.configured_checks import CriticalPath
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.host_commands import Command
from console.model.http_step import HttpStep
from console.model.secret import SecretRef
from console.model.values import changed
from console.ports.hosts import Unreached
from console.safe_text import SafeText
from tests.adapters.login_app import PASSWORD, login_app
from tests.reserved import free_port

WEB = Host("web01", "localhost")
SECRET = "critical Sign in, step 2, form password"


@pytest.fixture(name="app", scope="module")
def the_app():
    with login_app() as app:
        yield app


@pytest.fixture(autouse=True)
def whole(app):
    app.broken = ""
    app.requests.clear()


def sign_in(app, **fields):
    at = app.address
    steps = (
        HttpStep("GET", f"{at}/login", capture={"token": 'name="csrf" value="([^"]+)"'}, timeout=60.0),
        HttpStep(
            "POST", f"{at}/login", form={"user": "smoke", "password": SecretRef("env", "P"), "csrf": "{token}"}, expect_status=((302, 302),), timeout=60.0
        ),
        HttpStep("GET", f"{at}/account", expect_body="hello smoke", timeout=60.0),
    )
    return CriticalPath("Sign in", "http", steps=fields.pop("steps", steps), **fields)


async def walked(path, transport=None, secrets=None, folder="/srv/shop", environment=None):
    environment = environment or Environment("shop", "production", folder, (WEB,), file=f"{folder}/hosts.toml")
    transport = transport or LocalTransport()
    reveal = {SECRET: PASSWORD} if secrets is None else secrets
    walks = CriticalWalks(transport, check_command(transport, environment, dict), reveal.get)
    found = await walks.walk(environment, path, WEB, {"host": "web01", "address": "127.0.0.1", "version": "v2"})
    return found.verdict, found.where, str(found.seen)


@pytest.mark.parametrize("on", ["console", "host", "web01"])
async def test_a_login_with_its_form_and_its_cookie_passes_from_anywhere(app, on):
    assert await walked(sign_in(app, on=on)) == ("passed", "", "3 requests answered as expected")
    assert [(method, path) for method, path, *_ in app.requests] == [("GET", "/login"), ("POST", "/login"), ("GET", "/account")]


async def test_cookies_go_where_they_belong_and_no_redirect_is_followed(app):
    await walked(sign_in(app))
    first, second, third = (set(cookies) for _, _, cookies, _ in app.requests)
    assert (first, second, third) == (set(), {"session"}, {"session", "user"})


async def test_no_try_knows_the_cookies_of_another(app):
    path = sign_in(app)
    await walked(path)
    await walked(changed(path, steps=path.steps[:1]))
    assert app.requests[-1][2] == {}


@pytest.mark.parametrize(("broken", "where", "seen"), [
    ("login", "step 2 of 3, POST /login", "HTTP 403, expected 302"),
    ("account", "step 3 of 3, GET /account", "HTTP 302, expected 200-299, a redirect to /login"),
])  # fmt: skip
async def test_what_is_broken_is_named_by_its_step(app, broken, where, seen):
    app.broken = broken
    assert await walked(sign_in(app)) == ("failed", where, seen)


async def test_a_wrong_password_fails_at_the_form(app):
    assert await walked(sign_in(app), secrets={SECRET: "wrong"}) == ("failed", "step 2 of 3, POST /login", "HTTP 403, expected 302")


async def test_a_missing_secret_is_named_and_nothing_is_sent_for_it(app):
    verdict, where, seen = await walked(sign_in(app), secrets={})
    assert (verdict, where) == ("error", "step 2 of 3, POST /login")
    assert "its secret (step 2, form password) was not read" in seen
    assert len(app.requests) == 1


@pytest.mark.parametrize(("broken", "words"), [("account hangs", "no answer within 0.2 s"), ("account is cut", "disconnected")])
async def test_no_answer_is_an_error_in_time(app, broken, words):
    app.broken = broken
    path = sign_in(app)
    began = time.monotonic()
    verdict, where, seen = await walked(changed(path, steps=(*path.steps[:2], changed(path.steps[2], timeout=0.2))))
    assert (verdict, where) == ("error", "step 3 of 3, GET /account")
    assert words in seen
    assert time.monotonic() - began < 20


async def test_the_whole_path_has_a_time_too(app):
    app.broken = "account hangs"
    assert await walked(sign_in(app, timeout=2.0)) == ("error", "step 3 of 3, GET /account", "the path was not over within 2 s")


async def test_nobody_who_listens_is_an_error_and_no_pass(app):
    port = free_port()
    verdict, where, seen = await walked(sign_in(app, steps=(HttpStep("GET", f"http://127.0.0.1:{port}/x"),)))
    assert (verdict, where) == ("error", "step 1 of 1, GET /x")
    assert "refused" in seen.lower()


async def test_json_put_delete_and_what_the_answer_held(app):
    at = app.address
    steps = (
        HttpStep(
            "PUT", f"{at}/account", json='{"name": "{host}", "key": null}', json_secrets={"/key": SecretRef("env", "K")}, capture={"id": '"id": "(\\d+)"'}
        ),
        HttpStep("DELETE", f"{at}/account/{{id}}", headers={"X-Version": "{version}"}),
    )
    assert (await walked(sign_in(app, steps=steps), secrets={"critical Sign in, step 1, json /key": "k"}))[0] == "passed"
    (_, _, _, body), (method, path, _, _) = app.requests
    assert json.loads(body) == {"name": "web01", "key": "k"}
    assert (method, path) == ("DELETE", "/account/17")


async def test_a_host_that_forwards_nothing_says_what_to_do(app):
    class Closed(LocalTransport):
        async def open_stream(self, host, address, port, *, deadline):
            return Unreached(host.name, "forwarding", SafeText("its sshd forwards no connections"), SafeText("AllowTcpForwarding yes"))

    verdict, _, seen = await walked(sign_in(app, on="host"), Closed())
    assert (verdict, seen) == ("error", "its sshd forwards no connections: AllowTcpForwarding yes")


def command(run, **fields):
    return CriticalPath("Smoke", "command", command=Command(run), **{"timeout": 60.0, **fields})


@pytest.mark.parametrize(("run", "verdict", "seen"), [
    ("echo all well", "passed", "exit 0: all well"),
    ("echo {address} $DEPLOY_VERSION; exit 3", "failed", "exit 3: 127.0.0.1 v2"),
    ("./smoke {host}", "passed", "exit 0: smoke web01"),
    ("exec sleep 60", "failed", "within"),
])  # fmt: skip
async def test_a_command_is_run_in_the_folder_of_the_file(tmp_path, run, verdict, seen):
    script = tmp_path / "smoke"
    script.write_text('#!/bin/sh\necho smoke "$1"\n')
    script.chmod(0o755)
    found = await walked(command(run, timeout=0.5 if "sleep" in run else 60.0), folder=str(tmp_path))
    assert found[:2] == (verdict, "")
    assert seen in found[2]


async def test_a_host_that_does_not_answer_a_command_is_an_error(tmp_path):
    transport = ScriptedTransport()
    transport.refuse(Unreached("web01", "unreachable", SafeText("no route to web01")))
    assert await walked(command("true", on="host"), transport, folder=str(tmp_path)) == ("error", "", "no route to web01")


async def test_a_body_that_is_not_packed_as_its_header_says_is_no_answer():
    async def body() -> AsyncIterator[bytes]:
        yield b"plain text"

    with pytest.raises(httpcore.RemoteProtocolError, match="cannot be unpacked"):
        await beginning(httpx.Response(200, headers={"content-encoding": "gzip"}, content=body()), 100)
