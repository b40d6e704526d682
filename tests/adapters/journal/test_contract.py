"""The contract suite of the journal's port, on SQLite, on PostgreSQL and in memory."""

import asyncio
from pathlib import Path

import pytest

from console.adapters.journal.chain import JournalFault
from console.adapters.journal.journal_threads import SqlJournal
from console.adapters.journal.memory import MemoryJournal
from console.adapters.journal.postgres_store import PostgresStore
from console.adapters.journal.shared_journal import SharedJournal
from console.adapters.journal.sqlite_store import JournalStore
from console.adapters.statefolder import Modes
from console.core.environment.record import recorded, trimmed
from console.core.environment.record_queries import debts_of
from console.core.run.evolve import evolve, fold
from console.model.carrier import Carrier
from console.model.environment_record import EnvironmentRecord
from console.model.events import AbortAsked, NoteAdded, RevisionResolved, RollbackBegan, RunEnded, RunOpened, stamped
from console.model.host_facts import LockHolder
from console.model.maintenance_mode import Maintenance
from console.model.plan import Plan
from console.model.release_facts import Release, Revision
from console.model.request import Person, Request
from console.model.state import RunState
from console.model.values import changed
from console.safe_text import SafeText
from console.wire.codec import decode_event
from tests.recorded import record

ADA, LIN = Person("ada", 1000), Person("lin", 1001)
PLAN = Plan("rollback", (), ())
JOURNALS = Path(__file__).parents[2] / "journals"


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


@pytest.fixture(params=["sqlite", "memory", "postgresql", "shared"])
async def journal(request, tmp_path):
    if request.param == "memory":
        made = MemoryJournal()
    elif request.param == "shared":
        made = await SharedJournal.of(
            str(tmp_path), request.getfixturevalue("shared_journal"), ("shop", "production"), Carrier("ada", mark="a"), lambda said: None
        )
    elif request.param == "postgresql":
        made = SqlJournal(PostgresStore(request.getfixturevalue("shared_journal")))
    else:
        made = SqlJournal(JournalStore(str(tmp_path / "journal.sqlite3"), Modes(shared=False)))
    yield made
    await made.close()


async def test_events_come_back_as_they_were_written(journal):
    events = (opened("r1", "2026-01-01T00:00:00Z"), note(2, "ünïcode ⏎"), note(3))
    await record(journal, "r1", events[:2])
    await record(journal, "r1", events[2:])
    assert (await journal.read("r1")) == events
    assert (await journal.read("r1", 2)) == events[2:]
    assert (await journal.read("r1", 99)) == ()
    assert (await journal.read("nope")) == ()
    assert isinstance((await journal.read("r1"))[1].text, SafeText)


@pytest.mark.parametrize("seqs", [(3,), (1,), (2, 4), (2, 2)])
async def test_a_number_out_of_order_is_refused_and_nothing_is_written(journal, seqs):
    await record(journal, "r1", (opened("r1", "2026-01-01T00:00:00Z"),))
    with pytest.raises(JournalFault, match="cannot follow event"):
        await record(journal, "r1", tuple(note(seq) for seq in seqs))
    assert len(await journal.read("r1")) == 1


async def test_the_history_follows_from_the_events(journal):
    await record(journal, "r1", (opened("r1", "2026-01-01T00:00:00Z"),))
    (summary,) = await journal.runs()
    assert (summary.run, summary.by, summary.ended, summary.outcome, summary.version) == ("r1", "ada", None, None, "")
    revision = Revision(commit="a" * 40, version=SafeText("v2"))
    await record(journal, "r1", (RevisionResolved(seq=2, revision=revision, release=Release("rel", SafeText("v2"), "a" * 40)),))
    await record(journal, "r1", (RunEnded(seq=3, at="2026-01-01T00:10:00Z", exit=0, outcome="succeeded"),))
    (summary,) = await journal.runs()
    assert (summary.version, summary.commit, summary.ended, summary.outcome, summary.exit) == (
        "v2",
        "a" * 40,
        "2026-01-01T00:10:00Z",
        "succeeded",
        0,
    )


