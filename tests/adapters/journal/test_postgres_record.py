"""The journal on PostgreSQL: several writers, lost connections, tables that are too old or too new, and what a person is told."""

import asyncio
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psycopg
import pytest
import sqlalchemy as sa

from console.adapters.journal import postgres_migrate as migrating
from console.adapters.journal.chain import JournalAway, JournalFault
from console.adapters.journal.journal_threads import SqlJournal
from console.adapters.journal.postgres_address import address_of, connect_arguments
from console.adapters.journal.postgres_bastions import BASTIONS
from console.adapters.journal.postgres_commands import COMMANDS
from console.adapters.journal.postgres_history_query import SCHEMA
from console.adapters.journal.postgres_leases import LEASES
from console.adapters.journal.postgres_listener import Listener
from console.adapters.journal.postgres_migrate import migrate
from console.adapters.journal.postgres_onlookers import ONLOOKERS, SHOWN
from console.adapters.journal.postgres_record import opened as engine_of
from console.adapters.journal.postgres_schema import VERSIONS
from console.adapters.journal.postgres_store import CHANNEL, PostgresStore, _locked, lock_key
from console.adapters.journal.record_store import Entry, OutOfOrder
from console.adapters.journal.tables import META, RUNS
from console.core.run.evolve import fold
from console.errors import Locked, UsageFault
from console.model.bastions import Bastion
from console.model.carrier import Carrier
from console.model.commands import Abort
from console.model.events import NoteAdded, RunEnded
from console.model.request import Person
from console.safe_text import SafeText
from tests.adapters.checks.servers import PASSWORD
from tests.adapters.journal.test_contract import golden, note, opened, place_of
from tests.recorded import append
from tests.reserved import free_port
from tests.shared_journals import empty_database, executed, plain

ADA = Person("ada", 1)


@pytest.fixture
def store(shared_journal):
    made = PostgresStore(shared_journal)
    yield made
    made.close()


@pytest.fixture
def other(shared_journal):
    """The same record, as another machine has it open."""
    made = PostgresStore(shared_journal)
    yield made
    made.close()


def cut(address, database=""):
    """End every other connection to the database (empty: the address's own), as a server that is restarted does."""
    name = f"'{database}'" if database else "current_database()"
    executed(plain(address), f"select pg_terminate_backend(pid) from pg_stat_activity where datname = {name} and pid <> pg_backend_pid()")


def test_numbers_of_several_writers_have_no_gap_and_are_seen_in_their_order(shared_journal):
    seen, done = [], threading.Event()

    def writer(name):
        store = PostgresStore(shared_journal)
        for number in range(8):
            append(store, f"{name}{number}", (opened(f"{name}{number}", "2026-01-01T00:00:00Z", environment=name),))
        store.close()

    def reader():
        store = PostgresStore(shared_journal)
        while not done.is_set():
            seen.append([run.number for run in store.runs()])
        store.close()

    with ThreadPoolExecutor(4) as pool:
        looking = pool.submit(reader)
        for writing in [pool.submit(writer, name) for name in "abc"]:
            writing.result(60)
        done.set()
        looking.result(60)
    last = PostgresStore(shared_journal)
    seen.append([run.number for run in last.runs()])
    last.close()
    assert seen[-1] == list(range(24, 0, -1))
    assert all(numbers == list(range(len(numbers), 0, -1)) for numbers in seen)


def test_two_machines_keep_one_record_of_an_environment(store, other):
    first, second = golden("release", "r1"), golden("rolled-back", "r2")
    place = place_of(first)
    cut_at = len(second) // 2
    append(store, "r1", first)
    append(other, "r2", second[:cut_at])
    append(store, "r3", (opened("r3", "2026-01-01T00:00:00Z", *place), RunEnded(seq=2, exit=3, outcome="no-go")))
    append(other, "r2", second[cut_at:])
    assert store.environment(*place) == other.environment(*place)
    whole = other.environment(*place)
    assert store.rebuild(*place) == whole
    assert [one.state.run for one in store.past(*place)] == [one.state.run for one in other.past(*place)]


def test_a_run_of_two_writers_is_refused_to_the_second(store, other):
    append(store, "r1", (opened("r1", "2026-01-01T00:00:00Z"),))
    state = fold(store.read("r1"))
    store.append("r1", (note(2, "mine"),), state)
    with pytest.raises(JournalFault, match="event 2 of r1 cannot follow event 2"):
        other.append("r1", (note(2, "yours"),), state)


