"""The roll back behind a restart: it begins once that has ended, as it was asked for; where it cannot begin, the record of the restart says why."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from console.engine.active_runs import ActiveRuns
from console.engine.roll_back_next import RollBackNext
from console.engine.tasks import Unbroken
from console.errors import Locked, UsageFault
from console.model.request import Person, Request
from console.model.state import BackNext, RunState
from console.safe_text import SafeText
from tests.core.builders import ADA


class Run:
    """A run that goes on until a test says that it is over."""

    def __init__(self, kind: str = "restart", phase: str = "running") -> None:
        self.over = asyncio.Event()
        self.task = asyncio.ensure_future(self.over.wait())
        self.notes: list[str] = []
        self.runner = SimpleNamespace(state=RunState(run="r1", kind=cast("Any", kind), phase=cast("Any", phase)), write=self.write)

    async def write(self, note: Any) -> None:
        self.notes.append(str(note.text))

    async def end(self, phase: str) -> None:
        self.runner.state = RunState(run="r1", kind="restart", phase=cast("Any", phase))
        self.over.set()
        await self.task


class Runs:
    """One run that is carried, and those that are open."""

    def __init__(self, one: Run, *others: Run) -> None:
        self.one, self.open = one, others

    def get(self, run: str) -> Run:
        return self.one


async def followed(phase: str, *others: Run, fault: Exception | None = None) -> tuple[list[tuple[Request, Person]], list[str]]:
    one, work, opened = Run(), Unbroken(), list[tuple[Request, Person]]()

    async def open_run(request: Request, person: Person) -> str:
        opened.append((request, person))
        if fault:
            raise fault
        return "r2"

    RollBackNext(cast("ActiveRuns", Runs(one, *others)), work, open_run).hold("r1", BackNext(ADA, "halves", SafeText("errors")))
    assert work.goes_on, "an engine with this to do does not end by itself"
    await one.end(phase)
    await work.ended()
    return opened, one.notes


async def test_it_begins_as_it_was_asked_for_once_the_restart_has_ended():
    assert await followed("ended") == ([(Request(kind="rollback", halves=True, yes=True, reason="errors"), ADA)], [])


async def test_an_engine_that_carries_the_restart_no_further_begins_nothing():
    assert await followed("running") == ([], [])


@pytest.mark.parametrize("fault", [Locked("run r3 goes on"), UsageFault("the secret db is not known", "export DB")], ids=["locked", "secret"])
async def test_why_it_did_not_begin_is_in_the_record(fault: Exception):
    _, notes = await followed("ended", Run("deploy"), fault=fault)
    assert notes[0].startswith(f"the roll back that was to follow did not begin: {fault}")


async def test_one_that_somebody_else_has_begun_is_the_same():
    assert (await followed("ended", Run("rollback"), fault=Locked("run r3 goes on")))[1] == []
