"""The journal's file: what a kill, a full disk, a vandal and an older console may do to it."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading

import pytest
import sqlalchemy as sa

from console.adapters.journal.chain import JournalFault, first_link, next_link
from console.adapters.journal.journal_threads import SqlJournal
from console.adapters.journal.record_store import Entry
from console.adapters.journal.sqlite_store import JournalStore
from console.adapters.statefolder import Modes
from console.core.environment.record import recorded
from console.core.run.evolve import fold
from console.errors import UsageFault
from console.model.environment_record import EnvironmentRecord, Unclear
from console.model.events import RunOpened
from console.model.state import RunState
from console.model.values import changed
from console.wire.codec import encode_event
from tests.adapters.journal.test_contract import golden, note, opened
from tests.recorded import append


@pytest.fixture
def sql(tmp_path):
    made = JournalStore(str(tmp_path / "journal.sqlite3"), Modes(shared=False))
    yield made
    made.close()


def test_a_journal_of_the_format_before_keeps_the_order_in_which_it_was_written(sql):
    for name, minute in (("b", "05"), ("a", "04")):
        append(sql, name, (opened(name, f"2026-01-01T00:{minute}:00Z"),))
    sql.close()
    with sqlite3.connect(sql.path) as old:
        old.execute("DROP INDEX runs_by_number")
        old.execute("ALTER TABLE runs DROP COLUMN number")
        for name in ("from_version", "asked", "reason"):
            old.execute(f"ALTER TABLE runs DROP COLUMN {name}")
        old.execute("PRAGMA user_version=1")
    old.close()
    again = JournalStore(sql.path, Modes(shared=False))
    with sqlite3.connect(sql.path) as beside:  # an older console that has it open writes on
        beside.execute("UPDATE runs SET number = NULL WHERE run = 'a'")
    beside.close()
    assert [(each.run, each.from_version, each.asked, each.reason) for each in again.runs()] == [("a", "", "", ""), ("b", "", "", "")]
    append(again, "c", (opened("c", "2026-01-01T00:03:00Z"),))
    again.close()
    last = JournalStore(sql.path, Modes(shared=False))
    assert sorted(each.number for each in last.runs()) == [1, 2, 3]
    last.close()


def test_the_file_is_private_and_writes_are_on_the_disk(sql, tmp_path):
    assert os.stat(sql.path).st_mode & 0o777 == 0o600
    assert sql._connection.exec_driver_sql("PRAGMA synchronous").scalar_one() in (2, 3)
    mode = sql._connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
    sql._connection.rollback()
    assert mode == ("wal" if sqlite3.sqlite_version_info >= (3, 51, 3) else "truncate")


def test_a_shared_journal_can_be_written_by_its_group(tmp_path):
    made = JournalStore(str(tmp_path / "journal.sqlite3"), Modes(shared=True))
    assert os.stat(made.path).st_mode & 0o777 == 0o660
    made.close()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE events SET payload = replace(payload, 'hello', 'howdy') WHERE seq = 2",
        "DELETE FROM events WHERE seq = 2",
        "UPDATE events SET hash = (SELECT hash FROM events WHERE seq = 1) WHERE seq = 2",
        "UPDATE events SET run = 'r2'",
        "UPDATE events SET payload = '{' WHERE seq = 2",
    ],
)
def test_a_changed_record_is_not_believed(sql, change):
    append(sql, "r1", (opened("r1", "2026-01-01T00:00:00Z"), note(2), note(3)))
    with sqlite3.connect(sql.path) as vandal:
        vandal.execute(change)
    vandal.close()
    with pytest.raises(JournalFault, match="was changed after it was written: event"):
        sql.read("r2" if "r2" in change else "r1")


def test_the_middle_of_a_long_run_is_read_by_pages(sql, monkeypatch):
    monkeypatch.setattr("console.adapters.journal.event_rows.PAGE", 3)
    append(sql, "r1", (opened("r1", "2026-01-01T00:00:00Z"), *(note(seq) for seq in range(2, 12))))
    assert [event.seq for event in sql.read("r1", 4)] == list(range(5, 12))


def test_the_head_names_the_chains_end(sql):
    assert sql.head("r1")[0] == 0
    append(sql, "r1", (opened("r1", "2026-01-01T00:00:00Z"), note(2)))
    seq, link = sql.head("r1")
    assert seq == 2
    assert len(bytes.fromhex(link)) == 32


def test_a_newer_format_is_refused(sql, tmp_path):
    sql.close()
    with sqlite3.connect(sql.path) as newer:
        newer.execute("PRAGMA user_version=99")
    newer.close()
    with pytest.raises(UsageFault, match="newer console"):
        JournalStore(sql.path, Modes(shared=False))


def written(path, count=2):
    made = JournalStore(str(path), Modes(shared=False))
    for number in range(count):
        append(made, f"r{number}", (opened(f"r{number}", "2026-01-01T00:00:00Z"), note(2), note(3)))
    made.close()
    return path


def gone(path):
    path.unlink()


def emptied(path):
    path.write_bytes(b"")


def an_older_one(path):
    older = written(path.with_name("older"), 1)
    path.write_bytes(older.read_bytes())


@pytest.mark.parametrize("loses", [gone, emptied, an_older_one])
def test_a_journal_that_lost_events_is_named_until_somebody_says_to_go_on(tmp_path, loses):
    path = written(tmp_path / "journal.sqlite3")
    loses(path)
    for _ in range(2):
        with pytest.raises(JournalFault, match="has lost events") as fault:
            JournalStore(str(path), Modes(shared=False))
        assert f"rm {path}.last" in fault.value.hint
    (tmp_path / "journal.sqlite3.last").unlink()
    JournalStore(str(path), Modes(shared=False)).close()


def test_a_journal_that_is_cut_is_named(tmp_path):
    path = written(tmp_path / "journal.sqlite3")
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(JournalFault, match="cannot be used"):
        JournalStore(str(path), Modes(shared=False)).read("r0")


@pytest.mark.parametrize("note_of_it", ["", "garbage", "r0 x y", "r1 2"])
def test_a_note_of_what_was_written_last_that_cannot_be_read_or_is_behind_stops_nobody(tmp_path, note_of_it):
    path = written(tmp_path / "journal.sqlite3")
    (tmp_path / "journal.sqlite3.last").write_text(note_of_it)
    JournalStore(str(path), Modes(shared=False)).close()
    sql = JournalStore(str(path), Modes(shared=False))
    append(sql, "r9", (opened("r9", "2026-01-01T00:00:00Z"),))
    assert (tmp_path / "journal.sqlite3.last").read_text().startswith("r9 1 ")
    sql.close()


@pytest.mark.parametrize("does", [gone, an_older_one, emptied])
def test_a_journal_that_is_taken_away_while_it_is_open_takes_nothing_more(tmp_path, does):
    path = written(tmp_path / "journal.sqlite3")
    sql = JournalStore(str(path), Modes(shared=False))
    if does is not gone:
        path.rename(tmp_path / "aside")
        path.touch()
    does(path)
    with pytest.raises(JournalFault, match="was removed or replaced"):
        sql.append("r1", (note(4),), RunState())
    sql.close()


def test_what_is_no_journal_is_said_to_be_none(tmp_path):
    path = tmp_path / "journal.sqlite3"
    path.write_bytes(b"garbage" * 1000)
    with pytest.raises(JournalFault, match="it is no journal"):
        JournalStore(str(path), Modes(shared=False))


def test_a_damaged_file_is_said_to_be_damaged(sql):
    append(sql, "r1", (opened("r1", "2026-01-01T00:00:00Z"), *(note(seq, "x" * 3000) for seq in range(2, 40))))
    with open(sql.path, "r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096 * 20)
    with pytest.raises(JournalFault, match=r"damaged|changed after"):
        sql.read("r1")


def test_a_full_disk_is_told_and_nothing_of_it_is_kept(sql):
    append(sql, "r1", (opened("r1", "2026-01-01T00:00:00Z"),))
    pages = sql._connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    sql._connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 2}")
    sql._connection.rollback()
    with pytest.raises(JournalFault, match="no room left"):
        append(sql, "r1", tuple(note(seq, "x" * 3000) for seq in range(2, 60)))
    assert len(sql.read("r1")) == 1
    append(sql, "r1", (note(2),))
    assert len(sql.read("r1")) == 2


def test_one_reads_while_another_writes_and_two_write_their_own_runs(sql):
    other = JournalStore(sql.path, Modes(shared=False))
    append(sql, "r1", (opened("r1", "2026-01-01T00:00:00Z"),))
    append(other, "r2", (opened("r2", "2026-01-02T00:00:00Z"),))
    append(sql, "r1", (note(2),))
    with pytest.raises(JournalFault, match="cannot follow"):
        append(other, "r1", (note(2, "not mine"),))
    assert [each.run for each in other.runs()] == ["r2", "r1"]
    assert len(other.read("r1")) == 2
    other.close()


KILLED = """
import sys
from console.adapters.journal.sqlite_store import JournalStore
from console.adapters.statefolder import Modes
from console.model.events import NoteAdded
from console.model.request import Person
from console.model.state import RunState
from console.safe_text import SafeText