def test_a_connection_that_the_server_ends_is_made_again(store, shared_journal):
    append(store, "r1", (opened("r1", "2026-01-01T00:00:00Z"),))
    cut(shared_journal)
    assert len(store.read("r1")) == 1
    cut(shared_journal)
    append(store, "r1", (note(2),))
    assert len(store.read("r1")) == 2


def test_a_frozen_writer_does_not_hold_the_others_up(other, shared_journal, monkeypatch):
    monkeypatch.setattr("console.adapters.journal.postgres_address.FROZEN", 0.3)
    frozen = engine_of(address_of(shared_journal), writes=True)
    with frozen.connect() as connection:
        connection.begin()
        _locked(connection, lock_key("environment", "shop", "production"))
        append(other, "r1", (opened("r1", "2026-01-01T00:00:00Z"),))
        with pytest.raises(sa.exc.DBAPIError):
            connection.execute(sa.select(1))
        connection.invalidate()
    frozen.dispose()


def test_a_database_that_is_away_is_said_with_what_to_type():
    port = free_port()
    with pytest.raises(JournalAway, match=f"the journal postgresql://127.0.0.1:{port}/deploy does not answer") as raised:
        PostgresStore(f"postgresql+psycopg://deploy:{PASSWORD}@127.0.0.1:{port}/deploy")
    assert raised.value.hint == f"see whether its server is up: pg_isready -d postgresql://127.0.0.1:{port}/deploy"
    assert PASSWORD not in raised.value.message


async def test_a_database_that_says_nothing_is_not_waited_for(store, monkeypatch):
    journal, held = SqlJournal(store), threading.Event()
    monkeypatch.setattr(store, "patience", 0.05)
    monkeypatch.setattr(store, "runs", lambda *a: held.wait(30))
    with pytest.raises(JournalAway, match="has not answered"):
        await journal.runs()
    held.set()
    await journal.close()


def test_a_login_that_is_refused_and_an_address_that_is_none_are_told_apart(shared_journal):
    login, _, place = shared_journal.rpartition("@")
    for wrong, said in (
        (shared_journal.replace(PASSWORD, "wr0ng-pw"), "password authentication failed"),
        (f"{login.rpartition(':')[0]}@{place}", "no password supplied"),
        (f"{login}@{place.rpartition('/')[0]}/nowhere", 'database "nowhere" does not exist'),
    ):
        with pytest.raises(JournalFault, match=f"refuses the connection: .*{said}") as raised:
            PostgresStore(wrong)
        assert "wr0ng-pw" not in raised.value.message
        assert raised.value.hint == f"see whether its address has the right login, password and database: psql -d {address_of(wrong).label}"
    with pytest.raises(JournalAway, match="does not answer"):
        PostgresStore(f"{login}@127.0.0.1:{free_port()}/deploy")
    for text in ("nonsense", "mysql://u:s3cret-pw@h/d", "://"):
        with pytest.raises(UsageFault, match="the journal's address") as usage:
            address_of(text)
        assert PASSWORD not in usage.value.message + usage.value.hint


@pytest.mark.parametrize("text", ["u:12/s3cret-pw@db/d", "u:12#s3cret-pw@db/d", "u:12#", "u:12?s3cret-pw@db/d", "u:s3cret-pw/@db/d", "u:12%00s3cret-pw@db/d"])
def test_a_password_with_a_sign_that_ends_it_is_refused_and_no_part_of_it_said(text):
    with pytest.raises(UsageFault, match="the journal's address") as fault:
        address_of(f"postgresql+psycopg://{text}")
    assert "write / as %2F" in fault.value.hint
    assert not {"12", "s3cret"} & set(fault.value.message.replace("/", " ").split())


def test_a_database_that_lacks_letters_is_refused_before_anything_stands_in_it(postgres_server):
    bare = empty_database(postgres_server, "encoding 'LATIN1' locale 'C' template template0")
    with pytest.raises(UsageFault, match="a database in LATIN1, which lacks letters; it has to be in UTF8"):
        migrate(bare)
    with pytest.raises(UsageFault, match="in LATIN1"):
        PostgresStore(bare)


