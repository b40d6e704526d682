"""A release with a migration, against a real PostgreSQL: reviewed, backed up, locked out by somebody's transaction, migrated, taken back, restored."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.adapters.checks.servers import PASSWORD, postgres, postgres_bin
from tests.cli.product import Product, until

ROWS = 1_000_000
LOCKS = "ALTER TABLE orders ADD COLUMN note text;\n"


class Shop:
    """A fleet with a database of its own and a repository that migrations are committed to."""

    def __init__(self, folder: Path, url: str) -> None:
        self.product = Product(2)
        self.url = url
        self.folder = folder
        self.repository = self.product.ready["repository"]
        self.name = f"shop-{os.getpid()}"
        self.plain = Path(self.product.config).read_text(encoding="utf-8").replace('name = "shop"', f'name = "{self.name}"', 1)
        self.product.environ["SHOP_DB"] = url
        self.use()

    def use(self, **over: str | None) -> None:
        """Write the file with those keys of the database; None takes one away."""
        keys: dict[str, str | None] = {
            "kind": '"postgres"', "url": '{ env = "SHOP_DB" }', "migrations": '"db/*.sql"', "lock_timeout": '"1s"', "lock_tries": "1",
            "backup": f"'pg_dump -Fc -f {self.folder}/shop-{{run}}.dump -d \"$DB\"'",
            "restore": f"'pg_restore --clean --if-exists -d \"$DB\" {self.folder}/shop-{{run}}.dump'",
            "migrate": "'for f in db/*.sql; do psql -X -q -1 -v ON_ERROR_STOP=1 -f \"$f\" \"$DB\"; done'", **over,
        }  # fmt: skip
        table = "\n".join(f"{name} = {value}" for name, value in keys.items() if value is not None)
        text = f'{self.plain}\n[environments.production.variables]\nDB = {{ env = "SHOP_DB" }}\n[environments.production.database]\n{table}\n'
        Path(self.product.config).write_text(text, encoding="utf-8")

    def commit(self, version: str, **migrations: str) -> str:
        """Commit those migrations, and nothing else of db/, on top of v1.4.2; once."""
        git = ["git", "-C", self.repository, "-c", "user.name=t", "-c", "user.email=t@example.net"]
        if subprocess.run([*git, "rev-parse", "-q", "--verify", version], capture_output=True, check=False).returncode == 0:
            return version
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
    until = time.monotonic() + 300
    while True:
        try:
            return psycopg.connect(url)
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    if not postgres_bin("initdb"):
        pytest.skip("needs PostgreSQL: apt-get install postgresql")
    with tempfile.TemporaryDirectory(prefix="deploy-database-") as own, tempfile.TemporaryDirectory(prefix="deploy-backups-") as backups:
        Path(backups).chmod(0o777)
        with postgres(Path(own), "0.0.0.0") as url:
            with ready(url) as connection:
                connection.execute("create table orders as select n as id, repeat('x', 40) as what from generate_series(1, %s) n", (ROWS,))
                connection.execute("analyze orders")
            one = Shop(Path(backups), url)
            yield one
            one.product.close()
            shutil.rmtree(Path.home() / ".deploy-console" / f"{one.name}-production", ignore_errors=True)


def checks(result: dict) -> dict[str, dict]:
    return {row["id"]: row for row in result["checks"]}


def big_index(shop: Shop) -> str:
    return shop.commit("v2.1.0", b_new="CREATE TABLE fresh (id bigint);\nCREATE INDEX big ON orders (what);\n")


def test_a_migration_is_locked_out_then_goes_through_and_its_backup_brings_back_what_it_has(shop: Shop):
    version, before = shop.commit("v2.0.0", a_note=f"-- old-code: ok\n{LOCKS}"), shop.product.live()
    with psycopg.connect(shop.url) as holder:
        holder.execute("select count(*) from orders where id = 1")
        is_flagged(shop.deploy("check", "production", "--version", version))
        said = shop.said("production", "--version", version, "--yes", "--plain", code=4)
    assert "the migration waits" in said
    assert "blocked by shop" in said
    held = r"it got no lock within 1s, in 1 of 1 tries \(held by shop, idle in transaction, pid \d+, open for \d+ s\); the schema is as it was; no host was changed"
    assert re.search(held, said)
    assert "/switch: started" not in said
    assert shop.product.live() == before
    assert "note" not in shop.columns()

    run = shop.deploy("production", "--version", version, "--yes")["run"]
    assert shop.product.live() == {version}
    assert "note" in shop.columns()
    dump = shop.folder / f"shop-{run}.dump"
    assert subprocess.run(["pg_restore", "--list", str(dump)], capture_output=True, text=True, check=True).stdout.count("TABLE") >= 1
    events = shop.said("events", run)
    assert f'"size":{os.path.getsize(dump)}' in events
    assert "read by pg_restore" in events

    with psycopg.connect(shop.url, autocommit=True) as connection:
        connection.execute("delete from orders where id <= 10")
    assert "--yes" in shop.said("restore", "production", "--run", run, code=2)
    result = shop.deploy("restore", "production", "--run", run, "--yes")
    assert result["outcome"] == "succeeded"
    with psycopg.connect(shop.url) as connection:
        assert connection.execute("select count(*) from orders").fetchone() == (ROWS,)
    assert "note" not in shop.columns()
    assert shop.product.live() == {version}
    assert "took no backup" in shop.said("restore", "production", "--run", result["run"], "--yes", code=3)
    assert "database restored" in shop.said("report", result["run"], "--format", "md")
    said = shop.said("report", run, "--format", "md")
    assert re.search(r"- Backup: of .* MiB, \S+shop-\S+dump on web01, read by pg", said)
    assert re.search(r"- Migration: migrate the database on web01: .*: done at \d\d:\d\d:\d\d UTC, in ", said)
    assert re.search(r"- Table: orders: \d\d MiB, about 1,000,000 rows", said)


def is_flagged(found: dict) -> None:
    rows = checks(found)
    assert rows["migrations"]["status"] == "warning"
    assert re.search(r"ACCESS EXCLUSIVE lock, blocks reads and writes on orders: \d\d MiB, about 1,000,000 rows", rows["migrations"]["detail"])
    assert "1 open transaction holds locks on it" in rows["migrations"]["detail"]
    assert (rows["backup"]["status"], rows["way-back"]["status"]) == ("passed", "passed")
    assert [step["id"] for step in found["plan"]["steps"] if step["id"].startswith("database/")] == ["database/backup", "database/migrate"]
    assert "the code before runs on it" in found["rollback"]["database"]


def test_code_before_that_is_not_known_to_run_is_no_way_back(shop: Shop):
    version = big_index(shop)
    found = checks(shop.deploy("check", "production", "--version", version, code=3))
    assert found["way-back"]["status"] == "failed"
    assert "not known whether the code before runs" in found["way-back"]["detail"]
    assert "db/b_new.sql:2: During normal index creation, table updates are blocked" in found["migrations"]["detail"]
    assert checks(shop.deploy("check", "production", "--version", version, "--old-code", "ok"))["way-back"]["status"] == "passed"
    assert checks(shop.deploy("check", "production", "--version", version, "--override", "way-back=told everybody"))["way-back"]["status"] == "overridden"
    left_out = shop.deploy("check", "production", "--version", version, "--migration", "no")
    assert not [step for step in left_out["plan"]["steps"] if step["id"].startswith("database/")]
    assert "not run: --migration no" in checks(left_out)["migrations"]["detail"]


@pytest.fixture
def more_tables(shop: Shop) -> Iterator[None]:
    """Tables that no other test knows of."""
    with psycopg.connect(shop.url, autocommit=True) as connection:
        connection.execute("create table events (id bigint, day int) partition by list (day); create table events_1 partition of events for values in (1)")
        connection.execute("""insert into events select n, 1 from generate_series(1, 150000) n; create table "Mixed" as select * from events; analyze""")
        connection.execute("create schema storage; create table storage.objects as select * from events; analyze storage.objects")
        yield
        connection.execute('drop table events, "Mixed", storage.objects; drop schema storage')


@pytest.mark.usefixtures("more_tables")
def test_every_file_is_read_and_its_tables_are_measured_as_the_file_means_them(shop: Shop):
    files = {f"f_{number:03}": f"CREATE TABLE f_{number} (id bigint);\nCREATE INDEX ON f_{number} (id);" for number in range(110)}
    files["f_110"] = """\ufeff-- /* one /* two */ */\nSET search_path = storage, public;\nALTER TABLE objects ALTER id TYPE text;
