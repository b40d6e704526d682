"""A run that another machine carries: seen as it is written, steered by way of the record, and taken up when its engine is gone. On a real PostgreSQL."""

import asyncio
import os
import pwd
import subprocess
import time

import pytest

from console.adapters.engine_identity import is_gone, this_engine
from console.adapters.journal import postgres_leases
from console.adapters.journal.journal_threads import SqlJournal
from console.adapters.journal.memory import MemoryJournal
from console.adapters.journal.postgres_store import PostgresStore
from console.adapters.system_clock import SystemClock
from console.core.run.evolve import fold
from console.engine.active_runs import ActiveRuns
from console.engine.context import QueryContext
from console.engine.queries.lock_and_unlock import answer_break
from console.engine.run import run_lease as leasing
from console.engine.run import runs_elsewhere
from console.engine.run.onlookers import Onlookers
from console.engine.run.run_lease import RunLease
from console.engine.run.runs_elsewhere import RunsElsewhere
from console.engine.run.shown_elsewhere import LINES, NUMBERS, RunRelay
from console.engine.runs_not_carried import IdleRuns
from console.engine.server.broadcast import Broadcast
from console.engine.server.elsewhere_access import joins_as, standing_of
from console.engine.server.user_directory import looked_up
from console.engine.tasks import Unbroken
from console.errors import ConsoleError, Locked, UsageFault
from console.model.carrier import Carrier
from console.model.commands import Abort, Accepted, Note, Pause, Refusal, RollBack
from console.model.configured_environment import Access
from console.model.events import CommandRefused, RunEnded, TakenUp
from console.model.onlooker import Onlooker
from console.model.request import Person, Request
from console.model.values import changed
from console.ports.feed import Output, Sample
from console.ports.sharing_machines import SentCommand
from console.safe_text import SafeText
from console.wire.output_elsewhere import shown_items, shown_text
from tests.adapters.journal.test_contract import note, opened
from tests.core.simulation import ADA as STARTER
from tests.core.simulation import an_environment
from tests.engine.test_at_once import Scene
from tests.recorded import record
from tests.shared_journals import executed, plain

ME = pwd.getpwuid(os.getuid()).pw_name
ADA = Person("ada", 1000, "ada from 10.0.0.1")
HERE, THERE = Carrier("lin", "bastion-b", "boot-b", 7, "70", "b"), Carrier("ada", "bastion-a", "boot-a", 4, "40", "a")


@pytest.fixture
async def there(shared_journal, monkeypatch):
    """The record, as the machine has it that carries the run. A word is believed here for two hours."""
    monkeypatch.setattr(postgres_leases, "FAR", 7200.0)
    made = SqlJournal(PostgresStore(shared_journal))
    await record(made, "r1", (opened("r1", "2026-01-01T00:00:00Z"),))
    assert await made.machines.take_lease("r1", THERE) is None
    executed(plain(shared_journal), "update leases set expires = now() + interval '1 hour'")  # nobody renews it here, however long a test takes
    yield made
    await made.close()


@pytest.fixture
async def here(shared_journal):
    made = SqlJournal(PostgresStore(shared_journal))
    yield made
    await made.close()


