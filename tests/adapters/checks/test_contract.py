"""One suite for every kind: right, wrong and not measured are told apart, in time, from the console and through a host.

Real PostgreSQL, Redis, memcached and Prometheus where they are installed.
"""

import asyncio
import shutil
import socket
import time
from dataclasses import dataclass, field

import pytest

from console.adapters.ask_health_gates import HostGates, bare_command
from console.adapters.checks.dispatch import ConfiguredChecks
from console.adapters.system_clock import SystemClock
from console.adapters.this_machine import LocalTransport
from console.core.secrets.needed import masking_for
from console.model.configured_checks import CheckSpec, HealthCheck
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.host_commands import Command
from console.model.secret import SecretRef
from console.model.values import changed
from console.safe_text import hide
from tests.adapters.checks.servers import PASSWORD, running, service
from tests.reserved import free_port
from tests.shared_journals import executed

CONSOLE_URL = SecretRef("env", "URL")


class AwayTransport(LocalTransport):
    """This machine as if it were a host: what a check must reach goes through `open_stream`."""

    def __init__(self):
        super().__init__()
        self.opened = []

    async def open_stream(self, host, address, port, *, deadline):
        self.opened.append((host.name, address, port))
        return await super().open_stream(host, address, port, deadline=deadline)


WEB = Host("web01", "192.0.2.1")
HERE = Environment("shop", "production", "/srv/shop", (WEB,))


@dataclass
class Part:
    """A part of the system, and questions about it."""

    kind: str
    url: str = ""
    right: dict = field(default_factory=dict)
    wrong: dict = field(default_factory=dict)
    seen: str = ""
    """What a right answer shows."""
    saw: str = ""
    """What a wrong answer shows."""
    secret: str = ""

    def check(self, fields, **over):
        return CheckSpec("Part", self.kind, **{"url": CONSOLE_URL if self.url else "", "timeout": 60.0, **fields, **over})


async def asked(check, url="", transport=None):
    transport = transport or AwayTransport()
    secrets = {"check Part url": url}
    ((_, found),) = await ConfiguredChecks(transport, bare_command(transport), secrets.get).ask(HERE, check, HERE.hosts, {"commit": "c", "version": "v1"})
    return found


@pytest.fixture
def database(postgres_server):
    return Part(
        "postgres",
        postgres_server,
        {"query": "select 1 < 2, 'x'", "expect": "t|x"},
        {"query": "select 1", "expect": "2"},
        "'t|x'",
        "answers '1', expected '2'",
        PASSWORD,
    )


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    if not shutil.which("redis-server"):
        pytest.skip("needs Redis: apt-get install redis-server")
    port, folder = free_port(), tmp_path_factory.mktemp("redis")
    argv = ("redis-server", "--port", str(port), "--bind", "127.0.0.1", "--requirepass", PASSWORD, "--save", "", "--dir", str(folder))
    with running(*argv, port=port, cwd=folder):
        url = f"redis://:{PASSWORD}@127.0.0.1:{port}/1"
        yield Part(
            "redis",
            url,
            {"query": "INFO replication", "expect": "role:master"},
            {"query": "DBSIZE", "expect": "7"},
            "role:master",
            "'0', expected '7'",
            PASSWORD,
        )


@pytest.fixture(scope="module")
def memory(tmp_path_factory):
    if not shutil.which("memcached"):
        pytest.skip("needs memcached: apt-get install memcached")
    port = free_port()
    with running("memcached", "-l", "127.0.0.1", "-p", str(port), "-U", "0", "-u", "nobody", port=port, cwd=tmp_path_factory.mktemp("memcached")):
        with socket.create_connection(("127.0.0.1", port)) as one:
            one.sendall(b"set greeting 0 0 5\r\nhello\r\n")
            assert one.recv(20) == b"STORED\r\n"
        yield Part(
            "memcached",
            f"memcached://127.0.0.1:{port}",
            {"query": "get greeting", "expect": "hello"},
            {"query": "stats", "expect": "threads 99"},
            "hello",
            "threads 99",
        )


