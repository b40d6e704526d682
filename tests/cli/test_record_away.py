"""Two machines with one record whose database dies, comes back, and is taken from under a run; and an engine that sleeps through its own succession."""

import copy
import json
import os
import signal
import time
from pathlib import Path

import psycopg
import pytest

from console.adapters.journal.postgres_migrate import migrate
from console.adapters.journal.postgres_store import CHANNEL
from tests.cli.product import Product, until
from tests.cli.test_secrets import TOKEN, assert_clean, texts_of
from tests.shared_journals import empty_database, executed, plain
from tests.stopped_server import StoppableServer

SECRET = """
[environments.production.variables]
TOKEN = { env = "SHOP_TOKEN" }
[[environments.production.hooks]]
at = "after switch"
run = 'echo "with $TOKEN"; printf %s "$TOKEN" | base64 >&2'
"""


class Bastions:
    """Two state folders with one hosts.toml and one record, whose releases pause after the first host."""

    def __init__(self, server: str, folder: Path) -> None:
        self.here = Product(2)
        config = Path(self.here.config)
        text = config.read_text().replace("[environments.production.rolling]\n", "[environments.production.rolling]\npause_after = 1\n")
        config.write_text(f'journal = {{ env = "SHARED_RECORD" }}\n{text}\n{SECRET}')
        self.address = empty_database(server)
        self.here.environ |= {"SHARED_RECORD": self.address, "DEPLOY_CONFIG": self.here.config, "SHOP_TOKEN": TOKEN}
        self.there = copy.copy(self.here)
        folder.chmod(0o700)
        self.there.environ = {**self.here.environ, "DEPLOY_STATE": str(folder)}

    def close(self) -> None:
        self.there.deploy("engine", "stop", "--force")
        self.here.close()


@pytest.fixture
def bastions(postgres_server: str, tmp_path: Path):
    made = Bastions(postgres_server, tmp_path)
    try:
        migrate(made.address)
        yield made
    finally:
        made.close()


def begun(product: Product, version: str) -> str:
    """Begin a release that pauses after its first host; its run."""
    return str(product.result("production", "--version", version, "--yes", code=9)["run"])


@pytest.fixture
def server(postgres_server: str):
    made = StoppableServer(postgres_server)
    yield made
    made.start()


def told(product: Product, run: str) -> list[dict]:
    """The run's events, as that machine reads them."""
    return [json.loads(line) for line in product.deploy("events", run)[0].splitlines()]


def the_record_is_back(product: Product) -> None:
    """Wait until that machine says no more that the database lacks something."""
    end = time.monotonic() + 300
    while json.loads(product.deploy("status", "--json")[0])["record"]:
        assert time.monotonic() < end
        time.sleep(0.2)


def no_step_began_twice(events: list[dict]) -> None:
    """Of those that change a host: a gate is begun again by whoever takes the run up."""
    began = [(event["step"], event["attempt"]) for event in events if event["type"] == "step-started" and not event["step"].endswith("/gate")]
    assert len(began) == len(set(began))
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))


@pytest.mark.real
def test_a_database_that_dies_in_the_middle_of_a_run_and_comes_back(bastions: Bastions, server: StoppableServer):
    here, there = bastions.here, bastions.there
    run = begun(here, "v1.4.2")
    joined = here.start("attach", "--json", "--wait-for-person", "10m")
    begin = until(joined.stdout, '"type":"paused"')
    server.kill()
    begin += until(joined.stdout, '"type":"record-lost"')
    assert "nothing new starts before the shared record answers again" in here.deploy("continue", code=3)[1]
    assert "nothing begins meanwhile but a rollback" in here.deploy("production", "--version", "v1.5.1", "--yes", code=3)[1]
    assert "does not answer" in there.deploy("production", "--version", "v1.5.1", "--yes", code=3)[1]
    assert "does not answer" in json.loads(here.deploy("status", "--json")[0])["record"]["problem"]
    assert f"run {run} waits for a person" in here.deploy("status", "--motd")[0]
    server.start()
    begin += until(joined.stdout, '"type":"record-regained"')
    here.deploy("continue")
    rest, _ = joined.communicate(timeout=300)
    *events, result = [json.loads(line) for line in (*begin, *rest.splitlines())]
    assert result["exit"] == 0
    no_step_began_twice(events)
    assert told(there, run) == events

    run = begun(here, "v1.5.1")
    server.kill()
    here.deploy("rollback", "--yes")
    assert here.live() == {"v1.4.2"}
    os.kill(here.engine(), signal.SIGKILL)
    server.start()
    assert [row["outcome"] for row in json.loads(there.deploy("history", "--json")[0])] == [None, "succeeded"]
    here.deploy("status")  # whichever engine is the next one here hands in what this machine alone has
    events = told(there, run)
    assert (events[-1]["type"], next(event["exit"] for event in events if event["type"] == "run-ended")) == ("locks-released", 4)
    no_step_began_twice(events)