async def until(condition, seconds=60.0):
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_run_is_seen_soon_and_nothing_is_missed_when_the_connection_is_lost(there, here, shared_journal):
    seen, late = [], []

    async def look():
        async for event in RunsElsewhere(here, HERE).follow("r1", 0):
            seen.append(event.seq)
            if event.seq in written:
                late.append(time.monotonic() - written[event.seq])

    written, events = {}, list(await there.read("r1"))
    looking = asyncio.create_task(look())
    await until(lambda: seen == [1])
    await asyncio.sleep(0.2)
    for seq in range(2, 40):
        fresh = RunEnded(seq=seq, exit=0, outcome="succeeded") if seq == 39 else note(seq)
        events.append(fresh)
        await there.append("r1", (fresh,), fold(events))
        written[seq] = time.monotonic()
        if seq == 20:
            executed(plain(shared_journal), "select pg_terminate_backend(pid) from pg_stat_activity where query like 'LISTEN%'")
    await there.machines.end_lease("r1", THERE)
    await asyncio.wait_for(looking, 60)
    assert seen == list(range(1, 40))
    assert sorted(late)[len(late) // 2] < 20.0


async def test_what_is_printed_and_measured_is_seen_elsewhere_within_a_bound_and_who_looks_on_there_is_known(there, here, shared_journal):
    onlookers, joined, items = Onlookers("bastion-a"), [], []
    broadcast = Broadcast()
    relay = asyncio.create_task(RunRelay(there, "r1", THERE, broadcast, onlookers.here, lambda run, people: joined.append((run, people))).show())
    watching = Onlookers("bastion-b")

    async def look():
        with watching.looking_on("r1", ADA, operator=True):
            async for item in RunsElsewhere(here, HERE, watching, lambda: 77.0).follow("r1", 1):
                items.append(item)

    looking = asyncio.create_task(look())
    with onlookers.looking_on("r1", Person("eve", 7), operator=False):
        await until(lambda: joined)
        assert joined == [("r1", (Onlooker("ada", ADA.claims, "bastion-b", operator=True),))]
        for line in range(LINES + 12):
            broadcast.tell(Output("2026-01-01T00:00:00Z", "web01", "wave-1/web01/install", SafeText(f"line {line}")))
        for host in range(NUMBERS + 5):
            broadcast.tell(Sample(f"web{host}", 5.0, cpu=0.5))
        await until(lambda: len(items) >= 1 + LINES + NUMBERS + 1)
        assert [str(one) for one in watching.elsewhere] == ["eve on bastion-a"]
    lines = [item.text for item in items if isinstance(item, Output)]
    assert lines[0] == "… 12 lines are not shown here; they are in the host's log"
    assert lines[1:-1] == [f"line {line}" for line in range(12, LINES + 12)]
    assert lines[-1] == "… numbers of 5 hosts are not shown here; they are on the machine that carries the run"
    assert {item.at for item in items if isinstance(item, Sample)} == {77.0}
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)
    executed(plain(shared_journal), "delete from onlookers where mark = 'b'")
    await until(lambda: joined[-1] == ("r1", ()))
    relay.cancel()


@pytest.mark.parametrize(
    ("name", "login", "access", "role", "problem", "proof"),
    [
        ("ada", "ada", Access(("ada",)), "operator", "", "proven by the database's login ada"),
        ("ada", "deploy", Access(("ada",)), "operator", "", "advisory: the database's login is deploy"),
        ("ada", "lin", Access(("ada", "lin")), "none", "the name ada came by the database's login of lin", "advisory"),
        ("lin", "deploy", Access(("ada",), ("lin",)), "viewer", "to this engine lin is a viewer, and may change nothing", "advisory"),
        ("eve", "deploy", Access(("ada",)), "none", "to this engine eve is nobody that it knows", "advisory"),
        ("eve", "deploy", None, "none", "hosts.toml has no [access]", "advisory"),
        ("root", "deploy", Access(("ada",)), "operator", "", "advisory"),
        (ME, "", None, "operator", "", "advisory: the database's login is not known"),
    ],
)
def test_who_speaks_by_way_of_another_machine_is_judged_by_name_and_login(name, login, access, role, problem, proof):
    found = standing_of(Person(name, claims="x by way of b"), login, access, os.getuid(), looked_up(name, access))
    assert found.role == role
    assert problem in found.problem
    assert bool(problem) is bool(found.problem)
    assert found.person.claims.startswith(f"x by way of b ({proof}")


async def test_what_is_refused_from_elsewhere_is_in_the_runs_record_with_who_and_their_standing():
    scene = Scene()
    await scene.engine.configure(an_environment(1), "d", {}, STARTER)
    run = await scene.engine.open_run(Request(), STARTER)
    refused = await scene.engine._others.submit(run, SentCommand(1, Abort(), Person("eve", claims="by way of bastion-b"), "deploy"))
    assert isinstance(refused, Refusal)
    assert "to this engine eve is nobody that it knows" in refused.message
    (event,) = [event for event in await scene.journal.read(run) if isinstance(event, CommandRefused)]
    assert (event.by.name, event.by.uid, event.command) == ("eve", -1, "abort")
    assert event.by.claims == "by way of bastion-b (advisory: the database's login is deploy)"
    assert "nobody that it knows, and may change nothing" in event.message
    allowed = await scene.engine._others.submit(run, SentCommand(2, Abort(), Person(ME), ""))
    assert isinstance(allowed, Accepted)
    await scene.engine.stop(STARTER, force=True)


