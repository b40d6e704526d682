"""A command on hosts, as one who follows it hears it: left early, it has ended there before the record says so. Hosts are scripted."""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from console.adapters.journal.memory import MemoryJournal
from console.adapters.journal.one_machine import OneMachine
from console.adapters.system_clock import SetClock
from console.engine.active_runs import ActiveRuns
from console.engine.context import QueryContext
from console.engine.queries.exec_and_logs import answer_exec
from console.engine.queries.feeds import Feeds
from console.engine.run.runs_elsewhere import RunsElsewhere
from console.engine.runs_not_carried import IdleRuns
from console.engine.tasks import Unbroken
from console.errors import RecordAway
from console.model.carrier import Carrier
from console.model.commands import Accepted, Note, Refusal, RollBack
from console.model.configured_environment import Environment
from console.model.events import CommandRefused, NoteAdded, RunEnded, RunOpened, StepStarted
from console.model.host import Host
from console.model.host_facts import HostFacts
from console.model.request import Person
from console.model.values import changed
from console.ports.feed import Output
from console.ports.hosts import Ran, Sink
from console.safe_text import SafeText
from tests.adapters.journal.test_contract import opened
from tests.recorded import record

SHOP = Environment("shop", "production", "/srv/shop", (Host("web01"),))


class Hosts:
    """A host with a release, on which a command runs until it is ended; that takes a moment."""

    def __init__(self, journal: MemoryJournal) -> None:
        self.journal = journal
        self.run_id = ""
        self.ended_before: list[bool] = []

    async def look(self, environment: Environment, host: Host, **asked: Any) -> HostFacts:
        return HostFacts(host.name, current="20260301T000000Z-abc")

    async def run(self, host: Host, body: str, run_as: str, sink: Sink, *, deadline: float) -> Ran:
        sink(b"one\n")
        try:
            await asyncio.Event().wait()
        finally:
            for _ in range(20):
                await asyncio.sleep(0)
            self.ended_before.append(not await self.journal.of_type(self.run_id, RunEnded))
        raise AssertionError


async def test_a_command_that_nobody_hears_any_more_has_ended_before_its_end_is_on_record():
    journal, feeds = MemoryJournal(), Feeds(lambda run, item, ago=0.0: None)
    hosts = Hosts(journal)
    outside: Any = SimpleNamespace(scout=hosts, attended=hosts)
    clock = SetClock(datetime(2026, 3, 1, tzinfo=UTC), 9.0)
    fleet = QueryContext(SHOP, outside, clock, None, "", journal, None, feeds=feeds.waiting, carried=feeds.followed)  # type: ignore[arg-type]
    answer: Any = await answer_exec(fleet, {"hosts": "web01", "command": "uptime"}, Person("ada", 1))
    hosts.run_id = answer["feed"]
    async with aclosing(feeds.follow(hosts.run_id)) as heard:  # type: ignore[type-var] # it is a generator
        async for item in heard:
            if isinstance(item, Output):
                break
    assert hosts.ended_before == [True]
    (ended,) = await journal.of_type(hosts.run_id, RunEnded)
    assert ended.outcome == "interrupted"
    assert feeds.followed == set()


class TwoMachines(OneMachine):
    """A record that this machine shares with another one, whose engine has its word that it carries a run."""

    def __init__(self) -> None:
        self.leases = {"there": Carrier("lin", "bastion-b", mark="b")}
        self.is_away = False

    async def take_lease(self, run: str, carrier: Carrier) -> Carrier | None:
        self.leases[run] = carrier
        return None

    async def end_lease(self, run: str, carrier: Carrier) -> None:
        del self.leases[run]

    async def carried(self) -> dict[str, Carrier]:
        if self.is_away:
            raise RecordAway("the database does not answer")
        return self.leases


@pytest.mark.parametrize(("is_away", "ended"), [(False, ["died"]), (True, [])])
async def test_a_command_that_goes_on_from_another_machine_is_not_ended_in_the_record(is_away: bool, ended: list[str]):
    journal, feeds, here = MemoryJournal(), Feeds(lambda run, item, ago=0.0: None), Carrier("ada", "bastion-a", mark="a")
    journal.machines = machines = TwoMachines()
    machines.is_away = is_away
    for run in ("there", "died"):
        await record(journal, run, (changed(opened(run, "2026-03-01T00:00:00Z"), kind="exec"),))
    hosts = Hosts(journal)
    outside: Any = SimpleNamespace(scout=hosts, attended=hosts)
    fleet = QueryContext(
        SHOP, outside, SetClock(datetime(2026, 3, 1, tzinfo=UTC), 9.0), None, "", journal, None,  # type: ignore[arg-type]
        feeds=feeds.waiting, carried=feeds.followed, carrier=RunsElsewhere(journal, here).carrier, here=here,
    )  # fmt: skip
    answer: Any = await answer_exec(fleet, {"hosts": "web01", "command": "uptime"}, Person("ada", 1))
    async with aclosing(feeds.follow(answer["feed"])) as heard:  # type: ignore[type-var] # it is a generator
        async for item in heard:
            if isinstance(item, Output):
                assert machines.leases[answer["feed"]] == here
                break
    assert [run for run in ("there", "died") if await journal.of_type(run, RunEnded)] == ended
    assert answer["feed"] not in machines.leases


async def test_what_is_refused_and_noted_while_a_command_runs_stands_in_its_record_and_does_not_end_it():
    journal, feeds, here = MemoryJournal(), Feeds(lambda run, item, ago=0.0: None), Carrier("ada", "bastion-a", mark="a")
    hosts, clock = Hosts(journal), SetClock(datetime(2026, 3, 1, tzinfo=UTC), 9.0)
    outside: Any = SimpleNamespace(scout=hosts, attended=hosts)
    model: Any = SimpleNamespace(required=lambda: (SHOP, outside))
    elsewhere = RunsElsewhere(journal, here)
    idle = IdleRuns(journal, clock, model, ActiveRuns(), elsewhere, lambda: fleet, Unbroken(), lambda: None)
    fleet = QueryContext(
        SHOP, outside, clock, None, "", journal, None,  # type: ignore[arg-type]
        feeds=feeds.waiting, carried=feeds.followed, writing_idle=idle.writing, open_records=idle.open_records,
    )  # fmt: skip
    answer: Any = await answer_exec(fleet, {"hosts": "web01", "command": "uptime"}, Person("ada", 1))
    run = answer["feed"]
    async with aclosing(feeds.follow(run)) as heard:  # type: ignore[type-var] # it is a generator
        async for item in heard:
            if isinstance(item, Output):
                await idle.write(run, CommandRefused(by=Person("vic", 2), command="abort", message=SafeText("vic is no operator")))
                assert isinstance(await idle.submit(run, Note(text=SafeText("disk is full")), Person("ada", 1)), Accepted)
                refused = await idle.submit(run, RollBack(), Person("ada", 1))
                assert isinstance(refused, Refusal)
                assert refused.message == f"run {run} goes on, and takes nothing but a note"
                break
    kinds = [type(event) for event in await journal.read(run)]
    assert kinds == [RunOpened, StepStarted, CommandRefused, NoteAdded, RunEnded]
    assert isinstance(await idle.submit(run, Note(text=SafeText("it was")), Person("ada", 1)), Accepted)
