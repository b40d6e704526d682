"""The console's own dump and restore, as sh runs them, against a real PostgreSQL: what is said before, and what comes back."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from console.adapters.database.database_link import NotRead, libpq_variables
from console.core.host import dump_scripts
from console.model.database_facts import DumpLook
from console.safe_text import SafeText
from tests.adapters.checks.servers import PASSWORD, postgres, postgres_bin
from tests.cli.test_database import ready

BEFORE = """
create extension if not exists pg_trgm; create role plain login password 'plain'; create database own owner plain;
"""
OWN = """
create type mood as enum ('ok'); create table orders (id bigint primary key, how mood); insert into orders values (1, 'ok');
create view seen as select * from orders; create function one() returns int language sql as 'select 1'; create schema far; create table far.off (id int);
"""
SINCE = """
create type word as enum ('a'); create table lines (id bigint references orders, w word); insert into lines values (1, 'a'); drop view seen;
create view other as select id from orders; delete from far.off; create function two() returns word language sql as $$ select 'a'::word $$;
alter table orders add column late text; drop function one();
"""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    if not postgres_bin("initdb"):
        pytest.skip("needs PostgreSQL: apt-get install postgresql")
    with tempfile.TemporaryDirectory(prefix="deploy-dumps-") as folder, postgres(Path(folder)) as root:
        with ready(root) as connection:
            connection.autocommit = True
            for statement in BEFORE.strip().split(";")[:-1]:
                connection.execute(statement)
        with psycopg.connect(root.replace("/postgres", "/own"), autocommit=True) as connection:
            connection.execute("create extension pg_trgm")
        own = root.replace(f"shop:{PASSWORD}", "plain:plain").replace("/postgres", "/own")
        with psycopg.connect(own) as connection:
            connection.execute(OWN)
        yield own


def shell(script: str, folder: Path, url: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    variables = {"PATH": os.environ["PATH"], "HOME": str(folder), **libpq_variables(url), **environ}
    return subprocess.run(["/bin/sh", "-eu"], input=script, cwd=folder, env=variables, capture_output=True, text=True, timeout=60, check=False)


def schema(url: str) -> set[tuple[str, ...]]:
    with psycopg.connect(url) as connection:
        found = "select relname, relkind::text from pg_class where relnamespace in ('public'::regnamespace, 'far'::regnamespace) union all "
        return set(connection.execute(found + "select typname, 'type' from pg_type where typtype = 'e' union all select proname, 'routine' from pg_proc "
                   "where pronamespace = 'public'::regnamespace").fetchall())  # fmt: skip


def test_all_that_came_since_goes_with_a_restore_by_a_plain_owner_and_a_broken_dump_changes_nothing(url: str, tmp_path: Path):
    run = dump_scripts.guarded("pg_dump -Fc --no-password -f dumps/r1.dump")
    assert shell(run, tmp_path, url).returncode == 0
    before = schema(url)
    with psycopg.connect(url) as connection:
        connection.execute(SINCE)
    since = schema(url)
    assert since != before
    dump = tmp_path / "dumps" / "r1.dump"
    whole = dump.read_bytes()
    dump.write_bytes(whole[:-40])
    broken = shell(dump_scripts.restore_script(str(dump)), tmp_path, url)
    assert broken.returncode != 0
    assert schema(url) == since
    dump.write_bytes(whole)
    with psycopg.connect(url) as holder:
        holder.execute("lock table orders in access share mode")
        held = shell(dump_scripts.restore_script(str(dump)), tmp_path, url, PGOPTIONS="-c lock_timeout=200")
        assert "lock timeout" in held.stderr
    assert schema(url) == since
    restored = shell(dump_scripts.restore_script(str(dump)), tmp_path, url)
    assert (restored.returncode, restored.stderr) == (0, "")
    assert schema(url) == before
    with psycopg.connect(url) as connection:
        assert connection.execute("select id, how::text, (select count(*) from far.off) from orders").fetchall() == [(1, "ok", 0)]


def test_a_dump_is_there_gone_or_not_known_to_be_either(url: str, tmp_path: Path):
    own = tmp_path / ".deploy-console" / "shop o" / "dumps"
    own.mkdir(parents=True)
    file = own / "it's.dump"
    for content, expected in ((None, False), (b"", False), (b"PGDMP", True)):
        if content is not None:
            file.write_bytes(content)
        for path in (str(file), "dumps/it's.dump"):
            assert dump_scripts.read_kept(shell(dump_scripts.kept_script("shop o", path), tmp_path, url).stdout) is expected
    assert isinstance(dump_scripts.read_kept("banner\n"), SafeText)


def test_a_dump_that_fails_leaves_no_half_and_the_newest_are_kept(url: str, tmp_path: Path):
    failed = shell(dump_scripts.guarded("pg_dump -Fc --no-password -t nothing -f dumps/r1.dump"), tmp_path, url)
    assert failed.returncode == 1
    assert list((tmp_path / "dumps").iterdir()) == []
    for number in range(5):
        file = tmp_path / "dumps" / f"r{number}.dump"
        file.write_text("x")
        os.utime(file, (number, number))
    assert shell(dump_scripts.kept(2), tmp_path, url).returncode == 0
    assert sorted(file.name for file in (tmp_path / "dumps").iterdir()) == ["r3.dump", "r4.dump"]


def test_what_is_looked_at_before(url: str, tmp_path: Path):
    variables = libpq_variables(url)
    found = dump_scripts.read_look("db01", shell(dump_scripts.look_script("shop o", variables), tmp_path, url).stdout)
    assert dump_scripts.dump_problem(found) is None
    assert (found.folder, found.server, found.unread) == (f"{tmp_path}/.deploy-console/shop o/dumps", found.dumper, 0)
    assert found.size > 2**20
    assert abs(found.free - os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize) < 2**30
    assert list(tmp_path.iterdir()) == []
    bare = tmp_path / "bin"
    bare.mkdir()
    for tool in ("df", "tr"):
        (bare / tool).symlink_to(f"/bin/{tool}")
    none = dump_scripts.read_look("db01", shell(dump_scripts.look_script("shop", variables), tmp_path, url, PATH=str(bare)).stdout)
    assert none.missing == ("pg_dump", "pg_restore", "psql")
    wrong = dump_scripts.read_look("db01", shell(dump_scripts.look_script("shop", {**variables, "PGPASSWORD": "no"}), tmp_path, url).stdout)
    assert "password authentication failed" in wrong.refused


@pytest.mark.parametrize(("look", "words", "remedy"), [
    (DumpLook("db01", missing=("pg_dump",)), "pg_dump not found on db01", "apt-get install postgresql-client"),
    (DumpLook("db01", refused=SafeText("no route")), "psql on db01 gets no connection: no route", "the url is seen from db01"),
    (DumpLook("db01", server=16, dumper=15), "is of version 15, and dumps no server of version 16", "postgresql-client-16"),
    (DumpLook("db01", unread=2, example=SafeText("a.b")), "may not read 2 tables (a.b)", "pg_read_all_data"),
    (DumpLook("db01", SafeText("/d"), free=2**20, size=2**21), "the database has 2.0 MiB, and 1.0 MiB are free for /d on db01", "make room"),
    (DumpLook("db01", problem=SafeText("gone")), "db01 was not looked at: gone", "mend that"),
    (None, "was not looked at", "look again, or name a command"),
])  # fmt: skip
def test_why_no_dump_can_be_taken(look: DumpLook | None, words: str, remedy: str):
    found = dump_scripts.dump_problem(look)
    assert found
    assert words in found[0]
    assert remedy in found[1]
    assert "--override backup=REASON" in found[1]


def test_the_url_becomes_variables_and_one_that_is_none_is_not_repeated():
    found = libpq_variables("postgresql://a:p%40w@db.example.net:6432/shop?sslmode=verify-full&application_name=x")
    assert found == {"PGUSER": "a", "PGPASSWORD": "p@w", "PGHOST": "db.example.net", "PGPORT": "6432", "PGDATABASE": "shop", "PGSSLMODE": "verify-full",
                     "PGAPPNAME": "x"}  # fmt: skip
    with pytest.raises(NotRead) as fault:
        libpq_variables("postgresql://a:secret@[/shop")
    assert "secret" not in str(fault.value)