def test_what_somebody_wrote_into_the_record_acts_on_no_terminal():
    evil = "\x1b]52;c;x\x07web01"
    (line, sample) = shown_items(shown_text([Output(evil, evil, evil, SafeText("x")), Sample(evil, 1.0, extra={evil: 2.0})]))
    assert (line.at, line.host, line.step) == ("web01", "web01", "web01")
    assert (sample.host, sample.extra) == ("web01", {"web01": 2.0})
    onlookers = Onlookers("b")
    onlookers.hear("r1", (Onlooker(evil, evil, evil),))
    assert onlookers.elsewhere == (Onlooker("web01", "web01", "web01"),)
    onlookers.hear("r1", ())
    assert onlookers.elsewhere == ()
    assert standing_of(Person(evil), "", None, 0, None).person.name == "web01"


def test_who_joins_from_another_machine_is_an_operator_there_and_here():
    access = Access(("ada", "lin"))
    assert joins_as(Onlooker("ada", "x", "b", operator=True), access, 1234567, None) == Person("ada", claims="x by way of b")
    assert joins_as(Onlooker("ada", "x", "b", operator=False), access, 1234567, None) is None
    assert joins_as(Onlooker("eve", "x", "b", operator=True), access, 1234567, None) is None


async def test_the_server_says_by_which_login_a_command_came_and_nobody_changes_it(there, shared_journal):
    await there.machines.send_command("r1", Pause(), ADA)
    executed(plain(shared_journal), "update commands set login = 'ada', person = '{}'")
    (sent,) = await there.machines.take_commands("r1")
    assert (sent.login, sent.person) == ("shop", ADA)


async def test_one_whose_engine_is_gone_is_said_to_be_interrupted(there, here, shared_journal):
    executed(plain(shared_journal), "update leases set expires = now() - interval '1 second'")
    found = RunsElsewhere(here, HERE)
    assert await found.carrier("r1") is None
    with pytest.raises(UsageFault, match="was interrupted: no engine carries it") as raised:
        [event async for event in found.follow("r1", 0)]
    assert raised.value.hint == "deploy resume r1"


async def test_a_run_goes_on_elsewhere_where_somebody_carries_it_or_has_taken_it_up_and_not_because_the_record_has_more_of_it():
    journal = MemoryJournal()
    begun = opened("r1", "2026-01-01T00:00:00Z")
    await record(journal, "r1", (begun, note(2)))
    found = RunsElsewhere(journal, HERE)
    assert not await found.goes_on_from("r1", begun), "the engine's own last event, which it was never told is written"
    await record(journal, "r1", (TakenUp(seq=3, epoch=2, by=ADA),))
    assert await found.goes_on_from("r1", begun)
    assert not await found.goes_on_from("r1", changed(begun, at="2026-01-01T00:00:09Z")), "another engine's event of that number"


async def test_the_lock_of_a_run_that_another_machine_carries_is_not_broken_here(there, here):
    fleet = QueryContext(an_environment(1), None, None, None, "", here, None, carrier=RunsElsewhere(here, HERE).carrier)
    with pytest.raises(Locked, match=r"run r1 is carried by ada's engine on bastion-a \(process 4\)"):
        await answer_break(fleet, {"run": "r1", "reason": "stuck"}, ADA)


async def test_what_is_open_elsewhere_is_known_here(there, here):
    found = RunsElsewhere(here, HERE)
    assert await found.open_run("shop", "production") == "r1"
    assert await found.open_run("shop", "staging") == ""
    assert await found.carrier("r1") == THERE
    assert await RunsElsewhere(there, THERE).carrier("r1") is None


@pytest.mark.parametrize("answer", [Accepted(7), Refusal(SafeText("it is paused already"), SafeText("deploy continue r1"))])
async def test_a_command_is_judged_by_the_engine_that_carries_the_run_in_the_name_of_who_gave_it(there, here, answer, monkeypatch):
    monkeypatch.setattr(runs_elsewhere, "ANSWER", 60.0)
    heard = []

    async def submit(run, sent):
        heard.append((run, sent.command, sent.person.name, sent.person.uid, sent.person.claims, sent.login))
        return answer

    hearing = asyncio.create_task(RunLease(there, "r1", THERE).hear(submit))
    await asyncio.sleep(0.2)
    assert await RunsElsewhere(here, HERE).submit("r1", Pause(expects=3), ADA, THERE) == answer
    assert heard == [("r1", Pause(expects=3), "ada", -1, "ada from 10.0.0.1 by way of bastion-b", "shop")]
    hearing.cancel()


