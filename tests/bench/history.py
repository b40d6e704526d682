"""How soon `deploy history --json` answers of 10,000 runs, and home is painted beside them, on SQLite and on PostgreSQL; beside a Python that does nothing."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from console.adapters.journal.postgres_migrate import migrate
from console.adapters.journal.postgres_store import PostgresStore
from console.adapters.journal.record_store import Entry, RecordStore
from console.adapters.journal.sqlite_store import JournalStore
from console.adapters.statefolder import prepared
from console.core.run.evolve import fold
from console.model import events as ev
from console.model.events import AnyEvent, stamped
from console.model.request import Person, Request
from console.safe_text import SafeText
from tests.adapters.checks.servers import postgres
from tests.bench.priority import goes_first
from tests.bench.startup import answered, painted
from tests.bench.table import Row, print_table
from tests.fleet import Fleet, make_repository
from tests.shared_journals import empty_database

RUNS = 10_000
ROUNDS = 5
TOGETHER = 500


def a_run(number: int, hosts: tuple[str, ...]) -> tuple[AnyEvent, ...]:
    """A release that ended a while ago."""
    run = f"202601{number // 1440 % 28 + 1:02}T{number // 60 % 24:02}{number % 60:02}00Z-production-{number:04x}"
    at = "2026-01-01T00:00:00.000Z"
    opened = ev.RunOpened(
        run=run, kind="deploy", app="shop", environment="production", protected=True, by=Person("ada", 1000),
        request=Request(ref="v1.0.0", reason=f"ticket {number}"), config_digest="d", hosts=hosts,
    )  # fmt: skip
    ended = ev.RunEnded(exit=3, outcome="no-go", reason=SafeText("CI has not passed"))
    return stamped(opened, 1, at, 0.0, "boot"), stamped(ended, 2, at, 1.0, "boot")  # type: ignore[return-value] # both are of the union


def fill(store: RecordStore, hosts: tuple[str, ...]) -> None:
    """Write that many runs."""
    for first in range(0, RUNS, TOGETHER):
        runs = [a_run(number, hosts) for number in range(first, first + TOGETHER)]
        faults = store.write([Entry(events[0].run, events, fold(events)) for events in runs])  # type: ignore[union-attr]
        if any(faults):
            raise AssertionError(faults)
    store.close()


def main() -> None:
    """Measure and print."""
    with (
        TemporaryDirectory() as folder,
        Fleet(3, Path(folder) / "fleet") as fleet,
        TemporaryDirectory(prefix="deploy-pg-") as data,
        postgres(Path(data)) as url,
    ):
        file, hosts = fleet.hosts_toml(make_repository(Path(folder) / "shop")), ("web01", "web02", "web03")
        alone, shared = Path(folder) / "alone", Path(folder) / "shared"
        prepared(str(alone))
        prepared(str(shared))
        address = empty_database(url)
        migrate(address)
        fill(JournalStore.of(str(alone)), hosts)
        fill(PostgresStore(address), hosts)
        named = file.parent / "shared.toml"
        named.write_text('journal = { env = "SHARED_RECORD" }\n' + file.read_text())
        environ = {name: value for name, value in os.environ.items() if name != "DEPLOY_CONFIG"} | {"SHARED_RECORD": address, "DEPLOY_ENGINE_IDLE": "10m"}
        deploy = [sys.executable, "-m", "console"]
        bare, rows = Row("python -c pass"), []
        for name, state, config in (("SQLite", alone, file), ("PostgreSQL", shared, named)):
            told, home = Row(f"deploy history --json, {name}"), Row(f"deploy (home), until it is painted, {name}")
            here, env = [*deploy, "-c", str(config)], environ | {"DEPLOY_STATE": str(state)}
            subprocess.run([*here, "status"], env=env, check=False, capture_output=True)
            with goes_first():
                for _ in range(ROUNDS):
                    bare.values.append(answered([sys.executable, "-c", "pass"], env))
                    told.values.append(answered([*here, "history", "--json"], env))
                    home.values.append(painted(here, env, b"web03"))
            subprocess.run([*here, "engine", "stop", "--force"], env=env, check=False, capture_output=True)
            rows += [told, home]
    print_table(f"{RUNS:,} runs: from a command's start to its end, or to its first picture", [bare, *rows])