@pytest.mark.parametrize("name", ["release", "rolled-back", "rollback", "no-go", "restart", "locked"])
async def test_the_history_says_from_what_to_what_and_why(journal, name):
    events = golden(name, "r1")
    await journal.append("r1", events, fold(events))
    (found,) = await journal.runs()
    state = fold(events)
    assert found.asked == {"rolled-back": "automatic", "rollback": "person"}.get(name, "")
    assert isinstance(found.from_version, SafeText)
    if name in ("release", "rolled-back"):
        assert (found.from_version, found.version) == (state.live[0], state.release.version)
    if name == "rollback":
        way = next(way for way in state.way_back if way.possible and way.release)
        assert found.version == (way.version or way.release)
        assert found.from_version == next(iter(state.hosts.values())).before_version
    if name in ("rolled-back", "no-go", "locked"):
        assert found.reason == state.reason != ""
    assert [one.run for one in await journal.runs(words=str(found.reason).split(" ")[0] or found.by)] == ["r1"]


@pytest.mark.parametrize(
    ("request_", "events", "asked", "reason"),
    [
        (Request(kind="rollback", reason="errors"), (), "person", "errors"),
        (Request(hotfix="CVE"), (), "", "hotfix: CVE"),
        (Request(), (RollbackBegan(plan=PLAN, reason=SafeText("asked for by lin: 5xx"), by=LIN),), "person", "5xx"),
        (Request(), (RollbackBegan(plan=PLAN, reason=SafeText("asked for by lin"), by=LIN),), "person", ""),
        (Request(), (RollbackBegan(plan=PLAN, reason=SafeText("asked for by ops: lin"), by=LIN, why=SafeText("")),), "person", ""),
        (Request(), (RollbackBegan(plan=PLAN, reason=SafeText("asked for by ops: lin: 5xx"), by=LIN, why=SafeText("5xx")),), "person", "5xx"),
        (Request(), (RollbackBegan(plan=PLAN, reason=SafeText("web01 failed"), cause="failure"),), "automatic", "web01 failed"),
        (Request(), (RollbackBegan(plan=PLAN, reason=SafeText("error_rate 3 %"), cause="threshold"),), "automatic", "error_rate 3 %"),
        (Request(), (AbortAsked(by=LIN), RollbackBegan(plan=PLAN, reason=SafeText("aborted"), cause="abort")), "person", "aborted"),
        (Request(), (RollbackBegan(plan=PLAN, reason=SafeText("asked for by lin"), by=LIN), NoteAdded(by=LIN, text=SafeText("5xx"), about="rollback")), "person", "5xx"),
        (Request(), (NoteAdded(by=LIN, text=SafeText("looks fine")),), "", ""),
        (Request(), (RollbackBegan(plan=PLAN, reason=SafeText("asked for by lin: 5xx"), by=LIN), RunEnded(exit=4, outcome="rolled-back", reason=SafeText("asked for by lin: 5xx; the schema stays"))), "person", "5xx; the schema stays"),
        (Request(), (RollbackBegan(plan=PLAN, reason=SafeText("asked for by lin"), by=LIN), RunEnded(exit=5, outcome="failed", reason=SafeText("asked for by lin; not back: web03 failed"))), "person", "not back: web03 failed"),
        (Request(), (RunEnded(exit=8, outcome="succeeded", reason=SafeText("behind: web03 owed")),), "", "behind: web03 owed"),
        (Request(), (RunEnded(exit=4, outcome="rolled-back", reason=SafeText("the backup failed: exit code 1; no host was changed")),), "", "the backup failed: exit code 1; no host was changed"),
    ],
)  # fmt: skip
async def test_who_or_what_had_it_taken_back_and_why(journal, request_, events, asked, reason):
    first = changed(opened("r1", "2026-01-01T00:00:00Z"), request=request_, kind=request_.kind)
    await record(journal, "r1", tuple(stamped(event, number, "2026-01-01T00:00:01Z", 1.0, "b") for number, event in enumerate((first, *events), 1)))
    (found,) = await journal.runs()
    assert (found.asked, found.reason) == (asked, reason)


async def test_what_the_engine_began_by_itself_is_automatic(journal):
    await record(journal, "r1", (changed(opened("r1", "2026-01-01T00:00:00Z"), kind="catch-up", by=Person("the engine")),))
    assert [one.asked for one in await journal.runs()] == ["automatic"]