def test_how_the_server_writes_dates_is_nothing_to_the_record(postgres_server):
    bare = empty_database(postgres_server)
    name = bare.rpartition("/")[2]
    executed(postgres_server, f"alter database {name} set datestyle to 'German, DMY'", f"alter database {name} set timezone to 'Pacific/Kiritimati'")
    migrate(bare)
    store = PostgresStore(bare)
    for mark in ("a", "b"):
        told = store.tell_reach(("shop", "production"), Bastion(mark, SafeText("ada on bastion-a")))
    assert [one.mark for one in told] == ["a"]
    store.close()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("postgresql+psycopg://u:p@db01/deploy", "postgresql://db01/deploy"),
        ("postgresql://u@db01:6432/deploy?sslmode=require", "postgresql://db01:6432/deploy"),
        ("postgresql+psycopg://u@/deploy?host=a&host=b", "postgresql://a,b/deploy"),
        ("postgresql://deploy@db01", "postgresql://db01/deploy"),
        ("postgresql:///deploy", "postgresql://localhost/deploy"),
    ],
)
def test_what_people_call_it_holds_no_login(text, words):
    assert address_of(text).label == words


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "postgresql+psycopg://u:p%40ss@db01:6432/deploy?sslmode=require",
            {"user": "u", "password": "p@ss", "host": "db01", "port": "6432", "dbname": "deploy", "sslmode": "require"},
        ),
        ("postgresql://u@/deploy?host=a:1&host=b", {"user": "u", "dbname": "deploy", "host": "a,b", "port": "1,"}),
        ("postgresql://u@/deploy?host=/run/postgresql", {"user": "u", "dbname": "deploy", "host": "/run/postgresql"}),
        ("postgresql://u@[::1]/d?connect_timeout=2&options=-c%20x%3Dy", {"user": "u", "dbname": "d", "host": "::1", "connect_timeout": "2"}),
    ],
)
def test_what_an_address_says_is_what_the_server_is_reached_by(text, told):
    found = connect_arguments(address_of(text), writes=True)
    assert told.items() <= found.items()
    assert found["target_session_attrs"] == "read-write"
    assert found["options"].startswith("-c x=y -c " if "options" in text else "-c statement_timeout")


def test_who_listens_hears_of_each_commit_which_runs_it_wrote(store, shared_journal):
    with psycopg.connect(plain(shared_journal), autocommit=True) as listening:
        listening.execute(f"listen {CHANNEL}")
        entries = [Entry(run, (opened(run, "2026-01-01T00:00:00Z"),), fold((opened(run, "2026-01-01T00:00:00Z"),))) for run in ("r1", "r2")]
        store.write(entries)
        heard = [one.payload for one in listening.notifies(timeout=60, stop_after=2)]
    assert heard == ["r1", "r2"]


async def test_an_engine_is_not_woken_by_what_it_writes_itself(store, other, monkeypatch):
    journal, woken, said = SqlJournal(store), [], asyncio.Event()

    def hear(self, run=""):
        woken.append(run)
        said.set()

    async def is_heard(number):
        """Write on both connections, the own one first; whether the other one's word came."""
        for journal_of, name in ((store, "own"), (other, "other")):
            run = f"{name} {number}"
            await asyncio.to_thread(append, journal_of, run, (opened(run, "2026-01-01T00:00:00Z"),))
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                while f"other {number}" not in woken:
                    said.clear()
                    await said.wait()
        return f"other {number}" in woken

    monkeypatch.setattr(Listener, "_wake", hear)
    waiting = asyncio.create_task(journal.machines.news("r1", 600, 0))
    numbers, heard = itertools.count(), 0
    async with asyncio.timeout(120):
        while heard < 2:  # the first one may have come just as it began to listen
            heard += await is_heard(next(numbers))
    waiting.cancel()
    await journal.close()
    assert not [run for run in woken if run.startswith("own")]


def test_a_command_that_nobody_asks_for_any_more_is_forgotten(store, shared_journal):
    numbers = [store.send_command("r1", Abort(), ADA) for _ in range(2)]
    executed(plain(shared_journal), f"update commands set sent = sent - interval '25 hours' where number = {numbers[0]}")
    store.send_command("r2", Abort(), ADA)
    assert executed(plain(shared_journal), "select run, number > 0 from commands order by number") == [("r1", True), ("r2", True)]
    assert [sent.number for sent in store.take_commands("r1")] == numbers[1:]


