"""A release with a migration, against a real PostgreSQL: reviewed, backed up, locked out by somebody's transaction, migrated, taken back, restored."""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.adapters.checks.servers import postgres, postgres_bin
from tests.cli.product import Product

ROWS = 1_000_000
LOCKS = "ALTER TABLE orders ADD COLUMN note text;\n"


class Shop:
    """A fleet with a database of its own and a repository that migrations are committed to."""

    def __init__(self, folder: Path, url: str) -> None:
        self.product = Product(2)
        self.url = url
        self.folder = folder
        self.repository = self.product.ready["repository"]
        self.plain = Path(self.product.config).read_text(encoding="utf-8")
        self.product.environ["SHOP_DB"] = url
        self.use()

    def use(self, **over: str | None) -> None:
        """Write the file with those keys of the database; None takes one away."""
        keys: dict[str, str | None] = {
            "kind": '"postgres"', "url": '{ env = "SHOP_DB" }', "migrations": '"db/*.sql"', "lock_timeout": '"1s"', "lock_tries": "1",
            "backup": f"'pg_dump -Fc -f {self.folder}/shop-{{run}}.dump -d \"$DB\"'",
            "migrate": "'for f in db/*.sql; do psql -X -q -1 -v ON_ERROR_STOP=1 -f \"$f\" \"$DB\"; done'", **over,
        }  # fmt: skip
        table = "\n".join(f"{name} = {value}" for name, value in keys.items() if value is not None)
        text = f'{self.plain}\n[environments.production.variables]\nDB = {{ env = "SHOP_DB" }}\n[environments.production.database]\n{table}\n'
        Path(self.product.config).write_text(text, encoding="utf-8")

    def commit(self, version: str, **migrations: str) -> str:
        """Commit those migrations, and nothing else of db/, on top of v1.4.2."""
        git = ["git", "-C", self.repository, "-c", "user.name=t", "-c", "user.email=t@example.net"]
        subprocess.run([*git, "checkout", "-q", "--detach", "v1.4.2"], check=True)
        (Path(self.repository) / "db").mkdir(exist_ok=True)
        for name, text in migrations.items():
            (Path(self.repository) / "db" / f"{name}.sql").write_text(text, encoding="utf-8")
        subprocess.run([*git, "add", "db"], check=True)
        subprocess.run([*git, "commit", "-q", "-m", f"Migrate for {version}"], check=True)
        subprocess.run([*git, "branch", "-qf", "main"], check=True)
        subprocess.run([*git, "tag", version], check=True)
        return version

    def deploy(self, *words: str, code: int = 0) -> dict:
        return self.product.result("-c", self.product.config, *words, code=code)

    def said(self, *words: str, code: int = 0) -> str:
        out, err = self.product.deploy("-c", self.product.config, *words, code=code)
        return out + err

    def columns(self) -> set[str]:
        with psycopg.connect(self.url) as connection:
            return {row[0] for row in connection.execute("select column_name from information_schema.columns where table_name = 'orders'")}


def ready(url: str) -> psycopg.Connection:
    """Connect once the server has started."""
    until = time.monotonic() + 20
    while True:
        try:
            return psycopg.connect(url)
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    if not postgres_bin("initdb"):
        pytest.skip("needs PostgreSQL: apt-get install postgresql")
    folder = tmp_path_factory.mktemp("database")
    with postgres(folder, "0.0.0.0") as url:
        with ready(url) as connection:
            connection.execute("create table orders as select n as id, repeat('x', 40) as what from generate_series(1, %s) n", (ROWS,))
            connection.execute("analyze orders")
        backups = tmp_path_factory.mktemp("backups")
        backups.chmod(0o777)
        for parent in list(backups.parents)[:3]:
            if str(parent).startswith("/tmp/"):
                parent.chmod(parent.stat().st_mode | 0o055)
        one = Shop(backups, url)
        yield one
        one.product.close()


def checks(result: dict) -> dict[str, dict]:
    return {row["id"]: row for row in result["checks"]}


def test_a_migration_is_flagged_and_ends_at_its_lock_timeout_with_nothing_changed(shop: Shop):
    version = shop.commit("v2.0.0", a_note=f"-- old-code: ok\n{LOCKS}")
    with psycopg.connect(shop.url) as holder:
        holder.execute("select count(*) from orders where id = 1")
        found = shop.deploy("check", "production", "--version", version)
        rows = checks(found)
        assert rows["migrations"]["status"] == "warning"
        assert re.search(r"ACCESS EXCLUSIVE lock, blocks reads and writes on orders: \d\d MiB, about 1,000,000 rows", rows["migrations"]["detail"])
        assert "1 open transaction holds locks on it" in rows["migrations"]["detail"]
        assert (rows["backup"]["status"], rows["way-back"]["status"]) == ("passed", "passed")
        assert "none is known" in rows["backup"]["detail"]
        assert [step["id"] for step in found["plan"]["steps"] if step["id"].startswith("database/")] == ["database/backup", "database/migrate"]
        assert "the code before runs on it" in found["rollback"]["database"]
        said = shop.said("production", "--version", version, "--yes", "--plain", code=4)
    assert "the migration waits" in said
    assert "blocked by shop" in said
    assert "it got no lock within 1s, in 1 of 1 tries; the schema is as it was; no host was changed" in said
    assert shop.product.live() == {"v1.4.1"}
    assert "note" not in shop.columns()
    assert "wave-1" not in said.partition("GO by")[2].replace("wave-1/", "")


def test_then_it_goes_through_with_a_backup_that_is_read(shop: Shop):
    result = shop.deploy("production", "--version", "v2.0.0", "--yes")
    assert shop.product.live() == {"v2.0.0"}
    assert "note" in shop.columns()
    dump = shop.folder / f"shop-{result['run']}.dump"
    assert subprocess.run(["pg_restore", "--list", str(dump)], capture_output=True, text=True, check=True).stdout.count("TABLE") >= 1
    events = shop.said("events", result["run"])
    assert f'"size":{os.path.getsize(dump)}' in events
    assert "read by pg_restore" in events