@pytest.mark.real
def test_a_run_goes_back_though_its_engine_and_the_database_are_gone(bastions: Bastions, server: StoppableServer):
    here, there = bastions.here, bastions.there
    here.result("production", "--version", "v1.4.2", "--yes", code=9)
    here.deploy("continue")
    here.deploy("attach", "--wait-for-person", "10m")
    driven = here.start("production", "--version", "v1.5.1", "--yes", "--json", "--wait-for-person", "10m")
    run = json.loads(until(driven.stdout, '"type":"paused"')[0])["run"]
    os.kill(here.engine(), signal.SIGKILL)
    server.kill()
    until(driven.stdout, '"type":"record-lost"')
    out, err = here.deploy("rollback", "--yes", "--reason", "slow")
    assert "nothing new starts, hosts can go back" in out
    assert err.count("what follows is what this machine has written") == 1
    assert driven.communicate(timeout=300)[1].count("refused") == 0
    assert (driven.returncode, here.live()) == (4, {"v1.4.2"})
    server.start()
    the_record_is_back(here)
    events = told(there, run)
    assert [event["epoch"] for event in events if event["type"] == "taken-up"] == [1002]
    assert [event["exit"] for event in events if event["type"] == "run-ended"] == [4]
    assert told(here, run) == events
    no_step_began_twice(events)


@pytest.mark.real
def test_an_engine_that_sleeps_while_another_takes_its_run_changes_nothing_when_it_wakes(bastions: Bastions):
    with psycopg.connect(plain(bastions.address), autocommit=True) as listening:
        listening.execute(f"LISTEN {CHANNEL}")
        run = the_succession(bastions)
        said = "\n".join(one.payload for one in listening.notifies(timeout=0.5))
    assert run in said
    the_secret_is_nowhere(bastions, said)


def the_succession(bastions: Bastions) -> str:
    """B takes up, with the secret that A's console had, what A carries and sleeps over; the run."""
    here, there = bastions.here, bastions.there
    run = begun(here, "v1.4.2")
    engine = here.engine()
    there.deploy("note", f"it is {TOKEN}", run)
    joined = here.start("attach", "--plain", "--wait-for-person", "10m")
    until(joined.stdout, "paused")
    here.deploy("continue")
    until(joined.stdout, "wave-2/web02/gate: started")
    os.kill(engine, signal.SIGSTOP)
    executed(plain(bastions.address), "update leases set expires = now()")  # as time does
    secret = there.environ.pop("SHOP_TOKEN")
    before = executed(plain(bastions.address), "select run, token, mark from leases")
    assert "SHOP_TOKEN" in there.deploy("resume", "--yes", code=2)[1]
    assert executed(plain(bastions.address), "select run, token, mark from leases") == before
    there.environ["SHOP_TOKEN"] = secret
    assert there.result("resume", "--yes", code=0)["exit"] == 0
    os.kill(engine, signal.SIGCONT)
    rest, _ = joined.communicate(timeout=300)
    assert (joined.returncode, rest.count("a new engine took the run over"), rest.count("succeeded (exit 0)")) == (0, 1, 1)
    events = told(there, run)
    no_step_began_twice(events)
    assert [event["epoch"] for event in events if event["type"] == "taken-up"] == [2]
    assert told(here, run) == events
    assert here.live() == {"v1.4.2"}
    return run


def the_secret_is_nowhere(bastions: Bastions, said: str) -> None:
    """Of what the run printed, and of what people wrote: in no row, in no notification, and in no file of either machine."""
    assert_clean("what is notified", said.encode())
    tables = executed(plain(bastions.address), "select tablename from pg_tables where schemaname = 'public'")
    rows = [row for (table,) in tables for (row,) in executed(plain(bastions.address), f"select row_to_json(one)::text from {table} one")]
    assert any("it is [redacted]" in row for row in rows)
    printed = Path(bastions.here.environ["DEPLOY_STATE"], "logs").rglob("*.log")
    assert any("with [redacted]" in path.read_text() for path in printed)
    for row in rows:
        assert_clean("a row of the record", row.encode())
        assert_clean("a text in a row of the record", "\n".join(texts_of(json.loads(json.loads(row).get("payload", "{}")))).encode())
    for machine in (bastions.here, bastions.there):
        files = [path for path in Path(machine.environ["DEPLOY_STATE"]).rglob("*") if path.is_file()]
        assert "shared.sqlite3" in {path.name for path in files}
        for path in files:
            assert_clean(str(path), path.read_bytes())