async def test_runs_are_listed_newest_first_and_by_environment(journal):
    for number, environment in ((1, "production"), (2, "production"), (3, "staging")):
        await record(journal, f"r{number}", (opened(f"r{number}", f"2026-01-0{number}T00:00:00Z", environment=environment),))
    assert [each.run for each in (await journal.runs())] == ["r3", "r2", "r1"]
    assert [each.run for each in (await journal.runs(environment="production"))] == ["r2", "r1"]
    assert [each.run for each in (await journal.runs(app="other"))] == []
    assert [each.run for each in (await journal.runs(limit=1))] == ["r3"]


@pytest.mark.parametrize("times", [("05", "04", "03"), ("05", "05", "05"), ("05", "03", "04"), ("03", "05", "04")])
async def test_runs_are_ordered_by_the_record_whatever_the_clock_said(journal, times):
    for name, minute in zip("xay", times, strict=True):
        await record(journal, name, (opened(name, f"2026-01-01T00:{minute}:00Z"),))
    await record(journal, "x", (RunEnded(seq=2, at="2026-01-01T09:00:00Z", exit=0, outcome="succeeded"),))
    assert [each.run for each in (await journal.runs())] == ["y", "a", "x"]
    assert [each.run for each in (await journal.find_run("last"))] == ["y"]
    assert [each.run for each in (await journal.runs(after=(await journal.runs())[0]))] == ["a", "x"]


async def test_a_page_of_runs_follows_the_one_before_and_holds_the_words(journal):
    for number in range(1, 8):
        run, outcome = f"r{number}", "rolled-back" if number % 2 else "succeeded"
        started = f"2026-01-0{(number + 1) // 2}T00:00:00Z"
        await record(journal, run, (opened(run, started), RunEnded(seq=2, at=started, exit=0, outcome=outcome)))
    await record(journal, "r8", (opened("r8", "2026-02-01T00:00:00Z"),))

    async def page(after=None, words="", limit=3):
        return [each.run for each in await journal.runs(limit=limit, after=after, words=words)]

    every = await journal.runs()
    assert await page() == ["r8", "r7", "r6"]
    assert await page(every[2]) == ["r5", "r4", "r3"]
    assert await page(every[-1]) == []
    assert await page(words="ROLLED") == ["r7", "r5", "r3"]
    assert await page(every[5], "rolled") == ["r1"]
    assert await page(words="!rolled !open") == ["r6", "r4", "r2"]
    assert await page(words="rolled 01-03") == ["r5"]
    assert await page(words="goes") == ["r8"]
    assert await page(words="%") == await page(words="_") == []


async def test_a_run_is_found_by_id_by_the_beginning_of_it_or_as_the_last(journal):
    for number, run in enumerate(("20260101T1-production", "20260101T1-production-2", "20260202T1-x%_y"), 1):
        await record(journal, run, (opened(run, f"2026-01-0{number}T00:00:00Z"),))

    async def found(text):
        return [each.run for each in await journal.find_run(text)]

    assert await found("last") == ["20260202T1-x%_y"]
    assert await found("20260101T1-production") == ["20260101T1-production"]
    assert await found("20260101") == ["20260101T1-production-2", "20260101T1-production"]
    assert await found("20260202T1-x%") == ["20260202T1-x%_y"]
    assert await found("%") == await found("") == await found("nope") == []


async def test_nothing_appended_is_nothing(journal):
    await record(journal, "r1", ())
    assert (await journal.runs()) == ()


def golden(name, run):
    """A run that an earlier version wrote, under another name."""
    events = [decode_event(line) for line in (JOURNALS / f"{name}.jsonl").read_bytes().splitlines()]
    return tuple(changed(event, run=run) if isinstance(event, RunOpened) else event for event in events)


def place_of(events):
    return events[0].app, events[0].environment


async def test_what_waits_together_is_written_together_and_each_run_keeps_its_order(journal):
    runs = {f"r{number}": golden("release", f"r{number}") for number in range(5)}
    place = place_of(runs["r0"])
    expected = EnvironmentRecord(*place)
    for number, events in enumerate(runs.values(), 1):
        expected = recorded(expected, number, events, fold(events))
    await asyncio.gather(*(journal.append(run, events, fold(events)) for run, events in runs.items()))
    for run, events in runs.items():
        assert await journal.read(run) == events
    assert await journal.environment(*place) == expected


