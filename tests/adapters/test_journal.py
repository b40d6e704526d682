"""The contract suite of the journal's port, on SQLite and in memory; then what only a file can suffer."""

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap

import pytest

from console.adapters.journal import JournalFault, MemoryJournal, SqlJournal
from console.adapters.statefolder import Modes
from console.errors import UsageFault
from console.model.events import NoteAdded, RevisionResolved, RunEnded, RunOpened, stamped
from console.model.release import Release, Revision
from console.model.request import Person, Request
from console.text import SafeText

ADA = Person("ada", 1000)


def opened(run, at, app="shop", environment="production"):
    return RunOpened(
        seq=1,
        at=at,
        run=run,
        kind="deploy",
        app=app,
        environment=environment,
        protected=True,
        by=ADA,
        request=Request(ref="v2"),
        config_digest="d",
        hosts=("web01",),
    )


def note(seq, text="hello"):
    return stamped(NoteAdded(by=ADA, text=SafeText(text)), seq, f"2026-11-24T07:14:{seq % 60:02d}Z", float(seq), "boot")


@pytest.fixture(params=["sqlite", "memory"])
def journal(request, tmp_path):
    if request.param == "memory":
        yield MemoryJournal()
        return
    made = SqlJournal(str(tmp_path / "journal.sqlite3"), Modes(shared=False))
    yield made
    made.close()


@pytest.fixture
def sql(tmp_path):
    made = SqlJournal(str(tmp_path / "journal.sqlite3"), Modes(shared=False))
    yield made
    made.close()


def test_events_come_back_as_they_were_written(journal):
    events = (opened("r1", "2026-01-01T00:00:00Z"), note(2, "ünïcode ⏎"), note(3))
    journal.append("r1", events[:2])
    journal.append("r1", events[2:])
    assert journal.read("r1") == events
    assert journal.read("r1", 2) == events[2:]
    assert journal.read("r1", 99) == ()
    assert journal.read("nope") == ()
    assert isinstance(journal.read("r1")[1].text, SafeText)


@pytest.mark.parametrize("seqs", [(3,), (1,), (2, 4), (2, 2)])
def test_a_number_out_of_order_is_refused_and_nothing_is_written(journal, seqs):
    journal.append("r1", (opened("r1", "2026-01-01T00:00:00Z"),))
    with pytest.raises(JournalFault, match="cannot follow event"):
        journal.append("r1", tuple(note(seq) for seq in seqs))
    assert len(journal.read("r1")) == 1


def test_the_history_follows_from_the_events(journal):
    journal.append("r1", (opened("r1", "2026-01-01T00:00:00Z"),))
    (summary,) = journal.runs()
    assert (summary.run, summary.by, summary.ended, summary.outcome, summary.version) == ("r1", "ada", None, None, "")
    revision = Revision(commit="a" * 40, version=SafeText("v2"))
    journal.append("r1", (RevisionResolved(seq=2, revision=revision, release=Release("rel", SafeText("v2"), "a" * 40)),))
    journal.append("r1", (RunEnded(seq=3, at="2026-01-01T00:10:00Z", exit=0, outcome="succeeded"),))
    (summary,) = journal.runs()
    assert (summary.version, summary.commit, summary.ended, summary.outcome, summary.exit) == (
        "v2",
        "a" * 40,
        "2026-01-01T00:10:00Z",
        "succeeded",
        0,
    )


def test_runs_are_listed_newest_first_and_by_environment(journal):
    for number, environment in ((1, "production"), (2, "production"), (3, "staging")):
        journal.append(f"r{number}", (opened(f"r{number}", f"2026-01-0{number}T00:00:00Z", environment=environment),))
    assert [each.run for each in journal.runs()] == ["r3", "r2", "r1"]
    assert [each.run for each in journal.runs(environment="production")] == ["r2", "r1"]
    assert [each.run for each in journal.runs(app="other")] == []
    assert [each.run for each in journal.runs(limit=1)] == ["r3"]


@pytest.mark.parametrize("times", [("05", "04", "03"), ("05", "05", "05"), ("05", "03", "04"), ("03", "05", "04")])
def test_runs_are_ordered_by_the_record_whatever_the_clock_said(journal, times):
    for name, minute in zip("xay", times, strict=True):
        journal.append(name, (opened(name, f"2026-01-01T00:{minute}:00Z"),))
    journal.append("x", (RunEnded(seq=2, at="2026-01-01T09:00:00Z", exit=0, outcome="succeeded"),))
    assert [each.run for each in journal.runs()] == ["y", "a", "x"]
    assert [each.run for each in journal.find_run("last")] == ["y"]
    assert [each.run for each in journal.runs(after=journal.runs()[0])] == ["a", "x"]


