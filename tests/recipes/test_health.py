"""docs/recipes/health.md, as it stands, on real sshd with real PostgreSQL, Redis, memcached and Prometheus: gates through each host's connection, a queue that
grows in the monitoring window, and a login that breaks."""

import json
import shutil
import subprocess
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from tests.adapters.checks.servers import postgres, postgres_bin, running
from tests.fleet import Fleet, make_repository
from tests.recipes.recipe import Reader, commands

pytestmark = pytest.mark.real
SMOKE = "smoke-s3cret"
VERSIONS = (("v1.0.0", "good"), ("v1.1.0", "no-login"), ("v1.2.0", "good"))
RULES = "groups: [{name: queues, rules: [{record: queue_length, expr: vector(3)}]}]\n"
PROMETHEUS = "global: {scrape_interval: 1h, evaluation_interval: 1s}\nrule_files: [rules.yml]\n"


def services(stack: ExitStack, address: str, folder: Path) -> str:
    """Start what the recipe's hosts have on data01, at the usual ports of that machine's address; the database's URL."""
    for name in ("redis", "memcached", "prometheus"):
        (folder / name).mkdir()
    redis = ("redis-server", "--bind", address, "--port", "6379", "--save", "", "--protected-mode", "no")
    stack.enter_context(running(*redis, port=6379, cwd=folder / "redis", address=address))
    stack.enter_context(running("memcached", "-l", address, "-U", "0", "-u", "nobody", port=11211, cwd=folder / "memcached", address=address))
    (folder / "prometheus" / "rules.yml").write_text(RULES)
    (folder / "prometheus" / "prometheus.yml").write_text(PROMETHEUS)
    prometheus = ("prometheus", f"--web.listen-address={address}:9090", "--config.file=prometheus.yml", "--storage.tsdb.path=data")
    stack.enter_context(running(*prometheus, port=9090, cwd=folder / "prometheus", address=address))
    url = stack.enter_context(postgres(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="deploy-postgres-")))))
    with connected(url) as database:
        database.execute("create table jobs (state text); insert into jobs values ('waiting'), ('done')")
    return url


def connected(url: str) -> psycopg.Connection:
    """A connection, once the database has started up."""
    end = time.monotonic() + 300
    while True:
        try:
            return psycopg.connect(url)
        except psycopg.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


@pytest.fixture(name="reader")
def the_reader(tmp_path: Path):
    if not (postgres_bin("initdb") and all(map(shutil.which, ("redis-server", "redis-cli", "memcached", "prometheus")))):
        pytest.skip("needs PostgreSQL, Redis, memcached and Prometheus (Debian: postgresql redis memcached prometheus)")
    with ExitStack() as stack:
        fleet = stack.enter_context(Fleet(3, tmp_path / "fleet", names=("web01", "web02", "data01")))
        url = services(stack, fleet["data01"].address, tmp_path)
        reader = Reader("health", fleet, make_repository(tmp_path / "shop", VERSIONS), tmp_path / "home")
        reader.environ |= {"DATABASE_URL": url, "SMOKE": SMOKE}
        try:
            yield reader
        finally:
            reader.leaves()


def live(reader: Reader) -> set[str]:
    return {host["version"] for host in json.loads(reader.types("deploy status staging --json"))["hosts"]}


def test_health(reader: Reader):
    first, breaks, report = commands("health")
    printed = reader.types(first)
    for name in ("Web app", "Database connections", "Cache", "Sessions", "Mail queue", "Order queue", "Report queue"):
        for host in ("web01.example.net", "web02.example.net"):
            assert f"{host}: {name} passed" in printed
    assert "web02.example.net: critical path Sign in passed: 3 requests answered as expected" in printed

    printed = reader.types(breaks, code=4)
    named = "critical path Sign in failed: web01.example.net: step 2 of 3, POST /login: HTTP 500, expected 302, 303"
    assert f"rolled-back (exit 4): {named}" in printed
    assert "web02.example.net/switch" not in printed
    assert named in reader.types(report)
    assert live(reader) == {"v1.0.0"}

    file = reader.folder / "hosts.toml"
    file.write_text(file.read_text().replace('window = "4s"', 'window = "4m"'))  # it ends as soon as the queue has grown
    grown = threading.Thread(target=grow, args=(reader,))
    grown.start()
    printed = reader.types("deploy staging --version v1.2.0 --yes", code=4)
    grown.join()
    assert "within the monitoring window: Mail queue: 200, expected below 100" in printed
    assert "warning: Mail queue failed: 200, expected below 100" in printed
    redis(reader, "del", "mail")
    assert live(reader) == {"v1.0.0"}
    kept = {path.name for path in (reader.home / "state").rglob("*") if path.is_file() and SMOKE.encode() in path.read_bytes()}
    assert kept <= {"app.py"}  # the application's own source, of which its release is made, knows the password


def grow(reader: Reader) -> None:
    """Let the queue grow once both hosts have the release, and are watched."""
    end = time.monotonic() + 300
    while not (serves(reader, "1.2.0") and '"step":"verify/monitor"' in reader.types("deploy events last")) and time.monotonic() < end:
        time.sleep(0.3)
    redis(reader, "lpush", "mail", *map(str, range(200)))


def serves(reader: Reader, version: str) -> bool:
    """Whether the last host has that version."""
    return reader.fleet.exec_in("web02", "cat /srv/shop/current/VERSION", check=False).startswith(version)


def redis(reader: Reader, *words: str) -> None:
    subprocess.run(("redis-cli", "-h", reader.fleet["data01"].address, *words), check=True, capture_output=True)
