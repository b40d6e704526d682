"""The record that machines share, as an engine works with it while its database comes and goes. On a real PostgreSQL, which lets nobody in for a while."""

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from console.adapters.journal import database_outage
from console.adapters.journal import local_copy as copying
from console.adapters.journal import shared_journal as module
from console.adapters.journal.chain import JournalAway
from console.adapters.journal.local_copy import LocalCopy, copy_path
from console.adapters.journal.postgres_store import PostgresStore
from console.adapters.journal.record_store import OutOfOrder
from console.adapters.journal.shared_journal import SharedJournal
from console.core.run.evolve import fold
from console.engine.run.runs_elsewhere import RunsElsewhere
from console.model.bastions import SshSeen
from console.model.carrier import Carrier
from console.model.environment_record import EnvironmentRecord
from console.model.events import RollbackBegan, RunEnded
from console.model.host_facts import LockHolder
from console.model.maintenance_mode import Maintenance
from console.ports.journal import HandedIn, Outage
from console.safe_text import SafeText
from tests.adapters.journal.test_contract import PLAN, note, opened
from tests.recorded import append, record
from tests.shared_journals import executed, plain

PLACE = "shop", "production"
ADA, LIN = Carrier("ada", "bastion-a", "boot-a", 4, "40", "a"), Carrier("lin", "bastion-b", "boot-b", 7, "70", "b")
FIRST = opened("r1", "2026-01-01T00:00:00Z")