@pytest.fixture(scope="module")
def numbers(tmp_path_factory):
    if not shutil.which("prometheus"):
        pytest.skip("needs Prometheus: apt-get install prometheus")
    port, folder = free_port(), tmp_path_factory.mktemp("prometheus")
    (folder / "p.yml").write_text("global: {scrape_interval: 1h}\n")
    argv = ("prometheus", f"--web.listen-address=127.0.0.1:{port}", "--config.file=p.yml", "--storage.tsdb.path=data")
    with running(*argv, port=port, cwd=folder):
        url = f"http://127.0.0.1:{port}"
        _until_ready(port)
        yield Part(
            "prometheus",
            url,
            {"query": "vector(3)", "above": 2.0, "below": 4.0},
            {"query": "vector(3)", "below": 3.0},
            "3, above 2 and below 4",
            "3, expected below 3",
        )


def _until_ready(port):
    for _ in range(200):
        with socket.create_connection(("127.0.0.1", port)) as one:
            one.sendall(b"GET /-/ready HTTP/1.0\r\n\r\n")
            if b" 200 " in one.recv(100):
                return
        time.sleep(0.05)


@pytest.fixture
async def web():
    async with service() as one:
        one.says("/healthz", {"ok": True})
        yield Part("http", f"{one.url}/healthz", {"expect_body": "ok"}, {"expect_body": "no such words"}, "HTTP 200", "expected 'no such words'")


@pytest.fixture
async def port():
    async with service() as one:
        yield Part("tcp", "", {"address": "127.0.0.1", "port": one.port}, {"address": "127.0.0.1", "port": free_port()}, "takes connections", "")


@pytest.fixture
def words():
    return Part(
        "command",
        "",
        {"command": Command("test {version} = v1 && echo done")},
        {"command": Command("echo no stock >&2; exit 3")},
        "exit 0: done",
        "exit 3: no stock",
    )


KINDS = ("http", "tcp", "command", "postgres", "redis", "memcached", "prometheus")
FIXTURES = {"http": "web", "tcp": "port", "command": "words", "postgres": "database", "redis": "cache", "memcached": "memory", "prometheus": "numbers"}


@pytest.fixture(params=KINDS)
def part(request):
    return request.getfixturevalue(FIXTURES[request.param])


@pytest.mark.parametrize("on", ["console", "host"])
async def test_right_and_wrong_from_the_console_and_through_a_host(part, on):
    transport = AwayTransport()
    found = await asked(part.check(part.right, on=on), part.url, transport)
    assert (found.status, part.seen in found.seen) == ("passed", True), found
    if on == "host" and part.kind != "command":
        assert [name for name, _, _ in transport.opened] == ["web01"]
    found = await asked(part.check(part.wrong, on=on), part.url)
    assert (found.status, part.saw in found.seen) == ("failed", True), found
    assert not part.secret or part.secret not in f"{found}"


async def test_the_same_as_a_health_gate(part):
    fields = {"url": CONSOLE_URL if part.url else "", "timeout": 60.0, "passes": 2, "interval": 0.01, "deadline": 60.0}
    gates = HostGates(AwayTransport(), SystemClock(), reveal={"health Part url": part.url}.get)
    good = await gates.watch(HERE, WEB, HealthCheck("Part", part.kind, **{**fields, **part.right}), {"version": "v1"})
    assert (good.verdict, good.passes, part.seen in good.seen) == ("passed", 2, True), good
    bad = await gates.once(HERE, WEB, HealthCheck("Part", part.kind, **{**fields, **part.wrong}), {"version": "v1"})
    assert (bad.verdict, part.saw in bad.seen) == ("failed", True), bad


SILENT = ("http", "postgres", "redis", "memcached", "prometheus")