def test_a_journal_of_the_format_before_keeps_the_order_in_which_it_was_written(sql):
    for name, minute in (("b", "05"), ("a", "04")):
        sql.append(name, (opened(name, f"2026-01-01T00:{minute}:00Z"),))
    sql.close()
    with sqlite3.connect(sql.path) as old:
        old.execute("DROP INDEX runs_by_number")
        old.execute("ALTER TABLE runs DROP COLUMN number")
        old.execute("PRAGMA user_version=1")
    old.close()
    again = SqlJournal(sql.path, Modes(shared=False))
    with sqlite3.connect(sql.path) as beside:  # an older console that has it open writes on
        beside.execute("UPDATE runs SET number = NULL WHERE run = 'a'")
    beside.close()
    assert [each.run for each in again.runs()] == ["a", "b"]
    again.append("c", (opened("c", "2026-01-01T00:03:00Z"),))
    again.close()
    last = SqlJournal(sql.path, Modes(shared=False))
    assert sorted(each.number for each in last.runs()) == [1, 2, 3]
    last.close()


def test_a_page_of_runs_follows_the_one_before_and_holds_the_words(journal):
    for number in range(1, 8):
        run, outcome = f"r{number}", "rolled-back" if number % 2 else "succeeded"
        started = f"2026-01-0{(number + 1) // 2}T00:00:00Z"
        journal.append(run, (opened(run, started), RunEnded(seq=2, at=started, exit=0, outcome=outcome)))
    journal.append("r8", (opened("r8", "2026-02-01T00:00:00Z"),))
    page = lambda after=None, words="", limit=3: [each.run for each in journal.runs(limit=limit, after=after, words=words)]  # noqa: E731
    every = journal.runs()
    assert page() == ["r8", "r7", "r6"]
    assert page(every[2]) == ["r5", "r4", "r3"]
    assert page(every[-1]) == []
    assert page(words="ROLLED") == ["r7", "r5", "r3"]
    assert page(every[5], "rolled") == ["r1"]
    assert page(words="!rolled !open") == ["r6", "r4", "r2"]
    assert page(words="rolled 01-03") == ["r5"]
    assert page(words="goes") == ["r8"]
    assert page(words="%") == page(words="_") == []


def test_a_run_is_found_by_id_by_the_beginning_of_it_or_as_the_last(journal):
    for number, run in enumerate(("20260101T1-production", "20260101T1-production-2", "20260202T1-x%_y"), 1):
        journal.append(run, (opened(run, f"2026-01-0{number}T00:00:00Z"),))
    found = lambda text: [each.run for each in journal.find_run(text)]  # noqa: E731
    assert found("last") == ["20260202T1-x%_y"]
    assert found("20260101T1-production") == ["20260101T1-production"]
    assert found("20260101") == ["20260101T1-production-2", "20260101T1-production"]
    assert found("20260202T1-x%") == ["20260202T1-x%_y"]
    assert found("%") == found("") == found("nope") == []


def test_nothing_appended_is_nothing(journal):
    journal.append("r1", ())
    assert journal.runs() == ()


def test_the_file_is_private_and_writes_are_on_the_disk(sql, tmp_path):
    assert os.stat(sql.path).st_mode & 0o777 == 0o600
    assert sql._connection.exec_driver_sql("PRAGMA synchronous").scalar_one() in (2, 3)
    mode = sql._connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
    sql._connection.rollback()
    assert mode == ("wal" if sqlite3.sqlite_version_info >= (3, 51, 3) else "truncate")


def test_a_shared_journal_can_be_written_by_its_group(tmp_path):
    made = SqlJournal(str(tmp_path / "journal.sqlite3"), Modes(shared=True))
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
    sql.append("r1", (opened("r1", "2026-01-01T00:00:00Z"), note(2), note(3)))
    with sqlite3.connect(sql.path) as vandal:
        vandal.execute(change)
    vandal.close()
    with pytest.raises(JournalFault, match="was changed after it was written: event"):
        sql.read("r2" if "r2" in change else "r1")


def test_the_middle_of_a_long_run_is_read_by_pages(sql, monkeypatch):
    monkeypatch.setattr("console.adapters.journal.PAGE", 3)
    sql.append("r1", (opened("r1", "2026-01-01T00:00:00Z"), *(note(seq) for seq in range(2, 12))))
    assert [event.seq for event in sql.read("r1", 4)] == list(range(5, 12))


def test_the_head_names_the_chains_end(sql):
    assert sql.head("r1")[0] == 0
    sql.append("r1", (opened("r1", "2026-01-01T00:00:00Z"), note(2)))
    seq, link = sql.head("r1")
    assert seq == 2
    assert len(bytes.fromhex(link)) == 32