class Rig:
    """Bastion A's journal, the same record as B has it open, and a database that can be away."""

    def __init__(self, server: str, address: str, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.server, self.address, self.folder, self.patch = server, address, folder, patch
        self.there = PostgresStore(address)
        self.heard: list[Outage | HandedIn] = []
        self.made: list[SharedJournal] = []

    async def journal(self, carrier: Carrier = ADA) -> SharedJournal:
        made = await SharedJournal.of(str(self.folder), self.address, PLACE, carrier, self.heard.append)
        self.made.append(made)
        return made

    def lets_in(self, whether: bool, patience: float = 0.2) -> None:
        """Have the database let somebody in, or nobody: then it is waited for so long, and otherwise as long as it takes."""
        self.patch.setattr(database_outage, "OUTAGE", 60.0 if whether else patience)
        name = self.address.rpartition("/")[2]
        executed(self.server, f"alter database {name} allow_connections {str(whether).lower()}")
        if not whether:
            executed(self.server, f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'")

    def taken_by_lin(self) -> None:
        """B takes the run up: A's word has run out."""
        executed(plain(self.address), "update leases set expires = now() - interval '1 second'")
        assert self.there.take_lease("r1", LIN) is None

    async def told(self, kind: type) -> Outage | HandedIn:
        async with asyncio.timeout(60):
            while not any(isinstance(one, kind) for one in self.heard):
                await asyncio.sleep(0.02)
        return next(one for one in self.heard if isinstance(one, kind))


@pytest.fixture
async def rig(postgres_server, shared_journal, tmp_path, monkeypatch):
    monkeypatch.setattr(database_outage, "OUTAGE", 60.0)
    monkeypatch.setattr(module, "OPENING", 60.0)
    monkeypatch.setattr(database_outage, "AGAIN", 0.05)
    monkeypatch.setattr(database_outage, "BACK", 0.1)
    made = Rig(postgres_server, shared_journal, tmp_path, monkeypatch)
    yield made
    made.lets_in(True)
    for one in made.made:
        await one.close()
    made.there.close()


async def written(journal: SharedJournal, *events) -> None:
    """Append events to r1, whatever stands there."""
    known = await journal.read("r1") if events[0].seq > 1 else ()
    await journal.append("r1", events, fold((*known, *events)))


async def test_an_event_is_on_both_disks_before_anybody_goes_on(rig):
    journal = await rig.journal()
    assert await journal.machines.take_lease("r1", ADA) is None
    await written(journal, FIRST, note(2))
    copy = LocalCopy.of(str(rig.folder))
    assert rig.there.links("r1") == copy.links("r1")
    assert len(copy.links("r1")) == 2
    await journal.machines.end_lease("r1", ADA)
    assert copy.not_handed(PLACE) == []
    copy.close()


async def test_a_server_that_is_restarted_is_waited_for(rig):
    journal = await rig.journal()
    await written(journal, FIRST)
    rig.lets_in(False, patience=60.0)
    asyncio.get_running_loop().call_later(0.3, rig.lets_in, True)
    await journal.append("r1", (note(2),), fold((FIRST, note(2))))
    assert len(rig.there.links("r1")) == 2
    assert (journal.outage, rig.heard) == (None, [HandedIn("r1", 1)])


@pytest.mark.parametrize("when", ["before the commit", "after the commit"])
async def test_what_a_lost_connection_left_open_is_written_once(rig, when):
    """The answer to the commit may be what is lost: whether the events stand is asked of the record."""
    journal = await rig.journal()
    await written(journal, FIRST)
    lost = []

    def lose(connection):
        if not lost:
            lost.append(True)
            if when == "after the commit":
                connection.connection.driver_connection.commit()
            executed(
                plain(rig.address), "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            )

    sa.event.listen(journal._store._writer, "commit", lose)
    await written(journal, note(2), note(3))
    assert lost
    assert [event.seq for event in rig.there.read("r1")] == [1, 2, 3]
    kept = rig.there.environment(*PLACE)
    assert rig.there.rebuild(*PLACE) == kept


class Replica:
    """The record as it is now, which takes the place of the one that goes on: a standby that had not heard of the last commits."""

    TABLES = ("runs", "events", "environments", "environment_rows", "past_runs", "leases")

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        executed(
            plain(rig.address),
            *(f"drop table if exists old_{name}" for name in self.TABLES),
            *(f"create table old_{name} as table {name}" for name in self.TABLES),
        )

    def takes_over(self) -> None:
        name = self._rig.address.rpartition("/")[2]
        back = [f"truncate {', '.join(self.TABLES)}", *(f"insert into {name} select * from old_{name}" for name in self.TABLES)]
        executed(self._rig.server, f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'")
        executed(plain(self._rig.address), *back, *(f"drop table old_{name}" for name in self.TABLES))


async def test_what_a_server_that_takes_over_has_not_heard_of_is_written_there_again(rig):
    journal = await rig.journal()
    assert await journal.machines.take_lease("r1", ADA) is None
    await written(journal, FIRST)
    replica = Replica(rig)
    await written(journal, note(2), note(3))
    replica.takes_over()
    await journal.append("r1", (note(4),), fold((FIRST, note(2), note(3), note(4))))
    assert [event.seq for event in rig.there.read("r1")] == [1, 2, 3, 4]
    assert journal.outage is None


@pytest.mark.parametrize("since", ["nothing", "another run", "an older one was deleted"])
async def test_runs_that_had_ended_are_whole_on_a_server_that_takes_over(rig, since):
    """One of which it has the beginning, and one that it has not heard of: this is left where another machine's run took its place."""
    journal = await rig.journal()
    assert await journal.machines.take_lease("r1", ADA) is None
    await written(journal, FIRST)
    replica = Replica(rig)
    await written(journal, RunEnded(seq=2, exit=0, outcome="succeeded"))
    await journal.machines.end_lease("r1", ADA)
    later = opened("r2", "2026-01-01T00:01:00Z"), RunEnded(seq=2, exit=3, outcome="no-go")
    await journal.machines.take_lease("r2", ADA)
    await journal.append("r2", later, fold(later))
    await journal.machines.end_lease("r2", ADA)
    await journal.close()
    replica.takes_over()
    if since == "another run":
        append(rig.there, "r3", (opened("r3", "2026-01-01T00:02:00Z"),))
    await rig.journal()
    if since == "an older one was deleted":
        executed(plain(rig.address), "delete from runs where run = 'r1'", "delete from events where run = 'r1'")
        await rig.journal()
    assert len(rig.there.links("r1")) == (0 if since == "an older one was deleted" else 2)
    assert [run.run for run in rig.there.runs()] == {"nothing": ["r2", "r1"], "another run": ["r3", "r1"], "an older one was deleted": ["r2"]}[since]


async def test_a_run_that_the_record_has_is_handed_to_no_other_database(rig):
    """An engine that was killed left an event of it here alone; then hosts.toml names another database, and then the first one again."""
    journal = await rig.journal()
    await journal.machines.take_lease("r1", ADA)
    await written(journal, FIRST, note(2))
    await journal.close()
    copy = LocalCopy.of(str(rig.folder))
    copy.append("r1", (note(3),), fold((FIRST, note(2), note(3))))
    copy.close()
    replica = Replica(rig)
    executed(plain(rig.address), f"truncate {', '.join(Replica.TABLES)}")
    await (await rig.journal()).close()
    assert rig.there.runs() == ()
    replica.takes_over()
    await rig.journal()
    assert len(rig.there.links("r1")) == 3


async def test_a_run_that_goes_on_elsewhere_from_before_what_a_server_that_took_over_had_heard_of_is_here_as_it_is_there(rig):
    journal = await rig.journal()
    await journal.machines.take_lease("r1", ADA)
    await written(journal, FIRST)
    replica = Replica(rig)
    await written(journal, note(2))
    await journal.machines.end_lease("r1", ADA)
    await journal.close()
    replica.takes_over()
    rig.taken_by_lin()
    append(rig.there, "r1", (note(2, "lin's"), RunEnded(seq=3, exit=0, outcome="succeeded")))
    await rig.journal()
    copy = LocalCopy.of(str(rig.folder))
    assert copy.links("r1") == rig.there.links("r1")
    assert copy.open_runs(PLACE) == []
    copy.close()
    (apart,) = [one.apart for one in rig.heard if isinstance(one, HandedIn)]
    assert (apart.after, apart.events) == (1, 1)


async def test_a_database_of_another_record_is_handed_no_run_of_before(rig):
    journal = await rig.journal()
    ended = FIRST, RunEnded(seq=2, exit=0, outcome="succeeded")
    await journal.machines.take_lease("r1", ADA)
    await journal.append("r1", ended, fold(ended))
    await journal.machines.end_lease("r1", ADA)
    await journal.close()
    executed(plain(rig.address), f"truncate {', '.join(Replica.TABLES)}")
    await rig.journal()
    assert rig.there.runs() == ()


async def test_of_a_server_that_takes_over_nothing_is_known_by_heart(rig):
    """A change of the record that it had not heard of, and another one since, may bear the same number."""
    store = PostgresStore(rig.address)
    append(store, "r1", (FIRST,))
    replica = Replica(rig)
    store.keep_note(*PLACE, LockHolder("ada", reason=SafeText("audit")))
    assert store.environment(*PLACE).note is not None
    replica.takes_over()
    rig.there.keep_maintenance(*PLACE, Maintenance("lin", "2026-01-01T00:00:00Z"))
    found = store.environment(*PLACE)
    assert (found.note, found.maintenance is not None) == (None, True)
    append(store, "r1", (note(2),))
    assert rig.there.rebuild(*PLACE) == store.environment(*PLACE)
    store.close()


async def test_while_it_is_away_this_machine_writes_alone_and_hands_all_of_it_in_once_it_is_back(rig):
    journal = await rig.journal()
    assert await journal.machines.take_lease("r1", ADA) is None
    await written(journal, FIRST, note(2))
    rig.lets_in(False)
    await written(journal, note(3))
    said = await rig.told(Outage)
    assert journal.outage == said
    assert (said.kept_in, "is not currently accepting connections" in said.reason) == (copy_path(str(rig.folder)), True)
    await written(journal, note(4), note(5))
    assert [event.seq for event in await journal.read("r1", 2)] == [3, 4, 5]
    assert [one.run for one in await journal.runs()] == ["r1"]
    assert (await journal.environment(*PLACE)).open
    with pytest.raises(JournalAway):
        await journal.machines.take_lease("r2", ADA)
    with pytest.raises(JournalAway):  # of what this machine has never seen it says nothing
        await journal.read("r9")
    rig.lets_in(True)
    assert await rig.told(HandedIn) == HandedIn("r1", 3)
    assert journal.outage is None
    await written(journal, note(6))
    assert [event.seq for event in rig.there.read("r1")] == [1, 2, 3, 4, 5, 6]  # the chain holds, else that raises
    assert rig.there.environment(*PLACE) == rig.there.rebuild(*PLACE)


async def test_a_run_hears_that_it_is_back_though_the_database_lacks_nothing_of_it(rig):
    """A server that stands still has taken what it was sent last, and does it once it goes on."""
    journal = await rig.journal()
    assert await journal.machines.take_lease("r1", ADA) is None
    await written(journal, FIRST)
    journal._away.begin(JournalAway("the journal does not answer"))
    await rig.told(HandedIn)
    assert [type(one) for one in rig.heard] == [Outage, HandedIn]
    assert (rig.heard[-1], journal.outage) == (HandedIn("r1", 0), None)


async def test_what_goes_back_does_not_wait_for_it(rig):
    journal = await rig.journal()
    await written(journal, FIRST)
    rig.lets_in(False, patience=60.0)
    waits = asyncio.create_task(journal.append("r1", (note(2),), fold((FIRST, note(2)))))
    await asyncio.sleep(0.2)
    assert not waits.done()
    journal.hurry("r1")
    async with asyncio.timeout(60):
        await waits
        back = RollbackBegan(seq=3, plan=PLAN, reason=note(1).text)
        await journal.append("r1", (back,), fold((FIRST, note(2), back)))


async def test_the_next_engine_of_this_machine_hands_in_what_one_that_was_killed_could_not(rig):
    journal = await rig.journal()
    await journal.machines.take_lease("r1", ADA)
    await written(journal, FIRST)
    rig.lets_in(False)
    await written(journal, note(2))
    await rig.told(Outage)
    await journal.close()
    rig.lets_in(True)
    executed(plain(rig.address), "update leases set expires = now()")
    await rig.journal(Carrier("ada", "bastion-a", "boot-a", 5, "50", "a2"))
    assert await rig.told(HandedIn) == HandedIn("r1", 1)
    assert len(rig.there.read("r1")) == 2
    assert rig.there.carried() == {}


async def test_a_run_that_cannot_be_read_here_keeps_no_other_from_being_handed_in(rig, caplog):
    before = await rig.journal()
    rig.lets_in(False)
    for run in ("r1", "r2"):
        first = opened(run, "2026-01-01T00:00:00Z")
        await before.append(run, (first,), fold((first,)))
    await before.close()
    with closing(sqlite3.connect(copy_path(str(rig.folder)), isolation_level=None)) as file:
        file.execute("UPDATE events SET payload = replace(payload, 'ada', 'eve') WHERE run = 'r1'")
    rig.lets_in(True)
    after = await rig.journal()
    assert (after.outage, rig.there.ends(("r1", "r2"))) == (None, {"r2": 1})
    assert "what stands here alone of run r1 is not handed in: the record of r1 was changed after it was written" in caplog.text


async def test_a_run_that_another_machine_took_up_first_keeps_its_order_and_what_stood_here_is_kept_apart(rig):
    journal = await rig.journal()
    await journal.machines.take_lease("r1", ADA)
    await written(journal, FIRST)
    rig.lets_in(False)
    await written(journal, note(2, "mine"), note(3, "mine too"))
    await rig.told(Outage)
    await journal.close()
    rig.lets_in(True)
    rig.taken_by_lin()
    append(rig.there, "r1", (note(2, "theirs"),))
    await rig.journal(Carrier("ada", "bastion-a", "boot-a", 5, "50", "a2"))
    said = await rig.told(HandedIn)
    assert (said.run, said.events, said.apart.after, said.apart.events) == ("r1", 0, 1, 2)
    rows = [json.loads(line) for line in Path(said.apart.kept_in).read_text().splitlines()]
    assert [(row["seq"], json.loads(row["payload"])["text"]) for row in rows] == [(2, "mine"), (3, "mine too")]
    copy = LocalCopy.of(str(rig.folder))
    assert copy.links("r1") == rig.there.links("r1")
    assert copy.not_handed(PLACE) == []
    copy.close()


async def test_an_engine_whose_lease_is_another_s_writes_nothing_though_the_other_has_written_nothing_yet(rig):
    journal = await rig.journal()
    await journal.machines.take_lease("r1", ADA)
    await written(journal, FIRST)
    rig.taken_by_lin()
    with pytest.raises(OutOfOrder, match=r"r1 was taken up by lin's engine on bastion-b \(process 7\)"):
        await written(journal, note(2))
    assert len(rig.there.links("r1")) == 1
    assert await journal.machines.take_lease("r1", ADA) == LIN
    rig.there.end_lease("r1", LIN)  # it let go again, and yet: what an engine knows of a run ends with its lease
    assert await journal.machines.take_lease("r1", ADA) == LIN


async def test_what_is_stated_while_it_is_away_is_stated_there_once_it_is_back(rig):
    journal = await rig.journal()
    await written(journal, FIRST)
    rig.lets_in(False)
    await written(journal, note(2))
    await rig.told(Outage)
    shown = Maintenance(SafeText("ada"), SafeText("2026-01-01T00:00:00Z"))
    await journal.keep_maintenance(*PLACE, shown)
    assert (await journal.environment(*PLACE)).maintenance == shown
    rig.lets_in(True)
    print("HEARD", rig.heard, journal.outage, len(rig.there.links("r1")))
    await rig.told(HandedIn)
    assert rig.there.environment(*PLACE).maintenance == shown


@pytest.mark.parametrize("knows", [True, False])
async def test_what_was_stated_long_ago_is_not_told_over_what_another_machine_has_stated_since(rig, caplog, knows):
    first, mine, theirs = (Maintenance(SafeText(name), SafeText(f"2026-01-0{day}T00:00:00Z")) for day, name in enumerate(("eve", "ada", "lin"), 1))
    if knows:
        rig.there.keep_maintenance(*PLACE, first)
    journal = await rig.journal()
    assert (await journal.environment(*PLACE)).maintenance == (first if knows else None)
    rig.lets_in(False)
    await journal.keep_maintenance(*PLACE, first if not knows else None)
    await journal.keep_maintenance(*PLACE, mine)
    assert journal.outage
    rig.made.remove(journal)
    await journal.close()
    rig.lets_in(True)
    rig.there.keep_maintenance(*PLACE, theirs)
    journal = await rig.journal()
    assert (await journal.environment(*PLACE)).maintenance == theirs
    assert "maintenance of production was stated here while the journal was away" in caplog.text
    rig.there.keep_maintenance(*PLACE, first if knows else None)
    await rig.journal()
    assert rig.there.environment(*PLACE).maintenance == (first if knows else None), "it is said once, and never told"


async def test_what_is_stated_while_the_rest_is_told_is_told_too(rig, monkeypatch):
    journal = await rig.journal()
    rig.lets_in(False)
    await journal.runs()
    shown, tell = Maintenance(SafeText("ada"), SafeText("2026-01-01T00:00:00Z")), journal._stated.tell_all

    async def meanwhile():
        await tell()
        if journal.outage is not None:
            await journal.keep_maintenance(*PLACE, shown)

    monkeypatch.setattr(journal._stated, "tell_all", meanwhile)
    rig.lets_in(True)
    async with asyncio.timeout(60):
        while rig.there.environment(*PLACE).maintenance != shown:
            await asyncio.sleep(0.02)


async def test_what_was_stated_outlives_the_engine(rig):
    journal = await rig.journal()
    rig.lets_in(False)
    shown = Maintenance(SafeText("ada"), SafeText("2026-01-01T00:00:00Z"))
    await journal.keep_maintenance(*PLACE, shown)
    assert journal.outage
    await journal.keep_note(*PLACE, LockHolder(SafeText("ada")))
    await journal.keep_note(*PLACE, None)
    rig.made.remove(journal)
    await journal.close()
    rig.lets_in(True)
    await rig.journal()
    assert (rig.there.environment(*PLACE).maintenance, rig.there.environment(*PLACE).note) == (shown, None)
    rig.there.keep_maintenance(*PLACE, None)
    await rig.journal()
    assert rig.there.environment(*PLACE).maintenance is None


async def test_runs_that_the_database_has_are_kept_here_as_far_as_a_rollback_asks(rig, monkeypatch):
    monkeypatch.setattr(copying, "KEPT", 2)
    journal = await rig.journal()
    for number in range(1, 6):
        run = f"r{number}"
        await journal.machines.take_lease(run, ADA)
        begun, ended = opened(run, f"2026-01-0{number}T00:00:00Z"), RunEnded(seq=2, exit=0, outcome="succeeded")
        await journal.append(run, (begun, *((ended,) if number != 2 else ())), fold((begun, ended)))
        await journal.machines.end_lease(run, ADA)
    copy = LocalCopy.of(str(rig.folder))
    assert [run for run in ("r1", "r2", "r3", "r4", "r5") if copy.links(run)] == ["r2", "r4", "r5"]
    await journal.append("r1", (note(3),), fold((opened("r1", "2026-01-01T00:00:00Z"),)))
    assert len(rig.there.links("r1")) == 3
    assert await journal.machines.take_lease("r1", ADA) is None
    assert copy.links("r1") == rig.there.links("r1")
    copy.close()


async def test_what_this_machine_alone_knows_of_an_environment_is_not_confirmed(rig):
    journal = await rig.journal()
    assert await journal.known(*PLACE) == (EnvironmentRecord(*PLACE), True)
    await written(journal, FIRST)
    assert [one.run for one in (await journal.known(*PLACE)).record.open] == ["r1"]
    rig.lets_in(False)
    known = await journal.known(*PLACE)
    assert ([one.run for one in known.record.open], known.is_confirmed) == (["r1"], False)
    assert await journal.known("shop", "staging") == (EnvironmentRecord("shop", "staging"), False)


async def test_an_engine_that_carries_no_run_waits_for_a_silent_database_once_though_it_looks_after_what_runs_have_left(rig):
    journal = await rig.journal()
    assert await journal.machines.take_turn(*PLACE, ADA) is None
    assert list(rig.there.carried().values()) == [ADA]
    rig.lets_in(False)
    await journal.runs()
    assert journal.outage is not None
    with pytest.raises(JournalAway):
        await journal.machines.take_turn(*PLACE, ADA)


async def test_a_run_that_another_machine_carries_is_not_called_interrupted_while_nobody_can_say_so(rig):
    journal = await rig.journal()
    await written(journal, FIRST)
    rig.taken_by_lin()
    assert await journal.machines.take_lease("r2", ADA) is None
    rig.lets_in(False)
    elsewhere, seen = RunsElsewhere(journal, ADA), []
    with pytest.raises(JournalAway):
        await elsewhere.carrier("r1")

    async def look():
        async for event in elsewhere.follow("r1", 0):
            seen.append(event.seq)

    looking = asyncio.create_task(look())
    async with asyncio.timeout(60):
        while not seen:
            await asyncio.sleep(0.02)
    await asyncio.wait([looking], timeout=0.3)
    assert (seen, looking.done(), journal.outage) == ([1], False, None)
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)


async def test_the_run_that_was_written_to_last_is_kept_however_old_it_is(rig, monkeypatch):
    monkeypatch.setattr(copying, "KEPT", 1)
    journal = await rig.journal()
    for run in ("r1", "r2"):
        await journal.machines.take_lease(run, ADA)
        events = opened(run, f"2026-01-0{run[1]}T00:00:00Z"), RunEnded(seq=2, exit=0, outcome="succeeded")
        await journal.append(run, events, fold(events))
    await record(journal, "r1", (note(3),))  # it still let go of its hosts
    for run in ("r1", "r2"):
        await journal.machines.end_lease(run, ADA)
    rig.made.remove(journal)
    await journal.close()
    journal = await rig.journal()
    assert [event.seq for event in await journal.read("r1")] == [1, 2, 3]


@pytest.mark.parametrize("when", ["at the end of the next run", "when the next engine begins"])
async def test_how_a_run_ended_that_another_machine_took_up_is_known_here_too(rig, when):
    journal = await rig.journal()
    await journal.machines.take_lease("r1", ADA)
    await written(journal, FIRST)
    rig.taken_by_lin()
    await journal.machines.end_lease("r1", ADA)
    append(rig.there, "r1", (note(2), RunEnded(seq=3, exit=0, outcome="succeeded")))
    if when == "at the end of the next run":
        await journal.machines.take_lease("r2", ADA)
        await journal.append("r2", (opened("r2", "2026-01-02T00:00:00Z"),), fold((opened("r2", "2026-01-02T00:00:00Z"),)))
        await journal.machines.end_lease("r2", ADA)
    else:
        rig.made.remove(journal)
        await journal.close()
        journal = await rig.journal()
    assert list(rig.there.carried()) == ["r1"], "its lease is nobody's to touch"
    rig.lets_in(False)
    assert [one.outcome for one in await journal.runs() if one.run == "r1"] == ["succeeded"]
    assert "r1" not in [one.run for one in (await journal.environment(*PLACE)).open]


async def test_how_hosts_are_reached_is_told_to_other_machines_and_not_to_this_one(rig, tmp_path):
    here, seen = await rig.journal(), SshSeen("ssh-ed25519 SHA256:one", ("SHA256:one",), "SHA256:mine")
    assert await here.machines.reached_elsewhere(*PLACE, {"web01": seen}) == ()
    assert await here.machines.reached_elsewhere(*PLACE, {"web01": seen}) == ()
    (tmp_path / "b").mkdir()
    there = await SharedJournal.of(str(tmp_path / "b"), rig.address, PLACE, LIN, rig.heard.append)
    rig.made.append(there)
    assert await there.machines.reached_elsewhere("shop", "staging", {}) == ()
    (told,) = await there.machines.reached_elsewhere(*PLACE, {})
    assert (told.name, told.hosts, str(tmp_path) in repr(told)) == ("ada on bastion-a", {"web01": seen}, False)
    executed(plain(rig.address), "update bastions set seen = now() - interval '31 days'")
    assert await there.machines.reached_elsewhere(*PLACE, {}) == ()