async def test_one_that_does_not_follow_keeps_no_other_from_being_written(journal):
    await record(journal, "r1", (opened("r1", "2026-01-01T00:00:00Z"),))
    state = fold(await journal.read("r1"))
    after = (opened("r2", "2026-01-01T00:00:00Z"),)
    answers = await asyncio.gather(
        journal.append("r1", (note(5),), state), journal.append("r2", after, fold(after)), journal.append("r1", (note(2),), state), return_exceptions=True
    )
    assert isinstance(answers[0], JournalFault)
    assert answers[1:] == [None, None]
    assert (len(await journal.read("r1")), len(await journal.read("r2"))) == (2, 1)


async def test_one_who_leaves_while_it_waits_has_written_all_the_same(journal):
    events = (opened("r1", "2026-01-01T00:00:00Z"),)
    writing = asyncio.create_task(journal.append("r1", events, fold(events)))
    await asyncio.sleep(0)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    await record(journal, "r2", (opened("r2", "2026-01-01T00:00:00Z"),))
    assert len(await journal.read("r1")) == 1


async def test_an_environments_record_is_kept_as_events_come(journal):
    events = golden("lost-in-window", "r1")
    place, state = place_of(events), RunState()
    assert await journal.environment(*place) == EnvironmentRecord(*place)
    for event in events:
        state = evolve(state, event)
        await journal.append("r1", (event,), state)
    found = await journal.environment(*place)
    assert found == recorded(EnvironmentRecord(*place), 1, events, state)
    assert debts_of(found)
    assert await journal.environments(place[0]) == (found,)
    assert (await journal.environment("other", place[1])).hosts == {}


async def test_commands_change_nothing_of_an_environments_record(journal):
    events = golden("release", "r1")
    await journal.append("r1", events, fold(events))
    before = await journal.environment(*place_of(events))
    command = (changed(opened("r2", "2026-01-01T00:00:00Z", *place_of(events)), kind="exec"), RunEnded(seq=2, exit=5, outcome="failed"))
    await record(journal, "r2", command)
    assert await journal.environment(*place_of(events)) == before


async def test_an_older_run_that_ends_late_is_put_in_its_place(journal):
    older, newer = golden("rolled-back", "r1"), golden("release", "r2")
    place, cut = place_of(older), len(older) - 3
    await journal.append("r1", older[:cut], fold(older[:cut]))
    await journal.append("r2", newer, fold(newer))
    await journal.append("r1", older[cut:], fold(older))
    expected = EnvironmentRecord(*place)
    for number, events in enumerate((older, newer), 1):
        expected = recorded(expected, number, events, fold(events))
    assert await journal.environment(*place) == expected


async def test_past_runs_come_by_pages_newest_first(journal):
    names = ("release", "no-go", "rolled-back", "restart", "rollback")
    for number, name in enumerate(names):
        events = golden(name, f"r{number}")
        await journal.append(f"r{number}", events, fold(events))
    place = place_of(events)
    first = await journal.past(*place, limit=2)
    rest = await journal.past(*place, limit=10, before=first[-1].number)
    assert [one.state.run for one in (*first, *rest)] == ["r4", "r2", "r0"]
    assert first[0].state == trimmed(fold(golden("rollback", "r4")))
    assert await journal.past(*place, limit=10, before=rest[-1].number) == ()


async def test_a_persons_note_is_kept_and_taken_away(journal):
    events = golden("release", "r1")
    place = place_of(events)
    said = LockHolder(by=SafeText("ada"), reason=SafeText("audit"), until=SafeText("2026-01-02T00:00:00Z"))
    await journal.keep_note(*place, said)
    assert (await journal.environment(*place)).note == said
    await journal.append("r1", events, fold(events))
    found = await journal.environment(*place)
    assert (found.note, bool(found.hosts)) == (said, True)
    await journal.keep_note(*place, None)
    assert (await journal.environment(*place)).note is None


async def test_maintenance_is_kept_beside_a_note_and_taken_away(journal):
    events = golden("release", "r1")
    place = place_of(events)
    said = Maintenance(SafeText("ada"), SafeText("2026-01-02T00:00:00Z"), SafeText("upgrade"), run="r1", balancers=("lb01/shop",))
    note = LockHolder(by=SafeText("lin"))
    await journal.keep_maintenance(*place, said)
    await journal.keep_note(*place, note)
    await journal.append("r1", events, fold(events))
    found = await journal.environment(*place)
    assert (found.maintenance, found.note, bool(found.hosts)) == (said, note, True)
    assert await journal.known(*place) == (found, True)
    await journal.keep_maintenance(*place, None)
    found = await journal.environment(*place)
    assert (found.maintenance, found.note) == (None, note)