DO $$ BEGIN\n  ALTER TABLE events ALTER id SET NOT NULL;\nEND $$;\nCREATE OR REPLACE TRIGGER t\nAFTER INSERT ON "Mixed" EXECUTE FUNCTION f();
UPDATE "Mixed" SET day = 2;\nALTER TABEL x;"""
    files["f_111"] = "ALTER TABLE ${schema}.objects DROP COLUMN day;"
    files["g_code"] = "-- +goose Up\nALTER TABLE orders ADD COLUMN x int;\n-- +goose Down\nDROP TABLE orders;"
    version = shop.commit("v3.0.0", **files)
    detail = checks(shop.deploy("check", "production", "--version", version, "--old-code", "ok"))["migrations"]["detail"]
    said = detail.split("; ")
    assert said[0].startswith("113 new: db/f_110.sql, ")
    assert re.fullmatch(
        r"db/f_110.sql:3: ALTER TABLE objects .*: ACCESS EXCLUSIVE lock, .* on storage.objects: \S+ MiB, about 150,000 rows, rewrites it.*", said[1]
    )
    assert re.search(r'f_110.sql:9: UPDATE "Mixed" .* on public."Mixed": \S+ MiB, about 150,000 rows, writes every row', detail)
    assert re.search(r"f_110.sql:5: ALTER TABLE events .* on public.events: \S+ MiB, about 150,000 rows in 1 partition, scans it", detail)
    assert re.search(r'f_110.sql:7: CREATE OR REPLACE TRIGGER .* SHARE ROW EXCLUSIVE lock, blocks writes on public."Mixed".*, metadata only', detail)
    assert 'f_110.sql:10: could not be read: syntax error at or near "TABEL": ALTER TABEL x' in detail
    assert re.search(r"f_111.sql:1: ALTER TABLE \$\{schema\}.objects .* on \*.objects: \S+ MiB, about 150,000 rows, drops a column", detail)
    assert "metadata only" in next(one for one in said if one.startswith("db/g_code.sql:2"))
    assert "DROP TABLE" not in detail


def test_a_first_release_reviews_every_migration_and_has_no_code_before_it(shop: Shop):
    version = shop.commit("v3.1.0", h_one="CREATE TABLE one (id bigint);\n", h_two="ALTER TABLE orders ALTER id SET NOT NULL;\n")
    plain = shop.plain
    shop.plain = plain.replace('/srv/shop"', '/srv/first"')
    try:
        shop.use()
        asked = checks(shop.deploy("check", "production", "--version", version, code=3))
        assert "2 migration files in the commit, and nothing is live yet" in asked["migrations"]["detail"]
        found = shop.deploy("check", "production", "--version", version, "--migration", "yes")
        rows = checks(found)
        assert rows["migrations"]["detail"].startswith("2 in the commit: db/h_two.sql, db/h_one.sql; db/h_two.sql:1: ALTER TABLE orders ALTER id SET NOT NULL")
        assert (rows["way-back"]["status"], rows["way-back"]["blocking"]) == ("warning", True)
        assert "no code before it uses it" in rows["way-back"]["detail"]
        assert [step["id"] for step in found["plan"]["steps"] if step["id"].startswith("database/")] == ["database/backup", "database/migrate"]
        shop.use(migrations='"none/*.sql"')
        assert checks(shop.deploy("check", "production", "--version", version))["migrations"]["status"] == "passed"
    finally:
        shop.plain = plain
        shop.use()


def test_no_backup_is_no_go_its_override_migrates_without_and_a_fresh_one_is_enough(shop: Shop):
    version = big_index(shop)
    release = ("production", "--version", version, "--old-code", "ok")
    try:
        with psycopg.connect(shop.url, autocommit=True) as connection:
            connection.execute("create role nobody login password 'nobody'")
        shop.product.environ["SHOP_DB"] = shop.url.replace(f"shop:{PASSWORD}", "nobody:nobody")
        shop.use(backup=None)
        found = shop.deploy("check", *release, code=3)
        assert checks(found)["backup"]["status"] == "failed"
        assert "may not read 1 table (orders)" in checks(found)["backup"]["detail"]
        assert not [step for step in found["plan"]["steps"] if step["id"].startswith("database/")]
        overridden = shop.deploy("check", *release, "--override", "backup=a test")
        assert [step["id"] for step in overridden["plan"]["steps"] if step["id"].startswith("database/")] == ["database/migrate"]
        shop.product.environ["SHOP_DB"] = shop.url
        shop.use(migrate="'exit 3'")
        shop.said(*release, "--yes", "--plain", code=4)
        shop.use(backup=None, backup_within='"1h"')
        assert "1h old at most is fresh enough" in checks(shop.deploy("check", *release))["backup"]["detail"]
    finally:
        shop.product.environ["SHOP_DB"] = shop.url
        shop.use()


def test_without_a_command_the_console_takes_the_dump_itself_and_brings_it_back(shop: Shop):
    version = shop.commit("v2.4.0", e_new="-- old-code: ok\nCREATE TABLE e (id bigint primary key, o bigint);\nCREATE TYPE mood AS ENUM ('ok');\n")
    shop.use(backup=None, restore=None)
    try:
        found = shop.deploy("check", "production", "--version", version)
        said = re.search(r"the plan takes one before it migrates \(pg_dump on web01 to (\S+): the database has \d+ MiB", checks(found)["backup"]["detail"])
        assert said
        dumps = Path(said[1])
        assert not dumps.exists()
        run = shop.deploy("production", "--version", version, "--yes")["run"]
        assert [file.name for file in dumps.iterdir()] == [f"{run}.dump"]
        assert (dumps / f"{run}.dump").stat().st_mode & 0o777 == 0o600
        events = shop.said("events", run)
        assert "read by pg_restore" in events
        assert PASSWORD not in events
        with psycopg.connect(shop.url, autocommit=True) as connection:
            connection.execute("delete from orders where id <= 10")
        (dumps / f"{run}.dump").rename(dumps / "away")
        said = shop.said("restore", "production", "--run", run, "--yes", "--plain", code=3)
        assert f"{dumps}/{run}.dump is not there any more on web01" in said
        assert "copy it back to there, or restore another run's, which its report names" in said
        assert "database/restore: started" not in said
        (dumps / "away").rename(dumps / f"{run}.dump")
        shop.product.deploy("engine", "stop")
        url = shop.product.environ.pop("SHOP_DB")
        assert "the secret database.url is to come from $SHOP_DB, which is not set" in shop.said("restore", "production", "--run", run, "--yes", code=2)
        shop.product.environ["SHOP_DB"] = url
        assert "in one transaction" in shop.said("restore", "production", "--run", run, "--yes", "--plain")
        with psycopg.connect(shop.url) as connection:
            assert connection.execute("select count(*), to_regclass('e'), to_regtype('mood') from orders").fetchone() == (ROWS, None, None)
    finally:
        shop.use()


def test_a_migration_that_takes_effect_in_part_is_never_called_failed(shop: Shop):
    version, before = big_index(shop), shop.product.live()
    shop.use(migrate="""'psql -X -q -d "$DB" -c "create table half (id int)" && psql -X -q -v ON_ERROR_STOP=1 -d "$DB" -c "select 1/0"'""")
    try:
        said = shop.said("production", "--version", version, "--old-code", "ok", "--yes", "--plain", code=5)
        assert "the schema is not as it was: it took effect in part" in said
        assert "no host was changed" in said
        assert shop.product.live() == before
    finally:
        shop.use()


def test_a_migration_is_ended_at_its_time_out_with_its_sessions(shop: Shop):
    version = big_index(shop)
    shop.use(migrate="""{ run = 'psql -X -q -d "$DB" -c "select pg_sleep(60)"', timeout = "1s" }""", lock_timeout='"100ms"')
    try:
        said = shop.said("production", "--version", version, "--old-code", "ok", "--yes", "--plain", code=4)
        assert "timed out after" in said
        assert "the schema is as it was; no host was changed" in said
        with psycopg.connect(shop.url) as connection:
            assert connection.execute("select count(*) from pg_stat_activity where query like '%pg_sleep(60)%' and pid <> pg_backend_pid()").fetchone() == (0,)
    finally:
        shop.use()


def test_what_the_code_before_breaks_on_is_taken_back_before_a_host_is(shop: Shop):
    version = shop.commit("v2.2.0", c_gone="-- old-code: breaks\nCREATE TABLE gone (id bigint);\n")
    before = shop.product.live()
    migrate = """'psql -X -q -v ON_ERROR_STOP=1 -d "$DB" -f db/c_gone.sql'"""
    shop.use(migrate=migrate)
    try:
        assert "nothing takes the migration back" in checks(shop.deploy("check", "production", "--version", version, code=3))["way-back"]["detail"]
        shop.use(migrate=migrate, revert="""'psql -X -q -v ON_ERROR_STOP=1 -d "$DB" -c "drop table gone"'""")
        shop.deploy("production", "--version", version, "--yes")
        said = shop.said("rollback", "production", "--yes", "--plain")
        assert said.index("database/revert: done") < said.index("back/web01/switch: started")
        assert "is taken back first" in said
        with psycopg.connect(shop.url) as connection:
            assert connection.execute("select to_regclass('gone')").fetchone() == (None,)
        assert shop.product.live() == before
    finally:
        shop.use()


def test_a_migration_outlives_its_engine_and_runs_once(shop: Shop):
    version = shop.commit("v2.3.0", d_late="-- old-code: ok\nCREATE TABLE late (id bigint);\n")
    run_once = (
        """'psql -X -q -v ON_ERROR_STOP=1 -d "$DB" -c "create table if not exists runs (at timestamptz); insert into runs select now(); select pg_sleep(4)"'"""
    )
    shop.use(migrate=run_once, host='"localhost"')
    try:
        console = shop.product.start("-c", shop.product.config, "production", "--version", version, "--yes", "--plain")
        until(console.stdout, "database/migrate: started")
        time.sleep(1)
        os.kill(shop.product.engine(), signal.SIGKILL)
        console.communicate(timeout=300)
        run = json.loads(shop.said("history", "production", "--json"))[0]["run"]
        if console.returncode != 0:
            assert shop.deploy("resume", run, "--yes")["outcome"] == "succeeded"
        with psycopg.connect(shop.url) as connection:
            assert connection.execute("select count(*) from runs").fetchone() == (1,)
        assert shop.product.live() == {version}
    finally:
        shop.use()