def test_a_newer_format_is_refused(sql, tmp_path):
    sql.close()
    with sqlite3.connect(sql.path) as newer:
        newer.execute("PRAGMA user_version=99")
    newer.close()
    with pytest.raises(UsageFault, match="newer console"):
        SqlJournal(sql.path, Modes(shared=False))


def written(path, count=2):
    made = SqlJournal(str(path), Modes(shared=False))
    for number in range(count):
        made.append(f"r{number}", (opened(f"r{number}", "2026-01-01T00:00:00Z"), note(2), note(3)))
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
            SqlJournal(str(path), Modes(shared=False))
        assert f"rm {path}.last" in fault.value.hint
    (tmp_path / "journal.sqlite3.last").unlink()
    SqlJournal(str(path), Modes(shared=False)).close()


def test_a_journal_that_is_cut_is_named(tmp_path):
    path = written(tmp_path / "journal.sqlite3")
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(JournalFault, match="cannot be used"):
        SqlJournal(str(path), Modes(shared=False)).read("r0")


@pytest.mark.parametrize("note_of_it", ["", "garbage", "r0 x y", "r1 2"])
def test_a_note_of_what_was_written_last_that_cannot_be_read_or_is_behind_stops_nobody(tmp_path, note_of_it):
    path = written(tmp_path / "journal.sqlite3")
    (tmp_path / "journal.sqlite3.last").write_text(note_of_it)
    SqlJournal(str(path), Modes(shared=False)).close()
    sql = SqlJournal(str(path), Modes(shared=False))
    sql.append("r9", (opened("r9", "2026-01-01T00:00:00Z"),))
    assert (tmp_path / "journal.sqlite3.last").read_text().startswith("r9 1 ")
    sql.close()


@pytest.mark.parametrize("does", [gone, an_older_one, emptied])
def test_a_journal_that_is_taken_away_while_it_is_open_takes_nothing_more(tmp_path, does):
    path = written(tmp_path / "journal.sqlite3")
    sql = SqlJournal(str(path), Modes(shared=False))
    if does is not gone:
        path.rename(tmp_path / "aside")
        path.touch()
    does(path)
    with pytest.raises(JournalFault, match="was removed or replaced"):
        sql.append("r1", (note(4),))
    sql.close()


def test_what_is_no_journal_is_said_to_be_none(tmp_path):
    path = tmp_path / "journal.sqlite3"
    path.write_bytes(b"garbage" * 1000)
    with pytest.raises(JournalFault, match="it is no journal"):
        SqlJournal(str(path), Modes(shared=False))


def test_a_damaged_file_is_said_to_be_damaged(sql):
    sql.append("r1", (opened("r1", "2026-01-01T00:00:00Z"), *(note(seq, "x" * 3000) for seq in range(2, 40))))
    with open(sql.path, "r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096 * 20)
    with pytest.raises(JournalFault, match=r"damaged|changed after"):
        sql.read("r1")


def test_a_full_disk_is_told_and_nothing_of_it_is_kept(sql):
    sql.append("r1", (opened("r1", "2026-01-01T00:00:00Z"),))
    pages = sql._connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    sql._connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 2}")
    sql._connection.rollback()
    with pytest.raises(JournalFault, match="no room left"):
        sql.append("r1", tuple(note(seq, "x" * 3000) for seq in range(2, 60)))
    assert len(sql.read("r1")) == 1
    sql.append("r1", (note(2),))
    assert len(sql.read("r1")) == 2


def test_one_reads_while_another_writes_and_two_write_their_own_runs(sql):
    other = SqlJournal(sql.path, Modes(shared=False))
    sql.append("r1", (opened("r1", "2026-01-01T00:00:00Z"),))
    other.append("r2", (opened("r2", "2026-01-02T00:00:00Z"),))
    sql.append("r1", (note(2),))
    with pytest.raises(JournalFault, match="cannot follow"):
        other.append("r1", (note(2, "not mine"),))
    assert [each.run for each in other.runs()] == ["r2", "r1"]
    assert len(other.read("r1")) == 2
    other.close()


KILLED = """
import sys
from console.adapters.journal import SqlJournal
from console.adapters.statefolder import Modes
from console.model.events import NoteAdded
from console.model.request import Person
from console.text import SafeText

journal = SqlJournal(sys.argv[1], Modes(shared=False))
seq = 0
while True:
    batch = tuple(NoteAdded(seq=seq + n, by=Person("ada"), text=SafeText("x" * 900)) for n in (1, 2, 3))
    journal.append("r1", batch)
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
    rest = writer.communicate(timeout=10)[0].split()
    acknowledged = int(rest[-1]) if rest else acknowledged
    journal = SqlJournal(path, Modes(shared=False))
    events = journal.read("r1")
    assert len(events) >= acknowledged
    assert len(events) % 3 == 0
    journal.append("r1", (note(len(events) + 1),))
    journal.close()