async def test_a_command_that_nobody_takes_is_taken_back_and_one_that_is_taken_is_carried_out_once(there, here, monkeypatch):
    monkeypatch.setattr(runs_elsewhere, "ANSWER", 0.3)
    said = await RunsElsewhere(here, HERE).submit("r1", Note(text=SafeText("hello")), ADA, THERE)
    assert said.message == "ada's engine on bastion-a (process 4) did not take the command within 0 s, and will not take it"
    assert await there.machines.take_commands("r1") == ()
    asking = asyncio.create_task(RunsElsewhere(here, HERE).submit("r1", Note(text=SafeText("hello")), ADA, THERE))
    taken = ()
    while not taken:
        taken = await there.machines.take_commands("r1")
    assert await there.machines.take_commands("r1") == ()
    assert "took the command and has not answered" in (await asking).message
    await there.machines.answer_command("r1", taken[0].number, Accepted(9))
    assert await here.machines.command_answer(taken[0].number) == Accepted(9)


async def test_a_command_to_a_run_that_ends_meanwhile_is_said_to_have_come_too_late(there, here, shared_journal, monkeypatch):
    monkeypatch.setattr(runs_elsewhere, "ANSWER", 120.0)
    elsewhere = RunsElsewhere(here, HERE)
    idle = IdleRuns(here, SystemClock(), None, ActiveRuns(), elsewhere, lambda: None, Unbroken(), lambda: None)
    asking = asyncio.create_task(idle.submit("r1", RollBack(), ADA))
    await until(lambda: executed(plain(shared_journal), "select count(*) from commands") == [(1,)], 20)
    await record(there, "r1", (RunEnded(seq=2, exit=0, outcome="succeeded"),))
    await there.machines.end_lease("r1", THERE)
    said = await asyncio.wait_for(asking, 60)
    assert (said.message, said.ended) == ("run r1 has ended", True)
    assert executed(plain(shared_journal), "select count(*) from commands") == [(0,)]


async def test_a_command_that_cannot_be_read_or_carried_out_keeps_no_other_waiting(there, here, shared_journal):
    insert = 'insert into commands (number, run, person, command, sent) values (99, \'r1\', \'{"name":"lin"}\', \'{"type":"of-tomorrow"}\', now())'
    executed(plain(shared_journal), insert)
    numbers = [await here.machines.send_command("r1", command, ADA) for command in (Pause(), Note(text=SafeText("hello")))]

    async def submit(run, sent):
        if isinstance(sent.command, Pause):
            raise ConsoleError("no room left", "df")
        return Accepted(7)

    hearing = asyncio.create_task(RunLease(there, "r1", THERE).hear(submit))
    async with asyncio.timeout(60):
        while await here.machines.command_answer(numbers[-1]) is None:
            await asyncio.sleep(0.02)
    hearing.cancel()
    assert [await here.machines.command_answer(number) for number in numbers] == [Refusal(SafeText("no room left"), SafeText("df")), Accepted(7)]
    unread = await here.machines.command_answer(99)
    assert "the engine that carries the run cannot read this command" in unread.message
    assert unread.hint == "use the same version of the console on both machines"


async def test_a_command_of_before_is_nothing_to_an_engine_that_takes_the_run_up(there, shared_journal):
    await there.machines.send_command("r1", Pause(), ADA)
    executed(plain(shared_journal), "update commands set sent = sent - interval '20 seconds'")
    assert await there.machines.take_commands("r1") == ()


async def test_a_run_is_carried_by_one_engine_and_the_token_grows_with_each(there, here, shared_journal):
    with pytest.raises(Locked, match=r"run r1 is carried by ada's engine on bastion-a \(process 4\)") as raised:
        await RunLease(here, "r1", HERE).take()
    assert raised.value.hint == "deploy attach r1"
    await RunLease(there, "r1", THERE).take()
    token = "select token from leases"
    assert executed(plain(shared_journal), token) == [(1,)]
    executed(plain(shared_journal), "update leases set expires = now()")
    await RunLease(here, "r1", HERE).take()
    assert executed(plain(shared_journal), token) == [(2,)]
    with pytest.raises(Locked, match="lin's engine"):
        await RunLease(there, "r1", THERE).take()


