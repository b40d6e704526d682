"""The lines of runs that the database's own library finds are those that the journal finds, on SQLite and on PostgreSQL."""

import json
import socket
import sqlite3

import msgspec
import pytest
import sqlalchemy as sa

from console.adapters.journal.chain import JournalAway
from console.adapters.journal.postgres_history_query import of_database
from console.adapters.journal.postgres_store import PostgresStore
from console.adapters.journal.quick_events import events_of
from console.adapters.journal.quick_history import find_summaries, history_json, history_lines, of_file
from console.adapters.journal.sqlite_store import JournalStore
from console.adapters.statefolder import Modes
from console.model.events import RunEnded, stamped
from tests.adapters.journal.test_contract import opened
from tests.recorded import append
from tests.shared_journals import executed, plain


@pytest.fixture(params=["sqlite", "postgresql"])
def known(request, tmp_path):
    """A journal, and what asks it."""
    if request.param == "sqlite":
        path = str(tmp_path / "journal.sqlite3")
        made, ask = JournalStore(path, Modes(shared=False)), of_file(path)
    else:
        address = request.getfixturevalue("shared_journal")
        made, ask = PostgresStore(address), of_database(address)
    for number, (run, app) in enumerate((("20260101T1-shop", "shop"), ("20260101T1-shop-2", "shop"), ("20260202T1-x%_y", "mail")), 1):
        append(made, run, (opened(run, f"2026-01-0{number}T00:00:00Z", app=app),))
    for kind in ("exec", "maintenance"):
        over = msgspec.structs.replace(opened(f"20260303T1-{kind}", "2026-01-04T00:00:00Z"), kind=kind, environment="staging")
        append(made, over.run, (over,))
    append(made, "20260101T1-shop", (stamped(RunEnded(outcome="succeeded", exit=0), 2, "2026-01-05T00:00:00Z", 1.0, "boot"),))
    yield made, ask
    made.close()


@pytest.mark.parametrize("text", ["20260101", "20260101T1-shop", "20260202T1-x%", "%", "nope", "last"])
def test_a_run_that_is_named_is_the_journals(known, text):
    journal, ask = known
    assert find_summaries(ask, text) == journal.find_run(text)


def test_nothing_means_what_is_open_and_an_app_leaves_others_out(known):
    journal, ask = known
    assert [run.run for run in find_summaries(ask, "")] == ["20260202T1-x%_y", "20260101T1-shop-2"]
    assert [run.run for run in find_summaries(ask, "", "shop")] == ["20260101T1-shop-2"]
    assert find_summaries(ask, "last", "mail") == journal.find_run("20260202")


@pytest.mark.parametrize(("app", "environment"), [("", ""), ("shop", ""), ("shop", "staging"), ("", "production"), ("nope", "")])
def test_the_history_is_the_journals(known, app, environment):
    journal, ask = known
    runs = list(journal.runs(app, environment))
    assert history_lines(ask, 100, app, environment) == runs
    assert history_lines(ask, 2, app, environment) == runs[:2]
    told = history_json(ask, ("run", "by", "ended"), app, environment)
    assert json.loads(told) == [{"run": run.run, "by": run.by, "ended": run.ended} for run in runs]


def test_events_are_the_journals_as_long_as_their_chain_holds(known):
    journal, ask = known
    assert events_of(ask, "20260101T1-shop") == journal.read("20260101T1-shop")
    assert events_of(ask, "nope") == ()
    with journal._transaction([]) as connection:
        connection.execute(sa.text("UPDATE events SET payload = replace(payload, 'succeeded', 'failed') WHERE run = '20260101T1-shop'"))
    assert events_of(ask, "20260101T1-shop") is None


def test_tables_of_another_version_and_a_database_that_is_away_are_left_to_the_journal(shared_journal):
    ask = of_database(shared_journal)
    assert find_summaries(ask, "") == []
    executed(plain(shared_journal), "update journal_schema set oldest = 99")
    try:
        assert find_summaries(ask, "") is None
    finally:
        executed(plain(shared_journal), "update journal_schema set oldest = 1")
    assert find_summaries(of_database(shared_journal.rpartition("/")[0] + "/nowhere"), "") is None


def test_a_server_that_is_waited_for_in_vain_is_not_waited_for_again():
    with socket.create_server(("127.0.0.1", 0)) as mute:
        ask = of_database(f"postgresql://shop@127.0.0.1:{mute.getsockname()[1]}/shop?connect_timeout=2")
        with pytest.raises(JournalAway, match="does not answer: .*timeout expired"):
            find_summaries(ask, "")


def test_a_file_that_lost_events_is_left_to_the_journal(tmp_path):
    journal = JournalStore(str(tmp_path / "journal.sqlite3"), Modes(shared=False))
    append(journal, "r1", (opened("r1", "2026-01-01T00:00:00Z"),))
    ask = of_file(journal.path)
    assert [run.run for run in history_lines(ask, 9)] == ["r1"]
    journal.close()
    with sqlite3.connect(journal.path) as emptied:
        emptied.execute("DELETE FROM events")
        emptied.execute("DELETE FROM runs")
    emptied.close()
    assert history_lines(ask, 9) is None


def test_what_it_cannot_read_is_left_to_the_journal(tmp_path):
    journal = JournalStore(str(tmp_path / "journal.sqlite3"), Modes(shared=False))
    assert find_summaries(of_file(str(tmp_path / "nothing")), "last") is None
    (tmp_path / "garbage").write_bytes(b"garbage" * 1000)
    assert find_summaries(of_file(str(tmp_path / "garbage")), "last") is None
    journal.close()
    with sqlite3.connect(journal.path) as newer:
        newer.execute("PRAGMA user_version=99")
    newer.close()
    assert find_summaries(of_file(journal.path), "last") is None