def test_a_lease_is_forgotten_once_its_run_is_long_over(store, other, shared_journal):
    ended, going = (opened(run, "2026-01-01T00:00:00Z") for run in ("ended", "going"))
    append(store, "ended", (ended, RunEnded(seq=2, exit=0, outcome="released")))
    append(store, "going", (going,))
    for run in ("ended", "going", "never begun"):
        assert store.take_lease(run, Carrier("ada", mark="a")) is None
    url = plain(shared_journal)
    executed(url, "update leases set expires = clock_timestamp() - interval '29 days'")
    other.take_lease("r2", Carrier("lin", mark="b"))
    assert executed(url, "select count(*) from leases") == [(4,)]
    executed(url, "update leases set expires = clock_timestamp() - interval '31 days' where run <> 'r2'")
    other.take_lease("r3", Carrier("lin", mark="b"))
    assert executed(url, "select run from leases order by run") == [("going",), ("r2",), ("r3",)]


def test_an_engine_that_comes_back_after_its_lease_was_forgotten_writes_nothing_behind_the_runs_end(store, other, shared_journal):
    first = opened("r1", "2026-01-01T00:00:00Z")
    append(store, "r1", (first,))
    store.take_lease("r1", Carrier("ada", mark="a"))
    url, long_ago = plain(shared_journal), "update leases set expires = clock_timestamp() - interval '31 days'"
    executed(url, long_ago)
    other.take_lease("r1", Carrier("lin", mark="b"))
    end = RunEnded(seq=2, exit=5, outcome="failed")
    other.append("r1", (end,), fold((first, end)))
    executed(url, long_ago)
    other.take_lease("r2", Carrier("lin", mark="b"))
    assert executed(url, "select run from leases") == [("r2",)]
    late = NoteAdded(seq=2, by=ADA, text=SafeText("late"))
    with pytest.raises(OutOfOrder):
        store.append("r1", (late,), fold((first, late)))


def test_the_tables_are_made_once_whoever_asks(postgres_server):
    bare = empty_database(postgres_server)
    with pytest.raises(UsageFault, match="has not the tables that this console needs") as raised:
        PostgresStore(bare)
    assert raised.value.hint == "deploy engine migrate"
    with ThreadPoolExecutor(3) as pool:
        found = [one.result(60) for one in [pool.submit(migrate, bare) for _ in range(3)]]
    assert sorted(before for _, before, _ in found) == [0, SCHEMA, SCHEMA]
    PostgresStore(bare).close()


def test_the_migrations_lead_to_the_tables_that_the_code_knows(journal_database):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    engine = sa.create_engine(journal_database)
    with engine.connect() as connection:
        known = [META, *(table.metadata for table in (LEASES, COMMANDS, VERSIONS, ONLOOKERS, SHOWN, BASTIONS))]
        context = MigrationContext.configure(connection, opts={"include_name": lambda name, kind, _: kind != "table" or name != "alembic_version"})
        assert compare_metadata(context, known) == []
    engine.dispose()


@pytest.mark.parametrize(
    ("version", "oldest", "said"),
    [
        (1, 1, "has tables of version 1; this console needs 2"),
        (SCHEMA + 1, SCHEMA + 1, f"has tables of a newer console (version {SCHEMA + 1}; this one knows {SCHEMA})"),
        (SCHEMA + 1, SCHEMA, ""),
    ],
)
def test_tables_of_another_version(shared_journal, version, oldest, said):
    url = plain(shared_journal)
    executed(url, f"update journal_schema set version = {version}, oldest = {oldest}")
    try:
        try:
            PostgresStore(shared_journal).close()
            words = ""
        except UsageFault as fault:
            words = fault.message
        assert words.endswith(said)
        assert bool(words) is bool(said)
        if version > SCHEMA:
            with pytest.raises(UsageFault, match="newer console"):
                migrate(shared_journal)
    finally:
        executed(url, f"update journal_schema set version = {SCHEMA}, oldest = 1")


def test_a_migration_that_another_console_does_is_waited_for_and_then_left(shared_journal):
    with psycopg.connect(plain(shared_journal), autocommit=True) as busy:
        busy.execute("select pg_advisory_lock(%s)", (migrating._KEY,))
        with pytest.raises(Locked, match="another console has been changing the tables"):
            migrate(shared_journal, patience=0.3)


async def test_one_connection_of_a_loop_writes_what_waits_together(store):
    journal, commits = SqlJournal(store), []
    sa.event.listen(store._writer, "commit", commits.append)
    await asyncio.gather(*(journal.append(f"r{number}", (one := (opened(f"r{number}", "2026-01-01T00:00:00Z"),)), fold(one)) for number in range(20)))
    assert len(commits) <= 2
    with store._reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(RUNS)).scalar() == 20
    await journal.close()