async def test_a_word_that_is_good_for_long_is_of_a_clock_that_was_set_back_and_keeps_nobody_out(there, here, shared_journal):
    executed(plain(shared_journal), "update leases set expires = now() + interval '1 day'")
    assert await here.machines.carried() == {}
    await RunLease(there, "r1", THERE).take()
    assert await here.machines.carried() == {"r1": THERE}, "who lives says so again"
    executed(plain(shared_journal), "update leases set expires = now() + interval '1 day'")
    await RunLease(here, "r1", HERE).take()
    assert await there.machines.carried() == {"r1": HERE}


async def test_of_many_who_take_a_run_up_one_gets_it(there, here, shared_journal):
    executed(plain(shared_journal), "update leases set expires = now()")
    racers = [Carrier("x", f"bastion-{number}", "boot", number, "1", str(number)) for number in range(8)]
    answers = await asyncio.gather(*((here if number % 2 else there).machines.take_lease("r1", racer) for number, racer in enumerate(racers)))
    assert answers.count(None) == 1
    winner = racers[answers.index(None)]
    assert {answer for answer in answers if answer} == {winner}


async def test_an_engine_that_slept_hears_that_its_run_was_taken_and_one_whose_record_is_away_asks_again(there, here, shared_journal, monkeypatch):
    monkeypatch.setattr(leasing, "LEASE", 0.15)
    lost, asked = [], []
    take = there.machines.take_lease

    async def away(run, carrier):
        asked.append(run)
        if len(asked) < 3:
            raise ConsoleError("away")
        return await take(run, carrier)

    monkeypatch.setattr(there.machines, "take_lease", away)
    executed(plain(shared_journal), "update leases set expires = now()")
    await RunLease(here, "r1", HERE).take()
    await asyncio.wait_for(RunLease(there, "r1", THERE).keep(lost.append), 60)
    assert (lost, len(asked)) == ([HERE], 3)


async def test_an_engine_of_this_machine_that_died_is_not_waited_for(there, shared_journal):
    own = this_engine()
    assert not is_gone(own)
    assert not is_gone(THERE)
    process = subprocess.Popen(["sleep", "60"])
    with open(f"/proc/{process.pid}/stat", encoding="utf-8") as file:
        started = file.read().rpartition(")")[2].split()[19]
    other = Carrier("root", own.host, own.boot, process.pid, started, "mark")
    assert not is_gone(other)
    await there.machines.end_lease("r1", THERE)
    assert await there.machines.take_lease("r1", other) is None
    assert (await there.machines.take_lease("r1", own)) == other
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert is_gone(other)  # its parent has not taken note of it yet
    process.wait()
    assert is_gone(other)
    assert await there.machines.carried() == {}
    assert await there.machines.take_lease("r1", own) is None
    assert await there.machines.carried() == {"r1": own}
    assert own.pid == os.getpid()


def test_an_engine_is_not_gone_because_nothing_is_known_of_its_boot_or_because_a_copy_of_this_machine_has_it(monkeypatch):
    own = changed(this_engine(), started="of a process that is no more")
    assert is_gone(own)
    assert not is_gone(changed(own, host="copy"))

    def closed(*_, **__):
        raise PermissionError

    monkeypatch.setattr("builtins.open", closed)
    unknown = this_engine()
    monkeypatch.undo()
    assert unknown.boot == ""
    assert not is_gone(changed(unknown, started="of a process that is no more"))


async def test_what_runs_have_left_is_done_by_one_machine_and_not_while_another_carries_such_a_run(there, here, shared_journal):
    first, second = RunsElsewhere(there, THERE), RunsElsewhere(here, HERE)
    record = await here.environment("shop", "production")
    assert await first.is_ours(record, ())
    assert not await second.is_ours(record, ()), "r1 goes on there"
    await there.append("r1", (RunEnded(seq=2, exit=0, outcome="succeeded"),), fold((*await there.read("r1"), RunEnded(seq=2, exit=0, outcome="succeeded"))))
    record = await here.environment("shop", "production")
    assert not await second.is_ours(record, ["r1"]), "it still lets go of its hosts there"
    await there.machines.end_lease("r1", THERE)
    assert not await second.is_ours(record, ["r1"]), "the other engine does it"
    executed(plain(shared_journal), "update leases set expires = now()")
    assert await second.is_ours(record, ["r1"])
    assert not await first.is_ours(record, ())