@pytest.fixture
async def hole():
    """A port that takes connections and never says a word."""
    tasks = []
    server = await asyncio.start_server(lambda reader, writer: tasks.append(writer), "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    for writer in tasks:
        writer.close()


SCHEMES = {"http": "http", "prometheus": "http", "postgres": "postgresql", "redis": "redis", "memcached": "memcached"}


@pytest.mark.parametrize("on", ["console", "host"])
@pytest.mark.parametrize("kind", SILENT)
async def test_one_that_says_nothing_is_over_in_time(kind, on, hole):
    check = CheckSpec("Part", kind, url=f"{SCHEMES[kind]}://127.0.0.1:{hole}", query="version" if kind == "memcached" else "", timeout=0.4, on=on)
    transport = AwayTransport()
    await transport.connect(WEB)
    began = time.monotonic()
    found = await asked(check, transport=transport)
    assert time.monotonic() - began < 20
    assert found.status in ("failed", "error")
    assert "no answer within 0.4 s" in found.seen


@pytest.mark.parametrize("kind", SILENT)
async def test_nobody_listens(kind):
    check = CheckSpec("Part", kind, url=f"{SCHEMES[kind]}://127.0.0.1:{free_port()}", query="version" if kind == "memcached" else "", timeout=60.0)
    found = await asked(check)
    assert found.status == ("error" if kind == "prometheus" else "failed")
    assert "refused" in found.seen.lower()


@pytest.mark.parametrize("kind", ["postgres", "redis", "memcached", "prometheus"])
async def test_something_else_listens(kind):
    async with service() as one:
        one.says("/query", b"hello, I am a web server")
        check = CheckSpec("Part", kind, url=f"{SCHEMES[kind]}://127.0.0.1:{one.port}", query="version" if kind == "memcached" else "up", timeout=1.0)
        assert (await asked(check)).status != "passed"


async def test_a_wrong_password_is_not_measured_and_never_shown(database, cache):
    for part in (database, cache):
        found = await asked(part.check(part.right), part.url.replace(PASSWORD, "wr0ng-pw"))
        assert found.status == "error"
        assert "wr0ng-pw" not in f"{found}"


async def test_postgres_cannot_write_and_stops_a_slow_query(database):
    found = await asked(database.check({"query": "create table t (a int)"}), database.url)
    assert (found.status, "read-only" in found.seen) == ("error", True)
    began = time.monotonic()
    found = await asked(database.check({"query": "select pg_sleep(60)"}, timeout=2.0), database.url)
    assert found.status == "failed"
    assert time.monotonic() - began < 30


async def test_postgres_through_a_host_speaks_tls_where_the_url_asks_for_it_and_judges_the_name(database):
    asks = database.check({"query": "select ssl from pg_stat_ssl where pid = pg_backend_pid()", "expect": "t"}, on="host")
    assert (await asked(asks, f"{database.url}?sslmode=require")).status == "passed"
    assert (await asked(asks, database.url)).seen == "answers 'f', expected 't'"
    ((folder,),) = executed(database.url, "show data_directory")
    certificate = f"{folder}/certificate"
    guarded = f"?sslmode=verify-full&sslrootcert={certificate}"
    assert (await asked(asks, database.url.replace("127.0.0.1", "localhost") + guarded)).status == "passed"
    other = await asked(asks, database.url + guarded)
    assert (other.status, "does not match" in other.seen) == ("failed", True), other


async def test_postgres_with_a_password_in_its_error_is_masked(database):
    check = database.check({"query": f"select '{PASSWORD}'"})
    hide(masking_for(Environment("shop", "production", "/srv/shop", (), checks=(changed(check, url=database.url),)), ()))
    found = await asked(check, database.url)
    assert (found.status, found.seen) == ("passed", "answers '[redacted]'")


async def test_memcached_is_asked_nothing_that_changes_it(memory):
    found = await asked(memory.check({"query": "flush_all"}), memory.url)
    assert (found.status, "flush_all is not asked" in found.seen) == ("error", True)
    assert (await asked(memory.check(memory.right), memory.url)).status == "passed"


async def test_prometheus_without_a_number_and_with_a_wrong_query_is_not_measured(numbers):
    for query in ("no_such_metric", "sum(", "vector(0/0)"):
        assert (await asked(numbers.check({"query": query, "below": 1.0}), numbers.url)).status == "error"


async def test_a_manual_check_waits_with_its_question():
    found = await asked(CheckSpec("Part", "manual", prompt="Has support been told?", on="host"))
    assert (found.status, found.seen) == ("waiting", "Has support been told?")


async def test_every_host_is_asked_at_once():
    hosts = tuple(Host(f"web{number:02}", "localhost") for number in range(20))
    transport = LocalTransport()
    check = CheckSpec("Part", "command", command=Command("sleep 1; test {host} != web07"), on="host", timeout=60.0)
    began = time.monotonic()
    found = await ConfiguredChecks(transport, bare_command(transport), {}.get).ask(HERE, check, hosts, {})
    assert [name for name, finding in found if finding.status == "failed"] == ["web07"]
    assert time.monotonic() - began < 15