journal = JournalStore(sys.argv[1], Modes(shared=False))
seq = 0
while True:
    batch = tuple(NoteAdded(seq=seq + n, by=Person("ada"), text=SafeText("x" * 900)) for n in (1, 2, 3))
    journal.append("r1", batch, RunState())
    seq += 3
    print(seq, flush=True)
"""


@pytest.mark.parametrize("lines", [1, 7, 20])
def test_a_kill_loses_nothing_that_was_acknowledged_and_keeps_no_half(tmp_path, lines):
    path = str(tmp_path / "journal.sqlite3")
    writer = subprocess.Popen([sys.executable, "-c", textwrap.dedent(KILLED), path], stdout=subprocess.PIPE, text=True)
    for _ in range(lines):
        acknowledged = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    rest = writer.communicate(timeout=60)[0].split()
    acknowledged = int(rest[-1]) if rest else acknowledged
    journal = JournalStore(path, Modes(shared=False))
    events = journal.read("r1")
    assert len(events) >= acknowledged
    assert len(events) % 3 == 0
    append(journal, "r1", (note(len(events) + 1),))
    journal.close()


def filled(path):
    """A store with some runs of an environment, and what its record should be."""
    store = JournalStore(str(path), Modes(shared=False))
    expected = EnvironmentRecord("shop", "production")
    for number, name in enumerate(("release", "lost-in-window", "no-go", "rolled-back"), 1):
        events = tuple(changed(event, app="shop", environment="production") if isinstance(event, RunOpened) else event for event in golden(name, f"r{number}"))
        store.append(f"r{number}", events, fold(events))
        expected = recorded(expected, number, events, fold(events))
    return store, expected


def without_tables(old):
    for table in ("environments", "environment_rows", "past_runs"):
        old.execute(f"DROP TABLE {table}")
    old.execute("PRAGMA user_version=2")


def of_another_format(old):
    old.execute("UPDATE environments SET format = 0")
    old.execute("UPDATE environment_rows SET value = '{}' WHERE part = 'record'")


def gone_from_the_rows(old):
    old.execute("DELETE FROM environments")
    old.execute("DELETE FROM past_runs")


def damaged(old):
    old.execute("UPDATE environment_rows SET value = '{\"' WHERE part = 'host'")


def without_its_head(old):
    old.execute("DELETE FROM environment_rows WHERE part = 'record'")


@pytest.mark.parametrize("change", [without_tables, of_another_format, gone_from_the_rows, damaged, without_its_head])
@pytest.mark.parametrize("first", ["read", "write"])
def test_a_record_of_an_environment_that_is_missing_damaged_or_of_another_format_is_made_anew(tmp_path, change, first):
    store, expected = filled(tmp_path / "journal.sqlite3")
    assert store.environment("shop", "production") == expected
    past = store.past("shop", "production", 100)
    store.close()
    with sqlite3.connect(store.path) as old:
        change(old)
    old.close()
    again = JournalStore(store.path, Modes(shared=False))
    if first == "write":
        append(again, "r4", (note(len(again.read("r4")) + 1),))
    assert again.environment("shop", "production") == expected
    assert again.kept_environment("shop", "production") == expected
    assert again.past("shop", "production", 100) == past
    again.close()


async def test_damaged_rows_of_ended_runs_are_made_anew(tmp_path):
    store, _ = filled(tmp_path / "journal.sqlite3")
    store.environment("shop", "production")
    past = store.past("shop", "production", 100)
    with sqlite3.connect(store.path) as vandal:
        vandal.execute("UPDATE past_runs SET state = '{'")
    vandal.close()
    journal = SqlJournal(store)
    assert past
    assert await journal.past("shop", "production", 100) == past
    await journal.close()


@pytest.mark.parametrize("run", ["r4", "r9"])
def test_what_an_older_console_has_written_meanwhile_is_in_the_record(tmp_path, run):
    store, _ = filled(tmp_path / "journal.sqlite3")
    seq, link = store.head(run)
    said = note(seq + 1) if seq else opened(run, "2026-01-01T00:00:00Z")
    with sqlite3.connect(store.path) as older:
        payload = encode_event(said)
        row = (run, said.seq, said.at, "note-added" if seq else "run-opened", payload.decode(), next_link(link if seq else first_link(run), payload))
        older.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", row)
        if not seq:
            columns = 'run, app, environment, kind, version, "commit", strategy, "by", started, number'
            older.execute(f"INSERT INTO runs ({columns}) VALUES (?, 'shop', 'production', 'deploy', '', '', '', 'ada', '', 9)", (run,))
    older.close()
    assert store.kept_environment("shop", "production") is None
    found = store.environment("shop", "production")
    assert [one.run for one in found.open] == ([] if seq else ["r9"])
    store.close()


def test_a_run_that_cannot_be_believed_leaves_it_unclear_what_is_live_and_keeps_nobody_from_writing(tmp_path):
    store, _ = filled(tmp_path / "journal.sqlite3")
    with sqlite3.connect(store.path) as vandal:
        vandal.execute("UPDATE events SET payload = '{}' WHERE run = 'r4' AND seq = 2")
        vandal.execute("DELETE FROM environments")
    vandal.close()
    append_only = (opened("r5", "2026-01-01T00:00:00Z"),)
    store.append("r5", append_only, fold(append_only))
    found = store.environment("shop", "production")
    assert isinstance(found.live, Unclear)
    assert "was changed after it was written" in found.live.words
    assert [one.run for one in found.open] == ["r5"]
    store.close()


def test_on_a_full_disk_each_of_a_group_is_written_or_told_by_itself(sql):
    sql.append("r1", (opened("r1", "2026-01-01T00:00:00Z"),), fold((opened("r1", "2026-01-01T00:00:00Z"),)))
    pages = sql._connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    sql._connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 2}")
    sql._connection.rollback()
    faults = sql.write([Entry("r1", tuple(note(seq, "x" * 3000) for seq in range(2, 60)), RunState()), Entry("r1", (note(2),), RunState())])
    assert [bool(fault) for fault in faults] == [True, False]
    assert "no room left" in faults[0].message
    assert len(sql.read("r1")) == 2


async def test_two_hundred_appends_at_once_are_a_handful_of_transactions(sql):
    journal, commits = SqlJournal(sql), []
    sa.event.listen(sql._writer, "commit", commits.append)
    runs = [f"r{number}" for number in range(200)]
    await asyncio.gather(*(journal.append(run, (opened(run, "2026-01-01T00:00:00Z"),), RunState(run=run)) for run in runs))
    assert len(commits) <= 3
    assert len(sql.runs(limit=1000)) == 200
    await journal.close()


async def test_the_loop_goes_on_while_a_disk_is_slow(sql, monkeypatch):
    journal, held, going_on = SqlJournal(sql), threading.Event(), asyncio.Event()
    written = sql.write
    monkeypatch.setattr(sql, "write", lambda entries: (held.wait(30), written(entries))[1])
    writing = asyncio.create_task(journal.append("r1", (opened("r1", "2026-01-01T00:00:00Z"),), RunState()))
    asyncio.get_running_loop().call_later(0.01, going_on.set)
    await asyncio.wait_for(going_on.wait(), 60)
    assert await journal.read("r1") == ()
    assert not writing.done()
    held.set()
    await writing
    assert len(await journal.read("r1")) == 1
    await journal.close()
