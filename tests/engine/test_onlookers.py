"""Who looks on at a run on other machines, as it is known here: nobody is shown there who can no longer be heard of. The record is scripted."""

import asyncio
from contextlib import aclosing
from types import SimpleNamespace
from typing import Any

from console.adapters.journal.memory import MemoryJournal
from console.engine.run.onlookers import Onlookers
from console.engine.run.runs_elsewhere import RunsElsewhere
from console.engine.run.shown_elsewhere import RunRelay
from console.engine.server.broadcast import Broadcast
from console.model.carrier import Carrier
from console.model.onlooker import Onlooker, SeenElsewhere
from tests.adapters.journal.test_contract import opened
from tests.recorded import record

LIN = Onlooker("lin", "lin on pts/1", "bastion-b", operator=True)
THERE = Carrier("lin", "bastion-b", "boot-b", 7, "70", "b")


class Machines:
    """A record by which somebody looks on at another machine."""

    async def carried(self) -> dict[str, Carrier]:
        return {"r1": THERE}

    async def news(self, run: str, seconds: float, heard: int) -> int:
        await asyncio.sleep(0)
        return heard

    async def look_on(self, *said: Any, place: int = 0) -> SeenElsewhere:
        return SeenElsewhere((LIN,), (), place)


async def turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_whoever_follows_a_run_of_another_machine_no_more_knows_of_nobody_there():
    journal, onlookers = MemoryJournal(), Onlookers("bastion-a")
    await record(journal, "r1", (opened("r1", "2026-01-01T00:00:00Z"),))
    shared: Any = SimpleNamespace(machines=Machines(), read=journal.read)
    async with aclosing(RunsElsewhere(shared, Carrier(mark="a"), onlookers).follow("r1", 0)) as heard:  # type: ignore[type-var] # it is a generator
        await anext(heard)
        waiting = asyncio.create_task(anext(heard))
        await turns()
        assert [one.name for one in onlookers.elsewhere] == ["lin"]
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    assert onlookers.elsewhere == ()


async def test_a_run_that_is_shown_elsewhere_no_more_is_looked_on_at_by_nobody_there():
    told: list[int] = []
    journal: Any = SimpleNamespace(machines=Machines())
    showing = asyncio.create_task(RunRelay(journal, "r1", THERE, Broadcast(), lambda run: (), lambda run, people: told.append(len(people))).show())
    await turns()
    assert told == [1]
    showing.cancel()
    await asyncio.gather(showing, return_exceptions=True)
    assert told == [1, 0]
